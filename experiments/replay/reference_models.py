r"""The models of the reference simulation, as scikit-learn works them out: what they predict, and how they learn.

For a sample x (a vector of numbers) with label y:

* perceptron (``SGDClassifier``, no penalty): class 1 if the score :math:`w·x + b > 0`. The step is
  :math:`\eta = 1 / (\alpha (t_0 + t - 1))` with :math:`t_0 = 1 / (\alpha \sqrt{1 / \sqrt{\alpha}})`; where the score
  times y (+1 or -1) is not above zero, w moves by :math:`\eta y x` and b by :math:`\eta y`; t counts samples.
* nb (``MultinomialNB``): the class with the largest
  :math:`\log(n_c / n) + \sum_j x_j \log((f_{cj} + \alpha) / \sum_k (f_{ck} + \alpha))`; learning adds to the counts.
* ncc (nearest centroid): the class with the nearest centroid; learning moves it to the mean with the new sample.

They check the predictions a trace tells; the contract is given the recorded ones.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

SURE = 1e-9
"""Scores of two classes nearer than this may be told apart differently by another order of additions."""


class ReferenceModel(ABC):
    """A model in the state a trace tells. ``state`` must have the fields named in ``fields``."""

    fields: ClassVar[tuple[str, ...]]

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = {name: np.array(state[name], np.float64) for name in self.fields}
        """The numbers that learning changes, by the names a trace has for them."""

    @abstractmethod
    def scores(self, samples: Vector) -> Vector:
        """The score of each class for each sample, shape (n_samples, n_classes): the largest wins."""

    def predict(self, sample: Vector) -> tuple[int, bool]:
        """The class of a sample, and whether it is far enough from the next one to be sure."""
        return _largest(self.scores(sample[None])[0])

    def right(self, samples: Vector, labels: NDArray[np.int64]) -> tuple[int, int]:
        """How many samples are predicted as labelled, at least and at most: some may be too close to be sure of."""
        scores = self.scores(samples)
        ordered = np.sort(scores, 1)
        sure = ordered[:, -1] - ordered[:, -2] > SURE
        hits = scores.argmax(1) == labels
        return int((hits & sure).sum()), int((hits | ~sure).sum())

    @abstractmethod
    def learn(self, sample: Vector, label: int) -> None:
        """Update with one sample."""

    def same(self, state: dict[str, Any]) -> bool:
        """Whether a state is this model's, to a billionth."""
        found = [(np.array(state.get(name, np.nan), np.float64), numbers) for name, numbers in self.state.items()]
        return all(told.shape == own.shape and np.allclose(told, own, rtol=SURE, atol=SURE) for told, own in found)


class Perceptron(ReferenceModel):
    """See the module's text."""

    fields = ("weights", "intercept", "t")

    def __init__(self, state: dict[str, Any]) -> None:
        super().__init__(state)
        self.alpha = float(state["alpha"])
        self.t_0 = 1 / (self.alpha * math.sqrt(1 / math.sqrt(self.alpha)))

    def scores(self, samples: Vector) -> Vector:
        """Class 1 for a score above zero: that of class 0 is nothing."""
        scores = samples @ self.state["weights"] + self.state["intercept"]
        return np.stack([np.zeros_like(scores), scores], 1)

    def learn(self, sample: Vector, label: int) -> None:
        """Move weights and intercept by the step where the score is wrong or zero."""
        state, sign = self.state, 1 if label == 1 else -1
        step = sign / (self.alpha * (self.t_0 + float(state["t"]) - 1))
        if sign * float(state["weights"] @ sample + state["intercept"]) <= 0:
            state["weights"] += step * sample
            state["intercept"] += step
        state["t"] += 1


class NaiveBayes(ReferenceModel):
    """See the module's text."""

    fields = ("class_count", "feature_count")

    def __init__(self, state: dict[str, Any]) -> None:
        super().__init__(state)
        self.alpha = float(state["alpha"])
        self._logs: tuple[Vector, Vector] | None = None

    def scores(self, samples: Vector) -> Vector:
        """Logarithms of the probabilities, but for a constant."""
        if self._logs is None:
            counts = self.state["feature_count"] + self.alpha
            classes = self.state["class_count"]
            self._logs = np.log(classes / classes.sum()), np.log(counts) - np.log(counts.sum(1))[:, None]
        priors, features = self._logs
        return np.asarray(priors + samples @ features.T)

    def learn(self, sample: Vector, label: int) -> None:
        """Count the sample in its class."""
        self.state["class_count"][label] += 1
        self.state["feature_count"][label] += sample
        self._logs = None


class NearestCentroid(ReferenceModel):
    """See the module's text."""

    fields = ("centroids", "counts")

    def scores(self, samples: Vector) -> Vector:
        """Less the squared distances of the centroids."""
        return np.asarray(-((samples[:, None] - self.state["centroids"]) ** 2).sum(2))

    def learn(self, sample: Vector, label: int) -> None:
        """Move the centroid of the class to the mean of its samples."""
        centroids, counts = self.state["centroids"], self.state["counts"]
        centroids[label] = (centroids[label] * counts[label] + sample) / (counts[label] + 1)
        counts[label] += 1


REFERENCE_MODELS: dict[str, type[ReferenceModel]] = {
    "perceptron": Perceptron,
    "nb": NaiveBayes,
    "ncc": NearestCentroid,
}
"""By the word a trace has for them."""


def _largest(scores: Vector) -> tuple[int, bool]:
    """The first class with the largest score, and whether every other is clearly below."""
    best = int(scores.argmax())
    others = np.delete(scores, best)
    return best, bool((scores[best] - others > SURE).all())
