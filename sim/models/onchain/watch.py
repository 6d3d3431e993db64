"""A watch for any model: it asks again, but only when it is looked at after an update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.models.onchain.batch import Batch
from sim.models.watch import Watch

Entries = tuple[NDArray[np.int64], NDArray[np.int64]]

_NO_NUMBERS: NDArray[np.int64] = np.empty(0, np.int64)
_NOTHING: NDArray[np.intp] = np.empty(0, np.intp)


class RecomputingWatch(Watch):
    """Predicts all its samples anew at the first look after an update, instead of moving their scores by each.

    Integer rules that round, wrap and break off have no score that an update simply moves.

    Parameters
    ----------
    predict : the class of a sample as the model is now
    entries, predict_batch : indices and values of a sample, as a `Batch` has them, and the classes of all samples of a
        batch; it answers None where they must be asked one by one, as by default
    """

    def __init__(
        self,
        predict: Callable[[NDArray[Any]], int],
        entries: Callable[[NDArray[Any]], Entries] = lambda features: (_NO_NUMBERS, _NO_NUMBERS),
        predict_batch: Callable[[Batch], NDArray[np.int64] | None] = lambda batch: None,
    ) -> None:
        super().__init__(0, np.float32)
        self._predict = predict
        self._entries = entries
        self._predict_batch = predict_batch
        self._samples: dict[int, tuple[NDArray[Any], Entries]] = {}  # by slot

    def _score(self, features: NDArray[Any]) -> tuple[int, NDArray[Any], None]:
        return self._predict(features), features, None

    def _place(self, record: int, features: NDArray[Any], label: int, prediction: int, score: NDArray[Any]) -> None:
        super()._place(record, _NOTHING, label, prediction, score)

    def _put(self, slot: int, features: NDArray[Any], score: NDArray[Any]) -> None:
        self._samples[slot] = score, self._entries(score)

    def _predictions(self) -> NDArray[np.int64]:
        predictions = self.predictions.copy()
        slots = list(self._slots.values())
        if not slots:
            return predictions
        watched = [self._samples[slot] for slot in slots]
        found = self._predict_batch(Batch.join(entries for _, entries in watched))
        predictions[slots] = [self._predict(sample) for sample, _ in watched] if found is None else found
        return predictions

    def _move(self, *change: Any) -> None:
        """Nothing moves: `refresh` asks."""

    def _widen(self, more: int) -> None:
        """Samples are kept by slot, as many as there are."""
