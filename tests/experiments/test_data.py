"""``deca10b data`` and the papers' learners: against the accuracies measured with scikit-learn on the same files."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from experiments.baselines import PUBLISHED, baselines, nearest_centroid, perceptron
from experiments.build import dataset_of
from experiments.scenario import load_scenario, scenario_hash
from sim.data import DATASETS, is_available, load_dataset
from sim.errors import ConfigError
from sim.features import Features

# Naive Bayes, nearest centroid, and the range of the perceptron over seeds, as scikit-learn 1.9.1 has them
# (MultinomialNB, NearestCentroid, SGDClassifier) on the same packed rows.
MEASURED = {
    "subjectivity": (0.8897, 0.7897, (0.847, 0.854)),
    "movie_reviews": (0.7650, 0.7433, (0.760, 0.792)),
    "spambase": (0.8899, 0.8458, (0.873, 0.920)),
    "offensive": (0.9314, 0.8056, (0.933, 0.937)),
    "imdb": (0.8322, 0.7446, (0.766, 0.825)),
}


@pytest.mark.parametrize(
    "name",
    [
        "subjectivity",
        "movie_reviews",
        "spambase",
        *(pytest.param(slow, marks=pytest.mark.slow) for slow in ("offensive", "imdb")),
    ],
)
def test_baselines_are_those_of_scikit_learn(name: str) -> None:
    entry = next(entry for entry in DATASETS if entry.name == name)
    if not is_available(entry):
        pytest.skip(f"the folder DECA10B_DATA names does not hold {name}: {entry.how_to_obtain}")
    found = baselines(load_dataset(name))
    bayes, centroid, (least, most) = MEASURED[name]
    assert found.naive_bayes == pytest.approx(bayes, abs=0.0005)
    assert found.nearest_centroid == pytest.approx(centroid, abs=0.0005)
    assert least - 0.01 <= found.accuracies["perceptron"] <= most + 0.01


def test_exact_learners_on_imdb() -> None:
    entry = next(entry for entry in DATASETS if entry.name == "imdb")
    if not is_available(entry):
        pytest.skip(f"the folder DECA10B_DATA names does not hold imdb: {entry.how_to_obtain}")
    data = load_dataset("imdb")
    predicted = nearest_centroid(data.x_train, data.y_train, data.x_test)
    assert np.mean(predicted == data.y_test) == pytest.approx(0.7446, abs=0.0005)
    assert baselines(_first_rows(data, 2_000), orders=1).n_train == 2_000


def _first_rows(data, rows):
    from dataclasses import replace

    return replace(data, x_train=data.x_train.take(np.arange(rows)), y_train=data.y_train[:rows], texts=None)


def test_fitness_like_reaches_the_published_accuracies() -> None:
    found = [baselines(load_dataset("fitness-like", seed=seed)) for seed in range(5)]
    for learner, tolerance in (("naive_bayes", 0.01), ("nearest_centroid", 0.015), ("perceptron", 0.025)):
        mean = np.mean([each.accuracies[learner] for each in found])
        assert mean == pytest.approx(PUBLISHED["fitness"][learner], abs=tolerance), learner


def test_news_like_reaches_the_published_accuracies() -> None:
    for seed in range(3):
        data = load_dataset("news-like", seed=seed)
        found = baselines(data, orders=0)
        assert found.naive_bayes == pytest.approx(PUBLISHED["news"]["naive_bayes"], abs=0.02)
        assert found.nearest_centroid == pytest.approx(PUBLISHED["news"]["nearest_centroid"], abs=0.02)


@pytest.mark.slow
def test_news_like_reaches_the_published_accuracy_of_the_perceptron() -> None:
    for seed in range(2):
        data = load_dataset("news-like", seed=seed)
        predicted = perceptron(data.x_train, data.y_train, data.x_test, 0)
        assert np.mean(predicted == data.y_test) == pytest.approx(PUBLISHED["news"]["perceptron"], abs=0.02)


def test_imdb_like_reaches_the_published_accuracies() -> None:
    for seed in range(2):
        found = baselines(load_dataset("imdb-like", seed=seed), orders=0)
        assert found.naive_bayes == pytest.approx(PUBLISHED["imdb"]["naive_bayes"], abs=0.02)
        assert found.nearest_centroid == pytest.approx(PUBLISHED["imdb"]["nearest_centroid"], abs=0.02)


def test_the_nearest_centroid_by_hand() -> None:
    rows = Features.from_dense(np.array([[4, 0], [2, 0], [0, 2], [0, 0]]))
    labels = np.array([0, 0, 2, 2])  # centroids (3, 0) and (0, 1); class 1 does not occur
    test = Features.from_dense(np.array([[2, 0], [1, 0], [1, 1], [0, 3]]))
    # squared distances 1:5, 4:2, 5:1, 18:4
    assert nearest_centroid(rows, labels, test).tolist() == [0, 2, 2, 2]


def test_the_perceptron_by_its_rule() -> None:
    """The rule on dense rows, written out plainly, over the same shuffles."""
    draw = np.random.default_rng(4)
    dense = draw.integers(0, 3, (60, 5))
    labels = (dense[:, 0] + draw.integers(0, 3, 60) > dense[:, 1] + 1).astype(np.int64)
    weights, intercept, t, best, tired = np.zeros(5), 0.0, 1, math.inf, 0
    shuffles = np.random.default_rng(3)
    while tired < 5:
        loss = 0.0
        for i in shuffles.permutation(60):
            y, x = (1, dense[i]) if labels[i] else (-1, dense[i])
            score = weights @ x + intercept
            loss += max(0.0, -y * score)
            if y * score <= 0:
                weights, intercept = weights + y * x / (1e-4 * (1000 + t - 1)), intercept + y / (1e-4 * (1000 + t - 1))
            t += 1
        tired = tired + 1 if loss > best - 1e-3 * 60 else 0
        best = min(best, loss)
    test = draw.integers(0, 3, (400, 5))
    found = perceptron(Features.from_dense(dense), labels, Features.from_dense(test), order=3)
    assert found.tolist() == (test @ weights + intercept > 0).astype(int).tolist()
    assert 0.5 < np.mean(found == (test[:, 0] > test[:, 1])) <= 1


def test_the_perceptron_tells_several_classes_apart() -> None:
    labels = np.arange(90) % 3
    rows = Features.from_dense(np.eye(3, dtype=int)[labels])
    assert perceptron(rows, labels, rows, order=0).tolist() == labels.tolist()


def test_list_names_every_set(deca10b) -> None:
    code, out, err = deca10b("data", "list")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    for entry in DATASETS:
        (line,) = [line for line in lines if line.split(" ")[0] == entry.name]
        assert entry.title in line
        assert ("(not on this machine)" in line) == (not is_available(entry))
    entries = json.loads(deca10b("data", "list", "--json")[1])
    assert [entry["name"] for entry in entries][: len(DATASETS)] == [entry.name for entry in DATASETS]
    assert all(entry["licence"] and entry["how_to_obtain"] for entry in entries[: len(DATASETS)])


def test_info_of_a_set_at_hand(deca10b) -> None:
    code, out, err = deca10b("data", "info", "movie_reviews")
    assert (code, err) == (0, "")
    for words in ("1,400 to train, 600 to test", "NEGATIVE (", "CC BY 4.0", "part of the package", "Pang & Lee"):
        assert words in out
    facts = json.loads(deca10b("data", "info", "offensive", "--json")[1])
    assert (facts["n_train"], facts["n_test"], facts["n_features"]) == (17_348, 7_435, 1_000)
    assert facts["classes"] == ["OFFENSIVE", "SAFE"]
    assert sum(facts["rows_by_class"]["train"]) == 17_348
    assert facts["rows_by_class"]["test"][0] / 7_435 == pytest.approx(0.830, abs=0.001)
    assert facts["features_per_row"] == pytest.approx(9.3, abs=0.05)


def test_info_of_a_set_that_is_not_at_hand(deca10b, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DECA10B_DATA", raising=False)
    code, out, err = deca10b("data", "info", "news")
    assert (code, err) == (0, "")
    for words in ("How to obtain: not on this machine; download train.csv from kaggle.com/c/fake-news", "0.8181"):
        assert words in out
    facts = json.loads(deca10b("data", "info", "fitness", "--json")[1])
    assert facts["available"] is False
    assert facts["published"] == {"naive_bayes": 0.97, "nearest_centroid": 0.9513, "perceptron": 0.9507}
    code, out, err = deca10b("data", "baseline", "news", "--json")
    assert (code, out) == (2, "")
    assert "is not on this machine" in err


def test_baseline_is_one_json_object(deca10b) -> None:
    code, out, err = deca10b("data", "baseline", "movie_reviews", "--json")
    assert (code, err) == (0, "")
    facts = json.loads(out)
    assert set(facts) == {"dataset", "n_train", "n_test", "baselines"}
    assert (facts["dataset"], facts["n_train"], facts["n_test"]) == ("movie_reviews", 1_400, 600)
    assert set(facts["baselines"]) == {"naive_bayes", "nearest_centroid", "perceptron"}
    assert facts["baselines"]["naive_bayes"] == pytest.approx(0.7650, abs=0.0005)
    code, out, _ = deca10b("data", "baseline", "fitness-like", "--option", "n_train=300", "--orders", "2")
    assert "trained on 300 rows" in out
    assert "published 0.9700" in out
    assert "median of 2 orders" in out


def test_a_users_table_with_options(deca10b, tmp_path: Path) -> None:
    rows = "".join(f"{'good film' if i % 2 else 'bad film'} number {i},{i % 2}\n" for i in range(40))
    (tmp_path / "mine.csv").write_text("review,kind\n" + rows)
    options = ["--option", "text=review", "--option", "label=kind", "--option", "ngram=2", "--option", "top=4"]
    facts = json.loads(deca10b("data", "info", "mine.csv", *options, "--json")[1])
    assert (facts["n_train"], facts["n_features"]) == (28, 4)
    assert "pairs of neighbouring words" in facts["featurisation"]
    levers = {"data.dataset": "mine.csv", "data.size": "all", "data.options.text": "review"}
    levers |= {"data.options.label": "kind", "data.options.top": 4}
    scenario = load_scenario("quickstart", levers)
    words, pairs = (dataset_of(load_scenario("quickstart", levers | {"data.options.ngram": n})) for n in (1, 2))
    assert dataset_of(scenario).vocabulary == words.vocabulary
    assert set(pairs.vocabulary) >= {"good film", "bad film", "film number"}
    assert scenario_hash(scenario) != scenario_hash(load_scenario("quickstart", levers | {"data.options.top": 5}))
    with pytest.raises(ConfigError, match=r"Unknown lever 'data[.]options[.]ngrams'"):
        load_scenario("quickstart", {"data.options.ngrams": 2})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("info", "imbd"), "Did you mean 'imdb'?"),
        (("info", "absent.csv"), "There is no data file 'absent.csv'"),
        (("info", "subjectivity", "--option", "ngram=2"), "has no option 'ngram'; allowed: none"),
        (("info", "news-like", "--option", "seed"), "--option 'seed' must be NAME=VALUE"),
        (("info", "news-like", "--option", "n_train=1"), "n_train is 1; allowed are whole numbers from 2"),
        (("baseline", "fitness-like", "--orders", "0"), "Invalid value for '--orders'"),
    ],
)
def test_what_cannot_be_is_said_in_a_paragraph(deca10b, arguments: tuple[str, ...], words: str) -> None:
    code, out, err = deca10b("data", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err
