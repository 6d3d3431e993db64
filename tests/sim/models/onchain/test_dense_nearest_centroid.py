"""NearestCentroidClassifier.sol, quirk by quirk."""

from __future__ import annotations

from fractions import Fraction
from math import floor, trunc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ConfigError
from sim.models.onchain import DenseNearestCentroid
from tests.sim.models.onchain.support import (
    BOUNDS,
    EDGES,
    MAX64,
    NORM,
    ONE,
    dense_nearest_centroid,
    gas,
    learn,
    numbers,
    refusal,
)
from tests.sim.models.onchain.test_dense_perceptron import unit

LENGTH, DIMENSIONS = "Data doesn't have the correct length.", "Data doesn't have the correct number of dimensions."


def test_each_square_is_cut_so_near_centroids_tie_and_the_lower_class_wins() -> None:
    """31622^2 is below 1e9 and counts as nothing; 31623^2 is above."""
    near = [[31_622, 31_622, 31_622], [0, 0, 0]]
    assert dense_nearest_centroid(near, [1, 1]).predict_one(numbers(0, 0, 0)) == 0
    far = [[31_623, 0, 0], [31_622, 31_622, 31_622]]
    assert dense_nearest_centroid(far, [1, 1]).predict_one(numbers(0, 0, 0)) == 1


def test_nearest_wins_for_any_number_64_bits_hold() -> None:
    model = dense_nearest_centroid([[-(2**63)], [MAX64], [0]], [1, 1, 1])
    assert [model.predict_one(numbers(x)) for x in (-(2**63), MAX64, -5, -(2**62) - ONE)] == [0, 1, 2, 0]


def test_length_is_checked_with_one_reason_to_predict_and_another_to_learn() -> None:
    model = dense_nearest_centroid([[0, ONE], [ONE, 0]], [1, 1])
    assert refusal(model, [ONE]) == LENGTH
    assert refusal(model, [ONE], 0) == DIMENSIONS


def test_label_without_a_class_is_an_invalid_opcode_whatever_the_length() -> None:
    model = dense_nearest_centroid([[0, ONE], [ONE, 0]], [1, 1])
    for values in ([ONE], [ONE, 0]):
        for label in (2, 2**64 - 1):
            assert refusal(model, values, label) == "invalid opcode"


@pytest.mark.parametrize(("longest", "taken"), BOUNDS)
def test_norm_is_strictly_within_its_bounds(longest: int, taken: bool) -> None:
    model = dense_nearest_centroid([[0, 0], [ONE, 0]], [0, 1])
    if taken:
        assert learn(model, [((0, -longest), 0)]).centroids[0].value == (0, -longest)
    else:
        assert refusal(model, (0, -longest), 0) == NORM
        assert model.to_state()["classes"][0] == {"dataCount": 0, "centroid": [0, 0]}


def test_norm_on_its_bounds_is_refused() -> None:
    for vector in EDGES.values():
        assert refusal(dense_nearest_centroid([[0] * 4], [1]), vector, 0) == NORM


def test_mean_is_cut_toward_zero() -> None:
    """(1 * 2 - 1e9) / 3 is -333333332.67; rounding down would give -333333333."""
    model = learn(dense_nearest_centroid([[1, -1]], [2]), [((-ONE, 0), 0)])
    assert model.to_state()["classes"][0] == {"dataCount": 3, "centroid": [-333_333_332, 0]}


def test_every_vector_is_learnt_and_the_first_becomes_the_centroid() -> None:
    model = learn(dense_nearest_centroid([[5, 7], [0, ONE]], [0, 1]), [((ONE, 0), 0), ((ONE, 0), 0)])
    assert model.to_state()["classes"][0] == {"dataCount": 2, "centroid": [ONE, 0]}


def test_data_count_stands_still_from_2_191_on() -> None:
    """8 less a billion in 2^191 is cut to 7."""
    model = learn(dense_nearest_centroid([[8]], [2**191 - 1]), [((-ONE,), 0)])
    assert model.to_state()["classes"][0] == {"dataCount": 2**191, "centroid": [7]}
    learn(model, [((-ONE,), 0)])
    assert model.to_state()["classes"][0] == {"dataCount": 2**191, "centroid": [6]}


