"""The reference's learners: scikit-learn is the oracle, to the last bit where the order of additions is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import NearestCentroid

from sim.errors import ConfigError
from sim.features import Features
from sim.models import NaiveBayes, SparsePerceptron, onchain
from sim.models.checks import check_classifier
from sim.models.reference import (
    REFERENCE_MODELS,
    ReferenceNaiveBayes,
    ReferenceNearestCentroid,
    ReferencePerceptron,
)
from tests.support import data

SHAPES = [(5, 30, 2), (40, 150, 2), (25, 80, 4)]
"""Features, initial samples, and one more than the largest count."""


def stream(seed: int, n_features: int, rows: int, above: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts, and labels that a line can mostly tell."""
    rng = np.random.default_rng(seed)
    x = (rng.random((rows, n_features)) < 0.3) * rng.integers(1, above, (rows, n_features))
    half = n_features // 2
    y = (x[:, :half].sum(1) + rng.normal(size=rows) > x[:, half:].sum(1)).astype(np.int64)
    y[:2] = 0, 1
    return x, y


def row(x: np.ndarray) -> np.ndarray:
    return Features.from_dense(x[None]).row(0).astype(np.intp)


def sgd() -> Any:
    return SGDClassifier(loss="perceptron", penalty=None, learning_rate="optimal", random_state=0xDECA10B)


@pytest.mark.parametrize("model", REFERENCE_MODELS, ids=lambda model: model.name)
def test_models_keep_the_rules_of_all_models(model: Any) -> None:
    check_classifier(model)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_perceptron_is_scikit_learns_to_the_last_bit(seed: int, shape: tuple[int, int, int]) -> None:
    """After many shuffled passes, and after each of a hundred lessons beyond them, half of them mislabelled."""
    x, y = stream(seed, *shape)
    oracle, model = sgd().fit(x.astype(float), y), ReferencePerceptron(shape[0])
    model.fit(Features.from_dense(x), y)
    rng = np.random.default_rng(seed)
    for sample, label in zip(stream(seed + 100, shape[0], 100, shape[2])[0], rng.integers(0, 2, 100), strict=True):
        assert model.weights.tolist() == oracle.coef_[0].tolist()
        assert (model.intercept.value, model.t.value) == (oracle.intercept_[0], oracle.t_)
        oracle.partial_fit(sample[None].astype(float), [label])
        model.learn_one(row(sample), int(label))
    unseen = stream(seed + 200, shape[0], 300, shape[2])[0]
    assert model.predict_many(Features.from_dense(unseen)).tolist() == oracle.predict(unseen.astype(float)).tolist()


def test_perceptron_learns_what_is_undecided_under_either_label() -> None:
    """Where the score is nothing the answer is class 0; yet a sample of class 0 is learnt."""
    model = ReferencePerceptron(2)
    assert model.predict_one(data(0).features) == 0
    model.learn_one(data(0).features, 0)
    step = 1 / (1e-4 * 1000)  # t0 is 1 / (1e-4 * 10)
    assert model.weights.tolist() == pytest.approx([-step, 0])
    assert model.intercept.value == pytest.approx(-step)
    model.learn_one(data(0).features, 0)  # right by now: only the lesson is counted
    assert (model.weights[0], model.t.value) == (pytest.approx(-step), 3)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_naive_bayes_is_scikit_learns(seed: int, shape: tuple[int, int, int]) -> None:
    """Logarithms are the same to the last bit; predictions are the same."""
    x, y = stream(seed, *shape)
    oracle, model = MultinomialNB().fit(x, y), ReferenceNaiveBayes(shape[0])
    model.fit(Features.from_dense(x), y)
    rng, unseen = np.random.default_rng(seed), stream(seed + 200, shape[0], 300, shape[2])[0]
    for sample, label in zip(stream(seed + 100, shape[0], 40, shape[2])[0], rng.integers(0, 2, 40), strict=True):
        assert np.array_equal((model.log_counts - model.denominators()).T, oracle.feature_log_prob_)
        assert model.priors() == oracle.class_log_prior_.tolist()
        oracle.partial_fit(sample[None], [label])
        model.learn_one(row(sample), int(label))
    assert model.predict_many(Features.from_dense(unseen)).tolist() == oracle.predict(unseen).tolist()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_nearest_centroid_is_the_mean_in_the_references_order_of_operations(
    seed: int, shape: tuple[int, int, int]
) -> None:
    x, y = stream(seed, *shape)
    oracle, model = NearestCentroid().fit(x.astype(float), y), ReferenceNearestCentroid(shape[0])
    model.fit(Features.from_dense(x), y)
    counts, centroids = np.bincount(y).tolist(), oracle.centroids_.tolist()
    rng, unseen = np.random.default_rng(seed), stream(seed + 200, shape[0], 300, shape[2])[0]
    for sample, label in zip(stream(seed + 100, shape[0], 40, shape[2])[0], rng.integers(0, 2, 40), strict=True):
        assert [cell.array.tolist() for cell in model.centroids] == centroids
        n = counts[label]
        centroids[label] = [(c * n + v) / (n + 1) for c, v in zip(centroids[label], sample.tolist(), strict=True)]
        counts[label] += 1
        model.learn_one(row(sample), int(label))
    oracle.centroids_ = np.array(centroids)
    assert model.predict_many(Features.from_dense(unseen)).tolist() == oracle.predict(unseen.astype(float)).tolist()


