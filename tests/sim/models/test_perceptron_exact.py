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
from tests.support import news

N_FEATURES = 5
BIG = 2**53
STEPS = ("0.000000001", "1", "1", "0.123456789", "1000", "4503599.627370497", "9007199.254740991", "20000000000")
NONE = np.empty(0, np.intp)
WRONG = 2  # in the place of a label: the one that is not predicted

rising = st.sets(st.integers(0, N_FEATURES - 1)).map(lambda places: np.array(sorted(places), np.intp))
repeating = st.lists(st.tuples(st.integers(0, N_FEATURES - 1), st.sampled_from((1, 2, 2_000))), max_size=5).map(
    lambda parts: np.repeat(np.array([place for place, _ in parts], np.intp), [times for _, times in parts])
)
sample = st.one_of(rising, rising, repeating)
lesson = st.tuples(sample, st.sampled_from((0, 1, WRONG, WRONG)))
transaction = st.tuples(
    st.lists(lesson, min_size=1, max_size=4), st.sampled_from(("commit", "commit", "commit", "undo", "refuse"))
)
odd = st.one_of(
    st.integers(-(10**12), 10**12),
    st.sampled_from((2**40 + 1, 2**47, BIG // 8 - 1, BIG - 1, BIG, BIG + 1)).flatmap(
        lambda one: st.sampled_from((one, -one))
    ),
    st.integers(-(2**80), 2**80),
)


class ByHand:
    """The rule with Python's whole numbers."""

    def __init__(self, step: int, intercept: int, weights: list[int], ahead: int) -> None:
        self.step, self.intercept, self.weights, self.ahead = step, intercept, list(weights), ahead

    def margin(self, features: Any) -> int:
        counts = np.bincount(features, minlength=N_FEATURES).tolist()
        return self.intercept + sum(count * weight for count, weight in zip(counts, self.weights, strict=True))

    def label(self, features: Any, asked: int) -> int:
        """The label that is asked for."""
        return int(self.margin(features) <= 0) if asked == WRONG else asked

    def learn(self, features: Any, label: int) -> None:
        if (self.margin(features) > 0) != label:
            self.move(features, 1 if label else -1)

    def move(self, features: Any, sign: int) -> None:
        for place, count in enumerate(np.bincount(features, minlength=N_FEATURES).tolist()):
            self.weights[place] += sign * count * self.step


@contextmanager
def proved_for(lessons: int) -> Iterator[None]:
    """What is proved of weights holds for so many lessons at the least: few bring many proofs into a short test."""
    with patch.object(module, "_LESSONS_AHEAD", lessons):
        yield


@st.composite
def worlds(draw: Any, intercepts: bool = True) -> tuple[SparsePerceptron, ByHand]:
    """A model as it is made, or with weights that were loaded: a few steps each, or of any size."""
    model = SparsePerceptron(N_FEATURES, step=draw(st.sampled_from(STEPS)))
    few = st.integers(-3, 3).map(lambda count: count * model.step)
    size = st.sampled_from((few, few, odd))
    intercept = draw(st.sampled_from((-(10**30), 10**30)) | draw(size)) if intercepts else 0
    each = draw(size)
    weights = draw(st.none() | st.lists(each, min_size=N_FEATURES, max_size=N_FEATURES)) or [0] * N_FEATURES
    ahead = draw(st.sampled_from((1, 1, 2, 256)))
    with proved_for(ahead):
        model.load_state({"weights": dict(enumerate(weights)), "intercept": intercept})
    return model, ByHand(model.step, intercept, weights, ahead)


def rows_of(samples: list[Any]) -> Features:
    indices = np.concatenate([*samples, np.empty(0, np.intp)]).astype(np.int32)
    return Features(np.cumsum([0, *map(len, samples)]), indices, N_FEATURES)


def negatives(model: SparsePerceptron, features: Any) -> int:
    """How many weights below zero a prediction is charged for."""
    prediction, _, gas = model.examine(features)
    plain = (
        model.gas_to_ask(len(features), len(set(features.tolist()))) - model.gas_to_ask(0, 0) + model.examine(NONE)[2]
    )
    return (gas - plain - prediction * module.CLASS_ONE) // module.NEGATIVE


def check(model: SparsePerceptron, by_hand: ByHand, samples: list[Any]) -> None:
    """All numbers of the model, what it says, and that what it holds for proved is so."""
    state = {str(place): weight for place, weight in enumerate(by_hand.weights) if weight}
    assert model.to_state() == {"weights": state, "intercept": by_hand.intercept}
    assert [model.margin(features) for features in samples] == [by_hand.margin(features) for features in samples]
    assert model.predict_many(rows_of(samples)).tolist() == [int(by_hand.margin(row) > 0) for row in samples]
    for features in samples:
        below = sum(by_hand.weights[place] < 0 for place in features.tolist())
        assert negatives(model, features) == below
    bounds = model.bounds
    assert all(abs(weight) <= bounds.weight * model.unit for weight in by_hand.weights)
    assert bounds.size * (bounds.weight << model._bits) < BIG
    codes = model._codes.array
    assert all(type(code) is int for code in codes) if codes.dtype == object else bounds.weight << model._bits < BIG


@settings(max_examples=200)
@given(
    world=worlds(),
    watched=st.lists(sample, min_size=1, max_size=4),
    transactions=st.lists(transaction, max_size=14),
)
def test_whatever_is_learnt_taken_back_or_loaded(
    world: tuple[SparsePerceptron, ByHand],
    watched: list[Any],
    transactions: list[tuple[list[tuple[Any, int]], str]],
) -> None:
    model, by_hand = world
    watch = model.watch()
    agreeing = {record: watch.add(record, features, 1) for record, features in enumerate(watched)}
    for lessons, ending in transactions:
        before = list(by_hand.weights)

        def teach(lessons: list[tuple[Any, int]] = lessons, refuse: bool = ending == "refuse") -> None:
            for features, asked in lessons:
                label = by_hand.label(features, asked)
                model.learn_one(features, label)
                by_hand.learn(features, label)
            if refuse:
                raise Revert("no")

        with proved_for(by_hand.ahead):
            assert model.journal.attempt(teach) == (ending != "refuse")
        if ending == "undo":
            model.journal.rollback()
        if ending != "commit":
            by_hand.weights = before
        model.journal.commit()
        check(model, by_hand, [*watched, *(features for features, _ in lessons)])
        agreeing |= news(watch)
        assert agreeing == {record: by_hand.margin(features) > 0 for record, features in enumerate(watched)}
        for record, slot in watch._slots.items():
            assert int(watch.sums[slot]) * model.unit == by_hand.margin(watched[record]) - by_hand.intercept


@settings(max_examples=100)
@given(
    world=worlds(intercepts=False),
    moves=st.lists(st.tuples(sample, st.sampled_from((-1, 1)), st.booleans()), max_size=12),
)
def test_mistakes_that_are_written_together(
    world: tuple[SparsePerceptron, ByHand], moves: list[tuple[Any, int, bool]]
) -> None:
    """Several mistakes at once, where they fit, between lessons one by one."""
    model, by_hand = world
    for features, sign, together in moves:
        with proved_for(by_hand.ahead):
            if not together:
                label = by_hand.label(features, WRONG)
                model.learn_one(features, label)
                by_hand.learn(features, label)
            elif len(features) and model.fits(len(features), 1):
                model.move(features, np.full(len(features), sign * model.step))
                by_hand.move(features, sign)
        model.journal.commit()
        check(model, by_hand, [features])


@settings(max_examples=50)
@given(world=worlds(), lessons=st.lists(st.tuples(sample, st.integers(0, 1)), min_size=1, max_size=12))
def test_passes_over_initial_samples(world: tuple[SparsePerceptron, ByHand], lessons: list[tuple[Any, int]]) -> None:
    model, by_hand = world
    rows = [features for features, _ in lessons]
    model.fit(rows_of(rows), np.array([label for _, label in lessons]))
    for features, label in lessons * model.passes:
        by_hand.learn(features, label)
    check(model, by_hand, rows)


def test_a_watch_hears_that_lessons_of_repeated_features_move_weights_further() -> None:
    """Each lesson moves a weight by 50 steps: 30 of them by 1,500, which no 30 lessons of different features do."""
    model = SparsePerceptron(N_FEATURES, intercept=-(10**15))  # class 0 whatever is learnt here
    watch, features = model.watch(), np.zeros(50, np.intp)
    assert watch.add(0, features, 0)
    for _ in range(30):
        model.learn_one(features, 1)
        model.journal.commit()
        assert watch.refresh() == ([], [])
    assert model.margin(features) == 30 * 50 * 50 * 10**9 - 10**15
    assert watch.agrees(0)


def test_a_watch_counts_exactly_where_single_precision_ends() -> None:
    """Sums of 2²⁴ steps after some twenty lessons, each of which moves a weight by 999 steps."""
    model = SparsePerceptron(N_FEATURES, intercept=-(10**18))
    long, short = np.array([0] * 999 + [1] * 2), np.array([0, 1, 2])
    watch = model.watch()
    for record, features in enumerate((long, short)):
        watch.add(record, features, 0)
    for number in range(60):
        model.learn_one(long if number % 3 else short, 1)
        model.journal.commit()
        sums = [int(watch.sums[watch._slots[record]]) * model.unit for record in (0, 1)]
        assert sums == [model.margin(features) - model.intercept for features in (long, short)]
    assert sums[0] > 2**24 * model.unit
