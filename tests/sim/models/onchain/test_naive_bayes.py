"""NaiveBayesClassifier.sol, quirk by quirk."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ConfigError
from sim.models.onchain import NaiveBayes
from tests.sim.models.onchain.support import ONE, gas, learn, naive_bayes, numbers, refusal

DIVISION, PRODUCT = "SafeMath: division by zero", "SafeMath: multiplication overflow"


def test_score_is_floored_at_every_step_in_the_order_of_the_data() -> None:
    """5e9 * 1 // 3 = 1666666666, * 2 // 3 = 1111111110; but 5e9 * 2 // 3 = 3333333333, // 3 = 1111111111."""
    model = naive_bayes([5], [{0: 1, 1: 2}])
    assert model.scores([0, 1])[0] == [1_111_111_110]
    assert model.scores([1, 0])[0] == [1_111_111_111]


def test_index_counts_as_often_as_it_stands_there() -> None:
    assert naive_bayes([1], [{0: 1, 1: 1}]).scores([0, 0, 0])[0] == [ONE // 8]


def test_product_underflows_to_class_0() -> None:
    """1e11 * 1e-4 three times is 0: class 1 has the sample for itself and still loses."""
    model = naive_bayes([1, 100], [{9: 10_000}, {0: 1, 1: 1, 2: 1, 9: 9_997}])
    assert model.scores([0, 1])[0] == [0, 1_000]
    assert model.predict_one(numbers(0, 1)) == 1
    assert model.scores([0, 1, 2])[0] == [0, 0]
    assert model.predict_one(numbers(0, 1, 2)) == 0


def test_tie_goes_to_the_lower_class() -> None:
    model = naive_bayes([1, 3, 3], [{0: 1}, {0: 2}, {0: 2}])
    assert model.predict_one(numbers(0)) == 1
    assert naive_bayes([0, 0], [{}, {}]).predict_one(numbers()) == 0


def test_classes_weigh_as_many_samples_as_they_have() -> None:
    assert naive_bayes([2, 3], [{0: 1}, {0: 1}]).predict_one(numbers(0)) == 1
    assert naive_bayes([2, 3], [{0: 1}, {0: 1}]).predict_one(numbers()) == 1


def test_smoothing_counts_features_that_never_change() -> None:
    """(1e9 * 0 + 5e8) / (1e9 * 4 + 5e8 * 6) of 1e9 is 1/14."""
    model = naive_bayes([1], [{0: 4}], features=6, smoothing=ONE // 2)
    assert model.scores([3])[0] == [ONE // 14]
    learn(model, [([100], 0)])
    assert model.scores([3])[0] == [2 * ONE * 5 // 80]  # 5e8 / (5e9 + 3e9)


def test_denominator_of_zero_is_refused() -> None:
    model = naive_bayes([1, 1], [{0: 1}, {}])
    assert refusal(model, [0]) == DIVISION
    assert model.predict_one(numbers()) == 0  # nothing is divided
    assert refusal(naive_bayes([0], [{}]), [0]) == DIVISION  # though there is nothing to divide


def test_product_above_256_bits_is_refused() -> None:
    """With F = 0 a factor is (1e9 + 4e9) / 1e9 = 5. The 80th product is below 2^249, the 100th above 2^290."""
    model = naive_bayes([1], [{0: 1}], smoothing=4 * ONE)
    assert model.predict_one(numbers(*[0] * 80)) == 0
    assert refusal(model, [0] * 100) == PRODUCT
    too_smooth = naive_bayes([1], [{0: 1}], features=2**255, smoothing=2)
    assert refusal(too_smooth, []) == PRODUCT


def test_denominator_wraps_at_256_bits() -> None:
    """1e9 * 1 + 1 * (2^256 - 1e9) is 0 in 256 bits."""
    assert refusal(naive_bayes([1], [{0: 1}], features=2**256 - ONE, smoothing=1), [0]) == DIVISION


def test_every_sample_is_learnt() -> None:
    model = learn(naive_bayes([5, 1], [{0: 9}, {}]), [([0, 0, 3], 0)])  # predicted rightly
    assert model.to_state()["classes"][0] == {
        "numSamples": 6, "totalFeatureCount": 12, "featureCounts": {"0": 11, "3": 1},
    }  # fmt: skip


def test_label_out_of_bounds_is_refused() -> None:
    model = naive_bayes([1, 1], [{0: 1}, {0: 1}])
    for label in (2, 2**64 - 1):
        assert refusal(model, [0], label) == "Classification is out of bounds."


def test_indices_alias_modulo_2_32() -> None:
    model = learn(naive_bayes([1], [{}]), [([-1, 2**32, 2**33 - 1, -(2**63)], 0)])
    assert model.to_state()["classes"][0]["featureCounts"] == {"0": 2, str(2**32 - 1): 2}
    assert model.scores([2**40])[0] == model.scores([0])[0] == [ONE]
    assert model.to_state([-1])["classes"][0]["featureCounts"] == {"-1": 2}


def test_index_from_2_33_on_is_refused_and_leaves_nothing() -> None:
    model = naive_bayes([1], [{}])
    before = model.to_state()
    assert refusal(model, [0, 2**33], 0) == "A feature index is too high."
    assert model.to_state() == before


def test_counts_wrap_at_32_bits_and_totals_at_64() -> None:
    model = naive_bayes([1], [{0: 2**32 - 1}])
    model.totals[0].value = 2**64 - 1
    learn(model, [([0, 0], 0)])
    assert model.to_state()["classes"][0] == {
        "numSamples": 2, "totalFeatureCount": 1, "featureCounts": {"0": 1},
    }  # fmt: skip


def test_class_that_is_full_takes_no_more() -> None:
    model = naive_bayes([2**64 - 1], [{0: 1}])
    assert refusal(model, [0], 0) == "There are too many samples for the class."


def test_deployed_pairs_of_one_index_keep_the_last_but_the_total_adds_all() -> None:
    model = NaiveBayes.deploy(
        {
            "classifications": ["a"], "classCounts": [1], "featureCounts": [[[0, 5], [0, 2]]], "totalNumFeatures": 1,
            "smoothingFactor": 0,
        }
    )  # fmt: skip
    assert model.to_state()["classes"][0]["featureCounts"] == {"0": 2}
    assert model.totals[0].value == 7


def test_numbers_the_contract_cannot_hold_are_named() -> None:
    with pytest.raises(ConfigError, match=r"smoothing times 10\^9 is 5000000000; .* to 4294967295"):
        NaiveBayes(3, smoothing=5)
    with pytest.raises(ConfigError, match="smoothing"):
        NaiveBayes(3, smoothing=-1)
    with pytest.raises(ConfigError, match="count is"):
        naive_bayes([1], [{0: 2**32}])


def test_smoothing_is_rounded_as_the_deployment_script_does() -> None:
    assert NaiveBayes(3, smoothing="0.0000000015").smoothing == 2
    assert NaiveBayes(3, smoothing="0.0000000014").smoothing == 1


row = st.lists(st.integers(0, 3), max_size=5)


@given(
    lessons=st.lists(st.tuples(row, st.integers(0, 2)), max_size=15), asked=row,
    smoothing=st.sampled_from((1, ONE // 3, ONE)), features=st.integers(1, 5),
)  # fmt: skip
def test_against_fractions_floored_by_hand(
    lessons: list[tuple[list[int], int]], asked: list[int], smoothing: int, features: int
) -> None:
    model = learn(naive_bayes([1, 0, 0], [{0: 1}, {}, {}], features=features, smoothing=smoothing), lessons)
    rows: list[list[list[int]]] = [[[0]], [], []]
    for features_, label in lessons:
        rows[label].append(features_)
    expected, alpha = [], Fraction(smoothing, ONE)
    for mine in rows:
        words = [i for one in mine for i in one]
        score = len(mine) * ONE
        for i in asked:
            score = floor(score * (words.count(i) + alpha) / (len(words) + alpha * features))
        expected.append(score)
    assert model.scores(asked)[0] == expected
    best = max(range(3), key=lambda label: (expected[label], -label))
    assert model.predict_one(numbers(*asked)) == model.predict_on_chain(numbers(*asked)) == best


def test_gas_of_a_score_that_is_zero_already() -> None:
    """The same reads; each factor that is not multiplied saves 59, and a class that is no longer the best 16."""
    alive, dead = naive_bayes([1], [{0: 1}]), naive_bayes([1], [{1: 1}])
    assert gas(alive, [0, 0, 0]) - gas(dead, [0, 0, 0]) == 16 + 2 * 59


def test_gas_of_learning_counts_each_slot_once() -> None:
    model = naive_bayes([1], [{0: 4}])
    whole = gas(model, [0, 0, 7], 0)
    header = 1_626 + 4 * 2_100 + 4 * 100 + 2_900 + 100
    counts = 3 * 771 + 2 * 2_100 + 7 * 100 + (2_900 + 100) + 20_000
    assert whole == header + counts
    assert gas(naive_bayes([0], [{}]), [], 0) - gas(model, [], 0) == 17_100  # its header is zero


def test_refused_index_pays_for_those_before_it() -> None:
    model = naive_bayes([1], [{}])
    model.meter.start(limit=10**9)
    refusal(model, [5, 6, 2**33, 7], 0)
    assert model.meter.used == gas(model, [5, 6], 0) + 2 * 235  # all four were taken from the call
