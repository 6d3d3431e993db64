"""Participants: what they send, when they wake up, and what they refuse to pay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents import Honest, LabelFlipper, Participant, Settings, Spammer
from sim.chain import FixedPrice
from sim.data import Sample
from sim.economy import Economy, Schedule
from sim.errors import ConfigError
from sim.rng import Streams
from sim.units import DAY, DEFAULT_UNIT
from tests.support import make_economy

PLENTY = Settings(balance=10**21)


def make(kind: type[Participant], settings: Settings = PLENTY, economy: Economy | None = None, **keywords: Any) -> Any:
    return kind(economy or make_economy(), "ann", settings, Streams(5), **keywords)


def samples(count: int, n_classes: int = 2) -> list[Sample]:
    return [Sample(row, np.array([0], np.int32), row % n_classes, n_classes) for row in range(count)]


def test_flipper_gives_the_next_class_always() -> None:
    agent = make(LabelFlipper)
    assert [agent.choose_label(sample) for sample in samples(6, 3)] == [1, 2, 0, 1, 2, 0]


def test_honest_is_right_but_for_mistakes() -> None:
    offered = samples(4_000, 3)
    exact = make(Honest, mistake_rate=0.0)
    assert [exact.choose_label(sample) for sample in offered] == [sample.label for sample in offered]
    careless = make(Honest, mistake_rate=0.25)
    wrong = [careless.choose_label(sample) - sample.label for sample in offered]
    assert np.mean([difference != 0 for difference in wrong]) == pytest.approx(0.25, abs=0.03)
    assert {difference % 3 for difference in wrong} == {0, 1, 2}  # a mistake may be either other class


def test_spammer_gives_every_class_alike() -> None:
    agent = make(Spammer)
    counts = np.bincount([agent.choose_label(sample) for sample in samples(3_000, 3)])
    assert counts.tolist() == pytest.approx([1_000] * 3, abs=120)


@pytest.mark.parametrize(
    ("settings", "mean", "sd"),
    [
        (Settings(mean_gap=600, arrival="normal", gap_sd=1), 599.5, (1 + 1 / 12) ** 0.5),  # rounded down
        (Settings(mean_gap=600), 600, 600),
    ],
)
def test_gaps_have_the_mean_and_spread_they_should(settings: Settings, mean: float, sd: float) -> None:
    agent = make(Honest, settings)
    gaps = [agent.next_gap() for _ in range(20_000)]
    assert min(gaps) >= 1
    assert np.mean(gaps) == pytest.approx(mean, rel=0.03)
    assert np.std(gaps) == pytest.approx(sd, rel=0.05)


def alone(settings: Settings, **parameters: Any) -> Any:
    """An honest agent's statement after a day in an economy with a fixed price of one unit."""
    economy = make_economy(
        rows=60, schedule=Schedule(horizon=DAY), deposit_policy="fixed", refund_window=DAY, any_claim_after=3 * DAY,
        **parameters,
    )  # fmt: skip
    agent = make(Honest, settings, economy, participation_margin=None)
    economy.join(agent)
    economy.run()
    return agent.statement, economy


def test_nobody_pays_more_than_it_is_willing_to() -> None:
    for most, accepted in ((DEFAULT_UNIT - 10_000, False), (DEFAULT_UNIT + 10_000, True)):
        statement, _ = alone(Settings(balance=10**21, willingness_mean=most, willingness_sd=1))
        assert (statement.submitted > 0) == accepted
        assert (statement.rejected_price > 0) == (not accepted)


def test_nobody_pays_more_than_it_has() -> None:
    statement, economy = alone(Settings(balance=5 * DEFAULT_UNIT))
    assert (statement.submitted, statement.locked) == (5, 5 * DEFAULT_UNIT)
    assert statement.rejected_wallet > 0
    assert economy.chain.ledger.balance("ann") == 0


