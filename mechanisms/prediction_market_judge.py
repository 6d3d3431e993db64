"""Who judges in a prediction market: the model that is rewarded for, on the test set that was revealed."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sim.chain.journal import Map, Value, Weights
from sim.contracts.data_handler import DataHandler, Record
from sim.contracts.parts import Sample
from sim.errors import ExceptionalHalt, OutOfGas, Revert
from sim.features import Data, Features
from sim.models.base import Classifier
from sim.models.courses import Course, course_of

_TEST_SETS_KEPT = 4


class Judge:
    """A model that learns contributions and counts the rows of a test set it is right about.

    Parameters
    ----------
    model : already trained on the initial samples: a restart brings it back to this state
    restarts : whether that will be asked for
    """

    looks_ahead: ClassVar[bool] = True
    """Whether many lessons may be worked out at once, where the model has courses for it."""

    _course: Course | None = None

    def __init__(self, model: Classifier, restarts: bool) -> None:
        self.model = model
        self._initial = _snapshot(model) if restarts else []
        self._course = None

    def start(self) -> None:
        """A transaction begins: what another one, that was taken back, left to be written is nobody's business."""
        if self._course is not None:
            self._course.behind = None

    def bring_along(self) -> None:
        """Write into the model whatever it was taught, as it was not while only numbers of rows were asked for."""
        if self._course is not None:
            self._course.bring_along()

    def restart(self) -> None:
        """Put the model's numbers back, as writes that can be undone; predictions may have changed."""
        if self._course is not None and self._course.behind is not None:
            first, _ = self._course.behind
            self.start()
            if not first:
                return  # nothing was written since the last restart
        for cell, before in self._initial:
            _put_back(cell, before)
        self.model.version.set(self.model.version.value + 1)

    def teach(
        self, records: DataHandler, order: Sequence[Record], first: int, measured: Sequence[bool],
        test_set: Sequence[Sample], anew: bool,
    ) -> list[int | None]:  # fmt: skip
        """Teach a model that has taken the first contributions of ``order`` the next ones, as many as ``measured``.

        ``anew`` says that the first of them met the initial model. The answer is how many rows of the test set were
        right after each, where that is to be measured.
        """
        end = first + len(measured)
        if anew and not first and self._course is None and self.looks_ahead:
            self._course = course_of(self.model, list(zip(records.data, records.label, strict=True)), test_set)
        course = self._course
        if anew and course is not None:
            self._course = None  # if planning breaks off, nothing half worked out is left
            course.plan(order)
            self._course = course  # what is worked out stays so when gas runs out, whatever is taken back
            course.take(first, end)
            return [right if asked else None for right, asked in zip(course.right[first:end], measured, strict=True)]
        self.bring_along()
        answers: list[int | None] = []
        for record, asked in zip(order[first:end], measured, strict=True):
            self.learn(records.data[record], records.label[record])
            answers.append(self.right(test_set) if asked else None)
        return answers

    def learn(self, data: Data, label: int) -> None:
        """Learn a contribution; one that the model refuses, or comes to a halt at, leaves it as it was."""
        self.model.journal.attempt(self._learn, data.features, label)

    def _learn(self, features: NDArray[np.intp], label: int) -> None:
        try:
            self.model.learn_one(features, label)
        except OutOfGas:
            raise
        except ExceptionalHalt as halt:
            raise Revert(halt.reason) from halt  # else a sample that no model can learn would lock up all the money

    def right(self, test_set: Sequence[Sample]) -> int:
        """How many of these rows the model labels as they are labelled, a free view; what it refuses is not right."""
        self.bring_along()
        model = self.model
        if not model.reads_vectors:
            features, labels = _rows(tuple(test_set), model.n_features)
            if int(features.indices.max(initial=0)) < model.n_features:
                try:
                    return int(np.count_nonzero(model.predict_many(features) == labels))
                except (Revert, ExceptionalHalt):
                    pass  # one of them is refused: ask for each by itself
        return sum(self._label(data) == label for data, label in test_set)

    def _label(self, data: Data) -> int | None:
        try:
            return self.model.predict_one(data.features)
        except (Revert, ExceptionalHalt):
            return None


@lru_cache(maxsize=_TEST_SETS_KEPT)
def _rows(test_set: tuple[Sample, ...], n_features: int) -> tuple[Features, NDArray[np.int64]]:
    """The features and the labels of these rows."""
    rows = [data.features for data, _ in test_set]
    indptr = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    labels = np.array([label for _, label in test_set], np.int64)
    return Features(indptr, np.concatenate(rows).astype(np.int32), n_features), labels


def twin(model: Classifier) -> Classifier:
    """A model of its own that is now as this one, on the same chain; nobody watches it."""
    journal, meter = model.journal, model.meter
    shared = (journal, journal.undo, journal.after_commit, meter, model.watches)
    copied: Classifier = copy.deepcopy(model, {id(part): part for part in shared})
    copied.watches = []
    return copied


def _snapshot(model: Classifier) -> list[tuple[Any, Any]]:
    """Each cell of a model with what is in it."""
    cells = [
        cell
        for name, attribute in vars(model).items()
        if name != "version"
        for cell in (attribute if isinstance(attribute, list) else [attribute])
    ]
    values: list[tuple[Any, Any]] = [(cell, cell.value) for cell in cells if isinstance(cell, Value)]
    values += [(cell, dict(cell)) for cell in cells if isinstance(cell, Map)]
    return values + [(cell, cell.array.copy()) for cell in cells if isinstance(cell, Weights)]


def _put_back(cell: Any, before: Any) -> None:
    if isinstance(cell, Value):
        cell.set(before)
    elif isinstance(cell, Map):
        cell.put_back(before)
    elif before.ndim == 1 and before.dtype == cell.array.dtype:
        cell.write(np.arange(len(before)), cell.array.copy(), before)  # in place: a model may hold views of its array
    else:
        cell.replace(before.copy())
