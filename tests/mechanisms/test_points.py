"""Points at the edges of its rules; reasons and their order are those of Points64.sol."""

from __future__ import annotations

from typing import Any

import pytest

from experiments import load_scenario, run
from mechanisms import Points
from mechanisms.checks import check_mechanism
from mechanisms.points import PROFILES, Parameters
from sim.chain import Chain
from sim.contracts import DataHandler
from sim.errors import ConfigError
from sim.units import DAY
from tests.support import World, data, make_world

T, T_O, T_A = 10, 20, 30


def scene(profile: str, **parameters: Any) -> tuple[World, int, int]:
    """Bob's contribution, which the model does not agree with, and Cat's, which it does; nobody has points yet.

    The answer is the world and the seconds at which the two were added.
    """
    windows = {"refund_window": T, "owner_claim_after": T_O, "any_claim_after": T_A}
    world = make_world(mechanism="points", profile=profile, **{**windows, **parameters})
    times = []
    for who, label in (("bob", 1), ("cat", 0)):
        times.append(world.wait(1))
        assert world.send(who, "add_data", data(1, 2), label).ok
    assert world.model.predict_one(data(1, 2).features) == 0
    return world, times[0], times[1]


def refund(world: World, who: str, label: int, added: int) -> Any:
    return world.send(who, "refund", data(1, 2), label, added)


def report(world: World, who: str, author: str, label: int, added: int) -> Any:
    return world.send(who, "report", data(1, 2), label, added, author)


# -- adding ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_adding_costs_nothing_and_all_value_comes_back(profile: str) -> None:
    world = make_world(mechanism="points", profile=profile, accounts={"ann": 1000})
    for value in (0, 999):
        world.wait(1)
        assert world.mechanism.quote(world.chain.clock.now, data(0), 1) == 0
        receipt = world.send("ann", "add_data", data(0), 1, value=value)
        assert (receipt.ok, receipt.logs[-1].data[1]) == (True, 0)
    assert (world.balance("ann"), world.trainer.escrow(), world.mechanism.liabilities()) == (1000, 0, 0)
    assert world.mechanism.total_submitted.value == 2


def test_same_key_again_in_a_second_starts_a_record_anew_in_the_contract_and_its_claims_survive() -> None:
    world, _, _ = scene("solidity", refund_window=0)
    now = world.wait(1)
    assert world.send("bob", "add_data", data(1, 2), 1).ok
    assert world.send("cat", "add_data", data(1, 2), 0).ok  # so that the model disagrees with Bob again
    assert report(world, "ann", "bob", 1, now).ok
    assert refund(world, "cat", 0, now).ok
    for who, label in (("bob", 1), ("cat", 0)):
        assert world.send(who, "add_data", data(1, 2), label).ok
    assert len(world.records) == 4
    assert list(world.records.claims) == [0, 0, 0, 0]
    assert report(world, "ann", "bob", 1, now).reason == "Already claimed by reporter."
    assert refund(world, "cat", 0, now).reason == "Already claimed by submitter."
    assert not world.mechanism.may_report(2, "ann")
    assert not world.mechanism.may_refund(3, "cat")
    assert report(world, "cat", "bob", 1, now).ok


def test_same_key_again_in_a_second_is_refused_under_corrected_rules() -> None:
    world, _, _ = scene("corrected")
    refused = world.send("cat", "add_data", data(1, 2), 0)
    assert refused.reason == "Conflicting data key. The data may have already been added."


# -- verifying one's own -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_refund_is_a_point_and_no_money_from_the_first_second_of_its_window_on(profile: str) -> None:
    world, _, cats = scene(profile)
    world.chain.clock.advance(cats + T - 1)
    assert refund(world, "cat", 0, cats).reason == "Not enough time has passed."
    world.chain.clock.advance(cats + T)
    before = world.balance("cat")
    receipt = refund(world, "cat", 0, cats)
    assert (receipt.ok, receipt.result, world.balance("cat")) == (True, 0, before)
    assert (world.mechanism.standing("cat"), world.mechanism.total_standing()) == (1, 1)
    assert refund(world, "cat", 0, cats).reason == "Already claimed."
    assert (world.mechanism.standing("cat"), world.mechanism.total_standing()) == (1, 1)


@pytest.mark.parametrize("profile", PROFILES)
def test_refund_has_no_last_second(profile: str) -> None:
    world, _, cats = scene(profile)
    world.wait(1000 * DAY)
    assert refund(world, "cat", 0, cats).ok


@pytest.mark.parametrize("profile", PROFILES)
def test_refund_is_refused_while_the_model_disagrees_and_may_be_tried_again(profile: str) -> None:
    world, bobs, _ = scene(profile)
    assert refund(world, "bob", 1, bobs).reason == "Not enough time has passed."  # before the model's own opinion
    world.wait(T)
    assert refund(world, "bob", 1, bobs).reason == "The model doesn't agree with your contribution."
    world.send("ann", "add_data", data(1, 2), 1)  # the model comes round
    assert refund(world, "bob", 1, bobs).ok
    assert world.mechanism.standing("bob") == 1


@pytest.mark.parametrize("profile", PROFILES)
def test_only_the_author_finds_a_contribution_to_refund(profile: str) -> None:
    world, _, cats = scene(profile)
    world.wait(T)
    assert refund(world, "ann", 0, cats).reason == "Data not found."
    assert refund(world, "cat", 1, cats).reason == "Data not found."
    assert refund(world, "cat", 0, cats + 1).reason == "Data not found."


