"""What holds for all five classifiers of the contracts alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sim.chain import HARDFORKS, Meter
from sim.chain.journal import Journal
from sim.errors import ConfigError, OutOfGas, Revert
from sim.features import Data, Features, UnitVectors
from sim.models import NaiveBayes, SparsePerceptron
from sim.models.checks import check_classifier
from sim.models.onchain import ONCHAIN_MODELS, OnChainClassifier, onchain_classifier, state_digest
from tests.property.test_atomicity import Striker, traced
from tests.sim.models.onchain.support import ONE, numbers
from tests.sim.models.onchain.test_dense_perceptron import unit
from tests.support import frozen, news

N_FEATURES = 6
models = pytest.mark.parametrize("kind", ONCHAIN_MODELS, ids=lambda kind: kind.name)
Kind = type[OnChainClassifier]


def is_dense(kind: Kind) -> bool:
    return kind.name.startswith("dense")


def training(kind: Kind) -> tuple[Any, np.ndarray]:
    """Six samples of six features that a straight line can tell apart, as the model reads them."""
    rows = Features.from_dense(np.array([[1, 1, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0], [1, 0, 1, 0, 0, 1]] * 2))
    rows = Features(rows.indptr, np.where(np.arange(len(rows.indices)) < 7, rows.indices, 5 - rows.indices), N_FEATURES)
    return UnitVectors(rows) if is_dense(kind) else rows, np.array([0, 0, 0, 1, 1, 1])


def trained(kind: Kind, journal: Journal | None = None, meter: Meter | None = None) -> OnChainClassifier:
    model = kind(N_FEATURES, 2, journal, meter)
    model.fit(*training(kind))
    return model


def lessons(kind: Kind) -> list[tuple[np.ndarray, int]]:
    """Random samples the model takes: vectors of norm 1, or indices of which none stands twice."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(40):
        direction = rng.integers(-9, 10, N_FEATURES)
        chosen = rng.permutation(N_FEATURES)[: int(rng.integers(1, 4))]
        values = unit(*direction.tolist()) if is_dense(kind) else chosen.tolist()
        found.append((numbers(*values), int(rng.integers(2))))
    return found


@models
def test_public_check_passes(kind: Kind) -> None:
    check_classifier(lambda _features, _classes, journal, meter: trained(kind, journal, meter), lessons(kind))


@models
@pytest.mark.parametrize("fault", [lambda: Revert("struck"), OutOfGas, KeyboardInterrupt])
def test_fault_at_any_line_of_a_lesson_can_be_taken_back(kind: Kind, fault: Callable[[], BaseException]) -> None:
    model, (features, _) = trained(kind), lessons(kind)[0]
    model.watch().add(1, features, 0)
    label = 1 - model.predict_one(features)
    model.journal.commit()
    before = frozen(model)

    def _attempt() -> None:
        model.learn_one(features, label)

    striker = Striker()
    traced(striker, _attempt)
    assert frozen(model) != before
    model.journal.rollback()
    assert frozen(model) == before
    assert len(set(striker.places)) > 15
    for strike in range(len(striker.places)):
        with pytest.raises((Revert, OutOfGas, KeyboardInterrupt)):
            traced(Striker(fault, strike), _attempt)
        model.journal.rollback()
        assert frozen(model) == before, f"a trace was left at {striker.places[strike]}"


