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

Source: SparsePerceptron.sol of microsoft/0xDeCA10B. Weights are whole numbers held as float64, each beside a mark that
it is below zero (gas depends on how many are): one gather and one product answer what a sample's margin and gas are. A
sum that is not proved to stay within 2**53 is made of Python integers instead, and so are weights of such size.

>>> model = SparsePerceptron(n_features=4)
>>> model.learn_one(np.array([0, 2]), 1)
>>> model.predict_one(np.array([2])), model.predict_one(np.array([1]))
(1, 0)
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import Meter
from sim.chain.journal import Journal, Value, Weights
from sim.errors import ConfigError, Revert
from sim.features import Features, rises
from sim.models.base import OUT_OF_BOUNDS, UNKNOWN_FEATURE, Classifier, IndexArray, may_repeat
from sim.models.perceptron_charges import CLASS_ONE, NEGATIVE, PerceptronCharges
from sim.models.watch import Watch
from sim.units import Gas, exact

ONE = 10**9
"""The fixed-point one of the contracts."""

_FLOAT64_EXACT = 2**53
_FLOAT32_EXACT = 2**24
_INT64_SAFE = 2**61
_UINT8_MOST = 255
_FIRST_LENGTH = 256
_FEW = 128  # watched samples


@lru_cache(maxsize=4096)
def _ones(size: int) -> NDArray[np.float64]:
    """As many ones: their product with the picked rows is the quickest way to small sums."""
    return np.ones(size)


