"""A user's .npz file as a data set: the packed form, or the dense arrays ``x_train, y_train, x_test, y_test``."""

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
_NAMES = ("x_train", "y_train", "x_test", "y_test")


def npz_dataset(path: Path) -> Dataset:
    """The data set in an .npz file.

    Dense: ``x_*`` of shape (rows, features) with 0/1 or counts up to 1000, ``y_*`` of shape (rows,) with whole numbers
    or strings. Raises `ConfigError` naming the array that is wrong.
    """
    arrays, digest = read_arrays(path)
    if is_packed(arrays):
        return packed_dataset([path])
    missing = [name for name in _NAMES if name not in arrays]
    if missing:
        raise ConfigError(
            f"{str(path)!r}: array {missing[0]!r} is missing among {', '.join(sorted(arrays)) or 'no arrays'}; a set "
            f"needs {', '.join(_NAMES)}, or the packed form. Save all four."
        )
    labels = {part: _labels(arrays, part, path) for part in ("train", "test")}
    numbers, classes = number_classes(labels["train"] + labels["test"])
    n_train = len(labels["train"])
    if len(classes) < 2:
        raise ConfigError(
            f"{str(path)!r}: y_train and y_test hold one class only, {classes[0]!r}; at least two must occur. Add rows "
            f"of another class."
        )
    return Dataset(
        name=path.stem,
        title=path.stem,
        x_train=_features(arrays, "train", path),
        y_train=numbers[:n_train],
        x_test=_features(arrays, "test", path),
        y_test=numbers[n_train:],
        classes=classes,
        licence="not stated",
        source=f"user file {path.name}",
        sha256=digest,
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
