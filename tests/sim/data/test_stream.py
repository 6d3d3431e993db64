"""The stream offers each row once, in the order it promises, and costs next to nothing."""

from __future__ import annotations

import time

import numpy as np
import pytest

from sim.data import DataStream, load_dataset
from sim.errors import ConfigError, SimulatorError
from sim.features import Features


@pytest.fixture(scope="module")
def data():
    return load_dataset("subjectivity")


def drain(stream):
    rows = []
    while (sample := stream.current) is not None:
        rows.append(sample.row)
        stream.consume()
    return rows


def test_file_order(data):
    stream = DataStream(data, initial=5, size=12, generator=None)
    assert stream.initial_rows.tolist() == [0, 1, 2, 3, 4]
    assert stream.initial_labels.tolist() == data.y_train[:5].tolist()
    assert [stream.initial_features.row(i).tolist() for i in range(5)] == [
        data.x_train.row(i).tolist() for i in range(5)
    ]
    assert (stream.offered, stream.remaining) == (7, 7)
    assert drain(stream) == [5, 6, 7, 8, 9, 10, 11]
    assert (stream.offered, stream.remaining) == (7, 0)


def test_random_order_is_a_permutation_cut_to_size(data):
    order = np.random.default_rng(3).permutation(7000)
    stream = DataStream(data, initial=100, size=400, generator=np.random.default_rng(3))
    assert stream.initial_rows.tolist() == order[:100].tolist()
    assert drain(stream) == order[100:400].tolist()
    whole = DataStream(data, initial=0, size=None, generator=np.random.default_rng(3))
    assert len(whole.initial_features) == 0
    assert sorted(drain(whole)) == list(range(7000))


def test_rows_drawn_with_replacement_may_outnumber_the_data(data):
    stream = DataStream(data, initial=50, size=21_050, generator=np.random.default_rng(5), with_replacement=True)
    assert (stream.offered, len(stream.initial_features)) == (21_000, 50)
    assert len(set(stream.initial_rows.tolist())) == 50
    first, objects = stream.current, {}
    rows = []
    while (sample := stream.current) is not None:
        rows.append(sample.row)
        assert objects.setdefault(sample.row, sample.data) is sample.data  # drawn again, it is no new object
        stream.consume()
    assert first.data.features.tolist() == data.x_train.row(first.row).tolist()
    # 21,000 draws of 7,000 rows: each stays away with probability e^-3, 349 of them, give or take 18
    assert 275 < 7000 - len(set(rows)) < 425
    with pytest.raises(ConfigError, match="generator"):
        DataStream(data, initial=0, size=10, generator=None, with_replacement=True)


def test_a_sample_is_its_row(data):
    stream = DataStream(data, initial=10, size=60, generator=np.random.default_rng(8))
    while (sample := stream.current) is not None:
        assert sample.data.features.tolist() == data.x_train.row(sample.row).tolist()
        assert sample.label == data.y_train[sample.row]
        assert type(sample.label) is int
        assert sample.n_classes == 2
        assert stream.text(sample) == data.text(sample.row) != ""
        stream.consume()


def test_the_sample_stays_until_it_is_consumed(data):
    stream = DataStream(data, initial=0, size=3, generator=None)
    first = stream.current
    assert stream.current is first
    assert stream.remaining == 3
    stream.consume()
    assert stream.current is not first
    assert stream.remaining == 2


def test_a_sample_knows_how_many_classes_there_are(make_dataset):
    stream = DataStream(make_dataset(classes=("NO", "YES", "NEVER")), initial=1, size=None, generator=None)
    assert stream.current.n_classes == 3


def test_equal_data_have_equal_keys(make_dataset):
    x = Features.from_dense(np.array([[1, 0, 1], [1, 0, 1], [1, 1, 0], [0, 0, 0]]))
    stream = DataStream(make_dataset(x_train=x), initial=0, size=None, generator=None)
    keys = []
    while stream.current is not None:
        keys.append(stream.current.data.key)
        stream.consume()
    assert keys[0] == keys[1] != keys[2]
    assert keys[3] == b""


def test_all_rows_initial_leaves_nothing_to_offer(data):
    stream = DataStream(data, initial=50, size=50, generator=None)
    assert stream.current is None
    assert (stream.offered, stream.remaining) == (0, 0)
    with pytest.raises(SimulatorError, match="All 0 samples"):
        stream.consume()


@pytest.mark.parametrize(
    ("initial", "size", "words"),
    [
        (11, 10, "initial is 11; allowed are whole numbers from 0 to 10"),
        (-1, 10, "initial is -1"),
        (7001, None, "initial is 7001"),
        (0, 7001, "size is 7001; allowed are whole numbers from 0 to 7000"),
        (0, -1, "size is -1"),
        (0.5, 10, "initial is 0.5"),
        (True, 10, "initial is True"),
    ],
)
def test_numbers_out_of_range_are_refused(data, initial, size, words):
    with pytest.raises(ConfigError, match=words):
        DataStream(data, initial=initial, size=size, generator=None)


def test_what_is_put_back_is_offered_first_and_nothing_is_lost(data):
    stream = DataStream(data, initial=0, size=4, generator=None)
    taken = []
    for _ in range(3):
        taken.append(stream.current)
        stream.consume()
    for sample in (taken[0], taken[2]):
        stream.put_back(sample)
    assert (stream.current, stream.remaining) == (taken[2], 3)
    rows = []
    while stream.current is not None:
        rows.append(stream.current.row)
        stream.consume()
    assert rows == [2, 0, 3]
    stream.put_back(taken[1])  # also after the last one
    assert (stream.current.row, stream.remaining) == (1, 1)


def test_moving_on_is_cheap(data):
    stream = DataStream(data, initial=0, size=None, generator=None)
    start = time.process_time()
    for _ in range(7000):
        stream.consume()
    assert time.process_time() - start < 0.07  # 10 microseconds each; about 1 on a quiet machine
