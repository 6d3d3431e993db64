"""B1: what a contribution costs, by the distribution of the gaps between contributions."""

from __future__ import annotations

import math

import pytest

from sim.units import DAY, HOUR

from . import theory
from .economies import SEEDS, UNIT, Party, UniformHonest, build, honest, mean_deposit, samples_of_known_difficulty

PRICES = {
    "corrected": theory.corrected_price,
    "reference": theory.reference_price,
    "solidity": theory.solidity_price,
}


@pytest.fixture(scope="module")
def samples():
    return samples_of_known_difficulty(1000, 0.8, seed=1)


def mean_deposits(samples, profile: str, weight, *parties: Party) -> list[float]:
    """The mean deposit of each seed. Nobody claims anything: claims have no part in prices."""
    means = []
    for seed in SEEDS:
        economy = build(samples, parties, seed, profile=profile, weight=str(weight), any_claim_after=9 * DAY)
        while economy.stream.remaining and not economy.ended:
            economy.advance(economy.reached + HOUR)
        assert len(economy.recorder.added) == len(samples.x_train)
        means.append(mean_deposit(economy))
    return means


def silent(gap: int, count: int = 1, **more) -> Party:
    quiet = {"refunds": False, "reports": False, "takes_expired": False}
    return honest(gap, count, settings=quiet | more.pop("settings", {}), **more)


@pytest.mark.parametrize(
    ("profile", "weight"),
    [("corrected", 1), ("reference", 1), ("reference", 0.1), ("reference", 5), ("solidity", 1)],
)
def test_one_memoryless_contributor(agrees, samples, profile, weight):
    predicted = theory.mean_deposit_poisson(PRICES[profile](weight), [600], profile == "reference")
    measured = mean_deposits(samples, profile, weight, silent(600))
    agrees(f"B1 {profile}, Poisson 1/600 s, w = {weight}", measured, predicted)


@pytest.mark.parametrize("profile", ["corrected", "reference", "solidity"])
def test_several_memoryless_contributors_within_one_second(agrees, samples, profile):
    """Fast clocks, so that two often fall into one second: the reference refuses the second one, the others charge it
    the price of one second."""
    predicted = theory.mean_deposit_poisson(PRICES[profile](1), [25] * 5, profile == "reference")
    ignored = theory.mean_deposit_poisson(PRICES[profile](1), [25] * 5, same_second_refused=True)
    if profile != "reference":
        assert predicted > 1.03 * ignored, "the case must be one where contributions within one second count"
    measured = mean_deposits(samples, profile, 1, silent(25, 5))
    agrees(f"B1 {profile}, 5 clocks of 1/25 s, w = 1", measured, predicted)


@pytest.mark.parametrize(("profile", "weight"), [("corrected", 5), ("reference", 5), ("reference", 20)])
def test_square_root_of_the_rate(agrees, samples, profile, weight):
    """k sqrt(pi Lambda), the limit of many seconds to a gap and of many units to a deposit (w of 5 or more)."""
    limit = 60 * weight * math.sqrt(math.pi / 3600)
    predicted = theory.mean_deposit_poisson(PRICES[profile](weight), [3600], profile == "reference")
    assert limit == pytest.approx(predicted, rel=0.05)
    measured = mean_deposits(samples, profile, weight, silent(3600))
    agrees(f"B1 {profile}, Poisson 1/3600 s, w = {weight}", measured, predicted)
    agrees(f"B1 {profile}, k sqrt(pi Lambda), 1/3600 s, w = {weight}", measured, limit, exact=False)


def test_the_integer_floor_rules_where_deposits_are_small():
    """SPEC B1: at w = 0.1 the reference charges 1.06, not the 0.47 of the continuous formula at its rates."""
    rates = [600, 3600]
    assert theory.mean_deposit_poisson(theory.reference_price(0.1), rates, True) == pytest.approx(1.06, abs=0.02)
    assert 6 * math.sqrt(math.pi * (1 / 600 + 1 / 3600)) == pytest.approx(0.47, abs=0.01)


def test_everybody_pays_for_a_spammer(agrees, samples):
    """Quadruple the rate of all and each deposit doubles: lock-in per second grows as Lambda ** 1.5."""
    slow = mean_deposits(samples, "corrected", 5, silent(2400))
    fast = mean_deposits(samples, "corrected", 5, silent(2400), silent(800, name="spammer"))
    price = theory.corrected_price(5)
    predicted = theory.mean_deposit_poisson(price, [2400, 800]) / theory.mean_deposit_poisson(price, [2400])
    ratios = [many / few for many, few in zip(fast, slow, strict=True)]
    agrees("B1 price after / before a spammer who triples the others' rate", ratios, predicted)
    agrees("B1 the same, limit Lambda ** 0.5", ratios, 2.0, exact=False)


@pytest.mark.parametrize("profile", PRICES)
def test_a_steady_clock_pays_one_price(samples, profile):
    """Fixed gaps of T: k / sqrt(T), rounded as the profile rounds, exactly."""
    economy = build(
        samples, [silent(600, settings={"arrival": "normal", "gap_sd": 0})], 1, profile=profile,
        any_claim_after=9 * DAY,
    )  # fmt: skip
    economy.advance(1000 * 600)
    exact = {
        "corrected": math.isqrt((60 * UNIT) ** 2 // 600),
        "reference": int(60 / 24) * UNIT,
        "solidity": 3600 * UNIT // 24,
    }
    assert {added.deposit for added in economy.recorder.added} == {exact[profile]}
    assert [added.time for added in economy.recorder.added] == [600 * (i + 1) for i in range(1000)]


@pytest.mark.parametrize("profile", ["reference", "corrected"])
def test_uniform_gaps(agrees, samples, profile):
    predicted = theory.mean_deposit_uniform(PRICES[profile](1), 600)
    if profile == "reference":
        assert predicted == pytest.approx(4.68, abs=0.005)  # SPEC B1
    measured = mean_deposits(samples, profile, 1, silent(300, kind=UniformHonest))
    agrees(f"B1 {profile}, gaps uniform 1 .. 600 s", measured, predicted)
    if profile == "corrected":
        agrees("B1 corrected, 2 k / sqrt(T), T = 600", measured, 120 / math.sqrt(600), exact=False)
