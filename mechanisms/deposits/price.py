"""The interface of prices that time makes, for mechanisms with defences."""

from __future__ import annotations

from abc import abstractmethod

from mechanisms.charges import sqrt_gas
from mechanisms.deposit_parameters import Parameters
from mechanisms.deposits.by_time import lowest_price_by_time, price_by_time
from sim.chain.journal import Value
from sim.units import Gas, Seconds, Wei


class Price:
    """What a contribution costs at a time, before multiples. State lives in journalled cells."""

    lowest: Wei
    """It never costs less."""

    @abstractmethod
    def at(self, now: Seconds) -> Wei:
        """The price now, in wei (a free view)."""

    def note_added(self, now: Seconds) -> None:
        """A contribution was added now."""

    def gas(self, now: Seconds) -> Gas:
        """What working it out takes beside what every price takes."""
        return 0


class PriceByTime(Price):
    """Of ``inv_sqrt``, ``inv_linear`` and ``fixed``; see `mechanisms.deposits.by_time`."""

    def __init__(self, p: Parameters, last_update: Value[Seconds]) -> None:
        self.lowest = lowest_price_by_time(p)
        self._last_update = last_update
        self._rule = price_by_time(p)
        self._sqrt = p.price_policy == "inv_sqrt"

    def at(self, now: Seconds) -> Wei:
        """By the seconds since the last contribution."""
        return self._rule(now - self._last_update.value)

    def gas(self, now: Seconds) -> Gas:
        """A square root, where there is one."""
        return sqrt_gas(now - self._last_update.value) if self._sqrt else 0
