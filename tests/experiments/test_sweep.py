"""Sweeps: the same tables whoever ran them and however often they were killed; failures are rows; nothing is mixed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from experiments import execution, pools
from experiments.design import Grid, Points
from experiments.experiment import Experiment, Outcomes, load_experiment
from experiments.outcomes import OUTCOME_COLUMNS, SERIES_COLUMNS
from experiments.pools import worker_count
from experiments.progress import SweepProgress
from experiments.result import Result
from experiments.runner import run
from experiments.scenario import load_scenario, with_levers
from experiments.store import Store
from experiments.sweeper import Results, sweep
from sim.errors import ConfigError
from sim.units import DAY
from tests.experiments.canned import TABLES, Inline, tables

W, T = "mechanism.cost_weight", "mechanism.refund_window"
FILE = """
scenario = "quickstart"
horizon = "8d"
[data]
size = 300
[outcomes]
common_day = "2d"
common_adds = 50
target_accuracy = 0.6
[design]
replications = 2
twin = true
[design.levers]
"mechanism.cost_weight" = [1, 30]
"mechanism.refund_window" = ["1h", "3d"]
"""
DECA10B = [sys.executable, "-c", "from experiments.cli import main; main()"]


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("experiment") / "small.toml"
    path.write_text(FILE)
    return path


@pytest.fixture(scope="session")
def experiment(file: Path) -> Experiment:
    return load_experiment(file)


@pytest.fixture(scope="session")
def expected(experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The eight runs, one after the other, here."""
    return sweep(experiment, tmp_path_factory.mktemp("inline") / "out", executor=Inline())


def parts(folder: Path) -> list[Path]:
    return sorted((folder / "parts").rglob("*.json"))


def test_tables_are_tidy(expected: Results, experiment: Experiment) -> None:
    runs = expected.runs()
    assert list(runs.columns) == ["scenario_hash", "point", "replication", "seed", W, T, *OUTCOME_COLUMNS]
    assert list(zip(runs["point"], runs["replication"], strict=True)) == [(p, r) for p in range(4) for r in range(2)]
    assert list(runs[T]) == [3600, 3600, 3 * DAY, 3 * DAY] * 2
    assert set(runs["status"]) == {"ok"}
    assert runs["error"].isna().all()
    schema = pq.read_schema(expected.folder / "runs.parquet")
    assert {str(schema.field(name).type) for name in schema.names if name.endswith("_wei")} == {"decimal128(38, 0)"}
    series = expected.series()
    assert list(series.columns) == ["scenario_hash", "point", "replication", "seed", *SERIES_COLUMNS]
    assert series[["point", "replication", "time_s"]].equals(
        series[["point", "replication", "time_s"]].sort_values(["point", "replication", "time_s"], kind="stable")
    )
    timings = expected.timings()
    assert len(timings) == 8
    assert (timings["cpu_s"] > 0).all()
    assert not {"wall_s", "cpu_s", "host", "traceback"} & {*runs.columns, *series.columns}


def test_a_row_says_what_its_run_says(expected: Results, experiment: Experiment) -> None:
    job = list(experiment.jobs())[5]
    result = run(experiment.scenario_of(job), twin=True)
    runs = expected.runs().set_index(["point", "replication"])
    row = runs.loc[(job.point, job.replication)]
    honest = result.rows_of(adversarial=False)
    assert int(row["honest_end_wei"]) == sum(agent.final_balance for agent in honest)
    assert int(row["adversary_profit_wei"]) == result.profit_of(adversarial=True)
    assert row["honest_profit_percent"] == pytest.approx(100 * result.profit_of(adversarial=False) / (10_000 * 10**15))
    assert row["honest_rho_count"] == sum(a.statement.refunded for a in honest) / row["honest_accepted"]
    assert row["honest_accepted"] + row["adversary_accepted"] == row["accepted"] == len(result.added)
    assert row["honest_share_of_accepted"] + row["adversary_share_of_accepted"] == pytest.approx(1)
    assert (row["final_accuracy"], row["captured"]) == (result.final_accuracy, result.captured)
    assert row["twin_accuracy"] == result.twin.final_accuracy if result.twin else False
    assert row["points_destroyed"] == pytest.approx(100 * (row["twin_accuracy"] - row["final_accuracy"]))
    assert (row["price_index"], row["capital_index"]) == (result.indices.price, result.indices.capital)
    end = round(result.days * DAY)  # a year's interest of 100 % is what was locked on average over a year
    locked = sum(agent.statement.cost_of_capital(1.0, end) for agent in honest) / (result.days / 365)
    assert row["honest_return_on_locked_percent"] == pytest.approx(100 * float(row["honest_profit_wei"]) / locked)


