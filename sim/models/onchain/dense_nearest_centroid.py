r"""NearestCentroidClassifier.sol: the nearest mean of vectors of norm 1.

For a vector x of fixed-point numbers (times 10**9) class k is at the distance ``sum((x[i] - c_k[i])**2 // 10**9)``,
each square cut; the nearest class wins, ties go to the lower one. Summing stops as soon as a distance is no longer the
smallest, which matters for gas alone. Every vector is learnt:

    n = dataCount_k,   c_k[i] = (c_k[i] n + x[i]) / (n + 1) cut toward zero,   dataCount_k = n + 1

* A vector to learn has as many numbers as the centroid, and its squared norm is strictly between 10**18 - 10**11 and
  10**18 + 10**11; the norm is looked at last, when all the gas is spent. To predict, only the length matters.
* A label without a class is an invalid opcode: no reason, and the gas is burnt.
* A dataCount of 0 is fine: the first vector becomes the centroid. From 2^191 on it stays as it is.

Source: demo/client/contracts/classification/NearestCentroidClassifier.sol of microsoft/0xDeCA10B at commit f97e40d.

>>> import numpy as np
>>> model = DenseNearestCentroid(n_features=2)
>>> model.learn_one(np.array([1_000_000_000, 0]), 1); model.learn_one(np.array([0, -1_000_000_000]), 1)
>>> model.to_state()["classes"][1], model.predict_one(np.array([600_000_000, -800_000_000]))
({'dataCount': 2, 'centroid': [500000000, -500000000]}, 1)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import Meter, SlotWrites, memory
from sim.chain.journal import Journal, Value
from sim.errors import ConfigError, ExceptionalHalt, Revert
from sim.models.base import IndexArray
from sim.models.onchain.base import OnChainClassifier, State, check_label
from sim.models.onchain.batch import Batch, in_64_bits
from sim.models.onchain.fixed_point import ONE, check_norm, signed, stored, tdiv

_COUNT_LIMIT = 2**191
_SQUARE_FITS = 1_500_000_000  # twice this, squared, is below 2**63
_PACKED = 4  # numbers of a centroid in a slot
_DECODE = 250  # gas of taking one number from the call's bytes

# Gas beside storage, from gas measured on the contract. To predict: per call, class, class that is the nearest so far,
# difference that is squared, slot of a centroid. To learn: until the length is known, from there on, per number, slot.
_PREDICT_CALL, _PREDICT_CLASS, _NEW_BEST, _STEP, _SLOT_READ = 1_150, 103, 60, 630, -50
_LEARN_REFUSED, _LEARN_CALL, _LEARN_NUMBER, _LEARN_SLOT = 750, 1_797, 955, 572
_PREDICT_MEMORY_CALL, _LEARN_MEMORY_CALL = 6, 7  # words


class _Search(NamedTuple):
    """The nearest class and what it took to find it."""

    best: int
    improvements: int
    steps: int
    slots_read: int


class DenseNearestCentroid(OnChainClassifier):
    """See the module's text. Centroids begin at 0 without samples."""

    name = "dense_nearest_centroid"
    reads_vectors = True

    def __init__(
        self, n_features: int, n_classes: int = 2, journal: Journal | None = None, meter: Meter | None = None
    ) -> None:
        super().__init__(n_features, n_classes, journal, meter)
        origin = (0,) * n_features
        self.centroids: list[Value[tuple[int, ...]]] = [Value(self.journal, origin) for _ in range(n_classes)]
        self.data_counts: list[Value[int]] = [Value(self.journal, 0) for _ in range(n_classes)]

    @classmethod
    def deploy(cls, parameters: Mapping[str, Any], journal: Journal | None = None, meter: Meter | None = None) -> Self:
        """From ``centroids`` and ``dataCounts``, both by class."""
        centroids = parameters["centroids"]
        model = cls(len(centroids[0]), len(parameters["classifications"]), journal, meter)
        if {len(centroid) for centroid in centroids} != {model.n_features}:
            raise ConfigError("Parameter 'centroids' has lists of different lengths; give every class as many numbers.")
        for label, (centroid, count) in enumerate(zip(centroids, parameters["dataCounts"], strict=True)):
            model.centroids[label].value = tuple(stored("centroid", c, 64, sign=True) for c in centroid)
            model.data_counts[label].value = stored("data count", count, 256)
        return model

    def to_state(self, features: Iterable[int] | None = None) -> State:
        """``{"classes": [{"dataCount": …, "centroid": […]}]}``."""
        return {
            "classes": [
                {"dataCount": count.value, "centroid": list(centroid.value)}
                for count, centroid in zip(self.data_counts, self.centroids, strict=True)
            ]
        }

    def load_state(self, state: State) -> None:
        """Take the centroid and the count of each class."""
        for label, known in enumerate(state["classes"]):
            self.centroids[label].value = tuple(known["centroid"])
            self.data_counts[label].value = known["dataCount"]
        self.version.value += 1

    def _search(self, vector: list[int]) -> _Search:
        """Go through classes and numbers as the contract does, breaking off where it does."""
        if len(vector) != len(self.centroids[0].value):
            raise Revert("Data doesn't have the correct length.")
        nearest, best, improvements, steps, slots_read = 2**256 - 1, 0, 0, 0, 0
        for label, centroid in enumerate(self.centroids):
            distance, before = 0, steps
            for x, c in zip(vector, centroid.value, strict=True):
                steps += 1
                distance += (x - c) * (x - c) // ONE
                if distance >= nearest:
                    break
            if distance < nearest:
                nearest, best = distance, label
                improvements += 1
            slots_read += -((before - steps) // _PACKED)
        return _Search(best, improvements, steps, slots_read)

    def predict_one(self, features: IndexArray) -> int:
        """The nearest class. Raises `Revert` for a vector of another length."""
        return self._search(features.tolist()).best

    def _predict_batch(self, batch: Batch) -> NDArray[np.int64] | None:
        """Distances of the zero vector, corrected where a sample is not zero."""
        centroids = [in_64_bits(centroid.value, _SQUARE_FITS) for centroid in self.centroids]
        values = batch.values
        if max(abs(int(values.min(initial=0))), int(values.max(initial=0))) >= _SQUARE_FITS:
            return None
        distances = []
        for centroid in centroids:
            if centroid is None or not batch.known(len(centroid)) or len(centroid) != self.n_features:
                return None
            squares, differences = centroid * centroid // ONE, values - centroid[batch.indices]
            corrections = differences * differences // ONE - squares[batch.indices]
            distances.append(batch.sums(corrections) + squares.sum())
        return np.asarray(np.argmin(distances, axis=0), np.int64)

    def _ask(self, numbers: list[int]) -> int:
        classes, size, schedule = self.n_classes, len(numbers), self.meter.schedule
        self.meter.charge(schedule.loads(2) + _PREDICT_CALL + _DECODE * size + memory(size + _PREDICT_MEMORY_CALL))
        search = self._search(numbers)
        self.meter.charge(
            schedule.loads(search.slots_read + classes - 1, 3 * search.steps - search.slots_read + 2)
            + _PREDICT_CLASS * classes
            + _NEW_BEST * search.improvements
            + _STEP * search.steps
            + _SLOT_READ * search.slots_read
        )
        return search.best

    def learn_one(self, features: IndexArray, label: int) -> None:
        """Move the centroid of the class toward the vector."""
        # CHECKS
        check_label(label)
        schedule, meter = self.meter.schedule, self.meter
        vector = features.tolist()
        size = len(vector)
        meter.charge(schedule.loads(3) + _LEARN_REFUSED + _DECODE * size)
        if label >= self.n_classes:
            raise ExceptionalHalt
        centroid, count = self.centroids[label], self.data_counts[label]
        if size != len(centroid.value):
            raise Revert("Data doesn't have the correct number of dimensions.")
        # GAS, EFFECTS
        slots, before, n = -(-size // _PACKED), centroid.value, count.value
        meter.charge(
            schedule.loads(slots + 3, size + 3 * slots + 8)
            + schedule.stores(noop=1)
            + _LEARN_CALL
            + (_LEARN_NUMBER - _DECODE) * size
            + _LEARN_SLOT * slots
            + memory(3 * size + _LEARN_MEMORY_CALL)
        )
        count.set(n + 1 if n < _COUNT_LIMIT else n)
        after = _moved(before, vector, n, count.value)
        centroid.set(after)
        writes = SlotWrites()
        writes.slot((n,), (count.value,))
        for first in range(0, size, _PACKED):
            writes.slot(before[first : first + _PACKED], after[first : first + _PACKED], _PACKED)
        writes.charge(meter)
        check_norm(vector)
        self._note_change()


def _moved(centroid: tuple[int, ...], vector: list[int], n: int, new_n: int) -> tuple[int, ...]:
    """The mean of ``new_n`` vectors of which ``n`` had the mean ``centroid``, in 256 bits, cut to 64."""
    weight, divisor = signed(n, 256), signed(new_n, 256)
    sums = [signed(c * weight + x, 256) for c, x in zip(centroid, vector, strict=True)]
    return tuple([signed(tdiv(total, divisor), 64) for total in sums])
