"""Honest contributors where points are the only reward: how much they do for them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from agents import Honest, Settings
from sim.chain import FixedPrice, Receipt
from sim.economy import Economy, Schedule
from sim.errors import ConfigError
from sim.rng import Streams
from sim.units import DAY, DEFAULT_UNIT, HOUR
from tests.support import make_economy

UNIT = DEFAULT_UNIT


def alone(
    price: int = 0, effort: int = 0, days: int = 20, watch: Callable[[Receipt], Any] | None = None, **parameters: Any
) -> tuple[Any, Economy]:
    """An honest agent who earned points for some days; accuracy is published once, at the start, as 0.5."""
    economy = make_economy(
        rows=300, mechanism="points", schedule=Schedule(horizon=days * DAY, accuracy_every=1000 * DAY),
        fees=FixedPrice(price) if price else None, refund_window=HOUR,
    )  # fmt: skip
    settings = Settings(balance=10**24, effort_cost=effort)
    agent = Honest(economy, "ann", settings, Streams(5), participation_margin=None, **parameters)
    economy.join(agent)
    economy.accuracy = lambda: 0.5  # type: ignore[method-assign]
    if watch:
        economy.chain.observers.append(watch)
    economy.run()
    return agent, economy


def test_it_stops_when_the_next_point_is_not_worth_its_effort() -> None:
    """With a = 1/2 the contribution after s others is worth u log((3 + s)/(2 + s)), so it goes on as long as that is c
    or more: 1/(2 + s) >= e^(c/u) - 1."""
    for value, effort in ((100, 10), (100, 3), (1, 1)):
        agent, _ = alone(effort=effort * UNIT, point_value=value * UNIT)
        expected = max(0, math.floor(1 / math.expm1(effort / value) - 2) + 1)
        assert agent.statement.submitted == expected
        assert agent.statement.rejected_declined > 0
    assert expected == 0, "a point worth its effort at most is worth no effort"


def test_points_that_cost_nothing_need_be_worth_nothing() -> None:
    agent, _ = alone()
    assert agent.statement.submitted > 200
    assert agent.statement.rejected_declined == 0
    assert agent.utility() == 0


def test_points_worth_nothing_are_worth_no_gas() -> None:
    agent, economy = alone(price=1)
    assert (agent.statement.submitted, agent.statement.fees, economy.chain.transactions) == (0, 0, 0)
    assert agent.statement.rejected_declined > 200


def test_the_dearer_gas_the_fewer_points_and_never_for_more_than_they_are_worth() -> None:
    made = []
    for price in (10**8, 10**9, 10**10):
        agent, _ = alone(price=price, point_value=10 * UNIT)
        made.append(agent.statement.submitted)
        assert agent.statement.refunded > 0
        assert agent.statement.fees < agent.utility()
    assert made[0] > made[1] > made[2] > 0


def test_it_reckons_with_the_fee_of_verifying() -> None:
    """Of two contributions one will be verified (a = 1/2), so even the last one was worth adding and half a claim."""
    receipts: list[Receipt] = []
    agent, _ = alone(price=10**9, point_value=10 * UNIT, watch=receipts.append)
    fees = [receipt.fee for receipt in receipts if receipt.transaction.method == "add_data"]
    verifying = min(receipt.fee for receipt in receipts if receipt.transaction.method == "refund")
    others = len(fees) - 1
    assert others == agent.statement.submitted - 1 > 10
    assert 10 * UNIT * math.log((3 + others) / (2 + others)) >= fees[-1] + verifying / 2


def test_utility_grows_with_the_logarithm_of_points() -> None:
    agent, economy = alone(point_value=10 * UNIT, days=3)
    points = economy.trainer.mechanism.standing("ann")
    assert points == agent.statement.refunded > 20
    assert agent.utility() == pytest.approx(10 * UNIT * math.log(1 + points))


def test_points_of_one_wake_up_are_not_all_worth_as_much_as_the_first() -> None:
    """Ten claims at once: each counts the points that those before it are about to bring."""
    economy = make_economy(rows=300, mechanism="points", refund_window=HOUR)
    agent = Honest(economy, "ann", Settings(balance=10**24), Streams(5), participation_margin=None, point_value=UNIT)
    economy.join(agent)
    view = economy._members[-1][1]
    claims = [view.refund(_added(economy, view)) for _ in range(10)]
    worth = [agent._reward(view, claim, before) for before, claim in enumerate(claims)]
    assert worth == [int(UNIT * math.log((2 + n) / (1 + n))) for n in range(10)]


def _added(economy: Economy, view: Any) -> int:
    """The number of a contribution of the sample on offer."""
    economy.chain.clock.advance(economy.chain.clock.now + 1)
    sample = view.sample
    receipt = economy.chain.execute(view.add(sample.data, sample.label, 0))
    economy.stream.consume()
    return int(receipt.logs[-1].data[0])


def test_under_deposits_points_are_nothing() -> None:
    economy = make_economy(schedule=Schedule(horizon=5 * DAY))
    agent = Honest(economy, "ann", Settings(balance=10**24, effort_cost=UNIT), Streams(5), point_value=UNIT)
    economy.join(agent)
    economy.run()
    assert agent.statement.refunded > 0
    assert agent.utility() == 0


def test_wrong_value_is_named() -> None:
    with pytest.raises(ConfigError, match="point_value is -1"):
        Honest(make_economy(), "ann", Settings(), Streams(5), point_value=-1)
