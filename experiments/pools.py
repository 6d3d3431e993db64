"""Where runs are computed: processes of this machine, or a cluster by its address.

Anything else that is a `concurrent.futures.Executor` can be given to `experiments.sweeper.sweep` as it is.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from experiments.build import baseline_accuracy
from experiments.schema import Scenario
from sim.errors import ConfigError

MOST_WORKERS = 1024
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_DASK = "dask://"
_PATIENCE_S = 20


@contextmanager
def cluster(address: str, workers: int) -> Iterator[tuple[Executor, int]]:
    """An executor by its address, and how many runs it makes at once; let go when the block ends.

    ``dask://HOST:PORT`` is a running Dask scheduler, ``dask://local`` one on this machine with so many ``workers``.
    Raises `ConfigError` if the address is none, nobody answers there, or Dask is not installed.
    """
    if not address.startswith(_DASK) or not address.removeprefix(_DASK):
        raise ConfigError(
            f"executor is {address!r}; it must be dask://HOST:PORT, the address of a Dask scheduler, or dask://local."
        )
    try:
        from dask.distributed import Client, LocalCluster
    except ImportError as error:
        raise ConfigError(
            f"executor {address!r} needs Dask, which is not installed. Install it with pip install 'deca10b[cluster]'."
        ) from error
    place = address.removeprefix(_DASK)
    with _one_thread():
        try:
            if place == "local":
                started = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=40)
            else:
                started = None
            client = Client(started or f"tcp://{place}", timeout=_PATIENCE_S)
        except (OSError, ValueError, TimeoutError) as error:
            raise ConfigError(
                f"No Dask scheduler answers at {place!r} ({' '.join(str(error).split())[:200]}). Start one with 'dask "
                f"scheduler' and workers with 'dask worker {place}', or use dask://local."
            ) from error
    try:
        threads = sum(client.nthreads().values())
        if not threads:
            raise ConfigError(f"The Dask scheduler at {place!r} has no workers. Start some with 'dask worker {place}'.")
        yield client.get_executor(pure=False), threads
    finally:
        client.close()
        if started is not None:
            started.close()


def worker_count(workers: object = None) -> int:
    """A checked number of workers; by default one for each core this process may use. Raises `ConfigError`."""
    if workers is None:
        mine = getattr(os, "sched_getaffinity", None)  # a container or a cluster may allow fewer cores than there are
        return len(mine(0)) if mine else os.cpu_count() or 1
    if not isinstance(workers, int) or isinstance(workers, bool) or not 1 <= workers <= MOST_WORKERS:
        raise ConfigError(f"workers is {workers!r}; it must be a whole number from 1 to {MOST_WORKERS}.")
    return workers


@contextmanager
def processes(workers: int, scenario: Scenario) -> Iterator[ProcessPoolExecutor]:
    """A pool of fresh processes, each with data and baseline of a scenario loaded; gone when the block ends."""
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare, initargs=(scenario,)
    )
    with _one_thread():
        try:
            _start(pool, workers)
            yield pool
        except BaseException:
            for process in list((getattr(pool, "_processes", None) or {}).values()):
                process.terminate()  # what they compute is lost, what is on disk stays
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _start(pool: Executor, workers: int) -> None:
    """Have all processes start now, while the first run is being timed. Raises `ConfigError` if they cannot."""
    with _no_interrupts():
        ready = [pool.submit(_ready) for _ in range(workers)]
    try:
        ready[0].result()
    except BrokenProcessPool as error:
        raise ConfigError(
            "The worker processes cannot start. In a script, call sweep() below if __name__ == '__main__': and save "
            "the script as a file; or use 'deca10b sweep'. If that is not it, memory may be short: use fewer workers."
        ) from error


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started in this block multiply matrices with one thread: these are small, and the cores are taken."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
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
