"""The sparse perceptron against whole-number arithmetic by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.chain import HARDFORKS, Meter
from sim.errors import ConfigError, Revert
from sim.features import Features
from sim.models import SparsePerceptron
from tests.support import data

N_FEATURES = 5
ONE = 10**9
rows = st.lists(st.lists(st.integers(0, N_FEATURES - 1), max_size=6), min_size=1, max_size=12)
lessons = st.lists(st.tuples(st.lists(st.integers(0, N_FEATURES - 1), max_size=6), st.integers(0, 1)), max_size=25)
ORDINARY, HUGE = "0.5", "2305843009.213693952"  # 2**61 billionths


class ByHand:
    """The same rule with Python's whole numbers, which have no limit."""

    def __init__(self, step: int, intercept: int) -> None:
        self.step, self.intercept, self.weights = step, intercept, [0] * N_FEATURES

    def margin(self, features: list[int]) -> int:
        return self.intercept + sum(self.weights[i] for i in features)

    def learn(self, features: list[int], label: int) -> None:
        if (self.margin(features) > 0) != label:
            for i in features:
                self.weights[i] += self.step if label else -self.step


def features_of(rows: list[list[int]]) -> Features:
    lengths = [0, *map(len, rows)]
    flat = np.array([i for row in rows for i in row], np.int32)
    return Features(np.cumsum(lengths), flat, N_FEATURES)


def taught(lessons: list[tuple[list[int], int]], step: str, intercept: int) -> tuple[SparsePerceptron, ByHand]:
    model = SparsePerceptron(N_FEATURES, step=step, intercept=intercept)
    by_hand = ByHand(model.step, intercept)
    for features, label in lessons:
        model.learn_one(data(*features).features, label)
        by_hand.learn(features, label)
    return model, by_hand


@given(lessons=lessons, rows=rows, intercept=st.integers(-3 * ONE, 3 * ONE))
def test_predictions_are_those_of_whole_numbers(
    lessons: list[tuple[list[int], int]], rows: list[list[int]], intercept: int
) -> None:
    model, by_hand = taught(lessons, ORDINARY, intercept)
    assert model.weights.tolist() == by_hand.weights
    assert [model.margin(data(*row).features) for row in rows] == [by_hand.margin(row) for row in rows]
    expected = [int(by_hand.margin(row) > 0) for row in rows]
    assert [model.predict_one(data(*row).features) for row in rows] == expected
    assert model.predict_many(features_of(rows)).tolist() == expected


@given(lessons=lessons, rows=rows)
def test_weights_beyond_int64_are_whole_numbers_still(
    lessons: list[tuple[list[int], int]], rows: list[list[int]]
) -> None:
    """With a step of 2**61 (in billionths) a handful of lessons leaves what 64 bits can hold."""
    model, by_hand = taught([([0, 1, 2, 3], 1), *lessons], HUGE, 0)
    assert model.weights.dtype == object
    assert model.weights.tolist() == by_hand.weights
    expected = [int(by_hand.margin(row) > 0) for row in rows]
    assert [model.predict_one(data(*row).features) for row in rows] == expected
    assert model.predict_many(features_of(rows)).tolist() == expected


def test_repeated_feature_near_the_bound_does_not_overflow() -> None:
    """One lesson keeps the weights int64; the sum over a repeated index is not bounded by the sum of all weights."""
    model, by_hand = taught([([0], 1)], HUGE, 0)
    assert by_hand.margin([0] * 4) == 2**63
    assert model.predict_one(data(0, 0, 0, 0).features) == 1
    assert model.predict_many(features_of([[0, 0, 0, 0]])).tolist() == [1]


@given(
    lessons=lessons,
    rows=rows,
    step=st.sampled_from(("0.123456789", "0.000000003", "7.654321009")),
    off=st.integers(-2, 2),
    steps=st.integers(-3, 3),
)
def test_many_and_one_agree_a_billionth_from_the_threshold(
    lessons: list[tuple[list[int], int]], rows: list[list[int]], step: str, off: int, steps: int
) -> None:
    """Weights are whole steps; the intercept is as near as can be to cancelling some of them."""
    intercept = steps * int(step.replace(".", "")) + off
    model, by_hand = taught(lessons, step, intercept)
    expected = [int(by_hand.margin(row) > 0) for row in rows]
    assert [model.predict_one(data(*row).features) for row in rows] == expected
    assert model.predict_many(features_of(rows)).tolist() == expected


@pytest.mark.parametrize("step", ["1", "4503599.627370497", HUGE])
@given(lessons=lessons)
def test_fit_is_passes_of_the_same_rule(step: str, lessons: list[tuple[list[int], int]]) -> None:
    fitted = SparsePerceptron(N_FEATURES, passes=3, step=step)
    if lessons:
        fitted.fit(features_of([row for row, _ in lessons]), np.array([label for _, label in lessons]))
    _, by_hand = taught(lessons * 3, step, 0)
    assert fitted.weights.tolist() == by_hand.weights


def test_right_prediction_changes_nothing_and_wrong_one_raises_the_version() -> None:
    model = SparsePerceptron(2)
    model.learn_one(data(0).features, 0)  # a margin of 0 is class 0
    assert (model.weights.tolist(), model.version.value) == ([0, 0], 0)
    model.learn_one(data(0, 0, 1).features, 1)
    assert (model.weights.tolist(), model.version.value) == ([2 * ONE, ONE], 1)


@pytest.mark.parametrize("label", [-1, 2])
def test_unknown_label_is_refused(label: int) -> None:
    with pytest.raises(Revert, match="out of bounds"):
        SparsePerceptron(2).learn_one(data(0).features, label)


def test_unknown_feature_is_refused_and_never_wraps_round() -> None:
    model = SparsePerceptron(2)
    for action in (model.predict_one, lambda x: model.learn_one(x, 1)):
        with pytest.raises(Revert, match="out of bounds"):
            action(data(2).features)
    with pytest.raises(ValueError, match="0 or more"):
        data(-1)


def test_unusable_parameters_are_named() -> None:
    with pytest.raises(ConfigError, match="naive_bayes"):
        SparsePerceptron(2, 3)
    with pytest.raises(ConfigError, match="step"):
        SparsePerceptron(2, step=0)
    with pytest.raises(ConfigError, match="step"):
        SparsePerceptron(2, step="-1")


def test_gas_is_spent_through_the_meter() -> None:
    meter = Meter(HARDFORKS["istanbul"])
    meter.start(10**6)
    model = SparsePerceptron(4, meter=meter)
    model.predict_one(data(0, 1).features)
    assert meter.used == 0  # a free view
    model.predict_on_chain(data(0, 1).features)
    # The measured formula: +1858 +1539 n, less about 61 that is fixed elsewhere; see the gas tests.
    assert meter.used == pytest.approx(1_858 + 1_539 * 2, abs=5)


@pytest.mark.parametrize("step", [ONE, 10**15, 3 * 10**15 + 1, 10**17 + 1])
def test_many_mistakes_are_told_to_fit_only_where_they_move_weights_exactly(step: int) -> None:
    model = SparsePerceptron(3, step=f"{step // ONE}.{step % ONE:09d}")
    assert model.step == step
    if model.fits(6, 1):
        model.move(np.array([0, 0, 0, 1, 0, 0]), np.array([step, step, step, -step, step, step]))
        assert [int(weight) for weight in model.weights.tolist()] == [5 * step, -step, 0]
    else:
        assert 6 * step >= 2**53  # else the quick way would be lost where it is right
