"""What the contract of the sparse perceptron costs: storage opcode by opcode, and overheads from gas measured on it.

See docs/gas.md. Gas of a prediction depends on how many of the sample's weights are below zero; that of a lesson that
changes the model on how many were zero and became zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import GasSchedule, by_size, memory
from sim.units import Gas

# Per call, feature, feature with a weight below 0; class 1; per call and feature that moves weights; upwards.
_PREDICT_CALL, _PREDICT_FEATURE, NEGATIVE, CLASS_ONE = 1_058, 739, 28, -10
_UPDATE_CALL, _UPDATE_FEATURE, _UPWARDS = 89, 409, 10
_MEMORY_CALL = 6  # words


class PerceptronCharges:
    """Of SparsePerceptron.sol.

    Attributes
    ----------
    predict : by size: a prediction, less what depends on the weights: `NEGATIVE` for each below zero, and `CLASS_ONE`
        if that is the answer
    lesson : what a lesson that changes nothing takes beside its prediction
    again : less for an index that was read before
    """

    def __init__(self, schedule: GasSchedule) -> None:
        self._stores = schedule.stores
        per_feature = schedule.loads(1) + _PREDICT_FEATURE
        self.predict = by_size(lambda n: schedule.loads(1) + _PREDICT_CALL + per_feature * n + memory(n + _MEMORY_CALL))
        self.lesson = schedule.loads(1)
        self.again = schedule.loads(1) - schedule.loads(0, 1)
        self._update_feature = schedule.loads(0, 3) + _UPDATE_FEATURE
        self._set_more = schedule.store_set - schedule.store_reset
        self._one_each = by_size(lambda n: [self.moves(n, n, 0, up) for up in (0, 1)])

    def mistake(self, size: int, before: NDArray[Any], after: NDArray[Any], up: int) -> tuple[Gas, int]:
        """What moving weights adds, and the slots that it clears.

        ``size`` indices are written; each weight among them stands once in ``before`` and ``after``.
        """
        slots = len(before)
        fresh, cleared = slots - int(np.count_nonzero(before)), slots - int(np.count_nonzero(after))
        if slots == size:
            return self._one_each(size)[up] + fresh * self._set_more, cleared
        return int(self.moves(size, slots, fresh, up)), cleared

    def moves(self, size: Any, slots: Any, fresh: Any, up: Any) -> Any:
        """What moving weights adds, for one mistake or, by arrays, for many.

        ``size`` indices are written, ``slots`` of them different, ``fresh`` of these with a weight of 0. One that is
        written again costs a write of what is there.
        """
        stores = self._stores(fresh, slots - fresh, size - slots)
        return _UPDATE_CALL + _UPWARDS * up + self._update_feature * size + stores
