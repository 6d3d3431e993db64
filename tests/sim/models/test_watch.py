"""Watched samples: their agreement is always the one a fresh prediction gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.models import Classifier
from sim.models.reference import REFERENCE_MODELS
from tests.support import data, make_model, news

N_FEATURES = 5
sample = st.lists(st.integers(0, N_FEATURES - 1), max_size=6)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(("learn", "learn and undo", "watch")), sample, st.integers(0, 1)),
        st.tuples(st.sampled_from(("refresh", "discard", "end of transaction")), st.just([]), st.integers(0, 9)),
    ),
    max_size=40,
)
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "perceptron": ("perceptron", {}),
    "perceptron of fine steps": ("perceptron", {"step": "0.123456789", "intercept": -123456789}),
    "perceptron beyond int64": ("perceptron", {"step": "2305843009.213693952"}),
    "naive Bayes": ("naive_bayes", {}),
    "the reference's perceptron": ("reference perceptron", {"alpha": 0.3}),
    "the reference's naive Bayes": ("reference naive_bayes", {}),
    "the reference's nearest centroid": ("reference nearest_centroid", {}),
}
REFERENCE = {f"reference {model.name}": model for model in REFERENCE_MODELS}


def make(name: str) -> Classifier:
    kind, parameters = MODELS[name]
    if kind in REFERENCE:
        return REFERENCE[kind](N_FEATURES, **parameters)
    return make_model(kind, N_FEATURES, **parameters)


def agreement(watch: Any, held: Iterable[int]) -> dict[int, bool]:
    """What the watch believes of each record it holds."""
    return {record: watch.agrees(record) for record in held}


@pytest.mark.parametrize("name", MODELS)
@given(steps=steps)
def test_watch_agrees_with_fresh_predictions(name: str, steps: list[tuple[str, list[int], int]]) -> None:
    model = make(name)
    watch, held, told = model.watch(), {}, {}
    if name == "perceptron beyond int64":  # leave 64 bits at once
        model.learn_one(data(0, 1, 2, 3).features, 1)
        model.journal.commit()
    for number, (step, row, label) in enumerate(steps):
        features = data(*row).features
        if step == "watch":
            model.journal.commit()
            held[number] = (features, label)
            told[number] = watch.add(number, features, label)
        elif step == "discard" and held:
            record = list(held)[label % len(held)]
            del held[record], told[record]
            watch.discard(record)
        elif step == "refresh":
            told |= news(watch)
        elif step == "end of transaction":
            model.journal.commit()
            known = {record: watch.answer(record)[0] for record in held}
            assert all(answer in (None, model.predict_one(held[record][0])) for record, answer in known.items())
        elif step == "learn":
            model.learn_one(features, label)
        elif step == "learn and undo":
            model.journal.commit()
            model.learn_one(features, label)
            model.journal.rollback()
    model.journal.commit()
    told |= news(watch)
    fresh = {record: model.predict_one(row) == label for record, (row, label) in held.items()}
    assert told == fresh
    assert agreement(watch, held) == fresh
    assert {record: watch.answer(record)[0] for record in held} == {
        record: model.predict_one(row) for record, (row, _) in held.items()
    }
    assert watch.answer(-1) == (None, None)
    assert len(watch) == len(held)


@pytest.mark.parametrize("name", [name for name in MODELS if "int64" not in name])
def test_hundreds_of_samples_are_watched_as_well_as_a_few(name: str) -> None:
    """Slots are reused and their number doubles as needed."""
    rng, model = np.random.default_rng(1), make(name)
    watch, held = model.watch(), {}
    for record in range(600):
        row, label = data(*rng.integers(0, N_FEATURES, 3)).features, int(rng.integers(2))
        held[record] = (row, label)
        watch.add(record, row, label)
        if record % 3 == 0:
            gone = int(rng.choice(list(held)))
            del held[gone]
            watch.discard(gone)
        model.learn_one(data(*rng.integers(0, N_FEATURES, 4)).features, int(rng.integers(2)))
        model.journal.commit()
    watch.refresh()
    assert len(held) > 300
    assert agreement(watch, held) == {record: model.predict_one(row) == label for record, (row, label) in held.items()}


@pytest.mark.parametrize("longest", [4, 255, 256, 700])
def test_a_crowd_is_watched_as_well_as_few(longest: int) -> None:
    """Overlaps in a crowd fit a byte each, unless a sample is too long or an index stands in it more than once."""
    rng, model = np.random.default_rng(longest), make_model("perceptron", 900)
    watch, held = model.watch(), {}
    for record in range(400):
        row = np.sort(rng.choice(900, longest if record == 390 else int(rng.integers(1, 200)), replace=record % 7 == 0))
        held[record] = (data(*row).features, int(rng.integers(2)))
        watch.add(record, *held[record])
        lesson = held[int(rng.integers(len(held)))]
        model.learn_one(lesson[0], 1 - model.predict_one(lesson[0]))
        model.journal.commit()
    model.learn_one(held[390][0], 1 - model.predict_one(held[390][0]))
    model.journal.commit()
    watch.refresh()
    sums = watch.sums[[watch._slots[record] for record in held]].astype(np.int64)
    assert (sums * model.unit).tolist() == [model.margin(row) - model.intercept for row, _ in held.values()]


@pytest.mark.parametrize("name", ["perceptron", "naive Bayes"])
def test_update_that_is_undone_is_never_heard_of(name: str) -> None:
    model = make(name)
    watch = model.watch()
    before = watch.add(1, data(0).features, 1)
    for _ in range(5):
        model.learn_one(data(0).features, 1)
    assert watch.refresh() == ([], [])  # not committed yet
    model.journal.rollback()
    assert watch.refresh() == ([], [])
    assert agreement(watch, [1]) == {1: before}


def test_two_watches_of_one_model_both_follow() -> None:
    model = make("perceptron")
    first, second = model.watch(), model.watch()
    first.add(1, data(0).features, 1)
    second.add(2, data(0, 1).features, 0)
    model.learn_one(data(0).features, 1)
    model.journal.commit()
    assert (first.refresh(), second.refresh()) == (([1], []), ([], [2]))


def test_one_lesson_may_move_a_score_by_more_than_int64_holds() -> None:
    model = make("perceptron beyond int64")
    watch = model.watch()
    watch.add(1, data(0, 1, 2, 3).features, 1)
    model.learn_one(data(0, 1, 2, 3).features, 1)  # by 4 * 2**61
    model.journal.commit()
    watch.refresh()
    assert agreement(watch, [1]) == {1: True}


@pytest.mark.parametrize("name", ["perceptron", "the reference's nearest centroid"])
def test_overlaps_are_exact_beyond_what_single_precision_counts(name: str) -> None:
    """A feature that stands 4,099 times overlaps with itself 4,099² > 2**24 times, an odd number."""
    model, often = make(name), data(*[0] * 4_099).features
    watch = model.watch()
    watch.add(1, often, 1)
    watch._place(1, *watch._fresh.pop(1)[:4])
    assert watch._overlaps(often).tolist()[watch._slots[1]] == 4_099**2
