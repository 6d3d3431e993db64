r"""The reference's perceptron: scikit-learn's ``SGDClassifier`` with ever smaller steps and an intercept that moves.

For a sample x with label y (+1 for class 1, -1 for class 0) the score is :math:`w·x + b`; above zero, class 1 is
predicted. Where y times the score is *not above* zero

    w moves by eta y x and b by eta y,   eta = 1 / (alpha (t0 + t - 1)),   t0 = 1 / (alpha sqrt(1 / sqrt(alpha)))

with t the number of the lesson, from 1 on: it counts every sample, also those that change nothing. A sum is added up
in the order of the indices, as scikit-learn does when it learns, so that on features of 0 and 1 every weight is the
same to the last bit. A sum in any order comes first: only one so near to zero that the order may decide is made again.

Before deployment it is fitted as by ``fit`` of ``SGDClassifier(loss="perceptron", penalty=None,
learning_rate="optimal", random_state=0xDECA10B)``: in passes over the samples, shuffled before each, until five in a
row have not brought the mean loss, max(0, -y score), .001 below the best. There are at most 500,000 lessons in all,
which cuts short what would take half a minute for little.

========== ========= ============================================================
parameter  default   meaning
========== ========= ============================================================
alpha      0.0001    how soon steps shrink, above 0, up to 1,000,000
========== ========= ============================================================

No contract learns so. Gas is that of the sparse perceptron's contract, where b is read with each prediction; beside it
each lesson reads and writes t, and each mistake writes b, in slots of their own.

Source: SGDClassifier in the reference simulation; scikit-learn, ``_plain_sgd`` and the shuffle of its data sets.

>>> model = ReferencePerceptron(n_features=3)
>>> model.learn_one(np.array([0, 2]), 1); model.learn_one(np.array([1]), 0)
>>> model.predict_one(np.array([2])), model.predict_one(np.array([1]))
(1, 0)
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import Meter
from sim.chain.journal import Journal, Value, Weights
from sim.errors import ConfigError, Revert
from sim.features import Features, rises
from sim.models.base import OUT_OF_BOUNDS, UNKNOWN_FEATURE, Classifier, IndexArray, may_repeat
from sim.models.perceptron_charges import CLASS_ONE, NEGATIVE, PerceptronCharges
from sim.models.reference.training import InitialRows, orders
from sim.models.reference.watch import FloatWatch
from sim.models.watch import Watch, widened
from sim.units import Gas

_MOST_ALPHA = 1_000_000  # beyond some 10**20 the first step could not be told from an infinite one
_MOST_PASSES, _MOST_LESSONS = 1_000, 500_000
_TOLERANCE, _PATIENCE = 1e-3, 5
_EPSILON = float(np.finfo(np.float64).eps)
_add_up = np.add.accumulate

Numbers = NDArray[np.float64]


class ReferencePerceptron(Classifier):
    """See the module's text."""

    name = "perceptron"

    def __init__(
        self,
        n_features: int,
        n_classes: int = 2,
        journal: Journal | None = None,
        meter: Meter | None = None,
        *,
        alpha: float = 1e-4,
    ) -> None:
        super().__init__(n_features, n_classes, journal, meter)
        if n_classes != 2:
            raise ConfigError(f"the perceptron tells two classes apart, the data have {n_classes}; use naive_bayes.")
        if not 0 < alpha <= _MOST_ALPHA:
            raise ConfigError(
                f"alpha is {alpha}; it must be above 0, up to {_MOST_ALPHA:,} (scikit-learn's is 0.0001)."
            )
        self.alpha = alpha
        self._first = 1 / (math.sqrt(1 / math.sqrt(alpha)) * alpha)
        # Each weight with, as its imaginary part, 1 where it is below zero: gas depends on how many are.
        self._codes = Weights(self.journal, np.zeros(n_features, np.complex128))
        self.intercept: Value[float] = Value(self.journal, 0.0)
        self.t: Value[int] = Value(self.journal, 1)
        """The number of the next lesson."""
        self._most: Value[float] = Value(self.journal, 0.0)
        schedule = self.meter.schedule
        self._gas = gas = PerceptronCharges(schedule)
        # What adds up so many codes, the gas of a prediction, and how far apart two sums may be for each 1 of a weight.
        self._of_size = cache(
            lambda size: (np.ones(size, np.complex128), gas.predict(size), 4 * _EPSILON * (size + 1) ** 2)
        )
        self._gas_of_lesson = self._gas.lesson + schedule.loads(1) + schedule.stores(reset=1)
        self._gas_of_mistake = schedule.stores(reset=1)
        self._repeats = True  # until the initial samples say that no index stands twice

    @property
    def weights(self) -> Numbers:
        """All weights, a copy."""
        return self._codes.array.real.copy()

    @property
    def largest(self) -> float:
        """No weight, and no intercept, is larger in size."""
        return self._most.value

    def to_state(self) -> dict[str, Any]:
        """``{"weights": [weight], "intercept": …, "t": …, "alpha": …}``."""
        weights = self.weights.tolist()
        return {"weights": weights, "intercept": self.intercept.value, "t": self.t.value, "alpha": self.alpha}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take weights, intercept and t, before deployment: nothing is journalled. Raises `ConfigError`."""
        if not np.isfinite([*state["weights"], state["intercept"]]).all():
            raise ConfigError("Perceptron: weights and intercept must be finite numbers.")
        self.intercept.value, self.t.value = float(state["intercept"]), int(state["t"])
        self._load(np.add(state["weights"], 0.0))  # -0.0 becomes 0.0

    def _load(self, weights: Numbers) -> None:
        self._codes.array[:] = _coded(weights)
        self._most.value = float(np.abs(weights).max(initial=abs(self.intercept.value)))
        self.version.value += 1

    def margin(self, features: IndexArray) -> float:
        """The score of a sample."""
        return self._sum(self._picked(features).real)

    def _picked(self, features: IndexArray) -> NDArray[np.complex128]:
        try:
            return self._codes.array.take(features)
        except IndexError:
            raise Revert(UNKNOWN_FEATURE) from None

    def _sum(self, picked: Numbers) -> float:
        """The score of a sample with these weights, added up one after the other."""
        return (_add_up(picked).item(-1) if len(picked) else 0.0) + self.intercept.value

    def predict_one(self, features: IndexArray) -> int:
        """Class 1 iff the score is above zero."""
        return int(self.margin(features) > 0)

    def examine(self, features: IndexArray) -> tuple[int, float, Gas]:
        """The class of a sample, its score to within rounding, and the gas of asking for it within a transaction.

        Whether the score is above, below or at zero holds exactly.
        """
        picked, size = self._picked(features), len(features)
        ones, gas, rounding = self._of_size(size)
        total = ones.dot(picked)  # the quickest way to small sums
        score = float(total.real) + self.intercept.value
        if abs(score) <= rounding * self._most.value:
            score = self._sum(picked.real)
        gas += NEGATIVE * int(total.imag)
        if self._repeats:
            gas -= self._gas.again * (size - len(set(features.tolist())))
        return (1, score, gas + CLASS_ONE) if score > 0 else (0, score, gas)

    def predict_on_chain(self, features: IndexArray, known: int | None = None) -> int:
        """`predict_one` within a transaction; gas depends on the weights, so they are read also where it is known."""
        prediction, _, gas = self.examine(features)
        self.meter.charge(gas)
        return prediction

    def learn_one(self, features: IndexArray, label: int) -> None:
        """Move the weights of the sample and the intercept if it is wrong or undecided; count the lesson."""
        # CHECKS
        if label not in (0, 1):
            raise Revert(OUT_OF_BOUNDS)
        _, score, gas = self.examine(features)
        # GAS
        self.meter.charge(gas + self._gas_of_lesson)
        # EFFECTS
        if (score <= 0) if label else (score >= 0):
            self._correct(features, self._next_step(label), label)
        self.t.set(self.t.value + 1)

    def _correct(self, features: IndexArray, step: float, label: int) -> None:
        """Move what a mistake moves, charge for the writes, and tell the watches."""
        if rises(features):
            before, after = self._move(features, step, step, 1.0)
        else:
            places, times = np.unique(features, return_counts=True)
            before, after = self._move(places, step * times, step, float(times.max(initial=1)))
        gas, cleared = self._gas.mistake(len(features), before, after, label)
        self.meter.charge(gas + self._gas_of_mistake)
        if cleared:
            self.meter.refund_cleared(cleared)
        self.journal.after_commit.append((self._publish, (features, step)))

    def teach(self, features: IndexArray, label: int, values: Numbers) -> None:
        """Learn a sample whose features, each of which stands once, have any ``values``: off the chain, no gas."""
        score = self._sum(self._picked(features).real * values)
        if (score <= 0) if label else (score >= 0):
            step = self._next_step(label)
            self._move(features, step * values, step, float(np.abs(values).max(initial=1)))
        self.t.set(self.t.value + 1)

    def _next_step(self, label: int) -> float:
        step = 1.0 / (self.alpha * (self._first + self.t.value - 1))
        return step if label else -step

    def _move(self, places: IndexArray, amounts: Any, step: float, most: float) -> tuple[NDArray[Any], NDArray[Any]]:
        """Move weights at distinct places, ``most`` steps at the most, and intercept; the codes before and after."""
        before = self._codes.array.take(places)
        after = before + amounts
        after.imag = after.real < 0
        self._codes.write(places, before, after)
        self.intercept.set(self.intercept.value + step)
        self._most.set(self._most.value + abs(step) * most)
        self.version.set(self.version.value + 1)
        return before, after

    def fit(self, features: Features, labels: NDArray[np.int64]) -> None:
        """See the module's text. ``labels`` are 0 or 1."""
        self._repeats = may_repeat(features)
        rows, size = InitialRows(features, labels), len(features)
        weights = self.weights
        best, tired, passes = math.inf, 0, 0
        most = min(_MOST_PASSES, max(1, _MOST_LESSONS // max(1, size)))
        for order in orders(size):
            loss = self._pass(rows, order, weights) / size
            passes, tired = passes + 1, tired + 1 if loss > best - _TOLERANCE else 0
            best = min(best, loss)
            if tired == _PATIENCE or passes == most:
                break
        self._load(weights)

    def _pass(self, rows: InitialRows, order: list[int], weights: Numbers) -> float:
        """Learn all rows once, in an order, with these weights; the sum of the losses comes back."""
        bias, first, alpha, loss = self.intercept.value, self._first, self.alpha, 0.0
        indices, counts, sides, whole = rows.indices, rows.counts, rows.sides, rows.whole
        # A sum of n numbers up to L in size is off by no more than ε n² L, and no weight grows by more than its steps.
        largest = float(np.abs(weights).max(initial=abs(bias))) + rows.most * len(order) / (alpha * first)
        clear = 4 * _EPSILON * len(weights) ** 2 * largest
        for t, i in enumerate(order, self.t.value):
            row, side = indices[i], sides[i]
            if whole and side * (float(whole[i].dot(weights)) + bias) > clear:
                continue
            score = side * ((_add_up(weights.take(row) * counts[i]).item(-1) if len(row) else 0.0) + bias)
            if score <= 0:
                loss -= score
                step = side / (alpha * (first + t - 1))
                weights[row] += step * counts[i]
                bias += step
        self.intercept.value = bias
        self.t.value += len(order)
        return loss

    def scores_of(self, rows: Any) -> Numbers:
        """The score of each class, 0 that of class 0, for the rows of a matrix of numbers: shape (n_rows, 2)."""
        margins = rows @ self.weights + self.intercept.value
        return np.stack([np.zeros_like(margins), margins], axis=1)

    def predict_many(self, features: Features) -> NDArray[np.int64]:
        """The class of each row; SciPy adds up a row in the order of its indices, as `margin` does."""
        margins = features.matrix(np.float64) @ self.weights + self.intercept.value
        return np.asarray(margins > 0, np.int64)

    def _new_watch(self) -> Watch:
        return _PerceptronWatch(self)


def _coded(weights: Numbers) -> NDArray[np.complex128]:
    codes = weights.astype(np.complex128)
    codes.imag = weights < 0
    return codes


class _PerceptronWatch(FloatWatch):
    def __init__(self, model: ReferencePerceptron) -> None:
        super().__init__(model, np.float32)
        self.model = model
        self.margins: Numbers = np.zeros(len(self.predictions))

    def _score(self, features: IndexArray) -> tuple[int, float, Gas]:
        return self.model.examine(features)

    def _put(self, slot: int, features: IndexArray, score: float) -> None:
        self.margins[slot] = score

    def _leaders(self) -> tuple[NDArray[Any], Numbers]:
        return self.margins > 0, np.abs(self.margins)

    def _largest(self) -> float:
        return self.model.largest

    def _move(self, features: IndexArray, step: float) -> None:
        moves = self._overlaps(features).astype(np.float64)
        moves *= step
        moves += step
        self.margins += moves

    def _widen(self, more: int) -> None:
        self.margins = widened(self.margins, more)
