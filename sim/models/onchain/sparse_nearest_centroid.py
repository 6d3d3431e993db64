r"""SparseNearestCentroidClassifier.sol: the nearest mean of samples of feature indices.

A class with n samples keeps for each feature i a value v_i (times 10**9) with the number of samples s_i it was true
for, and the squared length Q of its centroid. The value now is ``v_i s_i // n`` where s_i differs from n. For a sample
with indices x the distance is

    Q + 10^9 sum(10^9 - 2 value_i for i in x)

the nearest class wins, ties go to the lower one. Every sample is learnt, with m = n + 1, index by index:

    p = v_i s_i // n,   Q = Q - p^2,   v_i = (n p + 10^9) // m,   s_i = m

and at the end ``Q = Q n^2 // m^2 + sum(v_i^2)``.

* A distance is an unsigned 256-bit number: a negative one, possible where indices repeat, wraps to a huge one.
* The product ``v_i s_i`` wraps at 2^64 when learning, but not when predicting; m^2 wraps at 2^64 too.
* Q may become too small to subtract from, with repeated indices only: ``SafeMath: subtraction overflow``.
* A class with 0 samples can never learn an index: division by zero is an invalid opcode, which burns the gas. An empty
  sample makes it a class of one sample with Q = 0.
* Indices are taken modulo 2^32, so that negative and large ones alias others.

Source: demo/client/contracts/classification/SparseNearestCentroidClassifier.sol of microsoft/0xDeCA10B at commit
f97e40d.

>>> from sim.features import Features
>>> model = SparseNearestCentroid(n_features=3)
>>> model.fit(Features.from_dense(np.array([[1, 1, 0], [0, 0, 1]])), np.array([0, 1]))
>>> model.learn_one(np.array([0]), 0)
>>> model.to_state([0, 1])["classes"][0]["centroid_value_and_numSamples"]
{'0': [1000000000, 2], '1': [1000000000, 1]}
>>> model.predict_one(np.array([2]))
1
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import Meter, SlotWrites, memory
from sim.chain.journal import Journal, Map, Value
from sim.errors import ExceptionalHalt, Revert
from sim.models.base import IndexArray
from sim.models.onchain.base import OnChainClassifier, Rows, State, check_label
from sim.models.onchain.batch import SAFE, Batch, by_index
from sim.models.onchain.fixed_point import ONE, safe_add, safe_div, safe_mul, safe_sub, stored, unsigned

# Gas beside storage, from gas measured on the contract: per call, index, class, index and class, class that is the
# nearest so far, value that is out of date; a call that learns, an index it moves.
_PREDICT_CALL, _PREDICT_INDEX, _PREDICT_CLASS, _PREDICT_INDEX_CLASS = 992, 250, 399, 762
_NEW_BEST, _STALE = 16, 201
_LEARN_CALL, _LEARN_INDEX = 1_963, 1_559
_PREDICT_MEMORY_CALL, _PREDICT_MEMORY_VALUE = 6, 4  # words
_LEARN_MEMORY_CALL, _LEARN_MEMORY_INDEX = 7, 3

_ALIAS = 2**32 - 1
_WORD_END = 2**256
_UNKNOWN = (0, 0)


class _Search(NamedTuple):
    """The nearest class and what it took to find it."""

    best: int
    improvements: int
    stale: int


class SparseNearestCentroid(OnChainClassifier):
    """See the module's text. A class without samples learns nothing, so fit the model before it is deployed."""

    name = "sparse_nearest_centroid"

    def __init__(
        self, n_features: int, n_classes: int = 2, journal: Journal | None = None, meter: Meter | None = None
    ) -> None:
        super().__init__(n_features, n_classes, journal, meter)
        cells = range(n_classes)
        self.samples: list[Value[int]] = [Value(self.journal, 0) for _ in cells]
        self.squared_magnitudes: list[Value[int]] = [Value(self.journal, 0) for _ in cells]
        self.centroids: list[Map[int, tuple[int, int]]] = [Map(self.journal) for _ in cells]
        """For each class, by index: a value and the number of samples it was true for."""

    @classmethod
    def deploy(cls, parameters: Mapping[str, Any], journal: Journal | None = None, meter: Meter | None = None) -> Self:
        """From ``centroids`` (pairs of index and value by class) and ``dataCounts``.

        Where an index stands in several pairs its last value is kept, while the squared magnitude adds all of them.
        """
        features = {unsigned(i, 32) for centroid in parameters["centroids"] for i, _ in centroid}
        model = cls(max(features, default=-1) + 1, len(parameters["classifications"]), journal, meter)
        for label, (pairs, count) in enumerate(zip(parameters["centroids"], parameters["dataCounts"], strict=True)):
            model._begin(label, [(unsigned(i, 32), value) for i, value in pairs], count)
        return model

    def _begin(self, label: int, pairs: Iterable[tuple[int, int]], count: int) -> None:
        """Give a class its first values and number of samples."""
        pairs = [(i, stored("centroid", value, 64)) for i, value in pairs]
        self.samples[label].value = stored("data count", count, 64)
        self.squared_magnitudes[label].value = sum(value * value for _, value in pairs) % _WORD_END
        dict.clear(self.centroids[label])
        dict.update(self.centroids[label], {i: (value, count) for i, value in pairs})

    def to_state(self, features: Iterable[int] | None = None) -> State:
        """``{"classes": [{"numSamples", "squaredMagnitude", "centroid_value_and_numSamples": {index: [v, s]}}]}``."""
        named = None if features is None else list(features)
        classes = []
        for samples, squared, centroid in zip(self.samples, self.squared_magnitudes, self.centroids, strict=True):
            listed = sorted(i for i, pair in centroid.items() if any(pair)) if named is None else named
            classes.append(
                {
                    "numSamples": samples.value,
                    "squaredMagnitude": squared.value,
                    "centroid_value_and_numSamples": {str(i): list(centroid.get(i & _ALIAS, _UNKNOWN)) for i in listed},
                }
            )
        return {"classes": classes}

    def load_state(self, state: State) -> None:
        """Take samples, squared magnitude and values of each class."""
        for label, known in enumerate(state["classes"]):
            self.samples[label].value = known["numSamples"]
            self.squared_magnitudes[label].value = known["squaredMagnitude"]
            values = {int(i): (pair[0], pair[1]) for i, pair in known["centroid_value_and_numSamples"].items()}
            dict.clear(self.centroids[label])
            dict.update(self.centroids[label], values)
        self.version.value += 1

    def fit(self, features: Rows, labels: NDArray[np.int64]) -> None:
        """Centroids become the means of the samples of each class, times 10**9 and rounded, halves up.

        The chain's own rule cannot begin from nothing, so the model is trained elsewhere and deployed, as the
        contract's own deployment script does it.
        """
        for label in range(self.n_classes):
            mine = np.flatnonzero(labels == label).tolist()
            rows = [features.row(i) for i in mine]
            indices, counts = np.unique(np.concatenate(rows) if rows else np.empty(0, int), return_counts=True)
            double = 2 * len(mine)
            means = [(2 * ONE * count + len(mine)) // double for count in counts.tolist()]
            self._begin(label, zip(indices.tolist(), means, strict=True), len(mine))
        self.version.value += 1

    def _search(self, indices: list[int]) -> _Search:
        """Go through all classes as the contract does. Raises `ExceptionalHalt` where it divides by zero."""
        keys = [i & _ALIAS for i in indices]
        nearest, best, improvements, stale = _WORD_END - 1, 0, 0, 0
        for label, centroid in enumerate(self.centroids):
            n, get, total = self.samples[label].value, centroid.get, 0
            for key in keys:
                value, known_for = get(key, _UNKNOWN)
                if known_for != n:
                    if not n:
                        raise ExceptionalHalt
                    stale += 1
                    value = value * known_for // n
                total += value
            distance = (self.squared_magnitudes[label].value + ONE * (ONE * len(keys) - 2 * total)) % _WORD_END
            if distance < nearest:
                nearest, best = distance, label
                improvements += 1
        return _Search(best, improvements, stale)

    def predict_one(self, features: IndexArray) -> int:
        """The nearest class; the lower one of equals."""
        return self._search(features.tolist()).best

    def _predict_batch(self, batch: Batch) -> NDArray[np.int64] | None:
        """Sums of values in 64 bits, distances in Python's integers."""
        limit, sizes, distances = SAFE // (2 * batch.longest), np.diff(batch.indptr), []
        if limit <= ONE or not batch.known(self.n_features):
            return None
        for samples, squared, centroid in zip(self.samples, self.squared_magnitudes, self.centroids, strict=True):
            n = samples.value
            if not n:
                return None
            now = {i: value if known_for == n else value * known_for // n for i, (value, known_for) in centroid.items()}
            values = by_index(now, self.n_features, limit)
            if values is None:
                return None
            rest = ONE * sizes - 2 * batch.sums(values[batch.indices])
            distances.append([(squared.value + ONE * part) % _WORD_END for part in rest.tolist()])
        return np.array([each.index(min(each)) for each in zip(*distances, strict=True)], np.int64)

    def _ask(self, numbers: list[int]) -> int:
        classes, size, schedule = self.n_classes, len(numbers), self.meter.schedule
        values = size * classes
        search = self._search(numbers)
        cold = len({i & _ALIAS for i in numbers}) * classes + 2 * classes + 1
        self.meter.charge(
            schedule.loads(cold, 4 * (values + classes) + 1 + 2 * search.stale - cold)
            + _PREDICT_CALL
            + _PREDICT_INDEX * size
            + _PREDICT_CLASS * classes
            + _PREDICT_INDEX_CLASS * values
            + _NEW_BEST * search.improvements
            + _STALE * search.stale
            + memory(size + _PREDICT_MEMORY_VALUE * values + _PREDICT_MEMORY_CALL)
        )
        return search.best

    def learn_one(self, features: IndexArray, label: int) -> None:
        """Move the centroid of the class toward the sample."""
        # CHECKS
        check_label(label)
        keys = [i & _ALIAS for i in features.tolist()]
        schedule, meter = self.meter.schedule, self.meter
        meter.charge(schedule.loads(4, 3) + _LEARN_CALL + memory(_LEARN_MEMORY_INDEX * len(keys) + _LEARN_MEMORY_CALL))
        if label >= self.n_classes:
            raise Revert("This classification has not been added yet.")
        # GAS, EFFECTS
        samples, squared, writes = self.samples[label], self.squared_magnitudes[label], SlotWrites()
        n, before = samples.value, squared.value
        new_n = unsigned(n + 1, 64)
        samples.set(new_n)
        writes.slot((n,), (new_n,))
        rest, gained = self._move(keys, label, n, writes)
        rest = safe_div(safe_mul(rest, n * n), unsigned(new_n * new_n, 64))
        squared.set(safe_add(rest, gained))
        writes.slot((before,), (squared.value,))
        writes.charge(meter)
        self._note_change()

    def _move(self, keys: list[int], label: int, n: int, writes: SlotWrites) -> tuple[int, int]:
        """Move each value; the answer is what is left of the squared magnitude, and what the new values add to it."""
        meter, schedule, new_n = self.meter, self.meter.schedule, self.samples[label].value
        centroid, left, gained = self.centroids[label], self.squared_magnitudes[label].value, 0
        original: dict[int, tuple[int, int]] = {}
        first, again = schedule.loads(1, 3) + _LEARN_INDEX, schedule.loads(0, 4) + _LEARN_INDEX
        for key in keys:
            meter.charge(again if key in original else first)
            value, known_for = centroid.get(key, _UNKNOWN)
            if not n:
                raise ExceptionalHalt
            original.setdefault(key, (value, known_for))
            previous = unsigned(value * known_for, 64) // n
            left = safe_sub(left, previous * previous)
            if not new_n:
                raise ExceptionalHalt
            value = unsigned((n * previous + ONE) // new_n, 64)
            centroid[key] = value, new_n
            gained += value * value
        for key, pair in original.items():
            writes.slot(pair, centroid[key], 2)
        writes.noop += 2 * (len(keys) - len(original))
        return left, gained
