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

Source: SparsePerceptron.sol of microsoft/0xDeCA10B. Weights are held as whole multiples of a unit, most often the
step, each in one code with a mark of whether it is below zero (gas depends on how many are): one gather and one sum
answer what a sample's margin and gas are. Codes are whole float64 numbers; a sum that is not proved to stay within
2**53 is made of Python integers instead, and so are codes of such size.

>>> model = SparsePerceptron(n_features=4)
>>> model.learn_one(np.array([0, 2]), 1)
>>> model.predict_one(np.array([2])), model.predict_one(np.array([1]))
(1, 0)
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import gcd
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import Meter
from sim.chain.journal import Journal, Value, Weights
from sim.errors import ConfigError, Revert
from sim.features import Features, rises
from sim.models.base import OUT_OF_BOUNDS, UNKNOWN_FEATURE, Classifier, IndexArray, may_repeat
from sim.models.perceptron_charges import CLASS_ONE, NEGATIVE, PerceptronCharges
from sim.models.watch import Watch, pull, widened
from sim.units import Gas, exact

ONE = 10**9
"""The fixed-point one of the contracts."""

_FLOAT64_EXACT = 2**53
_FLOAT32_EXACT = 2**24
_INT64_SAFE = 2**61
_LESSONS_AHEAD = 256  # before the size of weights is looked at again, at the least


