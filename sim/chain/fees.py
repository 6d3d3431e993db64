"""What a unit of gas costs: the interface of fee markets, and the two whose price does not move.

The market that does, EIP-1559, is in `sim.chain.fees_eip1559`; real chains by name are in `sim.chain.fees_presets`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sim.units import Gas, Seconds, Wei


class FeeMarket(Protocol):
    """The price of gas now. ``base_fee`` is burned, ``tip`` goes to the block's proposer, both in wei per gas."""

    @property
    def base_fee(self) -> Wei:
        """Wei burned for each unit of gas."""

    @property
    def tip(self) -> Wei:
        """Wei paid to the proposer for each unit of gas."""

    def base_fee_at(self, time: Seconds) -> Wei:
        """The base fee of the block that takes in what is sent at ``time``, now or later, if nobody sends before."""

    def include(self, gas: Gas) -> None:
        """Note gas that a transaction used in the block of now; asked for only where there is a base fee."""


@dataclass(slots=True)
class FreeGas:
    """Gas is counted but costs nothing: the setting of the papers' figures."""

    base_fee: Wei = 0
    tip: Wei = 0

    def base_fee_at(self, time: Seconds) -> Wei:
        """Nothing, at any time."""
        return self.base_fee

    def include(self, gas: Gas) -> None:
        """Gas that is used moves no price here."""


@dataclass(slots=True)
class FixedPrice:
    """Every transaction pays the same price, all of it to the proposer, as before EIP-1559."""

    tip: Wei
    base_fee: Wei = 0

    def base_fee_at(self, time: Seconds) -> Wei:
        """The same at any time."""
        return self.base_fee

    def include(self, gas: Gas) -> None:
        """Gas that is used moves no price here."""
