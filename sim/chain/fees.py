"""What a unit of gas costs: the fee modes of a chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sim.units import Wei


class FeeMarket(Protocol):
    """The price of gas now. ``base_fee`` is burned, ``tip`` goes to the block's proposer, both in wei per gas."""

    base_fee: Wei
    tip: Wei


@dataclass(slots=True)
class FreeGas:
    """Gas is counted but costs nothing: the setting of the papers' figures."""

    base_fee: Wei = 0
    tip: Wei = 0


@dataclass(slots=True)
class FixedPrice:
    """Every transaction pays the same price, all of it to the proposer, as before EIP-1559."""

    tip: Wei
    base_fee: Wei = 0