class Bounds(NamedTuple):
    """What is proved of a perceptron's weights up to a version of it.

    No weight is larger than ``weight`` units, and the codes of up to ``size`` features add up exactly in float64.
    """

    weight: int
    size: int
    version: int


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
        self.unit = self.step
        """Every weight is a whole multiple of it, and so is the step; times 10**9."""
        self._bits = n_features.bit_length()  # enough to count the features of a sample that has none twice
        self._marks = (1 << self._bits) - 1
        one = 1 << self._bits
        # What one unit more, and one less, adds to a code; the code that it makes wrong; and what that must be. Arrays,
        # as NumPy is quicker with them than with numbers.
        self._up = np.array(one, np.float64), np.array(1.0), np.array(0.0)
        self._down = np.array(-one, np.float64), np.array(-one, np.float64), np.array(1 - one, np.float64)
        self._codes = Weights(self.journal, np.zeros(n_features))
        self._bounds: Value[Bounds] = Value(self.journal, self._proved(0, 0))
        self._gas = gas = PerceptronCharges(self.meter.schedule)
        self._of_size = cache(lambda size: (np.ones(size), gas.predict(size)))
        self._repeats = True  # until the initial samples say that no index stands twice

    @property
    def weights(self) -> NDArray[Any]:
        """All weights, times 10**9: whole float64 numbers, or Python integers where those could not be exact."""
        units = self._units(self._codes.array)
        if self.largest >= _FLOAT64_EXACT:
            units = _whole(units)
        return units * self.unit

    @property
    def bounds(self) -> Bounds:
        """What is proved now."""
        return self._bounds.value

    @property
    def largest(self) -> int:
        """The size of the largest weight, or of the intercept."""
        return max(_largest(self._units(self._codes.array)) * self.unit, abs(self.intercept))

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
        self.unit = gcd(self.step, *map(int, weights.tolist()))
        units = _whole(weights) // self.unit
        self._bounds.value = self._proved(_largest(units), self.version.value)
        small = self.bounds.weight << self._bits < _FLOAT64_EXACT
        self._codes.array = self._coded(units.astype(np.float64) if small else _whole(units))
        self.version.value += 1

    def _coded(self, units: NDArray[Any]) -> NDArray[Any]:
        """The codes of weights: shifted, and one more where a weight is below zero."""
        return np.asarray(units * 2**self._bits + (units < 0))

    def _units(self, codes: NDArray[Any]) -> NDArray[Any]:
        """The weights behind codes, in units."""
        return np.asarray(codes // 2**self._bits)

    def _proved(self, largest: int, version: int) -> Bounds:
        """What holds for some lessons from now on, if no weight is larger now than so many units."""
        change = self.step // self.unit
        weight = largest + max(largest, _LESSONS_AHEAD * change)
        size = min(2**self._bits, _FLOAT64_EXACT // (weight << self._bits)) - 1
        return Bounds(weight, size, version + (weight - largest) // change)

    def fit(self, features: Features, labels: NDArray[np.int64]) -> None:
        """Five passes (or ``passes``) of the rule over the samples in their order, as the chain would apply it."""
        self._repeats = may_repeat(features)
        longest = int(np.diff(features.indptr).max(initial=1))
        most = self.largest + self.passes * len(features.indices) * self.step
        weights = _whole(self.weights) if most * longest > _INT64_SAFE else self.weights.astype(np.int64)
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
            picked = self._codes.array.take(features)
        except IndexError:
            raise Revert(UNKNOWN_FEATURE) from None
        size = len(features)
        ones, gas = self._of_size(size)
        if size <= self._bounds.value.size:
            total = int(ones.dot(picked))  # the quickest way to small sums
            units, negative = total >> self._bits, total & self._marks
        else:
            units, negative = int(self._units(_whole(picked)).sum()), int((picked < 0).sum())
        margin = units * self.unit + self.intercept
        gas += NEGATIVE * negative
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
            change = self.step // self.unit if label else -(self.step // self.unit)
            self._update(features, change)
            self.journal.after_commit.append((self._publish, (features, change)))

    def _update(self, features: IndexArray, change: int) -> None:
        """Add ``change`` units to the weight of each feature, once per occurrence, and charge for the writes."""
        size = len(features)
        if rises(features):
            before, after = self._move(features, change, abs(change))
        else:
            places, times = np.unique(features, return_counts=True)
            before, after = self._move(places, change * times.astype(object), size * abs(change))
        gas, cleared = self._gas.mistake(size, before, after, change > 0)
        self.meter.charge(gas)
        if cleared:
            self.meter.refund_cleared(cleared)

    def _move(self, places: IndexArray, change: Any, most: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Move the weights at distinct places, by ``most`` units at the most; their codes before and after."""
        version = self.version.value
        if version >= self._bounds.value.version or most > self.step // self.unit:
            self._prove_again(most, version)
        before = self._codes.array[places]
        if type(change) is int and abs(change) == 1 and before.dtype != object:
            # By far the most frequent: of what crosses zero only the mark is wrong, and there is only one such code.
            one, wrong, right = self._up if change > 0 else self._down
            after = before + one
            after[after == wrong] = right
        else:
            after = self._coded(self._units(before) + change)
        self._codes.write(places, before, after)
        self.version.set(version + 1)
        return before, after

    def _prove_again(self, more: int, version: int) -> None:
        """Look at the size of the weights, which will move by up to ``more`` units, and keep codes exact."""
        codes = self._codes.array
        bounds = self._proved(_largest(self._units(codes)) + more, version + 1)
        self._bounds.set(bounds)
        if bounds.weight << self._bits >= _FLOAT64_EXACT and codes.dtype != object:
            self._codes.replace(_whole(codes))

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
        units, step = (moved[places] // self.unit).astype(np.int64), self.step // self.unit
        most = _largest(units)
        version = self.version.value + most // step - 1
        if most and version < self.bounds.version:  # what is proved holds for as many lessons: count each step as one
            self.version.set(version)
            most = step
        self._move(places, units, most)

    def predict_many(self, features: Features) -> NDArray[np.int64]:
        """The class of each row. Small numbers of units fit float32, which is fastest."""
        longest = int(np.diff(features.indptr).max(initial=0))
        largest = longest * self.bounds.weight
        if largest >= _FLOAT64_EXACT:
            return np.array([self.predict_one(features.row(i).astype(np.intp)) for i in range(len(features))], np.int64)
        dtype = np.float32 if largest < _FLOAT32_EXACT else np.float64
        sums = features.matrix(dtype) @ self._units(self._codes.array).astype(dtype)
        return np.asarray(sums > self.threshold(largest), dtype=np.int64)

    def threshold(self, largest: int) -> int:
        """The sum of weights, in units, above which a sample is of class 1, as far as sums up to ``largest`` can tell.

        For a whole number m: m * unit > -intercept exactly if m > floor(-intercept / unit).
        """
        return max(-largest - 1, min(-self.intercept // self.unit, largest))

    def _new_watch(self) -> Watch:
        return _PerceptronWatch(self)


class _PerceptronWatch(Watch):
    def __init__(self, model: SparsePerceptron) -> None:
        super().__init__(model.n_features, np.float32)
        self.model = model
        self.sums: NDArray[Any] = np.zeros(len(self.predictions), np.float32)
        """Of the weights of each sample, in units."""
        self._lengthen()

    def _score(self, features: IndexArray) -> tuple[int, int, Gas]:
        return self.model.examine(features)

    def _put(self, slot: int, features: IndexArray, score: int) -> None:
        self.sums[slot] = (score - self.model.intercept) // self.model.unit

    def _predictions(self) -> NDArray[np.bool_]:
        above: NDArray[np.bool_] = self.sums > self._threshold
        return above

    def _move(self, features: IndexArray, change: int) -> None:
        if self.model.bounds is not self._bounds:
            self._lengthen()
        if not self._as_bytes and self.sums.dtype == np.float32:
            self.sums += pull(len(features), change).dot(self.rows.take(features, 0))
            return
        overlap = self._overlaps(features)
        if self.sums.dtype == object:
            overlap = overlap.astype(np.int64)
        self.sums += overlap.astype(self.sums.dtype) * change

    def _lengthen(self) -> None:
        """Use wider numbers once a sum, or what moves it, might not fit."""
        self._bounds = self.model.bounds
        largest = (self._longest + 1) * self._bounds.weight
        if self.sums.dtype == np.float32 and largest >= _FLOAT32_EXACT:
            self.sums = self.sums.astype(np.float64)
        if self.sums.dtype == np.float64 and largest >= _FLOAT64_EXACT:
            self.sums = _whole(self.sums)
        self._threshold = np.array(self.model.threshold(largest), self.sums.dtype)

    def _widen(self, more: int) -> None:
        self.sums = widened(self.sums, more)


def _largest(numbers: NDArray[Any]) -> int:
    """The size of the largest whole number; 0 if there is none."""
    return int(abs(numbers).max(initial=0))


def _whole(numbers: NDArray[Any]) -> NDArray[Any]:
    """The same whole numbers as Python integers, which have no limit."""
    return np.array([int(number) for number in numbers.tolist()], object)
