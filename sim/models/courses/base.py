"""Courses: lessons looked ahead, so that a model need not take each of them one by one to know what comes of them.

Whoever teaches a model the same samples again and again, each time less some of them, and counts after each lesson how
many rows of a test set it is right about (a prediction market does), asks a course. It works out many lessons at once,
in whole numbers, and keeps what two plans begin with in common. What it says equals, row by row and gas by gas, what
`Classifier.learn_one` and `Classifier.predict_many` would have said.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sim.features import Data, Features
from sim.models.base import Classifier
from sim.units import Gas

Lesson = tuple[Data, int]
"""What a transaction carries of a sample, and its label."""

Ints = NDArray[np.int64]


class Rows(NamedTuple):
    """Samples end to end: their features and their labels."""

    features: Features
    labels: Ints

    @classmethod
    def of(cls, samples: Sequence[Lesson], n_features: int) -> Self:
        """The rows of these samples."""
        rows = [data.features for data, _ in samples]
        indptr = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        indices = np.concatenate(rows) if rows else np.empty(0)
        features = Features(indptr, indices.astype(np.int64), n_features)
        return cls(features, np.array([label for _, label in samples], np.int64))


class Course(ABC):
    """What becomes of a model that is, when the course is made, in the state in which every plan begins.

    Parameters
    ----------
    model : it has not taken any of the lessons
    lessons : all that may stand in a plan; the model takes each of them
    test_set : rows that are counted
    """

    def __init__(self, model: Classifier, lessons: Rows, test_set: Rows) -> None:
        self.model = model
        self.lessons, self.labels = lessons
        self.test_rows, self.test_labels = test_set
        self.order: tuple[int, ...] = ()
        """The lessons of the plan, by number, which rises."""
        self.right: list[int] = []
        """Rows of the test set that are right after each lesson."""
        self.gas: list[Gas] = []
        self.cleared: list[int] = []
        """What each lesson charges, and how many storage slots it clears."""
        self.behind: tuple[int, int] | None = None
        """The lessons of the plan that the model took but does not hold yet."""

    def plan(self, order: Sequence[int]) -> None:
        """Look ahead at these lessons, whose numbers rise; what the last plan had at its beginning, too, is known."""
        before, self.order = self.order, tuple(order)
        if before == self.order:
            return
        pairs = zip(before, self.order, strict=False)
        shared = next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(before), len(order)))
        self._look(shared)

    def take(self, first: int, end: int) -> None:
        """Have the model, which has taken the first lessons of the plan, take those up to ``end``.

        Charges what they cost; what they change is written by `bring_along`.
        """
        self.model.meter.charge(sum(self.gas[first:end]))
        if any(self.cleared[first:end]):
            self.model.meter.refund_cleared(sum(self.cleared[first:end]))
        self.behind = (first if self.behind is None else self.behind[0], end)

    def bring_along(self) -> None:
        """Write into the model the lessons that it has taken; watches are not told, as nobody watches a sample while it
        waits to be learnt."""
        if self.behind is not None:
            self._teach(*self.behind)
            self.behind = None

    def _forget(self, start: int) -> None:
        """Drop what is known of the last plan from lesson ``start`` on."""
        for known in (self.right, self.gas, self.cleared):
            del known[start:]

    @abstractmethod
    def _look(self, shared: int) -> None:
        """Work out the plan, which begins with as many lessons as the last one as ``shared`` says."""

    @abstractmethod
    def _teach(self, first: int, end: int) -> None:
        """Write, as writes that can be undone, what these lessons of the plan change."""


def cumulative(numbers: NDArray[Any]) -> Ints:
    """Their running sum, from 0 on."""
    sums = np.zeros(len(numbers) + 1, np.int64)
    np.cumsum(numbers, out=sums[1:])
    return sums


def add_up(rows: NDArray[Any]) -> None:
    """Add to each row of an array all rows before it, in place: much quicker than `cumsum` down the columns."""
    for row, following in pairwise(rows):
        following += row


def count(marks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many of each row are true: bits are counted quicker than bytes are added, or `count_nonzero` asked."""
    return np.asarray(np.bitwise_count(np.packbits(marks, 1)).sum(1, dtype=np.int64))


def within(sums: Ints, bounds: Ints) -> Ints:
    """Sums of the pieces between these bounds, from sums that begin with 0."""
    return np.diff(sums.take(bounds))


def renumbered(rows: Features, known: Ints) -> Features:
    """The same rows in features known by their place in ``known``, which rises; the others are left out."""
    places = np.full(rows.n_features, -1, np.int32)
    places[known] = np.arange(len(known))
    indices = places.take(rows.indices)
    keep = indices >= 0
    return Features(cumulative(keep).take(rows.indptr), indices[keep], len(known))


def distinct(rows: Features) -> Features:
    """The same rows with each feature once."""
    owners = np.repeat(np.arange(len(rows)), np.diff(rows.indptr))
    keys = np.unique(owners * rows.n_features + rows.indices)
    indptr = np.searchsorted(keys, np.arange(len(rows) + 1) * rows.n_features)
    return Features(indptr, np.asarray(keys % max(1, rows.n_features), np.int32), rows.n_features)
