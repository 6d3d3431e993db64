"""Points, badges and paid predictions as scenarios: results, tables, stories, traces, and what is refused."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments.experiment import Outcomes
from experiments.outcomes import OUTCOME_COLUMNS, outcomes_of
from experiments.output import agents_table, leaderboard_table
from experiments.replay import replay
from experiments.result import Result
from experiments.runner import run
from experiments.scenario import load_scenario
from experiments.story import story
from sim.economy import SETTLED
from sim.errors import ConfigError

SHORT: dict[str, Any] = {"data.size": 500, "horizon": "9d"}
CALLER = {"kind": "caller", "balance": 500, "payment": 2, "arrival": {"mean_gap": 3600}}


@pytest.fixture(scope="module")
def points() -> Result:
    return run(load_scenario("points", SHORT))


@pytest.fixture(scope="module")
def paid() -> Result:
    return run(load_scenario("paid-predictions", {**SHORT, "data.initial": 100}))


def printed(table: Any) -> str:
    from rich.console import Console

    console = Console(width=120)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


# -- points ------------------------------------------------------------------------------------------------------------


def test_points_and_badges_are_in_the_result(points: Result) -> None:
    agents = {agent["name"]: agent for agent in points.to_dict()["agents"]}
    for name, agent in agents.items():
        assert agent["points"] == agent["refunded"]
        assert ("first" in agent["badges"]) == (agent["submitted"] > 0)
        assert ("centurion" in agent["badges"]) == (agent["submitted"] >= 100), name
        assert "weekly" not in agent["badges"], "nine days are no four weeks"
    assert {"first", "diverse"} <= set(agents["honest-1"]["badges"])
    assert agents["flipper-1"]["points"] == 0
    assert pickle.loads(pickle.dumps(points)).agents == points.agents


def test_leaderboard_has_the_best_first_and_equals_at_one_rank(points: Result) -> None:
    board = points.to_dict()["leaderboard"]
    assert len(board) == 10
    scores = [(leader["points"], len(leader["badges"])) for leader in board]
    assert scores == sorted(scores, reverse=True)
    assert board[0]["rank"] == 1
    for place, leader in enumerate(board):
        assert leader["rank"] == 1 + sum(score > scores[place] for score in scores)
    assert all(leader["kind"] == "honest" for leader in board), "who has no point is not on it"
    assert board[0]["name"] in printed(leaderboard_table(points))


def test_utility_is_economic_profit_and_never_money(points: Result) -> None:
    unit = points.scenario.unit
    for row in points.rows_of(adversarial=False):
        assert row.profit == -row.statement.fees < 0
        assert row.utility > 0
        assert row.economic_profit(unit, None) == pytest.approx((row.profit - row.effort + row.utility) / unit)
    assert all(row.utility == 0 for row in points.rows_of(adversarial=True))
    outcomes = outcomes_of(points, Outcomes())
    assert set(outcomes) == set(OUTCOME_COLUMNS)
    assert outcomes["honest_points"] == sum(row.points or 0 for row in points.rows_of(adversarial=False)) > 0
    assert outcomes["adversary_points"] == 0
    assert outcomes["honest_utility_units"] == pytest.approx(sum(row.utility for row in points.agents) / unit)
    assert outcomes["predictions"] is None


def test_story_and_table_tell_of_points(points: Result) -> None:
    earned = sum(row.points or 0 for row in points.rows_of(adversarial=False))
    assert f"the honest earned {earned:,} points (worth" in story(points)[2]
    assert "adversaries earned 0 points" in story(points)[2]
    assert f"{earned:,}" in printed(agents_table(points))
    assert "with the badge centurion" in printed(agents_table(points))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"agents.honest.point_value": 0}, "since points are worth nothing to them (point_value is 0)"),
        ({"agents.honest.effort_cost": 5}, "since a point is worth less to them than gas and effort"),
    ],
)
def test_story_says_why_nobody_honest_came(changes: dict[str, Any], why: str) -> None:
    result = run(load_scenario("points", {**SHORT, "horizon": "3d", **changes}))
    assert f"the honest contributed nothing, {why}" in story(result)[2]
    assert not any(row.statement.submitted for row in result.rows_of(adversarial=False))
    assert any(row.statement.submitted for row in result.rows_of(adversarial=True))


def test_dearer_gas_makes_fewer_points(points: Result) -> None:
    dear = run(load_scenario("points", {**SHORT, "chain.fees": "l1_2025"}))
    assert sum(row.points or 0 for row in dear.agents) < sum(row.points or 0 for row in points.agents) / 2


def test_deposits_have_no_points(result: Result) -> None:
    facts = result.to_dict()
    assert facts["leaderboard"] == []
    assert facts["predictions"] is None
    assert {agent["points"] for agent in facts["agents"]} == {None}
    assert leaderboard_table(result) is None
    assert "points" not in printed(agents_table(result))
    assert outcomes_of(result, Outcomes())["honest_points"] is None


@pytest.mark.parametrize(
    ("levers", "words"),
    [
        ({"mechanism": {"kind": "points", "cost_weight": 5}}, r"mechanism\.cost_weight is set.*'points'.*Leave it out"),
        ({"mechanism.kind": "points"}, r"mechanism = \{kind = 'points'\}"),
        ({"mechanism": {"kind": "points", "refund_rule": "one_shot"}}, r"mechanism\.refund_rule is set"),
        ({"mechanism": {"kind": "points", "owner": "honest-1"}}, r"mechanism\.owner is set"),
        ({"mechanism": {"kind": "points", "round_rule": "unit"}}, r"mechanism\.round_rule is set"),
        ({"mechanism.group_contributions": True}, "deposit_refund_take.*has no such lever"),
    ],
)
def test_levers_of_other_mechanisms_are_refused(levers: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load_scenario("quickstart", levers)


def test_own_and_default_levers_are_taken() -> None:
    table = {"kind": "points", "refund_window": "1h", "any_claim_after": "3d", "profile": "solidity", "cost_weight": 1}
    assert load_scenario("quickstart", {"mechanism": table}).mechanism.windows() == (3600, 3 * 86400, 3 * 86400)


# -- callers -----------------------------------------------------------------------------------------------------------


def test_income_from_predictions_is_told_everywhere(paid: Result) -> None:
    unit, callers = paid.scenario.unit, paid.callers
    spent = sum(row.statement.predictions_paid for row in callers)
    assert spent == -sum(row.profit for row in callers) > 0
    assert sum(row.statement.predictions_earned for row in paid.agents) == spent
    asked = sum(row.statement.predictions for row in callers)
    right = sum(row.statement.predictions_right for row in callers)
    assert paid.to_dict()["predictions"] == {"asked": asked, "right": right, "paid": str(spent)}
    outcomes = outcomes_of(paid, Outcomes())
    assert outcomes["predictions"] == asked
    assert outcomes["predictions_paid_wei"] == spent
    assert outcomes["honest_predictions_earned_wei"] + outcomes["adversary_predictions_earned_wei"] == spent
    assert 0.5 < outcomes["predictions_right"] <= 1
    assert f"the 3 callers paid {spent / unit:,.0f} units to contributors for {asked:,} predictions" in story(paid)[0]
    assert "earned by predictions" in printed(agents_table(paid))


def test_callers_have_neither_role(paid: Result) -> None:
    outcomes = outcomes_of(paid, Outcomes())
    assert (outcomes["honest_addresses"], outcomes["adversary_addresses"]) == (10, 1)
    assert not {row.kind for row in paid.rows_of(adversarial=False)} - {"honest"}
    assert paid.supply.minted == sum(paid.supply[1:])
    profit = paid.profit_of(adversarial=False) + paid.profit_of(adversarial=True)
    locked = sum(row.statement.locked for row in paid.agents)
    assert profit + locked == sum(row.statement.predictions_paid for row in paid.callers), "nothing else comes in"


def test_callers_gain_what_right_answers_are_worth(paid: Result) -> None:
    for row in paid.callers:
        made = row.statement
        gain = 20 * (made.predictions_right - made.predictions / 2)
        expected = gain + row.profit / paid.scenario.unit
        assert row.economic_profit(paid.scenario.unit, None) == pytest.approx(expected)


def test_runs_with_callers_replay(tmp_path: Path) -> None:
    trace = tmp_path / "paid.jsonl"
    run(load_scenario("paid-predictions", {**SHORT, "data.initial": 100, "horizon": "4d"}), trace=trace)
    (comparison,) = replay([trace])
    assert comparison.mismatches == 0
    assert comparison.calls > 50


@pytest.mark.parametrize("preset", ["points", "prediction-market"])
def test_where_nobody_is_paid_for_predictions_the_money_comes_back(preset: str) -> None:
    base = load_scenario(preset)
    groups = [group.model_dump(exclude_unset=True) for group in base.agents]
    result = run(load_scenario(preset, {**SHORT, "data.size": 600, "horizon": "4d", "agents": [*groups, CALLER]}))
    (caller,) = result.callers
    assert caller.statement.predictions > 0
    assert caller.statement.predictions_paid == caller.statement.locked == 0
    assert caller.final_balance + caller.statement.fees == caller.statement.start_balance
    assert result.supply.minted == sum(result.supply[1:])
    if preset == "prediction-market":
        assert result.ended in (SETTLED, "horizon reached")


def test_contracts_take_no_payment_so_callers_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"agents\.caller: callers pay .* 'solidity' are free"):
        load_scenario("paid-predictions", {"mechanism.profile": "solidity"})


def test_command_line_shows_leaders(deca10b: Callable[..., Any]) -> None:
    settings = ("--set", "data.size=300", "--set", "horizon=3d")
    shown = deca10b("run", "points", *settings)
    assert shown.code == 0
    assert "leaderboard" in shown.out
    answer = json.loads(deca10b("run", "points", *settings, "--json").out)
    assert answer["leaderboard"][0]["points"] > 0
