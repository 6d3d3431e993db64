"""Many samples at once, for NumPy: whole numbers in 64 bits, wherever a bound proves that they fit.

What does not fit is asked one by one, in Python's integers. Both give the same answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sim.features import Features, UnitVectors

SAFE = 2**62
"""Sums of sizes below this fit an int64."""

Ints = NDArray[np.int64]


class Batch(NamedTuple):
    """Samples end to end: sample ``i`` has the features ``indices[indptr[i]:indptr[i + 1]]``, with these ``values``.

    Samples of feature indices have values of 1; of vectors what is not zero is named.
    """

    indptr: Ints
    indices: Ints
    values: Ints

    @classmethod
    def of(cls, rows: Any, vectors: bool) -> Self | None:
        """The rows of a set of indices or, for models that read them, of vectors; None for any other set."""
        if vectors and isinstance(rows, UnitVectors):
            matrix = rows.matrix()
            return cls(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data)
        if not vectors and isinstance(rows, Features):
            return cls(rows.indptr, rows.indices.astype(np.int64), np.ones(len(rows.indices), np.int64))
        return None

    @classmethod
    def join(cls, samples: Iterable[tuple[Ints, Ints]]) -> Self:
        """From the indices and values of each sample."""
        indices, values = zip(*samples, strict=True)
        indptr = np.concatenate(([0], np.cumsum([len(one) for one in indices])))
        return cls(indptr, np.concatenate(indices), np.concatenate(values))

    def known(self, n_features: int) -> bool:
        """Whether all indices are in [0, n_features)."""
        return not len(self.indices) or (int(self.indices.min()) >= 0 and int(self.indices.max()) < n_features)

    @property
    def longest(self) -> int:
        """Indices of the longest sample, at least 1."""
        return int(np.diff(self.indptr).max(initial=1))

    def sums(self, numbers: Ints) -> Ints:
        """For each sample the sum of its ``numbers``, one for each index; it must fit, partial sums may wrap."""
        sums = np.concatenate((np.zeros(1, np.int64), np.cumsum(numbers)))
        return np.asarray(sums[self.indptr[1:]] - sums[self.indptr[:-1]])


def by_index(numbers: dict[int, int], n_features: int, limit: int = SAFE) -> Ints | None:
    """Numbers in a mapping as an array by index; None if one is ``limit`` or more in size."""
    if max(map(abs, numbers.values()), default=0) >= limit:
        return None
    array = np.zeros(n_features, np.int64)
    inside = {i: number for i, number in numbers.items() if 0 <= i < n_features}
    array[list(inside)] = list(inside.values())
    return array


def in_64_bits(numbers: Sequence[int], limit: int = SAFE) -> Ints | None:
    """Numbers as an array; None if one is ``limit`` or more in size."""
    return np.array(numbers, np.int64) if max(map(abs, numbers), default=0) < limit else None
