"""Courses of the sparse perceptron: how far every lesson and test row is from being a mistake, moved by each mistake.

Which lessons of a plan are mistakes is found one after the other, as each moves the margins of all others; what stands
before the first lesson that differs from the last plan is known. Weights, rows that are right and gas between mistakes
are then worked out for many lessons at once. Margins are counted in steps, from where the answer changes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.features import Features
from sim.models.base import may_repeat
from sim.models.courses.base import Course, Ints, Rows, add_up, count, cumulative, distinct, renumbered, within
from sim.models.perceptron import SparsePerceptron

_AHEAD = 512
"""Lessons whose gas is worked out at once, at most."""

_MOST_CELLS = 2**21
"""Weights that are kept meanwhile, after each mistake among them, at most; but there is a lesson."""

_MOST_BYTES = 2**28
_LONGEST = 2**16 - 1
_FARTHEST = 2**30 - 1
"""Steps up to which margins are counted: none moves as far."""


class PerceptronCourse(Course):
    """See the module's text."""

    model: SparsePerceptron

    def __init__(self, model: SparsePerceptron, lessons: Rows, test_set: Rows) -> None:
        super().__init__(model, lessons, test_set)
        every = _joined(self.lessons, self.test_rows)
        margins = within(cumulative(model.weights.astype(np.int64).take(every.indices)), every.indptr)
        known = np.flatnonzero(np.bincount(self.lessons.indices))  # no other weights move
        rows = renumbered(self.lessons, known)
        self._taught = _Lists(rows)
        self._slots = _Lists(distinct(rows)) if may_repeat(rows) else self._taught
        self._counts = _counts(renumbered(every, known), may_repeat(every))
        self._known = known
        self._weights = model.weights.take(known).astype(np.int64)
        self._up = self.labels == 1
        self._signs = np.where(self._up, 1, -1).astype(np.int32)
        self._sides = np.concatenate((self._signs, np.ones(len(self.test_rows), np.int32)))
        self._test_up = self.test_labels == 1
        # For a whole number m of steps: margin + m * step > 0 exactly if m > floor(-margin / step).
        limits = np.clip(-(margins + model.intercept) // model.step, -_FARTHEST, _FARTHEST).astype(np.int32)
        self._start = -limits * self._sides
        self._start[: len(self.lessons)] -= self._up
        """How far rows are from being answered otherwise: a lesson below 0 is a mistake, a test row above 0 is 1."""
        self._pulls: dict[int, NDArray[np.int32]] = {}
        sizes = zip(self._taught.sizes.tolist(), self._slots.sizes.tolist(), strict=True)
        self._base_gas = np.array([model.gas_to_ask(size, slots) for size, slots in sizes], np.int64)
        self._moves: list[int] = []
        """How each lesson of the plan moves its weights: up, down or not at all."""

    @staticmethod
    def fits(model: SparsePerceptron, lessons: Features, test_rows: Features) -> bool:
        """Whether margins fit 64 bits, what moves them, in steps, 30, and what is kept 256 MB."""
        every = _joined(lessons, test_rows)
        longest = int(np.diff(every.indptr).max(initial=1))
        taught = np.bincount(lessons.indices, minlength=model.n_features)
        farthest = int(within(cumulative(taught.take(every.indices)), every.indptr).max(initial=0))
        features = min(model.n_features, len(lessons.indices))
        kept = (features * _type_for(longest, True).itemsize + 4 * len(lessons)) * len(every)
        return (
            model.fits(len(lessons.indices), longest)
            and longest <= _LONGEST
            and farthest < _FARTHEST
            and kept <= _MOST_BYTES
        )

    def _look(self, shared: int) -> None:
        self._forget(shared)
        del self._moves[shared:]
        before = [lesson for lesson, move in zip(self.order, self._moves, strict=False) if move]
        order = np.array(self.order[shared:], np.int64)
        mistaken, right = self._follow(order, before)
        wrong = np.zeros(len(self.lessons), np.bool_)
        wrong[mistaken] = True
        wrong = wrong[order]
        after = cumulative(wrong)  # mistakes before each lesson
        self.right += right[after[1:]].tolist()
        self._moves += np.where(wrong, self._signs[order], 0).tolist()
        weights = self._moved(self._weights, before)
        first, most = 0, max(1, _MOST_CELLS // max(1, len(weights)))
        while first < len(order):
            end = min(first + _AHEAD, int(np.searchsorted(after, after[first] + most, "right")) - 1, len(order))
            end = max(end, first + 1)
            weights = self._charge(order[first:end], wrong[first:end], weights)
            first = end

    def _follow(self, order: Ints, before: list[int]) -> tuple[list[int], Ints]:
        """The mistakes among these lessons, which rise, after others; rows that are right at first and after each."""
        lessons, nothing = len(self.lessons), np.zeros((), np.int32)
        margins = self._start.copy()
        for lesson in before:
            margins += self._pull(lesson)
        waiting, tested = margins[:lessons], margins[lessons:]
        absent = np.ones(lessons, np.bool_)
        absent[order] = False
        waiting[absent] = _FARTHEST
        mistaken: list[int] = []
        answers = np.empty((len(order) + 1, len(tested)), np.bool_)
        np.greater(tested, nothing, answers[0])
        following = int(order[0]) if len(order) else lessons
        while True:
            ahead = np.less(waiting[following:], nothing).tobytes().find(b"\1")  # quicker than `argmax` for so few
            if ahead < 0:
                return mistaken, count(answers[: len(mistaken) + 1] == self._test_up)
            following += ahead
            mistaken.append(following)
            margins += self._pull(following)
            np.greater(tested, nothing, answers[len(mistaken)])
            following += 1

    def _pull(self, lesson: int) -> NDArray[np.int32]:
        """How far learning a lesson moves each lesson and test row, in steps: by what they have in common."""
        pull = self._pulls.get(lesson)
        if pull is None:
            counts = self._counts.take(self._taught.lists[lesson], 0)
            self._pulls[lesson] = pull = np.add.reduce(counts, 0, dtype=counts.dtype) * self._sides
            if not self._up[lesson]:
                np.negative(pull, pull)
        return pull

    def _charge(self, lessons: Ints, wrong: NDArray[np.bool_], weights: Ints) -> Ints:
        """Work out what these lessons cost, which find these weights; the weights after them."""
        model, mistaken = self.model, lessons[wrong]
        path, up = self._path(mistaken, weights), self._up[mistaken]
        width, number = len(weights), np.arange(len(mistaken))
        places, bounds = self._taught.of(lessons, cumulative(wrong)[:-1] * width)
        negative = within(cumulative((path < 0).take(places)), bounds)
        gas = self._base_gas[lessons] + model.gas_of_answers(negative, self._up[lessons] ^ wrong)
        places, bounds = self._slots.of(mistaken, number * width)
        fresh, empty = (within(cumulative(path.take(places + later) == 0), bounds) for later in (0, width))
        gas[wrong] += model.gas_of_mistakes(self._taught.sizes[mistaken], np.diff(bounds), fresh, up)
        cleared = np.zeros(len(lessons), np.int64)
        cleared[wrong] = empty
        self.gas += gas.tolist()
        self.cleared += cleared.tolist()
        after: Ints = path[-1]
        return after

    def _path(self, mistaken: Ints, weights: Ints) -> Ints:
        """Weights before the first of these mistakes and after each."""
        path = np.zeros((len(mistaken) + 1, len(weights)), np.int64)
        path[0] = weights
        places, bounds = self._taught.of(mistaken, np.arange(1, len(path)) * len(weights))
        amounts = self._signs[mistaken].astype(np.int64) * self.model.step
        np.add.at(path.reshape(-1), places, np.repeat(amounts, np.diff(bounds)))
        add_up(path)
        return path

    def _moved(self, weights: Ints, mistaken: list[int]) -> Ints:
        """Weights after these mistakes."""
        moved = weights.copy()
        for lesson in mistaken:
            np.add.at(moved, self._taught.lists[lesson], int(self._signs[lesson]) * self.model.step)
        return moved

    def _teach(self, first: int, end: int) -> None:
        moves = self._moves[first:end]
        if any(moves):
            moved = [lesson for lesson, move in zip(self.order[first:end], moves, strict=True) if move]
            rows = [self._taught.lists[lesson] for lesson in moved]
            signs = np.repeat(self._signs[moved].astype(np.int64), [len(row) for row in rows])
            self.model.move(self._known.take(np.concatenate(rows)), signs * self.model.step)


class _Lists:
    """Rows of features one by one: many are put end to end quicker than they are picked out of one array."""

    def __init__(self, rows: Features) -> None:
        self.sizes: Ints = np.diff(rows.indptr)
        self.lists: list[NDArray[np.intp]] = np.split(rows.indices.astype(np.intp), rows.indptr[1:-1])

    def of(self, rows: Ints, shifts: Ints) -> tuple[NDArray[np.intp], Ints]:
        """The features of these rows end to end, each shifted by what its row says; where each row begins and ends."""
        sizes = self.sizes[rows]
        places = np.repeat(shifts, sizes)
        if len(places):
            places += np.concatenate([self.lists[row] for row in rows.tolist()])
        return places, cumulative(sizes)


def _joined(rows: Features, others: Features) -> Features:
    return Features(
        np.concatenate((rows.indptr, rows.indptr[-1] + others.indptr[1:])),
        np.concatenate((rows.indices, others.indices)), rows.n_features,
    )  # fmt: skip


def _type_for(longest: int, repeats: bool) -> np.dtype[Any]:
    """The narrowest numbers that hold what two rows have in common; bytes are added quickest."""
    return np.min_scalar_type(longest * longest if repeats else longest)


def _counts(rows: Features, repeats: bool) -> NDArray[Any]:
    """By feature and row, how often the one stands in the other: a lesson's features are gathered in one piece."""
    longest = int(np.diff(rows.indptr).max(initial=1))
    counts: NDArray[Any] = rows.matrix(_type_for(longest, repeats)).T.toarray(order="C")
    return counts
