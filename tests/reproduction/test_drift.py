"""B9, the retry loophole: a refund may be tried again and again, so a model that moves refunds liars too."""

from __future__ import annotations

import statistics
from functools import cache

import pytest

from sim.models import SparsePerceptron
from sim.units import DAY, HOUR

from .economies import SEEDS, UNIT, build, flipper, honest, learnable_samples, profit, total


class TaughtOnce(SparsePerceptron):
    """A perceptron that stops learning when it is deployed."""

    def learn_one(self, features, label) -> None:
        """It has learnt enough."""


RULES = {
    "frozen": (TaughtOnce, {}),
    "one_shot": (SparsePerceptron, {"refund_rule": "one_shot"}),
    "retry, short": (SparsePerceptron, {"any_claim_after": 12 * HOUR}),
    "retry": (SparsePerceptron, {}),
}


@cache
def outcomes(rule: str) -> list[dict[str, float]]:
    """What flippers got, by seed; the seed fixes data and clocks, so rules are compared in pairs."""
    model, parameters = RULES[rule]
    rows = []
    for seed in SEEDS:
        economy = build(
            learnable_samples(1000, seed, n_test=1000), [honest(1200, 2), flipper(1800)], seed, model=model,
            initial=300, **{"weight": 5, "refund_window": 6 * HOUR, "any_claim_after": 3 * DAY} | parameters,
        )  # fmt: skip
        economy.run()
        submitted = total(economy, "flipper", "submitted")
        rows.append(
            {
                "by count": total(economy, "flipper", "refunded") / submitted,
                "by value": total(economy, "flipper", "refunded_value") / total(economy, "flipper", "deposited"),
                "crumbs": total(economy, "flipper", "crumbs") / submitted,
                "loss": -profit(economy, "flipper") / submitted / UNIT,
                "honest": total(economy, "honest", "refunded") / total(economy, "honest", "submitted"),
                "accuracy": economy.initial_accuracy,
            }
        )
    return rows


def mean(rule: str, column: str) -> float:
    return statistics.fmean(row[column] for row in outcomes(rule))


def certainly_more(more: tuple[str, str], less: tuple[str, str]) -> None:
    """The paired difference is above 0 by more than three standard errors."""
    differences = [a[more[1]] - b[less[1]] for a, b in zip(outcomes(more[0]), outcomes(less[0]), strict=True)]
    gap, error = statistics.fmean(differences), statistics.stdev(differences) / len(differences) ** 0.5
    assert gap > 3 * error, f"{more} - {less} is {gap:.4f}, standard error {error:.4f}"


def test_frozen_perceptron_refunds_as_often_as_it_errs(agrees):
    """B2 with a real model: rho_b = 1 - a on the samples offered, a measured on others."""
    differences = [1 + row["by count"] - (1 - row["accuracy"]) for row in outcomes("frozen")]
    agrees("B2 1 + rho_b - (1 - a), perceptron that stopped learning", differences, 1.0)


def test_a_moving_model_refunds_liars():
    certainly_more(("retry", "by count"), ("frozen", "by count"))
    certainly_more(("one_shot", "by count"), ("frozen", "by count"))  # it is asked about what it was just taught
    certainly_more(("retry", "honest"), ("frozen", "honest"))


def test_one_check_refunds_fewer_than_many():
    certainly_more(("retry", "by count"), ("one_shot", "by count"))


def test_a_longer_wait_for_a_lucky_moment_refunds_more():
    certainly_more(("retry", "by count"), ("retry, short", "by count"))
    certainly_more(("retry, short", "by count"), ("one_shot", "by count"))


def test_lies_are_cheaper_where_refunds_are_retried():
    certainly_more(("frozen", "loss"), ("retry", "loss"))


def test_standing_and_money_part_ways():
    """B3 with a moving model: late refunds are of what reporters left, yet count fully."""
    certainly_more(("retry", "by count"), ("retry", "by value"))
    assert mean("retry", "crumbs") > 0.1
    for rule in ("frozen", "one_shot"):
        assert mean(rule, "crumbs") == 0
    # a refund is of the whole deposit or of crumbs: only the latter separate count and value
    assert mean("frozen", "by count") == pytest.approx(mean("frozen", "by value"), rel=0.1)
