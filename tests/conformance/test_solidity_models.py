"""The contracts' classifiers against recorded transactions of the real ones in an EVM.

`solidity_traces.jsonl.gz` holds 25 scenarios with 1,745 transactions of 0xDeCA10B (f97e40d, solc 0.6.2). What concerns
the model is replayed here: each lesson that was taken, or that the model itself refused, is given to it, each sample a
transaction names is predicted before it, and the whole state is compared after it.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sim.errors import ExceptionalHalt, Revert
from sim.features import Data
from sim.models.onchain import OnChainClassifier, onchain_classifier

Scenario = dict[str, Any]
TRACES = Path(__file__).parent / "solidity_traces.jsonl.gz"
SCENARIOS: list[Scenario] = [json.loads(line) for line in gzip.decompress(TRACES.read_bytes()).splitlines()]
KINDS = {"dense_ncc": "dense_nearest_centroid", "sparse_ncc": "sparse_nearest_centroid"}
REFUSALS_OF_MODELS = {
    "Classification is out of bounds.",
    "Data doesn't have the correct number of dimensions.",
    "Not all indices are >= 0.",
    "The data must have the same dimension as the weights.",
    "The provided data does not have a norm of 1.",
}


def outcome(action: Any) -> tuple[Any, str | None, str | None]:
    """What an action returns, why it was refused, and how."""
    try:
        return action(), None, None
    except Revert as refusal:
        return None, refusal.reason or None, "revert"
    except ExceptionalHalt:
        return None, None, "invalid_opcode"


def deployed(scenario: Scenario) -> OnChainClassifier:
    kind = scenario["model_type"]
    return onchain_classifier(KINDS.get(kind, kind), scenario["model"])


def replay(scenario: Scenario) -> tuple[list[str], Counter[str]]:
    """Every mismatch of a scenario, and how much was compared."""
    model, universe = deployed(scenario), scenario["feature_universe"]
    mismatches, compared = [], Counter[str]()

    def compare(what: str, found: Any, recorded: Any) -> None:
        compared[what] += 1
        if found != recorded:
            mismatches.append(f"{where}: {what} is {found}, recorded was {recorded}")

    where = f"scenario {scenario['scenario']}"
    compare("initial state", model.to_state(universe), scenario["initial_model_state"])
    for transaction in scenario["transactions"]:
        where = f"scenario {scenario['scenario']}, transaction {transaction['i']}"
        result, arguments = transaction["result"], transaction["args"]
        if result.get("prediction_before") is not None or result.get("prediction_error") is not None:
            sample = Data.numbers(arguments["data"]).features
            found = outcome(lambda sample=sample: model.predict_one(sample))
            compare("prediction", found[:2], (result["prediction_before"], result["prediction_error"]))
        if transaction["method"] == "addData" and reached_the_model(result):
            sample = Data.numbers(arguments["data"]).features
            found = outcome(lambda sample=sample, label=arguments["classification"]: model.learn_one(sample, label))
            compare("lesson", found, (None, result["revert_reason"], result["error_kind"]))
            (model.journal.commit if result["ok"] else model.journal.rollback)()
        if "model_state" in result:
            compare("state", model.to_state(universe), result["model_state"])
        compare("digest", model.digest(universe), result["model_digest"])
    return mismatches, compared


def reached_the_model(result: dict[str, Any]) -> bool:
    """Whether the transaction succeeded, or failed because of the model and not before."""
    return result["ok"] or result["error_kind"] == "invalid_opcode" or result["revert_reason"] in REFUSALS_OF_MODELS


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario['scenario']}-{scenario['model_type']}")
def test_recorded_transactions_replay_without_a_mismatch(scenario: Scenario) -> None:
    mismatches, _ = replay(scenario)
    assert mismatches == []


def test_all_that_was_recorded_is_compared() -> None:
    compared = sum((replay(scenario)[1] for scenario in SCENARIOS), Counter())
    assert compared == {"initial state": 25, "digest": 1_745, "prediction": 1_643, "lesson": 724, "state": 455}
    assert {scenario["model_type"] for scenario in SCENARIOS} == {
        "dense_perceptron", "sparse_perceptron", "naive_bayes", "dense_ncc", "sparse_ncc",
    }  # fmt: skip


def test_altered_records_are_found() -> None:
    """One weight, one class, one reason: each by a unit."""
    for model_type, alter in {
        "dense_perceptron": lambda scenario: scenario["model"]["weights"].__setitem__(0, 5),
        "naive_bayes": lambda scenario: scenario["model"]["featureCounts"][0][0].__setitem__(1, 1_000),
        "sparse_ncc": lambda scenario: scenario["model"]["dataCounts"].__setitem__(0, 1),
    }.items():
        scenario = json.loads(json.dumps(next(s for s in SCENARIOS if s["model_type"] == model_type)))
        alter(scenario)
        assert replay(scenario)[0]
    scenario = json.loads(json.dumps(SCENARIOS[0]))
    result = next(t["result"] for t in scenario["transactions"] if t["result"].get("prediction_before") is not None)
    result["prediction_before"] = 1 - result["prediction_before"]
    assert len(replay(scenario)[0]) == 1
