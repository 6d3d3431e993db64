"""Callers: when they ask, what they pay, and what the answers were worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents import Caller, Honest, Settings
from sim.chain import FixedPrice
from sim.economy import NOBODY_CAN_ACT, Economy, Schedule
from sim.errors import ConfigError
from sim.rng import Streams
from sim.units import DAY, DEFAULT_UNIT, HOUR
from tests.support import make_economy

UNIT = DEFAULT_UNIT
PLENTY = Settings(balance=10**24)


def caller(economy: Economy, settings: Settings = PLENTY, **parameters: Any) -> tuple[Caller, Any]:
    """A caller who has joined, and what it sees."""
    agent = Caller(economy, "dan", settings, Streams(3), **parameters)
    economy.join(agent)
    return agent, economy._members[-1][1]


def test_reference_asks_as_often_as_the_model_is_right() -> None:
    agent, view = caller(economy := make_economy(), payment=7)
    for accuracy in (0.0, 0.3, 0.85, 1.0):
        economy.recorder.published_accuracy = accuracy
        asked = [agent.act(view) for _ in range(2_000)]
        assert np.mean([len(questions) for questions in asked]) == pytest.approx(accuracy, abs=0.03)
        assert {(q.method, q.value, q.sender) for questions in asked for q in questions} <= {("predict", 7, "dan")}


def test_worth_asks_exactly_while_an_answer_is_worth_more_than_it_costs() -> None:
    """Two classes, V = 20 units, v = 4: worth it above 4/20 + 1/2 = 70 %."""
    agent, view = caller(economy := make_economy(), payment=4 * UNIT, value=20 * UNIT, rule="worth")
    for accuracy, asks in ((0.5, False), (0.69, False), (0.71, True), (1.0, True)):
        economy.recorder.published_accuracy = accuracy
        assert bool(agent.act(view)) == asks


def test_worth_counts_the_fee() -> None:
    """At 1 gwei a question costs some 0.03 units of gas, so that an answer worth a thousandth more than v is not."""
    agent, view = caller(economy := make_economy(fees=FixedPrice(10**9)), payment=UNIT, value=4 * UNIT, rule="worth")
    for accuracy, asks in ((0.7502, False), (0.80, True)):
        economy.recorder.published_accuracy = accuracy
        assert bool(agent.act(view)) == asks


def test_wallet_covers_payment_and_fee_and_gas_may_be_too_dear() -> None:
    for settings, asks in (
        (Settings(balance=UNIT), False),
        (Settings(balance=2 * UNIT), True),
        (Settings(balance=2 * UNIT, most_gas_price=10**9 - 1), False),
    ):
        agent, view = caller(economy := make_economy(fees=FixedPrice(10**9)), settings, payment=UNIT)
        economy.recorder.published_accuracy = 1.0
        assert bool(agent.act(view)) == asks


def joint(payment: int, balance: int, horizon: int = 20 * DAY, **parameters: Any) -> tuple[Economy, Caller, Any]:
    """A caller with a fixed sum and a contributor."""
    economy = make_economy(rows=150, schedule=Schedule(horizon=horizon), refund_window=HOUR, **parameters)
    economy.join(ann := Honest(economy, "ann", PLENTY, Streams(3), participation_margin=None))
    agent, _ = caller(economy, Settings(balance=balance, mean_gap=600), payment=payment, value=3 * UNIT)
    economy.run()
    return economy, agent, ann


def test_who_pays_whom_is_in_the_statements() -> None:
    economy, dan, ann = joint(payment=UNIT, balance=10 * UNIT)
    paid = dan.statement.predictions_paid
    assert paid == 10 * UNIT, "a sole contributor gets every payment whole, until the caller's money is gone"
    assert ann.statement.predictions_earned == paid
    assert economy.chain.ledger.balance("dan") == 0
    unpaid = dan.statement.predictions - 10
    assert unpaid > 0, "before anybody has standing an answer comes for nothing"
    assert economy.chain.ledger.balance("ann") + ann.statement.locked == 10**24 + paid


def test_answers_are_worth_more_than_guesses_by_as_much_as_more_of_them_are_right() -> None:
    _, dan, _ = joint(payment=UNIT, balance=100 * UNIT)
    asked, right = dan.statement.predictions, dan.statement.predictions_right
    assert 0.5 < right / asked < 1, "the model has learnt something of data that can be learnt"
    assert dan.utility() == pytest.approx(3 * UNIT * (right - asked / 2))


def test_economy_goes_on_while_a_caller_may_still_pay_the_poor() -> None:
    """Ann has money for nothing; a caller who can pay keeps the run alive, one who cannot does not."""
    for balance, alive in ((UNIT, True), (UNIT - 1, False)):
        economy = make_economy(schedule=Schedule(horizon=3 * DAY))
        economy.join(Honest(economy, "ann", Settings(balance=0), Streams(3)))
        caller(economy, Settings(balance=balance), payment=UNIT)
        economy.run()
        assert (economy.ended != NOBODY_CAN_ACT) == alive


def test_it_takes_nothing_that_is_left_over() -> None:
    """Deposits that expire are for contributors; the caller only pays."""
    economy, dan, _ = joint(payment=UNIT, balance=5 * UNIT, any_claim_after=2 * HOUR)
    assert (dan.statement.expired, dan.statement.reported, dan.statement.refunded) == (0, 0, 0)
    assert economy.chain.ledger.balance("dan") == 0


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"rule": "always"}, "choose one of reference, worth"),
        ({"payment": -1}, "payment is -1"),
        ({"rule": "worth"}, "value is 0"),
    ],
)
def test_wrong_parameter_is_named(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        caller(make_economy(), **wrong)
