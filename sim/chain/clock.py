"""Time in whole seconds, and the queue of who acts when."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

from sim.units import Seconds

T = TypeVar("T")


class Clock:
    """The chain's time. Only `advance` moves it, and only forwards.

    With ``slot`` = 0 blocks appear whenever there is a transaction and carry its second (free-running). With a
    positive ``slot`` (12 on Ethereum today) time moves in steps: a transaction waits for the next slot.
    """

    __slots__ = ("now", "slot")

    def __init__(self, slot: Seconds = 0, now: Seconds = 0) -> None:
        self.slot = slot
        self.now = now

    def block_at(self, time: Seconds) -> Seconds:
        """The time of the block that takes in what is sent at ``time``: the first slot not before it."""
        return -(-time // self.slot) * self.slot if self.slot else time

    def advance(self, time: Seconds) -> Seconds:
        """Move to the block that takes in what is sent at ``time``, and return the new now."""
        time = self.block_at(time)
        if time < self.now:
            raise ValueError(f"time cannot go back from {self.now} to {time} s")
        self.now = time
        return time


class EventQueue(Generic[T]):
    """A heap of ``(time, sequence, item)``: equal times come out in the order in which they went in."""

    __slots__ = ("_sequence", "heap")

    def __init__(self) -> None:
        self.heap: list[tuple[Seconds, int, T]] = []
        self._sequence = 0

    def __len__(self) -> int:
        return len(self.heap)

    def push(self, time: Seconds, item: T) -> None:
        """Queue ``item`` for ``time``."""
        self._sequence += 1
        heapq.heappush(self.heap, (time, self._sequence, item))

    def replace_first(self, time: Seconds, item: T) -> None:
        """Take the first entry out and queue ``item`` for ``time``: cheaper than a pop and a push."""
        self._sequence += 1
        heapq.heapreplace(self.heap, (time, self._sequence, item))

    def pop(self) -> tuple[Seconds, T]:
        """Take out the earliest entry."""
        time, _, item = heapq.heappop(self.heap)
        return time, item
