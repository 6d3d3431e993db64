"""The samples of the reference corpus: in the trace itself, or in an .npz file that the trace names.

Only the file's base name counts. It is looked for beside the trace, in ``reference-data/`` beside it, and in the folder
that the environment variable ``DECA10B_DATA`` names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.data.files import read_arrays
from sim.data.folder import data_folder
from sim.errors import ConfigError
from sim.features import Data

FOLDER = "reference-data"


class Samples:
    """Training rows as numbers, and a test set where there is one.

    Attributes
    ----------
    rows : array of numbers, shape (n_rows, n_features), all of them whole
    test : the same of the test set
    test_labels : int array, shape (n_test,)
    """

    def __init__(
        self, rows: NDArray[Any], test: NDArray[Any] | None = None, labels: NDArray[Any] | None = None
    ) -> None:
        self.rows = rows
        self.test = np.zeros((0, rows.shape[1])) if test is None else test
        self.test_labels = np.zeros(0, np.int64) if labels is None else labels
        self._data: dict[int, Data] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def data(self, row: int) -> Data:
        """A row as a transaction carries it: all its numbers where they are not 0 and 1, else the indices of the ones.

        Raises `IndexError`.
        """
        if row not in self._data:
            if not 0 <= row < len(self.rows):
                raise IndexError(f"row {row} of {len(self.rows)}")
            numbers = self.rows[row]
            binary = ((numbers == 0) | (numbers == 1)).all()
            self._data[row] = Data(np.flatnonzero(numbers)) if binary else Data.numbers(map(int, numbers.tolist()))
        return self._data[row]


def sample_finder(trace: Path) -> Callable[[dict[str, Any]], Samples | None]:
    """A function that finds the samples of a run's ``data``, reading each file once; None if a file is not there.

    It raises `ConfigError` for data that are there but cannot be used.
    """
    kept: dict[str, Samples | None] = {}

    def find(data: dict[str, Any]) -> Samples | None:
        if "dense_train" in data:
            labels = np.array(data.get("labels_test", ()), np.int64)
            return Samples(
                np.array(data["dense_train"], np.float64), np.array(data.get("dense_test", ()), np.float64), labels
            )
        name = re.split(r"[\\/]", str(data.get("npz", "")))[-1]
        if name not in kept:
            path = _path(trace, name)
            kept[name] = None if path is None else _read(path)
        return kept[name]

    return find


def _path(trace: Path, name: str) -> Path | None:
    folders = [trace.parent, trace.parent / FOLDER]
    own = data_folder()
    candidates = [folder / name for folder in (folders if own is None else [*folders, own])]
    return next((path for path in candidates if name and path.is_file()), None)


def _read(path: Path) -> Samples:
    arrays, _ = read_arrays(path)
    try:
        width = int(arrays["d"])
        rows = _ones(arrays["train_indices"], arrays["train_indptr"], width)
        if "test_indices" not in arrays:
            return Samples(rows)
        test = _ones(arrays["test_indices"], arrays["test_indptr"], width)
        return Samples(rows, test, arrays["test_y"].astype(np.int64))
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise ConfigError(
            f"{str(path)!r} does not hold samples of the reference corpus: {error}. It needs the arrays train_indices, "
            f"train_indptr and d."
        ) from error


def _ones(indices: NDArray[Any], bounds: NDArray[Any], width: int) -> NDArray[np.int8]:
    """Rows of zeros with ones at the indices between the bounds of each."""
    rows = np.zeros((len(bounds) - 1, width), np.int8)
    rows[np.repeat(np.arange(len(rows)), np.diff(bounds)), indices] = 1
    return rows
