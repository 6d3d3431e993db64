"""A secret test set in parts: what commits somebody to each, and what is revealed later."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sim.errors import ConfigError
from sim.features import Data

Sample = tuple[Data, int]
"""A row of a test set: what a transaction carries of it, and its true label."""

SALT_BYTES = 32

_PARTS_KEPT = 64
_MOST_PRINTED, _PRINTED_AT_AN_END = 1_000, 3


class Part(NamedTuple):
    """A piece of a test set as it is revealed: its samples, and random bytes without which no guess is confirmed."""

    samples: tuple[Sample, ...]
    salt: bytes

    @property
    def encoded(self) -> bytes:
        """The bytes that are hashed: the salt, then of each sample its label, its length and its numbers, 64 bits each.

        >>> Part(((Data([2]), 1),), b"s").encoded == b"s" + b"".join(n.to_bytes(8, "big") for n in (1, 1, 2))
        True
        """
        return _encoded(self)

    @property
    def commitment(self) -> bytes:
        """SHA-256 of the encoded part: 32 bytes that bind and do not tell."""
        return hashlib.sha256(self.encoded).digest()

    @property
    def key(self) -> bytes:
        """What it is known by in a record of transactions."""
        return self.commitment


def as_printed(part: Part, n_features: int) -> bytes:
    """SHA-256 of a part as the reference simulation hashes it: without the salt, and of a row of more than a thousand
    features only what NumPy prints of so many numbers, the first three and the last three."""
    if n_features <= _MOST_PRINTED:
        return Part(part.samples, b"").commitment
    rows = []
    for data, label in part.samples:
        numbers, end = data.features, _PRINTED_AT_AN_END
        if numbers.dtype == object:  # the numbers themselves, not indices of those that are 1
            printed = [*numbers[:end], *numbers[-end:]]
        else:
            printed = numbers[(numbers < end) | (numbers >= n_features - end)].tolist()
        rows.append((Data.numbers(printed), label))
    return Part(tuple(rows), b"").commitment


@lru_cache(maxsize=_PARTS_KEPT)
def _encoded(part: Part) -> bytes:
    """`Part.encoded`, which is asked for by whoever commits to a part, and again by the transaction that reveals it."""
    numbers = [piece for data, label in part.samples for piece in ((label, len(data)), data.features)]
    return part.salt + (np.concatenate(numbers).astype(">i8").tobytes() if numbers else b"")


def split(samples: Sequence[Sample], salts: Sequence[bytes]) -> list[Part]:
    """As many parts as there are salts, as equal as can be, in the order of the samples.

    Raises `ConfigError` for fewer than two parts, or more than there are samples.
    """
    rows, parts = len(samples), len(salts)
    if not 2 <= parts <= rows:
        raise ConfigError(f"parts is {parts}; a test set of {rows} rows is split into 2 to {rows} parts. Change parts.")
    bounds = [part * rows // parts for part in range(parts + 1)]
    pieces = zip(bounds, bounds[1:], salts, strict=False)
    return [Part(tuple(samples[first:end]), salt) for first, end, salt in pieces]
