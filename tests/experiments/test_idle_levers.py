"""Levers said to change nothing change nothing, and those that change something are not said to."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.idle_levers import idle_levers
from experiments.runner import run
from experiments.scenario import Scenario, with_levers

IDLE: dict[str, Any] = {
    "deposit": 3, "confidence_weight": 1, "novelty_weight": 3, "novelty_neighbours": 2,
    "novelty_memory": 7, "loyalty_discount": 1, "loyalty_floor": 0.5, "loyalty_scale": 3, "price_window": "2h",
    "price_target": 2, "lowest_deposit": 2, "reputation_memory": 0.1, "reputation_low": 0.1, "reputation_high": 3,
    "reputation_value": 7, "checks": 5, "check_gap": "2d", "commitment_wait": "1h", "commitment_life": "3d",
}  # fmt: skip


@pytest.fixture(scope="module")
def tiny(small: Scenario) -> Scenario:
    return with_levers(small, {"data.size": 150, "horizon": "8d"})


def outcome(scenario: Scenario) -> Any:
    """What everybody ends with, and the model."""
    result = run(scenario)
    return result.final_accuracy, [(row.final_balance, row.statement.submitted) for row in result.agents]


def test_idle_levers_are_told_and_change_nothing(tiny: Scenario) -> None:
    levers = {f"mechanism.{name}": value for name, value in IDLE.items()}
    told = idle_levers(tiny, levers)
    assert {text.split()[1] for text in told} == set(levers)
    assert outcome(with_levers(tiny, levers)) == outcome(tiny)


@pytest.mark.parametrize(
    ("rules", "lever", "value"),
    [
        ({}, "cost_weight", 9),
        ({"deposit_policy": "fixed"}, "deposit", 30),
        ({"deposit_policy": "eip1559"}, "deposit", 30),
        ({"deposit_policy": "loyalty", "base_policy": "fixed"}, "deposit", 30),
        ({"deposit_policy": "loyalty"}, "cost_weight", 9),
        ({"deposit_policy": "loyalty"}, "base_policy", "fixed"),
        ({"deposit_policy": "eip1559", "deposit": 40}, "lowest_deposit", 40),
        ({"deposit_policy": "confidence"}, "confidence_weight", 0.1),
        ({"deposit_policy": "novelty"}, "novelty_weight", 20),
        ({"refund_rule": "majority"}, "check_gap", "2d"),
        ({"reputation": "outcomes"}, "reputation_high", 3),
        ({"commit_reveal": True}, "commitment_wait", "5h"),
    ],
)
def test_what_has_an_effect_is_not_told(tiny: Scenario, rules: dict[str, Any], lever: str, value: Any) -> None:
    path = f"mechanism.{lever}"
    scenario = with_levers(tiny, {f"mechanism.{name}": chosen for name, chosen in rules.items()})
    assert idle_levers(scenario, [path]) == []
    assert outcome(with_levers(scenario, {path: value})) != outcome(scenario)


def test_a_fixed_price_has_no_weight_and_other_mechanisms_refuse(tiny: Scenario) -> None:
    fixed = with_levers(tiny, {"mechanism.deposit_policy": "fixed"})
    assert outcome(with_levers(fixed, {"mechanism.cost_weight": 50})) == outcome(fixed)
    (told,) = idle_levers(fixed, ["mechanism.cost_weight", "horizon"])
    assert "mechanism.cost_weight changes nothing here; it is for deposit_policy inv_sqrt or inv_linear" in told
    assert idle_levers(with_levers(tiny, {"mechanism": {"kind": "points"}}), ["mechanism.deposit"]) == []


def test_the_command_line_tells(deca10b) -> None:
    answer = deca10b("check", "quickstart", "--set", "mechanism.deposit=2")
    assert answer.code == 0
    assert answer.err == (
        "Note: mechanism.deposit changes nothing here; it is for deposit_policy fixed or eip1559, and that is "
        "inv_sqrt.\n"
    )
