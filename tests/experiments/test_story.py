"""The three sentences say what the figures say."""

from dataclasses import replace
from typing import Any

import pytest

from experiments.result import AgentRow, Result, Supply, TwinFacts
from experiments.runner import run
from experiments.scenario import Scenario, validate, with_levers
from experiments.story import story
from sim.statement import Statement

UNIT = 10**15
MONEY = ("locked", "deposited", "taken_from")


def row(name: str, kind: str, start: int, final: int, **facts: int) -> AgentRow:
    statement = Statement(start * UNIT, **{name: n * UNIT if name in MONEY else n for name, n in facts.items()})
    return AgentRow(name, name, kind, final * UNIT, statement, 0.0, 0, 0)


@pytest.fixture
def made(result: Result) -> Result:
    """A result with figures chosen by hand."""
    people = (
        row("honest", "honest", 100, 150, submitted=60, deposited=50, taken_from=10, rejected_price=40),
        row(
            "flipper",
            "label_flipper",
            200,
            140,
            submitted=99,
            deposited=100,
            taken_from=80,
            rejected_wallet=1,
            locked=10,
        ),
    )
    return replace(
        result, agents=people, days=12.0, initial_accuracy=0.7, final_accuracy=0.8, baseline_accuracy=0.9,
        supply=Supply(300 * UNIT, 290 * UNIT, 10 * UNIT, 0, 0), ended="horizon reached", samples_left=1234,
        rows=6000, training_rows=7000,
        twin=TwinFacts(12.0, 0.84, False, "horizon reached", 0.1),
    )  # fmt: skip


def test_who_gained(made: Result) -> None:
    assert story(made)[0] == (
        "The honest contributor honest gained 50 units (+50 %) and the adversary flipper lost 60 units (-30 %) in 12 "
        "days, with 10 units of deposits still locked in the contract."
    )


def test_what_became_of_the_model(made: Result) -> None:
    assert story(made)[1] == (
        "The model's accuracy rose from 70.0 % to 80.0 %; trained at once on all 7,000 training rows, of which this "
        "run has 6,000, it reaches 90.0 %, and without adversaries it ended at 84.0 %: the adversaries lost 15 units "
        "for each of the 4.00 points they destroyed."
    )


def test_why(made: Result) -> None:
    assert story(made)[2] == (
        "Of their chances to contribute, the honest missed 40 % because the price was above what they would pay; "
        "others took 20 % of honest deposits and 80 % of adversarial deposits, the model was not captured, and the run "
        "ended because the horizon was reached with 1,234 samples left."
    )


@pytest.mark.parametrize(
    ("changes", "number", "expected"),
    [
        ({"twin": None}, 1, "of which this run has 6,000, it reaches 90.0 %."),
        ({"rows": 7000}, 1, "trained on all 7,000 training rows at once it reaches 90.0 %,"),
        ({"rows": 9000}, 1, "trained on all 7,000 training rows at once it reaches 90.0 %,"),
        ({"final_accuracy": 0.3}, 1, "fell from 70.0 % to 30.0 %"),
        ({"final_accuracy": 0.3}, 2, "the model was captured"),
        ({"final_accuracy": 0.701}, 1, "stayed at 70.1 %"),
        ({"twin": TwinFacts(1.0, 0.8, False, "", 0.0)}, 1, "so they destroyed nothing."),
        ({"samples_left": 0}, 2, "because the horizon was reached."),
        ({"days": 0.25}, 0, "in 0.2 days"),
        (
            {"agents": (row("honest", "honest", 100, 100),)},
            0,
            "The honest contributor honest neither gained nor lost in",
        ),
        (
            {"agents": (row("honest", "honest", 100, 100),)},
            2,
            "Neither price nor wallet kept anybody out; nobody deposited",
        ),
        ({"agents": (row("bad", "spammer", 100, 130),)}, 1, "the adversaries gained 8 units for each"),
        # what is small is said to be small, and not 0
        ({"agents": (row("bad", "spammer", 10_000, 9_970),)}, 0, "lost 30 units (-0.3 %)"),
        (
            {"agents": (AgentRow("a", "a", "honest", 100 * UNIT - UNIT // 3, Statement(100 * UNIT), 0.0, 0, 0),)},
            0,
            "lost 0.3 units (-0.33 %)",
        ),
    ],
)
def test_sentences_follow_the_figures(made: Result, changes: dict[str, Any], number: int, expected: str) -> None:
    assert expected in story(replace(made, **changes))[number]


def test_gas_is_mentioned(small: Scenario) -> None:
    dear = {"chain.fees": "fixed", "chain.gas_price": "20 gwei", "chain.unit": "0.001 ether", "horizon": "3d"}
    told = story(run(with_levers(small, dear)))[0]
    assert "units of deposits still locked in the contract and" in told
    assert told.endswith("units spent on gas.")


def test_money_is_told_in_fiat_where_an_ether_has_a_price(made: Result) -> None:
    """50 units of 0.001 ether at 2,000 EUR are 100 EUR; gas of 7 units is 14 EUR."""
    scenario = with_levers(made.scenario, {"chain.ether_price": 2000, "chain.currency": "EUR"})
    made.agents[0].statement.fees = 7 * UNIT
    assert story(replace(made, scenario=scenario))[0] == (
        "The honest contributor honest gained 50 units (+50 %, 100 EUR) and the adversary flipper lost 60 units "
        "(-30 %, 120 EUR) in 12 days, with 10 units of deposits still locked in the contract and 7 units (14 EUR) "
        "spent on gas."
    )


def test_dear_gas_is_a_reason(made: Result) -> None:
    made.agents[0].statement.rejected_gas = 100
    assert "the honest missed 50 % because gas was too dear and 20 % because the price" in story(made)[2]


def test_groups_of_several_are_counted(result: Result) -> None:
    first = story(result)[0]
    assert "The 10 honest contributors" in first
    assert "the 5 adversaries" in first


def test_a_dear_world_is_told_as_such(small: Scenario) -> None:
    told = story(run(with_levers(small, {"mechanism.cost_weight": 40})))
    assert "the price was above what they would pay" in told[2]
    assert len(told) == 3
    assert all(sentence.endswith(".") for sentence in told)


def test_what_a_market_pays_back_is_told_by_the_unit(made: Result) -> None:
    """Of 50 units staked 75 come back, of 100 of the adversaries 5."""
    honest, flipper = made.agents
    honest.statement.refunded_value, flipper.statement.refunded_value = 75 * UNIT, 5 * UNIT
    market = {"agents": [{"kind": "honest"}, {"kind": "bounty_provider"}], "mechanism": {"kind": "prediction_market"}}
    told = story(replace(made, scenario=validate(market)))[2]
    assert "for each unit staked the market paid back 1.50 to the honest and 0.05 to adversaries," in told
