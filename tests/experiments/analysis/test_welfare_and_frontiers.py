"""Closed forms against each other and by hand, frontiers on made-up tables, welfare of real runs."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.analysis.closed_forms import Sides, adversary_loss, break_even_deposit, honest_gain
from experiments.analysis.frontiers import frontier_table
from experiments.analysis.welfare import gini, welfare_of
from experiments.figures.frontiers import zero_lines
from experiments.runner import run
from experiments.scenario import load_scenario
from sim.units import DAY

RATE = st.floats(0.1, 1000)
SHARE = st.floats(0.01, 0.99)


@given(RATE, RATE, SHARE, SHARE, st.floats(0.01, 100))
def test_general_form_is_the_short_one_where_count_and_value_agree(
    honest: float, adversary: float, good: float, bad: float, deposit: float
) -> None:
    short = deposit * honest * (good - bad) / (honest * good + adversary * bad)
    loss = adversary_loss(deposit, Sides(honest, adversary, good, bad))
    assert loss == pytest.approx(short, abs=1e-9 * deposit * (1 + honest / adversary))


@given(RATE, RATE, SHARE, SHARE, SHARE, SHARE)
def test_what_one_side_loses_the_other_gains(
    honest: float, adversary: float, good: float, bad: float, value_good: float, value_bad: float
) -> None:
    sides = Sides(honest, adversary, good, bad, value_good, value_bad)
    paid = adversary * adversary_loss(1.0, sides)
    assert honest * honest_gain(1.0, 0.0, sides) == pytest.approx(paid, abs=1e-9 * (honest + adversary))


def test_break_even_deposit_just_pays_the_fees() -> None:
    sides = Sides(100, 20, 0.8, 0.3)
    # 0.5 * (100 * 0.8 + 20 * 0.3) / (20 * 0.5) = 4.3
    assert break_even_deposit(0.5, sides) == pytest.approx(4.3)
    assert honest_gain(4.3, 0.5, sides) == pytest.approx(0)
    assert break_even_deposit(0.5, Sides(100, 20, 0.3, 0.3)) == math.inf
    assert math.isnan(adversary_loss(1.0, Sides(100, 20, 0.0, 0.0)))


def runs(**columns: list[float]) -> pd.DataFrame:
    """One good run for each point."""
    count = len(next(iter(columns.values())))
    common = {"point": range(count), "replication": 0, "status": "ok", "captured": False, "days": 10.0}
    return pd.DataFrame({**common, **columns})


def test_frontier_table_has_gains_per_sample_simulated_and_by_formula() -> None:
    facts: dict[str, list[float]] = {
        "honest_accepted": [100, 100], "adversary_accepted": [20, 0],
        "honest_deposited_units": [500, 500], "adversary_deposited_units": [100, 0],
        "honest_profit_units": [30, -60], "adversary_profit_units": [-50, 0],
        "honest_locked_units": [20, 10], "adversary_locked_units": [10, 0],
        "honest_fees_units": [10, 10], "adversary_fees_units": [4, 0],
        "honest_rho_count": [0.8, 0.9], "adversary_rho_count": [0.3, math.nan],
        "honest_rho_value": [0.8, 0.9], "adversary_rho_value": [0.3, math.nan],
    }  # fmt: skip
    table = frontier_table(runs(**facts))
    assert table["honest"].tolist() == [0.5, -0.5]  # (30 + 20) / 100, (-60 + 10) / 100
    assert table["adversary"].tolist()[0] == -2
    # d = 600 / 120 = 5; l_b = 5 * 100 * 0.5 / 86 = 2.907; fees 0.1 and 0.2
    assert table["adversary_theory"][0] == pytest.approx(-2.907 - 0.2, abs=1e-3)
    assert table["honest_theory"][0] == pytest.approx(0.2 * 2.907 - 0.1, abs=1e-3)
    assert table.loc[1, ["adversary", "adversary_theory", "honest_theory"]].isna().all()


def test_zero_lines_run_between_gains_and_losses() -> None:
    (line,) = zero_lines(np.array([[-1.0, 1.0, 3.0], [-3.0, -1.0, 1.0]]))
    assert sorted(map(tuple, line.round(6).tolist())) == [(0.5, 0.0), (1.0, 0.5), (1.5, 1.0)]
    assert zero_lines(np.ones((2, 2))) == []
    assert zero_lines(np.array([[-1.0, 1.0]])) == []


def test_welfare_counts_right_answers_effort_and_fees_but_no_transfers() -> None:
    levers = {"data.size": 200, "horizon": "20d", "agents.honest.effort_cost": 0.5}
    result = run(load_scenario("quickstart", levers))
    welfare = welfare_of(result, value=2.0, per_day=10.0)
    submitted = sum(row.statement.submitted for row in result.rows_of(adversarial=False))
    assert welfare.effort == pytest.approx(0.5 * submitted)
    assert welfare.fees == 0
    assert welfare.predictions == pytest.approx(10 * result.days)
    moments = sorted({moment.time: moment for moment in result.snapshots}.values())
    ends = [moment.time / DAY for moment in moments[1:]] + [result.days]
    days = [max(0, end - moment.time / DAY) for moment, end in zip(moments, ends, strict=True)]
    right = 10 * sum(day * moment.accuracy for day, moment in zip(days, moments, strict=True))
    assert welfare.right == pytest.approx(right)
    assert welfare.surplus == pytest.approx(2 * right - welfare.effort)
    assert welfare_of(result, value=0.0).surplus == pytest.approx(-welfare.effort)
    assert welfare.gini is not None
    assert 0 <= welfare.gini < 1
    with pytest.raises(ValueError, match="0 or more"):
        welfare_of(result, value=-1.0)


def test_welfare_counts_the_answers_callers_bought() -> None:
    result = run(load_scenario("paid-predictions", {"data.size": 300, "horizon": "20d"}))
    welfare, asked = welfare_of(result, value=1.0), sum(row.statement.predictions for row in result.callers)
    assert welfare.predictions == asked > 0
    assert welfare.right == sum(row.statement.predictions_right for row in result.callers)


def test_gini_by_hand() -> None:
    # 1, 2, 3, 4: mean absolute difference 20 / 16 = 1.25 over twice the mean 2.5
    assert gini([4, 2, 1, 3]) == pytest.approx(0.25)
    assert gini([0, 0]) == 0
    with pytest.raises(ValueError, match="0 or more"):
        gini([-1, 2])
