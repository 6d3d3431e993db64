"""A watch for any model: it asks again, but only when it is looked at after an update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.models.watch import Watch

_NOTHING: NDArray[np.intp] = np.empty(0, np.intp)


class RecomputingWatch(Watch):
    """Predicts all its samples anew at the first look after an update, instead of moving their scores by each.

    Integer rules that round, wrap and break off have no score that an update simply moves.

    Parameters
    ----------
    predict : the class of a sample as the model is now
    """

    def __init__(self, predict: Callable[[NDArray[Any]], int]) -> None:
        super().__init__(0, np.float32)
        self._predict = predict
        self._samples: dict[int, NDArray[Any]] = {}  # by slot

    def _score(self, features: NDArray[Any]) -> tuple[int, NDArray[Any]]:
        return self._predict(features), features

    def _place(self, record: int, features: NDArray[Any], label: int, prediction: int, score: NDArray[Any]) -> None:
        super()._place(record, _NOTHING, label, prediction, score)

    def _put(self, slot: int, features: NDArray[Any], score: NDArray[Any]) -> None:
        self._samples[slot] = score

    def _predictions(self) -> NDArray[np.int64]:
        predictions = self.predictions.copy()
        for slot in self._slots.values():
            predictions[slot] = self._predict(self._samples[slot])
        return predictions

    def _move(self, *change: Any) -> None:
        """Nothing moves: `refresh` asks."""
