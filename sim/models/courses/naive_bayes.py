"""Courses of naive Bayes: what each lesson adds to the scores of the test rows, kept from plan to plan.

A lesson is worth what the counts it meets are: a plan without some lessons of the last one changes, of those that stay,
only what has to do with a feature, or the size, of one that is gone. Of the scores only what each class is ahead of
class 0 is kept: class 0 is predicted where nobody is. All numbers are whole and below 2**53, so that no order of
additions matters.
"""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sim.models.courses.base import Course, Ints, Rows, count, cumulative
from sim.models.naive_bayes import NaiveBayes

_MOST_CELLS = 2**24
_LEADS_EVERY = 16
"""Lessons from one state that is kept to the next: where a plan begins to differ is not far from one."""

_NEVER = -1
_UINT16 = 2**16

Floats = NDArray[np.float64]


class _Counted(NamedTuple):
    """What lessons are counted in, by what is counted and then by lesson: a feature of a class, its samples, its size.

    Each entry is a lesson, the column of what it moves, and how much is counted; ``starts`` is the place of the first
    count in the table of logarithms, ``zeros`` that of a count of nothing whose slot is new when it is written.
    """

    numbers: Ints
    keys: Ints
    lessons: Ints
    columns: Ints
    times: Ints
    starts: Ints
    zeros: Ints

    def of(self, alive: NDArray[np.bool_]) -> Self:
        """The entries of these lessons."""
        (kept,) = np.nonzero(alive.take(self.lessons))
        return self if len(kept) == len(self.lessons) else type(self)(*(part.take(kept) for part in self))

    def places(self) -> Ints:
        """Where in the table of logarithms each entry finds what it counts."""
        before = np.cumsum(self.times) - self.times
        begins = np.empty(len(before), np.bool_)
        begins[:1], begins[1:] = True, self.keys[1:] != self.keys[:-1]
        return np.asarray(self.starts + before - np.maximum.accumulate(before * begins))


