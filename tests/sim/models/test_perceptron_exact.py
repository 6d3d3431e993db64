"""The sparse perceptron's codes, proofs and watches against whole numbers without limit, transaction by transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import Revert
from sim.features import Features
from sim.models import SparsePerceptron
from sim.models import perceptron as module

N_FEATURES = 5
BIG = 2**53
STEPS = ("0.000000001", "1", "0.123456789", "9007199.254740991", "4503599.627370497", "20000000000")

sample = st.lists(st.tuples(st.integers(0, N_FEATURES - 1), st.sampled_from((1, 1, 2, 50))), max_size=5).map(
    lambda parts: np.array([index for index, times in parts for _ in range(times)], np.intp)
)
lesson = st.tuples(sample, st.integers(0, 1))
transaction = st.tuples(st.lists(lesson, max_size=4), st.sampled_from(("commit", "commit", "commit", "undo", "refuse")))
number = st.one_of(
    st.just(0),
    st.integers(-9, 9).map(lambda count: count * 10**9),
    st.integers(-(10**12), 10**12),
    st.sampled_from((2**47, BIG // 8 - 1, BIG - 1, BIG, BIG + 1)).flatmap(lambda one: st.sampled_from((one, -one))),
    st.integers(-(2**80), 2**80),
)
state = st.none() | st.lists(number, min_size=N_FEATURES, max_size=N_FEATURES)


class ByHand:
    """The rule with Python's whole numbers."""

    def __init__(self, step: int, intercept: int) -> None:
        self.step, self.intercept, self.weights = step, intercept, [0] * N_FEATURES

    def margin(self, features: Any) -> int:
        return self.intercept + sum(self.weights[place] for place in features.tolist())

    def learn(self, features: Any, label: int) -> None:
        if (self.margin(features) > 0) != label:
            for place in features.tolist():
                self.weights[place] += self.step if label else -self.step


def rows_of(samples: list[Any]) -> Features:
    indices = np.concatenate([*samples, np.empty(0, np.intp)]).astype(np.int32)
    return Features(np.cumsum([0, *map(len, samples)]), indices, N_FEATURES)


@contextmanager
def proved_for(lessons: int) -> Iterator[None]:
    """What is proved of weights holds for so many lessons at the least: few bring many proofs into a short test."""
    with patch.object(module, "_LESSONS_AHEAD", lessons):
        yield


def negatives(model: SparsePerceptron, by_hand: ByHand, features: Any) -> int:
    """By how many weights below zero the gas of a prediction says that it met."""
    prediction, _, gas = model.examine(features)
    distinct = len(set(features.tolist()))
    gas -= model.gas_to_ask(len(features), distinct) - model._gas.lesson
    return int(gas - prediction * module.CLASS_ONE) // module.NEGATIVE


def check(model: SparsePerceptron, by_hand: ByHand, samples: list[Any]) -> None:
    state = {str(place): weight for place, weight in enumerate(by_hand.weights) if weight}
    assert model.to_state() == {"weights": state, "intercept": by_hand.intercept}
    assert [model.margin(features) for features in samples] == [by_hand.margin(features) for features in samples]
    assert model.predict_many(rows_of(samples)).tolist() == [int(by_hand.margin(row) > 0) for row in samples]
    for features in samples:
        below = sum(by_hand.weights[place] < 0 for place in features.tolist())
        assert negatives(model, by_hand, features) == below
    bounds = model.bounds
    assert all(abs(weight) <= bounds.weight * model.unit for weight in by_hand.weights)
    assert bounds.size * (bounds.weight << model._bits) < BIG
    assert model._codes.array.dtype == object or bounds.weight << model._bits < BIG


@settings(max_examples=400)
@given(
    step=st.sampled_from(STEPS),
    intercept=number,
    loaded=state,
    watched=st.lists(lesson, min_size=1, max_size=4),
    transactions=st.lists(transaction, max_size=14),
    ahead=st.sampled_from((1, 2, 256)),
)
def test_whatever_is_learnt_taken_back_or_loaded(
    step: str,
    intercept: int,
    loaded: list[int] | None,
    watched: list[tuple[Any, int]],
    transactions: list[tuple[list[tuple[Any, int]], str]],
    ahead: int,
) -> None:
    with proved_for(ahead):
        model = SparsePerceptron(N_FEATURES, step=step, intercept=intercept)
        by_hand = ByHand(model.step, intercept)
        if loaded is not None:
            model.load_state({"weights": dict(enumerate(loaded)), "intercept": intercept})
            by_hand.weights = list(loaded)
        samples = [features for features, _ in watched]
        watch = model.watch()
        told = {record: watch.add(record, *one) for record, one in enumerate(watched)}
        check(model, by_hand, samples)
        for lessons, ending in transactions:
            before = list(by_hand.weights)

            def teach(lessons: list[tuple[Any, int]] = lessons, refuse: bool = ending == "refuse") -> None:
                for features, label in lessons:
                    model.learn_one(features, label)
                    by_hand.learn(features, label)
                if refuse:
                    raise Revert("no")

            assert model.journal.attempt(teach) == (ending != "refuse")
            if ending == "undo":
                model.journal.rollback()
            if ending != "commit":
                by_hand.weights = before
            model.journal.commit()
            check(model, by_hand, [*samples, *(features for features, _ in lessons)])
            told |= dict(watch.refresh())
            assert told == {
                record: int(by_hand.margin(features) > 0) == label for record, (features, label) in enumerate(watched)
            }
            for record, slot in watch._slots.items():
                assert int(watch.sums[slot]) * model.unit + intercept == by_hand.margin(watched[record][0])
