"""Gas of the simulated contracts against gas measured on the real ones in an EVM.

`gas.json.gz` holds records of the Solidity contracts 0xDeCA10B deployed (Stakeable64, SparsePerceptron and
NaiveBayesClassifier; istanbul, berlin, london, prague): the situation of one transaction and what it cost. Each
situation is built anew (the same storage, ages, counters, number of features, writes of each kind) and the transaction
is executed under the profile ``solidity``. Only the bytes of the call are taken from the record, because the features'
own numbers are not in it; the trainer's count of bytes has a test of its own. The contract's naive Bayes multiplies
probabilities, and a product that has underflowed to zero saves it 59 gas a step: these are added to what was measured,
since the simulated one adds logarithms and never underflows.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mechanisms.deposit_refund_take import DepositRefundTake, Parameters
from sim.chain import HARDFORKS, Chain, Clock, Transaction
from sim.contracts import CollaborativeTrainer, DataHandler
from sim.features import Data
from sim.models import Classifier, NaiveBayes, SparsePerceptron

Record = dict[str, Any]
RECORDS: list[Record] = json.loads(gzip.decompress((Path(__file__).parent / "gas.json.gz").read_bytes()))
NOW = 100_000_000
ONE = 10**9


def perceptron(record: Record, chain: Chain, features: np.ndarray) -> Classifier:
    """Weights that are zero, negative and cleared where the record says, and the prediction it says."""
    intercept = 10**6 * ONE * (1 if record["prediction_before"] else -1)
    model = SparsePerceptron(_width(record), 2, chain.journal, chain.meter, intercept=intercept)
    slots, step = record.get("model_slots") or {}, ONE if record["label"] else -ONE
    weights = np.full(len(features), 7 * ONE)
    weights[: record.get("negative_terms", 0)] = -7 * ONE
    weights[len(features) - slots.get("set", 0) :] = 0
    weights[: slots.get("clear", 0)] = -step
    model.weights.array[features] = weights
    return model


def naive_bayes(record: Record, chain: Chain, features: np.ndarray) -> Classifier:
    """Counts that are zero where the record says, and many more samples of the class that is predicted."""
    chain.meter.start(2**63)
    model = NaiveBayes(_width(record), record["n_classes"], chain.journal, chain.meter)
    new = features[: record.get("model_slots", {}).get("set", 0)]
    for label in range(record["n_classes"]):
        known = features if label != record["label"] else features[len(new) :]
        model.learn_one(known, label)
        if label == record["prediction_before"]:
            model.samples[label].value = 10**300
            model.offsets[label].value = (10**15, model.offsets[label].value[1])
    return model


BUILD: dict[str, Callable[..., Classifier]] = {"sparse_perceptron": perceptron, "naive_bayes": naive_bayes}


def _width(record: Record) -> int:
    return max(record["n_features_model"], record["n_data"])


def gas_here(record: Record) -> int:
    """Build the situation and send the transaction; the gas it used."""
    chain = Chain(HARDFORKS[record["hardfork"]], clock=Clock(now=NOW))
    features = np.arange(record["n_data"])
    data, label, action = Data(features), record["label"], record["action"]
    records = DataHandler(chain, "records")
    mechanism = DepositRefundTake(
        chain, "incentive", records,
        Parameters(
            profile="solidity", cost_weight=Fraction(record["cost_weight"], 10**15),
            refund_window=record["refund_wait"], owner_claim_after=record["owner_claim_wait"],
            any_claim_after=record["any_address_claim_wait"],
        ),
    )  # fmt: skip
    model = BUILD[record["model"]](record, chain, features)
    trainer = CollaborativeTrainer(chain, "trainer", records, mechanism, model)
    trainer.calldata = lambda *_: (record["data_bytes"]["zero"], record["data_bytes"]["nonzero"])  # type: ignore[method-assign]
    chain.deploy(trainer)
    chain.mint("ann", 10**40)
    mechanism.total_submitted.set(record["total_submitted_before"])
    mechanism.total_verified.set(record["total_good_before"])
    if record["num_valid_before"]:
        mechanism.verified["ann"] = record["num_valid_before"]
    value, arguments = 0, [data, label]
    if action == "add_data":
        mechanism.last_update.set(NOW - record["dt_since_last_update"])
        value = record["cost"] + record["surplus"]
    else:
        author = "ann" if action == "refund" or record["actor_is_author"] else "bob"
        added = NOW - record["age"]
        left = record["claimable_before"]
        number = records._table.append(data, label, added, author, record["initial_deposit"], left, 0)
        records.by_key[data.key, label, added, author] = number
        records.claims[number] = record["num_claims_before"]
        if record["claimed_before"]:
            records.claimed[number, "ann"] = True
        chain.ledger.mint("trainer", left)
        arguments += [added, author] if action == "report" else [added]
    chain.journal.commit()
    receipt = chain.execute(Transaction("ann", "trainer", action, tuple(arguments), value))
    assert receipt.ok, receipt.reason
    if action == "add_data":
        assert receipt.logs[-1].data[1] == record["cost"]
    else:
        assert records.claimable[0] == record["claimable_after"]
    return receipt.gas_used


def kind(record: Record) -> str:
    """The branch of the contract that a record goes through."""
    if record["action"] == "add_data":
        return "add_data" if record["cost"] else "free add_data"
    expired = record["age"] >= record["any_address_claim_wait"]
    return "expired report" if record["action"] == "report" and expired else record["action"]


def residuals(fork: str, model: str, branch: str) -> list[float]:
    """How far each record of a group is off, relative to the measured gas."""
    group = [r for r in RECORDS if (r["hardfork"], r["model"], kind(r)) == (fork, model, branch)]
    return [gas_here(r) / (r["gas_used"] + 59 * r.get("zero_probability_steps", 0)) - 1 for r in group]


def groups() -> list[Any]:
    """Every fork, model and branch there are records of."""
    found = sorted({(r["hardfork"], r["model"], kind(r)) for r in RECORDS})
    return [pytest.param(*group, id="-".join(group)) for group in found]


@pytest.mark.parametrize(("fork", "model", "branch"), groups())
def test_gas_is_within_one_percent_of_the_measured(fork: str, model: str, branch: str) -> None:
    off = residuals(fork, model, branch)
    assert max(map(abs, off)) < 0.01


def test_records_cover_what_gas_depends_on() -> None:
    """Otherwise the comparison above would be easy to pass."""
    adds = [record for record in RECORDS if record["action"] == "add_data"]
    reports = [record for record in RECORDS if record["action"] == "report"]
    assert {(r["hardfork"], r["model"], r["action"]) for r in RECORDS} == {
        (fork, model, action)
        for fork in ("istanbul", "berlin", "london", "prague")
        for model in BUILD
        for action in ("add_data", "refund", "report")
    }
    assert {record["model_updated"] for record in adds if record["model"] == "sparse_perceptron"} == {True, False}
    assert {record["surplus"] for record in adds} == {True, False}
    assert {record["label"] > 0 for record in adds} == {True, False}
    assert any(record["cost"] == 0 for record in adds)
    assert any(record["model_slots"]["set"] for record in adds)
    assert any(record["model_slots"]["clear"] for record in adds)
    assert {record["claimable_after"] > 0 for record in reports} == {True, False}
    assert any(record["age"] >= record["any_address_claim_wait"] for record in reports)
    assert max(record["n_data"] for record in RECORDS) >= 200


def test_calldata_is_counted_as_the_abi_encodes_it() -> None:
    """Selector, offset of the array, words for label, time and author, the length, one word an index.

    By hand: 32-byte words, big-endian; the array's offset is 32 times the number of fixed words.
    """
    chain = Chain()
    records = DataHandler(chain, "records")
    trainer = CollaborativeTrainer(
        chain, "trainer", records, DepositRefundTake(chain, "incentive", records), SparsePerceptron(2)
    )
    for features in ([], [0], [1, 255, 256, 70_000], list(range(256)), list(range(300))):
        for method, fixed in (("predict", []), ("add_data", [1]), ("refund", [1, 0x0102_0003]), ("add_data", [0])):
            numbers = [32 * (1 + len(fixed)), *fixed, len(features), *features]
            body = b"".join(number.to_bytes(32, "big") for number in numbers)
            zero, nonzero = trainer.calldata(method, (Data(features), *fixed))
            assert zero + nonzero == 4 + len(body)
            assert nonzero == 4 + len(body) - body.count(0)
