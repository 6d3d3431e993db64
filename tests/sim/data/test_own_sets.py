"""The papers' sets as their authors publish them: small files of the same form, and what each must become."""

from __future__ import annotations

import ast
import csv
import itertools
import json
import os
import random

import numpy as np
import pytest

from sim.data import DATASETS, check_dataset, is_available, load_dataset
from sim.data.news import constant_shuffle
from sim.errors import ConfigError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DECA10B_DATA", str(tmp_path))
    return tmp_path


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def write_csv(folder, name, header, rows):
    path = write(folder, name, "")
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def loads(name):
    entry = next(entry for entry in DATASETS if entry.name == name)
    assert is_available(entry)
    data = load_dataset(name)
    check_dataset(data, lambda: load_dataset(name))
    assert (data.name, data.title, data.licence, data.classes) == (name, entry.title, entry.licence, entry.classes)
    assert data.x_train.n_features == entry.n_features or name == "news"
    assert len(data.sha256) == 64
    return data


def dense(features):
    return features.matrix(np.int64).toarray()


def test_spambase(folder):
    draw = np.random.default_rng(0)
    rows = np.round(draw.random((90, 58)) * (draw.random((90, 58)) < 0.4), 3)
    rows[:, 54:57] = draw.integers(1, 50, (90, 3))
    rows[:, 57] = np.arange(90) % 2
    write(folder, "spambase/spambase.data", "".join(",".join(f"{x:g}" for x in row) + "\n" for row in rows))
    data = loads("spambase")
    order = np.random.RandomState(2).permutation(90)
    train, test = order[:62], order[62:]  # int(.7 * 90) is 62: .7 is a little less than 7/10
    lengths = np.median(rows[train, 54:57], axis=0)
    for part, x, y in ((train, data.x_train, data.y_train), (test, data.x_test, data.y_test)):
        assert y.tolist() == (part % 2).tolist()
        bits = np.concatenate([rows[part, :54] > 0, rows[part, 54:57] > lengths], axis=1)
        assert dense(x).tolist() == bits.astype(int).tolist()


GOOD_LINE = ",".join(["0"] * 57 + ["1"]) + "\n" + ",".join(["1"] * 57 + ["0"]) + "\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1,2,3", "line 3 is '1,2,3'; allowed are 58 numbers"),
        (",".join(["0"] * 57 + ["2"]), "the last one 0 or 1"),
        (",".join(["nan"] + ["0"] * 57), "line 3"),
        (",".join(["-1"] + ["0"] * 57), "0 or more"),
        (",".join(["x"] + ["0"] * 57), "line 3"),
    ],
)
def test_a_wrong_line_of_spambase_is_named(folder, line, words):
    write(folder, "spambase.data", GOOD_LINE + line + "\n")
    with pytest.raises(ConfigError, match=words):
        load_dataset("spambase")


TITANIC = [
    "PassengerId", "Survived", "Pclass", "Name", "Sex", "Age", "SibSp", "Parch", "Ticket", "Fare", "Cabin", "Embarked",
]  # fmt: skip
PASSENGERS = [
    # survived, class, name, sex, siblings, parents -> title
    (0, 3, "Braund, Mr. Owen Harris", "male", 1, 0, 0),
    (1, 1, "Cumings, Mrs. John Bradley (Florence Briggs Thayer)", "female", 1, 0, 1),
    (1, 3, "Heikkinen, Miss. Laina", "female", 0, 0, 2),
    (0, 3, "Palsson, Master. Gosta Leonard", "male", 3, 1, 3),
    (0, 1, "Minahan, Dr. William Edward", "male", 2, 0, 0),
    (1, 1, "Leader, Dr. Alice (Farnham)", "female", 0, 0, 1),
    (1, 1, "Rothes, the Countess. of (Lucy Noel Martha Dyer-Edwards)", "female", 0, 0, 1),
    (0, 1, "Reuchlin, Jonkheer. John George", "male", 0, 0, 0),
    (1, 2, "Reynaldo, Ms. Encarnacion", "female", 0, 0, 2),
    (0, 2, "Byles, Rev. Thomas Roussel Davids", "male", 0, 0, 0),
]


