"""Gas of the contracts' classifiers against gas measured on the real ones in an EVM, to a few units.

`model_gas.json.gz` holds records of predictions sent straight to a classifier, and of lessons within an ``addData``.
Each record tells what its gas depends on (products below zero, classes found too far and where, values out of date,
slots set and cleared, …); a model in just such a situation is built, asked or taught, and its meter read. What a lesson
costs outside the model (`elsewhere`) is the same for all five, so that a wrong charge in one of them shows.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from math import isqrt
from pathlib import Path
from typing import Any

import pytest

from sim.chain import HARDFORKS, Meter
from sim.features import Data
from sim.models.onchain import OnChainClassifier, onchain_classifier

Record = dict[str, Any]
Situation = tuple[str, dict[str, Any], list[int]]
RECORDS: list[Record] = json.loads(gzip.decompress((Path(__file__).parent / "model_gas.json.gz").read_bytes()))
ONE = 10**9
FAR = 2**62
ALL = 10**6


def sparse_perceptron(record: Record) -> Situation:
    """Weights that are cleared, below zero and zero where the record says, and the prediction it says."""
    size, slots, negative = record["n_data"], record.get("model_slots", {}), record["work"]["negative_terms"]
    step = ONE if record.get("label") else -ONE
    weights = [-step] * slots.get("clear", 0)
    negative -= sum(weight < 0 for weight in weights)
    new = slots.get("set", 0)
    weights += [-7 * ONE] * negative + [7 * ONE] * (size - len(weights) - negative - new) + [0] * new
    return "sparse_perceptron", _perceptron(record, weights), list(range(size))


def dense_perceptron(record: Record) -> Situation:
    """The same with three weights a slot; a slot is set only where all of them are zero."""
    size, slots, work = record["n_data"], record.get("model_slots", {}), record["work"]
    x = isqrt(10**18 // size)  # every number of the vector, and what each weight moves by
    weights = [7 * ONE] * size
    cleared = range(3 * slots.get("clear", 0))
    for i in cleared:
        weights[i] = -x if record["label"] else x
    full = size - size % 3
    new = range(full - 3 * slots.get("set", 0), full)
    spare = [i for i in [*range(2, full, 3), *range(1, full, 3), *range(full)] if i not in new and i not in cleared]
    for i in [*new, *spare[: work["zero_weights"] - len(new)]]:
        weights[i] = 0
    negative = work["negative_terms"] - sum(weight < 0 for weight in weights)
    for i in [i for i in range(size) if weights[i] > 0 and i not in cleared][:negative]:
        weights[i] = -7 * ONE
    return "dense_perceptron", _perceptron(record, weights), [x] * size


def _perceptron(record: Record, weights: list[int]) -> dict[str, Any]:
    intercept = (2**79 - 1) * (1 if record["prediction_before"] else -1)
    return {"weights": weights, "intercept": intercept, "learningRate": ONE}


def naive_bayes(record: Record) -> Situation:
    """Without smoothing, counts equal to the total keep a score; a count of zero ends it where the record says."""
    size, classes = record["n_data"], record["n_classes"]
    samples, counts = [], []
    for label, work in enumerate(record["work"].get("per_class", [])):
        known, zero_steps = dict.fromkeys(range(size), ALL), work["zero_probability_steps"]
        if not work["new_best"] and zero_steps < size:
            known[size - zero_steps - 1] = 0
        samples.append(0 if zero_steps == size else 10 + label)
        counts.append([*known.items()])
    if counts:  # `built` makes the totals equal to the counts
        parameters = {"classCounts": samples, "featureCounts": counts, "totalNumFeatures": 0, "smoothingFactor": 0}
        return "naive_bayes", parameters, list(range(size))
    known_pairs = [(i, 3) for i in range(record["model_slots"]["set"], size)]
    parameters = {
        "classCounts": [3] * classes, "featureCounts": [[*known_pairs, (size, 4)]] * classes,
        "totalNumFeatures": size, "smoothingFactor": ONE,
    }  # fmt: skip
    return "naive_bayes", parameters, list(range(size))


def dense_ncc(record: Record) -> Situation:
    """Of a vector of zeros each class is nearer than the one before, or too far from the number the record says."""
    size, classes = record["n_data"], record["n_classes"]
    if record["action"] == "add_data":
        parameters = {"centroids": [[5] * size] * classes, "dataCounts": [3] * classes}
        return "dense_nearest_centroid", parameters, [isqrt(10**18 // size)] * size
    centroids = []
    for label, work in enumerate(record["work"]["per_class"]):
        centroid = [0] * size
        if work["new_best"]:
            centroid[-1] = (1_000 - label) * 10**6
        else:
            centroid[work["inner_iterations"] - 1] = FAR
        centroids.append(centroid)
    return "dense_nearest_centroid", {"centroids": centroids, "dataCounts": [1] * classes}, [0] * size


def sparse_ncc(record: Record) -> Situation:
    """Of values of zero as many are out of date (unknown) as the record says; squared lengths order the classes."""
    size, classes = record["n_data"], record["n_classes"]
    if record["action"] == "add_data":
        centroid = [*((i, ONE) for i in range(record["model_slots"]["set"], size)), (size, ONE)]
        return (
            "sparse_nearest_centroid",
            {"centroids": [centroid] * classes, "dataCounts": [3] * classes},
            list(range(size)),
        )
    centroids = []
    for label, work in enumerate(record["work"]["per_class"]):
        length = (1_000 - label) * ONE if work["new_best"] else FAR
        centroids.append([*((i, 0) for i in range(work["stale_values"], size)), (size, length)])
    return "sparse_nearest_centroid", {"centroids": centroids, "dataCounts": [3] * classes}, list(range(size))


BUILD: dict[str, Callable[[Record], Situation]] = {
    "sparse_perceptron": sparse_perceptron,
    "dense_perceptron": dense_perceptron,
    "naive_bayes": naive_bayes,
    "dense_ncc": dense_ncc,
    "sparse_ncc": sparse_ncc,
}


def built(record: Record) -> tuple[OnChainClassifier, Data]:
    kind, parameters, values = BUILD[record["model"]](record)
    meter = Meter(HARDFORKS[record["hardfork"]])
    meter.start(limit=10**9)
    parameters["classifications"] = ["a", "b", "c", "d", "e"][: record["n_classes"]]
    model = onchain_classifier(kind, parameters, meter=meter)
    if record["model"] == "naive_bayes" and record["action"] == "predict":
        for total in model.totals:
            total.value = ALL
    return model, Data.numbers(values)


def execution(record: Record) -> int:
    """The gas of a record without that of the transaction and its bytes."""
    data = record["data_bytes"]
    return record["gas_before_refund"] - 21_000 - 4 * data["zero"] - 16 * data["nonzero"]


def elsewhere(record: Record) -> int:
    """What an accepted contribution costs outside the model, in trainer, mechanism and records."""
    schedule, size = HARDFORKS[record["hardfork"]], record["n_data"]
    first, labelled = record["total_submitted_before"] == 0, record["label"] > 0
    storage = schedule.loads(10, 3) + schedule.stores(
        set_=4 + first + labelled, reset=2 - first, noop=2 - labelled, cold=4
    )
    calls = schedule.accounts(3, 3) + schedule.logged(2, 160 + 32 * size)
    surplus = record["surplus"] * (schedule.send_value() + 103)
    memory = sum((slope * size + start) ** 2 // 512 for slope, start in ((2, 10), (1, 15), (2, 12)))
    return storage + calls + surplus + memory + 5_988 + 405 * size + 109 * record["isqrt_iterations"]


@pytest.mark.parametrize("model", BUILD)
def test_gas_of_a_prediction_is_the_measured_gas(model: str) -> None:
    records = [record for record in RECORDS if record["model"] == model and record["action"] == "predict"]
    assert {record["hardfork"] for record in records} == set(HARDFORKS)
    for record in records:
        classifier, data = built(record)
        assert classifier.predict_on_chain(data.features) == record["prediction_before"]
        assert classifier.meter.used == execution(record)


@pytest.mark.parametrize("model", BUILD)
def test_gas_of_a_lesson_is_the_measured_gas(model: str) -> None:
    """Up to four units of gas, where memory costs of several contracts are rounded one by one."""
    records = [record for record in RECORDS if record["model"] == model and record["action"] == "add_data"]
    assert len(records) > 80
    for record in records:
        classifier, data = built(record)
        if "perceptron" in model:
            assert classifier.predict_one(data.features) == record["prediction_before"]
        version = classifier.version.value
        classifier.learn_one(data.features, record["label"])
        assert (classifier.version.value > version) == record["model_updated"]
        assert abs(classifier.meter.used + elsewhere(record) - execution(record)) <= 4
        assert classifier.meter.refunded == record["slots_cleared"] * classifier.meter.schedule.clear_refund


def test_records_cover_what_gas_depends_on() -> None:
    """Otherwise the comparisons above would be easy to pass."""
    lessons = [record for record in RECORDS if record["action"] == "add_data"]
    asked = [record for record in RECORDS if record["action"] == "predict"]
    for model in ("sparse_perceptron", "dense_perceptron"):
        mine = [record for record in lessons if record["model"] == model]
        assert {record["model_updated"] for record in mine} == {True, False}
        assert all(any(record["model_slots"][kind] for record in mine) for kind in ("set", "reset", "clear"))
    assert max(record["n_data"] for record in lessons) == 1_000
    assert any(record["work"].get("zero_weights") for record in asked)
    per_class = [work for record in asked for work in record["work"].get("per_class", [])]
    assert any(work.get("zero_probability_steps") for work in per_class)
    assert any(work.get("stale_values") for work in per_class)
    assert {work.get("break") for work in per_class} >= {True, False}
    assert {work["new_best"] for work in per_class} == {True, False}
