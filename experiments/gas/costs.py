"""What the contracts cost to deploy and to use: gas, ether and fiat by action, model, hard fork and length of a sample.

Each call is executed in an ordinary situation, on a chain of its hard fork, by the code that runs economies:

* *update*: the model is wrong and learns, an hour after the last contribution; label 1, no slot was or becomes empty;
* *refund*: by an author who was refunded before, of a contribution nobody claimed;
* *report*: the first one, by somebody with standing, who takes a share;
* *predict*: asked for by a transaction, which people would rather not send: a view is free.

Half of the weights of a perceptron are below zero; there are two classes; nearest centroids are looked at to the end.
*deploy* is everything before the first contribution but weights beyond the first chunk: the four contracts, and giving
three of them to the trainer. *init* is the rest of the weights. A dense model has as many numbers as its samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from experiments.gas.deployment import creation, filling, transfer_of_ownership
from experiments.gas.records import execute
from experiments.gas.situations import Record
from sim.chain import HARDFORKS, GasSchedule
from sim.units import DAY, DEFAULT_UNIT, ETHER, HOUR, Gas, Wei

ACTIONS = ("deploy", "init", "update", "refund", "report", "predict")
DEFAULT_LENGTHS = (20, 60, 100)
DEFAULT_FEATURES = 1_000
MOST_NUMBERS = 10_000
"""Numbers of a sample, or of a model, that are worked out at most."""


class Bytes(NamedTuple):
    """Bytes of a transaction, or of a part of it, by what they cost."""

    zero: int
    nonzero: int


class Code(NamedTuple):
    """A contract's code: bytes that stay, and bytes sent to create it, without the numbers of a model."""

    runtime: int
    sent: Bytes


@dataclass(frozen=True, slots=True)
class Model:
    """How a model is deployed: its contract and what is sent of it, in chunks, as the demo's deployment script does it.

    ``first`` and ``later`` are the most numbers of a chunk (0: no limit). ``number`` is what is sent for one: a weight
    of four bytes, or a pair of index and value. ``fill`` is the method for the rest of a class, ``add`` for another.
    """

    contract: str
    code: Code
    first: int
    later: int
    number: Bytes
    fill: str = ""
    add: str = ""
    dense: bool = False


_WEIGHT, _COUNT, _VALUE = Bytes(28, 4), Bytes(123, 5), Bytes(121, 7)
_FILL, _ADD = Bytes(62, 38), Bytes(160, 36)  # selector, offsets, lengths, a name

MODELS: dict[str, Model] = {
    "dense_perceptron": Model(
        "DensePerceptron", Code(7_189, Bytes(1_249, 8_336)), 450, 450, _WEIGHT, "initializeWeights", dense=True
    ),
    "sparse_perceptron": Model(
        "SparsePerceptron", Code(7_060, Bytes(987, 8_334)), 300, 300, _WEIGHT, "initializeWeights"
    ),
    "naive_bayes": Model(
        "NaiveBayesClassifier", Code(9_659, Bytes(2_069, 12_109)), 150, 350, _COUNT, "initializeCounts", "addClass"
    ),
    "dense_ncc": Model(
        "NearestCentroidClassifier", Code(8_904, Bytes(1_801, 10_738)), 0, 0, _WEIGHT, add="addClass", dense=True
    ),
    "sparse_ncc": Model(
        "SparseNearestCentroidClassifier", Code(9_907, Bytes(1_700, 11_813)), 200, 250, _VALUE, "extendCentroid",
        "addClass",
    ),
}  # fmt: skip
"""The contracts' classifiers, by the names measured tables have for them."""

_OTHERS = {
    "DataHandler64": Code(10_639, Bytes(1_276, 9_446)),
    "Stakeable64": Code(6_848, Bytes(959, 6_680)),
    "CollaborativeTrainer64": Code(5_730, Bytes(591, 6_661)),
}
_CLASSES = 2


