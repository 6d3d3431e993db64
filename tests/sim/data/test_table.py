"""A user's CSV: what columns become, and what is said of a bad one."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from sim.data import check_dataset, load_dataset
from sim.errors import ConfigError


def write(tmp_path, text, name="mine.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def table(n=40, label=lambda i: "spam" if i % 3 else "ham"):
    return "flag,size,colour,label\n" + "".join(
        f"{i % 2},{i * 1.5},{['red', 'green', 'blue'][i % 3]},{label(i)}\n" for i in range(n)
    )


def dense(features):
    return features.matrix(np.int64).toarray()


def test_columns_become_bits(tmp_path):
    path = write(tmp_path, table())
    data = load_dataset(str(path))
    order = np.random.RandomState(2).permutation(40)
    train, test = order[:28], order[28:]
    median = np.median(train * 1.5)
    assert data.vocabulary == (
        "flag", f"size>{median:g}", f"size<={median:g}", "colour=blue", "colour=green", "colour=red",
    )  # fmt: skip
    assert data.classes == ("ham", "spam")
    for rows, x, y in ((train, data.x_train, data.y_train), (test, data.x_test, data.y_test)):
        assert y.tolist() == [int(i % 3 > 0) for i in rows]
        bits = dense(x)
        assert bits[:, 0].tolist() == [i % 2 for i in rows]
        assert bits[:, 1].tolist() == [int(i * 1.5 > median) for i in rows]
        assert np.all(bits[:, 1] + bits[:, 2] == 1)
        assert bits[:, 3:].tolist() == [[int(i % 3 == c) for c in (2, 1, 0)] for i in rows]
    assert data.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert data.name == "mine"
    check_dataset(data, lambda: load_dataset(str(path)))


def test_the_median_is_that_of_the_training_rows_only(tmp_path):
    order = np.random.RandomState(2).permutation(20)
    values = np.zeros(20)
    values[order[:14]] = np.arange(14)
    plain = load_dataset(str(write(tmp_path, "v,label\n" + "".join(f"{v},{i % 2}\n" for i, v in enumerate(values)))))
    values[order[14:]] = 1e6
    moved = load_dataset(str(write(tmp_path, "v,label\n" + "".join(f"{v},{i % 2}\n" for i, v in enumerate(values)))))
    assert plain.vocabulary == moved.vocabulary == ("v>6.5", "v<=6.5")
    assert dense(plain.x_train).tolist() == dense(moved.x_train).tolist()


def test_a_word_seen_only_in_the_test_rows_is_no_feature(tmp_path):
    order = np.random.RandomState(2).permutation(20)
    words = ["common"] * 20
    words[order[-1]] = "rare"
    data = load_dataset(str(write(tmp_path, "w,label\n" + "".join(f"{w},{i % 2}\n" for i, w in enumerate(words)))))
    assert data.vocabulary == ("w=common",)
    assert dense(data.x_test)[-1].tolist() == [0]


def test_numeric_class_names_are_in_numeric_order(tmp_path):
    data = load_dataset(str(write(tmp_path, table(label=lambda i: [10, 9, -1][i % 3]))))
    assert data.classes == ("-1", "9", "10")


def test_a_byte_order_mark_quotes_blank_lines_and_windows_line_ends_are_fine(tmp_path):
    text = "\ufeff" + table().replace("red", '"red, dark"').replace("\n", "\r\n\r\n")
    data = load_dataset(str(write(tmp_path, text)))
    assert len(data.x_train) + len(data.x_test) == 40
    assert "colour=red, dark" in data.vocabulary


GOOD = "a,label\n" + "1,x\n0,y\n" * 10


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["mine.csv", "is empty"]),
        ("\n\n", ["no rows of data"]),
        ("a,label\n", ["no rows of data"]),
        ("a,label\n1,x\n", ["column 'label'", "1 class"]),
        ("a,b\n1,2\n", ["no column 'label'", "'a', 'b'"]),
        ("a;label\n1;x\n", ["no column 'label'", "commas"]),
        ("label\nx\ny\n", ["no column beside 'label'"]),
        ("a,a,label\n1,2,x\n", ["column 2 'a' is named twice"]),
        (",a,label\n1,2,x\n", ["column 1 '' has no name"]),
        (GOOD + "1,x,3\n", ["line 22 has 3 cells", "2 columns"]),
        (GOOD + "1\n", ["line 22 has 1 cells"]),
        (GOOD + "NaN,x\n", ["line 22", "'a'", "'NaN'", "finite"]),
        (GOOD + "inf,x\n", ["line 22", "'inf'"]),
        (GOOD + ",x\n", ["line 22", "'a'", "''"]),
        (GOOD + "NA,x\n", ["line 22", "'NA'"]),
        (GOOD + "1,\n", ["line 22", "'label'", "no class"]),
        (GOOD + "1,nan\n", ["line 22", "'nan'", "no class"]),
        ("a,label\n" + "1,x\n" * 10, ["1 class(es) ('x')", "2 to 100"]),
        ("a,label\n" + "".join(f"1,{i / 7}\n" for i in range(101)), ["101 class(es)"]),
        ("a,label\n" + "".join(f"id{i},{i % 2}\n" for i in range(2000)), ["column 'a' holds 1400 different words"]),
        (GOOD.encode() + b"\xff,x\n", ["line 22 is not UTF-8"]),
        (GOOD + '"1,x\n', ["line 22 is no CSV"]),
        ("a,label\n1,x\n0,y\n", ["one class only"]),
    ],
)
def test_malformed_files_are_refused_with_line_and_column(tmp_path, text, words):
    with pytest.raises(ConfigError) as caught:
        load_dataset(str(write(tmp_path, text)))
    message = str(caught.value)
    for word in words:
        assert word in message
    assert "\n" not in message


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"no data file .*none\.csv"):
        load_dataset(str(tmp_path / "none.csv"))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_dataset(str(tmp_path / "folder.csv"))
