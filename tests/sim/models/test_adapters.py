"""Learners of other libraries: the rules of all models, lessons that are taken back, and errors in words."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from sklearn.naive_bayes import MultinomialNB

from sim.errors import ConfigError
from sim.features import Features
from sim.models.adapters import ADAPTERS, Adapter, River, ScikitLearn
from sim.models.checks import check_classifier
from tests.support import assert_only_fee_and_nonce, data, make_world, picture

LEARNERS = [(model, name) for model in ADAPTERS for name in model.learners]


def lessons(number: int, seed: int = 0) -> list[tuple[np.ndarray, int]]:
    """Samples of six features, some more than once; mostly those of the lower half are of class 1."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(number):
        features = data(*rng.integers(0, 6, size=int(rng.integers(0, 5)))).features
        found.append((features, int((features < 3).sum() * 2 > len(features)) ^ int(rng.random() < 0.2)))
    return found


@pytest.mark.parametrize(("model", "name"), LEARNERS, ids=[name for _, name in LEARNERS])
def test_learners_keep_the_rules_of_all_models(model: type[Adapter], name: str) -> None:
    check_classifier(lambda *where: model(*where, estimator=name), lessons(8))


def test_estimator_may_be_an_object_and_is_asked_as_by_itself() -> None:
    """Lessons, repeated indices and initial samples reach the library as it would be given them by hand."""
    initial = np.array([[2, 0, 1, 0, 0, 0], [0, 0, 0, 1, 1, 3]])
    by_hand = MultinomialNB(alpha=0.5)
    by_hand.partial_fit(initial, [1, 0], classes=[0, 1])
    model = ScikitLearn(6, estimator=MultinomialNB(alpha=0.5))
    model.fit(Features.from_dense(initial), np.array([1, 0]))
    for features, label in lessons(30):
        by_hand.partial_fit(np.bincount(features, minlength=6)[None], [label])
        model.learn_one(features, label)
    rows = np.random.default_rng(1).integers(0, 3, (50, 6))
    assert model.predict_many(Features.from_dense(rows)).tolist() == by_hand.predict(rows).tolist()


@pytest.mark.parametrize("model", [ScikitLearn, River])
def test_lesson_that_was_asked_about_and_taken_back_is_forgotten(model: type[Adapter]) -> None:
    """The library cannot unlearn: the model begins again, and answers as if the lesson had never been."""
    one, other = model(6, estimator="MultinomialNB"), model(6, estimator="MultinomialNB")
    for subject in (one, other):
        for features, label in lessons(10):
            subject.learn_one(features, label)
        subject.journal.commit()
    sample = data(0, 1).features
    for _ in range(10):
        one.learn_one(sample, 1 - other.predict_one(sample))
    assert one.predict_one(sample) != other.predict_one(sample)
    one.journal.rollback()
    asked = [features for features, _ in lessons(20, seed=1)]
    assert [one.predict_one(features) for features in asked] == [other.predict_one(features) for features in asked]


def test_refused_contribution_leaves_only_its_fee() -> None:
    world = make_world(lambda chain: ScikitLearn(4, 2, chain.journal, chain.meter))
    world.send("ann", "add_data", data(0), 1, value=10**21)
    before = picture(world)
    receipt = world.send("bob", "add_data", data(1), 2, value=10**21)
    assert not receipt.ok
    assert_only_fee_and_nonce(before, picture(world), receipt)


def test_model_without_lessons_answers_class_0() -> None:
    for model in ADAPTERS:
        assert model(6).predict_many(Features.from_dense(np.eye(6, dtype=int))).tolist() == [0] * 6


def test_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    for model in ADAPTERS:
        with pytest.raises(ConfigError, match=r"not installed.*pip install 'deca10b\[learners\]'"):
            model(6)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"estimator": "os.system"}, "estimator is 'os.system'; choose one of SGDClassifier"),
        ({"options": {"n_jobs": 2}}, "SGDClassifier has no option 'n_jobs' here. It has loss"),
        ({"estimator": MultinomialNB(), "options": {"alpha": 1}}, "given by its name"),
    ],
)
def test_what_a_config_cannot_name_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ScikitLearn(6, **given)


def test_option_the_library_refuses_is_told_when_training_begins() -> None:
    model = ScikitLearn(6, options={"alpha": -1.0})
    with pytest.raises(ConfigError, match=r"SGDClassifier cannot learn: .*alpha"):
        model.fit(Features.from_dense(np.eye(6, dtype=int)), np.array([0, 1] * 3))
