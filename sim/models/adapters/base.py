"""What models share whose learner is an object of another library.

Such an object cannot tell what a lesson changes in it, so it is not the state. The state is the list of lessons, each
of which knows the one before it; a lesson that is taken back is left out of the list. The object follows: before it
answers, it learns the lessons it has not had. Where it has had one that was taken back it begins again with a copy of
what it was after the initial training, which is right, if slow; in an ordinary run it never comes to that.

No contract learns so, and nobody has measured what it would cost. Gas is an assumption: one storage slot is read for
each feature when the model is asked, and another one written when it learns; and each call takes 3,000 gas beside.
"""

from __future__ import annotations

import copy
import importlib
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.chain.gas import Meter, by_size
from sim.chain.journal import Journal, Value
from sim.errors import ConfigError, Revert
from sim.features import Features
from sim.models.base import OUT_OF_BOUNDS, UNKNOWN_FEATURE, Classifier, IndexArray
from sim.models.onchain.watch import RecomputingWatch
from sim.models.watch import Watch

_CALL = 3_000
_SHOWN = 60

Option = bool | int | float | str
Options = Mapping[str, Option] | tuple[tuple[str, Option], ...]


class Learner(NamedTuple):
    """A learner that a config can name.

    Attributes
    ----------
    path : module and class, with a dot between
    options : the parameters a config may set
    fixed : parameters that are always set: the seed of a learner that draws random numbers
    """

    path: str
    options: tuple[str, ...]
    fixed: Mapping[str, Option] = {}


class Lesson:
    """One lesson, after the one ``before`` it."""

    __slots__ = ("before", "features", "label")

    def __init__(self, before: Lesson | None, features: IndexArray, label: int) -> None:
        self.before, self.features, self.label = before, features, label


class Adapter(Classifier):
    """A classifier around ``estimator``: a name from ``learners``, or an object of the library, not trained yet.

    ``options`` are parameters of a learner that is given by its name. Raises `ConfigError` for a name or an option that
    does not exist, and where the library is not installed.
    """

    library: ClassVar[str]
    """Name of the library."""

    learners: ClassVar[Mapping[str, Learner]]
    """What ``estimator`` may be in a config; the first is the default."""

    def __init__(
        self,
        n_features: int,
        n_classes: int = 2,
        journal: Journal | None = None,
        meter: Meter | None = None,
        *,
        estimator: Any = None,
        options: Options = (),
    ) -> None:
        super().__init__(n_features, n_classes, journal, meter)
        if estimator is None or isinstance(estimator, str):
            estimator = self._made(estimator or next(iter(self.learners)), dict(options))
        elif options:
            raise ConfigError("options are for an estimator that is given by its name. Set those of the object itself.")
        self.estimator: Any = estimator
        """The library's object as it was before the first lesson on the chain."""
        self.last: Value[Lesson | None] = Value(self.journal, None)
        """The last lesson on the chain."""
        self._now: Any = copy.deepcopy(estimator)
        self._had: Lesson | None = None
        schedule = self.meter.schedule
        self._gas_to_predict = by_size(lambda n: _CALL + schedule.loads(n))
        self._gas_to_learn = by_size(lambda n: _CALL + schedule.loads(n, n) + schedule.stores(reset=n))

    @classmethod
    def check_options(cls, name: str, options: Mapping[str, Any]) -> None:
        """Raise `ConfigError` for a learner, or an option of it, that a config cannot name."""
        if name not in cls.learners:
            raise ConfigError(f"estimator is {name!r}; choose one of {', '.join(cls.learners)}.")
        for option in options:
            if option not in cls.learners[name].options:
                known = ", ".join(cls.learners[name].options)
                raise ConfigError(f"{name} has no option {str(option)[:_SHOWN]!r} here. It has {known}.")

    @classmethod
    def _made(cls, name: str, options: dict[str, Option]) -> Any:
        cls.check_options(name, options)
        learner = cls.learners[name]
        module, _, word = learner.path.rpartition(".")
        try:
            kind = getattr(importlib.import_module(module), word)
        except ImportError as error:
            raise ConfigError(
                f"{name} is a learner of {cls.library}, which is not installed. Install it: pip install "
                f"'deca10b[learners]'."
            ) from error
        try:
            return kind(**{**learner.fixed, **options})
        except (TypeError, ValueError) as error:
            raise ConfigError(f"The options of {name} do not fit: {error}. Correct them, or leave them out.") from error

    @abstractmethod
    def _teach(self, learner: Any, rows: Features, labels: NDArray[np.int64]) -> None:
        """Have the library's object learn these rows."""

    @abstractmethod
    def _ask(self, learner: Any, rows: Features) -> NDArray[np.int64]:
        """The class of each row; 0 before the first lesson."""

    def fit(self, features: Features, labels: NDArray[np.int64]) -> None:
        """Learn the rows, as further lessons are learnt. Raises `ConfigError` for options the library does not take."""
        if len(features):
            try:
                self._teach(self.estimator, features, labels)
            except (TypeError, ValueError) as error:
                learner = type(self.estimator).__name__
                raise ConfigError(f"Model {self.name!r}: {learner} cannot learn: {error}") from error
        self._now, self._had = copy.deepcopy(self.estimator), self.last.value
        self.version.value += 1

    def _learner(self) -> Any:
        """The library's object, when it has had all lessons and no others."""
        last, to_learn = self.last.value, []
        lesson = last
        while lesson is not self._had and lesson is not None:
            to_learn.append(lesson)
            lesson = lesson.before
        if lesson is not self._had:
            self._now = copy.deepcopy(self.estimator)
        for lesson in reversed(to_learn):
            self._teach(self._now, self._row(lesson.features), np.array([lesson.label], np.int64))
        self._had = last
        return self._now

    def _row(self, features: IndexArray) -> Features:
        return Features(np.array([0, len(features)]), features.astype(np.int32), self.n_features)

    def _check(self, features: IndexArray) -> None:
        if len(features) and not 0 <= int(features.min()) <= int(features.max()) < self.n_features:
            raise Revert(UNKNOWN_FEATURE)

    def learn_one(self, features: IndexArray, label: int) -> None:
        """Take down the lesson; the library learns it before it is next asked."""
        # CHECKS
        if not 0 <= label < self.n_classes:
            raise Revert(OUT_OF_BOUNDS)
        self._check(features)
        # GAS
        self.meter.charge(self._gas_to_learn(len(features)))
        # EFFECTS
        self.last.set(Lesson(self.last.value, features, label))
        self.version.set(self.version.value + 1)
        if self.watches:
            self.journal.after_commit.append((self._publish, ()))

    def predict_one(self, features: IndexArray) -> int:
        """The class the library answers; 0 before the first lesson."""
        self._check(features)
        return int(self._ask(self._learner(), self._row(features))[0])

    def predict_on_chain(self, features: IndexArray, known: int | None = None) -> int:
        """`predict_one` within a transaction."""
        prediction = self.predict_one(features) if known is None else known
        self.meter.charge(self._gas_to_predict(len(features)))
        return prediction

    def predict_many(self, features: Features) -> NDArray[np.int64]:
        """The class of each row."""
        return self._ask(self._learner(), features)

    def _new_watch(self) -> Watch:
        def entries(features: IndexArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
            return features.astype(np.int64), np.ones(len(features), np.int64)

        return RecomputingWatch(
            self.predict_one,
            entries,
            lambda batch: self.predict_many(Features(batch.indptr, batch.indices.astype(np.int32), self.n_features)),
        )
