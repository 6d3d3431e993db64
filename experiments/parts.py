"""Finished runs on disk: a file for each while a sweep runs, one packed file of all when it has ended.

::

    parts/ab/abcd...-0.json   a run that just finished: JSON text, named by scenario hash and replication
    parts.jsonl.zst           all runs of before, a line of JSON each, by point and replication (zstd)

Files appear whole or not at all. What is damaged nevertheless (a machine that lost power) counts as missing. Runs are
read one at a time in the order of their points, from as many folders as there are, so that a hundred thousand of them
need no more memory than one.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from experiments.files import make_folder, renamed_when_whole, write_whole
from experiments.outcomes import OUTCOME_COLUMNS

LOOSE, PACK = "parts", "parts.jsonl.zst"
_CHUNK = 1 << 20

Part = dict[str, Any]
"""One finished run: ``outcomes``, ``series``, ``timing``, if asked for ``events`` and, if it failed, ``traceback``."""

Key = tuple[str, int]
"""Scenario hash and replication."""


class Finished(NamedTuple):
    """A run on disk: the number of its point, its key, and what it left, as text and read."""

    point: int
    key: Key
    text: str
    part: Part

    @property
    def ok(self) -> bool:
        """Whether it went well."""
        return bool(self.part["outcomes"]["status"] == "ok")


class Parts:
    """The finished runs in one results folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> None:
        """Make the folder of loose files. Raises `ConfigError`."""
        make_folder(self.folder / LOOSE)

    def path_of(self, key: Key) -> Path:
        """Where a run lies that just finished."""
        identifier, replication = key
        return self.folder / LOOSE / identifier[:2] / f"{identifier}-{replication}.json"

    def write(self, key: Key, text: str) -> None:
        """Keep a finished run, given as JSON text. Raises `ConfigError`."""
        path = self.path_of(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)

    def streams(self, points: Mapping[str, int]) -> list[Iterator[Finished]]:
        """The loose and the packed runs, each by point and replication; ``points`` numbers the scenario hashes."""
        return [self._loose(points), self._packed(points)]

    def is_loose(self) -> bool:
        """Whether any run is not packed yet."""
        return next((self.folder / LOOSE).glob("*/*.json"), None) is not None

    def remove_loose(self) -> None:
        """Delete the files of single runs, once they are packed."""
        for file in (self.folder / LOOSE).glob("*/*"):
            file.unlink(missing_ok=True)
        for folder in [*(self.folder / LOOSE).iterdir(), self.folder / LOOSE]:
            folder.rmdir()

    def _loose(self, points: Mapping[str, int]) -> Iterator[Finished]:
        for point, key in sorted(self._loose_keys(points)):
            try:
                text = self.path_of(key).read_text(encoding="utf-8")
            except (OSError, ValueError):
                continue
            part = _read(text)
            if part is not None:
                yield Finished(point, key, text, part)

    def _loose_keys(self, points: Mapping[str, int]) -> Iterator[tuple[int, Key]]:
        for path in (self.folder / LOOSE).glob("*/*.json"):
            identifier, _, replication = path.stem.rpartition("-")
            if identifier in points and replication.isdecimal():
                yield points[identifier], (identifier, int(replication))

    def _packed(self, points: Mapping[str, int]) -> Iterator[Finished]:
        for line in _lines(self.folder / PACK):
            part = _read(line)
            if part is None or not isinstance(part.get("run"), str):
                continue
            identifier, _, replication = part.pop("run").rpartition("-")
            if identifier in points and replication.isdecimal():
                yield Finished(points[identifier], (identifier, int(replication)), _without_run(line), part)


def in_order(sources: Iterable[Parts], points: Mapping[str, int], events: bool = False) -> Iterator[Finished]:
    """Every finished run once, by point and replication; of several the first that `serves`, else the first.

    Parameters
    ----------
    sources : the folders to read
    points : the number of each scenario hash; others are left out
    events : whether runs with events are wanted
    """
    streams = [stream for source in sources for stream in source.streams(points)]
    by_place = heapq.merge(*streams, key=_place)
    for _, same in itertools.groupby(by_place, key=_place):
        found = list(same)
        yield next((run for run in found if serves(run, events)), found[0])


def serves(run: Finished, events: bool) -> bool:
    """Whether a run need not be made again: it went well, and has its events if they are wanted."""
    return run.ok and ("events" in run.part or not events)


class Packer:
    """Writes runs to a packed file, in the order it gets them."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def add(self, run: Finished) -> None:
        """Append a run."""
        identifier, replication = run.key
        self._stream.write(f'{{"run": "{identifier}-{replication}", {run.text.strip()[1:]}\n'.encode())


@contextmanager
def packed(folder: Path) -> Iterator[Packer]:
    """A new packed file of a folder, which takes the place of the old one when the block ends well."""
    import pyarrow as pa

    with (
        renamed_when_whole(folder / PACK, durable=True) as unfinished,
        pa.OSFile(str(unfinished), "wb") as file,
        pa.CompressedOutputStream(file, "zstd") as stream,
    ):
        yield Packer(stream)


def _lines(path: Path) -> Iterator[str]:
    """The lines of a packed file, as far as it can be read."""
    import pyarrow as pa

    if not path.exists():
        return
    with pa.OSFile(str(path), "rb") as file, pa.CompressedInputStream(file, "zstd") as stream:
        rest = b""
        while chunk := _chunk(stream):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in lines)


def _chunk(stream: Any) -> bytes:
    """The next bytes; none where the file is damaged."""
    try:
        return bytes(stream.read(_CHUNK))
    except OSError:
        return b""


def _without_run(line: str) -> str:
    """A packed line as the text of the run that was packed."""
    return "{" + line.partition(", ")[2]


def _read(text: str) -> Part | None:
    """What a run left; None if it is damaged, or of a version with other outcomes."""
    try:
        part = json.loads(text)
    except ValueError:
        return None
    known = isinstance(part, dict) and isinstance(part.get("outcomes"), dict)
    return part if known and part["outcomes"].keys() == OUTCOME_COLUMNS.keys() else None


def _place(run: Finished) -> tuple[int, int]:
    return run.point, run.key[1]
