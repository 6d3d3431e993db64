"""Time in whole seconds, and the queue of who acts when."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Generic, TypeVar

from sim.units import DAY, Seconds

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
        if self.slot:
            time = self.block_at(time)
        if time < self.now:
            raise ValueError(f"time cannot go back from {self.now} to {time} s")
        self.now = time
        return time


class EventQueue(Generic[T]):
    """Who acts when: equal times come out in the order in which they went in.

    ``heap`` holds the entries ``(time, sequence, item)`` of the day of the earliest one, so that its first is the next;
    those of later days wait unsorted, so that a crowd who seldom act costs no more than a few who often do. It stays
    the same list; only the methods change it.
    """

    __slots__ = ("_days", "_end", "_later", "_sequence", "heap")

    def __init__(self) -> None:
        self.heap: list[tuple[Seconds, int, T]] = []
        self._sequence = 0
        self._end: Seconds = 0  # of the day in the heap
        self._days: list[int] = []  # a heap of the days of which entries wait
        self._later: dict[int, list[tuple[Seconds, int, T]]] = {}

    def __len__(self) -> int:
        return len(self.heap) + sum(map(len, self._later.values()))

    def push(self, time: Seconds, item: T) -> None:
        """Queue ``item`` for ``time``."""
        self._sequence += 1
        if self.heap and time < self._end - DAY:
            self._put_off(self.heap)
            self.heap.clear()
        if self.heap and time < self._end:
            heapq.heappush(self.heap, (time, self._sequence, item))
        else:
            self._put_off([(time, self._sequence, item)])
            if not self.heap:
                self._next_day()

    def replace_first(self, time: Seconds, item: T) -> None:
        """Take the first entry out and queue ``item`` for ``time``, which is not before it: cheaper than two calls."""
        self._sequence += 1
        if time < self._end:
            heapq.heapreplace(self.heap, (time, self._sequence, item))
            return
        heapq.heappop(self.heap)
        entry, later = (time, self._sequence, item), self._later.get(time // DAY)
        if later is None:
            self._put_off([entry])
        else:
            later.append(entry)
        if not self.heap:
            self._next_day()

    def pop(self) -> tuple[Seconds, T]:
        """Take out the earliest entry."""
        time, _, item = heapq.heappop(self.heap)
        if not self.heap and self._days:
            self._next_day()
        return time, item

    def _put_off(self, entries: Iterable[tuple[Seconds, int, T]]) -> None:
        for entry in entries:
            day = entry[0] // DAY
            if day in self._later:
                self._later[day].append(entry)
            else:
                self._later[day] = [entry]
                heapq.heappush(self._days, day)

    def _next_day(self) -> None:
        day = heapq.heappop(self._days)
        self._end = (day + 1) * DAY
        self.heap += sorted(self._later.pop(day))  # sorted it is a heap
