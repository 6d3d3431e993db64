"""Finding data sets by name and path, and the conformance check over everything registered."""

from __future__ import annotations

import os

import numpy as np
import pytest

from sim.data import DATASETS, check_dataset, is_available, known_names, load_dataset
from sim.errors import ConfigError

SMALL = {"imdb-like": {"n_train": 300, "n_test": 200}}


@pytest.mark.parametrize("entry", DATASETS, ids=lambda entry: entry.name)
def test_everything_registered_conforms(entry):
    if not is_available(entry):
        pytest.skip(f"{entry.name} is not on this machine: {entry.how_to_obtain}")
    options = SMALL.get(entry.name, {})
    data = load_dataset(entry.name, **options)
    check_dataset(data, lambda: load_dataset(entry.name, **options))
    assert (data.name, data.title, data.licence) == (entry.name, entry.title, entry.licence)
    assert data.source


def test_names_differ_and_an_entry_says_how_to_obtain_it():
    assert len({entry.name for entry in DATASETS}) == len(DATASETS)
    assert all(entry.how_to_obtain and entry.licence for entry in DATASETS)


def test_the_folder_of_the_user(tmp_path, monkeypatch, save_packed):
    x = np.eye(3)
    save_packed(tmp_path / "own" / "own.npz", x, [0, 1, 0], x, [1, 1, 0])
    save_packed(tmp_path / "imdb" / "imdb-train.npz", x, [0, 1, 0], np.zeros((0, 3)), [])
    (tmp_path / "notes.txt").write_text("no data set")
    monkeypatch.setenv("DECA10B_DATA", str(tmp_path))
    assert known_names() == ("subjectivity", "imdb", "imdb-like", "own")
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
        with pytest.raises(ConfigError, match=r"ending ''; allowed are \.csv and \.npz"):
            load_dataset(name)


def test_a_folder_that_is_none_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("DECA10B_DATA", str(tmp_path / "gone"))
    with pytest.raises(ConfigError, match=r"DECA10B_DATA is .*gone.*no folder"):
        load_dataset("imdb")


def test_missing_imdb_says_how_to_get_it(monkeypatch):
    monkeypatch.delenv("DECA10B_DATA", raising=False)
    with pytest.raises(ConfigError) as caught:
        load_dataset("imdb")
    for words in ("DECA10B_DATA", "imdb/imdb-train.npz", "aclImdb_v1.tar.gz", "python -m sim.data.imdb", "imdb-like"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("subjectivty", "Did you mean 'subjectivity'"),
        ("IMDB", "Did you mean 'imdb'"),
        ("imdb_like", "Did you mean 'imdb-like'"),
        ("xyzzy", "There is no data set 'xyzzy'. Known: subjectivity, imdb, imdb-like"),
        ("data/set.parquet", "ending '.parquet'; allowed are .csv and .npz"),
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


@pytest.mark.skipif(not os.environ.get("DECA10B_DATA"), reason="DECA10B_DATA is unset")
def test_every_set_in_the_users_folder_conforms():
    for name in known_names():
        if name not in {entry.name for entry in DATASETS}:
            check_dataset(load_dataset(name))
