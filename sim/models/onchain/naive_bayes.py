r"""NaiveBayesClassifier.sol: multinomial naive Bayes as a product of whole numbers.

For a sample with feature indices x (in order, an index as often as it stands there) class c has the score

    p = 10^9 n_c,   then for each i of x:   p = p (10^9 count_c,i + alpha) // (10^9 total_c + alpha F)

with n_c samples of the class, count_c,i occurrences of feature i in them, total_c occurrences of all features, F
features in all and smoothing alpha (times 10**9). The class with the largest score above 0 wins, ties go to the lower
class. Every sample is learnt, whether it was predicted rightly or not.

* The product underflows: after a few rare features every score is 0, and then the answer is class 0.
* Classes are weighted by their numbers of samples, and F never changes.
* A denominator of 0 is refused (``SafeMath: division by zero``), as is a product above 256 bits.
* Indices are taken modulo 2^32, so that negative and large ones alias others; to learn, 2^33 and above are refused.
* Counts wrap round at 2^32 and the total at 2^64; a class with 2^64 - 1 samples takes no more.

========== ========= ===============================================================
parameter  default   meaning
========== ========= ===============================================================
smoothing  1         alpha, a decimal from 0; times 10**9 it is a ``uint32``
========== ========= ===============================================================

Source: demo/client/contracts/classification/NaiveBayesClassifier.sol of microsoft/0xDeCA10B at commit f97e40d.

>>> import numpy as np
>>> model = NaiveBayes(n_features=3)
>>> model.learn_one(np.array([0, 1]), 0); model.learn_one(np.array([2]), 1)
>>> model.predict_one(np.array([2])), model.predict_one(np.array([2] * 100))
(1, 0)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import Meter, SlotWrites, memory
from sim.chain.journal import Journal, Map, Value
from sim.errors import Revert
from sim.models.base import OUT_OF_BOUNDS, IndexArray
from sim.models.onchain.base import OnChainClassifier, State, check_label, fixed
from sim.models.onchain.batch import SAFE, Batch, by_index
from sim.models.onchain.fixed_point import ONE, safe_div, safe_mul, stored, unsigned

# Gas beside storage, from gas measured on the contract: per call, index, class, index and class, class that is the best
# so far, product that is 0 because its first factor is; a call that learns, until the label is known to be one of the
# classes, and from there on; an index it takes from the call, and one it counts.
_PREDICT_CALL, _PREDICT_INDEX, _PREDICT_CLASS, _PREDICT_INDEX_CLASS = 1_285, 250, 458, 839
_NEW_BEST, _ZERO_PRODUCT = 16, -59
_LEARN_REFUSED, _LEARN_CALL = 996, 630
_DECODE, _LEARN_INDEX = 235, 536
_MEMORY_CALL, _MEMORY_DIVISION = 6, 2  # words

_ALIAS = 2**32 - 1
_HIGHEST_INDEX = 2**33 - 1
_MOST_SAMPLES = 2**64 - 1
_WORD_END = 2**256
_MOST_COUNTED = 2**32
_EXACT_QUOTIENT = 2**49


class NaiveBayes(OnChainClassifier):
    """See the module's text. ``n_features`` is F, which the smoothing counts; indices may lie beyond it."""

    name = "naive_bayes"

    def __init__(
        self,
        n_features: int,
        n_classes: int = 2,
        journal: Journal | None = None,
        meter: Meter | None = None,
        *,
        smoothing: float | str | Fraction = 1,
    ) -> None:
        super().__init__(n_features, n_classes, journal, meter)
        self.smoothing = fixed("smoothing", smoothing, 32)
        self.total_features = stored("the number of features", n_features, 256)
        cells = range(n_classes)
        self.samples = [Value(self.journal, 0) for _ in cells]
        self.totals = [Value(self.journal, 0) for _ in cells]
        self.counts: list[Map[int, int]] = [Map(self.journal) for _ in cells]

    @classmethod
    def deploy(cls, parameters: Mapping[str, Any], journal: Journal | None = None, meter: Meter | None = None) -> Self:
        """From ``classCounts``, ``featureCounts`` (pairs by class), ``totalNumFeatures`` and ``smoothingFactor``.

        Where an index stands in several pairs its last count is kept, while the total adds all of them.
        """
        model = cls(
            parameters["totalNumFeatures"], len(parameters["classifications"]), journal, meter,
            smoothing=Fraction(parameters["smoothingFactor"], ONE),
        )  # fmt: skip
        for label, pairs in enumerate(parameters["featureCounts"]):
            model.samples[label].value = stored("class count", parameters["classCounts"][label], 64)
            model.totals[label].value = unsigned(sum(count for _, count in pairs), 64)
            dict.update(model.counts[label], {stored("index", i, 32): stored("count", n, 32) for i, n in pairs})
        return model

    def to_state(self, features: Iterable[int] | None = None) -> State:
        """``{"classes": [{"numSamples": …, "totalFeatureCount": …, "featureCounts": {index: count}}]}``."""
        named = None if features is None else list(features)
        classes = []
        for samples, total, counts in zip(self.samples, self.totals, self.counts, strict=True):
            listed = sorted(i for i, count in counts.items() if count) if named is None else named
            classes.append(
                {
                    "numSamples": samples.value,
                    "totalFeatureCount": total.value,
                    "featureCounts": {str(i): counts.get(i & _ALIAS, 0) for i in listed},
                }
            )
        return {"classes": classes}

    def load_state(self, state: State) -> None:
        """Take samples, totals and counts of each class."""
        for label, known in enumerate(state["classes"]):
            self.samples[label].value = known["numSamples"]
            self.totals[label].value = known["totalFeatureCount"]
            dict.clear(self.counts[label])
            dict.update(self.counts[label], {int(i): count for i, count in known["featureCounts"].items()})
        self.version.value += 1

    def scores(self, indices: list[int]) -> tuple[list[int], int]:
        """The score of each class, and how many factors were not multiplied because a score was 0 already.

        Raises `Revert` for a denominator of 0 and for a product above 256 bits.
        """
        keys = [i & _ALIAS for i in indices]
        smoothing, scores, zero_steps = self.smoothing, [], 0
        of_all = safe_mul(smoothing, self.total_features)
        for samples, total, counts in zip(self.samples, self.totals, self.counts, strict=True):
            score, count = samples.value * ONE, counts.get
            denominator = (ONE * total.value + of_all) % _WORD_END
            if keys:
                safe_div(score, denominator)  # a denominator of 0 is refused also where the score is 0 already
            left = len(keys)
            for key in keys:
                if not score:
                    zero_steps += left
                    break
                left -= 1
                score = safe_mul(score, ONE * count(key, 0) + smoothing) // denominator
            scores.append(score)
        return scores, zero_steps

    def predict_one(self, features: IndexArray) -> int:
        """The class with the largest score above 0; the lower one of equals; class 0 if there is none."""
        scores, _ = self.scores(features.tolist())
        return scores.index(max(scores))

    def _predict_batch(self, batch: Batch) -> NDArray[np.int64] | None:
        """All samples factor by factor, in 64 bits; see `_floored_products` for the bounds."""
        scores = np.empty((len(batch.indptr) - 1, self.n_classes), np.int64)
        if not batch.known(self.n_features):
            return None
        for label, (samples, total, counts) in enumerate(zip(self.samples, self.totals, self.counts, strict=True)):
            first, divisor = samples.value * ONE, ONE * total.value + self.smoothing * self.total_features
            of_index = by_index(counts, self.n_features, _MOST_COUNTED)
            if of_index is None or not 0 < divisor < SAFE or first >= _EXACT_QUOTIENT:
                return None
            factors = ONE * of_index + self.smoothing
            if int(factors.max(initial=0)) > divisor:
                return None
            scores[:, label] = _floored_products(batch, first, factors, divisor)
        return np.asarray(scores.argmax(1), np.int64)

    def _ask(self, numbers: list[int]) -> int:
        classes, size, schedule = self.n_classes, len(numbers), self.meter.schedule
        factors = size * classes
        cold = len({i & _ALIAS for i in numbers}) * classes + classes + 3
        gas = (
            schedule.loads(cold, 3 * (factors + classes + 1) - cold)
            + _PREDICT_CALL
            + _ZERO_PRODUCT * (not self.smoothing)
            + _PREDICT_INDEX * size
            + _PREDICT_CLASS * classes
            + _PREDICT_INDEX_CLASS * factors
            + memory(size + _MEMORY_DIVISION * factors + _MEMORY_CALL)
        )
        try:
            scores, zero_steps = self.scores(numbers)
        except Revert:
            self.meter.charge(gas)
            raise
        best = improvements = 0
        for score in scores:
            if score > best:
                best = score
                improvements += 1
        self.meter.charge(gas + _NEW_BEST * improvements + _ZERO_PRODUCT * zero_steps)
        return scores.index(max(scores))

    def learn_one(self, features: IndexArray, label: int) -> None:
        """Count the sample in its class."""
        # CHECKS
        check_label(label)
        indices, schedule, meter = features.tolist(), self.meter.schedule, self.meter
        size, writes = len(indices), SlotWrites()
        meter.charge(schedule.loads(2) + _LEARN_REFUSED + _DECODE * size + memory(size + _MEMORY_CALL))
        if label >= self.n_classes:
            raise Revert(OUT_OF_BOUNDS)
        samples, total, counts = self.samples[label], self.totals[label], self.counts[label]
        if samples.value == _MOST_SAMPLES:
            raise Revert("There are too many samples for the class.")
        # GAS, EFFECTS
        header = samples.value, total.value
        samples.set(samples.value + 1)
        total.set(unsigned(total.value + size, 64))
        writes.slot(header, (samples.value, total.value), 2)
        allowed = next((place for place, i in enumerate(indices) if i > _HIGHEST_INDEX), size)
        occurrences = Counter([i & _ALIAS for i in indices[:allowed]])
        for key, times in occurrences.items():
            before = counts.get(key, 0)
            counts[key] = after = (before + times) & _ALIAS
            writes.slot((before,), (after,), times)
        distinct = len(occurrences)
        meter.charge(schedule.loads(2 + distinct, 4 + 3 * allowed - distinct) + _LEARN_CALL + _LEARN_INDEX * allowed)
        writes.charge(meter)
        if allowed < size:
            raise Revert("A feature index is too high.")
        self._note_change()


def _floored_products(batch: Batch, first: int, factors: NDArray[np.int64], divisor: int) -> NDArray[np.int64]:
    """For each sample ``first``, times each of its factors in order, each time divided by ``divisor`` and floored.

    A factor is at most the divisor (below 2**62), so a score never rises above ``first`` (below 2**49). A product may
    not fit 64 bits, but its quotient does: worked out in floats, five roundings leave it within less than one of the
    true one. The remainder that goes with it is then between minus and twice the divisor, so that it is right although
    the products wrap, and says whether one is to be added or taken away.
    """
    scores = np.full(len(batch.indptr) - 1, first, np.int64)
    starts, ends = batch.indptr[:-1], batch.indptr[1:]
    for place in range(batch.longest):
        (active,) = ((ends - starts > place) & (scores > 0)).nonzero()
        if not len(active):
            break
        score, factor = scores[active], factors[batch.indices[starts[active] + place]]
        quotient = (score.astype(np.float64) * factor.astype(np.float64) / divisor).astype(np.int64)
        remainder = score * factor - quotient * divisor  # each product may wrap, their difference does not
        scores[active] = quotient - (remainder < 0) + (remainder >= divisor)
    return scores
