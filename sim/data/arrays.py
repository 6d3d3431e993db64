"""A user's .npz file as a data set: the packed form, or arrays ``x_train, y_train, x_test, y_test``.

A part of many features may be given by its rows' indices in place of a matrix (compressed sparse rows, as SciPy has
them): ``x_train_indptr``, ``x_train_indices`` and, for counts, ``x_train_data``; likewise for ``x_test``. The number of
features is then one more than the largest index, or ``n_features``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.data.dataset import Dataset
from sim.data.files import Arrays, read_arrays
from sim.data.packed import is_packed, packed_dataset
from sim.data.table import number_classes
from sim.errors import ConfigError
from sim.features import Features

LARGEST_COUNT = 1_000
MOST_FEATURES = 1_000_000
_NAMES = ("x_train", "y_train", "x_test", "y_test")
_SPARSE_NAMES = ("x_train_indptr", "x_train_indices", "y_train", "x_test_indptr", "x_test_indices", "y_test")


def npz_dataset(path: Path) -> Dataset:
    """The data set in an .npz file.

    Dense: ``x_*`` of shape (rows, features) with 0/1 or counts up to 1000, ``y_*`` of shape (rows,) with whole numbers
    or strings. Raises `ConfigError` naming the array that is wrong.
    """
    arrays, digest = read_arrays(path)
    if is_packed(arrays):
        return packed_dataset([path])
    _check_present(arrays, path)
    labels = {part: _labels(arrays, part, path) for part in ("train", "test")}
    numbers, classes = number_classes(labels["train"] + labels["test"])
    n_train = len(labels["train"])
    make = _sparse_features if "x_train" not in arrays else _features
    if len(classes) < 2:
        raise ConfigError(
            f"{str(path)!r}: y_train and y_test hold one class only, {classes[0]!r}; at least two must occur. Add rows "
            f"of another class."
        )
    return Dataset(
        name=path.stem,
        title=path.stem,
        x_train=make(arrays, "train", path),
        y_train=numbers[:n_train],
        x_test=make(arrays, "test", path),
        y_test=numbers[n_train:],
        classes=classes,
        licence="not stated",
        source=f"user file {path.name}",
        sha256=digest,
    )


def _check_present(arrays: Arrays, path: Path) -> None:
    sparse = "x_train" not in arrays and "x_train_indices" in arrays
    names = _SPARSE_NAMES if sparse else _NAMES
    missing = [name for name in names if name not in arrays]
    if missing:
        raise ConfigError(
            f"{str(path)!r}: array {missing[0]!r} is missing among {', '.join(sorted(arrays)) or 'no arrays'}; a set "
            f"needs {', '.join(names)}, or the packed form. Save all of them."
        )


def _labels(arrays: Arrays, part: str, path: Path) -> list[str]:
    """The labels of a part as class names; 1.0 is the class '1'."""
    y = arrays[f"y_{part}"]
    if y.dtype.kind == "f" and np.all(np.isfinite(y)) and np.all(y == np.floor(y)):
        y = y.astype(np.int64)
    if y.ndim != 1 or not len(y) or y.dtype.kind not in "biuU":
        raise ConfigError(
            f"{str(path)!r}: y_{part} is {y.dtype} of shape {y.shape}; allowed is one line of labels, whole numbers "
            f"without NaN or strings, at least one. Store class names or numbers."
        )
    return [str(label) for label in (y.astype(np.int64) if y.dtype.kind == "b" else y).tolist()]


def _features(arrays: Arrays, part: str, path: Path) -> Features:
    x: NDArray[Any] = arrays[f"x_{part}"]
    width, height = arrays["x_train"].shape[-1:], len(arrays[f"y_{part}"])
    if x.ndim != 2 or x.shape[0] != height or x.shape[1:] != width or not x.shape[1] or x.dtype.kind not in "biuf":
        raise ConfigError(
            f"{str(path)!r}: x_{part} is {x.dtype} of shape {x.shape}; allowed are numbers of shape ({height}, "
            f"{width[0] if width and width[0] else 'features'}): a row for each label, as many columns as x_train, at "
            f"least one. Save a dense matrix."
        )
    wrong = ~((x >= 0) & (x <= LARGEST_COUNT)) | (x != np.floor(x)) if x.dtype.kind != "b" else np.zeros(x.shape, bool)
    if np.any(wrong):
        row, column = (int(place) for place in np.argwhere(wrong)[0])
        raise ConfigError(
            f"{str(path)!r}: x_{part} row {row}, column {column} is {x[row, column]}; allowed is 0/1 or a count up to "
            f"{LARGEST_COUNT}. Turn measurements into bits first, or bring them as CSV, which does."
        )
    return Features.from_dense(x)


def _sparse_features(arrays: Arrays, part: str, path: Path) -> Features:
    """A part from the indices of its rows."""
    starts, indices = (_whole(arrays, f"x_{part}_{name}", path) for name in ("indptr", "indices"))
    counts = _whole(arrays, f"x_{part}_data", path) if f"x_{part}_data" in arrays else np.ones(len(indices), np.int64)
    n_features = _n_features(arrays, path)
    height = len(arrays[f"y_{part}"])
    if len(starts) != height + 1 or starts[0] != 0 or starts[-1] != len(indices) or np.any(np.diff(starts) < 0):
        raise ConfigError(
            f"{str(path)!r}: x_{part}_indptr must be {height + 1} numbers, one more than labels, rising from 0 to "
            f"{len(indices)}, the number of indices. Save the indptr of a scipy.sparse.csr_array."
        )
    if len(indices) and not 0 <= indices.min() <= indices.max() < n_features:
        raise ConfigError(
            f"{str(path)!r}: x_{part}_indices span {indices.min()} to {indices.max()}; allowed is 0 to "
            f"{n_features - 1}. Correct n_features or the indices."
        )
    if len(counts) != len(indices) or (len(counts) and not 0 <= counts.min() <= counts.max() <= LARGEST_COUNT):
        raise ConfigError(
            f"{str(path)!r}: x_{part}_data must be {len(indices)} counts, one for each index, from 0 to "
            f"{LARGEST_COUNT}. Leave it out where all are 1."
        )
    owners = np.repeat(np.arange(height), np.diff(starts))
    owners, columns = np.repeat(owners, counts), np.repeat(indices, counts)
    order = np.lexsort((columns, owners))
    indptr = np.concatenate(([0], np.cumsum(np.bincount(owners, minlength=height)))).astype(np.int64)
    return Features(indptr, columns[order].astype(np.int32), n_features)


def _n_features(arrays: Arrays, path: Path) -> int:
    if "n_features" in arrays:
        given = _whole(arrays, "n_features", path).tolist()
        number = given[0] if len(given) == 1 else -1
    else:
        both = [_whole(arrays, f"x_{part}_indices", path) for part in ("train", "test")]
        number = int(max((part.max() for part in both if len(part)), default=0)) + 1
    if not 1 <= number <= MOST_FEATURES:
        raise ConfigError(
            f"{str(path)!r}: there are {number} features; allowed is one number from 1 to {MOST_FEATURES}. Keep the "
            f"most frequent features only."
        )
    return number


def _whole(arrays: Arrays, name: str, path: Path) -> NDArray[np.int64]:
    """An array of whole numbers in one line."""
    array = np.atleast_1d(arrays[name])
    if (
        array.ndim == 1
        and array.dtype.kind == "f"
        and np.all(array == np.floor(array))
        and np.all(np.abs(array) < 2**53)
    ):
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array.dtype.kind == "u" and np.any(array > 2**62)):
        raise ConfigError(
            f"{str(path)!r}: {name} is {array.dtype} of shape {array.shape}; allowed is one line of whole numbers. "
            f"Convert it."
        )
    return array.astype(np.int64)