class NaiveBayesCourse(Course):
    """See the module's text."""

    model: NaiveBayes

    def __init__(self, model: NaiveBayes, lessons: Rows, test_set: Rows) -> None:
        super().__init__(model, lessons, test_set)
        rows, size = len(self.test_rows), len(self.lessons)
        counts = self.test_rows.matrix(np.float64)
        test_sizes = np.diff(self.test_rows.indptr).astype(np.float64)
        self._width = model.n_features + 2
        self._columns: Floats = np.zeros((self._width + size, rows))
        """What moves each row's score: how often it has each feature; that of priors and of denominators; then, what
        all that comes to: by how much each lesson raised its class when it was last looked at."""
        self._columns[: self._width - 2] = counts.T.toarray(order="C")
        self._columns[self._width - 2], self._columns[self._width - 1] = 1, -test_sizes
        self._changes = list(self._columns[self._width :, None])
        self._counted = self._every = self._count_all()
        """Those of the lessons of the plan, and of all."""
        self._alive = np.ones(size, np.bool_)
        """Which lessons stand in the plan."""
        self._worth = np.zeros(len(self._every.numbers))
        """By how much each entry raised a logarithm when it was last looked at."""
        self._gas_of_new = model.gas_of_lesson(0, 0, 1) - model.gas_of_lesson(0, 0, 0)
        scores = (counts @ model.log_counts).T
        for label, cell in enumerate(model.offsets):
            prior, denominator = cell.value
            scores[label] += prior - test_sizes * denominator
        self._leads: list[Floats] = [scores[1:] - scores[0]]
        """By how much each class but the first is ahead of class 0: at first, and after every so many lessons."""
        self._classes = self.labels.tolist()
        self._rows = np.split(self.lessons.indices.astype(np.intp), self.lessons.indptr[1:-1])
        self._answers = self.test_labels == 1 if model.n_classes == 2 else self.test_labels

    @staticmethod
    def fits(model: NaiveBayes, lessons: int, rows: int) -> bool:
        """Whether what is kept stays below 128 MB."""
        return (lessons * model.n_classes + model.n_features) * rows <= _MOST_CELLS

    def _count_all(self) -> _Counted:
        """The entries of all lessons; makes the table of logarithms, and says what each lesson costs."""
        model, size = self.model, len(self.lessons)
        sizes = np.diff(self.lessons.indptr)
        owners = np.repeat(np.arange(size), sizes)
        pairs, times = np.unique(owners * model.n_features + self.lessons.indices, return_counts=True)
        lessons, features = np.divmod(pairs, model.n_features)
        both = zip(sizes.tolist(), np.bincount(lessons, minlength=size).tolist(), strict=True)
        self._gas = np.array([model.gas_of_lesson(*sizes_, 0) for sizes_ in both], np.int64)
        counts = np.array([cell.array for cell in model.counts]).reshape(-1)
        known = self.labels[lessons] * model.n_features + features
        most = int(counts.max(initial=0)) + int(np.bincount(known, times).max(initial=0))
        logs = [model.log_count(np.arange(most + 1))]
        samples, totals = self._windows(logs, sizes)
        everyone = np.arange(size)
        lessons = np.concatenate((lessons, everyone, everyone))
        columns = np.concatenate((features, np.full(size, model.n_features), np.full(size, model.n_features + 1)))
        starts = np.concatenate((counts[known], samples[self.labels], totals[self.labels]))
        empty = np.array([not cell.value for cell in model.samples], np.bool_)
        zeros = np.concatenate((
            np.zeros(len(known), np.int64), np.where(empty, samples, _NEVER)[self.labels], np.full(size, _NEVER),
        ))  # fmt: skip
        times = np.concatenate((times, np.ones(size, np.int64), sizes))
        keys = self.labels[lessons] * (model.n_features + 2) + columns
        self._logs = np.concatenate(logs)
        order = np.argsort(keys, kind="stable")
        parts = (part[order] for part in (keys, lessons, columns, times, starts, zeros))
        return _Counted(np.arange(len(keys)), *parts)

    def _windows(self, logs: list[Floats], sizes: Ints) -> tuple[Ints, Ints]:
        """Append the logarithms that numbers of samples, and of occurrences, of each class may come to; where they
        begin."""
        begins: tuple[list[int], list[int]] = ([], [])
        length = len(logs[0])
        for label, (samples, total) in enumerate(zip(self.model.samples, self.model.totals, strict=True)):
            mine = self.labels == label
            numbers = samples.value + np.arange(int(mine.sum()) + 1)
            occurrences = total.value + np.arange(int(sizes[mine].sum()) + 1)
            for begun, part in zip(begins, self.model.logs_of_offsets(numbers, occurrences), strict=True):
                begun.append(length)
                logs.append(part)
                length += len(part)
        return np.array(begins[0], np.int64), np.array(begins[1], np.int64)

    def _look(self, shared: int) -> None:
        self._forget(shared)
        alive = np.zeros(len(self.lessons), np.bool_)
        alive[list(self.order)] = True
        last = self._counted if bool((alive <= self._alive).all()) else self._every
        self._alive, self._counted = alive, last.of(alive)
        entries = self._counted
        places = entries.places()
        self._change(entries, self._logs.take(places + entries.times) - self._logs.take(places))
        new = np.bincount(entries.lessons[places == entries.zeros], minlength=len(alive))
        coming = list(self.order[shared:])
        self.gas += (self._gas + self._gas_of_new * new)[coming].tolist()
        self.cleared += [0] * len(coming)
        self._follow(shared)

    def _change(self, entries: _Counted, worth: Floats) -> None:
        """Take note of what the entries are worth now, and of what that makes of the lessons."""
        from scipy.sparse import csr_array  # imported late: a chain without data needs no SciPy

        gains = worth - self._worth.take(entries.numbers)
        (moved,) = np.nonzero(gains)
        self._worth[entries.numbers[moved]] = worth[moved]
        owners = entries.lessons[moved]
        numbers = np.bincount(owners, minlength=len(self.lessons))
        (lessons,) = np.nonzero(numbers)
        own = self._width + lessons  # what each was before, and what is to be added to it, by one product
        rows = np.concatenate((lessons, owners))
        # Sixteen bits are sorted by counting, which is quicker.
        order = np.argsort(rows.astype(np.uint16) if len(numbers) <= _UINT16 else rows, kind="stable")
        values = np.concatenate((np.ones(len(own)), gains[moved]))[order]
        columns = np.concatenate((own, entries.columns[moved]))[order]
        shape = (len(own), len(self._columns))
        sparse = csr_array((values, columns, cumulative(numbers[lessons] + 1)), shape=shape)
        self._columns[own] = sparse @ self._columns

    def _follow(self, shared: int) -> None:
        """Count the rows that are right after each lesson of the plan but the first ones."""
        kept = min(shared // _LEADS_EVERY, len(self._leads) - 1)
        del self._leads[kept + 1 :]
        leads, first = self._leads[kept], kept * _LEADS_EVERY
        order = self.order[first:]
        answers = np.empty((len(order), len(self.test_labels)), self._answers.dtype)
        after = np.empty((_LEADS_EVERY, *leads.shape))  # each of the next lessons
        for start in range(0, len(order), _LEADS_EVERY):
            if start:
                self._leads.append(leads.copy())
            lessons = order[start : start + _LEADS_EVERY]
            for lesson, row in zip(lessons, after, strict=False):
                self._raise(leads, lesson, row)
                leads = row
            ahead, answered = after[: len(lessons)], answers[start : start + len(lessons)]
            if len(leads) == 1:
                np.greater(ahead[:, 0], 0, answered)
            else:  # ties go to the lower class
                answered[:] = np.where(ahead.max(1) > 0, ahead.argmax(1) + 1, 0)
        self.right += count(answers[shared - first :] == self._answers).tolist()

    def _raise(self, leads: Floats, lesson: int, after: Floats) -> None:
        """Write down how far each class is ahead ``after`` a lesson."""
        label, change = self._classes[lesson], self._changes[lesson]
        if not label:  # what class 0 gains, all others lose
            np.subtract(leads, change, after)
        elif len(leads) == 1:
            np.add(leads, change, after)
        else:
            after[:] = leads
            after[label - 1] += change[0]

    def _teach(self, first: int, end: int) -> None:
        lessons = self.order[first:end]
        for label in range(self.model.n_classes):
            mine = [self._rows[lesson] for lesson in lessons if self._classes[lesson] == label]
            if mine:
                self.model.count(label, np.concatenate(mine), len(mine))
