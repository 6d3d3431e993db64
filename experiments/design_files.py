"""Designs in files: TOML with all that a design says, CSV with a row for each point.

In CSV the header names the levers. A cell is read as JSON where it is JSON (``5``, ``0.25``, ``true``,
``{"mean": 100, "sd": 10}``, ``"5"`` in quotes for text that looks like a number), else as text (``1h``); an empty cell
leaves that lever as the scenario has it. Any other program may write one: ``[design] file = "points.csv"``.
"""

from __future__ import annotations

import csv
import io
import json
import tomllib
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from experiments.design import Design, Point, Points
from experiments.fields import plain_number
from experiments.files import check_folder, write_whole
from experiments.toml import to_toml
from sim.errors import ConfigError

LARGEST_FILE = 10**8


def save_design(design: Design, path: str | Path) -> Path:
    """Write a design: ``.toml`` with replications, pairing and stopping rule, ``.csv`` with the points alone.

    The TOML is an experiment's file but for its first line, ``scenario = "..."``. Raises `ConfigError`.
    """
    path = Path(path)
    points = [{lever: _told(lever, value) for lever, value in point.items()} for point in design]
    if path.suffix == ".toml":
        facts: dict[str, Any] = {"kind": "list", "replications": design.replications, "pair_seeds": design.pair_seeds}
        if design.until is not None:
            facts["until"] = design.until._asdict()
        text = to_toml({"design": facts | {"points": points}})
    elif path.suffix == ".csv":
        buffer = io.StringIO(newline="")
        rows = csv.writer(buffer, lineterminator="\n")
        rows.writerow(design.levers)
        rows.writerows([_cell(point[lever]) if lever in point else "" for lever in design.levers] for point in points)
        text = buffer.getvalue()
    else:
        raise ConfigError(f"A design cannot be saved as {str(path)!r}; name a file that ends in .toml or .csv.")
    check_folder(path.parent)
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_whole(path, text)


def load_design(path: str | Path, **options: Any) -> Design:
    """The design of a file that `save_design` or somebody else wrote, or of an experiment's ``[design]``.

    ``options`` (``replications``, ``pair_seeds``, ``until``) are what a CSV cannot say. Raises `ConfigError`.
    """
    from experiments.design_table import design_of

    path = Path(path)
    if path.suffix == ".csv":
        return Points(read_points(path), **options)
    try:
        table = tomllib.loads(_text_of(path))["design"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise ConfigError(f"{str(path)!r} holds no [design] in valid TOML ({error}). Name another file.") from error
    return design_of({**table, **options}, path.parent)


def read_points(path: Path) -> list[Point]:
    """The points of a CSV file. Raises `ConfigError`."""
    rows = list(csv.reader(io.StringIO(_text_of(path))))
    levers = [lever.strip() for lever in rows[0]] if rows else []
    if not all(levers) or len(set(levers)) < len(levers):
        raise ConfigError(f"{str(path)!r}: its first line must name a different lever in every column; it is {levers}.")
    points = []
    for number, row in enumerate(rows[1:], start=2):
        if not row and levers:  # an empty line
            continue
        if len(row) != len(levers):
            raise ConfigError(
                f"{str(path)!r}: line {number} has {len(row)} cells, the first line {len(levers)}. Mend it."
            )
        points.append({lever: _value(cell) for lever, cell in zip(levers, row, strict=True) if cell.strip()})
    return points


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigError(f"Design file {str(path)!r} is larger than 100 MB. Check it.")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"Design file {str(path)!r} cannot be read: {reason}. Name a .toml or .csv file.") from error


def _told(lever: str, value: Any) -> Any:
    """A value as a file can hold it."""
    if value is None:
        raise ConfigError(f"Lever {lever!r} is None at some point; a file cannot say that. Write a word ('no limit').")
    return plain_number(Fraction(value)) if isinstance(value, Decimal | Fraction) else value


def _cell(value: Any) -> str:
    if isinstance(value, str) and value.strip() == value and value and not _is_json(value):
        return value
    return json.dumps(value)


def _value(cell: str) -> Any:
    return json.loads(cell) if _is_json(cell) else cell.strip()


def _is_json(cell: str) -> bool:
    try:
        value = json.loads(cell)
    except ValueError:
        return False
    return value == value and value not in (float("inf"), float("-inf"))  # NaN is no JSON