def test_wallet_must_cover_the_fee_as_well() -> None:
    """At 1 gwei a contribution costs some 0.2 units of gas beside its deposit of one."""
    for extra, accepted in ((DEFAULT_UNIT // 10, 0), (DEFAULT_UNIT, 1)):
        statement, _ = alone(Settings(balance=DEFAULT_UNIT + extra), fees=FixedPrice(10**9))
        assert statement.submitted == accepted
        assert statement.rejected_wallet > 0


def test_willingness_to_pay_covers_deposit_and_fee() -> None:
    for extra, accepted in ((DEFAULT_UNIT // 10, False), (DEFAULT_UNIT, True)):
        settings = Settings(balance=10**21, willingness_mean=DEFAULT_UNIT + extra)
        statement, _ = alone(settings, fees=FixedPrice(10**9))
        assert (statement.submitted > 0) == accepted
        assert (statement.rejected_price > 0) == (not accepted)
        assert statement.rejected_wallet == 0


def test_nobody_adds_while_gas_is_above_its_ceiling() -> None:
    for ceiling, accepted in ((10**9 - 1, False), (10**9, True), (None, True)):
        statement, _ = alone(Settings(balance=10**21, most_gas_price=ceiling), fees=FixedPrice(10**9))
        assert (statement.submitted > 0) == accepted
        assert (statement.rejected_gas > 0) == (not accepted)
        assert (statement.fees > 0) == accepted
    free, _ = alone(Settings(balance=10**21, most_gas_price=0))
    assert free.submitted > 0
    assert free.rejected_gas == 0


def test_nobody_sends_what_no_block_has_room_for() -> None:
    """An addition uses some 200,000 gas: sent into a block of 100,000 it would burn all of them for nothing."""
    economy = make_economy(rows=60, schedule=Schedule(horizon=DAY), fees=FixedPrice(10**9))
    economy.chain.gas_limit = 100_000
    economy.join(agent := make(Honest, PLENTY, economy, participation_margin=None))
    economy.run()
    assert agent.statement.rejected_gas > 0
    assert (agent.statement.submitted, agent.statement.refused, agent.statement.fees) == (0, 0, 0)


def test_honest_declines_more_the_worse_the_model_is() -> None:
    economy = make_economy()
    economy.join(agent := make(Honest, economy=economy, participation_margin=0.15))
    view = next(member[1] for member in economy._members)
    for accuracy, expected in ((0.5, 0.65), (0.85, 1.0), (0.0, 0.15)):
        economy.recorder.published_accuracy = accuracy
        takes_part = np.mean([agent.participates(view) for _ in range(3_000)])
        assert takes_part == pytest.approx(expected, abs=0.03)


def test_honest_quits_for_good_after_steady_losses() -> None:
    economy = make_economy()
    settings = Settings(balance=1_000)
    economy.join(agent := make(Honest, settings, economy, quit_loss=10, quit_patience=2 * DAY))
    view = next(member[1] for member in economy._members)
    assert agent.participates(view)
    for day in range(1, 20):
        economy.chain.clock.advance(day * DAY)
        economy.chain.ledger.transfer("ann", "sink", 50)
        agent.participates(view)
    assert agent.has_quit
    assert not agent.can_add(0, 10**9)
    economy.chain.mint("ann", 10**9)
    economy.chain.clock.advance(30 * DAY)
    assert not agent.participates(view)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"balance": -1}, "balance is -1"),
        ({"willingness_sd": -1}, "willingness_sd"),
        ({"willingness_mean": 0}, "willingness_to_pay is 0"),
        ({"mean_gap": 0}, "mean_gap is 0"),
        ({"gap_sd": -1}, "gap_sd"),
        ({"most_gas_price": -1}, "most_gas_price is -1"),
        ({"arrival": "never"}, "arrival is 'never'"),
        ({"effort_cost": -1}, "effort_cost"),
        ({"capital_cost": -0.1}, "capital_cost"),
        ({"outside_value": -1}, "outside_value"),
    ],
)
def test_wrong_setting_is_named(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        Settings(**wrong)


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_wrong_mistake_rate_is_named(rate: float) -> None:
    with pytest.raises(ConfigError, match="mistake_rate"):
        make(Honest, mistake_rate=rate)


class Offers:
    """A view in which something of everything can be claimed."""

    standing, gas_price, ageless, disputes_logged, anything_late = 1, 0, False, 1, True

    def refundable(self) -> list[int]:
        return [3]

    def disputed(self, start: int, most: int | None) -> tuple[list[int], int]:
        return [2], start + 1

    def expired(self) -> list[int]:
        return [1]

    def owned(self) -> list[int]:
        return [0]

    def refund(self, record: int) -> tuple[str, int]:
        return "refund", record

    def report(self, record: int) -> tuple[str, int]:
        return "report", record


def test_claims_come_in_order_refunds_reports_expired_owned() -> None:
    wanted: Any = make(Honest).claims(Offers())  # type: ignore[arg-type]
    assert wanted == [("refund", 3), ("report", 2), ("report", 1), ("report", 0)]


def test_disputes_stay_unread_while_gas_costs_money_and_there_is_no_standing() -> None:
    """A refund sent first may earn standing, or not: a report that is refused would cost its fee."""
    agent, offers = make(Honest), Offers()
    offers.standing = 0
    assert ("report", 2) in agent.claims(offers)
    agent, offers.gas_price = make(Honest), 5
    offers.with_gas = lambda claim: (claim, 0)  # type: ignore[attr-defined]
    offers.reward_of = lambda claim: 1  # type: ignore[attr-defined]
    offers.balance = 10  # type: ignore[attr-defined]
    assert ("report", 2) not in agent.claims(offers)
    offers.standing = 1
    assert ("report", 2) in agent.claims(offers)


class Priced(Offers):
    """The same view where a unit of gas costs something: a claim needs ten of it and pays a hundred wei."""

    gas_price, balance = 5, 10**6

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.rewards = dict.fromkeys(range(4), 100)

    def with_gas(self, claim: tuple[str, int]) -> tuple[tuple[str, int], int]:
        self.asked.append(claim)
        return claim, 10 * self.gas_price

    def reward_of(self, claim: tuple[str, int]) -> int:
        return self.rewards[claim[1]]


def test_claims_are_sent_only_if_they_pay_more_than_their_fee() -> None:
    for gas_price, sent in ((5, 4), (9, 4), (10, 0), (50, 0)):
        agent, offers = make(Honest), Priced()
        offers.gas_price = gas_price
        assert len(agent.claims(offers)) == sent


def test_claims_are_sent_as_long_as_the_wallet_covers_their_fees() -> None:
    agent, offers = make(Honest), Priced()
    offers.balance = 149
    assert agent.claims(offers) == [("refund", 3), ("report", 2)]


def test_above_its_ceiling_nothing_is_claimed_and_disputes_stay_unread() -> None:
    agent, offers = make(Honest, Settings(balance=10**21, most_gas_price=4)), Priced()
    assert list(agent.claims(offers)) == []
    assert offers.asked == []
    offers.gas_price = 4
    assert [record for _, record in agent.claims(offers)] == [3, 2, 1, 0]


def test_what_was_too_dear_is_asked_for_again_when_it_may_be_worth_it() -> None:
    agent, offers = make(Honest), Priced()
    offers.gas_price = 10
    assert list(agent.claims(offers)) == []
    assert len(offers.asked) == 4
    assert list(agent.claims(offers)) == []
    assert len(offers.asked) == 4, "nothing has changed"
    offers.rewards[1] = 101
    assert agent.claims(offers) == [("report", 1)], "it pays more"
    offers.gas_price = 9
    assert ("refund", 3) in agent.claims(offers), "gas is cheaper"
