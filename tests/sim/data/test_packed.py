"""The packed form read against its definition."""

from __future__ import annotations

import json
import os
import pickle
import time
import tracemalloc

import numpy as np
import pytest

from sim.data.packed import pack_bits, packed_dataset, read_packed, unpack_bits, write_packed
from sim.errors import ConfigError
from sim.features import Features


@pytest.mark.parametrize(
    ("n_rows", "n_features"), [(1, 1), (7, 3), (8, 2), (9, 1), (64, 64), (65, 33), (300, 5), (3, 1025)]
)
@pytest.mark.parametrize("density", [0.0, 0.2, 1.0])
def test_bits_become_the_rows_they_stand_for(n_rows, n_features, density):
    dense = np.random.default_rng([n_rows, n_features]).random((n_rows, n_features)) < density
    x = unpack_bits(np.packbits(dense.T, axis=1), n_rows)
    assert (len(x), x.n_features) == dense.shape
    assert x.indices.dtype == np.int32
    assert x.indptr.dtype == np.int64
    for row in range(n_rows):
        assert x.row(row).tolist() == np.flatnonzero(dense[row]).tolist()
    assert np.array_equal(pack_bits(x), np.packbits(dense.T, axis=1))


def test_bits_after_the_last_row_are_no_rows():
    x = unpack_bits(np.full((2, 2), 0xFF, np.uint8), 11)
    assert len(x) == 11
    assert x.indices.tolist() == [0, 1] * 11


