"""A user's .npz with dense arrays."""

from __future__ import annotations

import numpy as np
import pytest

from sim.data import check_dataset, load_dataset
from sim.errors import ConfigError

GOOD = {
    "x_train": np.array([[1, 0, 3], [0, 1, 0], [0, 0, 0]]),
    "y_train": np.array([1, -1, 1]),
    "x_test": np.array([[0, 2, 0]]),
    "y_test": np.array([-1]),
}


def save(tmp_path, **replaced):
    path = tmp_path / "own.npz"
    np.savez(path, **{name: array for name, array in (GOOD | replaced).items() if array is not None})
    return str(path)


def test_counts_and_labels(tmp_path):
    path = save(tmp_path)
    data = load_dataset(path)
    assert [data.x_train.row(i).tolist() for i in range(3)] == [[0, 2, 2, 2], [1], []]
    assert data.x_test.row(0).tolist() == [1, 1]
    assert data.classes == ("-1", "1")
    assert (data.y_train.tolist(), data.y_test.tolist()) == ([1, 0, 1], [0])
    assert len(data.sha256) == 64
    check_dataset(data, lambda: load_dataset(path))


@pytest.mark.parametrize(
    ("train", "test", "classes"),
    [
        (np.array(["b", "a", "b"]), np.array(["a"]), ("a", "b")),
        (np.array([1.0, 0.0, 1.0]), np.array([0]), ("0", "1")),
        (np.array([True, False, True]), np.array([False]), ("0", "1")),
        (np.array([2, 11, 2], np.uint8), np.array([3]), ("2", "3", "11")),
    ],
)
def test_labels_keep_their_names(tmp_path, train, test, classes):
    data = load_dataset(save(tmp_path, y_train=train, y_test=test))
    assert data.classes == classes
    assert [data.classes[label] for label in data.y_test] == [str(int(y)) if y.dtype != "U1" else str(y) for y in test]


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32])
def test_any_kind_of_number_will_do(tmp_path, kind):
    data = load_dataset(save(tmp_path, x_train=np.eye(3).astype(kind)))
    assert data.x_train.indices.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        ({"y_test": None}, "'y_test' is missing among x_test, x_train, y_train"),
        ({"x_train": np.array([[1, 0, np.nan], [0, 1, 0], [0, 0, 0]])}, "x_train row 0, column 2 is nan"),
        ({"x_train": np.array([[1, 0, 0.5], [0, 1, 0], [0, 0, 0]])}, "x_train row 0, column 2 is 0.5"),
        ({"x_train": np.array([[1, 0, 0], [0, -1, 0], [0, 0, 0]])}, "x_train row 1, column 1 is -1"),
        ({"x_train": np.array([[1, 0, 0], [0, 1001, 0], [0, 0, 0]])}, "1001; allowed is 0/1 or a count up to 1000"),
        ({"x_train": np.zeros((2, 3))}, r"x_train is float64 of shape \(2, 3\); allowed .* \(3, 3\)"),
        ({"x_train": np.zeros(3)}, r"x_train is float64 of shape \(3,\)"),
        ({"x_train": np.zeros((3, 0)), "x_test": np.zeros((1, 0))}, r"shape \(3, 0\)"),
        ({"x_test": np.zeros((1, 4))}, r"x_test is float64 of shape \(1, 4\); allowed .* \(1, 3\)"),
        ({"x_test": np.array([["a", "b", "c"]])}, "x_test is <U1"),
        ({"y_train": np.array([1, 1, 1]), "y_test": np.array([1])}, "one class only, '1'"),
        ({"y_train": np.array([1, 1, 1])}, "one class only"),
        ({"y_train": np.array([[1], [0], [1]])}, r"y_train is int64 of shape \(3, 1\)"),
        ({"y_train": np.array([1, 0, np.nan])}, "y_train is float64.*without NaN"),
        ({"y_test": np.array([0.5])}, "y_test is float64"),
        ({"y_train": np.array(["a", None, "b"], dtype=object)}, "'y_train' holds Python objects"),
    ],
)
def test_malformed_arrays_are_refused_by_field(tmp_path, replaced, words):
    with pytest.raises(ConfigError, match=words) as caught:
        load_dataset(save(tmp_path, **replaced))
    assert "own.npz" in str(caught.value) or "'own'" in str(caught.value)


