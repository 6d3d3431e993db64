"""A results folder: every finished run in a file of its own, and at the end the tables made of them.

::

    manifest.json    the experiment, versions, sessions, counts, failures
    parts/ab/...     a JSON file for each finished run, named by scenario hash and replication
    runs.parquet     a row for each run: scenario_hash, point, replication, seed; levers; outcomes
    series.parquet   the runs over time
    events.parquet   every transaction, of the runs that recorded them (``record.events``)
    timings.parquet  wall and CPU seconds and host: what may differ between two sweeps that agree in all else

Files appear whole or not at all (`experiments.files`). Tables are made from the parts alone, sorted by point and
replication, so it does not matter who ran what, when, or how often the sweep was interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.events import EVENT_COLUMNS
from experiments.experiment import Experiment, Job
from experiments.files import check_folder, make_folder, renamed_when_whole, write_whole
from experiments.outcomes import OUTCOME_COLUMNS, SERIES_COLUMNS
from sim.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "manifest.json"
_ROWS_IN_A_GROUP = 100_000
_TIMING_COLUMNS = {"wall_s": "float", "cpu_s": "float", "task_s": "float", "host": "text"}
_IDENTIFIERS = {"scenario_hash": "text", "point": "int", "replication": "int", "seed": "int"}  # the fields of a `Job`

Part = dict[str, Any]
"""One finished run: ``outcomes``, ``series``, ``timing``, if asked for ``events`` and, if it failed, ``traceback``."""


class Store:
    """The folder of one experiment's results.

    Parameters
    ----------
    folder : a new or empty folder, or with ``resume`` also one that holds results of this experiment
    resume : keep what is there and run what is missing

    Raises
    ------
    ConfigError
        If the folder cannot be used, holds something else, or holds results and ``resume`` is false.
    """

    def __init__(self, folder: str | Path, experiment: Experiment, resume: bool = False) -> None:
        self.folder = check_folder(folder)
        self.experiment = experiment
        self.manifest = self._manifest_of_before(resume)

    def open(self) -> None:
        """Make the folder, and say in its manifest whose it is."""
        make_folder(self.folder)
        self.write_manifest()  # before anything else: a folder without it is somebody else's
        make_folder(self.folder / "parts")

    def write_manifest(self) -> None:
        """Write ``manifest.json`` as `manifest` is now."""
        write_whole(self.folder / MANIFEST, json.dumps(self.manifest, indent=1, default=str) + "\n")

    def path_of(self, job: Job) -> Path:
        """Where a finished run is or will be."""
        return self.folder / "parts" / job.scenario_hash[:2] / f"{job.scenario_hash}-{job.replication}.json"

    def write(self, job: Job, part: str) -> None:
        """Keep a finished run, given as JSON text."""
        path = self.path_of(job)
        path.parent.mkdir(exist_ok=True)
        write_whole(path, part)

    def read(self, job: Job) -> Part | None:
        """A finished run; None if there is none, or what is there is damaged (a machine that lost power)."""
        try:
            part = json.loads(self.path_of(job).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        known = isinstance(part, dict) and isinstance(part.get("outcomes"), dict)
        return part if known and set(part["outcomes"]) == set(OUTCOME_COLUMNS) else None

    def is_done(self, job: Job) -> bool:
        """Whether a run is on disk and went well; one that failed is tried again."""
        part = self.read(job)
        if part is None or part["outcomes"]["status"] != "ok":
            return False
        return "events" in part or not self.experiment.scenario.record.events

    def compact(self) -> list[dict[str, Any]]:
        """Write the three tables from the parts; the failures: point, replication, error, traceback."""
        failures = []
        rows: list[dict[str, Any]] = []
        timings: list[dict[str, Any]] = []
        levers = [self.experiment.lever_values(point) for point in range(len(self.experiment.design))]
        for identifiers, part in self._parts():
            rows.append({**identifiers, **levers[identifiers["point"]], **part["outcomes"]})
            timings.append({**identifiers, **part["timing"]})
            if part["outcomes"]["status"] != "ok":
                facts = {"error": part["outcomes"]["error"], "traceback": part.get("traceback", "")}
                failures.append({**identifiers, **facts})
        kinds = {lever: _kind_of([values[lever] for values in levers]) for lever in self.experiment.design.levers}
        self._write_table("runs", [_table(rows, {**_IDENTIFIERS, **kinds, **OUTCOME_COLUMNS})])
        self._write_table("series", self._rows_of("series", SERIES_COLUMNS))
        if self.experiment.scenario.record.events:
            self._write_table("events", self._rows_of("events", EVENT_COLUMNS))
        self._write_table("timings", [_table(timings, {**_IDENTIFIERS, **_TIMING_COLUMNS})])
        return failures

    def _parts(self) -> Iterator[tuple[dict[str, Any], Part]]:
        """Finished runs with their identifiers, by point and replication."""
        for job in sorted(self.experiment.jobs(), key=lambda job: (job.point, job.replication)):
            part = self.read(job)
            if part is not None:
                yield job._asdict(), part

    def _rows_of(self, name: str, columns: dict[str, str]) -> Iterator[pa.Table]:
        """Series or events of all runs, a big piece at a time: together they may not fit in memory."""
        kinds = {**_IDENTIFIERS, **columns}
        rows: list[dict[str, Any]] = []
        for identifiers, part in self._parts():
            table = part.get(name) or {}
            moments = zip(*table.values(), strict=True)
            rows += [{**identifiers, **dict(zip(table, moment, strict=True))} for moment in moments]
            if len(rows) >= _ROWS_IN_A_GROUP:
                yield _table(rows, kinds)
                rows = []
        yield _table(rows, kinds)

    def _write_table(self, name: str, pieces: Any) -> None:
        import pyarrow.parquet as pq

        with renamed_when_whole(self.folder / f"{name}.parquet") as unfinished:
            writer = None
            for piece in pieces:
                if writer is None:
                    writer = pq.ParquetWriter(unfinished, piece.schema, compression="zstd")
                writer.write_table(piece, row_group_size=_ROWS_IN_A_GROUP)
            if writer is not None:
                writer.close()

    def _manifest_of_before(self, resume: bool) -> dict[str, Any]:
        """The manifest in the folder, or a new one. Refuses a folder of something else."""
        fresh = {"identity": self.experiment.identity, "experiment": self.experiment.to_dict(), "sessions": []}
        if not self.folder.exists() or not any(not _is_leftover(path) for path in self.folder.iterdir()):
            return fresh
        try:
            manifest = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
            identity, name = manifest["identity"], manifest["experiment"]["name"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"Output folder {str(self.folder)!r} is not empty and holds no results of a sweep. Name a new or empty "
                f"folder with --out."
            ) from error
        if identity != self.experiment.identity:
            raise ConfigError(
                f"Output folder {str(self.folder)!r} holds the results of another experiment, {name!r} (its scenario, "
                f"design, data or outcomes differ from those of {self.experiment.name!r}). Name another folder with "
                f"--out; results are never mixed."
            )
        if not resume:
            raise ConfigError(
                f"Output folder {str(self.folder)!r} holds results of this experiment already. Add --resume to run "
                f"what is missing, or name another folder with --out."
            )
        return {**fresh, "sessions": list(manifest.get("sessions", []))}


def _is_leftover(path: Path) -> bool:
    """Half a file that a killed process left behind."""
    return path.name.startswith(".") and path.name.endswith(".unfinished")


def _kind_of(values: list[Any]) -> str:
    """The type of a lever's column: the narrowest that holds all its values."""
    found = {type(value) for value in values if value is not None}
    for kind, allowed in (("flag", {bool}), ("int", {int}), ("float", {int, float})):
        if found and found <= allowed:
            return kind
    return "text"


def _table(rows: list[dict[str, Any]], kinds: dict[str, str]) -> pa.Table:
    """An Arrow table of rows, with a column for each kind of value named."""
    import pyarrow as pa

    columns, fields = [], []
    for name, kind in kinds.items():
        column = _column([row.get(name) for row in rows], kind)
        columns.append(column)
        fields.append(pa.field(name, column.type))
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _column(values: list[Any], kind: str) -> pa.Array:
    import pyarrow as pa

    if kind == "wei":
        amounts = [None if value is None else Decimal(value) for value in values]
        return pa.array(amounts, type=pa.decimal128(38, 0))
    if kind == "text":
        return pa.array([None if value is None else str(value) for value in values], type=pa.string())
    types = {"int": pa.int64(), "float": pa.float64(), "flag": pa.bool_()}
    if kind == "float":
        values = [None if value is None else float(value) for value in values]
    return pa.array(values, type=types[kind])