def titanic_rows(passengers):
    return [
        (i, survived, pclass, name, sex, "", siblings, parents, "A/5", 7.25, "", "S")
        for i, (survived, pclass, name, sex, siblings, parents, _) in enumerate(passengers)
    ]


def test_titanic(folder):
    write_csv(folder, "titanic/train.csv", TITANIC, titanic_rows(PASSENGERS))
    data = loads("titanic")
    order = np.random.RandomState(231).permutation(10)
    rows = np.concatenate([dense(data.x_train), dense(data.x_test)])
    labels = np.concatenate([data.y_train, data.y_test])
    assert len(data.y_train) == 7
    for row, label, i in zip(rows.tolist(), labels.tolist(), order.tolist(), strict=True):
        survived, pclass, _, sex, siblings, parents, title = PASSENGERS[i]
        assert (row, label) == ([pclass, int(sex == "female"), title, siblings + parents], survived)


KAGGLES_TITANIC = '''PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked
1,0,3,"Braund, Mr. Owen Harris",male,22,1,0,A/5 21171,7.25,,S
2,1,1,"Cumings, Mrs. John Bradley (Florence Briggs Thayer)",female,38,1,0,PC 17599,71.2833,C85,C
6,0,3,"Moran, Mr. James",male,,0,0,330877,8.4583,,Q
29,1,3,"O'Dwyer, Miss. Ellen ""Nellie""",female,,0,0,330959,7.8792,,Q
557,1,1,"Duff Gordon, Lady. (Lucille Christiana Sutherland) (""Mrs Morgan"")",female,48,1,0,11755,39.6,A16,C
760,1,1,"Rothes, the Countess. of (Lucy Noel Martha Dyer-Edwards)",female,33,0,0,110152,86.5,B77,S
'''


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_titanic_as_kaggle_writes_it(folder, ends):
    """Doubled quotes in quoted names, no age, cabins of several words, lines that end as on Windows."""
    write(folder, "titanic/train.csv", KAGGLES_TITANIC.replace("\n", ends))
    data = load_dataset("titanic")
    rows = [*dense(data.x_train).tolist(), *dense(data.x_test).tolist()]
    in_file = [[3, 0, 0, 1], [1, 1, 1, 1], [3, 0, 0, 0], [3, 1, 2, 0], [1, 1, 1, 1], [1, 1, 1, 0]]
    assert rows == [in_file[i] for i in np.random.RandomState(231).permutation(6)]


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (2, "first", "line 2, column 'Pclass': 'first' is no whole number from 1 to 3"),
        (2, "nan", "column 'Pclass'"),
        (1, "2", "column 'Survived': '2'"),
        (3, "Owen Harris", "column 'Name': 'Owen Harris' holds no title"),
        (4, "", "column 'Sex': '' is neither male nor female"),
        (6, "-1", "column 'SibSp'"),
    ],
)
def test_a_wrong_passenger_is_named(folder, place, value, words):
    rows = [list(row) for row in titanic_rows(PASSENGERS)]
    rows[0][place] = value
    write_csv(folder, "titanic/train.csv", TITANIC, rows)
    with pytest.raises(ConfigError, match=words):
        load_dataset("titanic")


def test_another_competitions_file_is_refused(folder):
    write_csv(folder, "titanic/train.csv", ["id", "text", "label"], [(1, "a", 0), (2, "b", 1)])
    with pytest.raises(ConfigError, match="there is no column 'Survived' among 'id', 'text', 'label'"):
        load_dataset("titanic")


def test_news(folder):
    draw = random.Random(3)
    words = ["the", "of", "Trump", "said", "it's", "a", "news"]
    articles = [" ".join(draw.choices(words, k=30)) for _ in range(40)]
    articles[3] = " "  # kept, as the reference keeps it
    articles[7], articles[20] = "", "x" * 200_000 + " said the news"  # without text; longer than csv reads by default
    write_csv(folder, "news/train.csv", ["id", "title", "author", "text", "label"],
              [(i, "t", "", text, i % 2) for i, text in enumerate(articles)])  # fmt: skip
    data = loads("news")
    kept = [i for i in range(40) if i != 7]
    order = [kept[place] for place in constant_shuffle(39)]
    assert data.y_train.tolist() == [i % 2 for i in order[:27]]
    assert data.y_test.tolist() == [i % 2 for i in order[27:]]
    assert "the of" in data.vocabulary
    assert not any(name.startswith("a ") for name in data.vocabulary)  # one letter is no word
    for x, part in ((data.x_train, order[:27]), (data.x_test, order[27:])):
        for row, i in enumerate(part):
            tokens = [word.lower().replace("it's", "it") for word in articles[i].split() if word != "a"]
            pairs = [f"{one} {two}" for one, two in itertools.pairwise(tokens)]
            counts = [pairs.count(name) for name in data.vocabulary]
            assert np.bincount(x.row(row), minlength=len(counts)).tolist() == counts


