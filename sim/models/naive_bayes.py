r"""Multinomial naive Bayes in log form, with logarithms in fixed point.

For a sample with feature indices x (an index may stand more than once) class c has the score

    log n_c + sum_i log(count_c,x_i + alpha) - |x| log(total_c + alpha F)

with n_c samples of the class, count_c,j occurrences of feature j in them, total_c occurrences of all F features, and
smoothing alpha. The class with the largest score wins, ties go to the lower class. Every sample is learnt, whether it
was predicted rightly or not.

Each logarithm is rounded to a whole multiple of 2**-32 and kept as a whole number in a float64. Sums of up to 10**5
of them stay below 2**53, where floats add whole numbers exactly: the order of additions does not matter, a score
that was moved by an update equals one computed afresh, and BLAS may be used.

========== ========= ===============================================================
parameter  default   meaning
========== ========= ===============================================================
smoothing  1         alpha, above 0; 1 is Laplace's rule
========== ========= ===============================================================

Source: the model of MultinomialNB in the reference simulation, and NaiveBayesClassifier.sol without its underflow.

>>> model = NaiveBayes(n_features=3, n_classes=2)
>>> model.learn_one(np.array([0, 1]), 0); model.learn_one(np.array([2]), 1)
>>> model.predict_one(np.array([2])), model.predict_one(np.array([0]))
(1, 0)
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import Meter, by_size, memory
from sim.chain.journal import Journal, Value, Weights
from sim.errors import ConfigError, Revert
from sim.features import Features, rises
from sim.models.base import OUT_OF_BOUNDS, UNKNOWN_FEATURE, Classifier, IndexArray, may_repeat
from sim.models.watch import Watch, widened
from sim.units import Gas

_RESOLUTION = 2.0**32
_NO_SAMPLES = -(2.0**45)  # the score of a class without samples: below any other, and still exact to add to
_FIRST_LENGTH = 256
_LOGS_KEPT = 2**15
_MILLION = 10**6
_DOUBT = 2.0**-10  # of a multiple of the resolution: far above what logarithms of two libraries may differ by

# Gas beside storage, from gas measured on the contract (see docs/gas.md): per call, feature, class, feature and class,
# class that is the best so far, product that is 0 because its first factor is; per call and feature that is learnt.
_PREDICT_CALL, _PREDICT_FEATURE, _PREDICT_CLASS, _PREDICT_FEATURE_CLASS = 1_285, 250, 458, 839
_NEW_BEST, _ZERO_PRODUCT = 16, -59
_LEARN_CALL, _LEARN_FEATURE = 1_626, 771
_MEMORY_CALL, _MEMORY_DIVISION = 6, 2  # words


@lru_cache(maxsize=_LOGS_KEPT)
def _log(number: float) -> int:
    """A logarithm in multiples of the resolution."""
    return round(math.log(number) * _RESOLUTION)


def _log_each(numbers: NDArray[Any]) -> NDArray[np.float64]:
    """`_log` of each. NumPy's logarithms may differ in the last bit: who might be rounded otherwise is asked for."""
    exact = np.log(numbers) * _RESOLUTION
    rounded = np.rint(exact)
    for place in np.flatnonzero(abs(abs(exact - rounded) - 0.5) < _DOUBT).tolist():
        rounded[place] = _log(float(numbers[place]))
    return np.asarray(rounded, np.float64)


