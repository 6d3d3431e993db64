"""B11: what a paid prediction pays to whom, for any standings and any payment, to the wei."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanisms.points import PROFILES as POINTS_PROFILES
from sim.units import DEFAULT_UNIT, ETHER
from tests.support import World, data, make_world

CONTRIBUTORS = ("ann", "bob", "cat", "eve")
standings = st.lists(st.integers(0, 10**6), min_size=4, max_size=4)
payments = st.one_of(st.integers(0, 50), st.integers(0, 20 * ETHER))


def world_with(verified: list[int], profile: str) -> World:
    """Contributors with these standings, and Dan, who pays."""
    world = make_world(profile=profile, accounts=dict.fromkeys((*CONTRIBUTORS, "dan"), 100 * ETHER))
    for who, n in zip(CONTRIBUTORS, verified, strict=True):
        if n:
            world.mechanism.verified[who] = n
    world.mechanism.total_verified.set(sum(verified))
    world.chain.journal.commit()
    return world


def moved(world: World, value: int) -> tuple[Any, dict[str, int]]:
    """The receipt of Dan's paid prediction, and by how many wei each account changed."""
    before = dict(world.chain.ledger.balances)
    receipt = world.send("dan", "predict", data(0), value=value)
    return receipt, {who: world.balance(who) - money for who, money in before.items()}


@pytest.mark.parametrize(("profile", "grain"), [("corrected", 1), ("reference", DEFAULT_UNIT)])
@given(verified=standings, value=payments)
def test_each_verified_contribution_earns_its_share(profile: str, grain: int, verified: list[int], value: int) -> None:
    """v n / N each, less than a wei (a unit in the reference) of it lost; what is lost stays with who paid."""
    world = world_with(verified, profile)
    receipt, change = moved(world, value)
    assert receipt.ok
    total, recipients = sum(verified), sum(n > 0 for n in verified)
    assert sum(change.values()) == 0, "no wei appears or goes"
    assert world.trainer.escrow() == world.mechanism.liabilities() == 0
    for who, n in zip(CONTRIBUTORS, verified, strict=True):
        assert change[who] % grain == 0
        if n:
            assert 0 <= value * n - change[who] * total < grain * total
        else:
            assert change[who] == 0
    remainder = value + change["dan"]
    if total:
        assert 0 <= remainder < max(1, recipients) * grain
    else:
        assert remainder == value, "where nobody has standing it all comes back"


@given(verified=standings, value=payments, times=st.integers(1, 5))
def test_income_is_that_of_the_closed_form(verified: list[int], value: int, times: int) -> None:
    """Income per verified contribution is v · calls / N, to a wei a call; total paid is v · calls - remainders."""
    world = world_with(verified, "corrected")
    start = {who: world.balance(who) for who in CONTRIBUTORS}
    paid = 0
    for _ in range(times):
        _, change = moved(world, value)
        paid -= change["dan"]
    total, recipients = sum(verified), sum(n > 0 for n in verified)
    assert value * times - times * recipients <= paid <= value * times or not total
    for who, n in zip(CONTRIBUTORS, verified, strict=True):
        if n:
            income = world.balance(who) - start[who]
            assert 0 <= value * times * n - income * total < times * total


@given(value=payments)
def test_log_says_who_was_paid(value: int) -> None:
    world = world_with([3, 0, 1, 0], "corrected")
    receipt, change = moved(world, value)
    told = {log.data[0]: log.data[1] for log in receipt.logs if log.event == "Paid"}
    assert told == {who: amount for who, amount in change.items() if amount > 0}
    if value:
        asked = next(log for log in receipt.logs if log.event == "Predict")
        assert asked.data == (receipt.result, sum(told.values()))


@pytest.mark.parametrize("profile", POINTS_PROFILES)
@given(value=st.integers(1, ETHER))
def test_points_pay_nobody(profile: str, value: int) -> None:
    world = make_world(mechanism="points", profile=profile, accounts={"ann": ETHER, "dan": ETHER})
    world.mechanism.verified["ann"] = 1
    world.mechanism.total_verified.set(1)
    world.chain.journal.commit()
    receipt, change = moved(world, value)
    assert receipt.ok == (profile == "corrected")
    assert not any(change.values())
