r"""``loyalty``: who has had much verified pays less.

With n the sender's standing in verified contributions the deposit is the price times

.. math:: \max(\mathrm{floor},\; 1 - c\,n/(n + k))

Newcomers pay the price. It asks nothing about lately: where that matters, let standing fade
(``standing_half_life``), or use a ``reputation``, which failures lower.

=================  ==========  =========================================================
parameter          default     meaning
=================  ==========  =========================================================
loyalty_discount   1/2         c, 0 to 1
loyalty_floor      1/4         least multiple, 0 to 1
loyalty_scale      10          k: standing that earns half of the discount, above 0
=================  ==========  =========================================================

It lowers the barrier for contributors who have shown what they can do, at the price of making a sleeper's attack
cheaper; a saturating discount is the usual form of loyalty rebates.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from mechanisms.deposit_parameters import Parameters
from mechanisms.deposits.multiple import Multiple
from sim.chain.gas import Meter
from sim.chain.ledger import Address
from sim.features import Data
from sim.units import Gas

_ARITHMETIC: Gas = 300  # assumed


class Loyalty(Multiple):
    """See the module's text. ``standing`` says how many contributions of an address count as verified now."""

    def __init__(self, p: Parameters, meter: Meter, standing: Callable[[Address], Fraction]) -> None:
        self._discount, self._floor, self._scale = p.loyalty_discount, p.loyalty_floor, p.loyalty_scale
        self.least = max(p.loyalty_floor, 1 - p.loyalty_discount)
        self.meter = meter
        self._standing = standing

    def of(self, data: Data, label: int, sender: Address) -> Fraction:
        """By the sender's standing."""
        standing = self._standing(sender)
        return max(self._floor, 1 - self._discount * standing / (standing + self._scale))

    def charge(self, data: Data) -> None:
        """A slot and a division."""
        self.meter.charge(self.meter.schedule.loads(1) + _ARITHMETIC)
