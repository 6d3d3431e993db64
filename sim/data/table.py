"""A user's CSV file as a data set.

The first line names the columns; ``label`` is the class, every other column a feature:

- numbers that are all 0 or 1: kept, one feature;
- other numbers: two features, above and not above the median of the **training** rows, as naive Bayes sees only what is
  present;
- words: one feature for each word that occurs in the training rows.

Rows are shuffled with a fixed seed and split 70/30. Blank lines are skipped.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.data.dataset import Dataset, LabelArray
from sim.data.files import read_file
from sim.errors import ConfigError
from sim.features import Features

LABEL = "label"
SPLIT_SEED = 2
TRAIN_PERCENT = 70
MOST_CATEGORIES = 1_000
MOST_CLASSES = 100
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})

Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class _Table:
    path: Path
    header: list[str]
    rows: list[list[str]]
    lines: list[int]  # line of the file each row ends at

    def problem(self, row: int, column: int, what: str) -> ConfigError:
        """An error about one cell."""
        return ConfigError(
            f"{str(self.path)!r} line {self.lines[row]}, column {self.header[column]!r}: "
            f"{self.rows[row][column]!r} {what}"
        )


def csv_dataset(path: Path) -> Dataset:
    """The data set in a CSV file (UTF-8, commas). Raises `ConfigError` naming line and column of what is wrong."""
    content, digest = read_file(path)
    table = _parse(path, content)
    labels, classes = _labels(table)
    order = np.random.RandomState(SPLIT_SEED).permutation(len(labels))
    n_train = len(labels) * TRAIN_PERCENT // 100
    train, test = order[:n_train], order[n_train:]
    if not len(train):
        raise ConfigError(f"{str(path)!r} has {len(labels)} row(s) of data; at least 2 are needed. Add rows.")
    names: list[str] = []
    columns: list[Bits] = []
    for column, name in enumerate(table.header):
        if name != LABEL:
            for label, bits in _encode(table, column, train).items():
                names.append(label)
                columns.append(bits)
    rows = np.stack(columns, axis=1)
    return Dataset(
        name=path.stem,
        title=path.stem,
        x_train=Features.from_dense(rows[train]),
        y_train=labels[train],
        x_test=Features.from_dense(rows[test]),
        y_test=labels[test],
        classes=classes,
        vocabulary=tuple(names),
        licence="not stated",
        source=f"user file {path.name}",
        sha256=digest,
    )


def number_classes(labels: list[str]) -> tuple[LabelArray, tuple[str, ...]]:
    """Labels as positions among the class names, which are sorted as numbers if all are, else as words."""
    names = sorted(set(labels))
    try:
        names.sort(key=float)
    except ValueError:
        names.sort()
    place = {name: i for i, name in enumerate(names)}
    return np.array([place[label] for label in labels], np.int64), tuple(names)


def _parse(path: Path, content: bytes) -> _Table:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{str(path)!r} line {line} is not UTF-8 ({error.reason}). Save the file as UTF-8."
        ) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    header: list[str] | None = None
    try:
        for cells in reader:
            if not cells:
                continue
            if header is None:
                header = _check_header(path, [cell.strip() for cell in cells])
            elif len(cells) != len(header):
                raise ConfigError(
                    f"{str(path)!r} line {reader.line_num} has {len(cells)} cells; the header names {len(header)} "
                    f"columns. Give each line one cell for each column, and quote cells that hold a comma."
                )
            else:
                rows.append([cell.strip() for cell in cells])
                lines.append(reader.line_num)
    except csv.Error as error:
        raise ConfigError(f"{str(path)!r} line {reader.line_num} is no CSV ({error}). Check the quotes.") from error
    if header is None or not rows:
        raise ConfigError(f"{str(path)!r} has no rows of data below its header. Add at least 2.")
    return _Table(path, header, rows, lines)


def _check_header(path: Path, header: list[str]) -> list[str]:
    if LABEL not in header:
        raise ConfigError(
            f"{str(path)!r}: there is no column {LABEL!r} among {', '.join(map(repr, header[:10]))}. Name the column "
            f"of the class {LABEL!r}, and separate columns by commas."
        )
    if len(header) < 2:
        raise ConfigError(f"{str(path)!r} has no column beside {LABEL!r}; at least one feature is needed. Add one.")
    for position, name in enumerate(header):
        if not name or name in header[:position]:
            fault = "is named twice" if name else "has no name"
            raise ConfigError(
                f"{str(path)!r}: column {position + 1} {name!r} {fault}; names must differ. Rename or remove it."
            )
    return header


def _labels(table: _Table) -> tuple[LabelArray, tuple[str, ...]]:
    column = table.header.index(LABEL)
    labels = [row[column] for row in table.rows]
    for row, label in enumerate(labels):
        if label.lower() in _MISSING:
            raise table.problem(row, column, "is no class. Give the row a label or remove it.")
    numbers, classes = number_classes(labels)
    if not 2 <= len(classes) <= MOST_CLASSES:
        shown = ", ".join(map(repr, classes[:5]))
        raise ConfigError(
            f"{str(table.path)!r}: column {LABEL!r} holds {len(classes)} class(es) ({shown}); allowed are 2 to "
            f"{MOST_CLASSES}. Add rows of another class, or group the values."
        )
    return numbers, classes


def _encode(table: _Table, column: int, train: NDArray[np.int64]) -> dict[str, Bits]:
    """The features a column becomes, by name, each of shape (rows,)."""
    cells = [row[column] for row in table.rows]
    numbers = [_number(cell) for cell in cells]
    words = [
        cell for cell, number in zip(cells, numbers, strict=True) if number is None and cell.lower() not in _MISSING
    ]
    if words:
        return _one_hot(table, column, cells, train)
    for row, number in enumerate(numbers):
        if number is None or not math.isfinite(number):
            raise table.problem(row, column, "is no finite number. Fill in the value or remove the line or the column.")
    name, values = table.header[column], np.array(numbers, np.float64)
    if np.all((values == 0) | (values == 1)):
        return {name: values == 1}
    median = float(np.median(values[train]))
    return {f"{name}>{median:g}": values > median, f"{name}<={median:g}": values <= median}


def _one_hot(table: _Table, column: int, cells: list[str], train: NDArray[np.int64]) -> dict[str, Bits]:
    categories = sorted({cells[row] for row in train.tolist()})
    if len(categories) > MOST_CATEGORIES:
        raise ConfigError(
            f"{str(table.path)!r}: column {table.header[column]!r} holds {len(categories)} different words; at most "
            f"{MOST_CATEGORIES} can become features. Group the values or remove the column."
        )
    values = np.array(cells)
    return {f"{table.header[column]}={category}": values == category for category in categories}


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
