"""`check_classifier` passes what is registered and finds what is planted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.errors import ConfigError
from sim.models import MODELS, NaiveBayes, SparsePerceptron
from sim.models.checks import check_classifier


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_registered_models_pass(model: Any) -> None:
    check_classifier(model)


class LearnsByPredicting(NaiveBayes):
    def predict_one(self, features: np.ndarray) -> int:
        answer = super().predict_one(features)
        self.samples[answer].value += 1
        self.offsets[answer].value = self._offsets(answer)
        return answer


class CountsOutsideCells(SparsePerceptron):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.lessons = 0

    def learn_one(self, features: np.ndarray, label: int) -> None:
        super().learn_one(features, label)
        self.lessons += 1


class WritesPastTheJournal(SparsePerceptron):
    def learn_one(self, features: np.ndarray, label: int) -> None:
        super().learn_one(features, label)
        self._codes.array[0] += 8  # a weight of one more


class ForgetsItsWatches(SparsePerceptron):
    def learn_one(self, features: np.ndarray, label: int) -> None:
        super().learn_one(features, label)
        self.journal.after_commit.clear()


class TellsWatchesTooSoon(SparsePerceptron):
    def learn_one(self, features: np.ndarray, label: int) -> None:
        super().learn_one(features, label)
        for observer, arguments in self.journal.after_commit:
            observer(*arguments)
        self.journal.after_commit.clear()


class BreaksTiesUpwards(NaiveBayes):
    def predict_many(self, features: Any) -> Any:
        return 1 - super().predict_many(features)


class IsFree(SparsePerceptron):
    def learn_one(self, features: np.ndarray, label: int) -> None:
        left = self.meter.left
        super().learn_one(features, label)
        self.meter.left = left


class TakesAnything(SparsePerceptron):
    def learn_one(self, features: np.ndarray, label: int) -> None:
        super().learn_one(features, min(max(label, 0), 1))


class IsMoody(SparsePerceptron):
    def learn_one(self, features: np.ndarray, label: int) -> None:
        self.step = int(np.random.default_rng().integers(1, 10**12))
        super().learn_one(features, label)


class HidesItsProgress(NaiveBayes):
    def learn_one(self, features: np.ndarray, label: int) -> None:
        version = self.version.value
        super().learn_one(features, label)
        self.version.set(version)


class HasNoName(SparsePerceptron):
    name = ""


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        (LearnsByPredicting, "predict_one changes the model"),
        (CountsOutsideCells, "cannot be undone"),
        (WritesPastTheJournal, "cannot be undone"),
        (ForgetsItsWatches, "watch"),
        (TellsWatchesTooSoon, "watch"),
        (BreaksTiesUpwards, "predict_many differs"),
        (IsFree, "charges no gas"),
        (TakesAnything, "label 2 is accepted"),
        (IsMoody, "cannot be undone|different models"),
        (HidesItsProgress, "version did not"),
        (HasNoName, "has no name"),
    ],
)
def test_planted_fault_is_found(planted: Any, found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        check_classifier(planted)
