"""`spambase`, e-mails as 57 measurements, from UCI's ``spambase.data`` in the user's folder.

The 54 frequencies of words and characters become one feature each, present if above 0; the three lengths of runs of
capitals are present if above the median of the training rows. Rows are shuffled with a fixed seed; 3220 train, 1381
test.

Source: Hopkins, Reeber, Forman & Suermondt 1999, https://doi.org/10.24432/C53G6X
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from sim.data.dataset import Dataset
from sim.data.files import read_file
from sim.data.own import own_dataset
from sim.errors import ConfigError
from sim.features import Features

FILES = ("spambase/spambase.data", "spambase.data")
_SHUFFLE_SEED, _TRAIN_SHARE = 2, 0.7
_COLUMNS, _FREQUENCIES = 58, 54


def spambase() -> Dataset:
    """E-mail HAM or SPAM? Raises `ConfigError` with what to do if it is not in the user's folder."""
    return own_dataset(
        "spambase",
        FILES,
        read_spambase,
        "download Spambase from https://archive.ics.uci.edu/dataset/94/spambase and put spambase.data there",
        title="Spambase (e-mails)",
        licence="CC BY 4.0 as UCI states it: see its page",
        source="Hopkins, Reeber, Forman & Suermondt, Spambase, UCI 1999",
    )


def read_spambase(path: Path, **about: Any) -> Dataset:
    """The set in UCI's file: lines of 58 numbers with commas, the last 0 or 1. Raises `ConfigError` naming the line."""
    content, digest = read_file(path)
    lines = [line for line in content.decode("latin-1").splitlines() if line.strip()]
    rows = np.array([_numbers(path, number, line) for number, line in enumerate(lines, 1)])
    order = np.random.RandomState(_SHUFFLE_SEED).permutation(len(rows))
    train, test = np.split(order, [int(_TRAIN_SHARE * len(rows))])
    if not len(train):
        raise ConfigError(f"{str(path)!r} has {len(rows)} line(s); at least 2 are needed. Download it again.")
    thresholds = np.zeros(_COLUMNS - 1)
    thresholds[_FREQUENCIES:] = np.median(rows[train, _FREQUENCIES:-1], axis=0)
    bits, labels = rows[:, :-1] > thresholds, rows[:, -1].astype(np.int64)
    return Dataset(
        x_train=Features.from_dense(bits[train]),
        y_train=labels[train],
        x_test=Features.from_dense(bits[test]),
        y_test=labels[test],
        classes=("HAM", "SPAM"),
        sha256=digest,
        **about,
    )


def _numbers(path: Path, number: int, line: str) -> list[float]:
    try:
        numbers = [float(cell) for cell in line.split(",")]
    except ValueError:
        numbers = []
    whole = len(numbers) == _COLUMNS and all(math.isfinite(cell) and cell >= 0 for cell in numbers)
    if not whole or numbers[-1] not in (0, 1):
        raise ConfigError(
            f"{str(path)!r} line {number} is {line[:60]!r}; allowed are {_COLUMNS} numbers of 0 or more with commas "
            f"between, the last one 0 or 1. Download the file again."
        )
    return numbers
