r"""The reference's naive Bayes: scikit-learn's ``MultinomialNB`` in floats.

For a sample with feature indices x (an index may stand more than once) class c has the score

    log n_c - log n + sum_i (log(count_c,x_i + alpha) - log(total_c + alpha F))

with n samples in all, n_c of the class, count_c,j occurrences of feature j in them, total_c occurrences of all F
features, and smoothing alpha. The class with the largest score wins, ties go to the lower class; a class without
samples is below all others. Learning counts the sample in its class. The logarithms of the features are scikit-learn's
to the last bit; the terms are added up in the order of the indices, where scikit-learn leaves the order to BLAS.

It differs from `sim.models.naive_bayes`, which rounds logarithms to multiples of 2**-32, only where two classes are as
near as that to each other; its parameter and its gas are the same.

Source: MultinomialNB in the reference simulation.

>>> model = ReferenceNaiveBayes(n_features=3, n_classes=2)
>>> model.learn_one(np.array([0, 1]), 0); model.learn_one(np.array([2]), 1)
>>> model.predict_one(np.array([2])), model.predict_one(np.array([0]))
(1, 0)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import Revert
from sim.features import Features
from sim.models.base import UNKNOWN_FEATURE, IndexArray
from sim.models.naive_bayes import NaiveBayes
from sim.models.reference.watch import FloatWatch, leaders
from sim.models.watch import Watch, widened

_NO_SAMPLES = -1e300  # the score of a class without samples, whatever is added to it

Numbers = NDArray[np.float64]


class ReferenceNaiveBayes(NaiveBayes):
    """See the module's text. ``smoothing`` is a number above 0."""

    says_probabilities = False

    @staticmethod
    def _logs(numbers: NDArray[np.floating]) -> Numbers:
        return np.asarray(np.log(numbers), np.float64)

    def offsets_of(self, samples: int, total: int) -> tuple[float, float]:
        """log n_c and log(total_c + alpha F)."""
        prior, denominator = np.log(np.array([samples or 1.0, total + self.smoothing * self.n_features])).tolist()
        return (prior if samples else _NO_SAMPLES), denominator

    def priors(self) -> list[float]:
        """log n_c - log n of each class."""
        everything = float(np.log(float(sum(cell.value for cell in self.samples) or 1)))
        return [cell.value[0] - everything for cell in self.offsets]

    def denominators(self) -> Numbers:
        """log(total_c + alpha F) of each class."""
        return np.array([cell.value[1] for cell in self.offsets])

    def to_state(self) -> dict[str, Any]:
        """``{"class_count": [n_c], "feature_count": [[count_c,j]], "alpha": …}``."""
        return {
            "class_count": [cell.value for cell in self.samples],
            "feature_count": [cell.array.tolist() for cell in self.counts],
            "alpha": self.smoothing,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Take all counts, before deployment: nothing is journalled."""
        for label, (samples, counts) in enumerate(zip(state["class_count"], state["feature_count"], strict=True)):
            self.samples[label].value, self.totals[label].value = int(samples), int(sum(counts))
            self.counts[label].array[:] = counts
            self.log_counts[:, label] = self.log_count(self.counts[label].array)
            self.offsets[label].value = self._offsets(label)
        self.version.value += 1

    def weigh(self, features: IndexArray) -> tuple[list[float], Numbers]:
        """The score of each class, and its sum of log(count + alpha) alone."""
        try:
            picked = self.log_counts.take(features, 0)
        except IndexError:
            raise Revert(UNKNOWN_FEATURE) from None
        sums = _added(picked - self.denominators()).tolist()
        return [total + prior for total, prior in zip(sums, self.priors(), strict=True)], _added(picked)

    def scores(self, features: IndexArray) -> list[float]:
        """The score of each class."""
        return self.weigh(features)[0]

    def scores_of(self, rows: Any) -> Numbers:
        """The score of each class for the rows of a matrix of numbers, shape (n_rows, n_classes)."""
        terms = (self.log_counts - self.denominators()).T.copy()
        return np.stack([rows @ term + prior for term, prior in zip(terms, self.priors(), strict=True)], axis=1)

    def predict_many(self, features: Features) -> NDArray[np.int64]:
        """The class of each row; SciPy adds up a row in the order of its indices, as `scores` does."""
        return np.asarray(self.scores_of(features.matrix(np.float64)).argmax(1), np.int64)

    def largest(self) -> float:
        """No logarithm, and no two of them together, are larger in size."""
        known = (part for cell in self.offsets for part in cell.value if part != _NO_SAMPLES)
        return 2 * max(map(abs, known)) + abs(math.log(self.smoothing)) + 1

    def _new_watch(self) -> Watch:
        return _NaiveBayesWatch(self)


def _added(terms: Numbers) -> Numbers:
    """The sum of each column, one number after the other, which is how NumPy goes along this axis."""
    return np.asarray(np.add.reduce(terms, 0))


class _NaiveBayesWatch(FloatWatch):
    """Keeps the sums of log(count + alpha); what no feature changes is added when it is looked at."""

    def __init__(self, model: ReferenceNaiveBayes) -> None:
        super().__init__(model, np.float64)
        self.model = model
        self.sums: Numbers = np.zeros((model.n_classes, len(self.predictions)))
        self.sizes: Numbers = np.zeros(len(self.predictions))

    def _score(self, features: IndexArray) -> tuple[int, Numbers, None]:
        scores, sums = self.model.weigh(features)
        return scores.index(max(scores)), sums, None

    def _put(self, slot: int, features: IndexArray, score: Numbers) -> None:
        self.sums[:, slot] = score
        self.sizes[slot] = len(features)

    def _leaders(self) -> tuple[NDArray[Any], Numbers]:
        offsets = np.array([cell.value for cell in self.model.offsets])
        return leaders(self.sums - offsets[:, 1:] * self.sizes + offsets[:, :1])

    def _largest(self) -> float:
        return self.model.largest()

    def _move(self, label: int, features: IndexArray, gains: Numbers, *_: float) -> None:
        self.sums[label] += gains @ self.rows.take(features, 0)

    def _widen(self, more: int) -> None:
        self.sums, self.sizes = widened(self.sums, more), widened(self.sizes, more)
