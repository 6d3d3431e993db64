"""The samples an economy works on: some train the model before the start, the rest is offered one at a time."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.data.dataset import Dataset, LabelArray
from sim.errors import ConfigError, SimulatorError
from sim.features import Data, Features, UnitVectors

_BLOCK = 256

MOST_ROWS = 10**8
"""The most samples a stream offers."""


class Sample(NamedTuple):
    """One training row offered to the economy.

    Attributes
    ----------
    row : its place in the training part
    data : what a transaction carries of it
    label : the true label
    n_classes : labels are in [0, n_classes)
    """

    row: int
    data: Data
    label: int
    n_classes: int = 2


class DataStream:
    """Rows of a training part, first the initial ones, then one at a time.

    Parameters
    ----------
    dataset : where the rows come from
    initial : rows that train the model before the start, 0 to ``size``
    size : rows in all, ``initial`` and offered; None for as many as there are training rows, which is also the most
        unless rows are drawn ``with_replacement``
    generator : puts all training rows in a random order of which the first ``size`` are used; None keeps file order
    vectors : samples are vectors of norm 1 (see `UnitVectors`), which dense models read, not lists of feature indices;
        rows without a feature, which such models cannot learn, are left out
    with_replacement : each row on offer is any of the training rows, drawn by ``generator``, which must be there

    Attributes
    ----------
    initial_rows : int64 array, shape (initial,), places in the training part
    initial_features, initial_labels : their features and true labels
    test_features : the features of the test part, in the same form
    offered : rows to be offered, ``size - initial``
    remaining : samples not consumed yet, the one on offer among them
    current : the sample on offer, None when all are consumed; the same object until `consume`

    Raises `ConfigError` for numbers out of range.
    """

    def __init__(
        self, dataset: Dataset, *, initial: int, size: int | None, generator: np.random.Generator | None,
        vectors: bool = False, with_replacement: bool = False,
    ) -> None:  # fmt: skip
        train: Features | UnitVectors = UnitVectors(dataset.x_train) if vectors else dataset.x_train
        usable = train.filled() if isinstance(train, UnitVectors) else np.arange(len(train), dtype=np.int64)
        rows = len(usable)
        most = MOST_ROWS if with_replacement else rows
        size = rows if size is None else _whole("size", size, most, f"the training rows of {dataset.name!r}")
        initial = _whole("initial", initial, min(size, rows), "size")
        order: NDArray[np.int64] = usable if generator is None else generator.permutation(len(train))
        if rows < len(order):
            order = order[np.isin(order, usable)]
        offered = order[initial:size]
        data: Callable[[int], Data] = train.data
        if with_replacement:
            if generator is None:
                raise ConfigError("Data stream: with_replacement needs a generator to draw rows with.")
            offered = generator.choice(usable, size - initial)
            data = lru_cache(maxsize=None)(data)  # a row that is drawn again is the same object
        self.dataset = dataset
        self.initial_rows: NDArray[np.int64] = order[:initial]
        self.initial_features: Features | UnitVectors = train.take(self.initial_rows)
        self.test_features: Features | UnitVectors = UnitVectors(dataset.x_test) if vectors else dataset.x_test
        self.initial_labels: LabelArray = dataset.y_train[self.initial_rows]
        self.offered = size - initial
        self.remaining = self.offered
        self._samples = _samples(dataset, data, offered)
        self._returned: deque[Sample] = deque()
        self.current = next(self._samples, None)

    def consume(self) -> None:
        """The sample on offer was accepted: offer the next one. Raises `SimulatorError` if there was none."""
        if self.current is None:
            raise SimulatorError(f"All {self.offered} samples of {self.dataset.name!r} are consumed; current is None.")
        self.remaining -= 1
        self.current = self._returned.popleft() if self._returned else next(self._samples, None)

    def put_back(self, sample: Sample) -> None:
        """A sample that was consumed was not accepted after all: offer it before all others."""
        if self.current is not None:
            self._returned.appendleft(self.current)
        self.remaining += 1
        self.current = sample

    def text(self, sample: Sample) -> str:
        """The original text of a sample, "" if unknown."""
        return self.dataset.text(sample.row)


_sample = partial(tuple.__new__, Sample)  # makes a named tuple without the detour through its own __new__


def _samples(dataset: Dataset, data: Callable[[int], Data], rows: NDArray[np.int64]) -> Iterator[Sample]:
    """The samples of these rows, and their ``data``, made by the block: that is quicker than one now and one then."""
    for first in range(0, len(rows), _BLOCK):
        block = rows[first : first + _BLOCK]
        numbers = block.tolist()
        labels = dataset.y_train[block].tolist()
        yield from list(map(_sample, zip(numbers, map(data, numbers), labels, repeat(len(dataset.classes)))))


def _whole(field: str, number: int, most: int, what: str) -> int:
    """``number`` as an int in [0, most], or a `ConfigError`."""
    try:
        whole = operator.index(number)
    except TypeError:
        whole = -1
    if isinstance(number, bool) or not 0 <= whole <= most:
        raise ConfigError(f"Data stream: {field} is {number!r}; allowed are whole numbers from 0 to {most} ({what}).")
    return whole
