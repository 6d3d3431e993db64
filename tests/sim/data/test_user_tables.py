"""Texts in a user's table, Parquet in place of CSV, and the options of both."""

from __future__ import annotations

import csv
import pickle

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from sim.data import check_dataset, load_dataset
from sim.data.text import BagOfWords
from sim.errors import ConfigError

TEXTS = [f"{['the', 'a'][i % 2]} film number {i % 7} was {['good', 'bad', 'dull'][i % 3]}" for i in range(30)]
LABELS = [["pos", "neg", "neg"][i % 3] for i in range(30)]


def write_csv(path, columns):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return str(path)


def same(one, other):
    for part in ("train", "test"):
        x, z = getattr(one, f"x_{part}"), getattr(other, f"x_{part}")
        assert (x.indices.tolist(), x.indptr.tolist()) == (z.indices.tolist(), z.indptr.tolist())
        assert getattr(one, f"y_{part}").tolist() == getattr(other, f"y_{part}").tolist()
    assert (one.vocabulary, one.classes) == (other.vocabulary, other.classes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, BagOfWords()),
        ({"top": 3, "counts": True}, BagOfWords(top=3, counts=True)),
        (
            {"ngram": 2, "hashed": True, "splitter": "scikit-learn"},
            BagOfWords(ngram=2, hashed=True, words="scikit-learn"),
        ),
    ],
)
def test_a_column_of_texts_becomes_words(tmp_path, options, words):
    path = write_csv(tmp_path / "t.csv", {"id": range(30), "text": TEXTS, "label": LABELS})
    data = load_dataset(path, **options)
    check_dataset(data, lambda: load_dataset(path, **options))
    order = np.random.RandomState(2).permutation(30)
    x_train, x_test, names = words.features([TEXTS[i] for i in order[:21]], [TEXTS[i] for i in order[21:]])
    assert data.vocabulary == names
    assert data.x_train.indices.tolist() == x_train.indices.tolist()
    assert data.x_test.indices.tolist() == x_test.indices.tolist()
    assert [data.classes[label] for label in data.y_test] == [LABELS[i] for i in order[21:]]
    assert "'text'" in data.featurisation


def test_columns_may_have_other_names(tmp_path):
    usual = write_csv(tmp_path / "t.csv", {"text": TEXTS, "label": LABELS})
    other = write_csv(tmp_path / "u.csv", {"review": TEXTS, "kind": LABELS})
    same(load_dataset(other, text="review", label="kind"), load_dataset(usual))
    with pytest.raises(ConfigError, match="no column 'reviews' among 'review', 'kind'"):
        load_dataset(other, text="reviews", label="kind")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ngram": 3}, "option ngram is 3; allowed is 1 or 2"),
        ({"top": 0}, "option top is 0; allowed is 1 to 100000"),
        ({"top": True}, "option top is True"),
        ({"counts": "yes"}, "option counts is 'yes'; allowed is true or false"),
        ({"splitter": "spacy"}, "option splitter is 'spacy'; allowed is keras or scikit-learn"),
        ({"label": ""}, "option label is ''"),
        ({"words": 3}, "no option 'words'; allowed: label, text, top, ngram, counts, hashed, splitter"),
    ],
)
def test_options_out_of_range_are_refused(tmp_path, options, words):
    path = write_csv(tmp_path / "t.csv", {"text": TEXTS, "label": LABELS})
    with pytest.raises(ConfigError, match=words):
        load_dataset(path, **options)


def test_options_of_texts_are_refused_where_there_are_none(tmp_path):
    path = write_csv(tmp_path / "t.csv", {"size": range(30), "label": LABELS})
    with pytest.raises(ConfigError, match="option ngram is for texts, and no column is named 'text'"):
        load_dataset(path, ngram=2)


COLUMNS = {
    "size": [i * 0.1 + 1 / 3 for i in range(30)],
    "flag": [i % 2 == 0 for i in range(30)],
    "count": list(range(30)),
    "colour": [["red", "green"][i % 2] for i in range(30)],
    "label": LABELS,
}