def test_more_than_two_classes() -> None:
    """Naive Bayes and centroids tell three apart; a class that nobody has shown is never the answer."""
    x, y = np.eye(6, dtype=int), np.array([0, 1, 2, 0, 1, 2])
    for kind in (ReferenceNaiveBayes, ReferenceNearestCentroid):
        model = kind(6, 4)
        watch = model.watch()
        model.fit(Features.from_dense(x), y)
        assert model.predict_many(Features.from_dense(x)).tolist() == y.tolist()
        watch.add(0, data(5).features, 3)
        for _ in range(20):
            model.learn_one(data(5).features, 3)
            model.journal.commit()
        assert watch.refresh() == ([0], [])
    with pytest.raises(ConfigError, match="naive_bayes"):
        ReferencePerceptron(6, 3)


def assert_watch_is_right(model: Any, watch: Any, held: dict[int, tuple[np.ndarray, int]]) -> None:
    watch.refresh()
    wrong = [record for record, (x, y) in held.items() if watch.agrees(record) != (model.predict_one(x) == y)]
    assert wrong == []


@pytest.mark.parametrize("kind", [ReferenceNaiveBayes, ReferenceNearestCentroid], ids=lambda kind: kind.name)
def test_watch_asks_where_rounding_hides_which_class_is_ahead(kind: Any) -> None:
    """Both classes get the same samples in different orders: then all samples are ties, but for what rounding does."""
    rng, rounds = np.random.default_rng(3), 30
    for _ in range(rounds):
        model = kind(6)
        watch, held = model.watch(), {}
        samples = [data(*np.flatnonzero(rng.random(6) < 0.5)).features for _ in range(12)]
        for label in (0, 1):
            model.learn_one(data(*range(6)).features, label)
        model.journal.commit()
        for record, sample in enumerate(samples):
            held[record] = (sample, record % 2)
            watch.add(record, *held[record])
        for i, j in zip(rng.permutation(12).tolist(), rng.permutation(12).tolist(), strict=True):
            model.learn_one(samples[i], 0)
            model.journal.commit()
            model.learn_one(samples[j], 1)
            model.journal.commit()
        assert_watch_is_right(model, watch, held)


def test_watch_of_the_perceptron_asks_where_rounding_hides_the_sign() -> None:
    """Steps of one size that no float can hold cancel out again and again, all but for their rounding."""
    rng, model = np.random.default_rng(3), ReferencePerceptron(6, alpha=0.3)
    watch, held = model.watch(), {}
    for record in range(300):
        held[record] = (data(*np.flatnonzero(rng.random(6) < 0.5)).features, record % 2)
        watch.add(record, *held[record])
        model.t.value = 1  # so that the steps stay alike
        model.learn_one(data(*np.flatnonzero(rng.random(6) < 0.5)).features, int(rng.integers(2)))
        model.journal.commit()
        assert_watch_is_right(model, watch, held)


