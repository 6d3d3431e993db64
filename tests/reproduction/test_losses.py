"""B5 and B5': what every wrong label costs the adversary, and that it is just what the honest earn."""

from __future__ import annotations

import pytest

from sim.units import HOUR

from . import theory
from .economies import UNIT, Party, build, flipper, honest, mean_deposit, profit, samples_of_known_difficulty, total

MORE_SEEDS = range(30)
"""Who is the first caller is a coin thrown for a whole deposit: these sums vary more than others."""


def sides(accuracy: float, good: Party, bad: Party, weight: float) -> tuple[theory.Side, theory.Side]:
    """Both sides as the forms see them, in the corrected profile, everyone adding at every wake-up."""
    gaps = [party.gap for party in (good, bad) for _ in range(party.count)]
    deposit = theory.mean_deposit_poisson(theory.corrected_price(weight), gaps)
    first, second = (
        theory.Side(party.rate, theory.refunded_share(accuracy, party is good), deposit, party.rate, party.count)
        for party in (good, bad)
    )
    return first, second


def losses(accuracy: float, good: Party, bad: Party, weight: float, samples: int) -> list[float]:
    """Units the adversary lost for each of its contributions, by seed."""
    values = []
    for seed in MORE_SEEDS:
        economy = build(
            samples_of_known_difficulty(samples, accuracy, seed), [good, bad], seed,
            weight=weight, refund_window=3 * HOUR, any_claim_after=36 * HOUR,
        )  # fmt: skip
        economy.run()
        assert not economy.claims.open_records
        assert profit(economy, "honest") == -profit(economy, "flipper"), "zero-sum before gas"
        values.append(-profit(economy, "flipper") / total(economy, "flipper", "submitted") / UNIT)
    return values


@pytest.mark.parametrize(("accuracy", "good", "bad"), [(0.82, 600, 1800), (0.7, 900, 900)])
def test_two_addresses(agrees, accuracy, good, bad):
    good, bad = honest(good), flipper(bad)
    expected = sides(accuracy, good, bad, 5)
    predicted = theory.loss_two_addresses(*expected)
    assert predicted == pytest.approx(theory.loss_some_addresses(*expected))
    measured = losses(accuracy, good, bad, 5, 1600)
    agrees(f"B5 two addresses, a = {accuracy}, gaps {good.gap} and {bad.gap} s", measured, predicted)


@pytest.mark.parametrize(("accuracy", "good", "bad"), [(0.82, 6000, 6000), (0.72, 6000, 5400)])
def test_ten_honest_and_three_adversaries(agrees, accuracy, good, bad):
    good, bad = honest(good, 10), flipper(bad, 3)
    expected = sides(accuracy, good, bad, 5)
    measured = losses(accuracy, good, bad, 5, 1600)
    name = f"10 + 3 addresses, a = {accuracy}, gaps {good.gap} and {bad.gap} s"
    agrees(f"B5 for some addresses, {name}", measured, theory.loss_some_addresses(*expected))
    agrees(f"B5' {name}", measured, theory.loss_many_addresses(*expected))


def test_the_adversary_loses_exactly_if_its_data_are_refunded_less():
    """B5': no loss at a = 1/2, where the model tells right from wrong no better than a coin."""
    side = {"adds": 1 / 600, "deposit": 1.0, "polls": 1 / 600, "addresses": 10}
    coin = theory.Side(refunded=0.5, **side)
    better, worse = theory.Side(refunded=0.6, **side), theory.Side(refunded=0.4, **side)
    assert theory.loss_many_addresses(coin, coin) == theory.loss_some_addresses(coin, coin) == 0
    assert theory.loss_many_addresses(better, worse) > 0 > theory.loss_many_addresses(worse, better)


def test_useless_model_punishes_nobody():
    """The same, measured: at a = 1/2 the adversaries' mean gain is within three standard errors of nothing."""
    values = losses(0.5, honest(6000, 10), flipper(6000, 10), 5, 300)
    mean = sum(values) / len(values)
    error = (sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values)) ** 0.5
    assert abs(mean) <= 3 * error, f"mean loss {mean:.3g} units, standard error {error:.3g}"


def test_common_deposit():
    """What B5' calls the common deposit: memoryless parties pay the same, whoever they are."""
    economy = build(
        samples_of_known_difficulty(2000, 0.8, 3), [honest(6000, 10), flipper(3600, 3)], 3, weight=5,
        refund_window=3 * HOUR,
    )  # fmt: skip
    economy.run()
    per_group = {
        group: total(economy, group, "deposited") / total(economy, group, "submitted") / UNIT
        for group in ("honest", "flipper")
    }
    assert per_group["honest"] == pytest.approx(per_group["flipper"], rel=0.15)
    assert mean_deposit(economy) == pytest.approx(sum(per_group.values()) / 2, rel=0.1)