class NaiveBayes(Classifier):
    """See the module's text. ``smoothing`` is a number above 0."""

    name = "naive_bayes"
    says_probabilities = True

    def __init__(
        self,
        n_features: int,
        n_classes: int = 2,
        journal: Journal | None = None,
        meter: Meter | None = None,
        *,
        smoothing: float = 1.0,
    ) -> None:
        super().__init__(n_features, n_classes, journal, meter)
        if not smoothing > 0:
            raise ConfigError(f"smoothing is {smoothing}; it must be above 0 (1 is Laplace's rule).")
        self.smoothing = float(smoothing)
        self._table = self._logs(np.arange(1024) + self.smoothing)
        cells = range(n_classes)
        self.samples = [Value(self.journal, 0) for _ in cells]
        self.totals = [Value(self.journal, 0) for _ in cells]
        self.counts = [Weights(self.journal, np.zeros(n_features, np.int64)) for _ in cells]
        self._log_counts = Weights(self.journal, np.full((n_features, n_classes), self._table[0]))
        self._ones = np.ones(_FIRST_LENGTH)
        self.offsets = [Value(self.journal, self._offsets(label)) for label in cells]
        """For each class the parts of its score that no feature changes: log prior, log denominator per occurrence."""
        schedule = self.meter.schedule
        per_feature = schedule.loads(1, 2) + schedule.stores(reset=1) + _LEARN_FEATURE
        once = schedule.loads(4, 4) + schedule.stores(reset=1, noop=1) + _LEARN_CALL
        self._gas_to_learn = by_size(lambda n: once + per_feature * n + memory(n + _MEMORY_CALL))
        self._gas_new = schedule.store_set - schedule.store_reset  # more for a slot that held nothing
        self._gas_read_again = schedule.loads(1) - schedule.loads(0, 1)  # less for an index that was read before
        self._gas_count_again = self._gas_read_again + schedule.store_reset - schedule.store_noop
        # Each class has its length and header read once; each feature of each class costs one cold and two warm reads.
        call = schedule.loads(3) + _PREDICT_CALL + n_classes * (schedule.loads(1, 2) + _PREDICT_CLASS)
        feature = _PREDICT_FEATURE + n_classes * (schedule.loads(1, 2) + _PREDICT_FEATURE_CLASS)
        self._gas_to_predict = by_size(
            lambda n: call + feature * n + memory(n * (1 + _MEMORY_DIVISION * n_classes) + _MEMORY_CALL)
        )
        self._repeats = True  # until the initial samples say that no index stands twice

    @property
    def log_counts(self) -> NDArray[np.float64]:
        """log(count + smoothing) by feature and class, so that one gather serves all classes."""
        return self._log_counts.array

    @staticmethod
    def _logs(numbers: NDArray[np.floating]) -> NDArray[np.float64]:
        """Logarithms as whole multiples of the resolution."""
        return np.asarray(np.rint(np.log(numbers) * _RESOLUTION), np.float64)

    def log_count(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """log(count + smoothing) of whole counts, from a table that grows as needed."""
        try:
            return self._table.take(counts)
        except IndexError:
            self._table = self._logs(np.arange(2 * int(counts.max())) + self.smoothing)
            return self._table.take(counts)

    def _offsets(self, label: int) -> tuple[float, float]:
        return self.offsets_of(self.samples[label].value, self.totals[label].value)

    def offsets_of(self, samples: int, total: int) -> tuple[float, float]:
        """Log prior and log denominator of a class with so many samples and occurrences, as in `offsets`."""
        return _log(samples) if samples else _NO_SAMPLES, _log(total + self.smoothing * self.n_features)

    def logs_of_offsets(self, samples: NDArray[np.int64], totals: NDArray[np.int64]) -> list[NDArray[np.float64]]:
        """Log priors of so many samples, and log denominators of so many occurrences, each as in `offsets_of`."""
        priors, denominators = _log_each(np.maximum(samples, 1)), _log_each(totals + self.smoothing * self.n_features)
        priors[samples == 0] = _NO_SAMPLES
        return [priors, denominators]

    def fit(self, features: Features, labels: NDArray[np.int64]) -> None:
        """Count all samples at once: the same as learning them one by one."""
        self._repeats = may_repeat(features)
        owners = np.repeat(labels, np.diff(features.indptr))
        for label in range(self.n_classes):
            mine = features.indices[owners == label]
            self.samples[label].value += int(np.count_nonzero(labels == label))
            self.totals[label].value += len(mine)
            self.counts[label].array += np.bincount(mine, minlength=self.n_features)
            self.log_counts[:, label] = self.log_count(self.counts[label].array)
            self.offsets[label].value = self._offsets(label)
        self.version.value += 1

    def to_state(self) -> dict[str, Any]:
        """``{"classes": [{"numSamples": …, "totalFeatureCount": …, "featureCounts": {index: count}}]}``."""
        return {
            "classes": [
                {
                    "numSamples": samples.value,
                    "totalFeatureCount": total.value,
                    "featureCounts": {str(i): count for i, count in enumerate(counts.array.tolist()) if count},
                }
                for samples, total, counts in zip(self.samples, self.totals, self.counts, strict=True)
            ]
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Take the numbers of `to_state`, before deployment: nothing is journalled, what is not named is zero."""
        for label, known in enumerate(state["classes"]):
            self.samples[label].value = known["numSamples"]
            self.totals[label].value = known["totalFeatureCount"]
            counts = self.counts[label].array
            counts[:] = 0
            counts[[int(i) for i in known["featureCounts"]]] = list(known["featureCounts"].values())
            self.log_counts[:, label] = self.log_count(counts)
            self.offsets[label].value = self._offsets(label)
        self.version.value += 1

    def scores(self, features: IndexArray) -> list[float]:
        """The score of each class in multiples of 2**-32."""
        size = len(features)
        if size > len(self._ones):
            self._ones = np.ones(2 * size)
        try:
            sums = self._ones[:size].dot(self._log_counts.array.take(features, 0)).tolist()
        except IndexError:
            raise Revert(UNKNOWN_FEATURE) from None
        for label, offsets in enumerate(self.offsets):
            prior, denominator = offsets.value
            sums[label] += prior - size * denominator
        return sums  # type: ignore[no-any-return]

    def predict_one(self, features: IndexArray) -> int:
        """The class with the largest score; the lower one of equals."""
        scores = self.scores(features)
        return scores.index(max(scores))

    def probability(self, features: IndexArray, label: int) -> Fraction:
        """The posterior of a class, exp(score) over the sum of all, rounded to a millionth."""
        if not 0 <= label < self.n_classes:
            raise Revert(OUT_OF_BOUNDS)
        scores = self.scores(features)
        best = max(scores)
        likely = [math.exp((score - best) / _RESOLUTION) for score in scores]
        return Fraction(round(_MILLION * likely[label] / math.fsum(likely)), _MILLION)

    def predict_on_chain(self, features: IndexArray, known: int | None = None) -> int:
        """`predict_one` within a transaction. The contract pays for every class that is the best so far."""
        size, samples = len(features), self.samples
        if known is None or self.n_classes > 2:
            scores = self.scores(features)
            known = scores.index(max(scores))
            probable = [score for score, number in zip(scores, samples, strict=True) if number.value]
            best, empty = _improvements(probable), len(scores) - len(probable)
        else:
            best, empty = known + (samples[0].value > 0), (not samples[0].value) + (not samples[1].value)
        gas = self._gas_to_predict(size) + _NEW_BEST * best + _ZERO_PRODUCT * size * empty
        if self._repeats:
            gas -= self.n_classes * self._gas_read_again * (size - len(set(features.tolist())))
        self.meter.charge(gas)
        return known

    def learn_one(self, features: IndexArray, label: int) -> None:
        """Count the sample in its class."""
        # CHECKS
        if not 0 <= label < self.n_classes:
            raise Revert(OUT_OF_BOUNDS)
        counts, size = self.counts[label].array, len(features)
        try:
            before = counts.take(features)
        except IndexError:
            raise Revert(UNKNOWN_FEATURE) from None
        times: Any = 1
        if not rises(features):
            features, first, times = np.unique(features, return_index=True, return_counts=True)
            before = before[first]
        # GAS
        samples, total, offsets = self.samples[label], self.totals[label], self.offsets[label]
        distinct = len(features)
        new = distinct - int(np.count_nonzero(before)) + (not samples.value)
        self.meter.charge(self.gas_of_lesson(size, distinct if self._repeats else size, new))
        # EFFECTS
        after = before + times
        logs, logs_before = self.log_count(after), self.log_count(before)
        prior, denominator = was = offsets.value
        header = samples.value, total.value, was, self.version.value
        self.journal.undo.append((self, label, features, before, logs_before, header))  # one note for all writes
        counts[features] = after
        self._log_counts.array[:, label][features] = logs
        samples.value += 1
        total.value += size
        offsets.value = now = self._offsets(label)
        self.version.value += 1
        if self.watches:
            change = label, features, logs - logs_before, now[0] - prior, now[1] - denominator
            self.journal.after_commit.append((self._publish, change))

    def take_back(
        self,
        label: int,
        features: IndexArray,
        counts: NDArray[np.int64],
        logs: NDArray[np.float64],
        header: tuple[int, int, tuple[float, float], int],
    ) -> None:
        """Undo a lesson, for the journal."""
        self.counts[label].array[features] = counts
        self._log_counts.array[:, label][features] = logs
        self.samples[label].value, self.totals[label].value, self.offsets[label].value, self.version.value = header

    @property
    def repeats(self) -> bool:
        """Whether an index may stand more than once in a sample; gas is reckoned otherwise where none is known to."""
        return self._repeats

    def gas_of_lesson(self, size: int, distinct: int, new: int) -> Gas:
        """Gas to learn so many features, so many of them different, so many of them, and classes, not met before."""
        return self._gas_to_learn(size) - self._gas_count_again * (size - distinct) + self._gas_new * new

    def count(self, label: int, occurrences: IndexArray, samples: int) -> None:
        """What learning so many samples of a class comes to, which the model knows, with these features among them. No
        gas; and watches are not told."""
        self.counts[label].add_at(occurrences, 1)
        before = self._log_counts.array.take(occurrences, 0)
        after = before.copy()
        after[:, label] = self.log_count(self.counts[label].array.take(occurrences))
        self._log_counts.write(occurrences, before, after)
        self.samples[label].set(self.samples[label].value + samples)
        self.totals[label].set(self.totals[label].value + len(occurrences))
        self.offsets[label].set(self._offsets(label))
        self.version.set(self.version.value + 1)

    def predict_many(self, features: Features) -> NDArray[np.int64]:
        """The class of each row; the same sums as `predict_one`, exactly."""
        priors, denominators = (np.array(part) for part in zip(*(cell.value for cell in self.offsets), strict=True))
        sizes = np.diff(features.indptr)
        scores = features.matrix(np.float64) @ self.log_counts + (priors - np.outer(sizes, denominators))
        return np.asarray(scores.argmax(1), dtype=np.int64)

    def _new_watch(self) -> Watch:
        return _NaiveBayesWatch(self)


def _improvements(scores: list[float]) -> int:
    """How many scores are above all before them."""
    best, found = -math.inf, 0
    for score in scores:
        if score > best:
            best, found = score, found + 1
    return found


class _NaiveBayesWatch(Watch):
    """Keeps by how much each class but the first is ahead of class 0, which is predicted where nobody is."""

    def __init__(self, model: NaiveBayes) -> None:
        super().__init__(model.n_features, np.float64)
        self.model = model
        self.leads: NDArray[np.float64] = np.zeros((model.n_classes - 1, len(self.predictions)))
        self.sizes: NDArray[np.float64] = np.zeros(len(self.predictions))
        self._zero = np.zeros(())  # compared with quicker than a number is

    def _score(self, features: IndexArray) -> tuple[int, list[float], None]:
        scores = self.model.scores(features)
        return scores.index(max(scores)), scores, None

    def _put(self, slot: int, features: IndexArray, score: list[float]) -> None:
        first = score[0]
        for lead, other in zip(self.leads, score[1:], strict=True):
            lead[slot] = other - first
        self.sizes[slot] = len(features)

    def _predictions(self) -> NDArray[Any]:
        leads = self.leads
        if len(leads) == 1:
            return np.asarray(leads[0] > self._zero)
        return np.asarray(np.where(leads.max(0) > 0, leads.argmax(0) + 1, 0))

    def _move(
        self, label: int, features: IndexArray, gains: NDArray[np.float64], prior: float, denominator: float
    ) -> None:
        change = gains.dot(self.rows.take(features, 0))
        change += prior
        change -= self.sizes * denominator
        if label:
            self.leads[label - 1] += change
        else:
            self.leads -= change

    def _widen(self, more: int) -> None:
        self.leads, self.sizes = widened(self.leads, more), widened(self.sizes, more)
