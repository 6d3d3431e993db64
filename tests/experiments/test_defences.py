"""Defences as levers of a scenario: each can be set, changes what happens, and nonsense is refused in one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from experiments import load_scenario, run
from experiments.indices import mean_deposit
from experiments.result import Result
from experiments.scenario import scenario_hash, with_levers
from experiments.schema import Scenario
from mechanisms import DefendedDeposits
from sim.errors import ConfigError

SMALL = {"data.size": 400, "horizon": "20d"}

LEVERS: tuple[dict[str, Any], ...] = (
    {"deposit_policy": "inv_linear"},
    {"deposit_policy": "eip1559", "price_window": "2h", "price_target": 3, "lowest_deposit": 0.5},
    {"deposit_policy": "confidence", "confidence_weight": 0.75, "base_policy": "fixed", "deposit": 3},
    {"deposit_policy": "novelty", "novelty_weight": -0.5, "novelty_memory": 20},
    {"deposit_policy": "loyalty", "loyalty_discount": 0.9, "loyalty_floor": 0, "loyalty_scale": 2.5},
    {"reputation": "outcomes", "reputation_memory": 0.5, "reputation_low": 0.1},
    {"reputation": "values", "reputation_value": 3},
    {"refund_rule": "snapshot_at_t"},
    {"refund_rule": "majority", "checks": 5, "check_gap": "6h"},
    {"standing_half_life": "2d"},
    {"slashed_share": 0.25},
    {"reporter_share": 0.5},
    {"author_grace": "3h"},
)


@pytest.fixture(scope="module")
def small() -> Scenario:
    return load_scenario("quickstart", SMALL)


def set_to(scenario: Scenario, levers: dict[str, Any]) -> Scenario:
    return with_levers(scenario, {f"mechanism.{name}": value for name, value in levers.items()})


@pytest.mark.parametrize("levers", LEVERS, ids=str)
def test_lever_changes_a_run_and_money_is_conserved(small: Scenario, levers: dict[str, Any]) -> None:
    plain, result = run(small), run(set_to(small, levers))
    supply = result.supply
    assert supply.balances + supply.escrow + supply.burned + supply.tips == supply.minted
    burned = sum(row.statement.burned for row in result.agents)
    assert burned == supply.burned
    assert (burned > 0) == ("slashed_share" in levers)
    assert sum(row.statement.locked for row in result.agents) == supply.escrow
    assert money_of(result) != money_of(plain)


def money_of(result: Result) -> list[tuple[int, ...]]:
    """What was deposited, refunded and reported by each."""
    statements = [row.statement for row in result.agents]
    return [(one.deposited, one.refunded_value, one.reported_value) for one in statements]


def test_defences_change_no_hash_of_a_scenario_without_them(small: Scenario) -> None:
    assert scenario_hash(set_to(small, {"standing_half_life": "never", "author_grace": "0s"})) == scenario_hash(small)
    assert scenario_hash(set_to(small, {"author_grace": 1})) != scenario_hash(small)


@pytest.mark.parametrize(
    ("levers", "complaint"),
    [
        ({"refund_rule": "majority", "check_gap": "5d"}, "last of 3 checks"),
        ({"profile": "reference", "any_claim_after": "9d", "slashed_share": 0.5}, "slashed_share is 0.5|1/2"),
        ({"confidence_weight": 1.5}, r"mechanism\.confidence_weight"),
        ({"novelty_weight": -1.5}, r"mechanism\.novelty_weight"),
        ({"slashed_share": 1}, r"mechanism\.slashed_share"),
        ({"reporter_share": "half"}, r"mechanism\.reporter_share"),
        ({"standing_half_life": "0s"}, r"mechanism\.standing_half_life"),
        ({"base_policy": "fixed"}, "base_policy is 'fixed'"),
        ({"commit_reveal": True, "commitment_wait": "2d"}, "nothing could ever be revealed"),
    ],
    ids=str,
)
def test_nonsense_is_refused_before_anything_runs(small: Scenario, levers: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        set_to(small, levers)


def test_confidence_is_refused_with_a_model_that_cannot_say(small: Scenario) -> None:
    scenario = with_levers(small, {"model.profile": "solidity", "mechanism.deposit_policy": "confidence"})
    with pytest.raises(ConfigError, match="deposit_policy 'confidence' asks how probable"):
        run(scenario)


def test_mean_deposit_follows_the_policy(small: Scenario) -> None:
    """Poisson contributions at rate 1/400 s; with w = 5 the linear price is 5 * 3600 (E1(r) r + 1 - e^-r)."""
    rate = sum(group.count / group.arrival.mean_gap for group in small.agents)
    linear = set_to(small, {"deposit_policy": "loyalty", "base_policy": "inv_linear", "cost_weight": 2})
    gaps = [1 - 2.718281828459045**-rate]
    step = 0.01  # of the logarithm of a gap, integrated from a second on
    gap = 1.0
    while gap < 40 / rate:
        middle = gap * (1 + step / 2)
        gaps.append(rate * 2.718281828459045 ** (-rate * middle) * gap * step / middle)
        gap *= 1 + step
    assert mean_deposit(linear) == pytest.approx(2 * 3600 * sum(gaps), rel=0.01)
    assert mean_deposit(set_to(small, {"deposit_policy": "eip1559", "deposit": 7})) == 7


def test_economy_has_the_mechanism_with_defences_only_where_asked(small: Scenario) -> None:
    from experiments.build import build

    assert type(build(small).trainer.mechanism).__name__ == "DepositRefundTake"
    assert isinstance(build(set_to(small, {"author_grace": 5})).trainer.mechanism, DefendedDeposits)
