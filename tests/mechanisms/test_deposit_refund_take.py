"""Deposit-Refund-Take at the edges of its rules; expected values are those of the papers' code and contracts."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanisms.deposit_refund_take import PROFILES, Parameters
from sim.errors import ConfigError, Revert
from sim.units import DAY
from tests.support import START, World, data, make_world

UNIT = 10**15
PLENTY = 10**22
T, T_O = 10, 20
T_A = {"solidity": 30, "corrected": 30, "reference": 10 + 7 * DAY + 1}


def quote(world: World, elapsed: int) -> int:
    return world.mechanism.quote(START + elapsed, data(0), 1)


# -- the price ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elapsed", "units"), [(1, 60), (2, 60), (4, 30), (12, 20), (60, 8), (600, 2), (3599, 1), (3600, 1), (10**7, 1)]
)
def test_price_of_the_reference_simulation(elapsed: int, units: int) -> None:
    assert quote(make_world(profile="reference"), elapsed) == units * UNIT


def test_mean_price_of_the_reference_over_ten_minutes() -> None:
    """Summing the integer rule over gaps of 1 to 600 s gives 4.68 units."""
    world = make_world(profile="reference")
    assert sum(quote(world, gap) for gap in range(1, 601)) / 600 / UNIT == pytest.approx(4.68, abs=0.005)


def test_second_contribution_in_a_second_is_refused_by_the_reference_only() -> None:
    with pytest.raises(Revert, match=r"^Not enough time has passed since the last update\.$"):
        quote(make_world(profile="reference"), 0)
    assert quote(make_world(profile="solidity"), 0) == 3600 * UNIT
    assert quote(make_world(profile="corrected"), 0) == 60 * UNIT


FULL = 3_600 * 10**15  # 3.6 ether


@pytest.mark.parametrize(
    ("elapsed", "wei"),
    [(gap, FULL) for gap in (0, 1, 2, 3)]
    + [(gap, FULL // 2) for gap in (4, 8)]
    + [(gap, FULL // 3) for gap in (9, 15)]
    + [(60, 514_285_714_285_714_285), (600, 15 * 10**16), (3_600, 6 * 10**16), (86_400, FULL // 293)],
)
def test_price_of_the_contract(elapsed: int, wei: int) -> None:
    assert quote(make_world(profile="solidity"), elapsed) == wei


def test_cost_weight_of_the_contract_is_whole_wei() -> None:
    world = make_world(profile="solidity", cost_weight=Fraction(12345678901, 10**15))
    assert quote(world, 3_600) == 12345678901 * 60


@given(
    elapsed=st.integers(0, 10**9),
    weight=st.fractions(0, 1000, max_denominator=10**6),
    unit=st.sampled_from((1, 7, UNIT, 10**18)),
)
def test_corrected_price_is_the_floor_of_the_exact_number(elapsed: int, weight: Fraction, unit: int) -> None:
    with localcontext() as context:
        context.prec = 100
        numerator, denominator = Decimal(60 * unit * weight.numerator), Decimal(weight.denominator)
        exact = int(numerator / denominator / Decimal(max(1, elapsed)).sqrt())
    world = make_world(profile="corrected", cost_weight=weight, unit=unit)
    assert quote(world, elapsed) == exact


@pytest.mark.parametrize("profile", PROFILES)
def test_fixed_deposit_never_moves(profile: str) -> None:
    world = make_world(profile=profile, deposit_policy="fixed", deposit=12_345)
    assert {quote(world, gap) for gap in (0, 1, 60, 10**6)} == {12_345}
    assert world.mechanism.lowest_quote == 12_345


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("gap", [1, 3_600, 10**9])
def test_no_price_is_below_the_lowest_quote(profile: str, gap: int) -> None:
    world = make_world(profile=profile, cost_weight=Fraction(1, 100))
    assert quote(world, gap) >= world.mechanism.lowest_quote


@pytest.mark.parametrize("profile", PROFILES)
def test_surplus_comes_back_and_a_wei_too_little_is_refused(profile: str) -> None:
    world = make_world(profile=profile)
    world.wait(100)
    cost = quote(world, 100)
    short = world.send("ann", "add_data", data(0), 1, value=cost - 1)
    assert (short.ok, short.reason) == (False, "Didn't pay enough for the deposit.")
    before = world.balance("ann")
    assert world.send("ann", "add_data", data(0), 1, value=cost + 12_345).ok
    assert before - world.balance("ann") == world.trainer.escrow() == world.mechanism.liabilities() == cost


@pytest.mark.parametrize("profile", PROFILES)
def test_price_falls_from_the_last_accepted_contribution(profile: str) -> None:
    """A refused one does not move the clock."""
    world = make_world(profile=profile)
    world.wait(100)
    assert not world.send("ann", "add_data", data(0), 1).ok
    world.wait(300)
    assert world.mechanism.quote(START + 400, data(0), 1) == quote(make_world(profile=profile), 400)
    assert world.send("ann", "add_data", data(0), 1, value=PLENTY).ok
    assert world.mechanism.quote(START + 500, data(0), 1) == quote(make_world(profile=profile), 100)


# -- windows, to the second --------------------------------------------------------------------------------------------


def scene(profile: str, **parameters: Any) -> tuple[World, int, int]:
    """Bob's contribution, which the model does not agree with, and Cat's, which it does; Ann alone has standing.

    The answer is the world and the seconds at which the two were added.
    """
    windows = {"refund_window": T, "owner_claim_after": T_O, "any_claim_after": T_A[profile]}
    if profile == "reference":
        windows["owner_claim_after"] = T_A[profile]
    world = make_world(
        profile=profile, owner="owner", accounts=dict.fromkeys(("ann", "bob", "cat", "dan", "owner"), PLENTY),
        **{**windows, **parameters},
    )  # fmt: skip
    added = world.wait(1)
    assert world.send("ann", "add_data", data(0), 1, value=PLENTY // 2).ok
    world.wait(T + 1)
    assert world.send("ann", "refund", data(0), 1, added).ok
    times = []
    for who, label in (("bob", 1), ("cat", 0)):
        times.append(world.wait(1))
        assert world.send(who, "add_data", data(1, 2), label, value=PLENTY // 2).ok
    assert world.model.predict_one(data(1, 2).features) == 0
    return world, times[0], times[1]


def report(world: World, who: str, bobs: int) -> Any:
    return world.send(who, "report", data(1, 2), 1, bobs, "bob")


@pytest.mark.parametrize(
    ("profile", "first"), [("solidity", T), ("corrected", T), ("reference", T + 1)], ids=lambda value: str(value)
)
def test_refund_and_report_begin_at_the_same_second(profile: str, first: int) -> None:
    """The reference wants more than the window; contract and corrected rules as much."""
    world, bobs, cats = scene(profile)
    for age, ok in ((first - 1, False), (first, True)):
        world.chain.clock.advance(bobs + age)
        taken = report(world, "ann", bobs)
        assert (taken.ok, taken.reason) == (ok, "" if ok else "Not enough time has passed.")
        world.chain.clock.advance(cats + age)
        refunded = world.send("cat", "refund", data(1, 2), 0, cats)
        assert (refunded.ok, refunded.reason) == (ok, "" if ok else "Not enough time has passed.")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("who", ["dan", "bob", "ann"])
def test_anyone_takes_all_from_the_last_window_on(profile: str, who: str) -> None:
    """A stranger without standing, the author, and whoever took before: all from the same second."""
    world, bobs, cats = scene(profile)
    deposit = world.records.deposit[1]
    left = deposit
    if who == "ann":  # she has half of all standing, takes her half, and waits for the rest
        world.chain.clock.advance(cats + T + 1)
        assert world.send("cat", "refund", data(1, 2), 0, cats).ok
        taken = report(world, "ann", bobs)
        assert (taken.ok, taken.result) == (True, deposit // 2)
        left = deposit - deposit // 2
    for age, ok in ((T_A[profile] - 1, False), (T_A[profile], True)):
        world.chain.clock.advance(bobs + age)
        taken = report(world, who, bobs)
        assert taken.ok == ok
        assert taken.reason == ("" if ok else {
            "dan": "The sender has not sent any good data.",
            "bob": "Cannot take your own deposit.",
            "ann": "Deposit already claimed by reporter.",
        }[who])  # fmt: skip
    assert taken.result == left
    assert (world.records.claimable[1], world.trainer.escrow()) == (0, world.mechanism.liabilities())


@pytest.mark.parametrize("profile", PROFILES)
def test_last_window_asks_no_model(profile: str) -> None:
    world, _, cats = scene(profile)
    world.chain.clock.advance(cats + T_A[profile])
    assert world.model.predict_one(data(1, 2).features) == 0  # it agrees with Cat
    assert world.send("dan", "report", data(1, 2), 0, cats, "cat").result == world.records.deposit[2]


@pytest.mark.parametrize("profile", PROFILES)
def test_refund_has_no_last_second(profile: str) -> None:
    world, _, cats = scene(profile)
    world.chain.clock.advance(cats + 10 * T_A[profile])
    assert world.send("cat", "refund", data(1, 2), 0, cats).ok


def test_owner_claims_early_only_under_corrected_rules() -> None:
    for profile in PROFILES:
        world, bobs, cats = scene(profile)
        world.chain.clock.advance(bobs + T_O - 1)
        assert report(world, "owner", bobs).reason == "The sender has not sent any good data."
        world.chain.clock.advance(bobs + T_O)
        assert report(world, "owner", bobs).ok == (profile == "corrected")
        assert not report(world, "dan", bobs).ok
        # ... whatever the model says, and what others left of it
        world.chain.clock.advance(cats + T_O)
        taken = world.send("owner", "report", data(1, 2), 0, cats, "cat")
        assert taken.ok == (profile == "corrected")
        assert not taken.ok or taken.result == world.records.deposit[2]


@pytest.mark.parametrize("profile", ["solidity", "corrected"])
def test_all_windows_may_be_zero(profile: str) -> None:
    world = make_world(profile=profile, refund_window=0, owner_claim_after=0, any_claim_after=0)
    now = world.wait(9)
    assert world.send("ann", "add_data", data(0), 1, value=PLENTY).ok
    assert world.send("ann", "refund", data(0), 1, now).ok


# -- who gets what -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_reasons_in_the_words_of_the_contract(profile: str) -> None:
    world, bobs, cats = scene(profile)
    world.chain.clock.advance(cats + T + 1)

    def reason(who: str, method: str, *arguments: Any) -> str:
        receipt = world.send(who, method, *arguments)
        return "" if receipt.ok else receipt.reason

    assert reason("dan", "refund", data(1, 2), 0, cats) == "Data not found."
    assert reason("cat", "refund", data(1, 2), 1, cats) == "Data not found."
    assert reason("cat", "refund", data(1, 2), 0, cats + 1) == "Data not found."
    assert reason("bob", "refund", data(1, 2), 1, bobs) == "The model doesn't agree with your contribution."
    assert reason("ann", "report", data(1, 2), 0, cats, "cat") == "The model should not agree with the contribution."
    assert reason("bob", "report", data(1, 2), 1, bobs, "bob") == "Cannot take your own deposit."
    assert reason("dan", "report", data(1, 2), 1, bobs, "bob") == "The sender has not sent any good data."
    assert reason("cat", "refund", data(1, 2), 0, cats) == ""
    assert reason("cat", "refund", data(1, 2), 0, cats) == "Deposit already claimed by submitter."
    assert reason("ann", "report", data(1, 2), 0, cats, "cat") == "There is no reward left to claim."
    assert reason("ann", "report", data(1, 2), 1, bobs, "bob") == ""
    assert reason("ann", "report", data(1, 2), 1, bobs, "bob") == "Deposit already claimed by reporter."
    assert reason("cat", "report", data(1, 2), 1, bobs, "bob") == ""
    assert reason("cat", "report", data(1, 2), 1, bobs, "bob") == "There is no reward left to claim."


def test_author_is_refunded_what_reporters_left_and_learns_when_nothing_is() -> None:
    """`There is no reward left to claim.` to an author whose deposit was all taken, though the model came round."""
    world, bobs, _ = scene("corrected")
    world.chain.clock.advance(bobs + T)
    assert report(world, "ann", bobs).result == world.records.deposit[1]  # the only standing there is: all of it
    assert world.send("dan", "add_data", data(1, 2), 1, value=PLENTY).ok
    assert world.model.predict_one(data(1, 2).features) == 1
    assert world.send("bob", "refund", data(1, 2), 1, bobs).reason == "There is no reward left to claim."


@pytest.mark.parametrize(
    ("profile", "shares", "left"),
    [("solidity", (33, 66), 1), ("corrected", (33, 66), 1), ("reference", (34, 66), 0)],
)
def test_share_is_by_standing(profile: str, shares: tuple[int, int], left: int) -> None:
    """Standing 1 of 3 and 2 of 3 of 100 wei: floors, and a wei is left for the last window. The reference simulation
    shares in floats, 33.33 and 66.67, and leaves nothing that could be claimed, refunded or give standing."""
    world, bobs, cats = scene(profile, deposit_policy="fixed", deposit=100)
    again = world.wait(1)
    assert world.send("ann", "add_data", data(0), 1, value=PLENTY // 4).ok
    world.chain.clock.advance(again + T + 1)
    assert world.send("ann", "refund", data(0), 1, again).ok
    assert world.send("cat", "refund", data(1, 2), 0, cats).ok
    assert [world.mechanism.standing(who) for who in ("ann", "bob", "cat")] == [2, 0, 1]
    assert (report(world, "cat", bobs).result, report(world, "ann", bobs).result) == shares
    assert (world.records.claimable[1], world.trainer.escrow()) == (left, left)


@pytest.mark.parametrize("profile", ["solidity", "corrected"])
def test_rounding_exploit_share_of_nothing_takes_everything(profile: str) -> None:
    """With d n(r) < N the floor is 0, and the contract then pays all that is left."""
    world, bobs, cats = scene(profile, deposit_policy="fixed", deposit=1)
    world.chain.clock.advance(cats + T + 1)
    assert world.send("cat", "refund", data(1, 2), 0, cats).ok
    assert world.mechanism.total_standing() == 2  # 1 wei * 1 // 2 == 0
    assert report(world, "ann", bobs).result == 1


def test_reports_earn_no_standing() -> None:
    world, bobs, _ = scene("corrected")
    world.chain.clock.advance(bobs + T)
    assert report(world, "ann", bobs).ok
    assert (world.mechanism.standing("ann"), world.mechanism.total_standing()) == (1, 1)


@pytest.mark.parametrize(("rule", "earned", "unit"), [("full", 1, 1), ("none", 0, 1), ("pro_rata", 500_000, 10**6)])
def test_standing_for_crumbs(rule: str, earned: int, unit: int) -> None:
    """Half of Bob's deposit was taken; then the model comes round and he is refunded the other half."""
    world, bobs, cats = scene("corrected", crumb_standing=rule, deposit_policy="fixed", deposit=100)
    world.chain.clock.advance(cats + T)
    assert world.send("cat", "refund", data(1, 2), 0, cats).ok
    assert report(world, "ann", bobs).result == 50
    assert world.send("dan", "add_data", data(1, 2), 1, value=100).ok
    assert world.send("bob", "refund", data(1, 2), 1, bobs).result == 50
    assert [world.mechanism.standing(who) for who in ("ann", "bob", "cat")] == [unit, earned, unit]
    assert world.mechanism.total_standing() == 2 * unit + earned


