"""A results folder: the finished runs, and the tables made of them.

::

    manifest.json    the experiment, versions, sessions, counts, failures
    parts/           a file for each run that finished since the sweep began (`experiments.parts`)
    parts.jsonl.zst  all runs of sweeps that ended, packed; the tables can be made anew from it
    runs.parquet     a row for each run: scenario_hash, point, replication, seed; levers; outcomes
    series.parquet   the runs over time
    events.parquet   every transaction, of the runs that recorded them (``record.events``)
    timings.parquet  wall and CPU seconds and host: what may differ between two sweeps that agree in all else

Files appear whole or not at all (`experiments.files`), and one sweep at a time may write (`experiments.locks`). Tables
are made from the finished runs alone, sorted by point and replication, so it does not matter who ran what, when, or how
often the sweep was interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from experiments.events import EVENT_COLUMNS
from experiments.experiment import Experiment, Job
from experiments.files import check_folder, make_folder, write_whole
from experiments.locks import LOCK, FolderLock
from experiments.outcomes import OUTCOME_COLUMNS, SERIES_COLUMNS
from experiments.parts import Finished, Key, Part, Parts, in_order, packed, serves
from experiments.stopping import Value, wanted_jobs
from experiments.tables import TableWriter, kind_of, table
from sim.errors import ConfigError

MANIFEST = "manifest.json"
_TIMING_COLUMNS = {"wall_s": "float", "cpu_s": "float", "task_s": "float", "host": "text"}
_IDENTIFIERS = {"scenario_hash": "text", "point": "int", "replication": "int", "seed": "int"}  # the fields of a `Job`


class Known(NamedTuple):
    """What is remembered of a finished run: whether it serves, and what a stopping rule asks of it."""

    serves: bool
    value: Value


class Store:
    """The folder of one experiment's results.

    Parameters
    ----------
    folder : a new or empty folder, or with ``resume`` also one that holds results of this experiment
    resume : keep what is there and run what is missing
    identity : of the experiment, where its data sets need not be at hand; default: computed

    Raises
    ------
    ConfigError
        If the folder cannot be used, holds something else, or holds results and ``resume`` is false.
    """

    def __init__(
        self, folder: str | Path, experiment: Experiment, resume: bool = False, identity: str | None = None
    ) -> None:
        self.folder = check_folder(folder)
        self.experiment = experiment
        self.resume = resume
        self.identity = experiment.identity if identity is None else identity
        self.parts = Parts(self.folder)
        self.manifest = self._manifest_of_before()
        self._lock = FolderLock(self.folder)

    def open(self, sessions: Sequence[dict[str, Any]]) -> None:
        """Make the folder and keep others out of it until `close`; its manifest says whose it is, and of sessions.

        Raises `ConfigError` if another process is at work in it.
        """
        make_folder(self.folder)
        self._lock.take()
        try:
            self.manifest = self._manifest_of_before()  # again: whoever held the lock until now may have written
            for unfinished in self.folder.rglob(".*.unfinished"):
                unfinished.unlink(missing_ok=True)  # half a file that a killed process left behind
            self.manifest["sessions"] += sessions
            self.write_manifest()  # before anything else: a folder without it is somebody else's
            self.parts.open()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let others in."""
        self._lock.release()

    def write_manifest(self) -> None:
        """Write ``manifest.json`` as `manifest` is now."""
        write_whole(self.folder / MANIFEST, json.dumps(self.manifest, indent=1, default=str) + "\n")

    @cached_property
    def known(self) -> dict[Key, Known]:
        """What is on disk of this experiment, by scenario hash and replication."""
        return {run.key: self._known(run) for run in in_order([self.parts], self._points, self._events)}

    def write(self, job: Job, part: str, ok: bool = True) -> None:
        """Keep a finished run, given as JSON text, that went well or not. Raises `ConfigError`."""
        known, key, until = self.known, (job.scenario_hash, job.replication), self.experiment.design.until
        self.parts.write(key, part)
        known[key] = Known(ok, json.loads(part)["outcomes"][until.outcome] if until is not None and ok else None)

    def wanted(self) -> list[Job]:
        """The runs the design asks for, given those that there are."""
        values = {key: known.value for key, known in self.known.items()} if self.experiment.design.until else {}
        return wanted_jobs(self.experiment, values)

    def is_done(self, job: Job) -> bool:
        """Whether a run is on disk and went well; one that failed is tried again."""
        known = self.known.get((job.scenario_hash, job.replication))
        return known is not None and known.serves

    def finish(self, others: Sequence[Parts] = ()) -> dict[str, Any]:
        """Pack the runs of this folder and of others, and write the tables; how many there are, and which failed."""
        if others:
            every = in_order([self.parts, *others], self._points, self._events)
            self.__dict__["known"] = {run.key: self._known(run) for run in every}
        wanted = self.wanted()
        failures = self._tabulate({(job.point, job.replication): job for job in wanted}, others)
        there = sum((job.scenario_hash, job.replication) in self.known for job in wanted)
        counts = {"points": len(self.experiment.design), "runs": there, "failed": len(failures)}
        return {"counts": counts | {"missing": len(wanted) - there}, "failures": failures}

    def _tabulate(self, wanted: dict[tuple[int, int], Job], others: Sequence[Parts]) -> list[dict[str, Any]]:
        """One pass over all runs: the packed file, the four tables, and the failures."""
        repack, failures = bool(others) or self.parts.is_loose(), []
        levers = [self.experiment.lever_values(point) for point in range(len(self.experiment.design))]
        with ExitStack() as stack:
            packer = stack.enter_context(packed(self.folder)) if repack else None
            writers = self._writers(stack, levers)
            for run in in_order([self.parts, *others], self._points, self._events):
                if packer is not None:
                    packer.add(run)
                job = wanted.get((run.point, run.key[1]))
                if job is None:
                    continue
                identifiers = job._asdict()
                _add(writers, identifiers, levers[run.point], run.part)
                if not run.ok:
                    facts = {"error": run.part["outcomes"]["error"], "traceback": run.part.get("traceback", "")}
                    failures.append({**identifiers, **facts})
        self.parts.remove_loose()
        return failures

    def _writers(self, stack: ExitStack, levers: list[dict[str, Any]]) -> dict[str, TableWriter]:
        """A writer for each table."""
        kinds = {lever: kind_of([values[lever] for values in levers]) for lever in self.experiment.design.levers}
        columns = {"runs": kinds | OUTCOME_COLUMNS, "series": SERIES_COLUMNS, "timings": _TIMING_COLUMNS}
        if self._events:
            columns["events"] = EVENT_COLUMNS
        return {
            name: stack.enter_context(table(self.folder / f"{name}.parquet", {**_IDENTIFIERS, **inner}))
            for name, inner in columns.items()
        }

    def _known(self, run: Finished) -> Known:
        until, value = self.experiment.design.until, None
        if until is not None and run.ok:
            value = run.part["outcomes"][until.outcome]
        return Known(serves(run, self._events), value)

    @property
    def _events(self) -> bool:
        return self.experiment.scenario.record.events

    @cached_property
    def _points(self) -> dict[str, int]:
        return {identifier: point for point, identifier in enumerate(self.experiment.hashes)}

    def _manifest_of_before(self) -> dict[str, Any]:
        """The manifest in the folder, or a new one. Refuses a folder of something else."""
        fresh = {"identity": self.identity, "experiment": self.experiment.to_dict(), "sessions": []}
        if not self.folder.exists() or not any(not _is_leftover(path) for path in self.folder.iterdir()):
            return fresh
        manifest = read_manifest(self.folder)
        if manifest is None:
            raise ConfigError(
                f"Output folder {str(self.folder)!r} is not empty and holds no results of a sweep. Name a new or empty "
                f"folder with --out."
            )
        if manifest["identity"] != self.identity:
            raise ConfigError(
                f"Output folder {str(self.folder)!r} holds the results of another experiment, "
                f"{manifest['experiment']['name']!r} (its scenario, design, data or outcomes differ from those of "
                f"{self.experiment.name!r}). Name another folder with --out; results are never mixed."
            )
        if not self.resume:
            raise ConfigError(
                f"Output folder {str(self.folder)!r} holds results of this experiment already. Add --resume to run "
                f"what is missing, or name another folder with --out."
            )
        return {**fresh, "sessions": list(manifest.get("sessions", []))}


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a results folder, with at least an identity and an experiment with a name; None without."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = isinstance(manifest["identity"], str) and isinstance(manifest["experiment"]["name"], str)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return manifest if known else None


def _add(writers: dict[str, TableWriter], identifiers: dict[str, Any], levers: dict[str, Any], part: Part) -> None:
    """The rows of one run to every table."""
    writers["runs"].add({**identifiers, **levers, **part["outcomes"]}, {}, 1)
    writers["timings"].add({**identifiers, **part["timing"]}, {}, 1)
    for name in ("series", "events"):
        columns = part.get(name) or {}
        if name in writers and columns:
            writers[name].add(identifiers, columns, len(next(iter(columns.values()))))


def _is_leftover(path: Path) -> bool:
    """A lock, or half a file that a killed process left behind."""
    return path.name == LOCK or (path.name.startswith(".") and path.name.endswith(".unfinished"))
