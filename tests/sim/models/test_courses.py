"""Courses: what is looked ahead is what lessons taken one by one come to: rows, gas, cleared slots and numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sim.chain.gas import HARDFORKS, Meter
from sim.chain.journal import Journal
from sim.features import Data, Features
from sim.models import NaiveBayes, SparsePerceptron, models_of
from sim.models.courses import Lesson, course_of, perceptron

LESSONS, TEST_ROWS, PLANS = 90, 30, 4


def random_samples(rng: np.random.Generator, number: int, n_features: int, classes: int, repeats: bool) -> list[Lesson]:
    samples = []
    for _ in range(number):
        size = int(rng.integers(0, 6))
        drawn = rng.integers(0, n_features, size) if repeats else np.flatnonzero(rng.random(n_features) < 0.3)
        samples.append((Data(drawn), int(rng.integers(0, classes))))
    return samples


def rows_of(samples: list[Lesson], n_features: int) -> tuple[Features, Any]:
    rows = [data.features for data, _ in samples]
    indptr = np.cumsum([0, *map(len, rows)])
    indices = np.concatenate([*rows, np.empty(0)]).astype(np.int32)
    return Features(indptr, indices, n_features), np.array([label for _, label in samples], np.int64)


def model_of(kind: Any, n_features: int, classes: int, initial: list[Lesson], **options: Any) -> Any:
    meter = Meter(HARDFORKS["prague"])
    meter.start(10**12)
    model = kind(n_features, classes, Journal(), meter, **options)
    model.fit(*rows_of(initial, n_features))
    model.journal.commit()
    return model


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("n_features", [5, 30])
@pytest.mark.parametrize("ahead", [1, 7, 128])
@pytest.mark.parametrize(
    ("kind", "classes", "options"),
    [
        (SparsePerceptron, 2, {}),
        (SparsePerceptron, 2, {"step": "0.3", "intercept": 400_000_000}),
        (NaiveBayes, 2, {"smoothing": 0.5}),
        (NaiveBayes, 3, {}),
    ],
    ids=["perceptron", "perceptron of fine steps", "naive Bayes", "three classes"],
)
def test_plans_are_what_lessons_come_to(
    kind: Any, classes: int, options: dict[str, Any], n_features: int, repeats: bool, ahead: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Plan after plan, each without some lessons of the one before, looked at and taken in pieces of any size."""
    monkeypatch.setattr(perceptron, "_AHEAD", ahead)
    for seed in range(3):
        rng = np.random.default_rng(seed)

        def samples(number: int, rng: np.random.Generator = rng) -> list[Lesson]:
            return random_samples(rng, number, n_features, classes, repeats)

        initial, lessons, test_set = samples(8 * seed), samples(LESSONS), samples(TEST_ROWS)
        test_rows, test_labels = rows_of(test_set, n_features)
        course = course_of(model_of(kind, n_features, classes, initial, **options), lessons, test_set)
        if course is None:  # repeated features where none was known to repeat: gas is reckoned otherwise
            assert kind is NaiveBayes
            assert repeats
            continue
        order = list(range(LESSONS))
        for _ in range(PLANS):
            course.plan(order)
            one = model_of(kind, n_features, classes, initial, **options)
            course.model = many = model_of(kind, n_features, classes, initial, **options)
            taken = 0
            for place, number in enumerate(order):
                data, label = lessons[number]
                one.learn_one(data.features, label)
                assert course.right[place] == np.count_nonzero(one.predict_many(test_rows) == test_labels)
                if rng.random() < 0.1 or place == len(order) - 1:
                    course.take(taken, place + 1)
                    taken = place + 1
                    if rng.random() < 0.5 and taken < len(order):
                        continue  # what was taken twice is written at once
                    course.bring_along()
                    assert many.to_state() == one.to_state()
                    assert np.array_equal(many.predict_many(test_rows), one.predict_many(test_rows))
                    assert (many.meter.left, many.meter.refunded) == (one.meter.left, one.meter.refunded)
            initially = model_of(kind, n_features, classes, initial, **options).to_state()
            many.journal.rollback()
            assert many.to_state() == initially
            for _ in range(int(rng.integers(1, 4))):
                order.pop(int(rng.integers(0, len(order))))


def test_taken_lessons_raise_the_version() -> None:
    lessons = [(Data([0]), 1)]
    model = model_of(SparsePerceptron, 2, 2, [])
    course = course_of(model, lessons, lessons)
    assert course is not None
    course.plan([0])
    before = model.version.value
    course.take(0, 1)
    course.bring_along()
    assert model.version.value > before


@pytest.mark.parametrize(
    ("lesson", "row"),
    [((Data([9]), 1), (Data([0]), 1)), ((Data([0]), 7), (Data([0]), 1)), ((Data([0]), 1), (Data([0]), 2))],
    ids=["feature", "label", "label of a row"],
)
def test_what_the_model_does_not_know_is_left_to_lessons_one_by_one(lesson: Lesson, row: Lesson) -> None:
    for kind in (SparsePerceptron, NaiveBayes):
        assert course_of(model_of(kind, 2, 2, []), [lesson], [row]) is None


def test_models_by_other_rules_have_no_courses() -> None:
    known = [(Data([0]), 1)]
    for kind in models_of("solidity").values():
        assert course_of(kind(2, 2), known, known) is None
    huge = model_of(SparsePerceptron, 2, 2, [], step=10**9)
    assert course_of(huge, known * 10, known) is None  # sums might not be exact
