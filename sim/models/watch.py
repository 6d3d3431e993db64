"""Watches: sets of samples whose predictions stay current while a model learns.

Whoever looks at the same open contributions again and again should not predict them again and again. A watch keeps
the score of each sample and moves all of them by what an update changes: the overlap of the sample just learnt with
every watched one. Samples lie feature-major, so that the rows an update touches are gathered in one piece and
multiplied by BLAS. All scores are whole numbers below 2**53, so the order of additions does not matter and a moved
score equals a recomputed one exactly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sim.features import rises
from sim.units import Gas

_FIRST_CAPACITY = 32  # samples
_MORE_AT_LEAST = 64
_CROWD = 128  # samples, beyond which bytes are quicker
_UINT8_MOST = 255
_FLOAT32_EXACT = 2**24
_PULLS_KEPT = 4096  # as they are shared by all models of a process
EMPTY = -1
"""In the place of a record's number, where there is none."""


class Watch(ABC):
    """Samples by record number, each with the label it was submitted under.

    Parameters
    ----------
    n_features : features are indices in [0, n_features)
    dtype : of ``rows``: float32 where overlaps are counted, float64 where they are weighted. Counted ones become bytes
        in a crowd
    """

    def __init__(self, n_features: int, dtype: DTypeLike) -> None:
        self.rows: NDArray[Any] = np.zeros((n_features, _FIRST_CAPACITY), dtype)
        self.predictions: NDArray[Any] = np.zeros(_FIRST_CAPACITY, np.int64)
        """The class of each slot as last told, as an integer or a truth value."""
        self._slots: dict[int, int] = {}
        self._records: list[int] = [EMPTY] * _FIRST_CAPACITY  # what stands in each slot
        self._labels: list[int] = [EMPTY] * _FIRST_CAPACITY
        self._features: list[NDArray[np.intp] | None] = [None] * _FIRST_CAPACITY  # what stands in each slot's column
        self._free = list(range(_FIRST_CAPACITY - 1, -1, -1))
        self._fresh: dict[int, tuple[NDArray[np.intp], int, int, Any, Gas | None]] = {}
        self._longest = 1  # sample that was ever placed
        self._counting = np.dtype(dtype) == np.float32
        self._as_bytes = False
        self.moved = False
        """Whether agreement may have changed since `refresh` last told."""

    def __len__(self) -> int:
        return len(self._slots) + len(self._fresh)

    def add(self, record: int, features: NDArray[np.intp], label: int) -> bool:
        """Watch a sample; the answer is whether the model agrees with its label now.

        It gets its place among the rows at the next update: many are claimed, and discarded, before there is one.
        """
        prediction, score, gas = self._score(features)
        self._fresh[record] = features, label, prediction, score, gas
        return prediction == label

    def answer(self, record: int) -> tuple[int | None, Gas | None]:
        """The model's class for a watched record, and the gas of asking for it; None for what only the model knows."""
        fresh = self._fresh.get(record)
        if fresh is not None:
            return fresh[2], fresh[4]
        slot = self._slots.get(record)
        return None if slot is None or self.moved else int(self.predictions[slot]), None

    def agrees(self, record: int) -> bool:
        """Whether the model agreed with a watched record's label when last asked (`add` or `refresh`)."""
        fresh = self._fresh.get(record)
        if fresh is not None:
            return fresh[1] == fresh[2]
        slot = self._slots[record]
        return bool(self.predictions[slot] == self._labels[slot])

    def discard(self, record: int) -> None:
        """Stop watching a sample; unknown records are ignored."""
        if self._fresh.pop(record, None) is not None:
            return
        slot = self._slots.pop(record, None)
        if slot is not None:
            self._records[slot] = EMPTY
            self._free.append(slot)

    def refresh(self) -> tuple[list[int], list[int]]:
        """The records whose agreement changed since last asked: those the model agrees with now, and the others."""
        agreed: list[int] = []
        disputed: list[int] = []
        if not self.moved:
            return agreed, disputed
        self.moved = False
        predictions = self._predictions()
        (changed,) = (predictions != self.predictions).nonzero()
        self.predictions = predictions
        records, labels = self._records, self._labels
        # With two classes every change is one of agreement; with more, from one wrong class to another is not, but to
        # hear of it twice does no harm. In a crowd one update may change hundreds.
        for slot, class_ in zip(changed.tolist(), predictions.take(changed).tolist(), strict=True):
            record = records[slot]
            if record != EMPTY:
                (agreed if labels[slot] == class_ else disputed).append(record)
        return agreed, disputed

    def update(self, *change: Any) -> None:
        """Move all scores by a committed update; ``change`` is what the model publishes."""
        if self._fresh:
            for record, (features, label, prediction, score, _) in self._fresh.items():
                self._place(record, features, label, prediction, score)
            self._fresh.clear()
        if self._slots:
            self.moved = True
            self._move(*change)

    def _place(self, record: int, features: NDArray[np.intp], label: int, prediction: int, score: Any) -> None:
        if len(features) > self._longest:
            self._longest = len(features)
            if self._as_bytes and self._longest > _UINT8_MOST:
                self.rows, self._as_bytes = self.rows.astype(np.float32), False
            self._lengthen()
        if not self._free:
            self._grow()
        slot = self._free.pop()
        self._slots[record] = slot
        self._records[slot] = record
        column, before = self.rows[:, slot], self._features[slot]
        if before is not None:
            column[before] = 0
        column[features] = 1 if rises(features) else np.bincount(features).take(features)
        self._features[slot] = features
        self._labels[slot] = label
        self.predictions[slot] = prediction
        self._put(slot, features, score)

    @abstractmethod
    def _score(self, features: NDArray[np.intp]) -> tuple[int, Any, Gas | None]:
        """The model's class for a sample as it is now, the score behind it, and the gas of asking if that is known."""

    @abstractmethod
    def _put(self, slot: int, features: NDArray[np.intp], score: Any) -> None:
        """Keep the score of the sample in ``slot``."""

    @abstractmethod
    def _predictions(self) -> NDArray[Any]:
        """The class predicted for every slot, as a new array of integers or truth values."""

    @abstractmethod
    def _move(self, *change: Any) -> None:
        """Add to all scores what an update changes."""

    def _overlaps(self, features: NDArray[np.intp]) -> NDArray[Any]:
        """How many features each watched sample has in common with one just learnt: whole numbers, exact.

        No overlap with different features is above the longest watched sample, so that in a crowd, where moving bytes
        takes most of the time, they fit one each. For few samples BLAS is quicker.
        """
        rows = self.rows.take(features, 0)
        if self._longest * len(features) >= _FLOAT32_EXACT:  # only if the same feature stands thousands of times
            return np.asarray(rows.sum(0, dtype=np.float64))
        if self._as_bytes and rises(features):
            return np.asarray(np.add.reduce(rows, 0, dtype=np.uint8))
        return np.asarray(pull(len(features), 1).dot(rows))

    def _grow(self) -> None:
        """Make more slots: twice as many, but in a crowd no more than a few beyond what is needed, as all are moved."""
        old = len(self._records)
        more = min(old, max(_MORE_AT_LEAST, old // 8))
        self.rows = widened(self.rows, more)
        if self._counting and old + more > _CROWD and self._longest <= _UINT8_MOST:
            self.rows, self._as_bytes = self.rows.astype(np.uint8, copy=False), True
        self.predictions = widened(self.predictions, more)
        self._records += [EMPTY] * more
        self._labels += [EMPTY] * more
        self._features += [None] * more
        self._free += range(old + more - 1, old - 1, -1)
        self._widen(more)

    def _lengthen(self) -> None:
        """A sample longer than all before is to be placed: sums may become larger than they could be."""
        return

    @abstractmethod
    def _widen(self, more: int) -> None:
        """Make room for the scores of so many more slots."""


@lru_cache(maxsize=_PULLS_KEPT)
def pull(size: int, change: int) -> NDArray[np.float32]:
    """``change`` for each of ``size`` features: what learning them adds to a sample's score for each that it has."""
    return np.full(size, change, np.float32)


def widened(array: NDArray[Any], more: int) -> NDArray[Any]:
    """The array with so many more columns, of zeros."""
    return np.concatenate([array, np.zeros((*array.shape[:-1], more), array.dtype)], axis=-1)
