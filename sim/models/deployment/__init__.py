"""The deployment JSON of the 0xDeCA10B demo: a model as the file its deployment script reads.

Weights, centroids, rates and smoothing are plain decimals in the file and whole numbers times 10**9 in the contract:
the script multiplies and rounds, halves up. Counts are as they are. Here a decimal is read to its last digit, never
through a float.

=========================================  ==========================================================================
``type``                                   keys
=========================================  ==========================================================================
``dense perceptron``                       classifications, weights, intercept or bias, learningRate
``sparse perceptron``                      the same, and sparseWeights: weights by index, laid over the list
``naive bayes``                            classifications, classCounts, featureCounts (pairs by class),
                                           totalNumFeatures, smoothingFactor
``dense nearest centroid classifier``      centroids (or intents): for each class by name a centroid and a dataCount;
                                           also called ``nearest centroid classifier``
``sparse nearest centroid classifier``     the same, the centroid by index
=========================================  ==========================================================================

What the script does to a file is done here too: the classes of a centroid model are in the order in which JavaScript
goes through their names, those that look like whole numbers first. What it leaves to chance is refused: a missing
learning rate, for which the demo's two scripts have different defaults, and ``featureIndices``.

A contract that has learnt may be in a state that no deployment produces. Then the file has keys beyond the script's,
which the script ignores: ``totalFeatureCounts`` of naive Bayes; and of a sparse centroid ``squaredMagnitude`` and
``stale``, the values that were true for fewer samples, each with their number. With them the round trip is exact.

Source: demo/client/src/ml-models/deploy-model-node.js of microsoft/0xDeCA10B.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.errors import ConfigError
from sim.models.base import Classifier
from sim.models.deployment.centroids import centroids_document, javascript_order, read_centroids
from sim.models.deployment.fields import Deployment, Document, needed, shown
from sim.models.deployment.naive_bayes import naive_bayes_document, read_naive_bayes
from sim.models.deployment.perceptrons import perceptron_document, read_perceptron
from sim.models.naive_bayes import NaiveBayes as LogNaiveBayes
from sim.models.onchain import (
    DenseNearestCentroid,
    DensePerceptron,
    NaiveBayes,
    SparseNearestCentroid,
    SparsePerceptron,
)
from sim.models.perceptron import SparsePerceptron as QuickPerceptron
from sim.models.reference import ReferenceNaiveBayes

TYPES = {
    "dense perceptron": DensePerceptron.name,
    "sparse perceptron": SparsePerceptron.name,
    "naive bayes": NaiveBayes.name,
    "dense nearest centroid classifier": DenseNearestCentroid.name,
    "nearest centroid classifier": DenseNearestCentroid.name,
    "sparse nearest centroid classifier": SparseNearestCentroid.name,
}
"""Kinds of model by the ``type`` of a file."""


def read_kind(document: Any) -> str:
    """The kind of model a file holds. Raises `ConfigError`."""
    if not isinstance(document, dict):
        raise ConfigError('it holds no JSON object. A model begins with {"type": …}.')
    name = needed(document, "type")
    if name not in TYPES if isinstance(name, str) else True:
        raise ConfigError(f"type is {shown(name)}; choose one of {', '.join(TYPES)}.")
    return TYPES[name]


def read_deployment(document: Any) -> Deployment:
    """What a file says. Raises `ConfigError`, which names the key, for what is missing or does not fit."""
    kind = read_kind(document)
    if kind == NaiveBayes.name:
        return read_naive_bayes(document)
    return read_perceptron(document, kind) if kind.endswith("perceptron") else read_centroids(document, kind)


def document_of(model: Classifier, classes: Sequence[str]) -> Document:
    """The file of a model as it is now; ``classes`` are the names of its classes.

    Raises `ConfigError` for a model that no contract of 0xDeCA10B is.
    """
    if isinstance(model, NaiveBayes | LogNaiveBayes) and not isinstance(model, ReferenceNaiveBayes):
        return naive_bayes_document(model, classes)
    if isinstance(model, DensePerceptron | SparsePerceptron | QuickPerceptron):
        return perceptron_document(model, classes)
    if isinstance(model, DenseNearestCentroid | SparseNearestCentroid):
        return centroids_document(model, classes)
    raise ConfigError(f"Model {model.name!r} has no deployment file; those that have are {', '.join(TYPES)}.")


__all__ = ["TYPES", "Deployment", "Document", "document_of", "javascript_order", "read_deployment", "read_kind"]
