"""Sweeps: every run of an experiment, on all cores, each on disk before it is announced.

::

    results = sweep(load_experiment("deposit-refund"), "results/demo", workers=2)
    results.runs()        # a pandas frame, a row for each run

Killed at any moment, a sweep loses only what was being computed; ``resume=True`` runs what is missing, and the tables
are byte for byte those of a sweep that was never interrupted, on whatever machines. A run that fails is a row with its
error.
"""

from __future__ import annotations

import json
import platform
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.execution import Answer, answer_of_the_dead, execute, failure
from experiments.experiment import Experiment, Job, load_experiment
from experiments.parts import Key
from experiments.pools import cluster, processes, worker_count
from experiments.progress import SweepProgress, shown_progress
from experiments.store import Store
from experiments.versions import git_revision, now, versions
from sim.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

_IN_FLIGHT = 4
"""Runs handed out for each worker: enough that none waits for the next."""


class Shard(NamedTuple):
    """The ``number``-th of ``of`` parts of an experiment, from 1."""

    number: int
    of: int


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
    executor: Executor | str | None = None,
    progress: Callable[[SweepProgress], None] | bool | None = None,
    shard: str | Shard | None = None,
    fail_fast: bool = False,
) -> Results:
    """Run every run of an experiment and write its tables to a folder.

    Parameters
    ----------
    experiment : an `Experiment`, or the name or path of one
    out : a new or empty folder; with ``resume`` also one that holds results of this experiment
    workers : processes on this machine, 1 or more; default: one for each core that may be used
    replications : runs of each point, in place of the design's
    resume : run only what is missing or failed
    executor : any `concurrent.futures.Executor` in place of processes on this machine, which is not shut down; or the
        address of one, ``"dask://HOST:PORT"`` or ``"dask://local"``
    progress : called after each finished run, when it is on disk; True shows a bar on a terminal or in a notebook
    shard : ``"2/5"`` makes the second fifth of the runs only; `experiments.merging.merge` puts shards together
    fail_fast : stop at the first run that fails

    Raises
    ------
    ConfigError
        If the experiment or the folder cannot be used, or with ``fail_fast`` a run fails. Without, a run that fails
        raises nothing: see `Results.failures`.
    """
    if not isinstance(experiment, Experiment):
        experiment = load_experiment(experiment)
    experiment = experiment.replicated(replications)
    count, mine = worker_count(workers), shard_of(shard)
    store = Store(out, experiment, resume)
    with _sized(executor, count) as (given, size), _told(progress, size) as tell:
        session = {
            "started": now(), "finished": None, "workers": size if given is None else _name_of(executor),
            "host": platform.node(), "versions": versions(), "git_revision": git_revision(),
            **({} if mine is None else {"shard": f"{mine.number}/{mine.of}"}),
        }  # fmt: skip
        store.open([session])
        try:
            loop = _Sweep(store, tell, mine, fail_fast)
            if given is None:
                loop.on_processes(count)
            else:
                loop.on(given, _IN_FLIGHT * size, given=True)
            _finish(store)
        finally:
            store.close()
    return Results(store.folder)


def _finish(store: Store) -> None:
    """The tables, and in the manifest how it went."""
    facts = store.finish()
    store.manifest["sessions"][-1]["finished"] = now()
    store.manifest |= {"started": store.manifest["sessions"][0]["started"], "finished": now(), **facts}
    store.write_manifest()


def shard_of(shard: str | Shard | None) -> Shard | None:
    """A checked shard; None is the whole experiment. Raises `ConfigError`."""
    if shard is None:
        return None
    numbers = tuple(shard.split("/")) if isinstance(shard, str) else tuple(map(str, shard))
    if len(numbers) == 2 and all(number.isascii() and number.isdigit() and len(number) < 7 for number in numbers):
        found = Shard(int(numbers[0]), int(numbers[1]))
        if 1 <= found.number <= found.of:
            return found
    raise ConfigError(f"shard is {shard!r}; it must be i/n with 1 <= i <= n, such as 2/5 for the second of five.")


@contextmanager
def _sized(executor: Executor | str | None, count: int) -> Iterator[tuple[Executor | None, int]]:
    """The executor that is asked for, None for processes, and how many runs it makes at once."""
    if isinstance(executor, str):
        with cluster(executor, count) as found:
            yield found
    else:
        yield executor, count


@contextmanager
def _told(
    progress: Callable[[SweepProgress], None] | bool | None, workers: int
) -> Iterator[Callable[[SweepProgress], None] | None]:
    """Whom to tell of progress."""
    with shown_progress(workers) if progress is True else nullcontext(progress or None) as tell:
        yield tell


