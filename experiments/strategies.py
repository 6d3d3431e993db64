"""A file of strategies: a CSV with a row for each participant of a tournament.

The header names fields. ``name`` and ``behaviour`` are needed; any other is a field of the ``[[agents]]`` table of that
behaviour, an empty cell leaving it as it is. Three fields have everyday names: ``budget`` is ``balance``, ``mean_gap``
that of its arrivals, ``willingness_sd`` the spread of ``willingness_to_pay``. A row that cannot be used is told by its
line and left out; the others play.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from experiments.build import build
from experiments.levers import read_levers
from experiments.messages import did_you_mean
from experiments.people import BEHAVIOURS, group_model
from experiments.scenario import validate
from sim.errors import ConfigError

LARGEST_FILE = 10**7
MOST_ROWS = 1000
_NEEDED = ("name", "behaviour")
_EVERYDAY = {"budget": "balance", "mean_gap": "arrival.mean_gap", "willingness_sd": "willingness_to_pay.sd"}


class BadRow(NamedTuple):
    """A row that does not play: its line in the file, the name it gives, and what to correct."""

    line: int
    name: str
    problem: str

    def __str__(self) -> str:
        called = f" ({self.name})" if self.name else ""
        return f"Line {self.line}{called} does not play: {self.problem}"


class Strategies(NamedTuple):
    """The groups of agents of the rows that play, in the order of the file, and the rows that do not."""

    groups: list[dict[str, Any]]
    bad: list[BadRow]


def read_strategies(path: str | Path, base: Mapping[str, Any]) -> Strategies:
    """The strategies of a CSV file, each tried in a scenario of its own.

    Parameters
    ----------
    path : comma- or semicolon-separated, UTF-8, with a header
    base : the plain tables of the scenario they are to play in; its own agents are left out

    Raises
    ------
    ConfigError
        If the file cannot be read, its header lacks a column or has one that no behaviour knows, or no row can play.
    """
    text = _text(Path(path))
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if ";" in first and "," not in first else ",")
    try:
        header = [field.strip() for field in next(reader, [])]
        _check_header(header, path)
        found = Strategies([], [])
        lines: dict[str, int] = {}
        for cells in reader:
            if any(cell.strip() for cell in cells):
                _read_row(header, cells, reader.line_num, base, found, lines)
    except csv.Error as error:
        raise ConfigError(f"Strategies {str(path)!r}, line {reader.line_num}: this is no CSV ({error}).") from error
    if len(found.groups) > MOST_ROWS:
        raise ConfigError(f"Strategies {str(path)!r} has {len(found.groups):,} rows; at most {MOST_ROWS:,} may play.")
    if not found.groups:
        why = (
            f" Line {found.bad[0].line}: {found.bad[0].problem}" if found.bad else " Write a row for each participant."
        )
        raise ConfigError(f"Strategies {str(path)!r}: no row can play.{why}")
    return found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigError(f"Strategies {str(path)!r} is larger than 10 MB; it has a row for each participant.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"Strategies {str(path)!r} is not UTF-8 text. Save it as 'CSV UTF-8'.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"Strategies {str(path)!r} cannot be read: {reason}. Give the path of a CSV file.") from error


def _check_header(header: list[str], path: str | Path) -> None:
    missing = [field for field in _NEEDED if field not in header]
    if missing:
        raise ConfigError(
            f"Strategies {str(path)!r}: the header lacks {' and '.join(missing)}. Its first line names the columns, "
            f"such as name,behaviour,budget,willingness_to_pay,flip_rate."
        )
    known = {*_NEEDED, *_EVERYDAY}.union(*(group_model(kind).model_fields for kind in BEHAVIOURS)) - {"kind", "count"}
    for field in header:
        if field not in known:
            raise ConfigError(
                f"Strategies {str(path)!r}: no behaviour has a field {field!r}.{did_you_mean(field, sorted(known))} "
                f"'deca10b list agents' lists behaviours."
            )
        if header.count(field) > 1:
            raise ConfigError(f"Strategies {str(path)!r}: column {field!r} is there twice. Delete one of them.")


def _read_row(
    header: list[str], cells: list[str], line: int, base: Mapping[str, Any], found: Strategies, lines: dict[str, int]
) -> None:
    """Sort a row in with those that play, or with those that do not."""
    given = {field: cell.strip() for field, cell in zip(header, cells, strict=False) if cell.strip()}
    name = given.get("name", "")
    try:
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            raise ConfigError(f"it has {len(cells)} cells, the header {len(header)}. Put text with commas in quotes.")
        for field in _NEEDED:
            if field not in given:
                raise ConfigError(f"{field} is empty.")
        if name in lines:
            raise ConfigError(f"name {name!r} is that of line {lines[name]} too. Give each participant its own.")
        group = _group(given)
        build(validate({**base, "agents": [group]}, "it"))
    except ConfigError as error:
        problem = str(error).removeprefix("it: ").replace(f"agents.{name}.", "").replace("kind is", "behaviour is")
        found.bad.append(BadRow(line, name, problem))
        return
    lines[name] = line
    found.groups.append(group)


def _group(given: Mapping[str, str]) -> dict[str, Any]:
    """The table of a group of one address. Numbers and words are read as a config's."""
    written = {_EVERYDAY.get(field, field): cell for field, cell in given.items() if field not in _NEEDED}
    values = read_levers(f"{field}={cell}" for field, cell in written.items())
    group: dict[str, Any] = {"kind": given["behaviour"], "name": given["name"]}
    for field, value in values.items():
        if field == "arrival.mean_gap":
            group["arrival"] = {"mean_gap": value}
        elif field == "willingness_to_pay.sd":
            group["willingness_to_pay"] = {"mean": values.get("willingness_to_pay", 0), "sd": value}
        elif field != "willingness_to_pay" or "willingness_to_pay.sd" not in values:
            group[field] = value
    return group
