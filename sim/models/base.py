"""What every classifier offers, on the chain and off it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import HARDFORKS, Meter
from sim.chain.journal import Journal, Value
from sim.features import Features
from sim.models.watch import Watch
from sim.units import Gas

IndexArray = NDArray[np.intp]

OUT_OF_BOUNDS = "Classification is out of bounds."
UNKNOWN_FEATURE = "A feature index is out of bounds."
"""Why a model refuses a sample: its label, or one of its features."""


class Classifier(ABC):
    """A model that learns one sample at a time from feature indices.

    State lives in journalled cells, so the chain can undo an update. `learn_one` charges the gas of its storage and
    arithmetic to the meter; `predict_one` is a free view, `predict_on_chain` the same within a transaction.

    Parameters
    ----------
    n_features, n_classes : sizes; features are indices in [0, n_features), labels in [0, n_classes)
    journal, meter : of the chain it lives on; by default its own, for use off the chain
    """

    name: str
    """The word for this model in a config."""

    refuses_unknown: ClassVar[bool] = True
    """Whether features and labels out of range are refused; contracts take some of them."""

    says_probabilities: ClassVar[bool] = False
    """Whether it says how probable a label is, see `probability`."""

    reads_vectors: ClassVar[bool] = False
    """Whether samples are vectors of norm 1 (`sim.features.UnitVectors`), not feature indices (`Features`)."""

    def __init__(
        self, n_features: int, n_classes: int, journal: Journal | None = None, meter: Meter | None = None
    ) -> None:
        self.n_features = n_features
        self.n_classes = n_classes
        self.journal = journal or Journal()
        self.meter = meter or _unlimited_meter()
        self.version: Value[int] = Value(self.journal, 0)
        """Rises whenever a prediction may have changed."""
        self.watches: list[Watch] = []
        self.gas_to_predict: Gas = 0
        """Gas of a prediction within a transaction; a model sets it, and what each feature adds, by its schedule."""
        self.gas_to_predict_feature: Gas = 0

    @abstractmethod
    def fit(self, features: Any, labels: NDArray[np.int64]) -> None:
        """Train before deployment, off the chain: no gas, nothing journalled."""

    @abstractmethod
    def learn_one(self, features: IndexArray, label: int) -> None:
        """Update with one sample. Raises `Revert` for features or labels the model does not know."""

    @abstractmethod
    def predict_one(self, features: IndexArray) -> int:
        """The class of one sample; ties go to the lower class. Raises `Revert` for unknown features."""

    def probability(self, features: IndexArray, label: int) -> Fraction:
        """How probable the model thinks a label is, from 0 to 1: an exact fraction, as money depends on it.

        Raises `Revert` for features and labels it does not know, and `TypeError` of a model that does not say
        `says_probabilities`.
        """
        raise TypeError(f"{type(self).__name__} does not say how probable a label is.")

    @abstractmethod
    def predict_many(self, features: Any) -> NDArray[np.int64]:
        """The class of each row, shape (n_rows,): exactly what `predict_one` would answer."""

    @abstractmethod
    def _new_watch(self) -> Watch:
        """A watch of the model's own kind."""

    def watch(self) -> Watch:
        """A new, empty set of samples whose predictions follow this model's committed updates."""
        watch = self._new_watch()
        self.watches.append(watch)
        return watch

    def predict_on_chain(self, features: IndexArray, known: int | None = None) -> int:
        """`predict_one` within a transaction: charges its gas. ``known`` is the answer where a watch has it already."""
        self.meter.charge(self.gas_to_predict + self.gas_to_predict_feature * len(features))
        return self.predict_one(features) if known is None else known

    def accuracy(self, features: Any, labels: NDArray[np.int64]) -> float:
        """Share of rows predicted as labelled, in [0, 1]."""
        return int(np.count_nonzero(self.predict_many(features) == labels)) / len(labels)

    def _publish(self, *change: Any) -> None:
        """Tell the watches of a committed update."""
        for watch in self.watches:
            watch.update(*change)


def may_repeat(features: Features) -> bool:
    """Whether an index may stand more than once in a row; rows that do not rise are not looked into."""
    within = np.ones(max(0, len(features.indices) - 1), np.bool_)
    starts = features.indptr[1:-1]
    within[starts[(starts > 0) & (starts < len(features.indices))] - 1] = False
    return bool(np.any(np.diff(features.indices)[within] <= 0))


def _unlimited_meter() -> Meter:
    meter = Meter(HARDFORKS["prague"])
    meter.start(limit=2**63)
    return meter
