"""Our contracts against recorded transactions of the real ones in an EVM.

`solidity_traces.jsonl.gz` holds 25 scenarios with 1,745 transactions of 0xDeCA10B (f97e40d, solc 0.6.2): Stakeable64
and Points64 with five classifiers, on the hard forks istanbul and prague. Gas is compared apart, see `test_gas.py`.
``DECA10B_CONFORMANCE`` may name a folder with a whole corpus.
"""

from __future__ import annotations

import copy
import gzip
import json
import os
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from experiments.replay import ADAPTERS, replay, report_of, solidity
from experiments.replay.comparison import KINDS, Comparison
from experiments.replay.reading import first_line, lines_of
from experiments.replay.solidity import GasTolerance
from sim.errors import ConfigError

Scenario = dict[str, Any]
TRACES = Path(__file__).parent / "solidity_traces.jsonl.gz"
CORPUS = os.environ.get("DECA10B_CONFORMANCE", "")
SCENARIOS: list[Scenario] = [json.loads(line) for line in gzip.decompress(TRACES.read_bytes()).splitlines()]
ANY_GAS = GasTolerance(Fraction(10**6), Fraction(10**6))


def replayed(scenario: Scenario, tolerance: GasTolerance = ANY_GAS) -> Comparison:
    comparison = Comparison("a scenario")
    solidity.replay_scenario(scenario, comparison, tolerance)
    return comparison


# -- all that was recorded ---------------------------------------------------------------------------------------------


def test_recorded_transactions_replay_without_a_mismatch() -> None:
    comparison = Comparison(str(TRACES))
    solidity.replay(lines_of(TRACES), TRACES, comparison, ANY_GAS)
    assert (comparison.mismatches, [str(mismatch) for mismatch in comparison.first]) == (0, [])
    assert (comparison.runs, comparison.calls, comparison.not_compared) == (25, 1_745, [])
    twice = 2 * 1_745  # on two forks
    assert comparison.checked["outcomes"] == 3 * twice  # success, reason, and what ended the call
    assert comparison.checked["balances"] == 3 * twice  # the sender's, the contract's change, the contract's
    assert comparison.checked["predictions"] == comparison.checked["gas"] == 2 * twice
    assert comparison.checked["amounts"] > twice
    assert comparison.checked["model_digests"] > 2 * twice
    assert comparison.checked["records"] > 4 * twice


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS, reason="DECA10B_CONFORMANCE names no folder")
def test_whole_corpus_replays_without_a_mismatch() -> None:
    path = Path(CORPUS) / "solidity_traces.jsonl.gz"
    comparison = Comparison(str(path))
    solidity.replay(lines_of(path), path, comparison, ANY_GAS)
    assert [str(mismatch) for mismatch in comparison.first] == []


def test_all_that_can_happen_is_among_what_was_recorded() -> None:
    """So that the comparison above is known to compare something."""
    seen: Counter[Any] = Counter()
    for scenario in SCENARIOS:
        for transaction in scenario["transactions"]:
            result = transaction["result"]
            seen[scenario["incentive"], transaction["method"], result["ok"]] += 1
            seen[scenario["incentive"], result["revert_reason"]] += 1
            seen[result["error_kind"]] += 1
    for incentive in ("stakeable", "points"):
        for method in ("addData", "refund", "report"):
            assert min(seen[incentive, method, True], seen[incentive, method, False]) > 0
        for method in ("plain_transfer", "refund_with_value", "incentive.transferOwnership"):
            assert seen[incentive, method, False] > seen[incentive, method, True] == 0
    assert seen["invalid_opcode"] == 12
    assert seen["stakeable", "Conflicting data key. The data may have already been added."] == 19
    assert seen["points", "Cannot report yourself."] == 5


def test_format_is_told_by_the_first_line() -> None:
    first = first_line(TRACES)
    assert [adapter for adapter in ADAPTERS if adapter.recognises(first)] == [solidity.ADAPTER]


def test_report_of_a_file(tmp_path: Path) -> None:
    """As the command line has it, one scenario in a file of its own, with gas compared."""
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(next(scenario for scenario in SCENARIOS if scenario["scenario"] == 12)))
    report = report_of(replay([path]))
    (file,) = report["files"]
    assert (file["file"], file["runs"], file["calls"]) == (str(path), 1, 25)
    assert set(file["checked"]) == set(KINDS)
    assert min(file["checked"].values()) > 0
    assert {mismatch["kind"] for mismatch in file["first_mismatches"]} <= {"gas"}