@models
def test_lesson_stops_wherever_gas_runs_out(kind: Kind) -> None:
    model, (features, _) = trained(kind), lessons(kind)[0]
    label = 1 - model.predict_one(features)
    model.journal.commit()
    before = frozen(model)
    model.meter.start(10**9)
    model.learn_one(features, label)
    model.journal.rollback()
    needed = model.meter.used
    for limit in (0, needed // 3, needed // 2, needed - 1):
        model.meter.start(limit)
        with pytest.raises(OutOfGas):
            model.learn_one(features, label)
        model.journal.rollback()
        assert frozen(model) == before
    model.meter.start(needed)
    model.learn_one(features, label)


@models
def test_gas_that_was_used_is_gas_that_is_enough(kind: Kind) -> None:
    """What is saved (weights of 0, scores of 0) is never charged first: an estimate would be too low."""
    model = trained(kind)
    for features, _ in [*lessons(kind), *([] if is_dense(kind) else [(numbers(*[5, 5, 5] * 9), 0)])]:
        actions = [lambda x=features: model.predict_on_chain(x)]
        if len(set(features.tolist())) == len(features) or is_dense(kind):
            actions += [lambda x=features, label=label: model.learn_one(x, label) for label in (0, 1)]
        for action in actions:
            model.meter.start(10**9)
            action()
            model.journal.rollback()
            model.meter.start(model.meter.used)
            action()
            model.journal.rollback()


@models
def test_state_is_plain_json_and_makes_the_same_model_again(kind: Kind) -> None:
    parameters = {
        "classifications": ["no", "yes"], "weights": [0] * N_FEATURES, "intercept": 3, "learningRate": ONE,
        "classCounts": [1, 1], "featureCounts": [[], []], "totalNumFeatures": N_FEATURES, "smoothingFactor": ONE,
        "centroids": [[[0, 1]], [[1, 1]]] if not is_dense(kind) else [[0] * N_FEATURES] * 2, "dataCounts": [1, 1],
    }  # fmt: skip
    model = onchain_classifier(kind.name, parameters)
    for features, label in lessons(kind):
        model.learn_one(features, label)
    state = json.loads(json.dumps(model.to_state()))
    again = onchain_classifier(kind.name, parameters, state=state)
    assert again.to_state() == model.to_state()
    assert again.digest() == model.digest() == state_digest(state)
    for features, label in lessons(kind):
        assert again.predict_one(features) == model.predict_one(features)
        model.learn_one(features, 1 - label)
        again.learn_one(features, 1 - label)
    assert again.digest() == model.digest() != state_digest(state)


def test_digest_is_that_of_compact_sorted_json() -> None:
    """The SHA-256 of {"a":[1,-2],"b":{"10":0,"9":1}} by another program begins so."""
    state = {"b": {"9": 1, "10": 0}, "a": [1, -2]}
    assert state_digest(state) == "d876ada3ce34cf8d"


@models
def test_fit_is_free_and_leaves_no_note(kind: Kind) -> None:
    journal, meter = Journal(), Meter(HARDFORKS["prague"])
    meter.start(limit=0)
    model = kind(N_FEATURES, 2, journal, meter)
    version = model.version.value
    rows, labels = training(kind)
    model.fit(rows, labels)
    assert (journal.undo, journal.after_commit, meter.used) == ([], [], 0)
    assert model.meter is meter
    assert model.version.value > version
    if kind.name != "naive_bayes":
        assert model.predict_many(rows).tolist() == labels.tolist()


@pytest.mark.parametrize(
    "kind", [kind for kind in ONCHAIN_MODELS if kind.name != "sparse_nearest_centroid"], ids=lambda kind: kind.name
)
def test_sample_that_cannot_be_fitted_is_named(kind: Kind) -> None:
    model = kind(N_FEATURES)
    before = frozen(model)
    rows, _ = training(kind)
    with pytest.raises(ConfigError, match=f"{kind.name}.*initial sample 1"):
        model.fit(rows, np.array([0, -1, 0, 1, 1, 1]))
    model.journal.rollback()
    assert frozen(model) == before


@models
def test_watch_tells_what_flipped_after_each_committed_lesson(kind: Kind) -> None:
    model = trained(kind)
    watch = model.watch()
    asked = [features for features, _ in lessons(kind)]
    known = {i: watch.add(i, features, 1) for i, features in enumerate(asked)}
    for i in range(0, 40, 4):
        watch.discard(i)
        del known[i]
    flips = 0
    for features, _ in lessons(kind)[:20]:
        model.learn_one(features, 1 - model.predict_one(features))
        assert watch.refresh() == ([], [])
        model.journal.commit()
        told = news(watch)
        flips += len(told)
        known |= told
        assert known == {i: model.predict_one(asked[i]) == 1 for i in known}
        assert all(watch.agrees(i) == agrees for i, agrees in known.items())
    assert flips
    assert watch.refresh() == ([], [])


@models
def test_lesson_and_question_carry_any_numbers_of_a_transaction(kind: Kind) -> None:
    """Index arrays and Python integers are read alike."""
    model = trained(kind)
    for features, _ in lessons(kind):
        assert model.predict_one(features) == model.predict_one(features.astype(np.int64))


def test_unknown_kinds_and_missing_parameters_are_named() -> None:
    with pytest.raises(ConfigError, match=r"'perceptron' is not a model of the contracts.*sparse_perceptron"):
        onchain_classifier("perceptron", {})
    with pytest.raises(ConfigError, match="'learningRate' of model 'dense_perceptron' is missing"):
        onchain_classifier("dense_perceptron", {"classifications": ["a", "b"], "weights": [1], "intercept": 0})


@pytest.mark.parametrize("model", [NaiveBayes, SparsePerceptron])
def test_models_of_the_default_profile_never_misread_what_only_contracts_take(model: Any) -> None:
    """A negative index would pick a feature from the end."""
    negative = Data.numbers([-1]).features
    with pytest.raises(TypeError):
        model(3).predict_one(negative)
    with pytest.raises(TypeError):
        model(3).learn_one(negative, 1)
