"""What the classifiers' contracts touch in storage and memory, as gas.

A storage slot has 32 bytes, so several small numbers share one (*packed*). Within a transaction the first touch of a
slot is cold and any later one warm. The first write that changes a slot costs a *set* (from zero) or a *reset*; any
other write, whether it changes nothing or what was changed already, costs the same as a write of what is there.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.chain.gas import Meter
from sim.units import Gas


def memory(words: int) -> Gas:
    """The quadratic part of memory gas for this many 32-byte words; the linear part is within each overhead."""
    return words * words // 512


class SlotWrites:
    """The storage writes of one update, added up slot by slot. Their slots were read, so they are warm."""

    __slots__ = ("cleared", "noop", "reset", "set")

    def __init__(self) -> None:
        self.set = self.reset = self.noop = self.cleared = 0

    def slot(self, before: Sequence[int], after: Sequence[int], times: int = 1) -> None:
        """A slot with these numbers before and after the update was written ``times`` times."""
        if before == after:
            self.noop += times
            return
        self.noop += times - 1
        if any(before):
            self.reset += 1
            self.cleared += not any(after)
        else:
            self.set += 1

    def charge(self, meter: Meter) -> None:
        """Spend what the writes cost and note what cleared slots earn."""
        meter.charge(meter.schedule.stores(self.set, self.reset, self.noop))
        if self.cleared:
            meter.refund_cleared(self.cleared)
