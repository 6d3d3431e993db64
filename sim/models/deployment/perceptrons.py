"""The deployment file of a perceptron: weights in a list and, for a sparse one, by index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.errors import ConfigError
from sim.models.deployment.fields import (
    Deployment,
    Document,
    by_index,
    class_names,
    read_list,
    read_rate,
    read_scaled,
    written_decimal,
)
from sim.models.onchain import DensePerceptron, SparsePerceptron
from sim.models.perceptron import SparsePerceptron as QuickPerceptron


def read_perceptron(document: Document, kind: str) -> Deployment:
    """What the file of a perceptron of a kind says."""
    if document.get("featureIndices"):
        raise ConfigError("featureIndices is not taken: the model would read the data's features by number. Remove it.")
    listed = [
        read_scaled(f"weights[{i}]", weight, 80, sign=True) for i, weight in enumerate(read_list(document, "weights"))
    ]
    state: dict[str, Any] = {"weights": listed, "intercept": _intercept(document)}
    n_features = len(listed)
    if kind == SparsePerceptron.name:
        weights = dict(enumerate(listed))
        for index, weight in by_index(document.get("sparseWeights", {}), "sparseWeights"):
            weights[index] = read_scaled(f"sparseWeights.{index}", weight, 80, sign=True)
        n_features = max(weights, default=-1) + 1
        state["weights"] = {str(i): weight for i, weight in weights.items() if weight}
    elif not listed:
        raise ConfigError("weights is empty; a dense perceptron has a weight for each feature.")
    if "learningRate" not in document:
        raise ConfigError("learningRate is missing. Write it: the demo's own scripts take 1 or 0.5 in its place.")
    return Deployment(
        kind=kind,
        classes=class_names(document, most=2),
        n_features=n_features,
        settings={"step": read_rate("learningRate", document["learningRate"])},
        state=state,
    )


def _intercept(document: Document) -> int:
    """The intercept under either name; files that say 0 need both, since the script takes ``0 || bias``."""
    given = {key: read_scaled(key, document[key], 80, sign=True) for key in ("intercept", "bias") if key in document}
    if not given:
        raise ConfigError('intercept is missing. Write it (and 0 also as "bias": 0, for the deployment script).')
    if len(set(given.values())) > 1:
        raise ConfigError("intercept and bias are two different numbers; they mean the same. Keep one.")
    return given.popitem()[1]


def perceptron_document(
    model: DensePerceptron | SparsePerceptron | QuickPerceptron, classes: Sequence[str]
) -> Document:
    """The file of a perceptron as it is now."""
    state = model.to_state()
    rate = model.step if isinstance(model, QuickPerceptron) else model.learning_rate
    if isinstance(model, DensePerceptron):
        kind, listed, others = "dense perceptron", state["weights"], {}
    else:
        weights = {int(index): weight for index, weight in state["weights"].items()}
        listed = [weights.pop(i, 0) for i in range(model.n_features)]
        kind, others = "sparse perceptron", {"sparseWeights": {str(i): written_decimal(w) for i, w in weights.items()}}
    return {
        "type": kind,
        "classifications": list(classes),
        "weights": [written_decimal(weight) for weight in listed],
        **others,
        "intercept": written_decimal(state["intercept"]),
        "bias": written_decimal(state["intercept"]),
        "learningRate": written_decimal(rate),
    }
