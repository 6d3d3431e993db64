"""What the reference's perceptron is trained on before deployment, and in which order.

Source: scikit-learn, the shuffle of ``SequentialDataset`` and the seeds that ``fit_binary`` draws for it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sim.features import Features

_SEED = 0xDECA10B
_WORD, _SIGNED = 2**32, 2**31
_MOST_NUMBERS = 2**22

Numbers = NDArray[np.float64]


class InitialRows:
    """Initial samples: the different indices of each, how often each stands there, and labels as +1 and -1."""

    def __init__(self, features: Features, labels: NDArray[np.int64]) -> None:
        matrix = features.matrix(np.float64).copy()
        matrix.sum_duplicates()
        cuts, size = matrix.indptr[1:-1], len(features)
        self.indices = np.split(matrix.indices.astype(np.intp), cuts)[:size]
        self.counts = np.split(matrix.data, cuts)[:size]
        self.most = float(matrix.data.max(initial=1))
        self.sides: list[float] = np.where(labels == 1, 1.0, -1.0).tolist()
        self.whole: list[Numbers] = list(matrix.toarray()) if size * features.n_features <= _MOST_NUMBERS else []
        """The rows with their zeros, if they are few: their product with the weights is quick, though less exact."""


def orders(size: int) -> Iterator[list[int]]:
    """The order of so many rows in each pass: scikit-learn makes the same swaps each time, upon the order before."""
    if not size:
        return
    drawn = np.random.RandomState(_SEED)
    drawn.randint(1, _SIGNED - 1)  # scikit-learn draws one number before that of the shuffle
    swaps = np.array(_shuffled(size, int(drawn.randint(_SIGNED - 1))))
    order = swaps
    while True:
        yield order.tolist()
        order = order[swaps]


def _shuffled(size: int, seed: int) -> list[int]:
    """Numbers from 0 on in the order of Fisher and Yates, with draws of a 32-bit xorshift generator."""
    state, order = seed or 1, list(range(size))
    for i in range(size - 1):
        state ^= state << 13 & _WORD - 1
        state ^= state >> 17
        state ^= state << 5 & _WORD - 1
        j = i + state % _SIGNED % (size - i)
        order[i], order[j] = order[j], order[i]
    return order
