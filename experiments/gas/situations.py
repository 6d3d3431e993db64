"""Models in the situation that a measured record describes: so many weights below zero, classes too far, new slots.

A record of gas does not hold a model, but counts of all that the gas of asking or teaching it depends on. From these
counts a model is built which has them; it is asked and taught by the same code as any other, and nothing here knows
what anything costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isqrt
from typing import Any

from sim.chain import Journal, Meter
from sim.models.onchain import OnChainClassifier, onchain_classifier

Record = dict[str, Any]
Situation = tuple[str, dict[str, Any], list[int]]
"""Kind of the model, its constructor's arguments, and the numbers of the sample."""

_ONE = 10**9
_FAR = 2**62
_ALL = 10**6


def _work(record: Record) -> Record:
    work: Record = record.get("predict_work") or record.get("model_work") or {}
    return work


def _slots(record: Record) -> Mapping[str, int]:
    slots: Mapping[str, int] = record.get("model_slots") or {}
    return slots


def _teaches(record: Record) -> bool:
    return bool(record["action"] == "add_data")


def _sparse_perceptron(record: Record) -> Situation:
    """Weights that are cleared, below zero and zero where the record says, and the prediction it says."""
    size, slots, negative = record["n_data"], _slots(record), _work(record)["negative_terms"]
    step = _ONE if record.get("label") else -_ONE
    weights = [-step] * slots.get("clear", 0)
    negative -= sum(weight < 0 for weight in weights)
    new = slots.get("set", 0)
    weights += [-7 * _ONE] * negative + [7 * _ONE] * (size - len(weights) - negative - new) + [0] * new
    return "sparse_perceptron", _perceptron(record, weights), list(range(size))


def _dense_perceptron(record: Record) -> Situation:
    """The same with three weights a slot, fewer in the last; a slot is set only where all of them are zero."""
    size, slots, work = record["n_data"], _slots(record), _work(record)
    x = isqrt(10**18 // size)  # every number of the vector, and what each weight moves by
    weights = [7 * _ONE] * size
    cleared = range(3 * slots.get("clear", 0))
    for i in cleared:
        weights[i] = -x if record["label"] else x
    full, set_ = size - size % 3, slots.get("set", 0)
    end = size if work["zero_weights"] < 3 * set_ else full
    new = range(full - 3 * (set_ - (end > full)), end)
    spare = [i for i in [*range(2, full, 3), *range(1, full, 3), *range(full)] if i not in new and i not in cleared]
    for i in [*new, *spare[: work["zero_weights"] - len(new)]]:
        weights[i] = 0
    negative = work["negative_terms"] - sum(weight < 0 for weight in weights)
    for i in [i for i in range(size) if weights[i] > 0 and i not in cleared][:negative]:
        weights[i] = -7 * _ONE
    return "dense_perceptron", _perceptron(record, weights), [x] * size


def _perceptron(record: Record, weights: list[int]) -> dict[str, Any]:
    intercept = (2**79 - 1) * (1 if record["prediction_before"] else -1)
    return {"weights": weights, "intercept": intercept, "learningRate": _ONE}


def _naive_bayes(record: Record) -> Situation:
    """With next to no smoothing counts equal to the total keep a score; one of zero ends it where the record says."""
    size, classes = record["n_data"], record["n_classes"]
    if _teaches(record):
        known_pairs = [(i, 3) for i in range(_slots(record)["set"], size)]
        parameters = {
            "classCounts": [3] * classes, "featureCounts": [[*known_pairs, (size, 4)]] * classes,
            "totalNumFeatures": size, "smoothingFactor": _ONE,
        }  # fmt: skip
        return "naive_bayes", parameters, list(range(size))
    samples, counts = [], []
    for label, work in enumerate(_work(record)["per_class"]):
        known, zero_steps = dict.fromkeys(range(size), _ALL), work["zero_probability_steps"]
        if not work["new_best"] and zero_steps < size:
            known[size - zero_steps - 1] = 0
        samples.append(0 if zero_steps == size else 10 + label)
        counts.append([*known.items()])
    parameters = {"classCounts": samples, "featureCounts": counts, "totalNumFeatures": 1, "smoothingFactor": 1}
    return "naive_bayes", parameters, list(range(size))


def _dense_nearest_centroid(record: Record) -> Situation:
    """Of a vector of zeros each class is nearer than the one before, or too far from the number the record says."""
    size, classes = record["n_data"], record["n_classes"]
    if _teaches(record):
        parameters = {"centroids": [[5] * size] * classes, "dataCounts": [3] * classes}
        return "dense_nearest_centroid", parameters, [isqrt(10**18 // size)] * size
    centroids = []
    for label, work in enumerate(_work(record)["per_class"]):
        centroid = [0] * size
        if work["new_best"]:
            centroid[-1] = (1_000 - label) * 10**6
        else:
            centroid[work["inner_iterations"] - 1] = _FAR
        centroids.append(centroid)
    return "dense_nearest_centroid", {"centroids": centroids, "dataCounts": [1] * classes}, [0] * size


def _sparse_nearest_centroid(record: Record) -> Situation:
    """Of values of zero as many are out of date (unknown) as the record says; squared lengths order the classes."""
    size, classes = record["n_data"], record["n_classes"]
    if _teaches(record):
        centroid = [*((i, _ONE) for i in range(_slots(record)["set"], size)), (size, _ONE)]
        parameters = {"centroids": [centroid] * classes, "dataCounts": [3] * classes}
        return "sparse_nearest_centroid", parameters, list(range(size))
    centroids = []
    for label, work in enumerate(_work(record)["per_class"]):
        length = (1_000 - label) * _ONE if work["new_best"] else _FAR
        centroids.append([*((i, 0) for i in range(work["stale_values"], size)), (size, length)])
    return "sparse_nearest_centroid", {"centroids": centroids, "dataCounts": [3] * classes}, list(range(size))


_BUILD: dict[str, Callable[[Record], Situation]] = {
    "sparse_perceptron": _sparse_perceptron,
    "dense_perceptron": _dense_perceptron,
    "naive_bayes": _naive_bayes,
    "dense_ncc": _dense_nearest_centroid,
    "sparse_ncc": _sparse_nearest_centroid,
}

MODELS = frozenset(_BUILD)
"""Names of models in records."""


def situated(record: Record, journal: Journal, meter: Meter) -> tuple[OnChainClassifier, list[int]]:
    """A model in the situation of a record, and the numbers of the record's sample. Raises `KeyError` if one lacks."""
    kind, parameters, numbers = _BUILD[record["model"]](record)
    parameters["classifications"] = [str(label) for label in range(record["n_classes"])]
    model = onchain_classifier(kind, parameters, journal, meter)
    if kind == "naive_bayes" and not _teaches(record):
        for total in model.totals:  # type: ignore[attr-defined]
            total.value = _ALL
    return model, numbers
