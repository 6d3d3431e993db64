"""Named random streams grown from one root seed.

A stream is keyed by (seed, replication, purpose, name) and never by position, so adding an agent or reordering a
config leaves every other stream as it was, and two scenarios with the same seed share their random numbers
(common random numbers: the base of paired comparison).

>>> Streams(seed=7).generator("labels", "honest-1").integers(100, size=3).tolist() == \
    Streams(seed=7).generator("labels", "honest-1").integers(100, size=3).tolist()
True
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Sampler = Callable[[np.random.Generator, int], "NDArray[np.generic]"]
_FIRST_BLOCK, _LARGEST_BLOCK = 16, 4096


class Streams:
    """All random numbers of one run. ``seed`` and ``replication`` are non-negative integers."""

    def __init__(self, seed: int, replication: int = 0) -> None:
        self.seed = seed
        self.replication = replication

    def generator(self, purpose: str, name: str = "") -> np.random.Generator:
        """The generator for one purpose of one participant; equal keys give equal streams."""
        digest = hashlib.sha256(f"{purpose}\x00{name}".encode()).digest()
        words = np.frombuffer(digest[:16], dtype="<u4").tolist()
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, self.replication, *words])))

    def draws(self, purpose: str, name: str, sampler: Sampler) -> Callable[[], float]:
        """A function that returns the next draw of ``sampler``; see `blocks` for what it costs."""
        return chain.from_iterable(self.blocks(purpose, name, sampler)).__next__

    def blocks(self, purpose: str, name: str, sampler: Sampler) -> Iterator[list[float]]:
        """Python numbers drawn in growing blocks.

        One call into NumPy costs about a microsecond whatever its size, so draws come by the block; blocks start small
        and the generator is made at the first draw, so that a hundred thousand agents who seldom act stay cheap. For
        their sake the generator, some thousand bytes, is not kept after the first block either: whoever comes to the
        end of it makes it again and skips what was drawn.
        """
        size = _FIRST_BLOCK
        yield sampler(self.generator(purpose, name), size).tolist()
        generator = self.generator(purpose, name)
        sampler(generator, size)
        while True:
            size = min(2 * size, _LARGEST_BLOCK)
            yield sampler(generator, size).tolist()
