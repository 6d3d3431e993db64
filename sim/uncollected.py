"""Work that makes many objects which stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No looking for cycles of garbage meanwhile.

    What a run writes down stays, and the rest goes by count: looking costs a tenth of a run, and half of the time that
    a hundred thousand participants take to be made.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
