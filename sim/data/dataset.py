"""One data set as the economy sees it: binary features, labels, names of classes and words, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError
from sim.features import Features

LabelArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training part, a test part and their provenance; checked when it is made.

    Parameters
    ----------
    name : short name, as in a scenario's ``[data]``
    title : name for tables and figures; that of a synthetic set says so
    x_train, x_test : `Features`, rows of both over the same ``n_features``
    y_train, y_test : int64 array, shape (rows,), labels in [0, len(classes))
    classes : name of each label; at least two of them occur in ``y_train``
    vocabulary : name of each feature, or empty
    licence, source : terms of use; citation
    sha256 : hex digest of the input file, of several files one digest each with a space between, "" if synthetic
    synthetic : made by a generator, not observed
    featurisation : how the features were made, in words; "" if unknown
    texts : function giving the original text of every training row, called at the first `text`; None if unknown

    Raises
    ------
    ConfigError
        If the parts do not fit together.
    """

    name: str
    title: str
    x_train: Features
    y_train: LabelArray
    x_test: Features
    y_test: LabelArray
    classes: tuple[str, ...]
    vocabulary: tuple[str, ...] = ()
    licence: str = ""
    source: str = ""
    sha256: str = ""
    synthetic: bool = False
    featurisation: str = ""
    texts: Callable[[], Sequence[str]] | None = None

    def __post_init__(self) -> None:
        self._check_names()
        _check_part(self.name, "train", self.x_train, self.y_train, len(self.classes))
        _check_part(self.name, "test", self.x_test, self.y_test, len(self.classes))
        present = np.unique(self.y_train)
        if len(present) < 2:
            raise ConfigError(
                f"Data set {self.name!r}: y_train holds one class only, {self.classes[int(present[0])]!r}; at least "
                f"two must occur. Add rows of another class."
            )

    def text(self, row: int) -> str:
        """The original text of training row ``row``, "" if unknown. Raises `ConfigError` for a row out of range."""
        if not 0 <= row < len(self.x_train):
            raise ConfigError(
                f"Data set {self.name!r}: there is no training row {row}; choose 0 to {len(self.x_train) - 1}."
            )
        return self._texts[row] if self._texts else ""

    @cached_property
    def _texts(self) -> Sequence[str]:
        texts = self.texts() if self.texts is not None else ()
        if texts and len(texts) != len(self.x_train):
            raise ConfigError(
                f"Data set {self.name!r}: texts gives {len(texts)} texts; allowed is one for each of the "
                f"{len(self.x_train)} training rows. Return them in the order of x_train."
            )
        return texts

    def _check_names(self) -> None:
        features, where = self.x_train.n_features, f"Data set {self.name!r}"
        if len(self.classes) < 2 or len(set(self.classes)) != len(self.classes):
            raise ConfigError(
                f"{where}: classes is {self.classes!r}; at least two different names are needed. Name each label once."
            )
        if self.x_test.n_features != features:
            raise ConfigError(
                f"{where}: x_test has {self.x_test.n_features} features where x_train has {features}; they must be "
                f"equal. Build both parts with the same columns."
            )
        if len(self.vocabulary) not in (0, features):
            raise ConfigError(
                f"{where}: vocabulary holds {len(self.vocabulary)} names for {features} features; allowed is one "
                f"for each, or none. Give ()."
            )


def _check_part(name: str, part: str, x: Features, y: LabelArray, classes: int) -> None:
    """Raise `ConfigError` unless ``x`` is well formed and ``y`` labels each of its rows."""
    where = f"Data set {name!r}"
    if y.ndim != 1 or y.dtype != np.int64 or len(y) != len(x) or not len(y):
        raise ConfigError(
            f"{where}: y_{part} is {y.dtype} of shape {y.shape}; allowed is int64 of shape ({len(x)},), one label for "
            f"each row of x_{part}, and at least one row."
        )
    if y.min() < 0 or y.max() >= classes:
        row = int(np.flatnonzero((y < 0) | (y >= classes))[0])
        raise ConfigError(
            f"{where}: y_{part} row {row} is {y[row]}; allowed are 0 to {classes - 1}, the positions in classes. "
            f"Renumber the labels."
        )
    starts, indices = x.indptr, x.indices
    if starts[0] != 0 or starts[-1] != len(indices) or np.any(np.diff(starts) < 0):
        raise ConfigError(
            f"{where}: indptr of x_{part} must rise from 0 to {len(indices)}, the number of its indices. "
            f"Make the rows with Features.from_dense."
        )
    if indices.dtype != np.int32 or (len(indices) and not 0 <= indices.min() <= indices.max() < x.n_features):
        extent = f"{indices.min()} to {indices.max()}" if len(indices) else "nothing"
        raise ConfigError(
            f"{where}: indices of x_{part} are {indices.dtype} and span {extent}; allowed is int32 from 0 to "
            f"{x.n_features - 1}. Correct n_features or the indices."
        )