def test_what_is_held_fixed(expected: Results) -> None:
    runs, series = expected.runs(), expected.series()
    for row in runs.to_dict("records"):
        mine = series[(series["point"] == row["point"]) & (series["replication"] == row["replication"])]
        assert (row["common_day"], row["common_adds"], row["target_accuracy"]) == (2, 50, 0.6)
        assert row["accuracy_at_day"] == mine[mine["time_s"] <= 2 * DAY]["accuracy"].iloc[-1]
        assert row["accuracy_at_adds"] == mine[mine["accepted"] >= 50]["accuracy"].iloc[0]
        reached = mine[mine["accuracy"] >= 0.6]["time_s"]
        assert (row["days_to_target"] == reached.iloc[0] / DAY) if len(reached) else pd.isna(row["days_to_target"])
        assert mine["accuracy"].iloc[-1] == row["final_accuracy"]
        assert mine["honest_balance_wei"].iloc[-1] == row["honest_end_wei"]
        assert mine["adversary_locked_wei"].iloc[-1] == row["adversary_locked_wei"]


def test_accuracy_is_the_same_where_nothing_binds(expected: Results) -> None:
    """SPEC B0: with paired seeds a longer window moves money only, until somebody cannot or will not pay."""
    runs = expected.runs()
    cheap = runs[(runs[W] == 1) & (runs["honest_rejected_price"] + runs["honest_rejected_wallet"] == 0)]
    by_replication = cheap.groupby("replication")["final_accuracy"]
    assert (by_replication.nunique() == 1).all()
    assert len(cheap) == 4


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_no_byte(experiment: Experiment, expected: Results, tmp_path: Path, workers: int) -> None:
    seen: list[SweepProgress] = []

    def watch(state: SweepProgress) -> None:
        seen.append(state)
        assert len(parts(tmp_path / "out")) == state.done  # on disk before it is announced

    results = sweep(experiment, tmp_path / "out", workers=workers, progress=watch)
    assert tables(results.folder) == tables(expected.folder)
    assert [state.done for state in seen] == list(range(1, 9))
    assert (seen[-1].left, seen[-1].eta_s, seen[-1].failed) == (0, 0, 0)
    manifest = results.manifest
    assert manifest["counts"] == {"points": 4, "runs": 8, "failed": 0, "missing": 0}
    assert manifest["sessions"][0]["workers"] == workers
    assert {"python", "numpy", "mesa", "deca10b"} <= set(manifest["sessions"][0]["versions"])
    assert manifest["started"] <= manifest["finished"]


