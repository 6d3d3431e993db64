"""Courses of naive Bayes: what each lesson adds to the scores of the test rows, by one product, and a running sum.

Of the scores only what each class is ahead of class 0 is kept: class 0 is predicted where nobody is. All numbers are
whole and below 2**53, so that no order of additions matters.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.features import Features
from sim.models.courses.base import Course, Ints, Rows, add_up, count, cumulative
from sim.models.naive_bayes import NaiveBayes

_MOST_CELLS = 2**24

Floats = NDArray[np.float64]


class _Occurrences(NamedTuple):
    """Features of the lessons, each once a lesson: whose, which, and how often it stands there."""

    lessons: Ints
    features: Ints
    times: Ints


class NaiveBayesCourse(Course):
    """See the module's text."""

    model: NaiveBayes

    def __init__(self, model: NaiveBayes, lessons: Rows, test_set: Rows) -> None:
        super().__init__(model, lessons, test_set)
        rows, size = len(self.test_rows), len(self.lessons)
        counts = self.test_rows.matrix(np.float64)
        test_sizes = np.diff(self.test_rows.indptr).astype(np.float64)
        self._columns: Floats = np.empty((model.n_features + 2, rows))
        """What moves each row's score: how often it has each feature; that of priors and, last, of denominators."""
        self._columns[:-2] = counts.T.toarray(order="C")
        self._columns[-2], self._columns[-1] = 1, -test_sizes
        self._sizes = np.diff(self.lessons.indptr)
        self._counts = np.array([cell.array for cell in model.counts]).reshape(-1)
        self._headers = [
            (samples.value, total.value) for samples, total in zip(model.samples, model.totals, strict=True)
        ]
        self._each = _each_once(self.lessons)
        self._starts = np.searchsorted(self._each.lessons, np.arange(size + 1))
        distinct = np.diff(self._starts)
        sizes = zip(self._sizes.tolist(), distinct.tolist(), strict=True)
        self._gas = np.array([model.gas_of_lesson(*sizes_, 0) for sizes_ in sizes], np.int64)
        self._gas_of_new = model.gas_of_lesson(0, 0, 1) - model.gas_of_lesson(0, 0, 0)
        self._test_up = self.test_labels == 1
        self._leads: Floats = np.zeros((size + 1, model.n_classes - 1, rows))
        """By how much each class but the first is ahead of class 0 at first and after each lesson of the plan."""
        scores = (counts @ model.log_counts).T
        for label, cell in enumerate(model.offsets):
            prior, denominator = cell.value
            scores[label] += prior - test_sizes * denominator
        self._leads[0] = scores[1:] - scores[0]

    @staticmethod
    def fits(model: NaiveBayes, lessons: int, rows: int) -> bool:
        """Whether what is kept stays below 128 MB."""
        return (lessons * (model.n_classes - 1) + model.n_features) * rows <= _MOST_CELLS

    def _look(self, shared: int) -> None:
        self._forget(shared)
        order = np.array(self.order, np.int64)
        labels = self.labels[order]
        moves, firsts = self._offsets(order, labels)
        gains, new = self._gains(order, labels, moves)
        self.gas += (self._gas[order] + self._gas_of_new * (new + firsts))[shared:].tolist()
        self.cleared += [0] * (len(order) - shared)
        labels, leads = labels[shared:], self._leads[shared : len(order) + 1]
        changes: Floats = gains[shared:] @ self._columns
        if leads.shape[1] == 1:
            leads[1:, 0] = changes
        else:  # what class 0 gains, all others lose
            leads[1:] = changes[:, None] * (labels == 0)[:, None, None]
            leads[1:][labels > 0, labels[labels > 0] - 1] = changes[labels > 0]
        add_up(leads)
        self.right += self._count(leads[1:])

    def _offsets(self, order: Ints, labels: Ints) -> tuple[Floats, Ints]:
        """By how much prior and denominator of its class move at each lesson; whether it is the first of its class."""
        moves, firsts = np.zeros((len(order), 2)), np.zeros(len(order), np.int64)
        for label, (samples, total) in enumerate(self._headers):
            (mine,) = np.nonzero(labels == label)
            totals = (total + cumulative(self._sizes[order[mine]])).tolist()
            parts = map(self.model.offsets_of, range(samples, samples + len(totals)), totals)
            moves[mine] = np.diff(np.array(list(parts), float), axis=0)
            firsts[mine[:1]] = not samples
        return moves, firsts

    def _gains(self, order: Ints, labels: Ints, moves: Floats) -> tuple[Any, Ints]:
        """What each lesson adds to its class, or takes from its lead if that is class 0, by row of ``_columns``,
        sparse; how many of its features were not met there before."""
        from scipy.sparse import csr_array  # imported late: a chain without data needs no SciPy

        each, lengths = self._each, np.diff(self._starts)[order]
        places = np.repeat(np.arange(len(order)), lengths)
        ends = np.cumsum(lengths)
        here = np.repeat(self._starts[order] - (ends - lengths), lengths) + np.arange(len(places))
        features, times = each.features[here], each.times[here]
        keys = labels[places] * self.model.n_features + features
        before = self._counts[keys] + _earlier(keys, times)
        gains = self.model.log_count(before + times) - self.model.log_count(before)
        rows = 2 * np.arange(1, len(order) + 1) + ends  # each ends with its two moves
        where = np.arange(len(places)) + 2 * places
        values, columns = np.empty(len(places) + 2 * len(order)), np.empty(len(places) + 2 * len(order), np.int64)
        values[where], columns[where] = gains, features
        for move in (0, 1):
            values[rows - 2 + move], columns[rows - 2 + move] = moves[:, move], self.model.n_features + move
        signs = np.where(labels, 1.0, -1.0)
        values *= np.repeat(signs, lengths + 2)
        sparse = csr_array((values, columns, np.concatenate(([0], rows))), shape=(len(order), len(self._columns)))
        return sparse, np.bincount(places[before == 0], minlength=len(order))

    def _count(self, leads: Floats) -> list[int]:
        """For each lesson of leads by lesson, class and row, the rows that are right; ties go to the lower class."""
        if leads.shape[1] == 1:
            right = (leads[:, 0] > 0) == self._test_up
        else:
            right = np.where(leads.max(1) > 0, leads.argmax(1) + 1, 0) == self.test_labels
        return count(right).tolist()  # type: ignore[no-any-return]

    def _teach(self, first: int, end: int) -> None:
        lessons = np.array(self.order[first:end], np.int64)
        if len(lessons):
            self.model.count(self.lessons.take(lessons), self.labels[lessons])


def _each_once(rows: Features) -> _Occurrences:
    owners = np.repeat(np.arange(len(rows)), np.diff(rows.indptr))
    keys, times = np.unique(owners * rows.n_features + rows.indices, return_counts=True)
    return _Occurrences(*np.divmod(keys, rows.n_features), times)


def _earlier(keys: Ints, times: Ints) -> Ints:
    """For each entry the times of all entries before it that have its key."""
    by_key = np.argsort(keys, kind="stable")
    in_order = keys[by_key]
    sums = np.cumsum(times[by_key]) - times[by_key]
    (begins,) = np.nonzero(np.concatenate(([True], in_order[1:] != in_order[:-1]))[: len(keys)])
    sums -= np.repeat(sums[begins], np.diff(np.append(begins, len(keys))))
    earlier = np.empty_like(sums)
    earlier[by_key] = sums
    return earlier
