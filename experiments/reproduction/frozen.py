"""A model that stands still, and samples it answers rightly with a given probability.

Closed forms, and the reference's money without its learner, want a model of known accuracy. What this one answers is
written in the sample itself, and nothing it is taught changes that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.data import Dataset
from sim.features import Features
from sim.models import Classifier


class FrozenModel(Classifier):
    """Answers what the sample says it answers: a sample is the two features (true label, n_classes + answer)."""

    name = "frozen"

    def fit(self, features: Features, labels: Any) -> None:
        """There is nothing to train."""

    def learn_one(self, features: Any, label: int) -> None:
        """It does not learn."""

    def predict_one(self, features: Any) -> int:
        """The answer of the sample."""
        return int(features[1]) - self.n_classes

    def predict_many(self, features: Features) -> Any:
        """The answers of all rows, shape (n_rows,)."""
        return features.indices[1::2].astype(np.int64) - self.n_classes

    def _new_watch(self) -> Any:
        return _NothingMoves(self)


class _NothingMoves:
    """The watch of a model whose predictions never change."""

    moved = False

    def __init__(self, model: FrozenModel) -> None:
        self.model = model

    def add(self, record: int, features: Any, label: int) -> bool:
        return self.model.predict_one(features) == label

    def answer(self, record: int) -> tuple[None, None]:
        """Nothing is known: ask the model."""
        return None, None

    def discard(self, record: int) -> None:
        """Nothing is kept."""

    def refresh(self) -> tuple[list[int], list[int]]:
        return [], []


def samples_of_known_difficulty(n: int, accuracy: float, seed: int, n_classes: int = 2) -> Dataset:
    """``n`` samples of which a `FrozenModel` answers each rightly with probability ``accuracy``, else any other class.

    Of the 1000 test samples exactly that share is answered rightly, so that the published accuracy is the true one.
    """
    rng = np.random.default_rng([seed, 0xDECA])

    def part(right: Any) -> tuple[Features, Any]:
        truth = rng.integers(n_classes, size=len(right))
        wrong = (truth + rng.integers(1, n_classes, size=len(right))) % n_classes
        indices = np.column_stack([truth, n_classes + np.where(right, truth, wrong)]).astype(np.int32)
        return Features(np.arange(0, 2 * len(right) + 1, 2), indices.ravel(), 2 * n_classes), truth

    x_train, y_train = part(rng.random(n) < accuracy)
    x_test, y_test = part(np.arange(1000) < round(1000 * accuracy))
    classes = tuple(f"class {k}" for k in range(n_classes))
    return Dataset("known", "Known difficulty (synthetic)", x_train, y_train, x_test, y_test, classes, synthetic=True)
