"""Economies with a mempool, from the config to the results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments import load_scenario, run, scenario_hash, with_levers
from experiments.build import build
from experiments.replay import replay
from experiments.result import Result
from experiments.scenario import Scenario
from sim.blocks import BlockEconomy
from sim.units import GWEI

IN_BLOCKS = {
    "chain.block_time": "10min", "chain.ordering": "tip", "chain.latency": "2s", "chain.fees": "fixed",
    "chain.gas_price": "1 gwei", "chain.unit": "0.1 ether", "agents.flipper.tip": "3 gwei", "horizon": "6d",
}  # fmt: skip


@pytest.fixture(scope="module")
def tipping(small: Scenario) -> Scenario:
    return with_levers(small, IN_BLOCKS)


def test_config_becomes_a_mempool(tipping: Scenario, small: Scenario) -> None:
    economy = build(tipping)
    assert isinstance(economy, BlockEconomy)
    assert (economy.rules.ordering, economy.rules.latency, economy.chain.clock.slot) == ("tip", 2, 600)
    favoured = {actor.group for actor in economy.actors.values() if economy.rules.favours(actor)}
    assert favoured == {"flipper"}
    assert not isinstance(build(small), BlockEconomy)
    assert not isinstance(build(with_levers(small, {"chain.block_time": "12s"})), BlockEconomy)


def test_hash_sees_ordering_and_latency_and_not_their_defaults(small: Scenario) -> None:
    blocks = {"chain.block_time": "12s"}
    plain = with_levers(small, blocks)
    assert scenario_hash(with_levers(small, {**blocks, "chain.ordering": "immediate", "chain.latency": 0})) == (
        scenario_hash(plain)
    )
    others = [{"chain.ordering": "fifo"}, {"chain.ordering": "tip"}, {"chain.ordering": "fifo", "chain.latency": 1}]
    hashes = {scenario_hash(with_levers(small, {**blocks, **other})) for other in others}
    assert len(hashes | {scenario_hash(plain)}) == 4


def test_a_run_with_tips_replays_and_gives_the_same_again(tipping: Scenario, tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    result = run(tipping, trace=path)
    (comparison,) = replay([path])
    assert comparison.calls == result.transactions > 100
    assert [str(mismatch) for mismatch in comparison.first] == []
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    tips = {line["sender"].rpartition("-")[0]: int(line.get("tip", 0)) for line in lines if "sender" in line}
    assert tips == {"honest": 0, "flipper": 3 * GWEI}
    assert all(line["time"] % 600 == 0 for line in lines if "sender" in line)
    assert run(tipping).to_dict()["agents"] == result.to_dict()["agents"]
    assert result.supply.minted == sum(result.supply[1:])


def accepted(result: Result, group: str) -> int:
    return sum(row.statement.submitted for row in result.rows_of(group=group))


def test_who_comes_first_gets_the_cheap_price(small: Scenario) -> None:
    """Within a block the second contribution finds the price at its highest, so the builder decides who contributes."""
    shares = {}
    for ordering in ("fifo", "adversarial"):
        levers: dict[str, Any] = {"chain.block_time": "1h", "chain.ordering": ordering, "horizon": "20d"}
        result = run(with_levers(small, levers))
        shares[ordering] = accepted(result, "flipper") / (accepted(result, "flipper") + accepted(result, "honest"))
        assert sum(row.statement.refused for row in result.agents) > 0
    assert shares["adversarial"] > 1.5 * shares["fifo"]


def test_results_say_what_was_dropped() -> None:
    """Nobody promises more than it has, and where gas is free no price moves before the block: nothing is."""
    scenario = load_scenario("quickstart", {"data.size": 200, "horizon": "2d", "chain.block_time": "12s"})
    result = run(with_levers(scenario, {"chain.ordering": "fifo"}))
    assert [row["dropped"] for row in result.to_dict()["agents"]] == [0] * len(result.agents)
