r"""Survival: how long until somebody is ruined, where many runs end before it happens.

A run that ends with its liars still solvent says only that their ruin takes longer: it is censored. Leaving such runs
out, or counting their end as ruin, would make ruin look faster than it is. `kaplan_meier` estimates the share that is
not ruined by a day from all runs (Kaplan & Meier, JASA 53, 1958):
:math:`\hat S(t) = \prod_{t_i \le t} (1 - d_i / n_i)`, with d ruined and n at risk on the days of ruin; intervals are of
the log-log form with Greenwood's variance, which stays within [0, 1].

>>> curve = kaplan_meier([6, 6, 6, 7, 10], [True, True, True, True, False])
>>> [(float(day), round(float(share), 2)) for day, share in zip(curve.days, curve.share)], curve.median
([(6.0, 0.4), (7.0, 0.2), (10.0, 0.2)], 6.0)
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.metrics import CONFIDENCE
from sim.units import DAY

if TYPE_CHECKING:
    import pandas as pd

RUINED_BELOW = 0.05
"""Default share of the money at the start below which a role is ruined."""


class Survival(NamedTuple):
    """The share that survives each day, with its interval (NaN where it cannot be said).

    Arrays have an entry for each distinct day on which a run was ruined or ended. ``median`` is the first day by which
    half are ruined, infinite if that did not happen.
    """

    days: NDArray[np.float64]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    at_risk: NDArray[np.int64]
    runs: int
    ruined: int
    median: float


def kaplan_meier(days: ArrayLike, ruined: ArrayLike, confidence: float = CONFIDENCE) -> Survival:
    """The Kaplan-Meier estimate.

    Parameters
    ----------
    days : of ruin, or of the end of the run; 0 or more, one for each run
    ruined : whether it was ruin
    confidence : above 0, below 1

    Raises
    ------
    ValueError
        If there is no run, lengths differ, a day is negative or missing, or confidence is out of range.
    """
    from scipy.stats import CensoredData, ecdf

    times, events = np.asarray(days, dtype=float), np.asarray(ruined, dtype=bool)
    if times.ndim != 1 or times.shape != events.shape or not len(times):
        raise ValueError("survival needs a list of days and one of the same length that says which were of ruin")
    if not (times >= 0).all():
        raise ValueError("every day must be 0 or more")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; it must be above 0 and below 1, such as 0.95")
    estimate = ecdf(CensoredData(uncensored=times[events], right=times[~events])).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where all or nobody survives there is no interval: NaN says so
        interval = estimate.confidence_interval(confidence, method="log-log")
    moments, share = estimate.quantiles, estimate.probabilities
    low, high = interval.low.probabilities, interval.high.probabilities
    half = np.flatnonzero(share <= 0.5 + 1e-12)
    median = float(moments[half[0]]) if len(half) else math.inf
    at_risk = np.array([(times >= moment).sum() for moment in moments], dtype=np.int64)
    return Survival(moments, share, low, high, at_risk, len(times), int(events.sum()), median)


def ruin_times(
    series: pd.DataFrame, runs: pd.DataFrame, role: str = "adversary", below: float = RUINED_BELOW
) -> pd.DataFrame:
    """When each run's role was ruined: its balance and locked deposits together fell below a share of its start.

    Moments are those of the series, so a day is late by at most ``record.accuracy_every``. Money that comes back after
    ruin does not count. Runs that failed, or have nobody in that role, are left out.

    Parameters
    ----------
    series, runs : the tables of a sweep
    role : ``adversary`` or ``honest``
    below : the share, above 0 to 1

    Returns
    -------
    A row for each run: ``point``, ``replication``, ``days`` and ``ruined``; where it is False, ``days`` is the end.
    """
    import pandas as pd

    if not 0 < below <= 1:
        raise ValueError(f"below is {below}; it must be a share above 0 to 1, such as 0.05")
    start = runs.set_index(["point", "replication"])[f"{role}_start_units"].astype(float)
    money = series[f"{role}_balance_units"].astype(float) + series[f"{role}_locked_units"].astype(float)
    table = series[["point", "replication", "time_s"]].assign(money=money).dropna()
    rows = []
    for key, moments in table.groupby(["point", "replication"], sort=True):
        poor = moments[moments["money"] < below * start[key]]
        moment = poor["time_s"].min() if len(poor) else moments["time_s"].max()
        rows.append((*key, moment / DAY, bool(len(poor))))
    return pd.DataFrame(rows, columns=["point", "replication", "days", "ruined"])
