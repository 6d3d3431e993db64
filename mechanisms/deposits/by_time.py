r"""The deposit by the time since the last contribution.

With :math:`\Delta` that time in whole seconds, at least 1, cost weight w and a unit of u wei, under ``corrected``:

* ``inv_sqrt``: :math:`\lfloor 60\,w\,u/\sqrt\Delta \rfloor` wei;
* ``inv_linear``: :math:`\lfloor 3600\,w\,u/\Delta \rfloor` wei, at least 1 wei unless w = 0;
* ``fixed``: ``deposit`` wei.

After an hour both of the first two ask for w units. In a crowd the linear one is far dearer, and after a pause far
cheaper: with gaps of ten seconds 360 w against 19 w units, after a day w/24 against w/5.

Sources: Harris & Waggoner 2019 (the deposit falls with the time since the last update); Stakeable64.sol and
stakeable.py of microsoft/0xDeCA10B, whose roundings the profiles ``solidity`` and ``reference`` keep.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from mechanisms.deposit_parameters import Parameters
from sim.errors import Revert
from sim.units import HOUR, Seconds, Wei


def price_by_time(p: Parameters) -> Callable[[Seconds], Wei]:
    """The deposit in wei as a function of the seconds since the last contribution."""
    policy = p.price_policy
    if policy == "fixed":
        return lambda elapsed: p.deposit
    if p.profile == "solidity":
        return partial(_contract_price, math.floor(p.cost_weight * p.unit) * 3600)
    if p.profile == "reference":
        whole = p.cost_weight.denominator == 1
        return partial(_reference_price, p.unit, int(p.cost_weight) if whole else float(p.cost_weight))
    if policy == "inv_linear":
        hourly, least = HOUR * p.cost_weight * p.unit, int(p.cost_weight > 0)
        return lambda elapsed: max(least, hourly.numerator // (hourly.denominator * max(1, elapsed)))
    # floor(x / sqrt(s)) = isqrt(floor(x**2 / s)), exactly
    square = (60 * p.cost_weight * p.unit) ** 2
    numerator, denominator = square.numerator, square.denominator
    return lambda elapsed: math.isqrt(numerator // (denominator * max(1, elapsed)))


def lowest_price_by_time(p: Parameters) -> Wei:
    """The floor of the price: one unit in the reference, the deposit itself when it is fixed, otherwise one wei."""
    if p.price_policy == "fixed":
        return p.deposit
    if p.profile == "reference":
        return p.unit
    return int(p.cost_weight > 0)  # it falls with time, but not to nothing within any horizon


def _reference_price(unit: Wei, weight: float, elapsed: Seconds) -> Wei:
    if elapsed <= 0:
        raise Revert("Not enough time has passed since the last update.")
    return max(1, int(weight * 60 / math.isqrt(elapsed))) * unit


def _contract_price(scale: Wei, elapsed: Seconds) -> Wei:
    if not scale:
        return 0
    if elapsed < 0:
        raise Revert("The last update time is after the current time.")
    return scale // max(1, math.isqrt(elapsed))
