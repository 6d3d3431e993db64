"""`imdb-like` against its definition, drawn word by word with Poisson counts."""

from __future__ import annotations

import numpy as np
import pytest

from sim.data import load_dataset
from sim.data.synthetic import imdb_like
from sim.errors import ConfigError

N = 6000


@pytest.fixture(scope="module")
def data():
    return imdb_like(n_train=N, n_test=3000, seed=4)


@pytest.fixture(scope="module")
def words():
    """delta, shape (1000,), and V, shape (10, 1000), of the definition."""
    world = np.random.default_rng([0, 1])
    delta = world.laplace(0, 0.34, 1000)
    delta[:100] *= 0.55
    topics = world.normal(0, 0.12, (10, 1000))
    topics[:, :100] *= 2
    return delta, topics


@pytest.fixture(scope="module")
def by_definition(words):
    """``N`` documents from the definition's formulas, written out plainly."""
    delta, topics = words
    j = np.arange(1, 1001)
    draw = np.random.default_rng(99)
    y = draw.integers(0, 2, N)
    clarity = np.where(j > 100, draw.normal(1, 0.8, (N, 1)), draw.normal(1, 5, (N, 1)))
    length = np.exp(draw.normal(-0.5 * 0.55**2, 0.55, (N, 1)))
    rate = length * 24 / (j + 5) * np.exp((y[:, None] - 0.5) * clarity * delta + draw.normal(size=(N, 10)) @ topics)
    return draw.poisson(rate) > 0, y


def test_word_frequencies_by_class_follow_the_definition(data, by_definition):
    dense, y = by_definition
    x = data.x_train.matrix(np.float64)
    for label in (0, 1):
        ours = np.asarray(x[data.y_train == label].mean(axis=0)).ravel()
        theirs = dense[y == label].mean(axis=0)
        n_ours, n_theirs = np.sum(data.y_train == label), np.sum(y == label)
        spread = np.sqrt((theirs * (1 - theirs) + 1e-4) * (1 / n_ours + 1 / n_theirs))
        z = (ours - theirs) / spread
        assert np.abs(z).max() < 5
        assert np.std(z) == pytest.approx(1, abs=0.25)


def test_what_moves_many_words_at_once_follows_the_definition(data, by_definition, words):
    """Length, topics and clarity, of common and of rare words: each as a sum over a document's words."""
    (dense, y), (delta, topics) = by_definition, words
    head = np.arange(1000) < 100
    sums = np.vstack([np.ones(1000), topics * head, topics * ~head, delta * head, delta * ~head]).T
    x = data.x_train.matrix(np.float64)
    centre = dense.mean(axis=0) @ sums
    for label in (0, 1):
        ours, theirs = x[data.y_train == label] @ sums - centre, dense[y == label] @ sums - centre
        z = (ours.mean(axis=0) - theirs.mean(axis=0)) / np.sqrt(2 * theirs.var(axis=0) / len(theirs))
        assert np.abs(z).max() < 4.5
        assert ours.std(axis=0) == pytest.approx(theirs.std(axis=0), rel=0.08)


def test_accuracies_are_near_those_the_parameters_were_tuned_for(data):
    x, test = data.x_train.matrix(np.float64), data.x_test.matrix(np.float64)
    sums = np.array([x[data.y_train == label].sum(axis=0) for label in (0, 1)])
    weights = np.log((sums + 1) / (sums + 1).sum(axis=1, keepdims=True))
    bayes = np.mean((test @ weights.T).argmax(axis=1) == data.y_test)
    centres = sums / np.bincount(data.y_train)[:, None]
    centroid = np.mean((test @ centres.T - (centres**2).sum(axis=1) / 2).argmax(axis=1) == data.y_test)
    assert 0.80 < bayes < 0.86
    assert 0.71 < centroid < 0.79


def test_it_says_that_it_is_synthetic(data):
    assert data.synthetic
    assert "synthetic" in data.title
    assert data.sha256 == ""
    assert data.text(0) == ""


def test_seed_and_size_do_what_they_say():
    small = load_dataset("imdb-like", n_train=250, n_test=130, seed=7)
    again = load_dataset("imdb-like", n_train=250, n_test=50, seed=7)
    other = load_dataset("imdb-like", n_train=250, n_test=130, seed=8)
    assert (len(small.x_train), len(small.x_test)) == (250, 130)
    assert small.x_train.indices.tobytes() == again.x_train.indices.tobytes()
    assert small.x_train.indices.tobytes() != other.x_train.indices.tobytes()
    assert small.x_train.indices[:500].tolist() != small.x_test.indices[:500].tolist()
    assert np.all(np.diff(small.x_train.row(3)) > 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_train": 1}, "n_train is 1; allowed are whole numbers from 2"),
        ({"n_test": 0}, "n_test is 0"),
        ({"n_train": 2.5}, "n_train is 2.5"),
        ({"n_train": True}, "n_train is True"),
        ({"n_train": 10**9}, "to 1000000"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_sizes_out_of_range_are_refused(options, words):
    with pytest.raises(ConfigError, match=words):
        imdb_like(**options)