def _name_of(executor: Executor | str | None) -> str:
    return executor if isinstance(executor, str) else type(executor).__name__


class _Sweep:
    """The loop of one sweep: hand out runs, keep what comes back, say so."""

    def __init__(
        self,
        store: Store,
        progress: Callable[[SweepProgress], None] | None,
        shard: Shard | None = None,
        fail_fast: bool = False,
    ) -> None:
        self.store = store
        self.progress = progress
        self.shard = shard
        self.fail_fast = fail_fast
        self.jobs: deque[Job] = deque()
        self.asked: set[Key] = set()
        self.alone: deque[Job] = deque()
        """To be run with nothing else in flight. The first run of all, which is timed for the estimate; and all that
        were in flight when a worker process died: one of them may have killed it."""
        self.failed = ""
        """Where and why the first run failed."""
        self.total = self.kept = self.done = self.failures = 0
        self._plan()
        if progress is not None and self.jobs:
            self.alone.append(self.jobs.popleft())
        self.began = time.perf_counter()

    def on_processes(self, workers: int) -> None:
        """Run everything on processes of this machine. A pool that lost one is of no use: the rest goes to another."""
        experiment = self.store.experiment
        while self.alone or self.jobs:
            first = experiment.scenario_of(next(experiment.jobs()))
            most = workers if experiment.design.until else min(workers, len(self.alone) + len(self.jobs))
            with processes(most, first) as pool:
                self.on(pool, _IN_FLIGHT * workers)

    def on(self, executor: Executor, most: int, given: bool = False) -> None:
        """Run on an executor, at most so many at a time, until nothing is left or one of its processes died."""
        if not self.done:
            self.began = time.perf_counter()  # not before: how long processes take to start says nothing about pace
        while self.alone:
            job = self.alone.popleft()
            whole = self._collect(self._submit(executor, job), job, guilty=True)
            self._stop_if_asked()
            if not whole and not given:
                return
        self._plan_further()
        flying: dict[Future[Answer], Job] = {}
        whole = True
        try:
            while flying or (whole and self.jobs):
                while whole and self.jobs and len(flying) < most:
                    job = self.jobs.popleft()
                    flying[self._submit(executor, job)] = job
                for future in wait(flying, return_when=FIRST_COMPLETED).done:
                    if not self._collect(future, flying.pop(future), guilty=given):
                        whole = given  # whoever brought an executor also mends it
                self._stop_if_asked()
                self._plan_further()
        except BaseException:
            for future in flying:
                future.cancel()
            raise

    def _plan(self) -> None:
        """Ask for whatever the design wants by now, and this sweep has not asked for yet."""
        store, wanted = self.store, self.store.wanted()
        if self.shard is not None:
            number, of = self.shard
            by_point = store.experiment.design.until is not None  # its runs depend on each other
            points, first = len(store.experiment.design), store.experiment.scenario.replication
            wanted = [
                job
                for job in wanted
                if (job.point + (0 if by_point else points * (job.replication - first))) % of == number - 1
            ]
        for job in wanted:
            key = (job.scenario_hash, job.replication)
            if key in self.asked:
                continue
            self.asked.add(key)
            if store.is_done(job):
                self.kept += 1
            else:
                self.jobs.append(job)
        self.total = len(wanted)

    def _plan_further(self) -> None:
        """With a stopping rule, what is wanted depends on what came back."""
        if not self.jobs and self.store.experiment.design.until is not None:
            self._plan()

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
                self._keep(job, answer_of_the_dead())
            else:
                self.alone.append(job)
            return False
        except Exception as error:  # the run itself never raises: it could not be sent or fetched
            answer = failure(error, 0.0)
        self._keep(job, answer)
        return True

    def _keep(self, job: Job, answer: Answer) -> None:
        """First on disk, then announced."""
        self.store.write(job, answer.part, not answer.error)
        self.done += 1
        if answer.error:
            self.failures += 1
            self.failed = self.failed or f"point {job.point}, replication {job.replication}: {answer.error}"
        if self.progress is not None:
            elapsed = time.perf_counter() - self.began
            self.progress(SweepProgress(self.total, self.kept, self.done, self.failures, elapsed, answer.task_s))

    def _stop_if_asked(self) -> None:
        if self.fail_fast and self.failed:
            raise ConfigError(
                f"A run failed, {self.failed.rstrip('.')}. The sweep stopped there, as fail-fast asks; the "
                f"{self.kept + self.done - self.failures:,} runs that went well are kept. Mend what is wrong and go on "
                f"with --resume."
            )
