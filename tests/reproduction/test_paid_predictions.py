"""B11: what predictions pay, in an economy: callers of the reference who ask a frozen model."""

from __future__ import annotations

from functools import cache

from agents import Caller
from sim.economy import HORIZON, Economy, Schedule
from sim.units import DAY, HOUR

from . import theory
from .economies import PLENTY, SEEDS, UNIT, Party, build, honest, people, samples_of_known_difficulty, total

ACCURACY = 0.8
FAST, SLOW = honest(600, name="fast"), honest(1200, name="slow")
CALLERS = Party("caller", Caller, 600, 2, options={"payment": 7 * UNIT})
DAYS = 6


@cache
def runs() -> tuple[Economy, ...]:
    """One economy for each seed, with samples to its end."""
    economies = []
    for seed in SEEDS:
        economy = build(
            samples_of_known_difficulty(2000, ACCURACY, seed), [FAST, SLOW, CALLERS], seed, refund_window=HOUR,
            schedule=Schedule(horizon=DAYS * DAY, accuracy_every=DAYS * DAY),
        )  # fmt: skip
        economy.run()
        assert economy.ended == HORIZON
        assert economy.stream.current is not None
        economies.append(economy)
    return tuple(economies)


def test_callers_ask_as_often_as_the_model_is_right(agrees):
    calls = CALLERS.rate * ACCURACY * DAYS * DAY
    agrees("B11 calls: lambda a T", [total(economy, "caller", "predictions") for economy in runs()], calls)
    right = [total(e, "caller", "predictions_right") / total(e, "caller", "predictions") for e in runs()]
    agrees("B11 part of the answers that is right: a", right, ACCURACY)


def test_all_that_is_paid_reaches_contributors(agrees):
    """v for each call but those before anybody is verified: the first refund comes t and one wait after the start."""
    for economy in runs():
        paid = total(economy, "caller", "predictions_paid")
        calls = total(economy, "caller", "predictions")
        assert paid == sum(total(economy, group, "predictions_earned") for group in ("fast", "slow"))
        assert PLENTY * len(people(economy, "caller")) - paid == sum(
            economy.chain.ledger.balance(actor.address) for actor in people(economy, "caller")
        )
        assert paid <= calls * CALLERS.options["payment"]
    expected = 7 * CALLERS.rate * ACCURACY * DAYS * DAY
    paid = [total(economy, "caller", "predictions_paid") / UNIT for economy in runs()]
    agrees("B11 paid in all, units: v lambda a T", paid, expected, tolerance=0.02)


def test_income_goes_by_verified_contributions(agrees):
    """Income per verified contribution is v lambda / N, the same for everybody, so shares of income are shares of N."""
    share = theory.verified_share(FAST.rate, ACCURACY, SLOW.rate, ACCURACY)
    earned = [
        total(economy, "fast", "predictions_earned") / total(economy, "caller", "predictions_paid")
        for economy in runs()
    ]
    agrees("B11 part of the income of the address with S = 2/3", earned, share)
