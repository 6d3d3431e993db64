"""Work that makes many objects which stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_MOST_SET_ASIDE = 500_000
_set_aside = 0  # objects that Python's collector has not looked at since `clear_away` last did


@contextmanager
def uncollected() -> Iterator[None]:
    """No looking for cycles of garbage meanwhile, nor afterwards among what was made.

    What a run writes down stays, and the rest goes by count: looking costs a tenth of a run, and half of the time that
    a hundred thousand participants take to be made. What was made then counts as old, which Python looks through
    seldom; `clear_away` sees to it that runs one after another do not fill the memory with what is left of them.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            if not gc.get_freeze_count():  # what somebody else froze stays frozen
                _set_aside_young()
            gc.enable()


def clear_away() -> None:
    """Collect what earlier runs left behind, once that may be much. To be called where a new one begins."""
    global _set_aside
    if _set_aside > _MOST_SET_ASIDE:
        _set_aside = 0
        gc.collect()


def _set_aside_young() -> None:
    """Make all objects old without looking at them: these two calls only move lists of them to one another."""
    global _set_aside
    _set_aside += gc.get_count()[0]
    gc.freeze()
    gc.unfreeze()
