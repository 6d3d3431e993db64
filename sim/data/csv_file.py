"""A CSV file as a table: UTF-8, commas, the first line names the columns; blank lines are skipped."""

from __future__ import annotations

import csv
import io
import threading
from pathlib import Path

from sim.data.files import read_file
from sim.data.table import MOST_CELLS, Table
from sim.errors import ConfigError

_LONGEST_CELL = 2**24
_limit_lock = threading.Lock()  # the limit is a setting of the whole csv module


def read_csv(path: Path, strip: bool = True) -> Table:
    """The table in a CSV file, cells without the blanks around them unless ``strip`` is false.

    Raises `ConfigError` naming line and column of what is wrong.
    """
    content, digest = read_file(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{str(path)!r} line {line} is not UTF-8 ({error.reason}). Save the file as UTF-8."
        ) from error
    with _limit_lock:
        before = csv.field_size_limit(_LONGEST_CELL)
        try:
            return _parse(path, text, digest, strip)
        finally:
            csv.field_size_limit(before)


def _parse(path: Path, text: str, digest: str, strip: bool) -> Table:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    places: list[str] = []
    header: list[str] | None = None
    try:
        for cells in reader:
            if not cells:
                continue
            if header is None:
                header = check_header(path, [cell.strip() for cell in cells])
            elif len(cells) != len(header):
                raise ConfigError(
                    f"{str(path)!r} line {reader.line_num} has {len(cells)} cells; the header names {len(header)} "
                    f"columns. Give each line one cell for each column, and quote cells that hold a comma."
                )
            else:
                rows.append([cell.strip() for cell in cells] if strip else cells)
                places.append(f"line {reader.line_num}")
    except csv.Error as error:
        raise ConfigError(f"{str(path)!r} line {reader.line_num} is no CSV ({error}). Check the quotes.") from error
    if header is None or not rows:
        raise ConfigError(f"{str(path)!r} has no rows of data below its header. Add at least 2.")
    if len(rows) * len(header) > MOST_CELLS:
        raise ConfigError(f"{str(path)!r} has {len(rows) * len(header)} cells; at most {MOST_CELLS} can be read.")
    return Table(path, header, rows, places, digest)


def check_header(path: Path, header: list[str]) -> list[str]:
    """The names of the columns, if each has one and no two are the same. Raises `ConfigError`."""
    for position, name in enumerate(header):
        if not name or name in header[:position]:
            fault = "is named twice" if name else "has no name"
            raise ConfigError(
                f"{str(path)!r}: column {position + 1} {name!r} {fault}; names must differ. Rename or remove it."
            )
    return header
