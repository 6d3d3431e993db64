"""The options of ``deca10b sweep`` and ``merge``, progress, executors by address, and what a big sweep costs."""

import io
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from experiments import execution, pools
from experiments.design import Grid
from experiments.experiment import Experiment, load_experiment
from experiments.parts import PACK
from experiments.pools import cluster
from experiments.progress import SweepProgress, shown_progress
from experiments.runner import run
from experiments.scenario import load_scenario
from experiments.store import Store
from experiments.sweeper import sweep
from experiments.tables import ROWS_IN_A_GROUP, table
from sim.errors import ConfigError
from tests.experiments.canned import Canned, Inline, answers_of, changed, tables

W = "mechanism.cost_weight"
TINY = {"data.size": 60, "horizon": "2d", "data.initial": 10}
EXPERIMENT = Experiment(load_scenario("quickstart", TINY), Grid({W: [1, 5]}, replications=2))
FILE = f"""
scenario = "quickstart"
horizon = "2d"
[data]
size = 60
initial = 10
[design]
replications = 2
[design.levers]
"{W}" = [1, 5]
"""


@pytest.fixture
def deca10b(deca10b, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Call the command line in this process, its runs too, from a folder that holds ``tiny.toml`` alone."""
    monkeypatch.setattr(pools, "ProcessPoolExecutor", lambda *_, **__: Inline())
    (tmp_path / "tiny.toml").write_text(FILE)
    return deca10b


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sweep(EXPERIMENT, tmp_path_factory.mktemp("whole") / "out", executor=Inline()).folder


def test_two_shards_and_a_merge(deca10b, whole: Path, tmp_path: Path) -> None:
    code, out, err = deca10b("sweep", "tiny.toml", "--shard", "1/2", "--out", "one")
    assert (code, err) == (0, "")
    assert "Shard 1 of 2: one/ holds 2 runs; 2 are missing." in out
    assert "deca10b merge" in out
    code, _, err = deca10b("report", "one")
    assert code == 2
    assert "2 runs are missing" in err
    code, out, _ = deca10b("sweep", "tiny.toml", "--shard", "2/2", "--out", "two", "--json")
    assert (code, json.loads(out)["counts"]["missing"]) == (0, 2)
    code, out, _ = deca10b("merge", "one", "--out", "half")
    assert code == 1  # a script that forgot a shard must hear of it
    assert "Not all runs are there" in out
    code, out, err = deca10b("merge", "one", "two", "--out", "both", "--no-figures")
    assert (code, err) == (0, "")
    assert "profit %" in out
    assert tables(tmp_path / "both") == tables(whole)
    code, out, _ = deca10b("report", "both", "--csv")
    assert code == 0
    frame = pd.read_csv(tmp_path / "both" / "runs.csv")
    exact = pq.read_table(tmp_path / "both" / "runs.parquet").to_pydict()
    assert list(frame["final_accuracy"]) == exact["final_accuracy"]
    assert [int(wei) for wei in frame["honest_end_wei"]] == [int(wei) for wei in exact["honest_end_wei"]]
    assert not (tmp_path / "both" / "report.html").exists()


def test_a_dry_run_estimates_and_writes_nothing(deca10b, tmp_path: Path) -> None:
    code, out, err = deca10b("sweep", "tiny.toml", "--dry-run", "--workers", "1")
    assert (code, err) == (0, "")
    assert "grid of 2 points × 2 replications = 4 runs" in out
    assert "all 4 will take about 0 s on 1 worker. Figures and report take about 4 s more. Nothing was written." in out
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.toml"]


def test_failures_and_the_exit_code(deca10b, monkeypatch: pytest.MonkeyPatch) -> None:
    def fragile(scenario: Any, **options: Any) -> Any:
        if scenario.mechanism.cost_weight == 5:
            raise ZeroDivisionError("oh no")
        return run(scenario, **options)

    monkeypatch.setattr(execution, "run", fragile)
    common = ("sweep", "tiny.toml", "--no-figures", "--out")
    assert deca10b(*common, "one").code == 1
    assert deca10b(*common, "two", "--keep-going").code == 0
    code, _, err = deca10b(*common, "three", "--fail-fast")
    assert code == 2
    assert re.search(r"A run failed, point 1, replication \d: ZeroDivisionError: oh no\. The sweep stopped there", err)
    assert "2 runs that went well are kept" in err
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--shard", "3/2"], "shard is '3/2'"),
        (["--executor", "slurm"], "executor is 'slurm'; it must be dask://HOST:PORT"),
        (["--executor", "dask://"], "executor is 'dask://'"),
    ],
)
def test_mistakes_write_nothing(deca10b, tmp_path: Path, arguments: list[str], text: str) -> None:
    code, _, err = deca10b("sweep", "tiny.toml", *arguments)
    assert code == 2
    assert text in err
    assert not (tmp_path / "results").exists()


def test_dask_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    with (
        pytest.raises(ConfigError, match=r"needs Dask, which is not installed.*deca10b\[cluster\]"),
        cluster("dask://local", 1),
    ):
        pass


def test_dask_makes_the_same_tables(whole: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    threads = {"n_workers": 2, "threads_per_worker": 1, "processes": False}
    with (
        distributed.LocalCluster(**threads, protocol="tcp", dashboard_address=None) as local,
        distributed.Client(local) as client,
    ):
        sweep(EXPERIMENT, tmp_path / "one", executor=client.get_executor(pure=False))
        sweep(EXPERIMENT, tmp_path / "two", executor=local.scheduler_address.replace("tcp", "dask"))
    assert tables(tmp_path / "one") == tables(tmp_path / "two") == tables(whole)


@pytest.mark.slow
def test_dask_by_its_address(whole: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    results = sweep(EXPERIMENT, tmp_path / "one", executor="dask://local", workers=2)
    assert tables(results.folder) == tables(whole)
    assert results.manifest["sessions"][0]["workers"] == "dask://local"
    with pytest.raises(ConfigError, match="No Dask scheduler answers at 'localhost:1'"):
        sweep(EXPERIMENT, tmp_path / "two", executor="dask://localhost:1")
    assert not (tmp_path / "two").exists()


# -- progress ---------------------------------------------------------------------------------------------------------


def shown(**how: Any) -> tuple[str, list[str]]:
    """What a console shows of a sweep with a failure, and the estimate."""
    console, said = Console(file=io.StringIO(), width=120, **how), []
    with shown_progress(2, said.append, console) as advance:
        advance(SweepProgress(total=10, kept=2, done=1, failed=0, elapsed_s=1.0, last_s=1.0))
        advance(SweepProgress(total=10, kept=2, done=4, failed=1, elapsed_s=2.0, last_s=1.0))
    return console.file.getvalue(), said  # type: ignore[attr-defined]


def test_progress_is_shown_where_somebody_watches() -> None:
    text, said = shown(force_terminal=True)
    assert "6/10, 2.00 runs/s, 1 failed, 2 s left" in text
    assert said == ["One run took 1.00 s, 2 are there already; the other 7 will take about 4 s on 2 workers."]


def test_progress_is_silent_where_nobody_does() -> None:
    assert shown(force_terminal=False)[0] == ""


def test_progress_is_shown_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    displayed: list[str] = []
    monkeypatch.setattr("rich.jupyter.display", lambda segments, text: displayed.append(text))
    monkeypatch.setattr("rich.live.Live.refresh", lambda self: displayed.append(str(self.get_renderable())))
    shown(force_jupyter=True)
    assert displayed


def test_python_may_ask_for_the_bar(whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep(EXPERIMENT, tmp_path / "out", executor=Inline(), progress=True)
    assert tables(tmp_path / "out") == tables(whole)
    assert capsys.readouterr() == ("", "")  # under pytest nobody watches


# -- size -------------------------------------------------------------------------------------------------------------


def many(whole: Path, runs: int) -> tuple[Experiment, Canned]:
    """An experiment of many runs that cost nothing, each with an accuracy of its own."""
    experiment = Experiment(EXPERIMENT.scenario, Grid({W: [1, 5]}, replications=runs // 2))
    answers = answers_of(Store(whole, EXPERIMENT, resume=True))
    first = {key[0]: answer for key, answer in answers.items()}
    return experiment, Canned(lambda key: changed(first[key[0]], final_accuracy=1 / (2 + key[1])))


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_finished_folder_is_smaller_than_its_columns(whole: Path, tmp_path: Path) -> None:
    """Runs of three moments each: the worst case for what every run costs beside its numbers."""
    experiment, canned = many(whole, 300)
    results = sweep(experiment, tmp_path / "out", executor=canned)
    names = ("runs", "series", "timings")
    raw = sum(pq.read_table(results.folder / f"{name}.parquet").nbytes for name in names)
    assert size_of(results.folder) <= 1.2 * raw
    assert sorted(path.name for path in results.folder.iterdir()) == [
        "manifest.json", PACK, "runs.parquet", "series.parquet", "timings.parquet",
    ]  # fmt: skip


@pytest.mark.slow
def test_ten_thousand_runs_stay_below_a_gigabyte(whole: Path, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    experiment, canned = many(whole, 10_000)
    results = sweep(experiment, tmp_path / "out", executor=canned)
    assert len(results.runs()) == 10_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 10**6  # KiB, of this process since it began
    raw = sum(pq.read_table(path).nbytes for path in results.folder.glob("*.parquet"))
    assert size_of(results.folder) <= 1.2 * raw


@pytest.mark.parametrize("at_once", [1, 777, 250_000])
def test_rows_come_in_few_large_groups(tmp_path: Path, at_once: int) -> None:
    """However they are handed over, the file is the same."""
    total, path = 250_000, tmp_path / "t.parquet"
    step = at_once if at_once > 1 else 50_000
    with table(path, {"number": "int", "half": "float", "name": "text"}) as rows:
        for first in range(0, total, step):
            numbers = list(range(first, min(total, first + step)))
            rows.add({"name": "x"}, {"number": numbers, "half": [number / 2 for number in numbers]}, len(numbers))
    metadata = pq.read_metadata(path)
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [
        ROWS_IN_A_GROUP, ROWS_IN_A_GROUP, total - 2 * ROWS_IN_A_GROUP,
    ]  # fmt: skip
    assert pq.read_table(path)["number"].to_pylist() == list(range(total))
    digest = path.read_bytes()
    with table(path, {"number": "int", "half": "float", "name": "text"}) as rows:
        numbers = list(range(total))
        rows.add({"name": "x"}, {"number": numbers, "half": [number / 2 for number in numbers]}, total)
    assert path.read_bytes() == digest


def test_an_experiment_may_be_swept_by_its_file(tmp_path: Path, whole: Path) -> None:
    (tmp_path / "tiny.toml").write_text(FILE)
    with ThreadPoolExecutor(1) as executor:
        sweep(tmp_path / "tiny.toml", tmp_path / "out", executor=executor)
    assert tables(tmp_path / "out") == tables(whole)
    assert load_experiment(tmp_path / "tiny.toml").identity == EXPERIMENT.identity
