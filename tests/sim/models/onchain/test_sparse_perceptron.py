"""SparsePerceptron.sol, quirk by quirk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.chain import HARDFORKS
from sim.errors import ConfigError
from sim.models.onchain import SparsePerceptron
from tests.sim.models.onchain.support import INT80, MAX64, ONE, gas, learn, numbers, refusal, sparse_perceptron

PRAGUE = HARDFORKS["prague"]


def test_margin_of_zero_is_class_0() -> None:
    model = sparse_perceptron({0: 5, 1: -5}, intercept=0)
    assert model.predict_one(numbers(0, 1)) == 0
    assert model.predict_one(numbers(0)) == 1


def test_index_counts_as_often_as_it_stands_there() -> None:
    model = sparse_perceptron({0: 2, 1: -5})
    assert [model.predict_one(numbers(*[0] * times, 1)) for times in (1, 2, 3)] == [0, 0, 1]
    learn(model, [([7, 7, 7], 1)])  # unknown, so the margin is 0 and class 1 is missed
    assert model.weights[7] == 3 * ONE


def test_only_a_wrong_prediction_moves_weights_and_never_the_intercept() -> None:
    model = sparse_perceptron({3: 4}, intercept=-1, rate=10)
    learn(model, [([3], 1)])  # margin 3: right
    assert model.to_state() == {"weights": {"3": 4}, "intercept": -1}
    learn(model, [([3], 0)])
    assert model.to_state() == {"weights": {"3": -6}, "intercept": -1}


def test_negative_index_is_refused() -> None:
    model = sparse_perceptron()
    assert refusal(model, [1, -1, 2]) == "Not all indices are >= 0."
    assert refusal(model, [-(2**63)], 1) == "Not all indices are >= 0."


def test_index_has_no_upper_bound_and_no_alias() -> None:
    model = learn(sparse_perceptron(), [([2**32 + 5], 1), ([MAX64], 1)])
    assert model.to_state([5, 2**32 + 5, MAX64])["weights"] == {"5": 0, str(2**32 + 5): ONE, str(MAX64): ONE}
    assert [model.predict_one(numbers(i)) for i in (5, 2**32 + 5, MAX64)] == [0, 1, 1]


def test_weights_wrap_silently_at_80_bits() -> None:
    up = learn(sparse_perceptron({0: INT80 - 1}, intercept=-(INT80 - 1)), [([0], 1)])  # the margin is 0
    assert up.weights[0] == INT80 - 1 + ONE - 2**80 < 0
    down = learn(sparse_perceptron({0: -INT80, 1: 5}, intercept=INT80 - 1), [([0, 1], 0)])  # the margin is 4
    assert down.to_state()["weights"] == {"0": -INT80 - ONE + 2**80, "1": 5 - ONE}


def test_label_from_2_on_is_silent_and_always_moves_up() -> None:
    for label in (2, 2**64 - 1):
        model = learn(sparse_perceptron({0: ONE}), [([0], label), ([0], label)])
        assert model.weights[0] == 3 * ONE
    assert refusal(model, [0], 2**64) == ""  # the ABI has no such number
    assert refusal(model, [0], -1) == ""


def test_empty_data_has_the_class_of_the_intercept_and_changes_nothing() -> None:
    model = sparse_perceptron(intercept=1)
    assert model.predict_one(numbers()) == 1
    learn(model, [([], 0), ([], 2)])
    assert model.to_state() == {"weights": {}, "intercept": 1}


def test_pairs_come_after_the_list_and_negative_pairs_are_taken_modulo_2_64() -> None:
    model = SparsePerceptron.deploy(
        {
            "classifications": ["a", "b"], "weights": [1, 2, 3], "intercept": 4, "learningRate": 5,
            "sparseWeights": [[1, 9], [-1, 8]],
        }
    )  # fmt: skip
    assert model.to_state()["weights"] == {"0": 1, "1": 9, "2": 3, str(2**64 - 1): 8}


def test_numbers_the_contract_cannot_hold_are_named() -> None:
    with pytest.raises(ConfigError, match=r"weight 0 is 604462909807314587353088; .* to 604462909807314587353087"):
        sparse_perceptron({0: INT80})
    with pytest.raises(ConfigError, match=r"step times 10\^9 is 4294967296"):
        sparse_perceptron(rate=2**32)
    with pytest.raises(ConfigError, match="two classes"):
        SparsePerceptron(3, 3)


class ByHand:
    """The same rule on a dictionary of whole numbers, eighty bits kept by a remainder."""

    def __init__(self, intercept: int, rate: int, weights: dict[int, int]) -> None:
        self.intercept, self.rate, self.weights = intercept, rate, dict(weights)

    def predict(self, row: list[int]) -> int:
        margin = self.intercept
        for i in row:
            margin += self.weights.get(i, 0)
        return 1 if margin > 0 else 0

    def learn(self, row: list[int], label: int) -> None:
        if self.predict(row) != label:
            for i in row:
                moved = (self.weights.get(i, 0) + (self.rate if label else -self.rate)) % 2**80
                self.weights[i] = moved if moved < INT80 else moved - 2**80


edges = st.sampled_from((0, 1, -1, ONE, INT80 - 1, -INT80, INT80 - 3))
index = st.sampled_from((0, 1, 2, 3, 2**32, MAX64))
row = st.lists(index, max_size=6)


@given(
    intercept=edges, rate=st.sampled_from((0, 1, ONE, 2**32 - 1)), weights=st.dictionaries(index, edges),
    lessons=st.lists(st.tuples(row, st.sampled_from((0, 0, 1, 1, 2))), max_size=12), asked=row,
)  # fmt: skip
def test_against_plain_whole_numbers(
    intercept: int, rate: int, weights: dict[int, int], lessons: list[tuple[list[int], int]], asked: list[int]
) -> None:
    model, by_hand = sparse_perceptron(weights, intercept=intercept, rate=rate), ByHand(intercept, rate, weights)
    for features, label in lessons:
        model.learn_one(numbers(*features), label)
        by_hand.learn(features, label)
    named = (0, 1, 2, 3, 2**32, MAX64)
    assert model.to_state(named)["weights"] == {str(i): by_hand.weights.get(i, 0) for i in named}
    assert model.predict_one(numbers(*asked)) == by_hand.predict(asked)
    assert model.predict_on_chain(numbers(*asked)) == by_hand.predict(asked)


def test_gas_of_asking_counts_each_slot_cold_once() -> None:
    model = sparse_perceptron({0: -1}, intercept=0)
    assert gas(model, [0, 5, 0]) - gas(model, []) == 3 * 739 + 2 * 2_100 + 100 + 2 * 28
    assert gas(model, []) == 1_058 + 2_100


def test_gas_of_learning_counts_set_reset_clear_and_noop_once_a_slot() -> None:
    model = sparse_perceptron({0: -ONE, 1: ONE})
    right = gas(model, [0, 1, 2, 2], 0)
    assert right == 1_058 + 2 * 2_100 + 4 * 739 + 28 + 3 * 2_100 + 100
    wrong = gas(model, [0, 1, 2, 2], 1)  # 0 is cleared, 1 reset, 2 set and then changed again
    assert wrong - right == 89 + 10 + 4 * (409 + 300) + 2_900 + 2_900 + 20_000 + 100
    assert model.meter.refunded == 4_800
    still = sparse_perceptron({0: -ONE}, rate=0)
    assert gas(still, [0], 1) - gas(still, [0], 0) == 89 + 10 + 409 + 300 + 100
    assert still.meter.refunded == 0
