"""Naive Bayes against exact fractions and against logarithms of forty digits."""

from __future__ import annotations

import copy
import math
from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ConfigError, Revert
from sim.features import Features
from sim.models import NaiveBayes
from tests.property.rules import RuleNaiveBayes
from tests.support import data, frozen

N_FEATURES = 4
sample = st.lists(st.integers(0, N_FEATURES - 1), max_size=6)
samples = st.lists(sample, min_size=1, max_size=10)


def lessons(n_classes: int) -> st.SearchStrategy[list[tuple[list[int], int]]]:
    return st.lists(st.tuples(sample, st.integers(0, n_classes - 1)), max_size=20)


def features_of(rows: list[list[int]]) -> Features:
    flat = np.array([i for row in rows for i in row], np.int32)
    return Features(np.cumsum([0, *map(len, rows)]), flat, N_FEATURES)


def taught(lessons: list[tuple[list[int], int]], n_classes: int, smoothing: float = 1.0) -> NaiveBayes:
    model = NaiveBayes(N_FEATURES, n_classes, smoothing=smoothing)
    for row, label in lessons:
        model.learn_one(data(*row).features, label)
    return model


def exact_scores(lessons: list[tuple[list[int], int]], n_classes: int, smoothing: Fraction, row: list[int]) -> list:
    """Probabilities up to a common factor, by the definition: n_c prod((count + a) / (total + a F))."""
    answer = []
    for label in range(n_classes):
        mine = [features for features, other in lessons if other == label]
        words = [i for features in mine for i in features]
        denominator = len(words) + smoothing * N_FEATURES
        answer.append(len(mine) * prod(((words.count(i) + smoothing) / denominator for i in row), start=Fraction(1)))
    return answer


@pytest.mark.parametrize("n_classes", [2, 3])
@given(data_=st.data(), rows=samples, smoothing=st.sampled_from((1.0, 0.5, 0.125)))
def test_predictions_are_those_of_exact_fractions(
    n_classes: int, data_: st.DataObject, rows: list[list[int]], smoothing: float
) -> None:
    taught_with = data_.draw(lessons(n_classes))
    model = taught(taught_with, n_classes, smoothing)
    many = model.predict_many(features_of(rows)).tolist()
    for row, among_many in zip(rows, many, strict=True):
        assert among_many == model.predict_one(data(*row).features)
        scores = exact_scores(taught_with, n_classes, Fraction(smoothing), row)
        best = max(scores)
        close = [c for c, score in enumerate(scores) if score >= best * (1 - Fraction(1, 10**8))]
        if any(taught_label == c for c in range(n_classes) for _, taught_label in taught_with):
            assert among_many in close  # of classes as good as equal, rounded logarithms may name either
            if len(close) == 1 or (scores.count(scores[0]) == n_classes == len(close) and not row):
                assert among_many == close[0]


@given(taught_with=lessons(2), rows=samples)
def test_scores_are_sums_of_rounded_logarithms(taught_with: list[tuple[list[int], int]], rows: list[list[int]]) -> None:
    """To the last of 2**-32, so that a score moved by an update can equal one computed afresh."""
    model, by_hand = taught(taught_with, 2), RuleNaiveBayes(N_FEATURES)
    for features, label in taught_with:
        by_hand.learn(tuple(features), label)
    for row in rows:
        assert model.scores(data(*row).features) == [by_hand.score(label, tuple(row)) for label in (0, 1)]


@given(taught_with=lessons(3))
def test_fit_is_learning_one_by_one(taught_with: list[tuple[list[int], int]]) -> None:
    fitted = NaiveBayes(N_FEATURES, 3)
    labels = np.array([label for _, label in taught_with], np.int64)
    fitted.fit(features_of([row for row, _ in taught_with]), labels)
    one_by_one = taught(taught_with, 3)
    one_by_one.journal.commit()
    for field in ("samples", "totals", "counts", "log_counts", "offsets"):
        assert frozen(getattr(fitted, field)) == frozen(getattr(one_by_one, field))


