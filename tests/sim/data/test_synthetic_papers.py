"""`news-like` and `fitness-like` against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from sim.data import load_dataset
from sim.errors import ConfigError


@pytest.fixture(scope="module")
def news():
    return load_dataset("news-like", n_train=4000, n_test=100, seed=5)


@pytest.fixture(scope="module")
def news_by_definition():
    """Documents from the definition's formulas, written out plainly, with NumPy's own Poisson counts."""
    n, j = 4000, np.arange(1, 1001)
    world = np.random.default_rng([0, 1])
    delta = world.laplace(0, 0.3, 1000) * np.where(j <= 100, 0.55, 1)
    topics = world.normal(0, 0.45, (20, 1000))
    marks = world.choice(np.arange(20, 400), (2, 10), replace=False)
    draw = np.random.default_rng(77)
    y = draw.integers(0, 2, n)
    length = np.exp(draw.normal(-0.5, 1, (n, 1)))
    rate = length * 22 / (j + 4) * np.exp((y[:, None] - 0.5) * draw.normal(1, 0.5, (n, 1)) * delta)
    rate *= np.exp(draw.normal(size=(n, 20)) @ topics)
    for row in np.flatnonzero(draw.random(n) < 0.4):
        rate[row, marks[y[row]]] *= np.exp(2.5)
    return np.minimum(draw.poisson(rate), 255), y, marks


def test_counts_of_the_news_follow_the_definition(news, news_by_definition):
    theirs, y, marks = news_by_definition
    ours = news.x_train.matrix(np.float64)
    ours.sum_duplicates()
    ours = ours.toarray()
    for label in (0, 1):
        one, other = ours[news.y_train == label], theirs[y == label]
        for least in (1, 2, 4):  # the distribution of a count, not only its mean, which few long documents move
            p, q = (one >= least).mean(axis=0), (other >= least).mean(axis=0)
            both = (p * len(one) + q * len(other)) / (len(one) + len(other))
            often = both * min(len(one), len(other)) > 20  # where the normal distribution is near
            z = (p - q)[often] / np.sqrt(both * (1 - both) * (1 / len(one) + 1 / len(other)))[often]
            assert often.sum() > 50
            assert np.abs(z).max() < 5
            assert np.std(z) < 1.3
        for own in (marks[label], marks[1 - label]):
            found = [(part[:, own] > 0).sum(axis=1) for part in (one, other)]
            error = np.sqrt(sum(np.var(marked) / len(marked) for marked in found))
            assert abs(found[0].mean() - found[1].mean()) < 4 * error
        assert np.median(one.sum(axis=1)) == pytest.approx(np.median(other.sum(axis=1)), rel=0.08)
        assert np.std(np.log1p(one.sum(axis=1))) == pytest.approx(np.std(np.log1p(other.sum(axis=1))), rel=0.06)


def test_workouts_follow_the_definition():
    data = load_dataset("fitness-like", n_train=40_000, n_test=1, seed=3)
    bits, y = data.x_train.matrix(np.float64).toarray(), data.y_train
    assert np.mean(y) == pytest.approx(0.4316, abs=0.01)
    for label, shares in ((0, (0.90, 0.07, 0.03)), (1, (0.78, 0.18, 0.04))):
        assert bits[y == label, 6:].mean(axis=0) == pytest.approx(shares, abs=0.01)
    assert np.all(bits[:, 6:].sum(axis=1) == 1)
    assert bits[:, :2].mean() > 0.98  # both thresholds of the heart rate are 1, as in the real set
    theirs = workouts_by_definition(y)
    for label in (0, 1):
        one, other = bits[y == label][:, 2:6], theirs[y == label]
        assert one.mean(axis=0) == pytest.approx(other.mean(axis=0), abs=0.02)
        assert one.T @ one / len(one) == pytest.approx(other.T @ other / len(other), abs=0.02)


def workouts_by_definition(y):
    """Bits of highest, lowest, mean and median speed for these labels, from the definition's formulas."""
    draw, n = np.random.default_rng(8), len(y)
    mean = np.where(y, draw.normal(10.6, 1.5, n), draw.normal(24.5, 4.2, n)).clip(3, 60)
    highest = mean * np.where(y, 1.42, 1.9) * np.exp(draw.normal(0, 0.14, n))
    moving = mean * np.where(y, 0.45, 0.22) * np.exp(draw.normal(0, 0.5, n))
    lowest = np.where(draw.random(n) < np.where(y, 0.35, 0.62), 0, moving)
    speeds = np.stack([highest, lowest, mean, mean * draw.normal(1.02, 0.05, n)], axis=1)
    return (speeds > np.median(speeds, axis=0).astype(int)).astype(float)


@pytest.mark.parametrize("name", ["news-like", "fitness-like"])
def test_seed_and_size_do_what_they_say(name):
    small = load_dataset(name, n_train=250, n_test=130, seed=7)
    other = load_dataset(name, n_train=250, n_test=130, seed=8)
    assert (len(small.x_train), len(small.x_test)) == (250, 130)
    assert small.x_train.indices.tobytes() != other.x_train.indices.tobytes()
    assert small.synthetic
    assert "synthetic" in small.title
    assert small.sha256 == ""
    for options, words in (
        ({"n_train": 1}, f"{name}: n_train is 1; allowed are whole numbers from 2"),
        ({"n_test": 0}, "n_test is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"n_train": True}, "n_train is True"),
    ):
        with pytest.raises(ConfigError, match=words):
            load_dataset(name, **options)


def test_documents_do_not_depend_on_how_many_follow():
    few = load_dataset("news-like", n_train=250, n_test=20, seed=7)
    more = load_dataset("news-like", n_train=250, n_test=60, seed=7)
    assert few.x_train.indices.tobytes() == more.x_train.indices.tobytes()