# -- refund rules ------------------------------------------------------------------------------------------------------


def test_refund_may_be_retried_until_it_succeeds() -> None:
    world, bobs, _ = scene("corrected")
    world.chain.clock.advance(bobs + T)
    assert not world.send("bob", "refund", data(1, 2), 1, bobs).ok
    assert world.send("dan", "add_data", data(1, 2), 1, value=PLENTY).ok
    assert world.send("bob", "refund", data(1, 2), 1, bobs).result == world.records.deposit[1]


def test_one_shot_authors_own_check_decides_for_good() -> None:
    world, bobs, _ = scene("corrected", refund_rule="one_shot")
    world.chain.clock.advance(bobs + T)
    refused = world.send("bob", "refund", data(1, 2), 1, bobs)
    assert (refused.ok, refused.result) == (True, 0)  # it must not revert: the decision is kept
    assert (world.mechanism.standing("bob"), world.records.claimable[1]) == (0, world.records.deposit[1])
    assert world.send("dan", "add_data", data(1, 2), 1, value=PLENTY).ok  # the model comes round, too late
    assert not world.send("bob", "refund", data(1, 2), 1, bobs).ok


def test_one_shot_a_reporters_check_decides_for_good() -> None:
    world, bobs, cats = scene("corrected", refund_rule="one_shot", deposit_policy="fixed", deposit=100)
    world.chain.clock.advance(cats + T)
    assert world.send("cat", "refund", data(1, 2), 0, cats).ok
    assert report(world, "ann", bobs).result == 50
    assert world.send("dan", "add_data", data(1, 2), 1, value=100).ok
    refused = world.send("bob", "refund", data(1, 2), 1, bobs)
    assert (refused.ok, refused.reason) == (False, "This contribution was found wrong before.")


