"""`Dataset` refuses parts that do not fit together, and says which."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from sim.data import check_dataset, load_dataset
from sim.errors import ConfigError
from sim.features import Features


def rows(indptr, indices, n_features=3, dtype=np.int32):
    return Features(np.array(indptr, np.int64), np.array(indices, dtype), n_features)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"y_train": np.array([0, 1, 0])}, ["y_train", "(3,)", "(4,)"]),
        ({"y_train": np.array([0, 1, 0, 1], np.int32)}, ["y_train", "int32", "int64"]),
        ({"y_test": np.array([[0], [1]])}, ["y_test", "(2, 1)"]),
        ({"y_test": np.array([0, 2])}, ["y_test row 1 is 2", "0 to 1"]),
        ({"y_train": np.array([0, 1, -1, 1])}, ["y_train row 2 is -1"]),
        ({"y_train": np.zeros(4, np.int64)}, ["one class only", "'NO'"]),
        ({"classes": ("NO",)}, ["classes"]),
        ({"classes": ("NO", "NO")}, ["classes"]),
        ({"vocabulary": ("a", "b")}, ["vocabulary", "2 names for 3"]),
        ({"x_test": rows([0, 1, 2], [0, 1], 4)}, ["x_test has 4 features", "has 3"]),
        ({"x_test": rows([0, 1, 2], [0, 3])}, ["x_test", "span 0 to 3", "from 0 to 2"]),
        ({"x_test": rows([0, 1, 2], [0, -1])}, ["x_test", "span -1 to 0"]),
        ({"x_test": rows([0, 1, 2], [0, 1], dtype=np.int64)}, ["x_test", "int64", "int32"]),
        ({"x_test": rows([0, 2, 1], [0])}, ["indptr of x_test"]),
        ({"x_test": rows([0, 1, 1], [0, 1])}, ["indptr of x_test"]),
        ({"x_test": rows([0], []), "y_test": np.zeros(0, np.int64)}, ["y_test", "at least one row"]),
    ],
)
def test_parts_that_do_not_fit_are_named(make_dataset, fields, words):
    with pytest.raises(ConfigError) as caught:
        make_dataset(**fields)
    for word in ("'small'", *words):
        assert word in str(caught.value)


def test_rows_without_features_are_allowed(make_dataset):
    empty = rows([0, 0, 0], [])
    assert len(make_dataset(x_test=empty).x_test.row(1)) == 0


def test_text_is_loaded_at_the_first_use_and_once(make_dataset):
    calls = []

    def texts():
        calls.append(1)
        return ["a", "b", "c", "d"]

    data = make_dataset(texts=texts)
    assert calls == []
    assert [data.text(row) for row in range(4)] == ["a", "b", "c", "d"]
    assert calls == [1]


def test_text_is_empty_when_unknown_and_refuses_rows_that_are_not_there(make_dataset):
    assert make_dataset().text(3) == ""
    for row in (-1, 4):
        with pytest.raises(ConfigError, match=f"no training row {row}; choose 0 to 3"):
            make_dataset(texts=lambda: ["x"] * 4).text(row)
    with pytest.raises(ConfigError, match="2 texts"):
        make_dataset(texts=lambda: ["x"] * 2).text(0)


def test_a_dataset_travels_to_a_worker_process():
    data = load_dataset("subjectivity")
    copy = pickle.loads(pickle.dumps(data))
    assert copy.text(17) == data.text(17) != ""
    assert np.array_equal(copy.x_train.indices, data.x_train.indices)


def test_the_conformance_check_finds_what_construction_cannot(make_dataset):
    check_dataset(make_dataset(), make_dataset)
    with pytest.raises(ConfigError, match=r"row 1 of x_train is \[2, 0\].*ascending"):
        check_dataset(make_dataset(x_train=rows([0, 1, 3, 3, 3], [2, 2, 0])))
    train = make_dataset().x_train
    with pytest.raises(ConfigError, match="share memory"):
        check_dataset(make_dataset(x_train=train, x_test=train, y_test=np.array([0, 1, 0, 1])))
    with pytest.raises(ConfigError, match="synthetic"):
        check_dataset(make_dataset(synthetic=True))
    with pytest.raises(ConfigError, match="without text"):
        check_dataset(make_dataset(texts=lambda: ["a", "b", "", "d"]))


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "00"},
        {"y_test": np.array([0, 1])},
        {"x_train": rows([0, 1, 2, 2, 5], [0, 1, 0, 1, 2])},
        {"x_train": rows([0, 2, 3, 4, 6], [0, 2, 1, 0, 1, 2])},
    ],
)
def test_the_conformance_check_loads_again(make_dataset, change):
    with pytest.raises(ConfigError, match="differs when loaded again"):
        check_dataset(make_dataset(), lambda: make_dataset(**change))


def test_the_conformance_check_sees_labels_changed_after_construction(make_dataset):
    data = make_dataset()
    data.y_train[0] = 7
    with pytest.raises(ConfigError, match="y_train row 0 is 7"):
        check_dataset(data)


def test_counts_are_ascending_too(make_dataset):
    check_dataset(make_dataset(x_train=Features.from_dense(np.array([[2, 0, 3], [1, 1, 1], [0, 0, 9], [0, 0, 0]]))))
