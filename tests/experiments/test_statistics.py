"""Survival and many comparisons against the literature and against brute force."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiments.comparisons import compared_with, holm, many_intervals
from experiments.survival import kaplan_meier, ruin_times

# Freireich et al., Blood 21 (1963): weeks in remission of 21 patients given 6-MP; every textbook has its estimate.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
ENDED = [True] * 3 + [False] + [True, False, True, False, False] + [True] * 2 + [False] * 3 + [True] * 2 + [False] * 5


def test_kaplan_meier_of_the_textbook() -> None:
    curve = kaplan_meier(WEEKS, ENDED)
    share = {int(day): round(float(value), 4) for day, value in zip(curve.days, curve.share, strict=True)}
    assert {day: share[day] for day in (6, 7, 10, 13, 16, 22, 23)} == {
        6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482,
    }  # fmt: skip
    assert (curve.runs, curve.ruined, curve.median) == (21, 9, 23)
    assert curve.at_risk[list(curve.days).index(10)] == 15
    week_10 = list(curve.days).index(10)  # log(-log S) ± 1.96 sqrt(sum d/(n(n-d)))/|log S|, by hand
    variance = 3 / (21 * 18) + 1 / (17 * 16) + 1 / (15 * 14)
    log_share = math.log(curve.share[week_10])
    step = 1.959964 * math.sqrt(variance) / abs(log_share)
    ends = [math.exp(log_share * math.exp(sign * step)) for sign in (1, -1)]
    assert [curve.low[week_10], curve.high[week_10]] == pytest.approx(ends, abs=1e-6)


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=30))
def test_kaplan_meier_is_the_product_of_its_definition(runs: list[tuple[int, bool]]) -> None:
    days, ruined = [day for day, _ in runs], [event for _, event in runs]
    curve = kaplan_meier(days, ruined)
    for day, share in zip(curve.days, curve.share, strict=True):
        product = 1.0
        for moment in sorted({d for d, event in runs if event and d <= day}):
            at_risk = sum(other >= moment for other in days)
            product *= 1 - sum(event and d == moment for d, event in runs) / at_risk
        assert share == pytest.approx(product, abs=1e-12)


def test_nobody_ruined_and_all_ruined() -> None:
    nobody = kaplan_meier([5, 9], [False, False])
    assert list(nobody.share) == [1, 1]
    assert nobody.median == math.inf
    assert kaplan_meier([5, 9], [True, True]).share[-1] == 0


@pytest.mark.parametrize(
    ("days", "ruined"), [([], []), ([1], [True, False]), ([-1], [True]), ([math.nan], [True]), ([[1]], [[True]])]
)
def test_survival_refuses_nonsense(days: list[float], ruined: list[bool]) -> None:
    with pytest.raises(ValueError):
        kaplan_meier(days, ruined)
    with pytest.raises(ValueError, match="confidence"):
        kaplan_meier([1], [True], confidence=95)


def test_ruin_is_the_first_moment_below_and_locked_money_counts() -> None:
    day = 86_400
    runs = pd.DataFrame(
        {"point": [0, 0, 1, 1], "replication": [0, 1, 0, 1], "adversary_start_units": [100.0, 100.0, 100.0, None]}
    )
    series = pd.DataFrame(
        [
            (0, 0, 0, 100.0, 0.0), (0, 0, day, 4.0, 20.0), (0, 0, 2 * day, 4.0, 0.0), (0, 0, 3 * day, 60.0, 0.0),
            (0, 1, 0, 100.0, 0.0), (0, 1, 3 * day, 5.0, 0.0),  # exactly 5 %: not below
            (1, 0, 0, 1.0, 0.0),
            (1, 1, 0, None, None),  # nobody in that role
        ],
        columns=["point", "replication", "time_s", "adversary_balance_units", "adversary_locked_units"],
    )  # fmt: skip
    assert ruin_times(series, runs).to_dict("list") == {
        "point": [0, 0, 1], "replication": [0, 1, 0], "days": [2.0, 3.0, 0.0], "ruined": [True, False, True],
    }  # fmt: skip
    with pytest.raises(ValueError, match="below is 5"):
        ruin_times(series, runs, below=5)


def test_holm_of_the_literature() -> None:
    """Wright, Biometrics 48 (1992): .0003, .0093, .0207, .0465 become .0012, .0279, .0414, .0465."""
    assert holm([0.0465, 0.0003, 0.0207, 0.0093]) == pytest.approx([0.0465, 0.0012, 0.0414, 0.0279])
    assert holm([]) == []
    found = holm([0.5, math.nan, 0.9])
    assert (found[0], found[2]) == (1.0, 1.0)
    assert math.isnan(found[1])
    with pytest.raises(ValueError):
        holm([1.2])


def test_no_difference_gives_a_false_alarm_as_often_as_promised() -> None:
    """Twelve points that are the same economy, 400 times: at most 5 % of families may have a p-value below 5 %."""
    rng, alarms = np.random.default_rng(4), 0
    for _ in range(400):
        p_values = stats.ttest_1samp(rng.normal(size=(12, 8)), 0, axis=1).pvalue
        alarms += min(holm(list(p_values))) < 0.05
    assert alarms <= 20 + 3 * math.sqrt(400 * 0.05 * 0.95)
    assert alarms > 4  # nor is it so careful that nothing would ever be found


def test_points_are_compared_by_pairs() -> None:
    accuracy = {0: [0.80, 0.70, 0.60, 0.75], 1: [0.90, 0.79, 0.71, 0.85], 2: [0.8, 0.75, 0.55, math.nan], 3: [0.9] * 4}
    rows = [
        {
            "point": point,
            "replication": replication,
            "status": "failed" if point == 3 else "ok",
            "final_accuracy": value,
        }
        for point, values in accuracy.items()
        for replication, value in enumerate(values)
    ]
    runs = pd.DataFrame(rows).sample(frac=1, random_state=1)
    table = compared_with(runs, "final_accuracy").set_index("point")
    assert list(table.index) == [1, 2]  # point 3 has no run that went well
    oracle = stats.ttest_rel(accuracy[1], accuracy[0])
    ends = oracle.confidence_interval(0.95)
    assert table.loc[1, ["p", "low", "high"]].tolist() == pytest.approx([oracle.pvalue, ends.low, ends.high])
    assert table.loc[2, "pairs"] == 3
    assert table.loc[2, "p"] == pytest.approx(1)
    assert table.loc[1, "p_holm"] == pytest.approx(2 * oracle.pvalue)
    assert table.loc[1, "variance_reduction"] > 0.9
    with pytest.raises(ValueError, match="point 3 has no run"):
        compared_with(runs, "final_accuracy", reference=3)


def test_the_note_on_many_intervals() -> None:
    assert many_intervals(1) == ""
    assert many_intervals(20).startswith("Of 20 intervals of 95 %, 1 miss by chance")
    assert "99.75 %" in many_intervals(20)
