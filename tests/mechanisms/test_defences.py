"""Each defence of Deposit-Refund-Take by itself: its formula on numbers worked out by hand, and what it is for."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from mechanisms import DefendedDeposits, DepositRefundTake, rule_of
from mechanisms.checks import check_mechanism
from mechanisms.commit_reveal import commitment_of
from mechanisms.deposit_parameters import Parameters
from sim.chain import BURNED, Chain, FixedPrice, Receipt
from sim.contracts import DataHandler
from sim.errors import ConfigError
from sim.models.onchain import SparseNearestCentroid
from sim.units import DAY
from tests.support import START, World, data, make_world

UNIT = 10**15
PLENTY = 10**22


def quote(world: World, features: tuple[int, ...] = (0,), label: int = 1, sender: str = "") -> int:
    quoted: int = world.mechanism.quote(world.chain.clock.now, data(*features), label, sender)
    return quoted


def add(world: World, who: str, features: tuple[int, ...], label: int, wait: int = 1) -> tuple[Any, ...]:
    """Add a sample after a while; what names it in a report comes back."""
    world.wait(wait)
    receipt = world.send(who, "add_data", data(*features), label, value=PLENTY)
    assert receipt.ok, receipt.reason
    return data(*features), label, world.chain.clock.now, who


def refund(world: World, key: tuple[Any, ...]) -> Receipt:
    return world.send(key[3], "refund", *key[:3])


def report(world: World, who: str, key: tuple[Any, ...]) -> Receipt:
    return world.send(who, "report", *key)


def fixed(**levers: Any) -> World:
    """A world in which a contribution costs 1000 wei before anything else is said."""
    policy = {"base_policy": "fixed"} if levers.get("deposit_policy") else {"deposit_policy": "fixed"}
    return make_world(**{"deposit": 1_000, "refund_window": 10, "any_claim_after": 10_000, **policy, **levers})


# -- deposits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elapsed", "wei"), [(0, 3600 * UNIT), (1, 3600 * UNIT), (10, 360 * UNIT), (3600, UNIT), (7, 3600 * UNIT // 7)]
)
def test_linear_price_is_a_unit_after_an_hour(elapsed: int, wei: int) -> None:
    world = make_world(deposit_policy="inv_linear")
    world.wait(elapsed)
    assert quote(world) == wei


def test_linear_price_never_falls_to_nothing() -> None:
    world = make_world(deposit_policy="inv_linear", unit=1)
    world.wait(10**9)
    assert quote(world) == world.mechanism.lowest_quote == 1
    assert quote(make_world(deposit_policy="inv_linear", cost_weight=0)) == 0


def test_price_of_demand_moves_by_an_eighth_at_most() -> None:
    """Windows of 100 s with a target of 2: 4 contributions (+1/8), none (-1/8), 3 (+1/16), 2 (the same), 1 (-1/16)."""
    world = make_world(
        deposit_policy="eip1559", deposit=1_000, price_window=100, price_target=2, lowest_deposit=600, n_features=9
    )
    prices = []
    for window, wanted in enumerate((4, 0, 3, 2, 1, 0)):
        world.chain.clock.advance(START + 100 * window)
        prices.append(quote(world))
        for number in range(wanted):
            add(world, "ann", (number,), 1)
            assert quote(world) == prices[-1], "all contributions of a window cost the same"
    assert prices == [1000, 1125, 985, 1046, 1046, 981]
    world.wait(10_000)
    assert quote(world) == world.mechanism.lowest_quote == 600


def test_price_of_demand_falls_in_each_empty_window_after_one_on_target() -> None:
    world = make_world(deposit_policy="eip1559", deposit=800, price_window=100, price_target=2, lowest_deposit=1)
    for number in range(2):
        add(world, "ann", (number,), 1)
    prices = []
    for window in (1, 2, 3):
        world.chain.clock.advance(START + 100 * window)
        prices.append(quote(world))
    assert prices == [800, 700, 613]


def test_price_of_demand_rises_from_one_wei() -> None:
    world = make_world(deposit_policy="eip1559", deposit=1, price_window=10, price_target=1, lowest_deposit=1)
    for number in range(3):
        add(world, "ann", (number,), 1)
    world.wait(10)
    assert quote(world) == 2


def test_confidence_charges_more_for_what_the_model_knows() -> None:
    """A perceptron that learnt a sample once stands at 3/4 for its label: with b = 1 that is half as much again."""
    world = fixed(deposit_policy="confidence", confidence_weight=Fraction(1))
    assert quote(world, (0, 1), 1) == quote(world, (0, 1), 0) == 1_000
    add(world, "ann", (0, 1), 1)
    assert (quote(world, (0, 1), 1), quote(world, (0, 1), 0)) == (1_500, 500)
    assert quote(world, (0,), 1) == 1_500
    assert quote(world, (0, 2), 1) == 1_000 + 1_000 // 3  # m = 1 against s = 2: p = 1/2 + 1/6
    assert quote(world, (3,), 1) == 1_000


def test_confidence_by_the_posterior_of_naive_bayes() -> None:
    """One sample each, {0} as 0 and {1} as 1, two features, Laplace: P(0 | {0}) = (2/3) / (2/3 + 1/3)."""
    world = make_world(
        "naive_bayes", n_features=2, deposit_policy="confidence", base_policy="fixed", deposit=3 * 10**9,
        confidence_weight=Fraction(1),
    )  # fmt: skip
    add(world, "ann", (0,), 0)
    add(world, "ann", (1,), 1)
    posterior = Fraction(666_667, 10**6)
    assert quote(world, (0,), 0) == 3 * 10**9 * 2 * posterior
    assert quote(world, (0,), 1) == 3 * 10**9 * 2 * (1 - posterior)


def test_confidence_of_a_sure_model_does_not_overflow() -> None:
    world = make_world("naive_bayes", n_features=2, deposit_policy="confidence", base_policy="fixed", deposit=1_000)
    for _ in range(3):
        add(world, "ann", (0,) * 4_000, 0)
    assert (quote(world, (0,) * 4_000, 0), quote(world, (0,) * 4_000, 1)) == (1_500, 500)
    assert quote(world, (0,), 0) + quote(world, (0,), 1) == 2_000


def test_confidence_needs_a_model_that_says_how_sure_it_is() -> None:
    def centroids(chain: Chain) -> SparseNearestCentroid:
        return SparseNearestCentroid(4, 2, chain.journal, chain.meter)

    with pytest.raises(ConfigError, match=r"confidence.*does not say.*naive_bayes or perceptron"):
        make_world(centroids, deposit_policy="confidence")


def test_farming_agreement_costs_more_under_confidence() -> None:
    """Ten times what the model has learnt already (p = 3/4), against ten new things (p = 1/2): half as much again."""
    world = fixed(deposit_policy="confidence", confidence_weight=Fraction(1), n_features=40)
    add(world, "ann", tuple(range(20)), 1)
    farmed = sum(quote(world, tuple(range(20)), 1) for _ in range(10))
    new = sum(quote(world, (20 + number,), 1) for number in range(10))
    assert (farmed, new) == (15_000, 10_000)


def test_novelty_by_hand() -> None:
    """k = 1, memory of 3. The surprises of {0}, {0}, {1} as they come are 1 (nothing known), 0 and 1."""
    world = fixed(deposit_policy="novelty", novelty_neighbours=1, novelty_memory=3, novelty_weight=Fraction(1))
    assert quote(world, (0,)) == 1_000
    add(world, "ann", (0,), 1)
    assert quote(world, (1,)) == 1_000  # at distance 1, which is not more than that of the first
    add(world, "ann", (0,), 1)
    assert (quote(world, (0,)), quote(world, (1,))) == (1_000, 1_500)
    assert quote(world, (0, 1)) == 1_500  # at distance 1/2
    add(world, "ann", (1,), 1)
    assert quote(world, (0, 1)) == 1_000 + 1_000 // 3
    add(world, "ann", (2,), 1)  # and the first {0} is forgotten: surprises 0, 1, 1 are left
    assert quote(world, (3,)) == 1_000 + 1_000 // 3
    add(world, "ann", (3,), 1)
    add(world, "ann", (3,), 1)
    assert quote(world, (0,)) == 1_000 + 1_000 // 3  # {0} is forgotten altogether


def test_novelty_that_favours_what_is_new_makes_copies_pay_in_full() -> None:
    world = fixed(deposit_policy="novelty", novelty_neighbours=1, novelty_memory=4, novelty_weight=Fraction(-3, 4))
    for features in ((0,), (0,), (0,), (0,)):
        add(world, "ann", features, 1)
    assert (quote(world, (0,)), quote(world, (3,))) == (1_000, 1_000 * 7 // 16)
    assert world.mechanism.lowest_quote == 250


def test_novelty_looks_at_the_kth_neighbour() -> None:
    world = fixed(deposit_policy="novelty", novelty_neighbours=2, novelty_memory=9, novelty_weight=Fraction(1))
    for features in ((0, 1), (2, 3), (2, 3), (2, 3)):
        add(world, "ann", features, 1)  # surprises 1, 1, 1 (its second neighbour is {0, 1}), 0
    assert quote(world, (2, 3)) == 1_000
    assert quote(world, (0, 1)) == 1_250  # one like it is there, but a second is far


def test_loyalty_discounts_by_standing_down_to_a_floor() -> None:
    world = fixed(
        deposit_policy="loyalty", loyalty_discount=Fraction(4, 5), loyalty_scale=Fraction(2), loyalty_floor=HALF
    )
    prices = [quote(world, sender="ann")]
    for number in range(6):
        world.wait(20)
        key = add(world, "ann", (number % 4,), 1)
        world.wait(10)
        assert refund(world, key).ok
        prices.append(quote(world, sender="ann"))
    assert prices == [1_000, 733, 600, 520, 500, 500, 500]  # 1 - .8 n/(n + 2), and not below a half
    assert quote(world, sender="bob") == quote(world) == 1_000
    assert world.send("bob", "add_data", data(0), 1, value=999).reason == "Didn't pay enough for the deposit."
    assert world.send("ann", "add_data", data(0), 1, value=500).ok


HALF = Fraction(1, 2)

# -- reputation --------------------------------------------------------------------------------------------------------


def reputed(**levers: Any) -> World:
    """ann and cat stand, and the model can be turned round on {3} by one sample."""
    world = fixed(reputation_memory=Fraction(9, 10), reputation_low=Fraction(0), **levers)
    for who, feature in (("ann", 0), ("cat", 1)):
        key = add(world, who, (feature,), 1)
        world.wait(10)
        assert refund(world, key).ok
    return world


def test_reputation_is_a_mean_of_outcomes_with_forgetting() -> None:
    world = reputed(reputation="outcomes")
    assert [quote(world, sender=who) for who in ("ann", "cat", "bob", "")] == [900, 900, 1_000, 1_000]
    key = add(world, "ann", (0,), 1)
    world.wait(10)
    refund(world, key)
    assert quote(world, sender="ann") == 810  # r = .1 + .9 * .1
    key = add(world, "ann", (3,), 1)
    add(world, "bob", (3,), 0)
    world.wait(10)
    assert report(world, "cat", key).ok
    assert quote(world, sender="ann") == 829  # r = .171
    assert quote(world, sender="cat") == 900


def test_reputation_of_values_is_lost_by_half_and_won_by_money() -> None:
    world = reputed(reputation="values", reputation_value=4_000)
    assert quote(world, sender="ann") == 975  # r = .1 * 1/4
    key = add(world, "ann", (3,), 1)
    add(world, "bob", (3,), 0)
    world.wait(10)
    assert report(world, "cat", key).ok
    assert quote(world, sender="ann") == 987  # r = .0125


def test_only_the_first_outcome_of_a_contribution_counts() -> None:
    """Crumbs that come back after a report restore no reputation, and a second report takes no more of it."""
    world = reputed(reputation="values", reputation_value=1)
    key = add(world, "bob", (3,), 1)
    add(world, "cat", (3,), 0)
    world.wait(10)
    before = quote(world, sender="bob")
    assert report(world, "ann", key).ok
    assert before == quote(world, sender="bob") == 1_000
    add(world, "cat", (3,), 1)
    assert refund(world, key).ok
    assert quote(world, sender="bob") == 1_000

    key = add(world, "ann", (2,), 1)
    world.wait(10)
    add(world, "cat", (2,), 0)
    name = quote(world, sender="ann")
    add(world, "bob", (3,), 1)
    for who in ("cat", "bob"):
        assert report(world, who, key).ok
    assert quote(world, sender="ann") == 1_000 - (1_000 - name) // 2


def test_sleeper_pays_newcomers_price_after_a_few_failures() -> None:
    """A perfect name is worth 2^-j of the discount after j failures in a row under `values`, .9^j under `outcomes`."""
    rates = {}
    for kind in ("values", "outcomes"):
        world = reputed(reputation=kind, reputation_value=1, n_features=9)
        for _ in range(60):
            key = add(world, "ann", (0,), 1)
            world.wait(10)
            refund(world, key)
        good = 1_000 - quote(world, sender="ann")
        for _ in range(4):
            key = add(world, "ann", (3,), 1)
            add(world, "bob", (3,), 0)
            world.wait(10)
            assert report(world, "cat", key).ok
        rates[kind] = (1_000 - quote(world, sender="ann")) / good
    assert rates["values"] == pytest.approx(1 / 16, abs=0.002)
    assert rates["outcomes"] == pytest.approx(0.9**4, abs=0.002)


# -- verdicts ----------------------------------------------------------------------------------------------------------


def flipped(rule: str, flips: tuple[int, ...]) -> tuple[World, tuple[Any, ...]]:
    """ann adds {0} as 1; the model is turned at each of these ages; then the clock stands at 39."""
    world = make_world(n_features=2, refund_window=10, any_claim_after=40, refund_rule=rule, check_gap=10)
    stands = add(world, "bob", (1,), 1)
    world.wait(35)
    assert refund(world, stands).ok
    key = add(world, "ann", (0,), 1)
    for number, age in enumerate(flips):
        world.chain.clock.advance(key[2] + age)
        assert world.send("cat", "add_data", data(0), number % 2, value=PLENTY).ok
    world.chain.clock.advance(key[2] + 39)
    return world, key


@pytest.mark.parametrize(
    ("rule", "flips", "for_the_author"),
    [
        ("retry", (9, 30), True),
        ("snapshot_at_t", (9, 30), False),
        ("snapshot_at_t", (9, 9), True),
        ("snapshot_at_t", (9,), False),
        ("snapshot_at_t", (10,), True),  # what is added in the second of the check comes too late
        ("snapshot_at_t", (11,), True),
        ("snapshot_at_t", (), True),
        ("majority", (9, 19), True),  # wrong at 10, right at 20 and 30
        ("majority", (9, 29), False),  # right at 30 alone
        ("majority", (9, 20), False),
        ("majority", (10, 30), False),
        ("majority", (20,), True),
        ("majority", (19,), False),
        ("majority", (21,), True),
    ],
)
def test_verdict_goes_by_the_model_at_its_age(rule: str, flips: tuple[int, ...], for_the_author: bool) -> None:
    world, key = flipped(rule, flips)
    reported, refunded = report(world, "bob", key), refund(world, key)
    assert (reported.ok, refunded.ok) == (not for_the_author, for_the_author)
    # ... and the model may say what it likes from now on, but under `retry`
    again, key = flipped(rule, flips)
    assert again.send("cat", "add_data", data(0), len(flips) % 2, value=PLENTY).ok
    assert refund(again, key).ok == (for_the_author if rule != "retry" else not for_the_author)


def test_nothing_is_claimed_before_the_last_check() -> None:
    world = make_world(refund_window=10, any_claim_after=60, refund_rule="majority", check_gap=7, checks=5)
    key = add(world, "ann", (0,), 1)
    world.wait(10 + 4 * 7 - 1)
    assert refund(world, key).reason == "Not enough time has passed."
    world.wait(1)
    assert refund(world, key).ok


def test_checks_are_paid_for_by_whoever_adds() -> None:
    """Gas of an addition: that of the base rule, and of each check a prediction and a slot; claims ask nobody."""

    def gas(**levers: Any) -> tuple[int, int]:
        world = make_world(fees=FixedPrice(1), refund_window=10, any_claim_after=99, check_gap=1, **levers)
        added = world.send("ann", "add_data", data(0, 1), 1, value=PLENTY)
        world.wait(20)
        return added.gas_used, world.send("ann", "refund", data(0, 1), 1, START).gas_used

    base, once, thrice = gas(), gas(refund_rule="snapshot_at_t"), gas(refund_rule="majority")
    per_check = (thrice[0] - once[0]) // 2
    assert 2 * per_check == thrice[0] - once[0]
    assert once[0] > base[0]
    assert 7_000 < per_check < 20_000
    assert base[1] > once[1] == thrice[1]


# -- author's grace ----------------------------------------------------------------------------------------------------


def test_only_the_author_claims_in_the_grace_period() -> None:
    """A model that is turned for a moment robs nobody whose author looks once in the grace period."""
    world = make_world(n_features=2, refund_window=10, any_claim_after=99, author_grace=30)
    stands = add(world, "bob", (1,), 1)
    world.wait(40)
    assert refund(world, stands).ok
    key = add(world, "ann", (0,), 1)
    world.send("cat", "add_data", data(0), 0, value=PLENTY)
    world.chain.clock.advance(key[2] + 39)
    assert report(world, "bob", key).reason == "Not enough time has passed."
    assert refund(world, key).reason == "The model doesn't agree with your contribution."
    world.wait(1)
    assert report(world, "bob", key).ok


# -- slashing ----------------------------------------------------------------------------------------------------------


def accused(**levers: Any) -> tuple[World, tuple[Any, ...]]:
    """ann stands once and bob three times; what cat added for 1000 wei is found wrong."""
    world = fixed(**levers)
    for who, feature in (("ann", 0), ("bob", 1), ("bob", 1), ("bob", 1)):
        key = add(world, who, (feature,), 1)
        world.wait(10)
        assert refund(world, key).ok
    key = add(world, "cat", (3,), 1)
    add(world, "cat", (3,), 0)
    world.wait(10)
    return world, key


@pytest.mark.parametrize(
    ("levers", "ann", "bob", "burned", "left"),
    [
        ({"slashed_share": Fraction(0), "author_grace": 1}, 250, 750, 0, 0),
        ({"slashed_share": Fraction(3, 10)}, 175, 525, 300, 0),
        ({"slashed_share": Fraction(3, 10), "reporter_share": HALF}, 350, 350, 300, 0),
        ({"slashed_share": Fraction(1, 3), "reporter_share": Fraction(1, 10)}, 66, 66, 333, 535),
        ({"reporter_share": Fraction(1)}, 1_000, None, 0, 0),
        ({"reporter_share": Fraction(2, 3)}, 666, 334, 0, 0),  # more than is left: what is left
        ({"slashed_share": Fraction(1, 10**6)}, 250, 750, 0, 0),  # less than a wei
        ({"slashed_share": HALF, "deposit": 6}, 3, None, 3, 0),  # a share of less than a wei: what is left
    ],
)
def test_slashing_by_hand(levers: dict[str, Any], ann: int, bob: int | None, burned: int, left: int) -> None:
    world, key = accused(**levers)
    world.wait(1)
    assert [report(world, who, key).result for who in ("ann", "bob")] == [ann, bob]
    assert world.balance(BURNED) == burned
    assert world.records.claimable[4] == left
    assert world.mechanism.liabilities() == world.trainer.escrow()


def test_late_claim_burns_nothing() -> None:
    world, key = accused(slashed_share=HALF)
    world.wait(10_000)
    assert report(world, "ann", key).result == 1_000
    assert world.balance(BURNED) == 0


def test_reporting_oneself_by_another_address_costs_the_slashed_share() -> None:
    """Without slashing a party with all the standing gets everything back; with it, all but sigma d."""
    for slashed, lost in ((Fraction(0), 0), (Fraction(1, 4), 250)):
        world = fixed(slashed_share=slashed)
        key = add(world, "ann", (0,), 1)
        world.wait(10)
        refund(world, key)
        key = add(world, "cat", (3,), 1)
        add(world, "ann", (3,), 0)
        world.wait(10)
        assert report(world, "ann", key).result == 1_000 - lost


# -- standing ----------------------------------------------------------------------------------------------------------


def test_standing_counts_half_after_its_half_life() -> None:
    """ann earned one in the first period and bob one in the second: of 1000 wei they take a third and two thirds."""
    world = fixed(standing_half_life=100)
    for number, who in enumerate(("ann", "bob")):
        world.chain.clock.advance(START + 100 * number)
        key = add(world, who, (0,), 1)
        world.wait(10)
        assert refund(world, key).ok
    assert [world.mechanism.standing(who) for who in ("ann", "bob")] == [500_000, 1_000_000]
    assert world.mechanism.total_standing() == 1_500_000
    key = add(world, "cat", (3,), 1)
    add(world, "cat", (3,), 0)
    world.wait(10)
    assert [report(world, who, key).result for who in ("ann", "bob")] == [333, 666]
    world.wait(100 * 25)
    key = add(world, "cat", (3,), 1)
    add(world, "cat", (3,), 0)
    world.wait(10)
    assert world.mechanism.standing("bob") == 0  # two to the 25th is more than a million
    assert report(world, "bob", key).reason == "The sender has not sent any good data."


# -- commit and reveal -------------------------------------------------------------------------------------------------

SALT = bytes(range(32))


def committed(who: str = "ann", **levers: Any) -> World:
    world = make_world(commit_reveal=True, commitment_wait=5, commitment_life=50, **levers)
    assert world.send(who, "commit_data", commitment_of(who, data(0, 1), 1, SALT)).ok
    return world


def test_sample_is_added_by_whoever_committed_to_it_in_time() -> None:
    world = committed()
    world.wait(5)
    cost = quote(world, (0, 1))
    receipt = world.send("ann", "reveal_data", data(0, 1), 1, SALT, value=cost + 3)
    assert receipt.ok
    assert world.trainer.escrow() == cost
    assert world.records.author[receipt.result] == "ann"
    assert world.send("ann", "reveal_data", data(0, 1), 1, SALT, value=PLENTY).reason == (
        "The commitment was revealed before."
    )
    assert world.send("ann", "add_data", data(2), 1, value=PLENTY).reason == NOT_COMMITTED


NOT_COMMITTED = "Commit to the sample before you reveal it."


@pytest.mark.parametrize(
    ("who", "features", "label", "salt", "wait", "reason"),
    [
        ("ann", (0, 1), 1, SALT, 4, "The commitment is too young to be revealed."),
        ("ann", (0, 1), 1, SALT, 51, "The commitment is too old to be revealed."),
        ("ann", (0, 1), 1, bytes(32), 5, NOT_COMMITTED),
        ("ann", (0, 1), 0, SALT, 5, NOT_COMMITTED),
        ("ann", (0,), 1, SALT, 5, NOT_COMMITTED),
        ("bob", (0, 1), 1, SALT, 5, NOT_COMMITTED),
    ],
)
def test_nothing_else_is_revealed(
    who: str, features: tuple[int, ...], label: int, salt: bytes, wait: int, reason: str
) -> None:
    world = committed()
    world.wait(wait)
    assert world.send(who, "reveal_data", data(*features), label, salt, value=PLENTY).reason == reason
    assert len(world.records) == 0


def test_copied_commitment_reveals_nothing_to_the_copier() -> None:
    """bob sees ann's commitment and sends the same; when ann reveals, he knows the salt, and still cannot."""
    world = committed()
    assert world.send("bob", "commit_data", commitment_of("ann", data(0, 1), 1, SALT)).ok
    world.wait(5)
    assert world.send("bob", "reveal_data", data(0, 1), 1, SALT, value=PLENTY).reason == NOT_COMMITTED
    assert world.send("ann", "reveal_data", data(0, 1), 1, SALT, value=PLENTY).ok


