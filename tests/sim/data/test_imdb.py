"""The papers' reviews: packing the authors' archive, and the facts of the real pair where it is at hand."""

from __future__ import annotations

import io
import tarfile

import numpy as np
import pytest

from sim.data import DATASETS, check_dataset, is_available, load_dataset
from sim.data.imdb import pack_imdb
from sim.data.text import keras_words
from sim.errors import ConfigError

REVIEWS = {
    "aclImdb/train/neg/0_1.txt": "Bad, bad film!<br />The end.",
    "aclImdb/train/pos/0_9.txt": "the film: the good film",
    "aclImdb/train/unsup/0_0.txt": "never read never read never",
    "aclImdb/test/neg/0_2.txt": "unheard words",
    "aclImdb/test/pos/0_8.txt": "good END",
    "aclImdb/README": "no review",
}


def archive(tmp_path, reviews=REVIEWS):
    path = tmp_path / "aclImdb_v1.tar.gz"
    with tarfile.open(path, "w:gz") as members:
        for name, text in reviews.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            members.addfile(info, io.BytesIO(text.encode()))
    return path


def test_words_are_split_as_keras_does():
    assert keras_words("It's 10/10 -- GREAT!\tFun\nisn't it?") == ["it's", "10", "10", "great", "fun", "isn't", "it"]


def test_the_archive_becomes_the_pair(tmp_path, monkeypatch):
    train, test = pack_imdb(archive(tmp_path), tmp_path / "data")
    assert (train.name, test.name) == ("imdb-train.npz", "imdb-test.npz")
    monkeypatch.setenv("DECA10B_DATA", str(tmp_path / "data"))
    data = load_dataset("imdb")
    # film and the: 3 each; bad: 2; then br, end, good: 1 each; ties in the order of first reading
    assert data.vocabulary == ("<pad>", "<start>", "<oov>", "<unused>", "film", "the", "bad", "br", "end", "good")
    found = {(data.y_train[i], tuple(data.x_train.row(i))) for i in range(2)}
    assert found == {(0, (1, 4, 5, 6, 7, 8)), (1, (1, 4, 5, 9))}
    found = {(data.y_test[i], tuple(data.x_test.row(i))) for i in range(2)}
    assert found == {(0, (1, 2)), (1, (1, 8, 9))}


def test_the_order_is_the_fixed_shuffle_of_the_sorted_names(tmp_path, monkeypatch):
    reviews = {f"aclImdb/{part}/neg/{i:02d}_1.txt": "x " * 9 + f"w{i}" for part in ("train", "test") for i in range(9)}
    reviews |= {f"aclImdb/{part}/pos/{i:02d}_9.txt": f"x w{i}" for part in ("train", "test") for i in range(9)}
    pack_imdb(archive(tmp_path, dict(reversed(reviews.items()))), tmp_path)
    monkeypatch.setenv("DECA10B_DATA", str(tmp_path))
    data = load_dataset("imdb")
    for seed, x, y in ((113, data.x_train, data.y_train), (114, data.x_test, data.y_test)):
        order = np.random.RandomState(seed).permutation(18)
        assert y.tolist() == [int(i >= 9) for i in order]
        assert [data.vocabulary[x.row(row)[-1]] for row in range(18)] == [f"w{i % 9}" for i in order]


def test_the_unpacked_archive_gives_the_same_set(tmp_path, monkeypatch):
    monkeypatch.setenv("DECA10B_DATA", str(tmp_path))
    with tarfile.open(archive(tmp_path)) as members:
        members.extractall(tmp_path, filter="data")
    entry = next(entry for entry in DATASETS if entry.name == "imdb")
    assert is_available(entry)
    from_folder = load_dataset("imdb")
    check_dataset(from_folder, lambda: load_dataset("imdb"))
    (tmp_path / "aclImdb").rename(tmp_path / "elsewhere")
    from_archive = load_dataset("imdb")
    pack_imdb(tmp_path / "elsewhere", tmp_path)
    packed = load_dataset("imdb")
    for data in (from_archive, packed):
        assert data.vocabulary == from_folder.vocabulary
        for part in ("train", "test"):
            one, other = getattr(data, f"x_{part}"), getattr(from_folder, f"x_{part}")
            assert (one.indices.tolist(), one.indptr.tolist()) == (other.indices.tolist(), other.indptr.tolist())
            assert getattr(data, f"y_{part}").tolist() == getattr(from_folder, f"y_{part}").tolist()
    assert len({from_folder.sha256, from_archive.sha256, packed.sha256}) == 3


def test_a_folder_that_holds_no_reviews_is_refused(tmp_path, monkeypatch):
    (tmp_path / "aclImdb" / "train" / "pos").mkdir(parents=True)
    monkeypatch.setenv("DECA10B_DATA", str(tmp_path))
    with pytest.raises(ConfigError, match=r"aclImdb'? holds no files aclImdb/train/pos"):
        load_dataset("imdb")


def test_an_archive_that_is_none_is_refused(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(b"no archive")
    with pytest.raises(ConfigError, match=r"a\.tar\.gz.*cannot be read"):
        pack_imdb(tmp_path / "a.tar.gz", tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        pack_imdb(tmp_path / "absent.tar.gz", tmp_path)
    with pytest.raises(ConfigError, match="holds no files aclImdb/test"):
        pack_imdb(archive(tmp_path, {"aclImdb/train/pos/1_1.txt": "x"}), tmp_path)


def test_the_real_pair():
    entry = next(entry for entry in DATASETS if entry.name == "imdb")
    if not is_available(entry):
        pytest.skip("DECA10B_DATA holds no imdb")
    data = load_dataset("imdb")
    check_dataset(data)
    assert (len(data.x_train), len(data.x_test), data.x_train.n_features) == (25_000, 25_000, 1000)
    assert len(data.x_train.indices) / 25_000 == pytest.approx(94.6, abs=0.1)
    assert np.bincount(data.y_test).tolist() == [12_500, 12_500]
    assert data.vocabulary[:5] == ("<pad>", "<start>", "<oov>", "<unused>", "the")
    x, test = data.x_train.matrix(np.float64), data.x_test.matrix(np.float64)
    sums = np.array([x[data.y_train == label].sum(axis=0) for label in (0, 1)])
    weights = np.log((sums + 1) / (sums + 1).sum(axis=1, keepdims=True))
    assert np.mean((test @ weights.T).argmax(axis=1) == data.y_test) == pytest.approx(0.8322, abs=0.0005)
    centres = sums / 12_500
    nearest = (test @ centres.T - (centres**2).sum(axis=1) / 2).argmax(axis=1)
    assert np.mean(nearest == data.y_test) == pytest.approx(0.7446, abs=0.0005)
