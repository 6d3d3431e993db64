"""Sweeps: every run of an experiment, on all cores, each on disk before it is announced.

::

    results = sweep(load_experiment("deposit-refund"), "results/demo", workers=2)
    results.runs()        # a pandas frame, a row for each run

Killed at any moment, a sweep loses only what was being computed; ``resume=True`` runs what is missing, and the tables
are byte for byte those of a sweep that was never interrupted. A run that fails is a row with its error.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import platform
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.build import baseline_accuracy
from experiments.events import EVENT_COLUMNS, columns_of
from experiments.experiment import Experiment, Job, Outcomes, load_experiment
from experiments.outcomes import OUTCOME_COLUMNS, SERIES_COLUMNS, failed, outcomes_of, series_of
from experiments.runner import run
from experiments.schema import Scenario
from experiments.store import Store
from experiments.versions import git_revision, now, versions
from sim.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

MOST_WORKERS = 1024
_IN_FLIGHT = 4
"""Runs handed out for each worker: enough that none waits for the next."""

_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_ONE_AT_A_TIME = threading.Lock()
"""Threads of one process share its caches and its garbage collector, and win nothing by running side by side."""


class Answer(NamedTuple):
    """What a run sends back: its part as JSON text, whether it went well, and the seconds it took."""

    part: str
    ok: bool
    task_s: float


class SweepProgress(NamedTuple):
    """How far a sweep is, after each finished run.

    ``total`` runs are asked for; ``kept`` of them were there before, ``done`` were made by now, of which ``failed``
    went wrong; ``elapsed_s`` since the first was handed out; ``last_s`` is what the run just finished took.
    """

    total: int
    kept: int
    done: int
    failed: int
    elapsed_s: float
    last_s: float

    @property
    def left(self) -> int:
        """Runs still to be made."""
        return self.total - self.kept - self.done

    @property
    def rate(self) -> float:
        """Runs per second since the start."""
        return self.done / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def eta_s(self) -> float:
        """Seconds that the rest will take at this rate; infinite before the first run."""
        return self.left / self.rate if self.rate else float("inf")


class Results:
    """A results folder, read when asked for."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def runs(self) -> pd.DataFrame:
        """A row for each run: scenario_hash, point, replication, seed; levers; outcomes."""
        return self._frame("runs")

    def series(self) -> pd.DataFrame:
        """The runs over time."""
        return self._frame("series")

    def events(self) -> pd.DataFrame:
        """Every transaction of every run, where ``record.events`` asked for them; `FileNotFoundError` otherwise."""
        return self._frame("events")

    def timings(self) -> pd.DataFrame:
        """Wall and CPU seconds of each run, and where it ran."""
        return self._frame("timings")

    @property
    def manifest(self) -> dict[str, Any]:
        """Experiment, versions, sessions, counts and failures."""
        manifest: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))
        return manifest

    @property
    def failures(self) -> list[dict[str, Any]]:
        """The runs that failed: their identifiers, error and traceback."""
        failures: list[dict[str, Any]] = self.manifest["failures"]
        return failures

    def _frame(self, name: str) -> pd.DataFrame:
        import pandas as pd

        return pd.read_parquet(self.folder / f"{name}.parquet")


def sweep(
    experiment: Experiment | str | Path,
    out: str | Path,
    workers: int | None = None,
    replications: int | None = None,
    resume: bool = False,
    executor: Executor | None = None,
    progress: Callable[[SweepProgress], None] | None = None,
) -> Results:
    """Run every run of an experiment and write its tables to a folder.

    Parameters
    ----------
    experiment : an `Experiment`, or the name or path of one
    out : a new or empty folder; with ``resume`` also one that holds results of this experiment
    workers : processes on this machine, 1 or more; default: one for each core that may be used
    replications : runs of each point, in place of the design's
    resume : run only what is missing or failed
    executor : any `concurrent.futures.Executor` in place of processes on this machine; it is not shut down
    progress : called after each finished run, when it is on disk

    Raises
    ------
    ConfigError
        If the experiment or the folder cannot be used. A run that fails raises nothing: see `Results.failures`.
    """
    if not isinstance(experiment, Experiment):
        experiment = load_experiment(experiment)
    experiment = experiment.replicated(replications)
    count = worker_count(workers)
    store = Store(out, experiment, resume)
    jobs = [job for job in experiment.jobs() if not store.is_done(job)]
    store.manifest["sessions"].append(
        {"started": now(), "finished": None, "workers": count if executor is None else str(type(executor).__name__),
         "host": platform.node(), "versions": versions(), "git_revision": git_revision()}
    )  # fmt: skip
    store.open()
    loop = _Sweep(store, jobs, progress)
    if executor is None:
        loop.on_processes(count)
    else:
        loop.on(executor, _IN_FLIGHT * count, given=True)
    _finish(store)
    return Results(store.folder)


