r"""How a drifting model refunds lies (B9): who may ask again needs the model to be wrong only once.

A false sample that the model rejects with probability 1 - q when its deposit matures, and whose prediction flips at a
rate :math:`\nu`, is refunded at some time between t and t_a with probability

.. math:: \rho_b = 1 - (1 - q)\, e^{-\nu (t_a - t)},

where q is what a model of the same accuracy a would refund if it did not move, 1 - a of two classes. The rate is fitted
by least squares to shares that were simulated.

>>> tuple(round(float(refunded_share(frozen=0.2, exposure=8.0, rate=rate)), 3) for rate in (0.0, 0.1))
(0.2, 0.641)
>>> shares = [refunded_share(0.2, days, 0.1) for days in (1.0, 4.0, 16.0)]
>>> round(fitted_rate(shares, [0.2] * 3, [1.0, 4.0, 16.0]).estimate, 6)
0.1
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from experiments.metrics import CONFIDENCE, Interval

_ALL_BUT = 1e-3


def refunded_share(frozen: Any, exposure: Any, rate: float) -> Any:
    """The share of false samples that is ever refunded, 0 to 1.

    Parameters
    ----------
    frozen : q, the share that is refunded at once, 0 to 1; a number or an array
    exposure : days from t to t_a, 0 or more
    rate : nu, flips a day, 0 or more
    """
    return 1 - (1 - frozen) * np.exp(-rate * exposure)


def fitted_rate(
    refunded: ArrayLike, frozen: ArrayLike, exposure: ArrayLike, confidence: float = CONFIDENCE
) -> Interval | None:
    """The rate at which `refunded_share` is nearest to shares of runs, and its interval from their scatter about it.

    The interval is Student's, as if runs were independent, and not below 0; NaN of a single run. None where no run
    tells, or none was exposed. The parameters are as those of `refunded_share`, an entry for each run.
    """
    shares, start, exposed = (np.asarray(values, dtype=float) for values in (refunded, frozen, exposure))
    known = np.isfinite(shares) & np.isfinite(start) & np.isfinite(exposed)
    shares, start, exposed = shares[known], start[known], exposed[known]
    telling = (exposed > 0) & (start < 1)
    if not telling.any():
        return None
    from scipy.optimize import OptimizeWarning, curve_fit  # late: slow to load
    from scipy.stats import t

    ratio = np.clip((1 - shares[telling]) / (1 - start[telling]), _ALL_BUT, 1.0)
    guess = float(np.median(-np.log(ratio) / exposed[telling]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OptimizeWarning)  # of a single run nothing is known of the scatter
        found, covariance = curve_fit(
            lambda at, rate: refunded_share(at[0], at[1], rate),
            (start, exposed),
            shares,
            p0=[guess],
            bounds=(0, math.inf),
        )
    rate, spread = float(found[0]), math.sqrt(float(covariance[0, 0]))
    if len(shares) < 2 or not math.isfinite(spread):
        return Interval(rate, math.nan, math.nan)
    half = float(t.ppf((1 + confidence) / 2, len(shares) - 1)) * spread
    return Interval(rate, max(0.0, rate - half), rate + half)
