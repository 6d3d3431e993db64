"""Break-even frontiers: where the profit of each side is 0 over two levers, as simulated and by formula.

Profits are per accepted sample, deposits still locked at the end counted as the owner's. The formulas are those of
`experiments.analysis.closed_forms`, with the rates, deposits, fees and refunded shares that were simulated at each
point: they test the theory of who pays whom, not the model's learning.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.analysis.closed_forms import Sides, adversary_loss, honest_gain
from experiments.figures.levers import Lever

if TYPE_CHECKING:
    import pandas as pd

_USED = [
    f"{role}_{field}"
    for role in ("honest", "adversary")
    for field in ("accepted", "deposited_units", "profit_units", "locked_units", "fees_units", "rho_count", "rho_value")
]


def frontier_table(runs: pd.DataFrame, levers: Sequence[Lever] = ()) -> pd.DataFrame:
    """A row for each point: levers, ``point``, ``days``, and in units per accepted sample ``honest`` and ``adversary``
    (simulated), ``honest_theory`` and ``adversary_theory``; NaN where a side had no sample accepted.

    Means over seeds of amounts and counts come first, ratios of them after.
    """
    good = runs[runs["status"] == "ok"]
    names = [lever.path for lever in levers if lever.path != "point"]
    means = good.groupby("point")[["days", *_USED]].agg(lambda column: column.astype(float).mean())
    table = good.groupby("point")[names].first() if names else means[[]].copy()
    table["days"] = means["days"]
    for role in ("honest", "adversary"):
        accepted = means[f"{role}_accepted"].where(means[f"{role}_accepted"] > 0)
        kept = means[f"{role}_profit_units"] + means[f"{role}_locked_units"].fillna(0.0)
        table[role] = kept / accepted
    theory = [_by_formula(row) for row in means.to_dict("records")]
    table["honest_theory"], table["adversary_theory"] = np.array(theory, dtype=float).reshape(-1, 2).T
    return table.reset_index()


def _by_formula(row: dict[str, float]) -> tuple[float, float]:
    """What the honest and an adversary gain on each sample, after fees."""
    honest, adversary = row["honest_accepted"], row["adversary_accepted"]
    if not (honest > 0 and adversary > 0):
        return math.nan, math.nan
    deposit = (row["honest_deposited_units"] + row["adversary_deposited_units"]) / (honest + adversary)
    sides = Sides(
        honest, adversary, row["honest_rho_count"], row["adversary_rho_count"],
        row["honest_rho_value"], row["adversary_rho_value"],
    )  # fmt: skip
    fees = [row[f"{role}_fees_units"] / row[f"{role}_accepted"] for role in ("honest", "adversary")]
    return honest_gain(deposit, fees[0], sides), -adversary_loss(deposit, sides) - fees[1]
