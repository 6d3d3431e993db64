"""The models of the reference simulation (`sim.models.reference`) beside a trace: do they say what it tells?

They check the predictions a trace tells; the contract is given the recorded ones. Samples are vectors of numbers here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.models.reference import ReferenceNaiveBayes, ReferenceNearestCentroid, ReferencePerceptron

Vector = NDArray[np.float64]

SURE = 1e-9
"""Scores of two classes nearer than this may be told apart differently by another order of additions."""


class ModelBeside:
    """A model of the word a trace has for it (``perceptron``, ``nb``, ``ncc``), in the ``state`` it tells.

    Raises `KeyError` for another word, and for a state without a field.
    """

    def __init__(self, word: str, state: dict[str, Any]) -> None:
        self._beginning = word, state
        self.restart()

    def restart(self) -> None:
        """Back to the state it was made in."""
        word, state = self._beginning
        self.model = _MAKERS[word](state)
        self.model.load_state(state)

    def predict(self, sample: Vector) -> tuple[int, bool]:
        """The class of a sample, and whether it is far enough from the next one to be sure."""
        scores = self.model.scores_of(sample[None])[0]
        best = int(scores.argmax())
        return best, bool((scores[best] - np.delete(scores, best) > SURE).all())

    def right(self, samples: Vector, labels: NDArray[np.int64]) -> tuple[int, int]:
        """How many samples are predicted as labelled, at least and at most: some may be too close to be sure of."""
        scores = self.model.scores_of(samples)
        ordered = np.sort(scores, 1)
        sure = ordered[:, -1] - ordered[:, -2] > SURE
        hits = scores.argmax(1) == labels
        return int((hits & sure).sum()), int((hits | ~sure).sum())

    def learn(self, sample: Vector, label: int) -> None:
        """Update with one sample."""
        model, indices = self.model, np.flatnonzero(sample)
        if isinstance(model, ReferencePerceptron):
            model.teach(indices, label, sample[indices])
        else:  # these read counts, as often as which an index stands there
            model.learn_one(np.repeat(indices, sample[indices].astype(np.intp)), label)
        model.journal.commit()

    def same(self, state: dict[str, Any]) -> bool:
        """Whether a state is this model's, to a billionth."""
        found = [
            (np.array(state.get(name, np.nan), float), np.array(own)) for name, own in self.model.to_state().items()
        ]
        return all(told.shape == own.shape and np.allclose(told, own, rtol=SURE, atol=SURE) for told, own in found)


def _perceptron(state: dict[str, Any]) -> ReferencePerceptron:
    return ReferencePerceptron(len(state["weights"]), alpha=state["alpha"])


def _naive_bayes(state: dict[str, Any]) -> ReferenceNaiveBayes:
    counts = state["feature_count"]
    return ReferenceNaiveBayes(len(counts[0]), len(counts), smoothing=state["alpha"])


def _nearest_centroid(state: dict[str, Any]) -> ReferenceNearestCentroid:
    return ReferenceNearestCentroid(len(state["centroids"][0]), len(state["centroids"]))


_MAKERS: dict[str, Any] = {"perceptron": _perceptron, "nb": _naive_bayes, "ncc": _nearest_centroid}
