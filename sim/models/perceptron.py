r"""Sparse perceptron with a constant step, in integers.

The score of a sample with feature indices x is ``margin = intercept + sum(weights[i] for i in x)``; class 1 is
predicted when the margin is above zero, class 0 otherwise. Only a wrong prediction changes the model: every weight of
x moves by the step, up for label 1 and down for label 0, once per occurrence. The intercept never changes.

Numbers are decimals times 10**9, as in the contract.

========== =============== ==========================================================
parameter  default         meaning
========== =============== ==========================================================
step       1               learning rate, a decimal above 0
passes     5               passes of the same rule over the initial samples
========== =============== ==========================================================

Source: SparsePerceptron.sol of microsoft/0xDeCA10B. The weights are int64 while the sum of all their sizes is proved
to fit; beyond that they become Python integers, slower and without limit.

>>> model = SparsePerceptron(n_features=4)
>>> model.learn_one(np.array([0, 2]), 1)
>>> model.predict_one(np.array([2])), model.predict_one(np.array([1]))
(1, 0)
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import Meter, by_size, memory
from sim.chain.journal import Journal, Value, Weights
from sim.errors import ConfigError, Revert
from sim.features import Features
from sim.models.base import OUT_OF_BOUNDS, UNKNOWN_FEATURE, Classifier, IndexArray, may_repeat
from sim.models.watch import Watch
from sim.units import Gas, exact

ONE = 10**9
"""The fixed-point one of the contracts."""

_INT64_SAFE = 2**61
_FLOAT32_EXACT = 2**24
_FIRST_LENGTH = 256
_is_less = np.less

# Gas beside storage, from gas measured on the contract (see docs/gas.md): per call, feature, feature with a weight
# below 0; class 1; per call and feature that moves weights; upwards.
_PREDICT_CALL, _PREDICT_FEATURE, _NEGATIVE, _CLASS_ONE = 1_058, 739, 28, -10
_UPDATE_CALL, _UPDATE_FEATURE, _UPWARDS = 89, 409, 10
_MEMORY_CALL = 6  # words


@lru_cache(maxsize=4096)
def _ones(size: int) -> NDArray[np.int64]:
    """As many ones: their product with the picked weights is the quickest way to a small sum."""
    return np.ones(size, np.int64)


class SparsePerceptron(Classifier):
    """See the module's text. ``step`` is a decimal above 0; ``intercept`` is an integer, times 10**9."""

    name = "perceptron"

    def __init__(
        self,
        n_features: int,
        n_classes: int = 2,
        journal: Journal | None = None,
        meter: Meter | None = None,
        *,
        step: float | str = 1,
        passes: int = 5,
        intercept: int = 0,
    ) -> None:
        super().__init__(n_features, n_classes, journal, meter)
        scaled = exact(step) * ONE
        if n_classes != 2:
            raise ConfigError(f"the perceptron tells two classes apart, the data have {n_classes}; use naive_bayes.")
        if scaled < 1:
            raise ConfigError(f"step is {step}; it must be at least 1e-9.")
        self.step = round(scaled)
        self.passes = passes
        self.intercept = intercept
        self.weights = Weights(self.journal, np.zeros(n_features, np.int64))
        self._bound: Value[int] = Value(self.journal, abs(intercept))
        schedule = self.meter.schedule
        per_feature = schedule.loads(1) + _PREDICT_FEATURE
        self._gas_to_predict = by_size(
            lambda n: schedule.loads(1) + _PREDICT_CALL + per_feature * n + memory(n + _MEMORY_CALL)
        )
        self._gas_to_learn = by_size(lambda n: schedule.loads(1) + self._gas_to_predict(n))
        self._gas_update_feature = schedule.loads(0, 3) + _UPDATE_FEATURE
        self._gas_again = schedule.loads(1) - schedule.loads(0, 1)  # less for an index that was read before
        self._repeats = True  # until the initial samples say that no index stands twice

    def to_state(self) -> dict[str, Any]:
        """``{"weights": {index: weight}, "intercept": …}``, times 10**9, without weights of 0."""
        weights = {str(i): weight for i, weight in enumerate(self.weights.array.tolist()) if weight}
        return {"weights": weights, "intercept": self.intercept}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take the numbers of `to_state`, before deployment: nothing is journalled, what is not named is zero."""
        weights, self.intercept = state["weights"], state["intercept"]
        self._bound.value = abs(self.intercept) + sum(map(abs, weights.values()))
        array = np.zeros(self.n_features, object if self._bound.value > _INT64_SAFE else np.int64)
        array[[int(i) for i in weights]] = list(weights.values())
        self.weights.array = array
        self.version.value += 1

    @property
    def bound(self) -> int:
        """The sizes of all weights, and of the intercept, add up to no more than this."""
        return self._bound.value

    def fit(self, features: Features, labels: NDArray[np.int64]) -> None:
        """Five passes (or ``passes``) of the rule over the samples in their order, as the chain would apply it."""
        self._repeats = may_repeat(features)
        longest = int(np.diff(features.indptr).max(initial=1))
        most = self._bound.value + self.passes * len(features.indices) * self.step
        if most * longest > _INT64_SAFE:
            self.weights.array = self.weights.array.astype(object)
        weights = self.weights.array
        rows = [features.row(i).astype(np.intp) for i in range(len(features))]
        signed = np.where(labels == 1, 1, -1).tolist()
        for _ in range(self.passes):
            for row, sign in zip(rows, signed, strict=True):
                if (_ones(len(row)).dot(weights.take(row)) + self.intercept > 0) != (sign > 0):
                    np.add.at(weights, row, sign * self.step)
                    self._bound.value += len(row) * self.step
        self.version.value += 1

    def predict_one(self, features: IndexArray) -> int:
        """Class 1 iff the margin is above zero."""
        return int(self.margin(features) > 0)

    def margin(self, features: IndexArray) -> int:
        """The score of a sample, times 10**9."""
        try:
            return self._sum(self.weights.array.take(features))
        except IndexError:
            raise Revert(UNKNOWN_FEATURE) from None

    def _sum(self, picked: NDArray[np.int64]) -> int:
        """The margin of a sample with these weights."""
        # An index may stand more than once, so a sum may be as many times as large as all weights together.
        if len(picked) * self._bound.value > _INT64_SAFE:
            return int(sum(picked.tolist())) + self.intercept
        return int(_ones(len(picked)).dot(picked)) + self.intercept

    def predict_on_chain(self, features: IndexArray, known: int | None = None) -> int:
        """`predict_one` within a transaction; gas depends on the weights, so they are read also where it is known."""
        try:
            picked = self.weights.array.take(features)
        except IndexError:
            raise Revert(UNKNOWN_FEATURE) from None
        prediction = int(self._sum(picked) > 0) if known is None else known
        gas_of_size = self._gas_to_predict
        self._charge_prediction(gas_of_size(len(features)), features, picked, prediction)
        return prediction

    def _charge_prediction(self, gas: Gas, features: IndexArray, picked: NDArray[np.int64], prediction: int) -> None:
        negative = _is_less(picked, 0).tobytes().count(1)  # the quickest way to count a few
        gas += _NEGATIVE * negative + _CLASS_ONE * prediction
        if self._repeats:
            gas -= self._gas_again * (len(features) - len(set(features.tolist())))
        self.meter.charge(gas)

    def learn_one(self, features: IndexArray, label: int) -> None:
        """Move the weights of the sample if, and only if, it is predicted wrongly."""
        # CHECKS
        if label not in (0, 1):
            raise Revert(OUT_OF_BOUNDS)
        try:
            picked = self.weights.array.take(features)
        except IndexError:
            raise Revert(UNKNOWN_FEATURE) from None
        prediction = int(self._sum(picked) > 0)
        # GAS
        size, gas_of_size = len(features), self._gas_to_learn
        self._charge_prediction(gas_of_size(size), features, picked, prediction)
        if prediction != label:
            # EFFECTS
            self._widen_if_needed(size)
            delta = self.step if label else -self.step
            before = self.weights.add_at(features, delta)
            self._charge_update(features, before, _UPDATE_CALL + _UPWARDS * label)
            self.version.set(self.version.value + 1)
            self.journal.after_commit.append((self._publish, (features, delta)))

    def _widen_if_needed(self, size: int) -> None:
        bound = self._bound.value + size * self.step
        if bound > _INT64_SAFE and self.weights.array.dtype != object:
            self.weights.replace(self.weights.array.astype(object))
        self._bound.set(bound)

    def _charge_update(self, features: IndexArray, before: NDArray[np.int64], call: Gas) -> None:
        """The writes of all weights; one that is written again costs a write of what is there."""
        size = len(features)
        if self._repeats:
            features, first = np.unique(features, return_index=True)
            before = before[first]
        slots = len(features)
        set_ = slots - int(np.count_nonzero(before))
        cleared = slots - int(np.count_nonzero(self.weights.array.take(features)))
        stores = self.meter.schedule.stores(set_, slots - set_, size - slots)
        self.meter.charge(call + self._gas_update_feature * size + stores)
        if cleared:
            self.meter.refund_cleared(cleared)

    def predict_many(self, features: Features) -> NDArray[np.int64]:
        """The class of each row. Weights that are small multiples of the step fit float32, which is fastest."""
        weights = self.weights.array
        longest = int(np.diff(features.indptr).max(initial=0))
        if weights.dtype == object or longest * self._bound.value > _INT64_SAFE:
            return np.array([self.predict_one(features.row(i).astype(np.intp)) for i in range(len(features))], np.int64)
        steps, rest = np.divmod(weights, self.step)
        if not rest.any() and int(np.abs(steps).max(initial=0)) * longest < _FLOAT32_EXACT:
            # for a whole number m of steps: m * step > -intercept exactly if m > floor(-intercept / step)
            threshold = max(-_FLOAT32_EXACT, min(-self.intercept // self.step, _FLOAT32_EXACT))
            margins = features.matrix(np.float32) @ steps.astype(np.float32)
            return np.asarray(margins > threshold, dtype=np.int64)
        return np.asarray(features.matrix(np.int64) @ weights > -self.intercept, dtype=np.int64)

    def _new_watch(self) -> Watch:
        return _PerceptronWatch(self)


class _PerceptronWatch(Watch):
    def __init__(self, model: SparsePerceptron) -> None:
        super().__init__(model.n_features, np.float32)
        self.model = model
        self.margins: NDArray[np.int64] = np.zeros(len(self.predictions), np.int64)
        self._longest = 1
        self._ones = np.ones(_FIRST_LENGTH, np.float32)
        self._widen_if_needed()

    def _score(self, features: IndexArray) -> tuple[int, int]:
        margin = self.model.margin(features)
        return int(margin > 0), margin

    def _put(self, slot: int, features: IndexArray, score: int) -> None:
        if len(features) > self._longest:
            self._longest = len(features)
            self._widen_if_needed()
        self.margins[slot] = score

    def _predictions(self) -> NDArray[np.bool_]:
        return np.asarray(self.margins > 0, np.bool_)

    def _move(self, features: IndexArray, delta: int) -> None:
        if len(features) > len(self._ones):
            self._ones = np.ones(2 * len(features), np.float32)
        self._widen_if_needed()
        overlap = (self._ones[: len(features)] @ self.rows.take(features, 0)).astype(self.margins.dtype)
        self.margins += overlap * delta

    def _widen_if_needed(self) -> None:
        """Use Python integers once a margin, or what moves it, might not fit 64 bits."""
        if self._longest * self.model.bound > _INT64_SAFE and self.margins.dtype != object:
            self.margins = self.margins.astype(object)

    def _grow(self) -> None:
        super()._grow()
        self.margins = np.concatenate([self.margins, np.zeros_like(self.margins)])