def test_count_beyond_255_bits_is_negative() -> None:
    """2^256 - 3 is -3: (6 * -3 - 1e9) / -3 = 333333339.33; the product 3 * 2^255 wraps to 2^255, which is negative."""
    model = learn(dense_nearest_centroid([[6]], [2**256 - 3]), [((-ONE,), 0)])
    assert model.centroids[0].value == (333_333_339,)
    model = learn(dense_nearest_centroid([[3]], [2**255]), [((ONE,), 0)])
    assert model.centroids[0].value == (0,)  # (-2^255 + 1e9) / -2^255 = 0.99…


def test_unusable_parameters_are_named() -> None:
    with pytest.raises(ConfigError, match="different lengths"):
        dense_nearest_centroid([[1, 2], [1]], [1, 1])
    with pytest.raises(ConfigError, match="centroid is"):
        dense_nearest_centroid([[2**63]], [1])
    with pytest.raises(ConfigError, match="do not fit together"):
        dense_nearest_centroid([[1], [2]], [1, 1, 1])


directions = st.tuples(*[st.integers(-9, 9)] * 3).filter(any)


@given(
    start=st.lists(st.tuples(directions, st.integers(0, 3)), min_size=2, max_size=3),
    lessons=st.lists(st.tuples(directions, st.integers(0, 1)), max_size=8), asked=directions,
)  # fmt: skip
def test_against_fractions(
    start: list[tuple[tuple[int, ...], int]], lessons: list[tuple[tuple[int, ...], int]], asked: tuple[int, ...]
) -> None:
    centroids, counts = [list(unit(*at)) for at, _ in start], [n for _, n in start]
    model = dense_nearest_centroid(centroids, counts)
    for direction, label in lessons:
        model.learn_one(numbers(*unit(*direction)), label)
        n = counts[label]
        centroids[label] = [
            trunc(Fraction(c * n + x, n + 1)) for c, x in zip(centroids[label], unit(*direction), strict=True)
        ]
        counts[label] = n + 1
    assert [list(cell.value) for cell in model.centroids] == centroids
    x = unit(*asked)
    distances = [
        sum(floor(Fraction((a - c) ** 2, ONE)) for a, c in zip(x, centroid, strict=True)) for centroid in centroids
    ]
    nearest = distances.index(min(distances))
    assert model.predict_one(numbers(*x)) == model.predict_on_chain(numbers(*x)) == nearest


def test_gas_of_asking_ends_where_a_distance_is_no_longer_the_smallest() -> None:
    """Eight numbers in two slots. Class 1 is too far after the first number, or only after the last."""
    early = dense_nearest_centroid([[1_000_000] + [0] * 7, [2_000_000] + [0] * 7], [1, 1])
    late = dense_nearest_centroid([[1_000_000] + [0] * 7, [0] * 7 + [2_000_000]], [1, 1])
    assert gas(late, [0] * 8) - gas(early, [0] * 8) == 7 * (630 + 3 * 100) + (2_100 - 100 - 50)
    best = dense_nearest_centroid([[1_000_000] + [0] * 7, [0] * 8], [1, 1])
    assert gas(best, [0] * 8) - gas(late, [0] * 8) == 60


def test_gas_of_learning_goes_by_the_slots_of_four_numbers() -> None:
    """Nine numbers lie in three slots: one is cleared, one is set, one stays; then all are as they were."""
    model = dense_nearest_centroid([[-ONE] + [0] * 8], [1])
    vector = [ONE] + [0] * 8
    reads = 6 * 2_100 + 3 * 2_100 + (9 + 4 * 3 + 14 - 9) * 100
    fixed = 2_547 + 9 * 955 + 3 * 572 + 100 + 2_900 + 34**2 // 512
    assert gas(model, vector, 0) == reads + fixed + (2_900 + 300) + 2 * 400
    assert model.meter.refunded == 4_800
    new = DenseNearestCentroid(9, 1)
    assert gas(new, vector, 0) == reads + fixed + (20_000 - 2_900) + (20_000 + 300) + 2 * 400
    assert new.meter.refunded == 0


def test_refused_norm_pays_for_the_whole_lesson() -> None:
    model = dense_nearest_centroid([[ONE, 0]], [1])
    model.meter.start(limit=10**9)
    assert refusal(model, [0, ONE + 50], 0) == NORM
    assert model.meter.used == gas(model, [0, ONE], 0)