def test_threads_are_an_executor_too(experiment: Experiment, expected: Results, tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as executor:
        results = sweep(experiment, tmp_path / "out", executor=executor)
    assert tables(results.folder) == tables(expected.folder)


def start(file: Path, folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [*DECA10B, "sweep", str(file), "--out", str(folder), "--workers", "2", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def until(condition: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    """Wait until something is so, at most a minute, and not if the process that should do it has ended."""
    end = time.monotonic() + 60
    while not condition():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def sessions(folder: Path) -> int:
    """How many sessions have begun, by the manifest."""
    manifest = folder / "manifest.json"
    return len(json.loads(manifest.read_text())["sessions"]) if manifest.exists() else 0


def descendants(pid: int) -> list[int]:
    """Processes that a process started, and those that they did (Linux)."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return children + [later for child in children for later in descendants(child)]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_killed_and_resumed_it_is_the_same(file: Path, expected: Results, tmp_path: Path) -> None:
    """``kill -9`` as soon as there is a folder, and twice whenever so many runs are done; then what is missing is run,
    and only that."""
    folder = tmp_path / "out"
    for enough in (0, 1, 2):
        before = sessions(folder)
        process = start(file, folder, "--resume")  # on an empty folder: everything
        if enough:  # what earlier sessions left may be enough already: let this one begin before it is killed
            until(lambda b=before, e=enough: sessions(folder) > b and len(parts(folder)) > e, process)
        else:
            until(folder.exists, process)
        workers = descendants(process.pid)
        process.kill()
        process.communicate(timeout=60)
        until(lambda workers=workers: not any(alive(worker) for worker in workers))  # nobody computes on for nobody
        assert not any((folder / name).exists() for name in TABLES)
    kept, begun = len(parts(folder)), sessions(folder)
    assert begun in (2, 3)  # the first may have been killed before it wrote its manifest
    seen: list[SweepProgress] = []
    results = sweep(load_experiment(file), folder, resume=True, executor=Inline(), progress=seen.append)
    assert tables(folder) == tables(expected.folder)
    assert (seen[0].kept, len(seen)) == (kept, 8 - kept)
    assert len(results.manifest["sessions"]) == begun + 1


def test_ctrl_c_keeps_what_is_finished(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    process = start(file, folder)
    until(lambda: len(parts(folder)) >= 2, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers get it too
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("Error: Interrupted")
    assert err.count("\n") == 1
    assert len(parts(folder)) >= 2
    assert list(folder.rglob(".*")) == []


def test_more_replications_are_added_to_what_is_there(expected: Results, file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    sweep(file, folder, replications=1, executor=Inline())
    seen: list[SweepProgress] = []
    sweep(file, folder, resume=True, executor=Inline(), progress=seen.append)
    assert (seen[0].kept, len(seen)) == (4, 4)
    assert tables(folder) == tables(expected.folder)
    again: list[SweepProgress] = []
    sweep(file, folder, resume=True, executor=Inline(), progress=again.append)
    assert again == []


def test_a_damaged_part_is_missing(experiment: Experiment, expected: Results, tmp_path: Path) -> None:
    folder = tmp_path / "out"

    def stop(state: SweepProgress) -> None:
        if state.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(experiment, folder, executor=Inline(), progress=stop)
    damaged = parts(folder)[3]
    damaged.write_bytes(damaged.read_bytes()[:100])
    seen: list[SweepProgress] = []
    sweep(experiment, folder, resume=True, executor=Inline(), progress=seen.append)
    assert len(seen) == 8 - 5 + 1
    assert tables(folder) == tables(expected.folder)


@pytest.fixture
def broken_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug that strikes at the dear deposits with the short window."""

    def fragile(scenario: Any, **options: Any) -> Result:
        if scenario.mechanism.cost_weight == 30 and scenario.mechanism.refund_window == 3600:
            raise ZeroDivisionError("oh\nno")
        return run(scenario, **options)

    monkeypatch.setattr(execution, "run", fragile)


@pytest.mark.usefixtures("broken_point")
def test_a_failed_run_is_a_row(
    experiment: Experiment, expected: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    results = sweep(experiment, folder, executor=Inline())
    runs = results.runs()
    assert list(runs["status"]) == ["ok"] * 4 + ["failed"] * 2 + ["ok"] * 2
    assert set(runs["error"].dropna()) == {"ZeroDivisionError: oh no"}
    assert runs[runs["status"] == "failed"]["final_accuracy"].isna().all()
    assert [(failure["point"], failure["replication"]) for failure in results.failures] == [(2, 0), (2, 1)]
    assert "Traceback" in results.failures[0]["traceback"]
    assert set(results.series()["point"]) == {0, 1, 3}
    monkeypatch.undo()
    seen: list[SweepProgress] = []
    mended = sweep(experiment, folder, resume=True, executor=Inline(), progress=seen.append)
    assert len(seen) == 2
    assert mended.failures == []
    assert tables(folder) == tables(expected.folder)


class Bomb:
    """Kills the process that unpickles it, as the system does to one that takes too much memory."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (1,)


def test_a_run_that_kills_its_process_is_a_row_too(
    experiment: Experiment, expected: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy = Experiment.scenario_of
    monkeypatch.setattr(
        Experiment, "scenario_of", lambda self, job: Bomb() if job[1:3] == (1, 1) else healthy(self, job)
    )
    sweep(experiment, tmp_path / "out", workers=2)
    folders = (tmp_path / "out", expected.folder)
    found, wanted = (pq.read_table(folder / "runs.parquet").to_pylist() for folder in folders)
    bad, _ = found.pop(3), wanted.pop(3)
    assert (bad["point"], bad["replication"], bad["status"]) == (1, 1, "failed")
    assert "process of this run died" in bad["error"]
    assert found == wanted  # nobody else suffered, though others were in flight


def test_results_are_never_mixed(experiment: Experiment, expected: Results, tmp_path: Path) -> None:
    before = tables(expected.folder)
    other = load_experiment("deposit-refund")
    (tmp_path / "mine.txt").write_text("thesis")
    for folder, resume, wanted, text in [
        (expected.folder, False, experiment, "Add --resume"),
        (expected.folder, True, other, "another experiment, 'small'"),
        (tmp_path, True, experiment, "not empty and holds no results"),
        (tmp_path / "mine.txt", False, experiment, "is a file"),
    ]:
        with pytest.raises(ConfigError, match=text):
            sweep(wanted, folder, resume=resume, executor=Inline())
    assert tables(expected.folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_half_a_first_file_is_nothing(experiment: Experiment, tmp_path: Path) -> None:
    (tmp_path / ".manifest.json.77.unfinished").write_text("{")
    store = Store(tmp_path, experiment)
    store.open([])
    store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "parts"]


def test_a_full_disk_harms_nothing(
    experiment: Experiment, expected: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, whole = tmp_path / "out", Path.write_bytes

    def full(path: Path, data: Any) -> int:
        if len(parts(folder)) < 3:
            return whole(path, data)
        whole(path, data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        sweep(experiment, folder, executor=Inline())
    assert len(parts(folder)) == 3
    assert list(folder.rglob(".*")) == []
    monkeypatch.undo()
    sweep(experiment, folder, resume=True, executor=Inline())
    assert tables(folder) == tables(expected.folder)


def test_numbers_of_any_kind_are_values(small: Any, tmp_path: Path) -> None:
    results = sweep(Experiment(small, Grid({W: [Fraction(1, 4), Decimal("0.5")]})), tmp_path / "out", executor=Inline())
    assert list(results.runs()[W]) == [0.25, 0.5]
    assert results.manifest["experiment"]["design"]["points"] == [{W: 0.25}, {W: 0.5}]


def test_one_sided_economies_and_levers_of_all_types(tmp_path: Path) -> None:
    """Columns stay where a role is missing, and a lever that is a number here and a word there becomes text."""
    base = load_scenario("quickstart", {"data.size": 60, "horizon": "2d"})
    spammer = [{"kind": "spammer", "balance": 50}]
    points = Points([{"agents": spammer}, {"agents": [{"kind": "honest"}], "data.shuffle": False}])
    runs = sweep(Experiment(base, points), tmp_path / "out", executor=Inline()).runs()
    assert list(runs["honest_addresses"]) == [0, 1]
    assert list(runs["adversary_addresses"]) == [1, 0]
    assert pd.isna(runs["honest_profit_wei"][0])
    assert list(runs["data.shuffle"]) == [True, False]
    assert json.loads(runs["agents"][0]) == [{"balance": 50, "kind": "spammer", "name": "spammer"}]


def test_no_finished_run_at_all_is_still_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, experiment: Experiment
) -> None:
    def broken(*_: object, **__: object) -> Result:
        raise ConfigError("nothing works")

    monkeypatch.setattr(execution, "run", broken)
    results = sweep(experiment, tmp_path / "out", executor=Inline())
    assert list(results.runs()["error"]) == ["nothing works"] * 8
    assert list(results.series().columns) == ["scenario_hash", "point", "replication", "seed", *SERIES_COLUMNS]


@pytest.mark.parametrize("workers", [0, 5000, True, 1.5])
def test_workers_are_checked(workers: Any) -> None:
    with pytest.raises(ConfigError, match="workers is"):
        worker_count(workers)


def test_default_outcomes_are_common_to_all_points(quickstart: Any) -> None:
    base = with_levers(quickstart, {"data.size": 1000})
    compared = Experiment(base, Grid({"horizon": ["10d", "4d"], "data.initial": [100, 200]})).compared
    assert compared == Outcomes(common_day=2 * DAY, common_adds=400)


# -- the command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def deca10b(deca10b, monkeypatch: pytest.MonkeyPatch):
    """Call the command line in this process, its runs too, from an empty folder."""
    monkeypatch.setattr(pools, "ProcessPoolExecutor", lambda *_, **__: Inline())
    return deca10b


def test_sweep_tells_what_it_does(deca10b, file: Path, tmp_path: Path) -> None:
    code, out, err = deca10b("sweep", str(file), "--replications", "1", "--no-figures")
    assert (code, err) == (0, "")
    assert "grid of 4 points × 1 replication = 4 runs, paired seeds" in out
    assert "honest-only twin" in out
    assert "the other 3 will take about" in out
    assert "cost weight" in out
    assert "1h" in out
    assert "profit %" in out
    assert max(map(len, out.splitlines())) <= 120
    assert {path.name for path in (tmp_path / "results" / "small").iterdir()} == {
        "manifest.json", "parts.jsonl.zst", "runs.parquet", "series.parquet", "timings.parquet",
    }  # fmt: skip


def test_json_is_one_object(deca10b, file: Path) -> None:
    code, out, err = deca10b("sweep", str(file), "--out", "there", "--json", "--no-figures", "--set", "data.size=200")
    facts = json.loads(out)
    assert (code, err) == (0, "")
    assert facts["counts"] == {"points": 4, "runs": 8, "failed": 0, "missing": 0}
    assert facts["experiment"]["scenario"]["data"]["size"] == 200
    assert len(facts["points"]) == 4
    assert set(facts["points"][0]["captured"]) == {"estimate", "low", "high"}
    again = ("--out", "there", "--json", "--no-figures", "--set", "data.size=200", "--resume")
    code, out, _ = deca10b("sweep", str(file), *again)
    assert code == 0
    assert json.loads(out)["points"] == facts["points"]


@pytest.mark.usefixtures("broken_point")
def test_failures_are_told_and_the_exit_code_is_1(deca10b, file: Path) -> None:
    code, out, err = deca10b("sweep", str(file), "--out", "there", "--no-figures")
    assert (code, err) == (1, "")
    said = " ".join(out.split())
    assert "2 of 8 runs failed and are left out" in said
    assert "The first that failed, point 2, replication 0: ZeroDivisionError: oh no" in said
    assert "Traceback" not in out
    code, out, _ = deca10b("sweep", str(file), "--out", "there", "--resume", "--json", "--no-figures")
    assert code == 1
    assert len(json.loads(out)["failures"]) == 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["sweep", "quickstart"], "has no [design]"),
        (["sweep", "deposit-refnd"], "Did you mean 'deposit-refund'?"),
        (["sweep", "deposit-refund", "--workers", "0"], "workers is 0"),
        (["sweep", "deposit-refund", "--replications", "0"], "replications is 0"),
        (["sweep", "deposit-refund", "--out", "file/below"], "cannot be used"),
        (["sweep", "deposit-refund", "--set", "mechanism.cost_wieght=1"], "Did you mean 'mechanism.cost_weight'?"),
        (["run", "deposit-refund"], "deca10b sweep deposit-refund"),
    ],
)
def test_mistakes_are_one_paragraph(deca10b, tmp_path: Path, arguments: list[str], expected: str) -> None:
    (tmp_path / "file").write_text("in the way")
    code, out, err = deca10b(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("Error: ")
    assert expected in err
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_list_and_check_know_experiments(deca10b, file: Path) -> None:
    entries = json.loads(deca10b("list", "scenarios", "--json")[1])
    assert {entry["name"]: entry["type"] for entry in entries}["deposit-refund"] == "experiment"
    code, out, _ = deca10b("check", str(file))
    assert code == 0
    assert out.startswith("ok: small, an experiment")
    assert "= 8 runs" in out
    assert "294 samples" in out
