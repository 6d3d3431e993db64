r"""Numbers with their uncertainty: pure functions from outcomes to intervals.

* `mean_interval`: :math:`\bar x \pm t_{(1+c)/2,\,n-1}\; s/\sqrt n`, for outcomes that scatter around one value.
* `bootstrap_interval`: percentiles of a statistic over resamples, for any statistic and any shape.
* `proportion_interval`: Wilson's score interval for k of n, which is right at 0 and n as well:
  :math:`\frac{p + z^2/2n \pm z\sqrt{p(1-p)/n + z^2/4n^2}}{1 + z^2/n}`, p = k/n (Wilson, JASA 22, 1927).
* `paired_difference`: the mean of differences under common random numbers, and what pairing saved:
  :math:`1 - \mathrm{var}(y-x) / (\mathrm{var}(x)+\mathrm{var}(y))`.

At a cliff the seeds of a point are bimodal, captured or saved, and a mean describes none of them: see `summary`.

>>> mean_interval([0.87, 0.88, 0.89]).rounded(3)
(0.88, 0.855, 0.905)
>>> proportion_interval(0, 10).rounded(3)
(0.0, 0.0, 0.278)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """An estimate and the interval around it; NaN where it cannot be said (no spread is known of a single value)."""

    estimate: float
    low: float
    high: float

    def rounded(self, digits: int) -> tuple[float, float, float]:
        """The three numbers, rounded."""
        return round(self.estimate, digits), round(self.low, digits), round(self.high, digits)


class PairedDifference(NamedTuple):
    """Second less first: mean difference with its interval, the number of pairs, and what pairing saved.

    ``variance_reduction`` is the share of the unpaired variance that pairing took away: 0 nothing, 1 all, negative if
    pairing did harm; NaN if neither side varies or there is a single pair.
    """

    difference: Interval
    pairs: int
    variance_reduction: float


def mean_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """The mean with Student's interval. Missing values are left out. Raises `ValueError` if nothing is left."""
    known = _known(values)
    _check_confidence(confidence)
    mean, count = float(known.mean()), len(known)
    if count == 1:
        return Interval(mean, math.nan, math.nan)
    from scipy.stats import t  # late: slow to load

    half = float(t.ppf((1 + confidence) / 2, count - 1)) * float(known.std(ddof=1)) / math.sqrt(count)
    return Interval(mean, mean - half, mean + half)


def bootstrap_interval(
    values: ArrayLike,
    statistic: Callable[..., Any] = np.mean,
    confidence: float = CONFIDENCE,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """A statistic with the percentile interval of its resamples. Missing values are left out.

    Parameters
    ----------
    values : the sample
    statistic : takes an array and ``axis``, as NumPy's do
    confidence : above 0, below 1
    resamples : how many, 1 or more
    seed : of the resampling; equal seeds give equal intervals

    Raises
    ------
    ValueError
        If nothing is left, or an argument is out of range.
    """
    known = _known(values)
    _check_confidence(confidence)
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}; it must be 1 or more")
    estimate = float(statistic(known, axis=-1))
    if len(known) == 1:
        return Interval(estimate, math.nan, math.nan)
    generator = np.random.Generator(np.random.PCG64(seed))
    again = known[generator.integers(len(known), size=(resamples, len(known)))]
    low, high = np.quantile(statistic(again, axis=-1), [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(estimate, float(low), float(high))


def proportion_interval(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """The share of successes with Wilson's score interval. Raises `ValueError` unless 0 <= successes <= trials > 0."""
    if not 0 <= successes <= trials or not trials:
        raise ValueError(f"{successes} successes in {trials} trials; needed is 0 <= successes <= trials, trials > 0")
    _check_confidence(confidence)
    from statistics import NormalDist

    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = successes / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    # At 0 and at n one end is exactly the estimate; rounding must not push it past.
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return Interval(share, low, high)


def paired_difference(first: ArrayLike, second: ArrayLike, confidence: float = CONFIDENCE) -> PairedDifference:
    """Second less first, replication by replication. Pairs with a missing value are left out.

    Raises `ValueError` if the lengths differ or no pair is left.
    """
    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"pairs need two lists of one length; these have shapes {x.shape} and {y.shape}")
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    difference = mean_interval(y - x, confidence)
    apart = float(x.var(ddof=1) + y.var(ddof=1)) if len(x) > 1 else 0.0
    saved = 1 - float((y - x).var(ddof=1)) / apart if apart else math.nan
    return PairedDifference(difference, len(x), saved)


def summary(runs: pd.DataFrame, levers: Sequence[str] = (), confidence: float = CONFIDENCE) -> list[dict[str, Any]]:
    """A row for each point of a table of runs: levers, accuracy, P(captured), profits, with intervals.

    ``mixed`` says that some seeds were captured and others were not: then ``final_accuracy`` has values on both sides
    of the cliff, and its ``values`` say more than its mean. Failed runs are counted and left out.
    """
    rows = []
    for point, group in runs.sort_values(["point", "replication"]).groupby("point", sort=True):
        good = group[group["status"] == "ok"]
        row: dict[str, Any] = {"point": int(point), **{lever: _python(group[lever].iloc[0]) for lever in levers}}
        row |= {"runs": len(group), "failed": len(group) - len(good)}
        if len(good):
            captured = int(good["captured"].astype(bool).sum())
            row["mixed"] = 0 < captured < len(good)
            row["captured"] = _facts(proportion_interval(captured, len(good), confidence))
            for name in ("final_accuracy", "honest_profit_percent", "adversary_profit_percent"):
                values = good[name].astype(float)
                known = values.dropna()
                if len(known):
                    interval = mean_interval(known, confidence)
                    row[name] = {**_facts(interval), "values": [_python(value) for value in values]}
        rows.append(row)
    return rows


def _facts(interval: Interval) -> dict[str, float | None]:
    """An interval for JSON, which has no NaN."""
    return {name: _python(value) for name, value in interval._asdict().items()}


def _python(value: Any) -> Any:
    """A cell as a Python value; None where it is missing."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value


def _known(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=float).ravel()
    known = array[~np.isnan(array)]
    if not len(known):
        raise ValueError("no value is left to compute an interval of")
    return known


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must be above 0 and below 1, such as 0.95")