# -- reporting others --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_report_needs_no_points_earns_none_and_closes_the_contribution(profile: str) -> None:
    world, bobs, _ = scene(profile)
    world.wait(T)
    before = world.balance("ann")
    receipt = report(world, "ann", "bob", 1, bobs)
    assert (receipt.ok, receipt.result, world.balance("ann")) == (True, 0, before)
    assert world.mechanism.total_standing() == world.mechanism.standing("ann") == 0
    assert report(world, "cat", "bob", 1, bobs).reason == "Already claimed."
    world.send("ann", "add_data", data(1, 2), 1)  # the model comes round, too late
    assert refund(world, "bob", 1, bobs).reason == "Already claimed."


@pytest.mark.parametrize("profile", PROFILES)
def test_refusals_of_a_report_come_in_the_contracts_order(profile: str) -> None:
    """Time, claims, oneself, the model: each refusal is given where all later ones would apply too."""
    world, bobs, cats = scene(profile)
    world.chain.clock.advance(cats + T - 1)
    assert report(world, "cat", "cat", 0, cats).reason == "Cannot be claimed yet."
    world.chain.clock.advance(cats + T)
    assert report(world, "cat", "cat", 0, cats).reason == "Cannot report yourself."
    assert report(world, "ann", "cat", 0, cats).reason == "The model should not agree with the contribution."
    assert refund(world, "cat", 0, cats).ok
    assert report(world, "cat", "cat", 0, cats).reason == "Already claimed."
    assert report(world, "ann", "bob", 0, bobs).reason == "Data not found."


@pytest.mark.parametrize("profile", PROFILES)
def test_last_window_opens_nothing(profile: str) -> None:
    """Neither oneself nor what the model agrees with can ever be reported."""
    world, bobs, cats = scene(profile)
    world.wait(10 * T_A)
    assert report(world, "bob", "bob", 1, bobs).reason == "Cannot report yourself."
    assert report(world, "ann", "cat", 0, cats).reason == "The model should not agree with the contribution."
    assert report(world, "ann", "bob", 1, bobs).ok


def test_contract_checks_no_order_of_windows_and_reports_begin_with_the_smaller() -> None:
    world, bobs, cats = scene("solidity", refund_window=T_A, owner_claim_after=T, any_claim_after=T)
    world.chain.clock.advance(bobs + T - 1)
    assert report(world, "ann", "bob", 1, bobs).reason == "Cannot be claimed yet."
    world.chain.clock.advance(cats + T)
    assert report(world, "ann", "bob", 1, bobs).ok
    assert refund(world, "cat", 0, cats).reason == "Not enough time has passed."
    with pytest.raises(ConfigError, match="refund_window is 30 s, owner_claim_after 10 s, any_claim_after 10 s"):
        Parameters(refund_window=T_A, owner_claim_after=T, any_claim_after=T)


def test_contract_asks_the_model_before_it_refuses() -> None:
    """Which only costs gas: three words read, and what it takes to add them up."""
    used = {}
    for profile in PROFILES:
        world, bobs, _ = scene(profile)
        used[profile] = refund(world, "bob", 1, bobs).gas_used
    assert used["solidity"] > used["corrected"] + 3 * 2_100


# -- the rest ----------------------------------------------------------------------------------------------------------


def test_payment_for_a_prediction_comes_back_or_is_not_taken() -> None:
    world, _, _ = scene("corrected")
    before = world.balance("ann")
    assert world.send("ann", "predict", data(1, 2), value=100).result == 0
    assert world.balance("ann") == before
    world, _, _ = scene("solidity")
    refused = world.send("ann", "predict", data(1, 2), value=100)
    assert (refused.ok, refused.reason, world.balance("ann")) == (False, "", before)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_passes_the_check(profile: str) -> None:
    parameters = Parameters(profile, 50, 60, 70)
    check_mechanism(lambda chain, address, records: Points(chain, address, records, parameters))


class ShortPoints(Points):
    """With a window that the check reaches; the faults below are planted in it."""

    def __init__(self, chain: Chain, address: str, records: DataHandler) -> None:
        super().__init__(chain, address, records, Parameters("corrected", 50))


class OffersEveryRefund(ShortPoints):
    def may_refund(self, record: int, author: str) -> bool:
        return True


class OffersNoReport(ShortPoints):
    def may_report(self, record: int, reporter: str) -> bool:
        return False


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        (OffersEveryRefund, "refund was promised and refused: 'Already claimed.'"),
        (OffersNoReport, "report was not off"),
    ],
)
def test_offers_that_are_not_true_are_found_although_they_pay_nothing(planted: Any, found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        check_mechanism(planted)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"profile": "reference"}, "The reference simulation has no points"),
        ({"refund_window": -1}, "refund_window is -1"),
        ({"refund_window": 10, "any_claim_after": 9}, "any_claim_after 9"),
        ({"profile": "solidity", "refund_window": -1}, "are -1, .* 0 to 4294967295 s"),
        ({"profile": "solidity", "any_claim_after": 2**32}, "4294967296 s; the contract"),
    ],
)
def test_wrong_parameter_is_named(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        Parameters(**wrong)


def test_contract_stores_windows_up_to_the_last_number_of_32_bits() -> None:
    assert Parameters("solidity", 2**32 - 1, 0, 0).refund_window == 2**32 - 1


def test_scenario_runs_with_points() -> None:
    levers = {"mechanism": {"kind": "points", "refund_window": "1h"}, "data.size": 400, "data.initial": 100}
    result = run(load_scenario("quickstart", levers))
    statements = [row.statement for row in result.agents]
    assert {statement.deposited for statement in statements} == {0}
    assert sum(statement.refunded for statement in statements) > 0
    with pytest.raises(ConfigError, match=r"mechanism\.profile is 'reference', which has no mechanism 'points'"):
        load_scenario("quickstart", {"mechanism": {"kind": "points", "profile": "reference"}})
