"""DensePerceptron.sol, quirk by quirk."""

from __future__ import annotations

from fractions import Fraction
from math import trunc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ConfigError
from sim.features import Features, UnitVectors
from sim.models.onchain import DensePerceptron
from tests.sim.models.onchain.support import (
    BOUNDS,
    EDGES,
    INT80,
    MAX64,
    NORM,
    ONE,
    dense_perceptron,
    gas,
    learn,
    numbers,
    refusal,
)

LENGTH = "The data must have the same dimension as the weights."


def test_margin_of_zero_is_class_0() -> None:
    model = dense_perceptron([3, -2])
    assert [model.predict_one(numbers(*x)) for x in ((2, 3), (2, 2), (-2, -4))] == [0, 1, 1]


def test_intercept_counts_for_a_billionth_of_what_it_says() -> None:
    """It is times 10**9 where products are times 10**18: an intercept of 5 outweighs -0.1 * 1 only as 5e-9."""
    model = dense_perceptron([-ONE // 10], intercept=5 * ONE)
    assert model.predict_one(numbers(ONE)) == 0
    assert model.predict_one(numbers(49)) == 1  # 5e9 > 49 * 1e8
    assert model.predict_one(numbers(50)) == 0  # 5e9 - 50 * 1e8 is 0


@pytest.mark.parametrize(("label", "moved"), [(1, -200_000_000), (0, 200_000_000)])
def test_step_is_cut_toward_zero(label: int, moved: int) -> None:
    """-0.600000001 * 0.333333333 is -0.200000000133…; rounding down would move by 200000001."""
    model = dense_perceptron([0, 0], rate=333_333_333, intercept=1 - label)
    learn(model, [((-600_000_001, 800_000_000), label)])
    assert model.weights.value[0] == moved


@pytest.mark.parametrize(("longest", "taken"), BOUNDS)
def test_norm_is_strictly_within_its_bounds(longest: int, taken: bool) -> None:
    for label in (0, 1):  # also where nothing is to change: class 0 is predicted
        for value in (longest, -longest):
            model = dense_perceptron([0, 0])
            if taken:
                learn(model, [((0, value), label)])
            else:
                assert refusal(model, (0, value), label) == NORM


@pytest.mark.parametrize("squared", EDGES)
def test_norm_on_its_bounds_is_refused(squared: int) -> None:
    """One number less (or more) by a unit changes the squared norm by some 2e9, to the right side of the bound."""
    vector = EDGES[squared]
    inside = (vector[0] - 1, *vector[1:]) if squared > ONE * ONE else (vector[0] + 1, *vector[1:])
    assert sum(x * x for x in vector) == squared
    assert refusal(dense_perceptron([0] * 4), vector, 0) == NORM
    learn(dense_perceptron([0] * 4), [(inside, 0)])


def test_norm_does_not_matter_for_a_prediction() -> None:
    assert dense_perceptron([1, 1]).predict_one(numbers(MAX64, MAX64)) == 1


def test_length_is_checked_first() -> None:
    model = dense_perceptron([1, 2])
    for values in ((), (ONE,), (ONE, 0, 0)):
        assert refusal(model, values) == LENGTH
        assert refusal(model, values, 1) == LENGTH


def test_weights_wrap_silently_at_80_bits() -> None:
    up = learn(dense_perceptron([INT80 - 1, -INT80]), [((600_000_000, 800_000_000), 1)])  # the margin is below 0
    assert up.weights.value == (INT80 - 1 + 600_000_000 - 2**80, -INT80 + 800_000_000)
    down = learn(dense_perceptron([-INT80, INT80 - 1]), [((600_000_000, 800_000_000), 0)])
    assert down.weights.value == (-INT80 - 600_000_000 + 2**80, INT80 - 1 - 800_000_000)


def test_label_from_2_on_is_silent_and_always_moves_up() -> None:
    model = learn(dense_perceptron([INT80 - 1, 0]), [((ONE, 0), 2), ((0, ONE), 2**64 - 1)])
    assert model.weights.value == (INT80 - 1 + ONE - 2**80, ONE)
    assert refusal(model, (ONE, 0), 2**64) == ""


def test_intercept_never_changes() -> None:
    assert learn(dense_perceptron([0], intercept=7), [((ONE,), 0), ((-ONE,), 1)]).to_state() == {
        "weights": [-ONE], "intercept": 7,
    }  # fmt: skip


def test_numbers_the_contract_cannot_hold_are_named() -> None:
    with pytest.raises(ConfigError, match="weight 1 is"):
        dense_perceptron([0, -INT80 - 1])
    with pytest.raises(ConfigError, match="two classes"):
        DensePerceptron(3, 3)


def unit(*direction: int) -> tuple[int, ...]:
    """A vector of norm 1 in fixed point, along whole numbers that are not all 0."""
    length = sum(x * x for x in direction) ** 0.5
    return tuple(round(x * ONE / length) for x in direction)


directions = st.tuples(*[st.integers(-9, 9)] * 3).filter(any)
weight = st.one_of(st.integers(-3 * ONE, 3 * ONE), st.sampled_from((INT80 - 1, -INT80, 0)))


@given(
    weights=st.lists(weight, min_size=3, max_size=3), intercept=weight,
    rate=st.sampled_from((0, 1, 333_333_333, ONE, 2**32 - 1)),
    lessons=st.lists(st.tuples(directions, st.sampled_from((0, 0, 1, 1, 3))), max_size=8), asked=directions,
)  # fmt: skip
def test_against_fractions(
    weights: list[int], intercept: int, rate: int, lessons: list[tuple[tuple[int, ...], int]], asked: tuple[int, ...]
) -> None:
    model = dense_perceptron(weights, intercept=intercept, rate=rate)

    def predicted(x: tuple[int, ...]) -> int:
        return int(sum(Fraction(w) * v for w, v in zip(weights, x, strict=True)) + intercept > 0)

    for direction, label in lessons:
        x = unit(*direction)
        wrong = predicted(x) != label
        model.learn_one(numbers(*x), label)
        if wrong:
            steps = [trunc(Fraction(v * rate, ONE)) * (1 if label else -1) for v in x]
            wrapped = [(w + step) % 2**80 for w, step in zip(weights, steps, strict=True)]
            weights = [w - 2**80 if w >= INT80 else w for w in wrapped]
        assert list(model.weights.value) == weights
    assert model.predict_one(numbers(*unit(*asked))) == predicted(unit(*asked))
    assert model.predict_on_chain(numbers(*unit(*asked))) == predicted(unit(*asked))


def test_gas_of_learning_goes_by_the_slots_of_three_weights() -> None:
    """Seven weights lie in three slots: one is set, one is cleared, and one does not change."""
    model = dense_perceptron([0, 0, 0, -600_000_000, 0, 0, 5], intercept=-1)
    x = (800_000_000, 0, 0, 600_000_000, 0, 0, 0)
    right, wrong = gas(model, x, 0), gas(model, x, 1)
    copying = 338 + 7 * 54 + 3 * 457 + (3 * 3 + 1) * 100 + 100
    assert wrong - right == 10 + copying + (20_000 + 200) + (2_900 + 200) + 300
    assert model.meter.refunded == 4_800


def test_refused_lesson_pays_for_what_was_done_before() -> None:
    model = dense_perceptron([1] * 30)
    paid = {}
    for name, values in {"length": [ONE] * 29, "norm": [ONE] * 30}.items():
        model.meter.start(limit=10**9)
        refusal(model, values, 1)
        paid[name] = model.meter.used
    assert 10_000 < paid["length"] < paid["norm"]
    assert paid["norm"] > 10 * 2_100


def test_fit_goes_over_the_samples_as_often_as_told() -> None:
    """Two opposite corners: one lesson each, and the second pass finds nothing wrong."""
    rows = UnitVectors(Features.from_dense(np.array([[1, 0], [0, 1]])))
    model = DensePerceptron(2, passes=2)
    model.fit(rows, np.array([1, 0]))
    assert model.weights.value == (ONE, 0)
    assert model.predict_many(rows).tolist() == [1, 0]
    assert model.accuracy(rows, np.array([1, 1])) == 0.5
