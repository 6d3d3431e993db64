"""`titanic`, the passengers of Kaggle's competition: who survived? From ``train.csv`` in the user's folder.

Four numbers for each passenger, as in the reference simulation; a number k is a feature that counts k times:

- passenger class, 1 to 3;
- sex: 0 male, 1 female;
- title: 0 Mr. (and Sir., Don., Major., Capt., Jonkheer., Rev., Col., a male Dr.), 1 Mrs. (and Countess., Mme., Lady., a
  female Dr.), 2 Miss. (and Mlle., Ms.), 3 Master.;
- family aboard: siblings, spouses, parents and children.

Rows are shuffled with the reference's seed; 70 % train.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sim.data.csv_file import read_csv
from sim.data.dataset import Dataset
from sim.data.own import own_dataset
from sim.data.table import Table
from sim.errors import ConfigError
from sim.features import Features

FILES = ("titanic/train.csv", "titanic/titanic.csv")
_SHUFFLE_SEED, _TRAIN_SHARE = 231, 0.7
_TITLES = (
    (0, ("Mr.", "Sir.", "Don.", "Major.", "Capt.", "Jonkheer.", "Rev.", "Col.")),
    (1, ("Mrs.", "Countess.", "Mme.", "Lady.")),
    (2, ("Miss.", "Mlle.", "Ms.")),
    (3, ("Master.",)),
)
_MOST_RELATIVES = 100


def titanic() -> Dataset:
    """Passenger DIED or SURVIVED? Raises `ConfigError` with what to do if it is not in the user's folder."""
    return own_dataset(
        "titanic",
        FILES,
        read_titanic,
        "download train.csv from https://www.kaggle.com/c/titanic/data and put it there",
        title="Titanic passengers (Kaggle)",
        licence="Kaggle's competition terms: for your own use",
        source="Kaggle, Titanic: Machine Learning from Disaster",
    )


def read_titanic(path: Path, **about: Any) -> Dataset:
    """The set in Kaggle's file. Raises `ConfigError` naming line and column of what is wrong."""
    table = read_csv(path)
    survived = _whole(table, "Survived", 0, 1)
    sexes = _sexes(table)
    family = _whole(table, "SibSp", 0, _MOST_RELATIVES) + _whole(table, "Parch", 0, _MOST_RELATIVES)
    numbers = np.stack([_whole(table, "Pclass", 1, 3), sexes, _titles(table, sexes), family], axis=1)
    order = np.random.RandomState(_SHUFFLE_SEED).permutation(len(survived))
    train, test = np.split(order, [int(_TRAIN_SHARE * len(survived))])
    if not len(train):
        raise ConfigError(
            f"{str(path)!r} has {len(survived)} row(s) of data; at least 2 are needed. Download it again."
        )
    return Dataset(
        x_train=Features.from_dense(numbers[train]),
        y_train=survived[train],
        x_test=Features.from_dense(numbers[test]),
        y_test=survived[test],
        classes=("DIED", "SURVIVED"),
        vocabulary=("class", "female", "title", "family"),
        sha256=table.digest,
        **about,
    )


def _whole(table: Table, name: str, least: int, most: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """A column of whole numbers."""
    cells = table.column(name)
    for row, cell in enumerate(cells):
        if not (cell.isdecimal() and len(cell) < 10 and least <= int(cell) <= most):
            raise table.problem(row, name, f"is no whole number from {least} to {most}. Correct or remove the line.")
    return np.array([int(cell) for cell in cells], np.int64)


def _sexes(table: Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    cells = table.column("Sex")
    for row, cell in enumerate(cells):
        if cell not in ("male", "female"):
            raise table.problem(row, "Sex", "is neither male nor female. Correct or remove the line.")
    return np.array([int(cell == "female") for cell in cells], np.int64)


def _titles(table: Table, sexes: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    titles = []
    for row, name in enumerate(table.column("Name")):
        words = f" {name} "
        found = [number for number, titles_of in _TITLES for title in titles_of if f" {title} " in words]
        if " Dr. " in words:
            found.append(int(sexes[row]))
        if not found:
            raise table.problem(row, "Name", "holds no title such as Mr. or Mrs. Correct or remove the line.")
        titles.append(found[-1])
    return np.array(titles, np.int64)
