"""Prediction markets as scenarios: checked before they run, told in results, tables and stories, and replayed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from experiments.experiment import Outcomes
from experiments.outcomes import OUTCOME_COLUMNS, outcomes_of
from experiments.replay import replay
from experiments.runner import run
from experiments.scenario import load_scenario
from experiments.schema import Scenario
from experiments.story import story
from sim.economy import SETTLED
from sim.errors import ConfigError

SMALL: dict[str, Any] = {
    "data.size": 400, "agents.provider.least_contributions": 40, "agents.provider.test_rows": 200,
}  # fmt: skip


def market(**provider: Any) -> Scenario:
    """The preset, made small; its provider with other parameters."""
    levers = {f"agents.provider.{name}": value for name, value in provider.items()}
    return load_scenario("prediction-market", SMALL | levers)


def test_preset_pays_a_bounty_for_accuracy() -> None:
    result = run(market())
    bounty = result.bounty_paid
    assert result.ended == SETTLED
    assert bounty is not None
    assert 0 < bounty <= 1000 * result.scenario.unit
    assert bounty == result.profit_of(adversarial=False) + result.profit_of(adversarial=True)
    assert result.to_dict()["bounty_paid"] == str(bounty)
    assert result.supply.escrow == 0
    assert "the bounty provider paid" in story(result)[0]
    assert [row.kind for row in result.rows_of(adversarial=False)] == ["honest"] * 6
    assert result.final_accuracy > result.initial_accuracy


def test_tables_keep_the_provider_apart() -> None:
    result = run(market())
    row = outcomes_of(result, Outcomes())
    assert set(row) == set(OUTCOME_COLUMNS)
    assert row["bounty_paid_wei"] == result.bounty_paid
    assert row["honest_addresses"] == 6
    assert row["bounty_paid_units"] == pytest.approx(row["honest_profit_units"] + row["adversary_profit_units"])


def test_recorded_run_replays(tmp_path: Path) -> None:
    for strategy in ("honest", "withholding"):
        trace = tmp_path / f"{strategy}.jsonl"
        run(market(strategy=strategy), trace=trace)
        (comparison,) = replay([trace])
        assert comparison.mismatches == 0
        assert comparison.calls > 50


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mechanism.revealed_first": 0}, "revealed_first"),
        ({"mechanism.profile": "solidity"}, "ever deployed"),
        ({"agents.provider.count": 2}, "exactly one"),
        ({"agents.provider.strategy": "lazy"}, "withholding"),
        ({"mechanism.round_rule": "all"}, "to_zero"),
        ({"mechanism.reveal_within": "-1"}, "reveal_within"),
        ({"agents.provider.parts": 300}, "test_rows is 200"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        run(load_scenario("prediction-market", SMALL | changes))