@given(before=lessons(2), row=sample, label=st.integers(0, 1))
def test_update_that_is_undone_leaves_no_trace(before: list[tuple[list[int], int]], row: list[int], label: int) -> None:
    model = taught(before, 2)
    model.journal.commit()
    whole = frozen(model)
    model.learn_one(data(*row).features, label)
    assert frozen(model) != whole
    model.journal.rollback()
    assert frozen(model) == whole


def test_counts_beyond_the_table_of_logarithms_are_as_exact() -> None:
    """The table of logarithms starts with 1024 entries and grows by itself."""
    model = NaiveBayes(1)
    by_hand = RuleNaiveBayes(1)
    features = (0,) * 700
    for _ in range(5):
        model.learn_one(data(*features).features, 1)
        by_hand.learn(features, 1)
    assert model.counts[1].array.tolist() == [3500]
    assert model.scores(data(0, 0).features)[1] == by_hand.score(1, (0, 0))


def test_tie_goes_to_the_lower_class() -> None:
    model = NaiveBayes(N_FEATURES, 3)
    assert model.predict_one(data(0).features) == 0
    for label in (1, 2):
        model.learn_one(data(0).features, label)
    assert model.predict_one(data(0).features) == 1
    assert model.predict_many(features_of([[0]])).tolist() == [1]


def test_class_without_samples_is_never_predicted() -> None:
    model = NaiveBayes(N_FEATURES, 2)
    model.learn_one(data(*[0] * 200).features, 1)
    assert model.predict_one(data(3, 3, 3, 3).features) == 1


def test_long_sample_does_not_underflow() -> None:
    """The contract's product is 0 after a few rare features, and then answers class 0."""
    model = taught([([0], 0), ([1] * 3, 1)] * 50, 2)
    assert model.predict_one(data(*[1] * 500).features) == 1


@pytest.mark.parametrize("label", [-1, 2])
def test_unknown_label_is_refused(label: int) -> None:
    with pytest.raises(Revert, match=r"^Classification is out of bounds\.$"):
        NaiveBayes(2).learn_one(data(0).features, label)


def test_unknown_feature_is_refused() -> None:
    model = NaiveBayes(2)
    for action in (model.predict_one, lambda x: model.learn_one(x, 1)):
        with pytest.raises(Revert, match="out of bounds"):
            action(data(2).features)


@pytest.mark.parametrize("smoothing", [0, -1, float("nan")])
def test_smoothing_must_be_positive(smoothing: float) -> None:
    with pytest.raises(ConfigError, match="smoothing"):
        NaiveBayes(2, smoothing=smoothing)


def test_copy_that_learns_predicts_by_what_it_has_learnt() -> None:
    """A prediction market of the profile ``reference`` teaches a copy of the model."""
    model = NaiveBayes(N_FEATURES, 2)
    model.fit(features_of([[0], [1]]), np.array([0, 1]))
    twin = copy.deepcopy(model)
    for _ in range(5):
        twin.learn_one(np.array([0]), 1)
    assert (twin.predict_one(np.array([0])), model.predict_one(np.array([0]))) == (1, 0)
    assert twin.scores(np.array([0]))[1] == round(math.log(6) * 2**32) + round(math.log(6) * 2**32) - round(
        math.log(6 + N_FEATURES) * 2**32
    )


@pytest.mark.parametrize("last_bits", [-3, 0, 3])
def test_many_logarithms_are_those_of_one_at_a_time(last_bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where NumPy's logarithms differ from Python's by a few units in the last place."""
    model = NaiveBayes(n_features=40, smoothing=0.3)
    exact, numbers = np.log, np.arange(60_000)
    monkeypatch.setattr(np, "log", lambda values: exact(values) * (1 + last_bits * 2.0**-52))
    priors, denominators = model.logs_of_offsets(numbers, numbers)
    one_by_one = [model.offsets_of(number, number) for number in numbers.tolist()]
    assert list(zip(priors.tolist(), denominators.tolist(), strict=True)) == one_by_one
