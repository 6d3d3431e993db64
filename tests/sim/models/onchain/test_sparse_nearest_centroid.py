"""SparseNearestCentroidClassifier.sol, quirk by quirk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ConfigError
from sim.features import Features
from sim.models.onchain import SparseNearestCentroid
from tests.sim.models.onchain.support import ONE, gas, learn, numbers, refusal, sparse_nearest_centroid

SUBTRACTION, DIVISION = "SafeMath: subtraction overflow", "SafeMath: division by zero"


def values(model: SparseNearestCentroid, label: int, index: int) -> tuple[int, int]:
    """A stored value and the number of samples it was true for."""
    return model.centroids[label].get(index, (0, 0))


def test_distance_counts_what_the_sample_has_and_the_centroid_lacks() -> None:
    """Squared, from {0: 1} and {0: 1/2, 1: 1/2}: {0, 1} is at 1 and 1/2, {0} at 0 and 1/2, {} at 1 and 1/2."""
    model = sparse_nearest_centroid([{0: ONE}, {0: ONE // 2, 1: ONE // 2}], [1, 1])
    assert [model.predict_one(numbers(*x)) for x in ((0, 1), (0,), ())] == [1, 0, 1]


def test_tie_goes_to_the_lower_class() -> None:
    model = sparse_nearest_centroid([{0: ONE}, {1: ONE}, {1: ONE}], [1, 1, 1])
    assert [model.predict_one(numbers(*x)) for x in ((2,), (0, 1), (1,))] == [0, 0, 1]


def test_negative_distance_wraps_to_a_huge_one() -> None:
    """Repeated twice, index 0 is nearer than near: 1e18 + 2 * (1e18 - 2e18) = -1e18."""
    model = sparse_nearest_centroid([{0: ONE}, {1: ONE}], [1, 1])
    assert model.predict_one(numbers(0)) == 0
    assert model.predict_one(numbers(0, 0)) == 1


def test_value_out_of_date_is_scaled_and_cut_when_asked() -> None:
    """1e9 of 1 sample is 333333333 of 3: a value of 333333334 is nearer, one of 333333333 as near."""
    model = sparse_nearest_centroid([{0: ONE}, {0: 333_333_334}], [1, 1])
    for magnitude in model.squared_magnitudes:
        magnitude.value = 0
    model.samples[0].value = 3
    assert model.predict_one(numbers(0)) == 1
    model.centroids[1][0] = (333_333_333, 1)
    assert model.predict_one(numbers(0)) == 0  # equal after the cut


def test_learning_by_hand() -> None:
    """n = 2, m = 3, value 5e8 of 2 samples: p = 5e8, Q = 5e17 - 2.5e17 = 2.5e17, v = 2e9 // 3 = 666666666."""
    model = learn(sparse_nearest_centroid([{0: ONE // 2, 1: ONE // 2}], [2]), [([0], 0)])
    assert values(model, 0, 0) == (666_666_666, 3)
    assert values(model, 0, 1) == (ONE // 2, 2)
    rest = 25 * 10**16 * 4 // 9
    assert model.squared_magnitudes[0].value == rest + 666_666_666**2
    assert model.samples[0].value == 3
    learn(model, [([1, 5], 0)])  # 5e8 * 2 // 3 = 333333333; (3 * 333333333 + 1e9) // 4 = 499999999; 1e9 // 4 = 25e7
    assert values(model, 0, 1) == (499_999_999, 4)
    assert values(model, 0, 5) == (ONE // 4, 4)
    rest = (rest + 666_666_666**2 - 333_333_333**2) * 9 // 16
    assert model.squared_magnitudes[0].value == rest + 499_999_999**2 + (ONE // 4) ** 2


def test_product_wraps_at_64_bits_when_learning_but_not_when_asked() -> None:
    """2^63 of 2 samples is 2^64, that is 0, to who learns; to who asks it is 2^62 of 4 samples."""
    model = sparse_nearest_centroid([{0: 2**63}, {}], [2, 0])
    model.samples[0].value = 4
    model.squared_magnitudes[0].value = 2**127
    model.squared_magnitudes[1].value = 2**127 + ONE * (ONE - 2 * 2**62) - ONE * ONE + 1  # a unit farther
    model.samples[1].value = 4
    assert model.predict_one(numbers(0)) == 0
    model.squared_magnitudes[1].value -= 2
    assert model.predict_one(numbers(0)) == 1
    learn(model, [([0], 0)])
    assert values(model, 0, 0) == (ONE // 5, 5)
    assert model.squared_magnitudes[0].value == 2**127 * 16 // 25 + (ONE // 5) ** 2


def test_squared_number_of_samples_wraps_at_64_bits() -> None:
    """m = 2^32 has the square 0; m = 2^32 + 1 has 2^33 + 1, and Q grows instead of shrinking."""
    assert refusal(sparse_nearest_centroid([{0: ONE}], [2**32 - 1]), [], 0) == DIVISION
    model = learn(sparse_nearest_centroid([{0: ONE}], [2**32]), [([], 0)])
    assert model.squared_magnitudes[0].value == ONE * ONE * 2**64 // (2**33 + 1)


def test_repeated_index_may_have_nothing_left_to_subtract_from() -> None:
    """The first 0 takes all of Q away; the second has p = 1e9 * 2 // 1 = 2e9."""
    model = sparse_nearest_centroid([{0: ONE}], [1])
    assert refusal(model, [0, 0], 0) == SUBTRACTION
    assert values(model, 0, 0) == (ONE, 1)
    assert model.samples[0].value == 1


def test_class_without_samples_can_never_learn_an_index() -> None:
    model = sparse_nearest_centroid([{0: ONE}, {0: 5}], [1, 0])
    assert refusal(model, [0], 1) == "invalid opcode"
    assert refusal(model, [3], 1) == "invalid opcode"
    learn(model, [([], 1)])
    assert (model.samples[1].value, model.squared_magnitudes[1].value) == (1, 0)
    learn(model, [([3], 1)])
    assert values(model, 1, 3) == (ONE // 2, 2)


def test_number_of_samples_wraps_at_64_bits() -> None:
    model = sparse_nearest_centroid([{}], [2**64 - 1])
    assert refusal(model, [0], 0) == "invalid opcode"  # divides by the new number, 0
    assert refusal(model, [], 0) == DIVISION
    model.squared_magnitudes[0].value = 2**200
    assert refusal(model, [], 0) == "SafeMath: multiplication overflow"


def test_class_without_samples_cannot_be_asked_about_what_was_true_before() -> None:
    model = sparse_nearest_centroid([{0: ONE}], [1])
    model.samples[0].value = 0
    assert refusal(model, [0]) == "invalid opcode"
    assert model.predict_one(numbers(1)) == 0


def test_indices_alias_modulo_2_32() -> None:
    model = learn(sparse_nearest_centroid([{}], [1]), [([-1, 2**40 + 7], 0)])
    assert values(model, 0, 2**32 - 1) == values(model, 0, 7) == (ONE // 2, 2)
    assert model.to_state([2**32 + 7])["classes"][0]["centroid_value_and_numSamples"] == {str(2**32 + 7): [ONE // 2, 2]}


def test_bad_label_is_refused() -> None:
    model = sparse_nearest_centroid([{0: ONE}, {1: ONE}], [1, 1])
    for label in (2, 2**64 - 1):
        assert refusal(model, [0], label) == "This classification has not been added yet."


def test_deployed_pairs_of_one_index_keep_the_last_but_the_magnitude_adds_all() -> None:
    parameters = {"classifications": ["a"], "centroids": [[[0, 3], [2**32, 4]]], "dataCounts": [1]}
    model = SparseNearestCentroid.deploy(parameters)
    assert (values(model, 0, 0), model.squared_magnitudes[0].value) == ((4, 1), 25)
    with pytest.raises(ConfigError, match=r"centroid is -1; .* from 0"):
        sparse_nearest_centroid([{0: -1}], [1])


def test_fit_takes_the_means_of_the_samples() -> None:
    """Class 0 has index 1 in two of three samples (once twice), class 1 has one sample."""
    model = SparseNearestCentroid(3)
    model.fit(Features.from_dense(np.array([[0, 1, 0], [0, 2, 0], [0, 0, 0], [1, 0, 1]])), np.array([0, 0, 0, 1]))
    assert model.to_state()["classes"] == [
        {"numSamples": 3, "squaredMagnitude": ONE**2, "centroid_value_and_numSamples": {"1": [ONE, 3]}},
        {
            "numSamples": 1,
            "squaredMagnitude": 2 * ONE**2,
            "centroid_value_and_numSamples": {"0": [ONE, 1], "2": [ONE, 1]},
        },
    ]
    assert model.journal.undo == []


row = st.lists(st.integers(0, 4), max_size=4, unique=True)
centroid = st.dictionaries(st.integers(0, 3), st.integers(0, ONE), max_size=4)


@given(
    start=st.lists(st.tuples(centroid, st.integers(1, 6)), min_size=2, max_size=3),
    lessons=st.lists(st.tuples(row, st.integers(0, 1)), max_size=10), asked=st.lists(st.integers(0, 4), max_size=4),
)  # fmt: skip
def test_against_the_rule_in_words(
    start: list[tuple[dict[int, int], int]], lessons: list[tuple[list[int], int]], asked: list[int]
) -> None:
    model = sparse_nearest_centroid([of for of, _ in start], [n for _, n in start])
    samples = [n for _, n in start]
    known = [{i: (v, n) for i, v in of.items()} for of, n in start]
    squared = [sum(v * v for v in of.values()) for of, _ in start]
    for features, label in lessons:
        n, rest, gained, mine = samples[label], squared[label], 0, known[label]
        refused = False
        for i in features:
            value, true_for = mine.get(i, (0, 0))
            previous = value * true_for // n
            if previous * previous > rest:  # flooring may cost a little: the contract refuses then
                refused = True
                break
            rest -= previous * previous
        if refused:
            assert refusal(model, features, label) == SUBTRACTION
            continue
        for i in features:
            value, true_for = mine.get(i, (0, 0))
            new = (n * (value * true_for // n) + ONE) // (n + 1)
            mine[i] = (new, n + 1)
            gained += new * new
        samples[label] = n + 1
        squared[label] = rest * n * n // ((n + 1) * (n + 1)) + gained
        model.learn_one(numbers(*features), label)
    assert [cell.value for cell in model.squared_magnitudes] == squared
    assert [{i: values(model, c, i) for i in mine} for c, mine in enumerate(known)] == known
    distances = []
    for n, magnitude, mine in zip(samples, squared, known, strict=True):
        now = [value * true_for // n for value, true_for in (mine.get(i, (0, 0)) for i in asked)]
        distances.append((magnitude + sum(ONE * (ONE - 2 * value) for value in now)) % 2**256)
    nearest = distances.index(min(distances))
    assert model.predict_one(numbers(*asked)) == model.predict_on_chain(numbers(*asked)) == nearest


def test_gas_of_a_value_that_is_out_of_date() -> None:
    model = sparse_nearest_centroid([{0: ONE}], [2])
    assert gas(model, [1]) - gas(model, [0]) == 201 + 2 * 100


def test_gas_of_learning_counts_each_slot_once() -> None:
    model = sparse_nearest_centroid([{0: ONE, 1: ONE}], [4])
    call = 1_963 + 4 * 2_100 + 3 * 100 + 2 * 2_900
    one = 1_559 + 2_100 + 300
    assert gas(model, [0], 0) == call + one + (2_900 + 100)
    assert gas(model, [0, 9], 0) == call + 2 * one + (2_900 + 100) + (20_000 + 100)
    twice = sparse_nearest_centroid([{0: ONE, 1: 10 * ONE}], [4])
    assert gas(twice, [0, 0], 0) - gas(twice, [0], 0) == 1_559 + 4 * 100 + 2 * 100