@dataclass(frozen=True, slots=True)
class Cost:
    """What one action costs.

    Attributes
    ----------
    model, hardfork, length, action : of which this is the cost; ``length`` in numbers of the sample
    transactions : how many it takes
    gas : of all of them; ``largest`` is the gas of the dearest one
    """

    model: str
    hardfork: str
    length: int
    action: str
    transactions: int
    gas: Gas
    largest: Gas

    def to_dict(self, gas_price: Wei, ether_price: Fraction) -> dict[str, Any]:
        """With its price in wei, as text, and in the money of the ether price."""
        wei = self.gas * gas_price
        return {
            "action": self.action, "model": self.model, "hardfork": self.hardfork, "length": self.length,
            "transactions": self.transactions, "gas": self.gas, "largest_transaction": self.largest,
            "wei": str(wei), "fiat": float(wei * ether_price / ETHER),
        }  # fmt: skip


def costs(model: str, hardfork: str, length: int, features: int = DEFAULT_FEATURES) -> list[Cost]:
    """The cost of each of `ACTIONS` for samples of ``length`` numbers and sparse models of ``features`` features."""
    schedule, size = HARDFORKS[hardfork], length if MODELS[model].dense else features
    by_action = {
        "deploy": list(_deployment(MODELS[model], schedule, size)),
        "init": list(_rest(model, schedule, size)),
        **{action: [execute(_ordinary(action, model, hardfork, length)).gas_used] for action in ACTIONS[2:]},
    }
    return [
        Cost(model, hardfork, length, action, len(gas), sum(gas), max(gas, default=0))
        for action, gas in by_action.items()
    ]


def _chunks(size: int, first: int, later: int) -> list[int]:
    """How many numbers of a class each transaction carries."""
    if not first or size <= first:
        return [size]
    rest = size - first
    return [first, *[later] * (rest // later), *([rest % later] if rest % later else [])]


def _with(sent: Bytes, number: Bytes, count: int) -> Bytes:
    return Bytes(sent.zero + number.zero * count, sent.nonzero + number.nonzero * count)


def _deployment(model: Model, schedule: GasSchedule, size: int) -> Iterator[Gas]:
    for contract, code in _OTHERS.items():
        yield creation(contract, schedule, code.sent, sum(code.sent), code.runtime)
    first = _chunks(size, model.first, model.later)[0]
    sent = _with(model.code.sent, model.number, first)
    yield creation(model.contract, schedule, sent, sum(sent), model.code.runtime, first, _CLASSES)
    for contract in ("DataHandler64", "Stakeable64", model.contract):
        yield transfer_of_ownership(contract, schedule)


def _rest(name: str, schedule: GasSchedule, size: int) -> Iterator[Gas]:
    """Weights beyond the constructor's; of a model that has numbers for each class, also the other classes."""
    model = MODELS[name]
    first, *later = _chunks(size, model.first, model.later)
    classes = _CLASSES if model.add else 1
    for number in range(classes):
        if number:
            yield filling(name, model.add, schedule, _with(_ADD, model.number, first), first)
        for chunk in later:
            yield filling(name, model.fill, schedule, _with(_FILL, model.number, chunk), chunk)


def _ordinary(action: str, model: str, hardfork: str, length: int) -> Record:
    """The situation of a call, as a measured record would tell it."""
    weight, per_class = DEFAULT_UNIT, {"new_best": True, "zero_probability_steps": 0, "stale_values": 0}
    work = {
        "negative_terms": length // 2, "zero_weights": 0,
        "per_class": [per_class | {"inner_iterations": length}] * _CLASSES,
    }  # fmt: skip
    updates, reports = action == "update", action == "report"
    return {
        "hardfork": hardfork, "model": model, "incentive": "stakeable", "n_classes": _CLASSES, "n_data": length,
        "action": {"update": "add_data", "predict": "predict_call(estimate)"}.get(action, action),
        "cost_weight": weight, "refund_wait": DAY, "owner_claim_wait": 9 * DAY, "any_address_claim_wait": 9 * DAY,
        "label": int(not reports), "prediction_before": int(not updates), "model_slots": {"set": 0, "clear": 0},
        "model_work": work, "total_submitted_before": 9, "total_good_before": 4, "num_valid_before": 2,
        "dt_since_last_update": HOUR, "cost": 60 * weight, "surplus": False, "record_exists_before": False,
        "initial_deposit": 60 * weight, "claimable_before": 60 * weight, "age": 2 * DAY, "actor_is_author": not reports,
    }  # fmt: skip
