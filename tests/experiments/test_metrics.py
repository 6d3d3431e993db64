"""Metrics against known answers: scipy as oracle, Wilson's intervals from the literature."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiments.metrics import (
    bootstrap_interval,
    mean_interval,
    paired_difference,
    proportion_interval,
    summary,
)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_mean_interval_is_students(values: list[float], confidence: float) -> None:
    found = mean_interval(values, confidence)
    spread = stats.sem(values)
    if spread > 0:
        low, high = stats.t.interval(confidence, len(values) - 1, loc=np.mean(values), scale=spread)
        assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9, abs=1e-6)
    assert found.estimate == pytest.approx(np.mean(values), rel=1e-9, abs=1e-6)


def test_mean_interval_of_a_textbook() -> None:
    """n = 5, mean 3, s = 1.5811, t(.975, 4) = 2.776: half-width 1.963."""
    assert mean_interval([1, 2, 3, 4, 5]).rounded(3) == (3.0, 1.037, 4.963)


def test_one_value_has_no_interval_and_missing_ones_do_not_count() -> None:
    assert mean_interval([7.0]).estimate == 7
    assert math.isnan(mean_interval([7.0]).low)
    assert mean_interval([1, 2, math.nan, 3]) == mean_interval([1, 2, 3])
    assert math.isnan(bootstrap_interval([7.0]).high)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3: four digits
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_of_the_literature(successes: int, trials: int, low: float, high: float) -> None:
    found = proportion_interval(successes, trials)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(case: tuple[int, int]) -> None:
    found = proportion_interval(*case)
    oracle = stats.binomtest(*case).proportion_ci(0.95, method="wilson")
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), abs=1e-12)
    assert 0 <= found.low <= found.estimate <= found.high <= 1


def test_bootstrap_is_seeded_and_near_scipys() -> None:
    values = np.random.default_rng(3).gamma(2, size=40)
    found = bootstrap_interval(values, np.median, resamples=5000, seed=1)
    assert found == bootstrap_interval(values, np.median, resamples=5000, seed=1)
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)
    oracle = stats.bootstrap((values,), np.median, n_resamples=5000, method="percentile", rng=2).confidence_interval
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), abs=0.08)
    assert found.estimate == np.median(values)


def test_paired_difference_is_scipys_and_counts_what_pairing_saved() -> None:
    rng = np.random.default_rng(1)
    shared, first, second = rng.normal(size=200), rng.normal(size=200), rng.normal(size=200)
    x, y = 3 * shared + first, 3 * shared + second + 0.5
    found = paired_difference(x, y)
    oracle = stats.ttest_rel(y, x).confidence_interval(0.95)
    assert found.difference[1:] == pytest.approx((oracle.low, oracle.high))
    assert found.pairs == 200
    assert found.variance_reduction == pytest.approx(1 - np.var(y - x) / (np.var(x) + np.var(y)))
    assert 0.85 < found.variance_reduction < 0.95  # 1 - 2/(10 + 10) in expectation
    assert paired_difference([1, 2, 3], [2, 3, 4]).variance_reduction == 1
    assert paired_difference([1, math.nan, 3], [2, 3, 4]).pairs == 2
    assert math.isnan(paired_difference([1, 1], [2, 2]).variance_reduction)


@pytest.mark.parametrize(
    "call",
    [
        lambda: mean_interval([]),
        lambda: mean_interval([math.nan]),
        lambda: mean_interval([1, 2], confidence=1),
        lambda: bootstrap_interval([1, 2], resamples=0),
        lambda: proportion_interval(1, 0),
        lambda: proportion_interval(3, 2),
        lambda: paired_difference([1, 2], [1]),
    ],
)
def test_nonsense_is_refused(call) -> None:
    with pytest.raises(ValueError):
        call()


def test_summary_says_where_a_mean_would_mislead() -> None:
    runs = pd.DataFrame(
        {
            "point": [1, 0, 0, 0, 1],
            "replication": [1, 0, 1, 2, 0],
            "w": [9, 5, 5, 5, 9],
            "status": ["ok", "ok", "ok", "failed", "ok"],
            "captured": [False, False, True, None, False],
            "final_accuracy": [0.9, 0.8, 0.2, np.nan, 0.8],
            "honest_profit_percent": [np.nan] * 5,
            "adversary_profit_percent": [1.0, 2.0, 4.0, np.nan, 3.0],
        }
    )
    mixed, plain = summary(runs, ["w"])
    assert (mixed["point"], mixed["w"], mixed["runs"], mixed["failed"], mixed["mixed"]) == (0, 5, 3, 1, True)
    assert mixed["final_accuracy"]["values"] == [0.8, 0.2]
    assert mixed["captured"]["estimate"] == 0.5
    assert plain["mixed"] is False
    assert plain["final_accuracy"]["estimate"] == pytest.approx(0.85)
    assert plain["adversary_profit_percent"]["values"] == [3.0, 1.0]  # by replication
    assert "honest_profit_percent" not in plain