# -- gas ---------------------------------------------------------------------------------------------------------------


def test_gas_may_be_off_by_a_thousandth_where_it_succeeded_and_by_a_hundredth_where_it_failed() -> None:
    tolerance = GasTolerance()
    for ok, off in ((True, 100), (False, 1_000)):
        assert tolerance.allows(100_000, 100_000 + off, ok)
        assert tolerance.allows(100_000, 100_000 - off, ok)
        assert not tolerance.allows(100_000, 100_001 + off, ok)
        assert not tolerance.allows(100_000, 99_999 - off, ok)


@pytest.mark.parametrize("fork", ["istanbul", "prague"])
def test_altered_gas_is_found(fork: str) -> None:
    scenario = copy.deepcopy(SCENARIOS[0])
    gas = scenario["transactions"][9]["result"]["gas_used"]
    gas[fork] //= 10
    (mismatch,) = replayed(scenario, GasTolerance(Fraction(3), Fraction(3))).first
    assert (mismatch.kind, mismatch.call, mismatch.recorded) == ("gas", 9, gas[fork])


# -- alterations -------------------------------------------------------------------------------------------------------


def altered(kind: str, rng: random.Random) -> Scenario:
    """A recorded scenario in which one value of a kind is another."""
    alter = {
        "amount": alter_amount, "reason": alter_reason, "prediction": alter_prediction, "balance": alter_balance,
        "order": alter_order, "model": alter_model, "record": alter_record, "start": alter_start,
    }[kind]  # fmt: skip
    while True:
        scenario: Scenario = copy.deepcopy(rng.choice(SCENARIOS))
        if alter(scenario, rng):
            return scenario


def some_result(scenario: Scenario, rng: random.Random, *fields: str) -> tuple[dict[str, Any], str]:
    """A transaction's result that has one of these fields, and the field."""
    choices = [
        (transaction["result"], field)
        for transaction in scenario["transactions"]
        for field in fields
        if transaction["result"].get(field) is not None
    ]
    return rng.choice(choices) if choices else ({}, "")


def by_one(where: dict[str, Any], field: str, rng: random.Random) -> bool:
    if field:
        where[field] += rng.choice((-1, 1))
    return bool(field)


def alter_amount(scenario: Scenario, rng: random.Random) -> bool:
    if rng.random() < 0.3:
        result, field = some_result(scenario, rng, "record")
        return bool(field) and by_one(result["record"], rng.choice(("initialDeposit", "claimableAmount")), rng)
    return by_one(*some_result(scenario, rng, "cost", "refund", "reward", "next_cost_before"), rng)


def alter_balance(scenario: Scenario, rng: random.Random) -> bool:
    return by_one(*some_result(scenario, rng, "sender_net_wei", "contract_net_wei", "trainer_balance"), rng)


def alter_prediction(scenario: Scenario, rng: random.Random) -> bool:
    return by_one(*some_result(scenario, rng, "prediction_before"), rng)


def alter_reason(scenario: Scenario, rng: random.Random) -> bool:
    if rng.random() < 0.3:
        result, field = some_result(scenario, rng, "ok")
        result[field] = not result[field]
        return True
    result, field = some_result(scenario, rng, "revert_reason", "error_kind")
    if field:
        result[field] = None if field == "revert_reason" else "out_of_gas"
    return bool(field)


def alter_model(scenario: Scenario, rng: random.Random) -> bool:
    result, _ = some_result(scenario, rng, "model_digest")
    result["model_digest"] = result["model_digest"][::-1]
    return True


def alter_record(scenario: Scenario, rng: random.Random) -> bool:
    return by_one(*some_result(scenario, rng, "totalSubmitted", "totalGoodDataCount", "lastUpdateTimeS"), rng)


def alter_start(scenario: Scenario, rng: random.Random) -> bool:
    """What the mechanism was deployed with."""
    if not scenario["constructor"]["costWeight"]:
        return False
    scenario["constructor"]["costWeight"] -= 1
    return True


def alter_order(scenario: Scenario, rng: random.Random) -> bool:
    """Two neighbours change places, and so do their numbers."""
    transactions = scenario["transactions"]
    later = rng.randrange(1, len(transactions))
    one, other = transactions[later - 1], transactions[later]
    if one["timestamp"] == other["timestamp"]:
        return False
    one["i"], other["i"] = other["i"], one["i"]
    transactions[later - 1 : later + 1] = other, one
    return True


