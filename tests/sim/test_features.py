"""What a transaction carries of a sample, byte by byte."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.features import Data, Features, UnitVectors, rises

number = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-3, 70_000))


@given(st.lists(number, max_size=8))
def test_any_numbers_of_64_bits_are_carried(numbers: list[int]) -> None:
    data = Data.numbers(numbers)
    encoded = b"".join((value % 2**256).to_bytes(32, "big") for value in numbers)  # two's complement
    assert data.features.tolist() == numbers
    assert len(data) == len(numbers)
    encoded = len(numbers).to_bytes(32, "big") + encoded
    assert data.nonzero_bytes == len(encoded) - encoded.count(0)


@given(st.lists(number, max_size=4), st.lists(number, max_size=4))
def test_keys_are_equal_where_the_numbers_are(left: list[int], right: list[int]) -> None:
    assert (Data.numbers(left).key == Data.numbers(right).key) == (left == right)


@given(st.lists(st.integers(0, 2**40), max_size=4))
def test_indices_have_the_same_key_and_bytes_either_way(indices: list[int]) -> None:
    assert Data.numbers(indices).key == Data(indices).key
    assert Data.numbers(indices).nonzero_bytes == Data(indices).nonzero_bytes


@given(st.lists(st.lists(st.integers(0, 70_000), max_size=4), max_size=5), st.booleans())
def test_a_row_of_many_is_carried_as_it_would_be_alone(rows: list[list[int]], more: bool) -> None:
    rows = [*rows, *([[256, 257], 300 * [65_536]] if more else [])]  # lengths and indices with bytes of zero in between
    indices = np.array([index for row in rows for index in row], np.int32)
    for n_features in {70_001, int(indices.max(initial=0)) + 1}:  # more, or fewer, than there are indices
        features = Features(np.cumsum([0, *map(len, rows)]), indices, n_features)
        for place, row in enumerate(rows):
            data, alone = features.data(place), Data(row)
            assert data.features.tolist() == row
            assert (data.size, data.nonzero_bytes) == (alone.size, alone.nonzero_bytes)


@given(st.lists(st.lists(st.integers(0, 5), max_size=4), max_size=5))
def test_rows_rise_where_no_index_is_below_or_equal_to_the_one_before(rows: list[list[int]]) -> None:
    lengths = np.array([0, *map(len, rows)])
    features = Features(np.cumsum(lengths), np.array([i for row in rows for i in row], np.int32), 6)
    for place, row in enumerate(rows):
        rising = all(before < after for before, after in pairwise(row))
        assert rises(features.data(place).features) == rising
        assert rises(Data(row).features) == rising


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_what_64_bits_cannot_hold_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match=r"from -2\^63"):
        Data.numbers([number])
    with pytest.raises(TypeError):
        Data.numbers([0.5])  # type: ignore[list-item]


def test_unit_vectors_have_norm_1() -> None:
    """1/sqrt(2) is 0.7071067811865…; (2, 1)/sqrt(5) is (0.894427190999…, 0.447213595499…)."""
    rows = UnitVectors(Features.from_dense(np.array([[1, 1, 0], [0, 0, 0], [2, 0, 1], [0, 7, 0]])))
    assert len(rows) == 4
    assert rows.n_features == 3
    assert [rows.row(i).tolist() for i in range(4)] == [
        [707_106_781, 707_106_781, 0], [0, 0, 0], [894_427_191, 0, 447_213_595], [0, 10**9, 0],
    ]  # fmt: skip
    assert rows.data(2).features.tolist() == [894_427_191, 0, 447_213_595]
    assert rows.take(np.array([3, 0])).row(1).tolist() == [707_106_781, 707_106_781, 0]


def test_rows_of_sets_that_are_gone_vouch_for_nobody() -> None:
    """Arrays come to lie where others lay, and parts of a row may be looked at backwards."""
    for falls in (False, True) * 20:
        features = Features(np.array([0, 3]), np.array([3, 2, 1] if falls else [1, 2, 3], np.int32), 4)
        row = features.data(0).features
        assert rises(row) == (not falls)
        assert rises(row[::-1]) == falls
        assert rises(row[1:]) == (not falls)
        del features, row