def test_bits_of_more_rows_than_32_bit_keys_can_hold():
    n_rows, n_features = 70_000, 40_000
    bits = np.zeros((n_features, n_rows // 8), np.uint8)
    bits[n_features - 1, -1] = 1  # the last row
    bits[3, -1] = 1
    bits[7, 0] = 0x80  # the first row
    bits[9, 4463 // 8] = 0x80 >> 4463 % 8  # the row that the last one becomes when its key loses the 33rd bit
    x = unpack_bits(bits, n_rows)
    assert x.row(n_rows - 1).tolist() == [3, n_features - 1]
    assert x.row(4463).tolist() == [9]
    assert x.row(0).tolist() == [7]
    assert len(x.indices) == 4


def test_no_rows_give_an_empty_set():
    x = unpack_bits(np.zeros((5, 0), np.uint8), 0)
    assert (len(x), x.n_features, len(x.indices)) == (0, 5, 0)


def test_a_file_gives_features_labels_names(tmp_path, save_packed):
    x = np.array([[1, 0], [0, 1], [1, 1]])
    path = save_packed(tmp_path / "p.npz", x, [0, 1, 1], x[:1], [1], vocab=np.frombuffer("déjà\nvu".encode(), np.uint8))
    data = packed_dataset([path])
    assert data.name == "p"
    assert data.vocabulary == ("déjà", "vu")
    assert data.classes == ("NO", "YES")
    assert data.y_train.tolist() == [0, 1, 1]
    assert data.x_train.indices.tolist() == [0, 1, 0, 1]
    assert (data.licence, data.source) == ("MIT", "made here")
    assert len(data.sha256) == 64


def test_a_pair_of_files_is_one_set(tmp_path, save_packed):
    x = np.eye(2)
    none = np.zeros((0, 2))
    train = save_packed(tmp_path / "p-train.npz", x, [0, 1], none, [])
    test = save_packed(tmp_path / "p-test.npz", none, [], x[::-1], [1, 0])
    data = packed_dataset([train, test])
    assert data.x_test.indices.tolist() == [1, 0]
    assert data.sha256 == f"{read_packed(train).sha256} {read_packed(test).sha256}"
    with pytest.raises(ConfigError, match=r"y_test has no rows.*pair"):
        packed_dataset([train])
    other = save_packed(
        tmp_path / "q-test.npz", none, [], x, [1, 0], meta=np.frombuffer(b'{"classes": ["YES", "NO"]}', np.uint8)
    )
    with pytest.raises(ConfigError, match="differ"):
        packed_dataset([train, other])


def test_what_is_written_is_read(tmp_path):
    x = Features.from_dense(np.array([[1, 0, 2], [0, 1, 0]]))
    write_packed(tmp_path / "w.npz", (x, np.array([1, 0])), (x, np.array([0, 1])), {"name": "w"}, ["a", "b", "c"])
    data = packed_dataset([tmp_path / "w.npz"])
    assert data.x_train.indices.tolist() == [0, 2, 1]
    assert data.y_test.tolist() == [0, 1]
    assert (data.vocabulary, data.classes) == (("a", "b", "c"), ("0", "1"))


@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        ({"y_train": None}, "'y_train' is missing"),
        ({"meta": None}, "'meta' is missing"),
        ({"x_test_bits": None}, "'x_test_bits' is missing"),
        ({"x_train_bits": np.zeros((2, 9), np.uint8)}, r"x_train_bits is uint8 of shape \(2, 9\).*\(features, 1\)"),
        ({"x_train_bits": np.zeros((2, 1), np.int64)}, "x_train_bits is int64"),
        ({"x_train_bits": np.zeros(2, np.uint8)}, r"x_train_bits is uint8 of shape \(2,\)"),
        ({"x_test_bits": np.zeros((3, 1), np.uint8)}, "x_test has 3 features"),
        ({"y_train": np.array([0.0, 1.0, np.nan])}, "y_train is float64"),
        ({"y_train": np.array([0, 1, 2])}, "y_train row 2 is 2"),
        ({"y_train": np.array([1, 1, 1])}, "one class only"),
        ({"meta": np.frombuffer(b"{", np.uint8)}, "meta is no JSON"),
        ({"meta": np.frombuffer(b"[]", np.uint8)}, "meta must be a JSON object"),
        ({"meta": np.frombuffer(json.dumps({"classes": [1, 2]}).encode(), np.uint8)}, "meta must be"),
        ({"meta": np.frombuffer(b"\xff\xfe", np.uint8)}, "meta is not UTF-8"),
        ({"meta": np.zeros(3)}, "meta is float64"),
        ({"vocab": np.frombuffer(b"one", np.uint8)}, "vocabulary holds 1 names for 2"),
        ({"meta": np.array([{"a": 1}], dtype=object)}, "'meta' holds Python objects"),
    ],
)
def test_malformed_files_are_refused_by_field(tmp_path, save_packed, replaced, words):
    x = np.array([[1, 0], [0, 1], [1, 1]])
    path = save_packed(tmp_path / "bad.npz", x, [0, 1, 1], x, [0, 1, 1], **replaced)
    with pytest.raises(ConfigError, match=words):
        packed_dataset([path])


class Explosive:
    """An object whose unpickling would be noticed."""

    def __reduce__(self):
        return (os.mkdir, ("exploded",))


def test_a_pickle_is_never_loaded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain.npz").write_bytes(pickle.dumps(Explosive()))
    np.savez(tmp_path / "inside.npz", meta=np.array([Explosive()], dtype=object), allow_pickle=True)
    for name in ("plain.npz", "inside.npz"):
        with pytest.raises(ConfigError, match=r"pickle|Python objects"):
            read_packed(tmp_path / name)
    assert not (tmp_path / "exploded").exists()


def test_a_file_of_the_imdb_size_is_quick_and_small(tmp_path):
    generator = np.random.default_rng(5)
    bits = np.packbits(generator.random((1000, 25_000)) < 0.0946, axis=1)
    tracemalloc.start()
    unpack_bits(bits, 25_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    seconds = []
    for _ in range(3):
        start = time.process_time()
        unpack_bits(bits, 25_000)
        seconds.append(time.process_time() - start)
    assert peak < 40e6
    assert min(seconds) < 0.4  # 0.05 on a quiet machine; the dense way takes several times that