ALTERATIONS = ("amount", "reason", "prediction", "balance", "order", "model", "record", "start")


def alterations_missed(count: int) -> list[tuple[int, str]]:
    """Of so many random single alterations those that replaying does not find."""
    rng, missed = random.Random(20), []
    for number in range(count):
        kind = ALTERATIONS[number % len(ALTERATIONS)]
        if not replayed(altered(kind, rng)).mismatches:
            missed.append((number, kind))
    return missed


def test_every_one_of_sixty_alterations_is_found() -> None:
    assert alterations_missed(60) == []


@pytest.mark.slow
def test_every_one_of_two_hundred_alterations_is_found() -> None:
    assert alterations_missed(200) == []


def test_what_is_altered_is_named() -> None:
    scenario = copy.deepcopy(SCENARIOS[0])
    scenario["transactions"][0]["result"]["cost"] += 1
    comparison = replayed(scenario)
    found = [(mismatch.call, mismatch.kind, mismatch.field) for mismatch in comparison.first]
    assert found == [(0, "amounts", "cost (istanbul)"), (0, "amounts", "cost (prague)")]
    assert comparison.first[0].recorded == comparison.first[0].replayed + 1


def test_transactions_that_change_places_are_found_by_their_numbers() -> None:
    """Two of strangers, in one second, which otherwise leave the same traces."""
    scenario = copy.deepcopy(SCENARIOS[0])
    transactions = scenario["transactions"]
    transactions[2:2] = [copy.deepcopy(transactions[1]) | {"i": 2}]
    for number, transaction in enumerate(transactions[3:], 3):
        transaction["i"] = number
    assert replayed(scenario).mismatches == 0
    transactions[1], transactions[2] = transactions[2], transactions[1]
    found = [(mismatch.call, mismatch.field) for mismatch in replayed(scenario).first]
    assert found == [(1, "i"), (2, "i")] * 2


@pytest.mark.parametrize("field", ["cost", "record", "model_state", "numValid", "error_kind"])
def test_missing_value_is_found(field: str) -> None:
    scenario = copy.deepcopy(SCENARIOS[0])
    assert scenario["transactions"][0]["result"].pop(field, "absent") != "absent"
    if field == "error_kind":  # of a success, which has none: whether it is written or not is one and the same
        assert replayed(scenario).mismatches == 0
    else:
        assert replayed(scenario).mismatches == 2


# -- what cannot be replayed -------------------------------------------------------------------------------------------


def test_transaction_that_no_block_would_include_is_a_mismatch() -> None:
    scenario = copy.deepcopy(SCENARIOS[0])
    scenario["transactions"][-1]["value"] = 10**60
    comparison = replayed(scenario)
    assert comparison.mismatches == 2
    assert "cannot be executed" in str(comparison.first[0])


def test_unknown_methods_of_inner_contracts_and_unknown_forks_are_counted_and_not_compared() -> None:
    scenario = copy.deepcopy(SCENARIOS[0])
    assert scenario["transactions"][1]["method"] == "incentive.handleAddData"
    scenario["transactions"][1]["method"] = "classifier.addClass"
    scenario["forks"].append("frontier")
    comparison = replayed(scenario)
    assert comparison.mismatches == 0
    skipped = {(entry["reason"], entry["count"]) for entry in comparison.not_compared}
    assert skipped == {("method classifier.addClass", 2), ("hard fork 'frontier'", 50)}


def test_contracts_with_another_owner_are_counted_and_not_compared() -> None:
    scenario = SCENARIOS[0] | {"trainer_owns_everything": False}
    (entry,) = replayed(scenario).not_compared
    assert (entry["reason"], entry["count"]) == ("contracts with another owner than the trainer", 50)


@pytest.mark.parametrize("field", ["constructor", "incentive", "model", "transactions", "incentive_deploy_timestamp"])
def test_line_that_is_no_scenario_is_named(field: str, tmp_path: Path) -> None:
    path = tmp_path / "two.jsonl"
    broken = {name: value for name, value in SCENARIOS[0].items() if name != field}
    path.write_text(f"{json.dumps(SCENARIOS[7])}\n{json.dumps(broken)}")
    with pytest.raises(ConfigError, match=rf"line 2 is no scenario of the contracts: KeyError '{field}'"):
        replay([path])
