"""The quick models cost what the contracts' own cost, as long as both are in the same state."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.chain import HARDFORKS, Meter
from sim.features import Features
from sim.models import Classifier, NaiveBayes, SparsePerceptron, onchain

N_FEATURES = 8
samples = st.lists(st.integers(0, N_FEATURES - 1), max_size=7)


def pair(kind: str, fork: str, n_classes: int) -> tuple[Classifier, Classifier]:
    """The quick model and the contract's, each with a meter of its own."""
    quick, exact = (SparsePerceptron, onchain.SparsePerceptron) if kind == "perceptron" else (
        NaiveBayes, onchain.NaiveBayes
    )  # fmt: skip
    meters = Meter(HARDFORKS[fork]), Meter(HARDFORKS[fork])
    return quick(N_FEATURES, n_classes, meter=meters[0]), exact(N_FEATURES, n_classes, meter=meters[1])


def spent(models: tuple[Classifier, Classifier]) -> list[tuple[int, int]]:
    """Gas and refunds of both since the last time."""
    found = [(model.meter.used, model.meter.refunded) for model in models]
    for model in models:
        model.meter.start(10**9)
    return found


@pytest.mark.parametrize("fork", ["istanbul", "prague"])
@pytest.mark.parametrize(("kind", "n_classes"), [("perceptron", 2), ("naive_bayes", 2), ("naive_bayes", 3)])
@given(lessons=st.lists(st.tuples(samples, st.integers(0, 2), st.booleans()), max_size=12))
def test_quick_models_charge_what_the_contracts_charge(
    kind: str, n_classes: int, fork: str, lessons: list[tuple[list[int], int, bool]]
) -> None:
    """Empty samples, indices that stand twice and weights that come back to 0 included."""
    models = pair(kind, fork, n_classes)
    spent(models)
    for indices, label, known in lessons:
        features = np.array(indices, np.intp)
        answers = [model.predict_one(features) for model in models]
        if answers[0] != answers[1]:  # rounding of the contract's products
            return
        models[0].predict_on_chain(features, answers[0] if known else None)
        models[1].predict_on_chain(features)
        asked = spent(models)
        assert asked[0] == asked[1]
        for model in models:
            model.learn_one(features, label % n_classes)
        taught = spent(models)
        assert taught[0] == taught[1]


@pytest.mark.parametrize(
    ("rows", "repeats"),
    [([], False), ([[]], False), ([[], [0, 3], [], [1, 2]], False), ([[5], [5], [0]], False), ([[1, 1]], True),
     ([[0], [2, 4, 4]], True), ([[3, 1]], True)],
)  # fmt: skip
def test_initial_samples_tell_whether_indices_repeat(rows: list[list[int]], repeats: bool) -> None:
    """Rows that do not rise may hide a repetition; a row may begin below the end of the one before."""
    from sim.models.base import may_repeat

    indptr = np.cumsum([0, *map(len, rows)])
    indices = np.array([i for row in rows for i in row], np.int32)
    assert may_repeat(Features(indptr, indices, N_FEATURES)) == repeats


def test_model_that_was_fitted_without_repetitions_charges_the_same_and_looks_for_none() -> None:
    rows = Features(np.array([0, 3, 5, 9]), np.array([0, 1, 2, 2, 3, 4, 5, 6, 7], np.int32), N_FEATURES)
    for quick in (SparsePerceptron, NaiveBayes):
        used = []
        for looks in (False, True):
            model = quick(N_FEATURES, meter=Meter(HARDFORKS["prague"]))
            model.fit(rows, np.array([0, 1, 0]))
            assert not model._repeats
            model._repeats = looks
            model.meter.start(10**9)
            model.predict_on_chain(np.array([1, 4, 6]))
            model.learn_one(np.array([1, 4, 6]), 1)
            used.append(model.meter.used)
        assert used[0] == used[1]
