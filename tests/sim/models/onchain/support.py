"""Builders that the tests of the contracts' classifiers share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from sim.errors import ExceptionalHalt, Revert
from sim.features import Data
from sim.models.onchain import OnChainClassifier, onchain_classifier

ONE = 10**9
INT80 = 2**79
MAX64 = 2**63 - 1
NORM = "The provided data does not have a norm of 1."
BOUNDS = [(ONE + 49, True), (ONE + 50, False), (ONE - 50, True), (ONE - 51, False)]
"""Lengths of a vector and whether they count as 1: by hand, 49 * 2e9 is below 1e11 and 50 * 2e9 is not."""
EDGES = {10**18 + 10**11: (1_000_000_032, 189_728, 1_344, 1_216), 10**18 - 10**11: (999_999_936, 167_328, 1_152, 96)}
"""The two squared norms that just do not count as 1, each with a vector that has it."""


def numbers(*values: int) -> np.ndarray:
    """A transaction's numbers as models read them."""
    return Data.numbers(values).features


def dense_perceptron(weights: list[int], *, intercept: int = 0, rate: int = ONE) -> OnChainClassifier:
    return onchain_classifier(
        "dense_perceptron",
        {"classifications": ["no", "yes"], "weights": weights, "intercept": intercept, "learningRate": rate},
    )


def sparse_perceptron(
    weights: dict[int, int] | None = None, *, intercept: int = 0, rate: int = ONE
) -> OnChainClassifier:
    return onchain_classifier(
        "sparse_perceptron",
        {
            "classifications": ["no", "yes"], "weights": [], "intercept": intercept, "learningRate": rate,
            "sparseWeights": list((weights or {}).items()),
        },
    )  # fmt: skip


def naive_bayes(
    samples: list[int], counts: list[dict[int, int]], *, features: int = 0, smoothing: int = 0
) -> OnChainClassifier:
    return onchain_classifier(
        "naive_bayes",
        {
            "classifications": ["a", "b", "c"][: len(samples)], "classCounts": samples,
            "featureCounts": [list(of.items()) for of in counts], "totalNumFeatures": features,
            "smoothingFactor": smoothing,
        },
    )  # fmt: skip


def dense_nearest_centroid(centroids: list[list[int]], counts: list[int]) -> OnChainClassifier:
    return onchain_classifier(
        "dense_nearest_centroid",
        {"classifications": ["a", "b", "c"][: len(counts)], "centroids": centroids, "dataCounts": counts},
    )


def sparse_nearest_centroid(centroids: list[dict[int, int]], counts: list[int]) -> OnChainClassifier:
    return onchain_classifier(
        "sparse_nearest_centroid",
        {
            "classifications": ["a", "b", "c"][: len(counts)], "centroids": [list(of.items()) for of in centroids],
            "dataCounts": counts,
        },
    )  # fmt: skip


def learn(model: OnChainClassifier, lessons: Iterable[tuple[Iterable[int], int]]) -> OnChainClassifier:
    """The model after these lessons, all of which it takes."""
    for values, label in lessons:
        model.learn_one(numbers(*values), label)
    return model


def refusal(model: OnChainClassifier, values: Iterable[int], label: int | None = None) -> str:
    """Why a lesson (or, without a label, a question) is refused; what it wrote is taken back."""
    model.journal.commit()
    with pytest.raises((Revert, ExceptionalHalt)) as caught:
        _do(model, values, label)
    model.journal.rollback()
    return caught.value.reason if isinstance(caught.value, Revert) else "invalid opcode"


def gas(model: OnChainClassifier, values: Iterable[int], label: int | None = None) -> int:
    """What a lesson, or a question within a transaction, costs; a lesson is taken back."""
    model.journal.commit()
    model.meter.start(limit=10**9)
    _do(model, values, label)
    model.journal.rollback()
    return model.meter.used


def _do(model: OnChainClassifier, values: Iterable[int], label: int | None) -> Any:
    if label is None:
        return model.predict_on_chain(numbers(*values))
    return model.learn_one(numbers(*values), label)
