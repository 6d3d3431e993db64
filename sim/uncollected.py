"""Work that makes many objects which stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_MANY = 50_000
_is_set_aside = False  # whether there are objects that Python's collector was kept from looking at


@contextmanager
def uncollected() -> Iterator[None]:
    """No looking for cycles of garbage meanwhile, nor afterwards among what was made, if it is much.

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
            if gc.get_count()[0] > _MANY and not gc.get_freeze_count():  # what somebody else froze stays frozen
                _set_aside()
            gc.enable()


def clear_away() -> None:
    """Collect what a large run before left behind. To be called where a new one begins."""
    global _is_set_aside
    if _is_set_aside:
        _is_set_aside = False
        gc.collect()


def _set_aside() -> None:
    """Make all objects old without looking at them: these two calls only move lists of them to one another."""
    global _is_set_aside
    _is_set_aside = True
    gc.freeze()
    gc.unfreeze()