def test_news_as_kaggle_writes_it(folder):
    """Texts of several lines, quotes in them, empty titles and authors, commas, letters beyond ASCII, and the words
    that tables take for a missing number, which are texts here."""
    write(
        folder,
        "news/train.csv",
        'id,title,author,text,label\n0,"He said, ""No""",Darrell Lucus,"First line,\n\nsecond ""line"" here",1\n'
        "1,,,Null,1\n2,Só,Müller,Ünder the the the sea,1\n3,A title,,,1\n4,t,a,null,0\n",
    )
    data = load_dataset("news")
    texts = {
        0: ["first line", "line second", "second line", "line here"],
        2: ["ünder the", *["the the"] * 2, "the sea"],
    }
    kept = [0, 1, 2, 4]
    order = [kept[place] for place in constant_shuffle(4)]
    assert data.y_train.tolist() == [int(i != 4) for i in order[:2]]
    taught = [pair for i in order[:2] for pair in texts.get(i, [])]
    assert set(data.vocabulary) == set(taught)
    for row, i in enumerate(order[:2]):
        assert sorted(data.vocabulary[column] for column in data.x_train.row(row)) == sorted(texts.get(i, []))


def test_the_order_of_the_news_is_that_of_pythons_shuffle_before_3_11():
    """``random.shuffle(x, random)``: for i from the last to the second, exchange with int(random() * (i + 1))."""
    for rows in (0, 1, 2, 7, 100):
        expected = list(range(rows))
        for i in reversed(range(1, rows)):
            j = int(0.618 * (i + 1))
            expected[i], expected[j] = expected[j], expected[i]
        assert constant_shuffle(rows) == expected
        assert sorted(expected) == list(range(rows))


def test_a_wrong_label_of_the_news_is_named(folder):
    write_csv(folder, "news/train.csv", ["id", "title", "author", "text", "label"],
              [(1, "", "", "a b", 0), (2, "", "", "c d", "fake")])  # fmt: skip
    with pytest.raises(ConfigError, match="line 3, column 'label': 'fake' is neither 0 nor 1"):
        load_dataset("news")


def workout(i, draw):
    """A line of Endomondo's file and what the rule reads in it: six measurements, label and gender."""
    run = i % 3 == 0
    speeds = np.round(draw.normal(10 if run else 25, 2, 20).clip(0), 4).tolist()
    rates = draw.integers(90, 180, 20).tolist()
    gender = "male" if i % 5 else "female"
    record = {
        "speed": speeds, "altitude": [41.6, 40.6], "gender": gender, "heart_rate": rates,
        "sport": "run" if run else "bike",
        "id": i, "url": "https://www.endomondo.com/users/1/workouts/2", "userId": 3, "timestamp": [1408898746],
    }  # fmt: skip
    values = [np.mean(rates) / min(rates), np.median(rates) / min(rates), max(speeds), min(speeds), np.mean(speeds)]
    return f"{record}\n", [*values, np.median(speeds)], int(run), gender


def endomondo(n=5_003):
    draw = np.random.default_rng(5)
    return [workout(i, draw) for i in range(n)]


