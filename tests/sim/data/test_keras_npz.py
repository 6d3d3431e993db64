"""Keras' imdb.npz: read as Keras reads it, without running the pickle in it."""

from __future__ import annotations

import io
import os
import pickle
import zipfile

import numpy as np
import pytest

from sim.data import DATASETS, check_dataset, is_available, load_dataset
from sim.data.keras_npz import lists_of
from sim.errors import ConfigError


def objects(lists):
    array = np.empty(len(lists), object)
    array[:] = lists
    return array


def reviews(seed, n=40):
    draw = np.random.default_rng(seed)
    return [draw.zipf(1.3, int(draw.integers(1, 60))).clip(1, 88_000).tolist() for _ in range(n)]


@pytest.fixture
def keras_file(tmp_path, monkeypatch):
    """Write ``imdb/imdb.npz`` as Keras' file is: two object arrays of lists, two arrays of labels."""
    monkeypatch.setenv("DECA10B_DATA", str(tmp_path))

    def save(**replaced):
        arrays = {
            "x_train": objects(reviews(1)),
            "y_train": np.arange(40) % 2,
            "x_test": objects(reviews(2)),
            "y_test": np.arange(40) // 20,
        } | replaced
        (tmp_path / "imdb").mkdir(exist_ok=True)
        np.savez(tmp_path / "imdb" / "imdb.npz", **arrays)
        return arrays

    return save


def test_features_are_what_keras_gives(keras_file):
    arrays = keras_file()
    data = load_dataset("imdb")
    check_dataset(data, lambda: load_dataset("imdb"))
    assert is_available(next(entry for entry in DATASETS if entry.name == "imdb"))
    shuffle = np.random.RandomState(113)
    for part, x, y in (("train", data.x_train, data.y_train), ("test", data.x_test, data.y_test)):
        order = np.arange(40)
        shuffle.shuffle(order)
        assert y.tolist() == arrays[f"y_{part}"][order].tolist()
        for row, source in enumerate(order):
            words = [1] + [rank + 3 for rank in arrays[f"x_{part}"][source]]
            assert x.row(row).tolist() == sorted({word if word < 1000 else 2 for word in words})


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_way_numpy_wrote_such_arrays_is_read(protocol):
    lists = [*reviews(3), [], [5], [1] * 1001, [2**31 - 1]]
    stream = io.BytesIO()
    header = {"descr": "|O", "fortran_order": False, "shape": (len(lists),)}
    np.lib.format.write_array_header_1_0(stream, header)
    pickle.dump(objects(lists), stream, protocol=protocol)
    assert [ranks.tolist() for ranks in lists_of(stream.getvalue())] == lists


class Explosive:
    """An object whose unpickling would be noticed."""

    def __reduce__(self):
        return (os.mkdir, ("exploded",))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("place", ["review", "array", "alone"])
def test_a_pickle_that_would_do_something_is_refused_and_does_nothing(
    tmp_path, monkeypatch, keras_file, protocol, place
):
    monkeypatch.chdir(tmp_path)
    keras_file()
    content = {"review": objects([[1], [Explosive()]]), "array": objects([[1], Explosive()]), "alone": Explosive()}
    stream = io.BytesIO()
    header = {"descr": "|O", "fortran_order": False, "shape": (2,)}
    np.lib.format.write_array_header_1_0(stream, header)
    pickle.dump(content[place], stream, protocol=protocol)
    path = tmp_path / "imdb" / "imdb.npz"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, member in (members | {"x_train.npy": stream.getvalue()}).items():
            archive.writestr(name, member)
    with pytest.raises(
        ConfigError, match=r"not Keras' imdb.npz .*names 'posix mkdir'|not Keras' imdb.npz .*names 'nt mkdir'"
    ):
        load_dataset("imdb")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        ({"y_train": np.arange(39) % 2}, "x_train has 40 reviews for 39 labels"),
        ({"y_test": np.zeros(40)}, "labels are float64"),
        ({"x_test": np.eye(3)}, "reviews are float64"),
        ({"x_train": objects([[1], ["word"]])}, "no word rank"),
        ({"x_train": objects([[1], [2.5]])}, "no business"),
        ({"x_train": objects([[1], {2: 3}])}, "no business"),
    ],
)
def test_other_files_are_refused(keras_file, replaced, words):
    keras_file(**replaced)
    with pytest.raises(ConfigError, match=words):
        load_dataset("imdb")


def test_a_file_that_is_cut_is_refused(tmp_path, keras_file):
    keras_file()
    path = tmp_path / "imdb" / "imdb.npz"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for keep in (130, 200, 400):
        with zipfile.ZipFile(path, "w") as archive:
            for name, member in members.items():
                archive.writestr(name, member[:keep] if name == "x_train.npy" else member)
        with pytest.raises(ConfigError, match=r"not Keras' imdb\.npz"):
            load_dataset("imdb")
