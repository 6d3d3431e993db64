"""What may go wrong around runs: a kill at any file operation, two sweeps at once, jumping clocks, damaged packs."""

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from experiments import sweeper as room
from experiments import versions
from experiments.design import Grid
from experiments.execution import Answer
from experiments.experiment import Experiment, load_experiment
from experiments.locks import LOCK, FolderLock
from experiments.parts import PACK
from experiments.scenario import load_scenario
from experiments.store import Store
from experiments.sweeper import sweep
from sim.errors import ConfigError
from tests.experiments.canned import Canned, Inline, answers_of, tables

W = "mechanism.cost_weight"
TINY = {"data.size": 60, "horizon": "2d", "data.initial": 10}
DECA10B = [sys.executable, "-c", "from experiments.cli import main; main()"]
EXPERIMENT = Experiment(load_scenario("quickstart", TINY), Grid({W: [1, 5, 30]}, replications=2))

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes as Unix does")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The six runs, never interrupted."""
    return sweep(EXPERIMENT, tmp_path_factory.mktemp("whole") / "out", executor=Inline()).folder


@pytest.fixture(scope="session")
def answers(whole: Path) -> dict[tuple[str, int], Answer]:
    return answers_of(Store(whole, EXPERIMENT, resume=True))


def killed_at(operation: int, work: Callable[[], object]) -> bool:
    """Whether a child process that works dies at its so-many-th change of the disk, as by ``kill -9``."""

    def child() -> None:
        left = [operation]

        def deadly(change: Callable[..., Any]) -> Callable[..., Any]:
            def counted(*arguments: Any, **options: Any) -> Any:
                left[0] -= 1
                if left[0] == 0:
                    os._exit(9)
                return change(*arguments, **options)

            return counted

        for name in ("write_bytes", "replace", "unlink", "rmdir", "mkdir"):
            setattr(Path, name, deadly(getattr(Path, name)))
        work()
        os._exit(0)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the threads of other libraries sleep
        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
    process.join(60)
    assert process.exitcode in (0, 9)
    return process.exitcode == 9


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_a_kill_at_any_change_of_the_disk_loses_no_finished_run(
    whole: Path, answers: dict[tuple[str, int], Answer], tmp_path: Path, step: int
) -> None:
    """Moments between two file operations, from the first folder to the last leftover that is deleted."""
    operation = 0
    while True:
        operation += step
        folder = tmp_path / str(operation)
        died = killed_at(operation, lambda folder=folder: sweep(EXPERIMENT, folder, executor=Canned(answers)))
        finished = {path.stem for path in folder.glob("parts/*/*.json")}
        packed = (folder / PACK).exists()
        again = Canned(answers)
        sweep(EXPERIMENT, folder, resume=True, executor=again)
        assert tables(folder) == tables(whole), operation
        rerun = {f"{identifier}-{replication}" for identifier, replication in again.asked}
        assert not (rerun & finished), operation
        assert not (packed and rerun), operation
        assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in whole.iterdir())
        if not died:
            break
    assert operation > 6 * 2 + 5 + 6  # six runs written and renamed, four tables and a pack, six files deleted


def test_kills_in_a_row_are_survived(whole: Path, answers: dict[tuple[str, int], Answer], tmp_path: Path) -> None:
    moments = random.Random(5)
    folder, kills = tmp_path / "out", 0
    while killed_at(moments.randint(8, 16), lambda: sweep(EXPERIMENT, folder, resume=True, executor=Canned(answers))):
        kills += 1
        assert kills < 100
    sweep(EXPERIMENT, folder, resume=True, executor=Canned({}))  # nothing is left to ask for
    assert kills >= 2
    assert tables(folder) == tables(whole)


def hold(folder: Path, ready: Any) -> None:
    lock = FolderLock(folder)
    lock.take()
    ready.set()
    time.sleep(60)