# -- the same key again ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_same_contribution_twice_in_a_second_is_refused(profile: str) -> None:
    world = make_world(profile=profile, deposit_policy="fixed", deposit=5)
    world.wait(1)
    for ok in (True, False):
        receipt = world.send("ann", "add_data", data(0, 1), 1, value=5)
        assert receipt.ok == ok
    assert receipt.reason == "Conflicting data key. The data may have already been added."
    for who, features, label in (("bob", (0, 1), 1), ("ann", (1, 0), 1), ("ann", (0, 1), 0), ("ann", (0, 1, 1), 1)):
        assert world.send(who, "add_data", data(*features), label, value=5).ok, "another key is no duplicate"
    world.wait(1)
    assert world.send("ann", "add_data", data(0, 1), 1, value=5).ok


def test_spent_record_is_overwritten_by_the_contract_and_its_claims_survive() -> None:
    world = make_world(profile="solidity", refund_window=0, owner_claim_after=50, any_claim_after=100, unit=7)
    now = world.wait(1)
    assert world.send("ann", "add_data", data(0), 1, value=PLENTY).ok
    assert world.send("ann", "refund", data(0), 1, now).ok
    assert world.send("ann", "add_data", data(0), 1, value=PLENTY).ok
    records = world.records
    assert len(records) == 1
    assert (records.claims[0], records.claimable[0], records.deposit[0]) == (0, 7 * 3600, 7 * 3600)
    assert world.send("ann", "refund", data(0), 1, now).reason == "Deposit already claimed by submitter."
    world.wait(100)
    assert world.send("bob", "report", data(0), 1, now, "ann").result == 7 * 3600


