r"""Reputation-weighted deposits: a good name is earned by outcomes, and lost by them.

Every address has a reputation r, 0 at first, in whole millionths, downwards. The deposit is the price times

.. math:: d_{max} - (d_{max} - d_{min})\,r

Each contribution counts once, by the first thing that is decided about it: verified (refunded before anybody took of
it) or failed (a report of it was paid, or under ``one_shot`` its author asked in vain).

* ``outcomes``: :math:`r \leftarrow \gamma r + (1 - \gamma)` when verified, :math:`\gamma r` when failed: an
  exponentially weighted mean of the last 1/(1 - gamma) outcomes or so.
* ``values``, the form that resists sleepers: verified, :math:`r \leftarrow r + (1 - \gamma)\,v\,(1 - r)` with
  v the refund as a share of ``reputation_value``, at most 1, so that a good name costs money at risk and not merely
  many cheap contributions; failed, :math:`r \leftarrow r/2`.

A newcomer pays d_max, which is the most there is: leaving a bad name behind for a new address gains nothing
(whitewashing is bounded by d_max). After j failures in a row a name that was perfect pays
d_max - (d_max - d_min) gamma^j, respectively 2^-j.

=================  ==========  =========================================================
parameter          default     meaning
=================  ==========  =========================================================
reputation         none        ``outcomes`` or ``values``
reputation_memory  9/10        gamma, 0 or more and below 1
reputation_low     1/4         d_min, 0 to d_max
reputation_high    1           d_max, above 0, at most 100
reputation_value   one unit    a refund that counts in full under ``values``, wei
=================  ==========  =========================================================

Sources: the exponential mean of outcomes is the beta reputation of Jøsang & Ismail 2002 with forgetting; whitewashing,
and why newcomers must pay their dues, Friedman & Resnick 2001; quick loss and slow gain against those who first behave
and then do not, Srivatsa, Xiong & Liu 2005 (TrustGuard).
"""

from __future__ import annotations

from fractions import Fraction

from mechanisms.deposit_parameters import Parameters
from mechanisms.deposits.multiple import Multiple
from sim.chain.gas import Meter
from sim.chain.journal import Journal, Map
from sim.chain.ledger import Address
from sim.features import Data
from sim.units import Gas, Wei

ONE = 10**6
"""A perfect reputation."""

_ARITHMETIC: Gas = 300  # assumed


class Reputation(Multiple):
    """See the module's text."""

    def __init__(self, p: Parameters, journal: Journal, meter: Meter) -> None:
        assert p.reputation_value is not None
        self._keep, self._value, self._by_value = p.reputation_memory, p.reputation_value, p.reputation == "values"
        self._low, self._high = p.reputation_low, p.reputation_high
        self.least = p.reputation_low
        self.meter = meter
        self.of_address: Map[Address, int] = Map(journal)
        """Millionths; who is not in it has none."""

    def of(self, data: Data, label: int, sender: Address) -> Fraction:
        """By the sender's reputation."""
        return self._high - (self._high - self._low) * Fraction(self.of_address.get(sender, 0), ONE)

    def charge(self, data: Data) -> None:
        """A slot and a product."""
        self.meter.charge(self.meter.schedule.loads(1) + _ARITHMETIC)

    def note_verified(self, address: Address, refunded: Wei) -> None:
        """A contribution of this address was refunded."""
        before = self.of_address.get(address, 0)
        share = min(Fraction(1), Fraction(refunded, self._value)) if self._by_value else 1
        self._write(address, before, int(before + (1 - self._keep) * share * (ONE - before)))

    def note_failed(self, address: Address) -> None:
        """A contribution of this address was found wrong."""
        before = self.of_address.get(address, 0)
        self._write(address, before, before // 2 if self._by_value else int(self._keep * before))

    def _write(self, address: Address, before: int, after: int) -> None:
        schedule = self.meter.schedule
        known = before > 0
        self.meter.charge(_ARITHMETIC + schedule.loads(1) + schedule.stores(set_=not known, reset=known))
        self.of_address[address] = after
