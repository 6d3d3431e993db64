"""Courses of the sparse perceptron: margins of all lessons and test rows, moved by each mistake.

Lessons are looked at in pieces. Which of a piece are mistakes is found one after the other, as each moves the margins
of all that come after it; weights, rows that are right and gas between mistakes are then worked out for all at once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.features import Features
from sim.models.base import may_repeat
from sim.models.courses.base import Course, Ints, Rows, add_up, count, cumulative, distinct, renumbered, within
from sim.models.perceptron import SparsePerceptron

_AHEAD = 128
"""Lessons of a piece, at most."""

_MOST_CELLS = 2**22
"""Weights of a piece, after each of its mistakes, at most; but a piece has a lesson."""

_MOST_BYTES = 2**28
_LONGEST = 2**16 - 1


class _State(NamedTuple):
    weights: Ints
    margins: Ints  # of the lessons, then of the test rows


class PerceptronCourse(Course):
    """See the module's text."""

    model: SparsePerceptron

    def __init__(self, model: SparsePerceptron, lessons: Rows, test_set: Rows) -> None:
        super().__init__(model, lessons, test_set)
        every = Features(
            np.concatenate((self.lessons.indptr, self.lessons.indptr[-1] + self.test_rows.indptr[1:])),
            np.concatenate((self.lessons.indices, self.test_rows.indices)), model.n_features,
        )  # fmt: skip
        weights = model.weights.astype(np.int64)
        margins = within(cumulative(weights.take(every.indices)), every.indptr) + model.intercept
        known = np.flatnonzero(np.bincount(self.lessons.indices))  # no other weights move
        self._rows = renumbered(self.lessons, known)
        self._slots = distinct(self._rows) if may_repeat(self._rows) else self._rows
        self._counts = _counts(renumbered(every, known), may_repeat(every))
        self._overlaps: dict[int, NDArray[Any]] = {}
        self._signs = np.where(self.labels == 1, 1, -1)
        self._test_up = self.test_labels == 1
        sizes = zip(self._sizes(self._rows).tolist(), self._sizes(self._slots).tolist(), strict=True)
        self._base_gas = np.array([model.gas_to_ask(size, slots) for size, slots in sizes], np.int64)
        self._ahead = max(1, min(_AHEAD, _MOST_CELLS // max(1, len(known))))
        self._moves: list[int] = []
        """How each lesson of the plan moves its weights: up, down or not at all."""
        self._states = [_State(weights.take(known), margins)]
        """Before each piece of the plan, and in the end; every plan begins in the first."""

    @staticmethod
    def fits(model: SparsePerceptron, lessons: Features, test_rows: Features) -> bool:
        """Whether margins fit 64 bits, what two rows have in common 32, and what is kept 256 MB."""
        longest = max(int(np.diff(rows.indptr).max(initial=1)) for rows in (lessons, test_rows))
        cells = (len(lessons) + min(model.n_features, len(lessons.indices))) * (len(lessons) + len(test_rows))
        kept = cells * _type_for(longest, True).itemsize
        return model.fits(len(lessons.indices), longest) and longest <= _LONGEST and kept <= _MOST_BYTES

    @staticmethod
    def _sizes(rows: Features) -> Ints:
        return np.diff(rows.indptr)

    def _look(self, shared: int) -> None:
        pieces = min(shared // self._ahead, len(self._states) - 1)
        del self._states[pieces + 1 :]
        start = pieces * self._ahead
        self._forget(start)
        del self._moves[start:]
        order = np.array(self.order, np.int64)
        for first in range(start, len(order), self._ahead):
            self._states.append(self._look_at(order[first : first + self._ahead], self._states[-1]))

    def _look_at(self, lessons: Ints, state: _State) -> _State:
        """Work out the next lessons of the plan; what the model is after them."""
        places = self._mistakes(lessons, state.margins)
        wrong = np.zeros(len(lessons), np.bool_)
        wrong[places] = True
        after = wrong.cumsum()  # mistakes so far
        mistaken = lessons[places]
        amounts = self._signs[mistaken] * self.model.step
        margins, right = self._move_margins(mistaken, amounts, state.margins)
        weights = self._move_weights(mistaken, amounts, state.weights)
        self.right += right[after].tolist()
        self._moves += np.where(wrong, self._signs[lessons], 0).tolist()
        gas = self._base_gas[lessons] + self.model.gas_of_answers(
            _among(weights < 0, self._rows.take(lessons), after - wrong), (self._signs[lessons] > 0) ^ wrong
        )
        slots, number = self._slots.take(mistaken), np.arange(len(mistaken))
        fresh = _among(weights == 0, slots, number)
        gas[places] += self.model.gas_of_mistakes(
            self._sizes(self._rows)[mistaken], self._sizes(slots), fresh, amounts > 0
        )
        self.gas += gas.tolist()
        cleared = np.zeros(len(lessons), np.int64)
        cleared[places] = _among(weights == 0, slots, number + 1)
        self.cleared += cleared.tolist()
        return _State(weights[-1], margins)

    def _mistakes(self, lessons: Ints, margins: Ints) -> list[int]:
        """Which of these lessons, by their places, are mistakes if the first finds these margins."""
        signs = self._signs[lessons]
        waiting = margins[lessons] * signs + (signs < 0)  # below 1 where it would be a mistake
        rising = signs * self.model.step
        moves = {1: rising, -1: -rising}  # by the sign of the mistake
        places: list[int] = []
        place = 0
        numbers, own = lessons.tolist(), signs.tolist()
        while True:
            ahead = (waiting[place:] < 1).tobytes().find(b"\1")  # quicker than `argmax` for so few
            if ahead < 0:
                return places
            place += ahead
            places.append(place)
            waiting += self._overlap(numbers[place]).take(lessons) * moves[own[place]]
            place += 1

    def _overlap(self, lesson: int) -> NDArray[Any]:
        """How many features a lesson has in common with each lesson and test row, counted as often as they stand."""
        overlap = self._overlaps.get(lesson)
        if overlap is None:
            counts = self._counts.take(self._rows.row(lesson), 0)
            self._overlaps[lesson] = overlap = np.add.reduce(counts, 0, dtype=counts.dtype)
        return overlap

    def _move_margins(self, mistaken: Ints, amounts: Ints, margins: Ints) -> tuple[Ints, NDArray[np.int32]]:
        """Margins after all these mistakes; rows that are right before the first and after each."""
        lessons, rows = len(self.lessons), len(self.test_rows)
        known = [self._overlap(lesson) for lesson in mistaken.tolist()]
        overlaps = np.array(known, self._counts.dtype).reshape(-1, lessons + rows)
        path = np.empty((len(mistaken) + 1, rows), np.int64)
        path[0] = margins[lessons:]
        np.multiply(overlaps[:, lessons:], amounts[:, None], out=path[1:])
        add_up(path)
        moved = amounts @ overlaps[:, :lessons]
        return np.concatenate((margins[:lessons] + moved, path[-1])), count((path > 0) == self._test_up)

    def _move_weights(self, mistaken: Ints, amounts: Ints, weights: Ints) -> Ints:
        """Weights before the first of these mistakes and after each."""
        path = np.zeros((len(mistaken) + 1, len(weights)), np.int64)
        path[0] = weights
        rows = self._rows.take(mistaken)
        sizes = self._sizes(rows)
        np.add.at(path, (np.repeat(np.arange(1, len(path)), sizes), rows.indices), np.repeat(amounts, sizes))
        add_up(path)
        return path

    def _teach(self, first: int, end: int) -> None:
        moved = [place for place in range(first, end) if self._moves[place]]
        if not moved:
            return
        rows = self.lessons.take(np.array([self.order[place] for place in moved], np.int64))
        signs = np.repeat([self._moves[place] for place in moved], np.diff(rows.indptr))
        self.model.move(rows.indices.astype(np.intp), signs * self.model.step)


def _among(marks: NDArray[np.bool_], rows: Features, states: Ints) -> Ints:
    """How many features of each row are marked: ``marks`` by state and feature, ``states`` says which is the row's."""
    places = rows.indices + np.repeat(states * marks.shape[1], np.diff(rows.indptr))
    return within(cumulative(marks.reshape(-1).take(places)), rows.indptr)


def _type_for(longest: int, repeats: bool) -> np.dtype[Any]:
    """The narrowest numbers that hold what two rows have in common; bytes are added quickest."""
    return np.min_scalar_type(longest * longest if repeats else longest)


def _counts(rows: Features, repeats: bool) -> NDArray[Any]:
    """By feature and row, how often the one stands in the other: a lesson's features are gathered in one piece."""
    longest = int(np.diff(rows.indptr).max(initial=1))
    counts: NDArray[Any] = rows.matrix(_type_for(longest, repeats)).T.toarray(order="C")
    return counts
