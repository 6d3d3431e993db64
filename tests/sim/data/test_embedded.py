"""The set inside the package: its facts, and each row the sentence it was made from."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

import sim.data
from sim.data import check_dataset, load_dataset

FILES = {
    "subjectivity.npz": "dcd5801b62246f24140abffa7e7c4d1a9776e749045c5758a3521de7a2cbaf50",
    "source-subjectivity.zip": "741f3371e1a4375051b874fd82fd55857b90975473c91c19a3101cbe17fc4d8c",
}
ROOT = Path(sim.data.__file__).parents[2]
PUNCTUATION = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


@pytest.fixture(scope="module")
def data():
    return load_dataset("subjectivity")


def test_known_facts(data):
    assert (len(data.x_train), len(data.x_test), data.x_train.n_features) == (7000, 3000, 1000)
    assert data.classes == ("OBJECTIVE", "SUBJECTIVE")
    assert len(data.x_train.indices) / 7000 == pytest.approx(13.0, abs=0.05)
    assert np.bincount(data.y_test).max() / 3000 == pytest.approx(0.514, abs=0.0005)
    assert data.vocabulary[:5] == ("the", "a", "and", "of", "to")
    assert data.licence == "CC BY 4.0"
    assert not data.synthetic
    check_dataset(data)


def test_files_are_the_ones_described_and_attributed(data):
    folder = resources.files("sim.data") / "subjectivity"
    for name, digest in FILES.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert data.sha256 == FILES["subjectivity.npz"]
    notice = (folder / "NOTICE").read_text()
    for word in ("Bo Pang", "Lillian Lee", "CC BY 4.0", "Changes made", *FILES.values()):
        assert word in notice


@pytest.mark.parametrize(
    ("name", "digest", "rows", "features", "majority", "words"),
    [
        (
            "movie_reviews", "5c513240e67c3d0dcca2371815cb97067c32944656abba60c214ad7dd7d22b51", (1400, 600), 188.7,
            0.508, ("Bo Pang", "Lillian Lee", "CC BY 4.0", "Changes made"),
        ),
        (
            "offensive", "e6f11264165c83397ed4693cebd00c5b28c34643b3aa7640c73a00a06bcd5771", (17348, 7435), 9.3,
            0.830, ("Copyright (c) 2017 Tom Davidson", "Permission is hereby granted", "WITHOUT WARRANTY", "Changes"),
        ),
    ],
)  # fmt: skip
def test_the_other_sets_are_the_ones_described_and_attributed(name, digest, rows, features, majority, words):
    folder = resources.files("sim.data") / name
    data = load_dataset(name)
    assert hashlib.sha256((folder / f"{name}.npz").read_bytes()).hexdigest() == digest == data.sha256
    assert (len(data.x_train), len(data.x_test), data.x_train.n_features) == (*rows, 1000)
    assert len(data.x_train.indices) / rows[0] == pytest.approx(features, abs=0.05)
    assert np.bincount(data.y_test).max() / rows[1] == pytest.approx(majority, abs=0.001)
    notice = (folder / "NOTICE").read_text()
    assert all(word in notice for word in (*words, digest))


def test_tweets_have_no_words_in_the_clear():
    assert all(name.isdecimal() for name in load_dataset("offensive").vocabulary)


def test_every_training_row_is_made_from_its_sentence(data):
    columns = {word: column for column, word in enumerate(data.vocabulary)}
    blanks = str.maketrans(PUNCTUATION, " " * len(PUNCTUATION))
    for row in range(len(data.x_train)):
        words = data.text(row).lower().translate(blanks).split(" ")
        assert data.x_train.row(row).tolist() == sorted({columns[word] for word in words if word in columns})


def test_naive_bayes_reaches_the_accuracy_measured_for_the_set(data):
    """Ties the rows of both parts to their labels."""
    x = data.x_train.matrix(np.float64)
    counts = np.array([x[data.y_train == c].sum(axis=0) + 1 for c in (0, 1)])
    weights = np.log(counts / counts.sum(axis=1, keepdims=True))
    prior = np.log(np.bincount(data.y_train) / len(data.y_train))
    predicted = (data.x_test.matrix(np.float64) @ weights.T + prior).argmax(axis=1)
    assert np.mean(predicted == data.y_test) == pytest.approx(0.8897, abs=0.0005)


def test_importing_the_room_is_light():
    script = (
        "import sys, sim.data\n"
        "heavy = {'scipy', 'pandas', 'mesa', 'pydantic', 'matplotlib', 'sim.data.embedded', 'sim.data.table'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))))"
    )
    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.stderr.strip() == ""
