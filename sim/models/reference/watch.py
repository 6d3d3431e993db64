"""Watches of models that count in floats.

A score that is moved by one update after the other is not, to the last bit, the score worked out afresh. But it is near
to it, within a bound that can be told; so that only where the two best classes are nearer than that bound the model is
asked. The class is always the one that the model would answer.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sim.models.base import Classifier
from sim.models.watch import EMPTY, Watch

_EPSILON = float(np.finfo(np.float64).eps)


class FloatWatch(Watch):
    """Moves scores, and asks the model where rounding may have hidden which class is ahead."""

    def __init__(self, model: Classifier, dtype: DTypeLike) -> None:
        super().__init__(model.n_features, dtype)
        self._asked = model
        self._moves = 0

    @abstractmethod
    def _leaders(self) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """For every slot the class with the best score, and how far the next one is behind."""

    @abstractmethod
    def _largest(self) -> float:
        """A bound of the size of the numbers that are added up to a score, one for each feature of a sample."""

    def _tolerance(self) -> float:
        """How far a moved score may be from one worked out afresh.

        A sum of n numbers up to L in size is off by no more than ε n² L, and each move adds no more than four such
        roundings of numbers up to n L.
        """
        size = self._longest + 1
        return 4 * _EPSILON * size * self._largest() * (size + self._moves)

    def update(self, *change: Any) -> None:
        """See `Watch.update`."""
        self._moves += 1
        super().update(*change)

    def _predictions(self) -> NDArray[Any]:
        classes, ahead = self._leaders()
        for slot in (ahead <= self._tolerance()).nonzero()[0].tolist():
            if self._records[slot] != EMPTY:
                classes[slot] = self._asked.predict_one(self._features[slot])  # type: ignore[arg-type]
        return classes


def leaders(scores: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The class with the largest score and its lead, by column, of an array of shape (n_classes, n_columns)."""
    if len(scores) == 2:
        ahead = scores[1] - scores[0]
        return ahead > 0, np.abs(ahead)
    best = np.partition(scores, len(scores) - 2, axis=0)[-2:]
    return scores.argmax(0), best[1] - best[0]