def test_files_that_are_no_npz_are_refused(tmp_path):
    np.save(tmp_path / "single.npy", np.zeros(3))
    (tmp_path / "single.npy").rename(tmp_path / "single.npz")
    whole = (tmp_path / save(tmp_path)).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    flipped = bytearray(whole)
    flipped[150] ^= 0xFF
    (tmp_path / "flipped.npz").write_bytes(bytes(flipped))
    (tmp_path / "empty.npz").write_bytes(b"")
    for name, words in (
        ("single", "a single array"), ("cut", "damaged"), ("flipped", "damaged"), ("empty", "is empty"),
        ("absent", "no data file"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=words):
            load_dataset(str(tmp_path / f"{name}.npz"))


def test_a_packed_file_is_recognised_by_its_path(tmp_path, save_packed):
    x = np.eye(3)
    data = load_dataset(str(save_packed(tmp_path / "p.npz", x, [0, 1, 0], x, [1, 1, 0])))
    assert data.x_train.indices.tolist() == [0, 1, 2]
    half = save_packed(tmp_path / "p-train.npz", x, [0, 1, 0], np.zeros((0, 3)), [])
    with pytest.raises(ConfigError, match="y_test has no rows"):
        load_dataset(str(half))


SPARSE = {
    "x_train_indptr": np.array([0, 2, 3, 3]),
    "x_train_indices": np.array([2, 0, 1]),
    "x_train_data": np.array([3, 1, 1]),
    "y_train": np.array([1, -1, 1]),
    "x_test_indptr": np.array([0, 1]),
    "x_test_indices": np.array([1]),
    "x_test_data": np.array([2]),
    "y_test": np.array([-1]),
}


def save_sparse(tmp_path, **replaced):
    path = tmp_path / "own.npz"
    np.savez(path, **{name: array for name, array in (SPARSE | replaced).items() if array is not None})
    return str(path)


def test_compressed_rows_are_the_same_as_a_matrix(tmp_path):
    dense = load_dataset(save(tmp_path))
    path = save_sparse(tmp_path)
    data = load_dataset(path)
    check_dataset(data, lambda: load_dataset(path))
    for x, z in ((data.x_train, dense.x_train), (data.x_test, dense.x_test)):
        assert (x.n_features, x.indices.tolist(), x.indptr.tolist()) == (3, z.indices.tolist(), z.indptr.tolist())
    presence = load_dataset(save_sparse(tmp_path, x_train_data=None, x_test_data=None, n_features=np.array(9)))
    assert (presence.x_train.indices.tolist(), presence.x_train.n_features) == ([0, 2, 1], 9)
    assert presence.x_test.n_features == 9


@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        ({"x_test_indptr": None}, "'x_test_indptr' is missing"),
        ({"x_train_indptr": np.array([0, 2, 3])}, "x_train_indptr must be 4 numbers"),
        ({"x_train_indptr": np.array([0, 3, 2, 3])}, "rising from 0 to 3"),
        ({"x_train_indptr": np.array([0, 2, 3, 4])}, "x_train_indptr must be"),
        ({"x_train_indices": np.array([2, -1, 1])}, "x_train_indices span -1 to 2"),
        ({"n_features": np.array([2])}, "x_train_indices span 0 to 2; allowed is 0 to 1"),
        ({"n_features": np.array([10**9])}, "1000000000 features"),
        ({"x_train_indices": np.array([2, 0, 10**12])}, "features; allowed is one number from 1 to 1000000"),
        ({"x_train_data": np.array([1, 2])}, "x_train_data must be 3 counts"),
        ({"x_train_data": np.array([1, 2, -1])}, "from 0 to 1000"),
        ({"x_train_data": np.array([1, 2, 10**6])}, "from 0 to 1000"),
        ({"x_train_data": np.array([1, 2, 0.5])}, "x_train_data is float64"),
        ({"x_train_data": np.array([1, 2, np.nan])}, "x_train_data is float64"),
        ({"x_train_indices": np.array([[2, 0, 1]])}, r"shape \(1, 3\)"),
        ({"x_train_indices": np.array([2, "0", 1], object)}, "Python objects"),
    ],
)
def test_malformed_compressed_rows_are_refused_by_field(tmp_path, replaced, words):
    with pytest.raises(ConfigError, match=words):
        load_dataset(save_sparse(tmp_path, **replaced))
