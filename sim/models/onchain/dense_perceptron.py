r"""DensePerceptron.sol: a perceptron over vectors of norm 1.

For a vector x of fixed-point numbers the margin is ``m = intercept + sum(weights[i] * x[i])``; class 1 is predicted
when m > 0, class 0 otherwise. If the prediction is not the label, each weight moves by ``x[i] * rate / 10**9``, cut
toward zero: down for label 0, up for any other. The intercept never changes.

* Weights and x are times 10**9, so their products are times 10**18, but the intercept is not: it counts for a
  billionth of what it says.
* A vector to learn has as many numbers as there are weights, and its squared norm is strictly between
  10**18 - 10**11 and 10**18 + 10**11; both are checked also where nothing is to change. To predict, only the length
  matters.
* Weights are ``int80`` and wrap round silently.
* Labels from 2 on are never predicted, so a sample with one always moves the weights up.

========== =============== ==========================================================
parameter  default         meaning
========== =============== ==========================================================
step       1               learning rate, a decimal; times 10**9 it is a ``uint32``
passes     5               passes over the initial samples when fitted
intercept  0               times 10**9, an ``int80``
========== =============== ==========================================================

Source: demo/client/contracts/classification/DensePerceptron.sol of microsoft/0xDeCA10B at commit f97e40d.

>>> model = DensePerceptron(n_features=2, step="0.5")
>>> model.learn_one(np.array([600_000_000, -800_000_000]), 1)
>>> model.to_state(), model.predict_one(np.array([0, 1]))
({'weights': [300000000, -400000000], 'intercept': 0}, 0)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from operator import mul
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import Meter, SlotWrites, memory
from sim.chain.journal import Journal, Value
from sim.errors import ConfigError, Revert
from sim.models.base import IndexArray
from sim.models.onchain.base import OnChainClassifier, Rows, State, check_label, fixed
from sim.models.onchain.batch import SAFE, Batch, in_64_bits
from sim.models.onchain.fixed_point import ONE, check_norm, signed, stored, tdiv
from sim.units import Gas

WRONG_LENGTH = "The data must have the same dimension as the weights."

_PACKED = 3  # weights in a slot
_DECODE = 250  # gas of taking one number from the call's bytes

# Gas beside storage, from gas measured on the contract. To predict: per call, number, slot of weights, product below 0,
# weight of 0; class 1. To learn: until the length is known, from there on, per number; label above 0. To update: per
# call, number, slot.
_PREDICT_CALL, _PREDICT_NUMBER = 1_092, 945
_SLOT, _NEGATIVE, _ZERO_WEIGHT, _CLASS_ONE = -50, 28, -105, -10
_LEARN_REFUSED, _LEARN_CALL, _LEARN_NUMBER, _UPWARDS = 1_000, 511, 1_346, 10
_UPDATE_CALL, _UPDATE_NUMBER, _UPDATE_SLOT = 338, 54, 457
_MEMORY_CALL = 6  # words

_LOW_BITS = 24
_LOW_MASK = 2**_LOW_BITS - 1


class DensePerceptron(OnChainClassifier):
    """See the module's text. ``weights`` are the first ones, times 10**9."""

    name = "dense_perceptron"
    reads_vectors = True

    def __init__(
        self,
        n_features: int,
        n_classes: int = 2,
        journal: Journal | None = None,
        meter: Meter | None = None,
        *,
        step: float | str | Fraction = 1,
        passes: int = 5,
        intercept: int = 0,
        weights: Sequence[int] | None = None,
    ) -> None:
        super().__init__(n_features, n_classes, journal, meter)
        if n_classes != 2:
            raise ConfigError(
                f"the perceptron tells two classes apart, the data have {n_classes}; use dense_nearest_centroid."
            )
        self.learning_rate = fixed("step", step, 32)
        self.passes = passes
        self.intercept = stored("intercept", intercept, 80, sign=True)
        first = [0] * n_features if weights is None else weights
        self.weights: Value[tuple[int, ...]] = Value(
            self.journal, tuple(stored(f"weight {i}", weight, 80, sign=True) for i, weight in enumerate(first))
        )

    @classmethod
    def deploy(cls, parameters: Mapping[str, Any], journal: Journal | None = None, meter: Meter | None = None) -> Self:
        """From ``weights``, ``intercept`` and ``learningRate``."""
        return cls(
            len(parameters["weights"]), len(parameters["classifications"]), journal, meter,
            step=Fraction(parameters["learningRate"], ONE), intercept=parameters["intercept"],
            weights=parameters["weights"],
        )  # fmt: skip

    def to_state(self, features: Iterable[int] | None = None) -> State:
        """``{"weights": [weight], "intercept": …}``."""
        return {"weights": list(self.weights.value), "intercept": self.intercept}

    def load_state(self, state: State) -> None:
        """Take weights and intercept."""
        self.weights.value = tuple(state["weights"])
        self.intercept = state["intercept"]
        self.version.value += 1

    def fit(self, features: Rows, labels: NDArray[np.int64]) -> None:
        """``passes`` passes of the rule over the samples in their order, as the chain would apply it."""
        self._fit(features, labels, self.passes)

    def predict_one(self, features: IndexArray) -> int:
        """Class 1 iff the margin is above zero. Raises `Revert` for a vector of another length."""
        vector, weights = features.tolist(), self.weights.value
        if len(vector) != len(weights):
            raise Revert(WRONG_LENGTH)
        return int(self.intercept + sum(map(mul, weights, vector)) > 0)

    def _predict_batch(self, batch: Batch) -> NDArray[np.int64] | None:
        """Weights in two parts, ``high * 2**24 + low``, so that the sums of products fit 64 bits."""
        weights = in_64_bits(self.weights.value)
        if weights is None or not batch.known(len(weights)) or len(weights) != self.n_features:
            return None
        high, low = weights >> _LOW_BITS, weights & _LOW_MASK
        if max(map(abs, batch.values.tolist()), default=0) * batch.longest >= SAFE:
            return None
        length = int(batch.sums(np.abs(batch.values)).max(initial=0))
        largest = max(int(np.abs(high).max(initial=0)), _LOW_MASK)
        if length * largest + abs(self.intercept) >= SAFE:
            return None
        highs = batch.sums(high[batch.indices] * batch.values)
        lows = batch.sums(low[batch.indices] * batch.values) + self.intercept
        highs += lows >> _LOW_BITS
        return np.asarray((highs > 0) | ((highs == 0) & (lows & _LOW_MASK > 0)), np.int64)

    def _ask(self, numbers: list[int]) -> int:
        schedule, size = self.meter.schedule, len(numbers)
        call = schedule.loads(2) + _PREDICT_CALL + _DECODE * size + memory(size + _MEMORY_CALL)
        prediction, slots, gas = self._weigh(numbers, call)
        self.meter.charge(gas + schedule.loads(slots, 2 * size - slots) + (_PREDICT_NUMBER - _DECODE) * size)
        return prediction

    def _weigh(self, vector: list[int], call: Gas) -> tuple[int, int, Gas]:
        """The class of a vector, the slots its weights take, and the gas of the call with what depends on the weights.

        A vector of another length is refused for the gas of the call alone.
        """
        weights = self.weights.value
        if len(vector) != len(weights):
            self.meter.charge(call)
            raise Revert(WRONG_LENGTH)
        products = list(map(mul, weights, vector))
        prediction, slots = int(self.intercept + sum(products) > 0), -(-len(weights) // _PACKED)
        negative, zero = sum([product < 0 for product in products]), weights.count(0)
        gas = call + _SLOT * slots + _NEGATIVE * negative + _ZERO_WEIGHT * zero + _CLASS_ONE * prediction
        return prediction, slots, gas

    def learn_one(self, features: IndexArray, label: int) -> None:
        """Move the weights if, and only if, the vector is not predicted as labelled."""
        # CHECKS, GAS
        check_label(label)
        schedule, vector = self.meter.schedule, features.tolist()
        size = len(vector)
        prediction, slots, gas = self._weigh(vector, schedule.loads(2) + _LEARN_REFUSED + _DECODE * size)
        self.meter.charge(
            gas
            + _LEARN_CALL
            + schedule.loads(slots + 1, 3 * size - slots)
            + (_LEARN_NUMBER - _DECODE) * size
            + _UPWARDS * (label > 0)
            + memory(2 * size + _MEMORY_CALL)
        )
        check_norm(vector)
        if prediction != label:
            # EFFECTS
            self._move(vector, slots, self.learning_rate if label > 0 else -self.learning_rate)

    def _move(self, vector: list[int], slots: int, rate: int) -> None:
        meter, before = self.meter, self.weights.value
        after = tuple(signed(w + tdiv(x * rate, ONE), 80) for w, x in zip(before, vector, strict=True))
        writes = SlotWrites()
        for first in range(0, len(before), _PACKED):
            writes.slot(before[first : first + _PACKED], after[first : first + _PACKED], _PACKED)
        meter.charge(
            _UPDATE_CALL
            + _UPDATE_NUMBER * len(vector)
            + _UPDATE_SLOT * slots
            + meter.schedule.loads(0, _PACKED * slots + 1)
            + meter.schedule.stores(noop=1)
        )
        writes.charge(meter)
        self.weights.set(after)
        self._note_change()
