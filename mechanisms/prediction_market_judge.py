"""Who judges in a prediction market: the model that is rewarded for, on the test set that was revealed."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.chain.journal import Value, Weights
from sim.contracts.parts import Sample
from sim.errors import ConfigError
from sim.features import Data, Features
from sim.models.base import Classifier

_TEST_SETS_KEPT = 4


class Judge:
    """A model that learns contributions and counts the rows of a test set it is right about.

    Parameters
    ----------
    model : already trained on the initial samples: a restart brings it back to this state
    restarts : whether that will be asked for

    Raises `ConfigError` for a model that cannot be brought back.
    """

    def __init__(self, model: Classifier, restarts: bool) -> None:
        self.model = model
        self._initial = _snapshot(model) if restarts else []

    def restart(self) -> None:
        """Put the model's numbers back, as writes that can be undone; predictions may have changed."""
        for cell, before in self._initial:
            if isinstance(cell, Value):
                cell.set(before)
            elif before.ndim == 1:
                cell.assign(np.arange(len(before)), before)  # in place: a model may hold views of its array
            else:
                cell.replace(before.copy())
        self.model.version.set(self.model.version.value + 1)

    def learn(self, data: Data, label: int) -> None:
        """Learn a contribution; one that the model refuses leaves it as it was."""
        self.model.journal.attempt(self.model.learn_one, data.features, label)

    def right(self, test_set: Sequence[Sample]) -> int:
        """How many of these rows the model labels as they are labelled; a free view."""
        if self.model.reads_vectors:
            return sum(self.model.predict_one(data.features) == label for data, label in test_set)
        features, labels = _rows(tuple(test_set), self.model.n_features)
        return int(np.count_nonzero(self.model.predict_many(features) == labels))


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
    if any(isinstance(cell, dict) and hasattr(cell, "take_back") for cell in cells):
        raise ConfigError(
            f"Model {model.name!r} cannot be brought back to its initial state. Set reset_model_during_reward_phase to "
            f"false, or choose profile 'corrected' for the model."
        )
    values = [(cell, cell.value) for cell in cells if isinstance(cell, Value)]
    return values + [(cell, cell.array.copy()) for cell in cells if isinstance(cell, Weights)]
