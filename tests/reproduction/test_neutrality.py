"""B0: deposits move the model only through who can and will still pay.

Every accepted sample trains the model at once, whatever becomes of its deposit. So as long as no constraint binds, the
accuracy is exactly the same whatever the price and the windows; as soon as one does, it is not.
"""

from __future__ import annotations

from typing import Any

import pytest

from sim.economy import Economy, Schedule
from sim.models import NaiveBayes, SparsePerceptron
from sim.units import DAY, HOUR

from .economies import PLENTY, UNIT, build, flipper, honest, learnable_samples, profit, total

LEVERS: list[dict[str, Any]] = [
    {"weight": "0.1"},
    {"weight": 30},
    {"weight": 5, "refund_window": HOUR, "any_claim_after": 12 * HOUR},
    {"weight": 5, "refund_window": 5 * DAY, "any_claim_after": 20 * DAY},
    {"weight": 5, "refund_rule": "one_shot", "crumb_standing": "none"},
    {"weight": 5, "deposit_policy": "fixed", "deposit": 100 * UNIT},
    {"weight": 5, "profile": "solidity"},
]


def economy(model, margin=None, willingness=None, wallet=PLENTY, **levers) -> Economy:
    people = [
        honest(1800, 5, balance=wallet, options={"mistake_rate": 0.02, "participation_margin": margin},
               settings={"willingness_mean": willingness}),
        flipper(1800, 2, balance=2 * wallet, settings={"willingness_mean": willingness and 2 * willingness}),
    ]  # fmt: skip
    built = build(
        learnable_samples(1000, seed=3), people, seed=11, model=model, initial=40,
        schedule=Schedule(horizon=100 * DAY, accuracy_every=2 * HOUR), **levers,
    )  # fmt: skip
    built.run()
    return built


def path(run: Economy) -> dict[int, float]:
    return {row.time: row.accuracy for row in run.recorder.snapshots}


def same_model(one: Economy, other: Economy) -> bool:
    """Whether accuracy is equal at every time both saw, at the end, and the same people added the same samples."""
    ours, theirs = path(one), path(other)
    both = ours.keys() & theirs.keys()
    assert len({ours[time] for time in both}) > 10, "the accuracy must move, or equality says nothing"
    adds = [[(row.time, row.group, row.true_label) for row in run.recorder.added] for run in (one, other)]
    same_path = all(ours[time] == theirs[time] for time in both)
    return same_path and one.accuracy() == other.accuracy() and adds[0] == adds[1]


@pytest.mark.parametrize(("model", "margin"), [(NaiveBayes, None), (SparsePerceptron, 0.15)])
def test_price_and_windows_do_not_move_the_model(model, margin):
    """Taking part by accuracy is no constraint of money: the accuracies that people look at are the same too."""
    base = economy(model, margin)
    assert total(base, "honest", "rejected_price") == total(base, "honest", "rejected_wallet") == 0
    seen = {profit(base, "flipper")}
    for levers in LEVERS:
        other = economy(model, margin, **levers)
        assert same_model(base, other), levers
        seen.add(profit(other, "flipper"))
    assert len(seen) == len(LEVERS) + 1, "the levers must matter for money, or the test turns none of them"


def test_willingness_to_pay_moves_it():
    one, other = (economy(NaiveBayes, willingness=10 * UNIT, weight=weight) for weight in (1, 5))
    assert total(other, "honest", "rejected_price") > total(one, "honest", "rejected_price")
    assert not same_model(one, other)


def test_wallets_move_it():
    """The same price, a longer window: money is locked, and who runs out of it cannot add."""
    one, other = (
        economy(NaiveBayes, wallet=100 * UNIT, weight=5, refund_window=window, any_claim_after=9 * DAY)
        for window in (HOUR, 5 * DAY)
    )
    assert total(other, "honest", "rejected_wallet") > total(one, "honest", "rejected_wallet")
    assert not same_model(one, other)