@pytest.mark.parametrize("kind", REFERENCE_MODELS, ids=lambda kind: kind.name)
def test_state_comes_back(kind: Any) -> None:
    x, y = stream(0, 8, 50, 3)
    model, again = kind(8), kind(8)
    model.fit(Features.from_dense(x), y)
    again.load_state(model.to_state())
    for one in (model, again):
        one.learn_one(data(1, 2).features, 1)
    assert again.to_state() == model.to_state()
    assert again.predict_many(Features.from_dense(x)).tolist() == model.predict_many(Features.from_dense(x)).tolist()


def test_perceptron_refuses_what_it_cannot_count_with() -> None:
    for alpha in (0, -1, 1_000_001, float("nan")):
        with pytest.raises(ConfigError, match=r"alpha is .*above 0, up to 1,000,000"):
            ReferencePerceptron(3, alpha=alpha)
    fastest = ReferencePerceptron(1, alpha=1_000_000)
    fastest.learn_one(data(0).features, 1)
    assert fastest.weights[0] > 0
    for wrong in ({"weights": [float("inf")]}, {"intercept": float("nan")}):
        with pytest.raises(ConfigError, match="finite"):
            fastest.load_state(fastest.to_state() | wrong)


def test_training_before_deployment_leaves_no_note_and_costs_nothing() -> None:
    x, y = stream(0, 8, 50, 3)
    for kind in REFERENCE_MODELS:
        model = kind(8)
        model.fit(Features.from_dense(x), y)
        assert (model.journal.undo, model.journal.after_commit, model.meter.used) == ([], [], 0)
        model.fit(Features.from_dense(x[:0]), y[:0])  # nothing to learn from is no error


def test_long_training_is_cut_short() -> None:
    """Labels without reason are never learnt; 1,100 samples of one feature get no more than 500,000 lessons."""
    rng = np.random.default_rng(0)
    model = ReferencePerceptron(200)
    model.fit(Features.from_dense(rng.random((1_100, 200)) < 0.1), rng.integers(0, 2, 1_100))
    assert model.t.value - 1 <= 500_000
    assert (model.t.value - 1) % 1_100 == 0


def used(model: Any, method: str, *arguments: Any) -> int:
    model.meter.start(10**9)
    getattr(model, method)(*arguments)
    return int(model.meter.used)


def test_gas_is_that_of_the_contracts_with_what_they_lack() -> None:
    sample, schedule = data(0, 2, 3).features, SparsePerceptron(6).meter.schedule
    ours, contract = ReferencePerceptron(6), SparsePerceptron(6)
    lesson = schedule.loads(1) + schedule.stores(reset=1)
    for mistake in (1, 0):
        more = used(ours, "learn_one", sample, 1) - used(contract, "learn_one", sample, 1)
        assert more == lesson + mistake * schedule.stores(reset=1)
    assert used(ours, "predict_on_chain", sample) == used(contract, "predict_on_chain", sample)
    bayes, like = ReferenceNaiveBayes(6), NaiveBayes(6)
    assert used(bayes, "learn_one", sample, 0) == used(like, "learn_one", sample, 0)
    assert used(bayes, "predict_on_chain", sample) == used(like, "predict_on_chain", sample)


def test_gas_of_centroids_is_that_of_the_sparse_contract_with_all_values_out_of_date() -> None:
    initial, labels = (
        Features.from_dense(np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 1, 0]])),
        [0, 1, 0, 1],
    )
    ours, contract = ReferenceNearestCentroid(4), onchain.SparseNearestCentroid(4)
    for model in (ours, contract):
        model.fit(initial, np.array(labels))
    sample = data(0, 2).features
    assert used(ours, "learn_one", sample, 0) == used(contract, "learn_one", sample, 0)
    for label in (0, 1):  # empty samples age both classes
        contract.learn_one(data().features, label)
    assert contract.predict_one(sample) == ours.predict_one(sample)
    assert used(ours, "predict_on_chain", sample) == used(contract, "predict_on_chain", sample)


def test_a_model_without_probabilities_says_so() -> None:
    model = ReferencePerceptron(2)
    assert not model.says_probabilities
    with pytest.raises(TypeError, match="ReferencePerceptron does not say"):
        model.probability(np.array([0]), 1)
