"""Each defect of the reference's prediction market, by its number, as docs/profiles.md tells of it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from sim.contracts.parts import Part, as_printed
from sim.features import Data
from tests.markets import PROVIDER, UNIT, Market, path, played

WEEK = 7 * 86_400


def units(market: Market, *people: str) -> list[Fraction]:
    """What these people gained, in units, after everyone collected."""
    for who in dict.fromkeys(market.records.author):
        market.refund(who)
    return [Fraction(market.gain(who), UNIT) for who in people]


def imitated(rows: tuple[int, ...], people: str, **options: Any) -> Market:
    return played(path(*rows), people, 100 * UNIT, profile="reference", **options)


def test_12_a_report_strikes_off_the_wrong_balance() -> None:
    """Bob takes what is ann's, and pays with his own entry; then ann takes it as well."""
    market = imitated((5, 7, 8), "ab", group_contributions=True)
    market.wait(WEEK)
    assert market.report("b", "a").ok
    assert market.gain("b") / UNIT == pytest.approx(21 - 1)
    assert not market.report("z", "a").ok  # KeyError there: somebody without an entry
    assert market.refund("a").ok
    assert market.gain("a") / UNIT == pytest.approx(20)
    assert market.refund("b").ok
    assert market.gain("b") / UNIT == pytest.approx(20)  # his own 10 are gone


def test_13_dropped_contributions_are_paid_their_stake_and_others_lose_early_gains() -> None:
    """By the rule bob has nothing left and ann 21; there bob gets his stake back and ann the last 90 rounds only."""
    market = imitated((5, 7, 6), "ab")
    market.refund("a")
    market.refund("b")
    assert market.gain("a") / UNIT == pytest.approx(18)
    assert abs(market.gain("b") / UNIT) < 1e-9


def test_13_worst_score_leaves_others_below_nothing() -> None:
    """Bob has the worst score and most to lose: when his 9 are gone ann, with a stake of 1, is at -5."""
    stakes = (UNIT, 9 * UNIT)
    options: dict[str, Any] = {"allow_greater_deposit": True, "group_contributions": True}
    market = played(path(9, 7, 4), "ab", 100 * UNIT, stakes, profile="reference", **options)
    assert market.mechanism.rewards.balances["a"] == pytest.approx(1 - 0.2 * 30)  # type: ignore[attr-defined]
    market.refund("a")
    assert market.gain("a") == -UNIT  # nobody pays the rest
    market = played(path(9, 7, 4), "ab", 100 * UNIT, stakes, **options)
    assert units(market, "a", "b")[0] >= -1


def test_14_later_passes_begin_where_the_last_one_ended() -> None:
    """Ann's score in the second pass is 7 - 6 rows, not 7 - 5: 90 rounds at .1."""
    rules: dict[str, Any] = {"group_contributions": True, "reset_model_during_reward_phase": True}
    market = imitated((5, 7, 6), "ab", **rules)
    market.refund("a")
    assert market.gain("a") / UNIT == pytest.approx(2 + 9)


def test_15_the_model_that_people_see_is_never_trained() -> None:
    for profile, trained in (("reference", False), ("corrected", True)):
        market = Market(size=3, profile=profile)
        market.open(10 * UNIT)
        for part in market.parts:
            ((data, label),) = part.samples
            market.send("a", "add_data", data, label, value=UNIT)
        market.close()
        assert bool(market.model.weights.any()) is trained


def test_17_contributions_are_learnt_again_in_every_pass() -> None:
    market = imitated((5, 7, 6), "ab")
    assert market.mechanism.rewards.judge.learnt.value == (0, 1, 0)  # type: ignore[union-attr]
    market = played(path(5, 7, 6), "ab", 100 * UNIT)
    assert market.mechanism.rewards.judge.learnt.value == (0, 1)  # type: ignore[union-attr]


@pytest.mark.parametrize(("n_features", "unseen"), [(1_000, False), (1_001, True)])
def test_18_only_what_numpy_prints_of_a_test_set_is_committed_to(n_features: int, unseen: bool) -> None:
    """Of more than a thousand numbers in a row the first three and the last three; and the salt is not looked at."""

    def accepts(profile: str, *, numbers: list[int], label: int = 0, salt: bytes = b"s") -> bool:
        market = Market(n_features=n_features, profile=profile)
        part = Part(((Data([1, 500, n_features - 2]), 0),), b"s")
        market.parts = [part, part]
        assert market.send(PROVIDER, "commit", tuple(map(market.mechanism.seal, market.parts)), 0, 0, value=UNIT).ok
        return market.send(PROVIDER, "reveal", Part(((Data(numbers), label),), salt)).ok

    committed, last = [1, 500, n_features - 2], n_features - 2
    for profile in ("reference", "corrected"):
        assert accepts(profile, numbers=committed)
        assert not accepts(profile, numbers=committed, label=1)
        for other in ([2, 500, last], [1, 500, last + 1], [500, last], [1, 500]):
            assert not accepts(profile, numbers=other)
        for changed in ([1, 501, last], [1, last], [1, 3, 500, n_features - 4, last]):
            assert accepts(profile, numbers=changed) == (unseen and profile == "reference")
        assert accepts(profile, numbers=committed, salt=b"another") == (profile == "reference")


def test_18_of_vectors_the_numbers_at_both_ends_are_printed() -> None:
    row = [7, 0, 0, *[5] * 995, 1, 2, 3]

    def hashed(numbers: list[int]) -> bytes:
        return as_printed(Part(((Data.numbers(numbers), 1),), b""), len(row))

    for place in range(len(row)):
        other = [*row[:place], 9, *row[place + 1 :]]
        assert (hashed(other) == hashed(row)) == (3 <= place < len(row) - 3)


def test_19_one_condition_suffices_and_the_rest_of_the_bounty_is_kept() -> None:
    market = Market(path(5, 6), profile="reference")
    market.open(100 * UNIT, length=50, contributions=1)
    market.add("a")
    market.close()
    market.refund("a")
    assert market.gain(PROVIDER) == -100 * UNIT
    assert market.trainer.escrow() / UNIT == pytest.approx(90)
    assert not market.send("z", "time_out").ok


def test_20_a_stake_that_is_refused_is_not_booked_in_either_profile() -> None:
    """The reference books it and then refuses the sample; here a refused call leaves no trace."""
    for profile in ("reference", "corrected"):
        market = Market(path(5, 6, 7), profile=profile)
        market.open(UNIT)
        assert market.send("a", "add_data", Data([0]), 1, value=UNIT).ok
        assert not market.send("a", "add_data", Data([0]), 1, value=UNIT).ok
        assert market.gain("a") == -UNIT
        assert market.mechanism.liabilities() == 2 * UNIT
