r"""Who profits under Deposit, Refund, Take, by formula: honest and adversarial addresses that pay the same deposit d.

Rates :math:`\lambda_g, \lambda_b` of accepted samples, and the shares of each side's deposits that are ever refunded:
by value for money, by count for standing, which decides who gets what is not refunded. With S the adversaries' share of
standing, :math:`S = \lambda_b\rho_b / (\lambda_g\rho_g + \lambda_b\rho_b)`, an adversary loses on each sample

.. math:: l_b = d\,(1-\rho_b) - \frac{S}{\lambda_b}\, d\,[\lambda_g (1-\rho_g) + \lambda_b (1-\rho_b)],

which is :math:`d\,\lambda_g(\rho_g-\rho_b)/(\lambda_g\rho_g+\lambda_b\rho_b)` where both shares are the same: lying
loses if and only if truth is refunded more often. The honest gain what adversaries lose, less fees F on each sample:
:math:`\pi_g = (\lambda_b/\lambda_g)\, l_b - F`, which is 0 at the deposit

.. math:: d^* = F\,\frac{\lambda_g\rho_g+\lambda_b\rho_b}{\lambda_b(\rho_g-\rho_b)}.

>>> sides = Sides(rate_honest=144, rate_adversary=24, rho_honest=0.8, rho_adversary=0.2)
>>> round(adversary_loss(2.0, sides), 3), round(honest_gain(2.0, 0.1, sides), 3)
(1.44, 0.14)
>>> round(break_even_deposit(0.1, sides), 3), abs(honest_gain(break_even_deposit(0.1, sides), 0.1, sides)) < 1e-12
(0.833, True)
"""

from __future__ import annotations

import math
from typing import NamedTuple


class Sides(NamedTuple):
    """Rates of accepted samples (any unit of time), and shares refunded from 0 to 1, by count and by value.

    Shares by value that are None are those by count.
    """

    rate_honest: float
    rate_adversary: float
    rho_honest: float
    rho_adversary: float
    value_honest: float | None = None
    value_adversary: float | None = None


def adversary_loss(deposit: float, sides: Sides) -> float:
    """What an adversary loses on each sample, in the unit of the deposit; NaN where nobody has any standing."""
    standing = sides.rate_honest * sides.rho_honest + sides.rate_adversary * sides.rho_adversary
    if not standing or not sides.rate_adversary:
        return math.nan
    by_count = (sides.rho_honest, sides.rho_adversary)
    by_value = (sides.value_honest, sides.value_adversary)
    good, bad = (count if value is None else value for count, value in zip(by_count, by_value, strict=True))
    share = sides.rate_adversary * sides.rho_adversary / standing
    left = deposit * (sides.rate_honest * (1 - good) + sides.rate_adversary * (1 - bad))
    return deposit * (1 - bad) - share * left / sides.rate_adversary


def honest_gain(deposit: float, fees: float, sides: Sides) -> float:
    """What the honest gain on each sample after ``fees`` on each, in the unit of the deposit."""
    if not sides.rate_honest:
        return math.nan
    return sides.rate_adversary / sides.rate_honest * adversary_loss(deposit, sides) - fees


def break_even_deposit(fees: float, sides: Sides) -> float:
    """The deposit from which the honest gain, for shares refunded by count; infinite if truth is refunded no more."""
    apart = sides.rate_adversary * (sides.rho_honest - sides.rho_adversary)
    standing = sides.rate_honest * sides.rho_honest + sides.rate_adversary * sides.rho_adversary
    return fees * standing / apart if apart > 0 else math.inf