class SparsePerceptron(Classifier):
    """See the module's text. ``step`` is a decimal above 0; ``intercept`` is an integer, times 10**9."""

    name = "perceptron"
    says_probabilities = True

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
        self._marked = Weights(self.journal, np.zeros((n_features, 2)))
        self._largest: Value[tuple[int, int]] = Value(self.journal, (0, 0))  # no weight is larger; when to look again
        self._gas = PerceptronCharges(self.meter.schedule)
        self._repeats = True  # until the initial samples say that no index stands twice

    @property
    def weights(self) -> NDArray[Any]:
        """All weights, times 10**9: whole float64 numbers, or Python integers where those could not be exact."""
        return self._marked.array[:, 0]

    @property
    def largest(self) -> int:
        """No weight and no intercept is larger in size."""
        return max(self._largest.value[0], abs(self.intercept))

    def to_state(self) -> dict[str, Any]:
        """``{"weights": {index: weight}, "intercept": …}``, times 10**9, without weights of 0."""
        weights = {str(i): int(weight) for i, weight in enumerate(self.weights.tolist()) if weight}
        return {"weights": weights, "intercept": self.intercept}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take the numbers of `to_state`, before deployment: nothing is journalled, what is not named is zero."""
        self.intercept = state["intercept"]
        weights = np.zeros(self.n_features, object)
        weights[[int(i) for i in state["weights"]]] = list(state["weights"].values())
        self._take(weights)

    def _take(self, weights: NDArray[Any]) -> None:
        """Put whole numbers in the place of all weights, off the chain."""
        largest = int(abs(weights).max(initial=0))
        marked = np.zeros((self.n_features, 2), np.float64 if largest < _FLOAT64_EXACT else object)
        marked[:, 0], marked[:, 1] = weights, weights < 0
        self._marked.array = marked
        self._largest.value = (largest, 2 * largest)
        self.version.value += 1

    def fit(self, features: Features, labels: NDArray[np.int64]) -> None:
        """Five passes (or ``passes``) of the rule over the samples in their order, as the chain would apply it."""
        self._repeats = may_repeat(features)
        longest = int(np.diff(features.indptr).max(initial=1))
        most = self.largest + self.passes * len(features.indices) * self.step
        weights = self.weights.astype(object if most * longest > _INT64_SAFE else np.int64)
        rows = [features.row(i).astype(np.intp) for i in range(len(features))]
        signed = np.where(labels == 1, 1, -1).tolist()
        for _ in range(self.passes):
            for row, sign in zip(rows, signed, strict=True):
                if (np.add.reduce(weights.take(row)) + self.intercept > 0) != (sign > 0):
                    np.add.at(weights, row, sign * self.step)
        self._take(weights)

    def predict_one(self, features: IndexArray) -> int:
        """Class 1 iff the margin is above zero."""
        return int(self.margin(features) > 0)

    def margin(self, features: IndexArray) -> int:
        """The score of a sample, times 10**9."""
        return self.examine(features)[1]

    def probability(self, features: IndexArray, label: int) -> Fraction:
        """The margin m, squashed: 1/2 + m/(2(|m| + s)) for class 1, where one lesson moves the margin by s.

        So a sample that was learnt once from nothing stands at 3/4. (s is the step times the number of indices.)
        """
        if label not in (0, 1):
            raise Revert(OUT_OF_BOUNDS)
        margin, lesson = self.margin(features), self.step * max(1, len(features))
        return Fraction(1, 2) + Fraction(margin if label else -margin, 2 * (abs(margin) + lesson))

    def examine(self, features: IndexArray) -> tuple[int, int, Gas]:
        """The class of a sample, its margin, and the gas of asking for it within a transaction.

        Gas depends on the weights: on how many of the sample's are below zero.
        """
        try:
            picked = self._marked.array.take(features, 0)
        except IndexError:
            raise Revert(UNKNOWN_FEATURE) from None
        size = len(features)
        if (size + 1) * self._largest.value[0] < _FLOAT64_EXACT:
            total, negative = _ones(size).dot(picked).tolist()
        else:
            total, negative = sum(map(int, picked[:, 0].tolist())), picked[:, 1].sum()
        margin = int(total) + self.intercept
        gas = self._gas.predict(size) + NEGATIVE * int(negative)
        if self._repeats:
            gas -= self._gas.again * (size - len(set(features.tolist())))
        return (1, margin, gas + CLASS_ONE) if margin > 0 else (0, margin, gas)

    def predict_on_chain(self, features: IndexArray, known: int | None = None) -> int:
        """`predict_one` within a transaction; gas depends on the weights, so they are read also where it is known."""
        prediction, _, gas = self.examine(features)
        self.meter.charge(gas)
        return prediction

    def learn_one(self, features: IndexArray, label: int) -> None:
        """Move the weights of the sample if, and only if, it is predicted wrongly."""
        # CHECKS
        if label not in (0, 1):
            raise Revert(OUT_OF_BOUNDS)
        prediction, _, gas = self.examine(features)
        # GAS
        self.meter.charge(gas + self._gas.lesson)
        if prediction != label:
            # EFFECTS
            delta = self.step if label else -self.step
            self._update(features, delta)
            self.version.set(self.version.value + 1)
            self.journal.after_commit.append((self._publish, (features, delta)))

    def _update(self, features: IndexArray, delta: int) -> None:
        """Add ``delta`` to the weight of each feature, once per occurrence, and charge for the writes."""
        size, places = len(features), features
        times: Any = 1
        if not rises(features):
            places, times = np.unique(features, return_counts=True)
        self._grow_to_hold(self.step if places is features else self.step * size)
        before, weights = self._set(places, times * delta)
        gas, cleared = self._gas.mistake(size, before, weights, delta > 0)
        self.meter.charge(gas)
        if cleared:
            self.meter.refund_cleared(cleared)

    def _set(self, places: IndexArray, amounts: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """Move the weights at distinct places; what they were and what they are come back."""
        rows = self._marked.array.take(places, 0)
        weights = rows[:, 0]
        weights += amounts
        np.less(weights, 0, rows[:, 1])
        return self._marked.assign(places, rows)[:, 0], weights

    def gas_to_ask(self, size: int, distinct: int) -> Gas:
        """Gas of a lesson of so many features, so many of them different, that changes nothing, less what depends on
        the weights; that is `gas_of_answers`."""
        again = size - distinct if self._repeats else 0
        return self._gas.lesson + self._gas.predict(size) - self._gas.again * again

    @staticmethod
    def gas_of_answers(negative: NDArray[np.int64], predictions: NDArray[np.bool_]) -> NDArray[np.int64]:
        """What predictions add to the gas of lessons, by their numbers of weights below zero."""
        return np.asarray(NEGATIVE * negative + CLASS_ONE * predictions)

    def gas_of_mistakes(
        self, sizes: NDArray[np.int64], slots: NDArray[np.int64], fresh: NDArray[np.int64], up: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """What mistakes add to the gas of lessons: of so many features, so many of them different, and so many of
        these with a weight of 0 before."""
        return np.asarray(self._gas.moves(sizes, slots, fresh, up))

    def fits(self, occurrences: int, longest: int) -> bool:
        """Whether, whatever so many more occurrences may teach, weights stay exact and margins of ``longest`` features
        fit 64 bits."""
        most = self.largest + occurrences * self.step
        return most < _FLOAT64_EXACT and (longest + 1) * most < _INT64_SAFE

    def move(self, features: IndexArray, amounts: NDArray[np.int64]) -> None:
        """What several mistakes come to: move the weight of each occurrence. No gas; and watches are not told."""
        moved = np.bincount(features, amounts)
        (places,) = np.nonzero(moved)
        self._grow_to_hold(int(abs(moved).max(initial=0)))
        self._set(places, moved[places])
        self.version.set(self.version.value + 1)

    def _grow_to_hold(self, more: int) -> None:
        """Keep ``largest`` right for weights that move by up to ``more``, and weights exact."""
        largest, again = self._largest.value
        largest += more
        if largest > again:  # it may have become far too large: see what it is
            largest = int(abs(self.weights).max()) + more
            again = 2 * largest
        self._largest.set((largest, again))
        if largest >= _FLOAT64_EXACT and self._marked.array.dtype != object:
            self._marked.replace(_exact(self._marked.array))

    def predict_many(self, features: Features) -> NDArray[np.int64]:
        """The class of each row. Weights that are small multiples of the step fit float32, which is fastest."""
        weights, largest = self.weights, self.largest
        longest = int(np.diff(features.indptr).max(initial=0))
        if (longest + 1) * largest >= _FLOAT64_EXACT:
            return np.array([self.predict_one(features.row(i).astype(np.intp)) for i in range(len(features))], np.int64)
        steps = np.rint(weights / self.step)
        if np.array_equal(steps * self.step, weights) and np.abs(steps).max(initial=0) * longest < _FLOAT32_EXACT:
            # for a whole number m of steps: m * step > -intercept exactly if m > floor(-intercept / step)
            threshold = max(-_FLOAT32_EXACT, min(-self.intercept // self.step, _FLOAT32_EXACT))
            margins = features.matrix(np.float32) @ steps.astype(np.float32)
            return np.asarray(margins > threshold, dtype=np.int64)
        return np.asarray(features.matrix(np.float64) @ weights > -self.intercept, dtype=np.int64)

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

    def _score(self, features: IndexArray) -> tuple[int, int, Gas]:
        return self.model.examine(features)

    def _place(self, record: int, features: IndexArray, label: int, prediction: int, score: int) -> None:
        if len(features) > self._longest:
            self._longest = len(features)
            self._widen_if_needed()
        super()._place(record, features, label, prediction, score)

    def _put(self, slot: int, features: IndexArray, score: int) -> None:
        self.margins[slot] = score

    def _predictions(self) -> NDArray[np.bool_]:
        return np.asarray(self.margins > 0, np.bool_)

    def _move(self, features: IndexArray, delta: int) -> None:
        if len(features) > len(self._ones):
            self._ones = np.ones(2 * len(features), np.float32)
        self._widen_if_needed()
        rows = self.rows.take(features, 0)
        # No overlap of different indices is above the longest sample, so that in a crowd, where moving bytes takes most
        # of the time, they fit one each. For few samples BLAS is quicker.
        bytes_do = rows.dtype == np.uint8 and rises(features)
        overlap = np.add.reduce(rows, 0, dtype=np.uint8) if bytes_do else self._ones[: len(features)] @ rows
        self.margins += overlap.astype(self.margins.dtype) * delta

    def _widen_if_needed(self) -> None:
        """Use Python integers once a margin, or what moves it, might not fit 64 bits; and larger rows."""
        if (self._longest + 1) * self.model.largest > _INT64_SAFE and self.margins.dtype != object:
            self.margins = self.margins.astype(object)
        if self._longest > _UINT8_MOST and self.rows.dtype == np.uint8:
            self.rows = self.rows.astype(np.float32)

    def _grow(self) -> None:
        super()._grow()
        if self.rows.shape[1] > _FEW and self._longest <= _UINT8_MOST:
            self.rows = self.rows.astype(np.uint8, copy=False)
        self.margins = np.concatenate([self.margins, np.zeros_like(self.margins)])


def _exact(marked: NDArray[np.float64]) -> NDArray[Any]:
    """The same numbers as Python integers, which have no limit."""
    return np.array([[int(weight), int(mark)] for weight, mark in marked.tolist()], object)
