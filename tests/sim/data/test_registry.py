"""Finding data sets by name and path, and the conformance check over everything registered."""

from __future__ import annotations

import os

import numpy as np
import pytest

from sim.data import DATASETS, check_dataset, is_available, known_names, load_dataset
from sim.errors import ConfigError

SMALL = {
    "imdb-like": {"n_train": 300, "n_test": 200},
    "news-like": {"n_train": 300, "n_test": 200},
    "fitness-like": {"n_train": 300, "n_test": 200},
}
PACKAGED = (
    "subjectivity", "movie_reviews", "offensive", "tic-tac-toe", "imdb", "imdb-half", "news", "fitness", "spambase",
    "titanic", "imdb-like", "news-like", "fitness-like",
)  # fmt: skip


@pytest.mark.parametrize("entry", DATASETS, ids=lambda entry: entry.name)
def test_everything_registered_conforms(entry):
    if not is_available(entry):
        pytest.skip(f"{entry.name} is not on this machine: {entry.how_to_obtain}")
    options = SMALL.get(entry.name, {})
    data = load_dataset(entry.name, **options)
    check_dataset(data, lambda: load_dataset(entry.name, **options))
    assert (data.name, data.title, data.licence) == (entry.name, entry.title, entry.licence)
    assert data.source
    assert (data.classes, data.x_train.n_features) == (entry.classes, entry.n_features)
    rows = (options["n_train"], options["n_test"]) if options else entry.rows
    assert (len(data.x_train), len(data.x_test)) == rows


def test_names_differ_and_an_entry_says_how_to_obtain_it():
    assert len({entry.name for entry in DATASETS}) == len(DATASETS)
    assert all(entry.how_to_obtain and entry.licence for entry in DATASETS)


def test_the_folder_of_the_user(tmp_path, monkeypatch, save_packed):
    x = np.eye(3)
    save_packed(tmp_path / "own" / "own.npz", x, [0, 1, 0], x, [1, 1, 0])
    save_packed(tmp_path / "imdb" / "imdb-train.npz", x, [0, 1, 0], np.zeros((0, 3)), [])
    (tmp_path / "notes.txt").write_text("no data set")
    monkeypatch.setenv("DECA10B_DATA", str(tmp_path))
    assert known_names() == (*PACKAGED, "own")
    assert load_dataset("own").y_test.tolist() == [1, 1, 0]
    save_packed(tmp_path / "two" / "two-train.npz", x, [0, 1, 0], np.zeros((0, 3)), [])
    save_packed(tmp_path / "two" / "two-test.npz", np.zeros((0, 3)), [], x, [1, 0, 0])
    assert load_dataset("two").name == "two"  # as it was asked for, whatever the files say
    imdb = next(entry for entry in DATASETS if entry.name == "imdb")
    assert not is_available(imdb)  # half a pair is no set
    save_packed(tmp_path / "imdb" / "imdb-test.npz", np.zeros((0, 3)), [], x[::-1], [1, 0, 0])
    assert is_available(imdb)
    data = load_dataset("imdb")
    assert data.x_test.indices.tolist() == [2, 1, 0]
    assert (data.name, data.title) == ("imdb", "IMDB film reviews")


def test_the_name_cannot_leave_the_folder(tmp_path, monkeypatch, save_packed):
    x = np.eye(2)
    save_packed(tmp_path / "secret.npz", x, [0, 1], x, [0, 1])
    for folder in ("data", "secret"):
        (tmp_path / folder).mkdir()
    monkeypatch.setenv("DECA10B_DATA", str(tmp_path / "data"))
    for name in ("../secret", str(tmp_path / "secret")):
        with pytest.raises(ConfigError, match=r"ending ''; allowed are \.csv, \.npz, \.parquet"):
            load_dataset(name)


def test_a_folder_that_is_none_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("DECA10B_DATA", str(tmp_path / "gone"))
    with pytest.raises(ConfigError, match=r"DECA10B_DATA is .*gone.*no folder"):
        load_dataset("imdb")


def test_missing_imdb_says_how_to_get_it(monkeypatch):
    monkeypatch.delenv("DECA10B_DATA", raising=False)
    with pytest.raises(ConfigError) as caught:
        load_dataset("imdb")
    known = ("imdb/imdb-train.npz", "aclImdb_v1.tar.gz", "python -m sim.data.imdb", "'imdb-half'", "'imdb-like'")
    for words in ("DECA10B_DATA", *known):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("news", ("news/train.csv", "https://www.kaggle.com/c/fake-news/data", "'news-like'")),
        (
            "fitness",
            ("fitness/endomondoHR_proper.json", "https://sites.google.com/eng.ucsd.edu/fitrec", "fitness-like"),
        ),
        ("titanic", ("titanic/train.csv", "https://www.kaggle.com/c/titanic/data")),
        ("spambase", ("spambase/spambase.npz", "spambase.data", "https://archive.ics.uci.edu/dataset/94/spambase")),
    ],
)
def test_a_missing_set_says_how_to_get_it(monkeypatch, tmp_path, name, words):
    for folder in (None, tmp_path):
        monkeypatch.delenv("DECA10B_DATA", raising=False)
        if folder:
            monkeypatch.setenv("DECA10B_DATA", str(folder))
        entry = next(entry for entry in DATASETS if entry.name == name)
        assert not is_available(entry)
        with pytest.raises(ConfigError) as caught:
            load_dataset(name)
        for word in ("DECA10B_DATA", *words):
            assert word in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("subjectivty", "Did you mean 'subjectivity'"),
        ("IMDB", "Did you mean 'imdb'"),
        ("imdb_like", "Did you mean 'imdb-like'"),
        ("xyzzy", f"There is no data set 'xyzzy'. Known: {', '.join(PACKAGED)};"),
        ("data/set.arrow", "ending '.arrow'; allowed are .csv, .npz, .parquet"),
    ],
)
def test_unknown_names_get_a_hint(monkeypatch, name, words):
    monkeypatch.delenv("DECA10B_DATA", raising=False)
    with pytest.raises(ConfigError) as caught:
        load_dataset(name)
    assert words in str(caught.value)


def test_unknown_options_are_refused():
    with pytest.raises(ConfigError, match="'imdb-like' has no option 'rows'; allowed: n_train, n_test, seed"):
        load_dataset("imdb-like", rows=3)
    with pytest.raises(ConfigError, match="'subjectivity' has no option 'seed'; allowed: none"):
        load_dataset("subjectivity", seed=3)
    with pytest.raises(ConfigError, match="has no option 'seed'; allowed: label, text, top"):
        load_dataset("mine.csv", seed=3)


@pytest.mark.skipif(
    not os.environ.get("DECA10B_DATA"), reason="DECA10B_DATA, the folder of the user's data, is not set"
)
def test_every_set_in_the_users_folder_conforms():
    for name in known_names():
        if name not in {entry.name for entry in DATASETS}:
            check_dataset(load_dataset(name))
