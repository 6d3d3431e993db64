r"""The reference's nearest centroid: each class is the mean of its samples, in floats.

For a sample x (a vector of counts, mostly 0 and 1) the class with the nearest centroid is predicted, Euclid's distance;
ties go to the lower class, and a class without samples is farther than any other. Every sample is learnt: of the n + 1
samples of its class

    centroid = (centroid n + x) / (n + 1)

in this order of operations, for all features, so that each number is the reference's to the last bit. Distances are
compared by :math:`2 x·c - |c|^2`, which leaves out what is the same for all classes, and products are added up in the
order of the indices.

Gas is that of `sim.models.onchain.sparse_nearest_centroid`, the contract that reads the same lists of indices, with
every value out of date when it is read; an index is charged as often as it stands there.

Source: the nearest-centroid classifier of the reference simulation, fitted by scikit-learn's ``NearestCentroid``.

>>> model = ReferenceNearestCentroid(n_features=3)
>>> model.learn_one(np.array([0, 1]), 0); model.learn_one(np.array([1, 2]), 1)
>>> model.predict_one(np.array([2])), model.predict_one(np.array([0])), model.predict_one(np.array([1]))
(1, 0, 0)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import Meter, by_size, memory
from sim.chain.journal import Journal, Value, Weights
from sim.errors import Revert
from sim.features import Features, rises
from sim.models.base import OUT_OF_BOUNDS, UNKNOWN_FEATURE, Classifier, IndexArray
from sim.models.reference.watch import FloatWatch, leaders
from sim.models.watch import Watch, widened
from sim.units import Gas

_NOWHERE = 1e300  # the squared length of a centroid without samples

# Gas beside storage, as in the contract: per call, index, class, index and class, class that is the nearest so far; a
# call that learns, an index it moves.
_PREDICT_CALL, _PREDICT_INDEX, _PREDICT_CLASS, _PREDICT_INDEX_CLASS = 992, 250, 399, 963
_NEW_BEST = 16
_LEARN_CALL, _LEARN_INDEX = 1_963, 1_559
_PREDICT_MEMORY_CALL, _PREDICT_MEMORY_VALUE = 6, 4  # words
_LEARN_MEMORY_CALL, _LEARN_MEMORY_INDEX = 7, 3

Numbers = NDArray[np.float64]


class ReferenceNearestCentroid(Classifier):
    """See the module's text. Centroids begin at 0 without samples."""

    name = "nearest_centroid"

    def __init__(
        self, n_features: int, n_classes: int = 2, journal: Journal | None = None, meter: Meter | None = None
    ) -> None:
        super().__init__(n_features, n_classes, journal, meter)
        cells = range(n_classes)
        self.centroids = [Weights(self.journal, np.zeros(n_features)) for _ in cells]
        self.samples: list[Value[int]] = [Value(self.journal, 0) for _ in cells]
        self.lengths: list[Value[float]] = [Value(self.journal, _NOWHERE) for _ in cells]
        """Squared lengths of the centroids."""
        self._most: Value[int] = Value(self.journal, 1)
        self._gas_to_predict = by_size(self._gas_of_prediction)
        self._gas_to_learn = by_size(self._gas_of_lesson)
        schedule = self.meter.schedule
        self._gas_new = schedule.store_set - schedule.store_reset  # more for a slot that held nothing

    def _gas_of_prediction(self, size: int) -> Gas:
        values, classes = size * self.n_classes, self.n_classes
        cold = values + 2 * classes + 1
        return (
            self.meter.schedule.loads(cold, 6 * values + 4 * classes + 1 - cold)
            + _PREDICT_CALL
            + _PREDICT_INDEX * size
            + _PREDICT_CLASS * classes
            + _PREDICT_INDEX_CLASS * values
            + memory(size + _PREDICT_MEMORY_VALUE * values + _PREDICT_MEMORY_CALL)
        )

    def _gas_of_lesson(self, size: int) -> Gas:
        schedule = self.meter.schedule
        return (
            schedule.loads(4 + size, 3 + 3 * size)
            + schedule.stores(reset=2 + size, noop=size)
            + _LEARN_CALL
            + _LEARN_INDEX * size
            + memory(_LEARN_MEMORY_INDEX * size + _LEARN_MEMORY_CALL)
        )

    def largest(self) -> float:
        """No squared length, and no number of a centroid, is larger in size than half of this."""
        return 2 * max(self._most.value, *(cell.value for cell in self.lengths if cell.value < _NOWHERE), 0.0)

    def to_state(self) -> dict[str, Any]:
        """``{"centroids": [[number]], "counts": [samples]}``, by class."""
        return {
            "centroids": [cell.array.tolist() for cell in self.centroids],
            "counts": [cell.value for cell in self.samples],
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Take centroids and counts, before deployment: nothing is journalled."""
        for label, (centroid, samples) in enumerate(zip(state["centroids"], state["counts"], strict=True)):
            self._put(label, np.array(centroid, np.float64), int(samples))

    def _put(self, label: int, centroid: Numbers, samples: int) -> None:
        self.centroids[label].array, self.samples[label].value = centroid, samples
        self.lengths[label].value = float(centroid.dot(centroid)) if samples else _NOWHERE
        self._most.value = max(self._most.value, int(np.ceil(centroid.max(initial=1))))
        self.version.value += 1

    def fit(self, features: Features, labels: NDArray[np.int64]) -> None:
        """The mean of each class, worked out at once."""
        owners = np.repeat(labels, np.diff(features.indptr))
        for label in range(self.n_classes):
            samples = int(np.count_nonzero(labels == label))
            sums = np.bincount(features.indices[owners == label], minlength=self.n_features)
            self._put(label, sums / max(1, samples), samples)

    def products(self, features: IndexArray) -> list[float]:
        """The product of a sample with each centroid."""
        if not len(features):
            return [0.0] * self.n_classes
        try:
            return [np.add.accumulate(cell.array.take(features)).item(-1) for cell in self.centroids]
        except IndexError:
            raise Revert(UNKNOWN_FEATURE) from None

    def nearest(self, products: list[float]) -> int:
        """The class nearest to a sample with these products; the lower one of equals."""
        scores = [2 * product - cell.value for cell, product in zip(self.lengths, products, strict=True)]
        return scores.index(max(scores))

    def predict_one(self, features: IndexArray) -> int:
        """The nearest class; the lower one of equals."""
        return self.nearest(self.products(features))

    def predict_on_chain(self, features: IndexArray, known: int | None = None) -> int:
        """`predict_one` within a transaction."""
        prediction = self.predict_one(features) if known is None else known
        self.meter.charge(self.gas_of_answer(len(features), prediction))
        return prediction

    def gas_of_answer(self, size: int, prediction: int) -> Gas:
        """Gas of a prediction for a sample of so many features."""
        return self._gas_to_predict(size) + _NEW_BEST * (1 + (prediction > 0))

    def learn_one(self, features: IndexArray, label: int) -> None:
        """Move the centroid of the class to the mean with the new sample."""
        # CHECKS
        if not 0 <= label < self.n_classes:
            raise Revert(OUT_OF_BOUNDS)
        cell, samples, size = self.centroids[label], self.samples[label].value, len(features)
        try:
            new = size - int(np.count_nonzero(cell.array.take(features)))
        except IndexError:
            raise Revert(UNKNOWN_FEATURE) from None
        # GAS
        self.meter.charge(self._gas_to_learn(size) + self._gas_new * new)
        # EFFECTS
        moved = cell.array * samples
        if rises(features):
            np.add.at(moved, features, 1.0)
        else:
            vector = np.bincount(features, minlength=self.n_features)
            moved += vector
            self._most.set(max(self._most.value, int(vector.max())))
        moved /= samples + 1
        cell.replace(moved)
        self.samples[label].set(samples + 1)
        self.lengths[label].set(float(moved.dot(moved)))
        self.version.set(self.version.value + 1)
        self.journal.after_commit.append((self._publish, (label, features, samples)))

    def scores_of(self, rows: Any) -> Numbers:
        """2 x·c - |c|² of each class, for the rows of a matrix of numbers: shape (n_rows, n_classes)."""
        classes = zip(self.centroids, self.lengths, strict=True)
        return np.stack([2 * (rows @ centroid.array) - length.value for centroid, length in classes], axis=1)

    def predict_many(self, features: Features) -> NDArray[np.int64]:
        """The class of each row; SciPy adds up a row in the order of its indices, as `products` does."""
        return np.asarray(self.scores_of(features.matrix(np.float64)).argmax(1), np.int64)

    def _new_watch(self) -> Watch:
        return _CentroidWatch(self)


class _CentroidWatch(FloatWatch):
    """Keeps each sample's product with each centroid; a centroid that moves changes its own products alone."""

    def __init__(self, model: ReferenceNearestCentroid) -> None:
        super().__init__(model, np.float32)
        self.model = model
        self.products: Numbers = np.zeros((model.n_classes, len(self.predictions)))

    def _score(self, features: IndexArray) -> tuple[int, list[float], Gas]:
        products = self.model.products(features)
        prediction = self.model.nearest(products)
        return prediction, products, self.model.gas_of_answer(len(features), prediction)

    def _put(self, slot: int, features: IndexArray, score: list[float]) -> None:
        self.products[:, slot] = score

    def _leaders(self) -> tuple[NDArray[Any], Numbers]:
        lengths = np.array([cell.value for cell in self.model.lengths])
        return leaders(2 * self.products - lengths[:, None])

    def _largest(self) -> float:
        return self.model.largest()

    def _move(self, label: int, features: IndexArray, samples: int) -> None:
        products = self.products[label]
        products *= samples
        products += self._overlaps(features)
        products /= samples + 1

    def _widen(self, more: int) -> None:
        self.products = widened(self.products, more)