def _finish(store: Store) -> None:
    """The tables, and in the manifest how it went."""
    failures = store.compact()
    total = store.experiment.design.runs
    store.manifest["sessions"][-1]["finished"] = now()
    store.manifest |= {
        "started": store.manifest["sessions"][0]["started"],
        "finished": now(),
        "counts": {"points": len(store.experiment.design), "runs": total, "failed": len(failures)},
        "failures": failures,
    }
    store.write_manifest()


def worker_count(workers: Any = None) -> int:
    """A checked number of workers; by default one for each core this process may use. Raises `ConfigError`."""
    if workers is None:
        mine = getattr(os, "sched_getaffinity", None)  # a container or a cluster may allow fewer cores than there are
        return len(mine(0)) if mine else os.cpu_count() or 1
    if not isinstance(workers, int) or isinstance(workers, bool) or not 1 <= workers <= MOST_WORKERS:
        raise ConfigError(f"workers is {workers!r}; it must be a whole number from 1 to {MOST_WORKERS}.")
    return workers


class _Sweep:
    """The loop of one sweep: hand out runs, keep what comes back, say so."""

    def __init__(self, store: Store, jobs: list[Job], progress: Callable[[SweepProgress], None] | None) -> None:
        self.store = store
        self.jobs = deque(jobs)
        self.progress = progress
        self.alone: deque[Job] = deque()
        """To be run with nothing else in flight. The first run of all, which is timed for the estimate; and all that
        were in flight when a worker process died: one of them may have killed it."""
        if progress is not None and jobs:
            self.alone.append(self.jobs.popleft())
        self.total = store.experiment.design.runs
        self.kept = self.total - len(jobs)
        self.done = self.failed = 0
        self.began = time.perf_counter()

    def on_processes(self, workers: int) -> None:
        """Run everything on processes of this machine. A pool that lost one is of no use: the rest goes to another."""
        experiment = self.store.experiment
        while self.alone or self.jobs:
            first = experiment.scenario_of(next(experiment.jobs()))
            with _processes(min(workers, len(self.alone) + len(self.jobs)), first) as pool:
                self.on(pool, _IN_FLIGHT * workers)

    def on(self, executor: Executor, most: int, given: bool = False) -> None:
        """Run on an executor, at most so many at a time, until nothing is left or one of its processes died."""
        if not self.done:
            self.began = time.perf_counter()  # not before: how long processes take to start says nothing about pace
        while self.alone:
            job = self.alone.popleft()
            if not self._collect(self._submit(executor, job), job, guilty=True) and not given:
                return
        flying: dict[Future[Answer], Job] = {}
        whole = True
        while flying or (whole and self.jobs):
            while whole and self.jobs and len(flying) < most:
                job = self.jobs.popleft()
                flying[self._submit(executor, job)] = job
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                if not self._collect(future, flying.pop(future), guilty=given):
                    whole = given  # whoever brought an executor also mends it

    def _submit(self, executor: Executor, job: Job) -> Future[Answer]:
        experiment = self.store.experiment
        try:
            return executor.submit(execute, experiment.scenario_of(job), experiment.twin, experiment.compared)
        except BrokenExecutor as error:  # found out only now that a process died
            future: Future[Answer] = Future()
            future.set_exception(error)
            return future

    def _collect(self, future: Future[Answer], job: Job, guilty: bool) -> bool:
        """Keep what a run returned; False if its executor broke. Then, unless it is ``guilty``, it gets another try."""
        try:
            answer = future.result()
        except BrokenExecutor:
            if guilty:
                self._keep(job, _answer_of_the_dead())
            else:
                self.alone.append(job)
            return False
        except Exception as error:  # the run itself never raises: it could not be sent or fetched
            answer = _failure(error, 0.0)
        self._keep(job, answer)
        return True

    def _keep(self, job: Job, answer: Answer) -> None:
        """First on disk, then announced."""
        self.store.write(job, answer.part)
        self.done += 1
        self.failed += not answer.ok
        if self.progress is not None:
            elapsed = time.perf_counter() - self.began
            self.progress(SweepProgress(self.total, self.kept, self.done, self.failed, elapsed, answer.task_s))


