"""Time moves forwards only, and the queue is fair."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.chain import Clock, EventQueue
from sim.units import DAY


def test_free_clock_stands_where_it_is_told() -> None:
    clock = Clock()
    assert [clock.advance(time) for time in (0, 5, 5, 7)] == [0, 5, 5, 7]


@pytest.mark.parametrize(("time", "slot"), [(0, 0), (1, 12), (11, 12), (12, 12), (13, 24)])
def test_slotted_clock_waits_for_the_next_slot(time: int, slot: int) -> None:
    assert Clock(slot=12).advance(time) == slot


@given(st.integers(1, 20), st.lists(st.integers(0, 1000)))
def test_slotted_clock_never_goes_back(slot: int, times: list[int]) -> None:
    clock, last = Clock(slot=slot), 0
    for time in sorted(times):
        now = clock.advance(time)
        assert (now % slot, now >= time, now - time < slot, now >= last) == (0, True, True, True)
        last = now


def test_clock_refuses_to_go_back() -> None:
    clock = Clock(now=10)
    with pytest.raises(ValueError, match="from 10 to 9"):
        clock.advance(9)
    assert clock.now == 10


some_time = st.one_of(st.integers(0, 3), st.sampled_from((DAY - 1, DAY, DAY + 1)), st.integers(0, 40 * DAY))


@given(st.lists(st.tuples(some_time, st.booleans())))
def test_queue_gives_the_earliest_and_among_equals_the_first_in(script: list[tuple[int, bool]]) -> None:
    """Against a plain sorted list; items cannot be compared, so a tie must never reach them."""
    queue: EventQueue[object] = EventQueue()
    waiting: list[tuple[int, int, object]] = []
    for number, (time, replace) in enumerate(script):
        item = object()
        if replace and waiting:
            queue.replace_first(time, item)
            waiting.remove(min(waiting, key=lambda entry: entry[:2]))
        else:
            queue.push(time, item)
        waiting.append((time, number, item))
        assert len(queue) == len(waiting)
    for time, _, item in sorted(waiting, key=lambda entry: entry[:2]):
        assert queue.pop() == (time, item)