def test_one_sweep_at_a_time(
    whole: Path, answers: dict[tuple[str, int], Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.locks._PATIENCE_S", 0.1)
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    holder = context.Process(target=hold, args=(tmp_path, ready), daemon=True)
    holder.start()
    assert ready.wait(60)
    with pytest.raises(ConfigError, match=rf"in use by another command \(process {holder.pid} on .*--out"):
        sweep(EXPERIMENT, tmp_path, executor=Canned(answers))
    holder.kill()  # the system takes its lock back
    holder.join()
    monkeypatch.setattr("experiments.locks._PATIENCE_S", 30)
    sweep(EXPERIMENT, tmp_path, executor=Canned(answers))
    assert tables(tmp_path) == tables(whole)
    assert not (tmp_path / LOCK).exists()


def test_a_sweep_that_failed_lets_others_in(answers: dict[tuple[str, int], Answer], tmp_path: Path) -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(EXPERIMENT, tmp_path, executor=Canned(answers), progress=stop)
    sweep(EXPERIMENT, tmp_path, executor=Canned(answers), resume=True)


def test_clocks_may_jump(
    whole: Path, answers: dict[tuple[str, int], Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Backwards by a day at every look."""
    days = iter(range(10**6, 0, -1))
    monkeypatch.setattr(time, "time", lambda: 86_400.0 * next(days))
    monkeypatch.setattr(room, "now", lambda: f"19{next(days) % 90 + 10}-01-01T00:00:00+00:00")
    seen: list[Any] = []
    sweep(EXPERIMENT, tmp_path, executor=Canned(answers), progress=seen.append)
    assert tables(tmp_path) == tables(whole)
    assert all(state.elapsed_s >= 0 and state.eta_s >= 0 for state in seen)
    assert versions.now() > "2026"


def test_a_damaged_pack_costs_what_was_in_it_and_no_more(
    whole: Path, answers: dict[tuple[str, int], Answer], tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    sweep(EXPERIMENT, folder, executor=Canned(answers))
    pack = folder / PACK
    pack.write_bytes(pack.read_bytes()[: pack.stat().st_size // 2])
    again = Canned(answers)
    sweep(EXPERIMENT, folder, resume=True, executor=again)
    assert 1 <= len(again.asked) <= 6
    assert tables(folder) == tables(whole)
    pack.write_bytes(b"no pack at all")
    sweep(EXPERIMENT, folder, resume=True, executor=again)
    assert tables(folder) == tables(whole)


def test_a_full_disk_at_the_tables_keeps_every_run(
    whole: Path, answers: dict[tuple[str, int], Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(ConfigError, match=r"No space left on device\. Free space"):
        sweep(EXPERIMENT, tmp_path, executor=Canned(answers))
    assert len(list(tmp_path.glob("parts/*/*.json"))) == 6
    assert not list(tmp_path.rglob(".*"))
    monkeypatch.undo()
    sweep(EXPERIMENT, tmp_path, resume=True, executor=Canned({}))
    assert tables(tmp_path) == tables(whole)


def test_more_replications_than_before_join_the_pack(
    whole: Path, answers: dict[tuple[str, int], Answer], tmp_path: Path
) -> None:
    sweep(EXPERIMENT, tmp_path, replications=1, executor=Canned(answers))
    again = Canned(answers)
    sweep(EXPERIMENT, tmp_path, resume=True, executor=again)
    assert sorted(replication for _, replication in again.asked) == [1, 1, 1]
    assert tables(tmp_path) == tables(whole)
    fewer = sweep(EXPERIMENT, tmp_path, replications=1, resume=True, executor=Canned({}))
    assert len(fewer.runs()) == 3
    sweep(EXPERIMENT, tmp_path, resume=True, executor=Canned({}))  # what was not asked for is kept
    assert tables(tmp_path) == tables(whole)


def test_fail_fast_stops_at_the_first_failure(answers: dict[tuple[str, int], Answer], tmp_path: Path) -> None:
    failed = json.loads(next(iter(answers.values())).part)
    failed["outcomes"] = dict.fromkeys(failed["outcomes"]) | {"status": "failed", "error": "ZeroDivisionError: oh no"}
    bad = Canned(lambda key: Answer(json.dumps(failed), "ZeroDivisionError: oh no", 0.0))
    with pytest.raises(ConfigError, match=r"point 0, replication 0: ZeroDivisionError: oh no. The sweep stopped"):
        sweep(EXPERIMENT, tmp_path, executor=bad, fail_fast=True, progress=lambda _: None)
    assert len(bad.asked) == 1
    assert sweep(EXPERIMENT, tmp_path, executor=Canned(answers), resume=True).failures == []


@pytest.mark.slow
def test_two_hundred_runs_killed_twenty_times(tmp_path: Path) -> None:
    """Real economies in a real pool, killed with all its workers' work at random moments."""
    file = tmp_path / "tiny.toml"
    file.write_text(
        'scenario = "quickstart"\nhorizon = "2d"\n[data]\nsize = 60\ninitial = 10\n[design]\nreplications = 10\n'
        f"[design.levers]\n'{W}' = {list(range(1, 21))}\n"
    )
    whole = sweep(load_experiment(file), tmp_path / "whole", executor=Inline()).folder
    command = [*DECA10B, "sweep", str(file), "--out", str(tmp_path / "out"), "--workers", "2", "--resume"]
    moments, kills = random.Random(11), 0
    while kills < 20:
        process = subprocess.Popen([*command, "--no-figures"], stdout=subprocess.DEVNULL, start_new_session=True)
        before = len(list((tmp_path / "out").glob("parts/*/*.json")))
        end = time.monotonic() + 60
        while len(list((tmp_path / "out").glob("parts/*/*.json"))) < min(before + 1, 200) and process.poll() is None:
            assert time.monotonic() < end
            time.sleep(0.005)
        time.sleep(moments.random() / 20)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
    sweep(load_experiment(file), tmp_path / "out", resume=True, executor=Inline())
    assert tables(tmp_path / "out") == tables(whole)
