"""Random streams: keyed by who draws and what for, never by when or in which order."""

from __future__ import annotations

import numpy as np

from sim.rng import Streams


def draws(streams: Streams, purpose: str, name: str, count: int = 8) -> list[float]:
    draw = streams.draws(purpose, name, lambda rng, size: rng.random(size))
    return [draw() for _ in range(count)]


def test_stream_does_not_depend_on_what_others_draw() -> None:
    quiet, busy = Streams(3), Streams(3)
    for other in ("bob", "cat"):
        draws(busy, "gaps", other, 1_000)
    draws(busy, "labels", "ann", 1_000)
    assert draws(quiet, "gaps", "ann") == draws(busy, "gaps", "ann")


def test_every_part_of_the_key_gives_other_numbers() -> None:
    streams = [
        draws(Streams(1), "gaps", "ann"),
        draws(Streams(2), "gaps", "ann"),
        draws(Streams(1, replication=1), "gaps", "ann"),
        draws(Streams(1), "labels", "ann"),
        draws(Streams(1), "gaps", "bob"),
        draws(Streams(1), "gapsann", ""),
        draws(Streams(1), "gap", "sann"),
        draws(Streams(0, replication=1), "gaps", "ann"),
    ]
    firsts = [stream[0] for stream in streams]
    assert len(set(firsts)) == len(firsts)


def test_numbers_are_the_same_on_every_machine() -> None:
    """PCG64 seeded from SHA-256 of the key: a change here would change every published run."""
    import hashlib

    words = np.frombuffer(hashlib.sha256(b"gaps\x00ann").digest()[:16], "<u4").tolist()
    expected = np.random.Generator(np.random.PCG64(np.random.SeedSequence([7, 0, *words]))).random(8).tolist()
    assert draws(Streams(7), "gaps", "ann") == expected


def test_blocks_are_one_long_stream() -> None:
    """A longer run draws the same numbers as a shorter one, then more; block sizes only grow.

    The first block is drawn a second time, and skipped, where there is need of another.
    """
    sizes: list[int] = []

    def sampler(rng: np.random.Generator, size: int) -> np.ndarray:
        sizes.append(size)
        return rng.integers(1_000, size=size)

    draw = Streams(5).draws("gaps", "ann", sampler)
    long = [draw() for _ in range(300)]
    first, *sizes = sizes
    assert sizes[0] == first
    whole = Streams(5).generator("gaps", "ann")
    assert long == [number for size in sizes for number in whole.integers(1_000, size=size).tolist()][:300]
    assert sizes == sorted(sizes)


def test_no_generator_is_made_before_the_first_draw() -> None:
    """A hundred thousand idle agents must stay cheap."""
    made: list[str] = []

    class Counting(Streams):
        def generator(self, purpose: str, name: str = "") -> np.random.Generator:
            made.append(purpose)
            return super().generator(purpose, name)

    draw = Counting(0).draws("gaps", "ann", lambda rng, size: rng.random(size))
    assert made == []
    draw()
    assert made == ["gaps"]