@pytest.mark.parametrize("bad", [b"", bytes(31), "text", 7])
def test_commitment_is_a_hash(bad: Any) -> None:
    world = make_world(commit_reveal=True)
    assert world.send("ann", "commit_data", bad).reason == "A commitment has 32 bytes."


def test_revealing_costs_gas_for_the_salt_and_the_hash() -> None:
    """Plain addition against revealing the same: 32 bytes that are not 0, a slot that is read and written, a hash."""
    plain = make_world(fees=FixedPrice(1), fork="cancun")
    plain.wait(10)
    added = plain.send("ann", "add_data", data(0, 1), 1, value=PLENTY)
    world = make_world(fees=FixedPrice(1), fork="cancun", commit_reveal=True)
    salt = b"\1" * 32
    world.send("ann", "commit_data", commitment_of("ann", data(0, 1), 1, salt))
    world.wait(10)
    revealed = world.send("ann", "reveal_data", data(0, 1), 1, salt, value=PLENTY)
    assert 32 * 16 + 2_100 + 2_900 < revealed.gas_used - added.gas_used < 32 * 16 + 2_100 + 5_000 + 1_000


# -- parameters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levers", "complaint"),
    [
        ({"deposit_policy": "free"}, "choose one of inv_sqrt"),
        ({"profile": "solidity", "deposit_policy": "inv_linear"}, "profile 'solidity' knows only inv_sqrt and fixed"),
        ({"profile": "reference", "refund_rule": "majority"}, "profile 'reference' knows only retry and one_shot"),
        ({"profile": "solidity", "slashed_share": HALF}, "slashed_share is 1/2.*no such defence"),
        ({"profile": "reference", "commit_reveal": True}, "commit_reveal.*no such defence"),
        ({"base_policy": "fixed"}, "base_policy is 'fixed', but deposit_policy 'inv_sqrt' makes its own price"),
        ({"refund_rule": "majority", "checks": 4}, "odd number. Write 5"),
        ({"refund_rule": "majority", "check_gap": 5 * DAY}, "last of 3 checks is made at 950400 s"),
        ({"author_grace": 8 * DAY}, "nobody could ever report"),
        ({"novelty_memory": 3}, "novelty_memory is 3, novelty_neighbours 5"),
        ({"reputation_low": Fraction(2)}, "reputation_low <= reputation_high"),
        ({"commitment_life": 5, "commitment_wait": 6}, "nothing could ever be revealed"),
        ({"deposit_policy": "eip1559", "deposit": 5, "lowest_deposit": 6}, "never falls below"),
        ({"deposit_policy": "confidence", "cost_weight": Fraction(0)}, "contributions cost nothing.*cost_weight"),
        ({"reputation": "values", "deposit_policy": "fixed", "deposit": 0}, "reputation is values.*cost nothing"),
        ({"slashed_share": Fraction(1)}, "below 1"),
        ({"reporter_share": Fraction(0)}, "above 0"),
        ({"standing_half_life": 0}, "at least 1 s"),
        ({"novelty_weight": Fraction(-2)}, "must be -1 to 100"),
        ({"confidence_weight": Fraction(3, 2)}, "must be 0 to 1"),
        ({"author_grace": -1}, "0 s or more"),
        ({"loyalty_scale": Fraction(0)}, "above 0"),
        ({"price_target": 0}, "at least 1"),
    ],
    ids=str,
)
def test_levers_that_make_no_sense_are_refused(levers: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        Parameters(**levers)


def test_base_rule_does_not_silently_leave_out_defences() -> None:
    chain, parameters = Chain(), Parameters(author_grace=5)
    with pytest.raises(ConfigError, match=r"author_grace ask for defences.*rule_of"):
        DepositRefundTake(chain, "incentive", DataHandler(chain, "records"), parameters)
    assert rule_of(parameters) is DefendedDeposits
    assert rule_of(Parameters()) is rule_of(Parameters(deposit_policy="inv_linear")) is DepositRefundTake


@pytest.mark.parametrize("levers", [{}, {"deposit_policy": "inv_linear"}, {"refund_rule": "one_shot"}], ids=str)
def test_without_defences_both_are_the_same_to_the_last_gas(levers: dict[str, Any]) -> None:
    """The class with defences, none of them on, against the base rule on the same 400 random transactions."""
    parameters, rng = {"refund_window": 9, "any_claim_after": 60, **levers}, np.random.default_rng(3)
    worlds = [make_world(fees=FixedPrice(1), **parameters) for _ in range(2)]
    defended = make_world(fees=FixedPrice(1), **parameters, commit_reveal=True)
    defended.mechanism._commitments, defended.mechanism.must_commit = None, False
    worlds[1] = defended
    keys: list[tuple[Any, ...]] = []
    for _ in range(400):
        who, seconds = ("ann", "bob", "cat")[rng.integers(3)], int(rng.integers(0, 12))
        if rng.random() < 0.4 or not keys:
            call = (who, "add_data", data(*rng.integers(0, 4, size=2)), int(rng.integers(2)))
            value = int(rng.integers(0, 10**17))
            keys.append((call[2], call[3], worlds[0].chain.clock.now + seconds, who))
        else:
            key, value = keys[-1 - int(rng.integers(min(9, len(keys))))], 0
            call = (key[3], "refund", *key[:3]) if rng.random() < 0.5 else (who, "report", *key)
        receipts = []
        for world in worlds:
            world.wait(seconds)
            receipts.append(world.send(*call, value=value))
        assert receipts[0] == receipts[1]
    assert sum(worlds[0].records.claims) > 15


VARIANTS: tuple[dict[str, Any], ...] = (
    *({"deposit_policy": policy} for policy in ("inv_linear", "confidence", "novelty", "loyalty", "eip1559")),
    {"deposit_policy": "novelty", "novelty_neighbours": 2, "novelty_memory": 4, "novelty_weight": Fraction(-1)},
    {"deposit_policy": "confidence", "base_policy": "eip1559", "confidence_weight": Fraction(1)},
    {"reputation": "outcomes"},
    {"reputation": "values", "slashed_share": Fraction(1, 3)},
    {"refund_rule": "snapshot_at_t"},
    {"refund_rule": "majority", "check_gap": 7},
    {"slashed_share": HALF, "reporter_share": HALF},
    {"author_grace": 20},
    {"author_grace": 20, "refund_rule": "one_shot", "reputation": "values"},
    {"standing_half_life": 40},
    {"standing_half_life": 40, "crumb_standing": "pro_rata", "deposit_policy": "loyalty"},
    {"commit_reveal": True},
    {
        "commit_reveal": True, "refund_rule": "majority", "check_gap": 5, "author_grace": 3,
        "slashed_share": Fraction(1, 7), "reputation": "outcomes", "deposit_policy": "novelty",
        "novelty_neighbours": 1, "standing_half_life": 30,
    },
)  # fmt: skip


@pytest.mark.parametrize("levers", VARIANTS, ids=str)
def test_variants_pass_the_conformance_check(levers: dict[str, Any]) -> None:
    parameters = Parameters(refund_window=50, any_claim_after=150, **levers)
    check_mechanism(lambda chain, address, records: rule_of(parameters)(chain, address, records, parameters))