def test_fitness(folder):
    workouts = endomondo()
    others = [
        "{'speed': [1.0], 'heart_rate': [100], 'gender': 'male', 'sport': 'bike (transport)', 'id': 1}\n",
        "{'altitude': [1.0], 'heart_rate': [100], 'gender': 'male', 'sport': 'bike', 'id': 1}\n",  # no speed
    ]
    lines = [line for line, *_ in workouts]
    write(folder, "fitness/endomondoHR_proper.json", "".join([*lines[:10], *others, *lines[10:]]))
    data = loads_fitness()
    values = np.array([value for _, value, _, _ in workouts[:5000]])
    bits = (values > np.median(values, axis=0).astype(np.int32)).astype(int).tolist()
    names = ["female", "male"]  # the first workout's gender comes first
    order = np.random.RandomState(2).permutation(5000)
    expected = [bits[i] + [int(workouts[i][3] == name) for name in names] for i in order]
    assert dense(data.x_train).tolist() == expected[:3500]
    assert dense(data.x_test).tolist() == expected[3500:]
    assert [*data.y_train.tolist(), *data.y_test.tolist()] == [workouts[i][2] for i in order]
    assert data.vocabulary[-2:] == ("female", "male")


def test_workouts_in_json_are_the_same_workouts(folder):
    lines = [line for line, *_ in endomondo(5_000)]
    write(folder, "endomondoHR_proper.json", "".join(lines))
    published = loads_fitness()
    for separators in ((", ", ": "), (",", ":")):
        converted = (json.dumps(ast.literal_eval(line), separators=separators) + "\n" for line in lines)
        write(folder, "endomondoHR_proper.json", "".join(converted))
        data = loads_fitness()
        assert data.vocabulary == published.vocabulary
        for part in ("train", "test"):
            one, other = getattr(data, f"x_{part}"), getattr(published, f"x_{part}")
            assert np.array_equal(one.indices, other.indices)
            assert np.array_equal(getattr(data, f"y_{part}"), getattr(published, f"y_{part}"))


def loads_fitness():
    data = load_dataset("fitness")
    check_dataset(data)
    return data


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{'speed': [], 'heart_rate': [90], 'gender': 'male', 'sport': 'run'}", "line 2: 'speed' must be a list"),
        ("{'speed': [NaN], 'heart_rate': [90], 'gender': 'male', 'sport': 'run'}", "line 2: 'speed'"),
        ("{'speed': [1], 'gender': 'male', 'sport': 'run'}", "line 2: 'heart_rate' must be a list"),
        ("{'speed': [1], 'heart_rate': ['x'], 'gender': 'male', 'sport': 'run'}", "line 2: 'heart_rate'"),
        ("{'speed': [1], 'heart_rate': [9], 'sport': 'run'}", "line 2 has no 'gender'"),
        ("{'speed': __import__('os').mkdir('exploded'), 'gender': 'male', 'sport': 'run'}", "line 2: 'speed'"),
        ("", "holds 1 workouts by bike or run with speed; 5000 are needed"),
    ],
)
def test_a_wrong_workout_is_named_and_nothing_is_executed(folder, monkeypatch, line, words):
    monkeypatch.chdir(folder)
    write(folder, "endomondoHR_proper.json", endomondo(1)[0][0] + line + "\n")
    with pytest.raises(ConfigError, match=words):
        load_dataset("fitness")
    assert not (folder / "exploded").exists()


def test_a_heart_that_stands_still_is_above_every_threshold(folder):
    lines = [line for line, *_ in endomondo(5_000)]
    lines[4_999] = "{'speed': [9.0], 'heart_rate': [0, 90], 'gender': 'male', 'sport': 'run'}\n"
    lines[4_998] = "{'speed': [9.0], 'heart_rate': [0, 0], 'gender': 'male', 'sport': 'run'}\n"
    write(folder, "endomondoHR_proper.json", "".join(lines))
    data = loads_fitness()
    place = np.random.RandomState(2).permutation(5000).tolist().index
    rows = np.concatenate([dense(data.x_train), dense(data.x_test)])
    assert rows[place(4_999), :2].tolist() == [1, 1]
    assert rows[place(4_998), :2].tolist() == [0, 0]


@pytest.mark.skipif(
    not os.environ.get("DECA10B_DATA"), reason="DECA10B_DATA, the folder of the user's data, is not set"
)
def test_the_real_spambase():
    entry = next(entry for entry in DATASETS if entry.name == "spambase")
    if not is_available(entry):
        pytest.skip(f"spambase is not in the folder DECA10B_DATA names: {entry.how_to_obtain}")
    data = load_dataset("spambase")
    assert (len(data.x_train), len(data.x_test)) == (3220, 1381)
    assert len(data.x_train.indices) / 3220 == pytest.approx(11.4, abs=0.05)
