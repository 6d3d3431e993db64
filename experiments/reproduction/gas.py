"""Gas of the contracts in the situations of their own tests, and by the rows of the papers' table."""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np

from experiments.gas.costs import Cost, costs
from experiments.reproduction.verdicts import Measured
from sim.chain import HARDFORKS, Journal, Meter
from sim.models.onchain import onchain_classifier
from sim.units import ETHER, GWEI, Gas

HARDFORK = "istanbul"
GWEI_PER_GAS, USD_PER_ETHER = 4, 373
"""Of September 2020."""

_ONE = 10**9
_SELECTOR = 4  # bytes, none of them zero
_CLASSES = ["0", "1"]
_LENGTH, _FEATURES = 15, 1_000
_VECTOR, _SHORT_VECTOR = 400, 8
_TABLE = ("naive_bayes", "sparse_ncc", "sparse_perceptron")


def measure(seeds: range, dataset: str) -> Measured:
    """One value of each: there is no chance in gas, and no data set."""
    bayes = update("naive_bayes", _TEST_BAYES, _TEST_SAMPLE, 1)
    wrong = {cost.action: cost for cost in costs("dense_perceptron", HARDFORK, _VECTOR)}
    centroid = {cost.action: cost for cost in costs("dense_ncc", HARDFORK, _VECTOR)}
    table = [cost for model in _TABLE for cost in costs(model, HARDFORK, _LENGTH, _FEATURES)]
    values = {
        "bayes_update": bayes,
        "bayes_price": bayes * GWEI_PER_GAS * GWEI * USD_PER_ETHER / ETHER,
        "dense_right": update("dense_perceptron", _TEST_PERCEPTRON, _vector(_SHORT_VECTOR), 1),
        "dense_wrong": wrong["update"].gas,
        "add_class": centroid["init"].gas,
        "largest_deployment": max(cost.largest for cost in [*wrong.values(), *centroid.values(), *table]),
        **{f"{cost.action}_{cost.model}": _with_rest(cost, table) for cost in table},
    }
    return Measured({name: [float(value)] for name, value in values.items()}, notes=_NOTES)


_NOTES = (
    "An update by itself is sent to the model's contract by its owner, in the situation of the contract's own test; "
    "what the contract takes to find the method, some hundred gas, is not in ours.",
    f"A mistake of the dense perceptron is a whole contribution. Classes have {_VECTOR} numbers; the rows that were "
    f"not printed are for samples of {_LENGTH} numbers and models of {_FEATURES:,}, deployments with all transactions.",
)

_WORDS = (range(5), (5, 6, 7, 8, 9, 1, 4))  # "alarm for 11 am tomorrow", "will i need a jacket for tomorrow"
_TEST_BAYES: dict[str, Any] = {
    "classCounts": [1, 1], "featureCounts": [[[word, 1] for word in words] for words in _WORDS],
    "totalNumFeatures": 10, "smoothingFactor": _ONE,
}  # fmt: skip
_TEST_SAMPLE = [0, 1, 2, 22]
_TEST_PERCEPTRON: dict[str, Any] = {
    "weights": [0, _ONE, -_ONE, 0, 0, 0, 0, _ONE], "intercept": 0, "learningRate": _ONE,
}  # fmt: skip


def _vector(size: int) -> list[int]:
    """Of length one, all numbers equal."""
    return [isqrt(10**18 // size)] * size


def update(kind: str, parameters: dict[str, Any], numbers: list[int], label: int) -> Gas:
    """Gas of a transaction that calls a classifier's ``update`` and nothing else."""
    meter = Meter(HARDFORKS[HARDFORK])
    model = onchain_classifier(kind, parameters | {"classifications": _CLASSES}, Journal(), meter)
    words = [64, label, len(numbers), *numbers]  # where the list begins, the label, the list
    sent = b"".join(word.to_bytes(32, "big") for word in words)
    meter.begin(2**63, sent.count(0), len(sent) - sent.count(0) + _SELECTOR)
    model.learn_one(np.array(numbers), label)
    return meter.finish()


def _with_rest(cost: Cost, table: list[Cost]) -> Gas:
    """Of a deployment with the weights that do not fit its first transaction."""
    if cost.action != "deploy":
        return cost.gas
    return cost.gas + next(rest.gas for rest in table if (rest.model, rest.action) == (cost.model, "init"))