def test_parquet_is_the_same_as_csv(tmp_path):
    parquet.write_table(pa.table(COLUMNS), tmp_path / "t.parquet")
    from_csv = load_dataset(write_csv(tmp_path / "t.csv", COLUMNS | {"flag": [int(bit) for bit in COLUMNS["flag"]]}))
    path = str(tmp_path / "t.parquet")
    data = load_dataset(path)
    check_dataset(data, lambda: load_dataset(path))
    same(data, from_csv)
    coded = COLUMNS | {
        "colour": pa.array(COLUMNS["colour"]).dictionary_encode(),
        "count": pa.array(range(30), pa.int8()),
    }
    parquet.write_table(pa.table(coded), tmp_path / "t.parquet")
    same(load_dataset(path), from_csv)
    parquet.write_table(pa.table({"text": TEXTS, "label": LABELS}), tmp_path / "words.parquet")
    texts = load_dataset(write_csv(tmp_path / "words.csv", {"text": TEXTS, "label": LABELS}))
    same(load_dataset(str(tmp_path / "words.parquet")), texts)


@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        ({"size": [None, *COLUMNS["size"][1:]]}, "row 0, column 'size': '' is no finite number"),
        ({"size": [float("nan"), *COLUMNS["size"][1:]]}, "row 0, column 'size': 'nan' is no finite number"),
        ({"label": [*LABELS[:4], None, *LABELS[5:]]}, "row 4, column 'label': '' is no class"),
        ({"size": [[1, 2]] * 30}, "column 'size' holds list<.*>; allowed are numbers, truth values and strings"),
        ({"size": [b"x"] * 30}, "column 'size' holds binary"),
    ],
)
def test_wrong_columns_of_a_parquet_file_are_named(tmp_path, replaced, words):
    parquet.write_table(pa.table(COLUMNS | replaced), tmp_path / "t.parquet")
    with pytest.raises(ConfigError, match=words):
        load_dataset(str(tmp_path / "t.parquet"))


def test_files_that_are_no_parquet_are_refused(tmp_path):
    parquet.write_table(pa.table(COLUMNS), tmp_path / "whole.parquet")
    whole = (tmp_path / "whole.parquet").read_bytes()
    contents = {
        "text": b"a,label\n1,x\n", "cut": whole[: len(whole) // 2], "pickle": pickle.dumps(COLUMNS), "empty": b"",
        "flipped": whole[:40] + bytes(40) + whole[80:],
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / f"{name}.parquet").write_bytes(content)
        with pytest.raises(ConfigError, match=r"is no Parquet file that can be read|is empty"):
            load_dataset(str(tmp_path / f"{name}.parquet"))
    parquet.write_table(pa.table({"a": pa.array([], pa.int8()), "label": pa.array([], pa.string())}),
                        tmp_path / "none.parquet")  # fmt: skip
    with pytest.raises(ConfigError, match="has no rows of data"):
        load_dataset(str(tmp_path / "none.parquet"))
    with pytest.raises(ConfigError, match="no data file"):
        load_dataset(str(tmp_path / "absent.parquet"))


def test_what_is_too_large_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.data.files.LARGEST_FILE", 1_000)
    (tmp_path / "big.csv").write_text("a,label\n" + "1,x\n0,y\n" * 200)
    with pytest.raises(ConfigError, match="has 1608 bytes; at most 1000 can be read"):
        load_dataset(str(tmp_path / "big.csv"))
    np.savez_compressed(tmp_path / "bomb.npz", x_train=np.zeros((100, 100)))
    assert (tmp_path / "bomb.npz").stat().st_size < 1_000
    with pytest.raises(ConfigError, match=r"unpacks to 80\d\d\d bytes; at most 1000"):
        load_dataset(str(tmp_path / "bomb.npz"))
    monkeypatch.undo()
    monkeypatch.setattr("sim.data.parquet.MOST_CELLS", 100)
    monkeypatch.setattr("sim.data.csv_file.MOST_CELLS", 100)
    parquet.write_table(pa.table(COLUMNS), tmp_path / "t.parquet")
    for path in (str(tmp_path / "t.parquet"), write_csv(tmp_path / "t.csv", COLUMNS)):
        with pytest.raises(ConfigError, match="has 150 cells; at most 100"):
            load_dataset(path)