def execute(scenario: Scenario, twin: bool, compared: Outcomes) -> Answer:
    """One run, in whatever process or thread an executor chose. Whatever goes wrong becomes part of the answer."""
    began = time.perf_counter()
    try:
        with _ONE_AT_A_TIME:
            result = run(scenario, twin=twin)
        outcomes, series = outcomes_of(result, compared), series_of(result)
    except Exception as error:
        return _failure(error, time.perf_counter() - began)
    _spell_wei(outcomes, OUTCOME_COLUMNS)
    tables = {"series": _spelt(series, SERIES_COLUMNS)}
    if result.events is not None:
        tables["events"] = _spelt(columns_of(result.events, scenario), EVENT_COLUMNS)
    task_s = time.perf_counter() - began
    timing = {"wall_s": result.wall_s, "cpu_s": result.cpu_s, "task_s": task_s, "host": platform.node()}
    part = {"outcomes": outcomes, **tables, "timing": timing}
    return Answer(json.dumps(part, allow_nan=False), True, task_s)


def _spelt(columns: dict[str, list[Any]], kinds: dict[str, str]) -> dict[str, list[Any]]:
    """Columns with their wei as decimal text."""
    texts = {
        name: [None if wei is None else str(wei) for wei in columns[name]]
        for name, kind in kinds.items()
        if kind == "wei"
    }
    return columns | texts


def _spell_wei(row: dict[str, Any], kinds: dict[str, str]) -> None:
    """Wei as decimal text, which every reader of JSON takes exactly."""
    for name, kind in kinds.items():
        if kind == "wei" and row[name] is not None:
            row[name] = str(row[name])


def _failure(error: Exception, task_s: float) -> Answer:
    """The answer of a run that went wrong. The traceback goes to the manifest, never to a table."""
    text = str(error) if isinstance(error, ConfigError) else f"{type(error).__name__}: {error}"
    return _failed_answer(text, "".join(traceback.format_exception(error)), task_s)


def _answer_of_the_dead() -> Answer:
    return _failed_answer("The process of this run died, though it ran alone. Was there too little memory?", "", 0.0)


def _failed_answer(text: str, trace: str, task_s: float) -> Answer:
    timing = {"wall_s": None, "cpu_s": None, "task_s": task_s, "host": platform.node()}
    part = {"outcomes": failed(" ".join(text.split())), "series": {}, "timing": timing, "traceback": trace}
    return Answer(json.dumps(part), False, task_s)


@contextmanager
def _processes(workers: int, scenario: Scenario) -> Iterator[ProcessPoolExecutor]:
    """A pool of fresh processes, each with data and baseline of a scenario loaded; gone when the block ends."""
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare, initargs=(scenario,)
    )
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))  # inherited: matrices are small, and the cores are taken
    try:
        with _no_interrupts():
            ready = [pool.submit(_ready) for _ in range(workers)]  # all start now, while the first run is being timed
        try:
            ready[0].result()
        except BrokenProcessPool as error:
            raise ConfigError(
                "The worker processes cannot start. In a script, call sweep() below if __name__ == '__main__': and "
                "save the script as a file; or use 'deca10b sweep'. If that is not it, memory may be short: use fewer "
                "workers."
            ) from error
        yield pool
    except BaseException:
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.terminate()  # what they compute is lost, what is on disk stays
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Processes started in this block never see Ctrl-C, which is the parent's business; here it only comes later."""
    block = getattr(signal, "pthread_sigmask", None)
    if block is None:  # Windows
        yield
        return
    before = block(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        block(signal.SIG_SETMASK, before)


def _prepare(scenario: Scenario) -> None:
    """Make a worker process ready: data and baseline loaded, Ctrl-C left to the parent, gone when the parent is."""
    if multiprocessing.parent_process() is not None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        baseline_accuracy(scenario)
    except Exception:
        pass  # the run that needs it says what is wrong
    gc.freeze()  # modules and data stay: looking through them after every run would cost a tenth of a second


def _end_with_parent() -> None:
    """A killed parent cannot tell its workers to stop; they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _ready() -> None:
    """Nothing: a process that can do it can work."""
