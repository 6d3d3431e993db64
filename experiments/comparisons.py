r"""Many comparisons at once: differences from one point with p-values that allow for their number.

Of many 95 % intervals one in twenty misses by chance. `compared_with` tests the difference of every point from a
reference under common random numbers (Student's paired t) and gives p-values after Holm (Scandinavian Journal of
Statistics 6, 1979), which bound the chance of a single false alarm among all of them, whatever their dependence:
:math:`\tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1)\, p_{(j)})` for m ordered p-values.

>>> holm([0.01, 0.04, 0.03])
[0.03, 0.06, 0.06]
>>> print(many_intervals(48))
Of 48 intervals of 95 %, 2.4 miss by chance; for all to hold at once, each would have to be of 99.896 % (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.metrics import CONFIDENCE, paired_difference

if TYPE_CHECKING:
    import pandas as pd


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given; NaN stays NaN and counts as no test.

    Raises `ValueError` unless all are from 0 to 1 or NaN.
    """
    if any(not (math.isnan(p) or 0 <= p <= 1) for p in p_values):
        raise ValueError("p-values lie between 0 and 1")
    tests = sorted((p, place) for place, p in enumerate(p_values) if not math.isnan(p))
    adjusted, largest = [math.nan] * len(p_values), 0.0
    for rank, (p, place) in enumerate(tests):
        largest = max(largest, min(1.0, (len(tests) - rank) * p))
        adjusted[place] = largest
    return adjusted


def compared_with(runs: pd.DataFrame, outcome: str, reference: int = 0, confidence: float = CONFIDENCE) -> pd.DataFrame:
    """Every other point less the reference, by pairs of equal replication.

    Parameters
    ----------
    runs : the table of runs, of a design with paired seeds
    outcome : a column of numbers
    reference : the number of a point
    confidence : of each single interval, above 0, below 1

    Returns
    -------
    A row for each other point that shares a good replication with the reference: ``point``, ``pairs``,
    ``difference``, ``low``, ``high``, ``variance_reduction``, ``p`` and ``p_holm``.

    Raises
    ------
    ValueError
        If the reference has no run that went well.
    """
    import pandas as pd

    good = runs[runs["status"] == "ok"]
    values = good.pivot_table(index="replication", columns="point", values=outcome, aggfunc="first", dropna=False)
    if reference not in values:
        raise ValueError(f"point {reference} has no run that went well; take another one as reference")
    base, rows = values[reference].astype(float), []
    for point in values.columns.drop(reference):
        other = values[point].astype(float)
        if not (base.notna() & other.notna()).any():
            continue
        found = paired_difference(base.to_numpy(), other.to_numpy(), confidence)
        difference = (other - base).dropna().to_numpy()
        rows.append(
            {"point": int(point), "pairs": found.pairs, "difference": found.difference.estimate,
             "low": found.difference.low, "high": found.difference.high,
             "variance_reduction": found.variance_reduction, "p": _p_value(difference)}
        )  # fmt: skip
    names = ["point", "pairs", "difference", "low", "high", "variance_reduction", "p"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(p_holm=holm(list(table["p"])))


def many_intervals(count: int, confidence: float = CONFIDENCE) -> str:
    """A sentence on so many intervals side by side; "" where there are fewer than two."""
    if count < 2:
        return ""
    missed, each = count * (1 - confidence), 1 - (1 - confidence) / count
    return (
        f"Of {count:,} intervals of {100 * confidence:g} %, {missed:.2g} miss by chance; for all to hold at once, each "
        f"would have to be of {100 * each:.5g} % (Bonferroni)."
    )


def _p_value(differences: np.ndarray) -> float:
    """Two-sided, of Student's t against no difference; NaN of a single pair."""
    from scipy.stats import t

    count = len(differences)
    if count < 2:
        return math.nan
    mean, spread = float(differences.mean()), float(differences.std(ddof=1)) / math.sqrt(count)
    if spread == 0:
        return 0.0 if mean else 1.0
    return float(2 * t.sf(abs(mean) / spread, count - 1))