@pytest.mark.parametrize("profile", ["corrected", "reference"])
def test_spent_record_is_not_overwritten_elsewhere(profile: str) -> None:
    """The reference cannot refund within the second, but a record with no deposit is spent from the start."""
    world = make_world(profile=profile, deposit_policy="fixed", deposit=0)
    world.wait(1)
    assert world.send("ann", "add_data", data(0), 1).ok
    assert not world.send("ann", "add_data", data(0), 1).ok


@pytest.mark.parametrize("profile", ["solidity", "corrected"])
def test_free_contributions_have_nothing_to_claim(profile: str) -> None:
    world = make_world(profile=profile, cost_weight=0, refund_window=0, owner_claim_after=0, any_claim_after=0)
    now = world.wait(1)
    assert world.send("ann", "add_data", data(0), 1).ok
    assert world.send("ann", "refund", data(0), 1, now).reason == "There is no reward left to claim."
    assert world.send("bob", "report", data(0), 1, now, "ann").reason == "There is no reward left to claim."
    assert world.mechanism.total_standing() == 0


# -- paid predictions --------------------------------------------------------------------------------------------------


def paid_prediction(profile: str, value: int) -> tuple[World, Any, dict[str, int]]:
    """Ann has standing 1, Cat 1; Dan pays for a prediction."""
    world, _, cats = scene(profile)
    world.chain.clock.advance(cats + T + 1)
    assert world.send("cat", "refund", data(1, 2), 0, cats).ok
    before = {who: world.balance(who) for who in ("ann", "bob", "cat", "dan")}
    receipt = world.send("dan", "predict", data(0), value=value)
    return world, receipt, {who: world.balance(who) - money for who, money in before.items()}


