"""A user's table (CSV or Parquet) as a data set.

``label`` is the class. Where there is a column ``text`` (or the option ``text`` names one), the words of its texts are
the features, see `sim.data.text`, and the other columns are not used. Otherwise every other column is a feature:

- numbers that are all 0 or 1: kept, one feature;
- other numbers: two features, above and not above the median of the **training** rows, as naive Bayes sees only what is
  present;
- words: one feature for each word that occurs in the training rows.

Rows are shuffled with a fixed seed and split 70/30.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.data.dataset import Dataset, LabelArray
from sim.data.options import TableOptions
from sim.data.text import BagOfWords
from sim.errors import ConfigError
from sim.features import Features

LABEL, TEXT = "label", "text"
SPLIT_SEED = 2
TRAIN_PERCENT = 70
MOST_CATEGORIES = 1_000
MOST_CLASSES = 100
MOST_CELLS = 200_000_000
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})

Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class Table:
    """Named columns of cells as text.

    ``places`` say where each row stands in its file ("line 7"); ``digest`` is the sha256 of the file.
    """

    path: Path
    header: list[str]
    rows: list[list[str]]
    places: list[str]
    digest: str

    def column(self, name: str) -> list[str]:
        """The cells of a column. Raises `ConfigError` if there is none of this name."""
        if name not in self.header:
            raise ConfigError(
                f"{str(self.path)!r}: there is no column {name!r} among {', '.join(map(repr, self.header[:10]))}. Name "
                f"the column of the {'class' if name == LABEL else name} {name!r}, and separate columns by commas."
            )
        place = self.header.index(name)
        return [row[place] for row in self.rows]

    def problem(self, row: int, name: str, what: str) -> ConfigError:
        """An error about one cell."""
        cell = self.rows[row][self.header.index(name)]
        return ConfigError(f"{str(self.path)!r} {self.places[row]}, column {name!r}: {cell[:80]!r} {what}")


def table_dataset(read: Callable[[Path], Table], path: Path, chosen: Mapping[str, Any]) -> Dataset:
    """The data set in a table; ``chosen`` are fields of `TableOptions`. Raises `ConfigError`."""
    options = TableOptions.checked(str(path), chosen)
    table = read(path)
    labels, classes = _labels(table, options.label)
    text = options.text or (TEXT if TEXT in table.header and options.label != TEXT else "")
    order = np.random.RandomState(SPLIT_SEED).permutation(len(labels))
    train, test = np.split(order, [len(labels) * TRAIN_PERCENT // 100])
    if not len(train):
        raise ConfigError(f"{str(path)!r} has {len(labels)} row(s) of data; at least 2 are needed. Add rows.")
    if text:
        x_train, x_test, names = _words(table.column(text), train, test, options.words)
        how = f"{options.words}, of column {text!r}"
    else:
        options.refuse_words(str(path))
        x_train, x_test, names = _columns(table, options.label, train, test)
        how = "a bit for each 0/1 column and each word, two for each column of numbers (above its median or not)"
    return Dataset(
        name=path.stem,
        title=path.stem,
        x_train=x_train,
        y_train=labels[train],
        x_test=x_test,
        y_test=labels[test],
        classes=classes,
        vocabulary=names,
        licence="not stated",
        source=f"user file {path.name}",
        sha256=table.digest,
        featurisation=how,
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


def _labels(table: Table, name: str) -> tuple[LabelArray, tuple[str, ...]]:
    labels = table.column(name)
    for row, label in enumerate(labels):
        if label.lower() in _MISSING:
            raise table.problem(row, name, "is no class. Give the row a label or remove it.")
    numbers, classes = number_classes(labels)
    if not 2 <= len(classes) <= MOST_CLASSES:
        shown = ", ".join(map(repr, classes[:5]))
        raise ConfigError(
            f"{str(table.path)!r}: column {name!r} holds {len(classes)} class(es) ({shown}); allowed are 2 to "
            f"{MOST_CLASSES}. Add rows of another class, or group the values."
        )
    return numbers, classes


def _words(
    texts: list[str], train: NDArray[np.int64], test: NDArray[np.int64], words: BagOfWords
) -> tuple[Features, Features, tuple[str, ...]]:
    return words.features([texts[row] for row in train.tolist()], [texts[row] for row in test.tolist()])


def _columns(
    table: Table, label: str, train: NDArray[np.int64], test: NDArray[np.int64]
) -> tuple[Features, Features, tuple[str, ...]]:
    columns: dict[str, Bits] = {}
    for name in table.header:
        if name != label:
            columns |= _encode(table, name, train)
    if not columns:
        raise ConfigError(
            f"{str(table.path)!r} has no column beside {label!r}; at least one feature is needed. Add one."
        )
    if len(columns) * len(table.rows) > MOST_CELLS:
        raise ConfigError(
            f"{str(table.path)!r}: {len(table.rows)} rows of {len(columns)} features are more than the {MOST_CELLS} "
            f"bits that can be held. Group the values of columns of words, or bring the rows as packed .npz."
        )
    bits = np.stack(list(columns.values()), axis=1)
    return Features.from_dense(bits[train]), Features.from_dense(bits[test]), tuple(columns)


def _encode(table: Table, name: str, train: NDArray[np.int64]) -> dict[str, Bits]:
    """The features a column becomes, by name, each of shape (rows,)."""
    cells = table.column(name)
    numbers = [_number(cell) for cell in cells]
    words = [
        cell for cell, number in zip(cells, numbers, strict=True) if number is None and cell.lower() not in _MISSING
    ]
    if words:
        return _one_hot(table, name, cells, train)
    for row, number in enumerate(numbers):
        if number is None or not math.isfinite(number):
            raise table.problem(row, name, "is no finite number. Fill in the value or remove the line or the column.")
    return two_sided(name, np.array(numbers, np.float64), train)


def two_sided(name: str, values: NDArray[np.float64], train: NDArray[np.int64]) -> dict[str, Bits]:
    """A column of numbers as one feature if they are 0 and 1, else as two: above the training rows' median, or not."""
    if np.all((values == 0) | (values == 1)):
        return {name: values == 1}
    median = float(np.median(values[train]))
    return {f"{name}>{median:g}": values > median, f"{name}<={median:g}": values <= median}


def _one_hot(table: Table, name: str, cells: list[str], train: NDArray[np.int64]) -> dict[str, Bits]:
    categories = sorted({cells[row] for row in train.tolist()})
    if len(categories) > MOST_CATEGORIES:
        raise ConfigError(
            f"{str(table.path)!r}: column {name!r} holds {len(categories)} different words; at most {MOST_CATEGORIES} "
            f"can become features. Group the values or remove the column; a column of texts is named 'text', or by the "
            f"option text."
        )
    values = np.array(cells)
    return {f"{name}={category}": values == category for category in categories}


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