def test_payment_is_shared_to_the_wei_and_the_rest_stays_with_the_caller() -> None:
    world, receipt, moved = paid_prediction("corrected", 101)
    assert (receipt.ok, receipt.result) == (True, 1)
    assert moved == {"ann": 50, "bob": 0, "cat": 50, "dan": -100}
    assert world.trainer.escrow() == world.mechanism.liabilities()


def test_payment_is_shared_in_whole_units_by_the_reference() -> None:
    _, receipt, moved = paid_prediction("reference", 51 * UNIT)
    assert receipt.ok
    assert moved == {"ann": 25 * UNIT, "bob": 0, "cat": 25 * UNIT, "dan": -50 * UNIT}


def test_contract_takes_no_payment_for_predictions() -> None:
    _, receipt, moved = paid_prediction("solidity", 100)
    assert (receipt.ok, receipt.reason) == (False, "")
    assert not any(moved.values())


def test_payment_comes_back_when_nobody_has_standing() -> None:
    world = make_world()
    before = world.balance("ann")
    assert world.send("ann", "predict", data(0), value=1_000).ok
    assert world.balance("ann") == before


# -- parameters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"profile": "solid"}, "profile is 'solid'"),
        ({"deposit_policy": "free"}, "deposit_policy"),
        ({"refund_rule": "twice"}, "refund_rule"),
        ({"crumb_standing": "some"}, "crumb_standing"),
        ({"cost_weight": Fraction(-1)}, "cost_weight is -1"),
        ({"deposit": -1}, "deposit -1"),
        ({"refund_window": -1}, "refund_window is -1"),
        ({"refund_window": 10, "owner_claim_after": 9, "any_claim_after": 20}, "owner_claim_after 9"),
        ({"refund_window": 10, "owner_claim_after": 21, "any_claim_after": 20}, "any_claim_after 20"),
        ({"refund_window": 10, "any_claim_after": 9}, "any_claim_after 9"),
        ({"profile": "reference", "refund_window": 10, "any_claim_after": 10 + 7 * DAY}, r"refund_window \+ 7 days"),
    ],
)
def test_wrong_parameter_is_named(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        Parameters(**wrong)


def test_defaults() -> None:
    p = Parameters()
    assert (p.profile, p.cost_weight, p.refund_window, p.deposit_policy) == ("corrected", 1, DAY, "inv_sqrt")
    assert p.owner_claim_after == p.any_claim_after == 9 * DAY
    assert Parameters(profile="reference", refund_window=5, any_claim_after=5 + 7 * DAY + 1).any_claim_after == 604_806
