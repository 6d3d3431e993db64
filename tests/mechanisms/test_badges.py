"""Badges and the statistics they are read off."""

from __future__ import annotations

import pytest

from mechanisms.badges import BADGES, Badge, Statistics, badges_of, longest_streak, statistics
from sim.units import DAY
from tests.support import data, make_world


@pytest.mark.parametrize(
    ("badge", "enough", "too_little"),
    [
        ("first", Statistics(n_submitted=1), Statistics()),
        ("centurion", Statistics(n_submitted=100), Statistics(n_submitted=99)),
        ("diverse", Statistics(n_submitted=3, n_valid=3, classes_covered=3), Statistics(n_valid=9, classes_covered=2)),
        (
            "weekly",
            Statistics(n_submitted=4, longest_streak_weeks=4),
            Statistics(n_submitted=4, longest_streak_weeks=3),
        ),
    ],
)
def test_each_badge_at_its_threshold(badge: str, enough: Statistics, too_little: Statistics) -> None:
    assert badge in badges_of(enough, n_classes=3)
    assert badge not in badges_of(too_little, n_classes=3)


def test_badges_are_data() -> None:
    assert [badge.name for badge in BADGES] == ["first", "centurion", "diverse", "weekly"]
    mine = (Badge("watchful", "five reports", lambda made, classes: made.n_correct_reports >= 5),)
    assert badges_of(Statistics(n_correct_reports=5), 2, mine) == ("watchful",)
    assert badges_of(Statistics(n_correct_reports=4), 2, mine) == ()


@pytest.mark.parametrize(
    ("weeks", "longest"),
    [((), 0), ((7,), 1), ((0, 1, 2, 3), 4), ((0, 1, 3, 4, 5), 3), ((5, 3, 4, 4, 0), 3), ((0, 2, 4), 1)],
)
def test_longest_streak(weeks: tuple[int, ...], longest: int) -> None:
    assert longest_streak(weeks) == longest


def test_statistics_of_what_happened() -> None:
    """Ann contributes in weeks 0, 1 and 3, Bob once and wrongly; Cat reports Bob and has one of her own verified."""
    world = make_world(mechanism="points", refund_window=10, start=0)
    added: dict[str, list[tuple[int, int]]] = {}
    for day, who, label in ((1, "ann", 0), (2, "bob", 1), (2, "cat", 0), (8, "ann", 0), (13, "ann", 1), (22, "ann", 0)):
        now = world.chain.clock.advance(day * DAY + len(added.setdefault(who, [])))
        assert world.send(who, "add_data", data(1), label).ok
        added[who].append((label, now))
    world.wait(DAY)
    assert world.model.predict_one(data(1).features) == 0, "so the two contributions labelled 1 are found wrong"
    label, time = added["bob"][0]
    assert world.send("cat", "report", data(1), label, time, "bob").ok
    for who, place in (("ann", 0), ("ann", 3), ("cat", 0)):
        label, time = added[who][place]
        assert world.send(who, "refund", data(1), label, time).ok
    assert not world.send("ann", "refund", data(1), *added["ann"][2]).ok
    assert statistics(world.records) == {
        "ann": Statistics(4, 2, 1, longest_streak_weeks=2),
        "bob": Statistics(1, 0, 0, longest_streak_weeks=1),
        "cat": Statistics(1, 1, 1, longest_streak_weeks=1, n_correct_reports=1),
    }


def test_who_only_reports_has_statistics_too() -> None:
    world = make_world(mechanism="points", refund_window=10)
    now = world.wait(1)
    assert world.send("bob", "add_data", data(1), 1).ok
    world.wait(1)
    assert world.send("ann", "add_data", data(1), 0).ok
    world.wait(10)
    wrong = 1 - world.model.predict_one(data(1).features)
    assert wrong == 1
    assert world.send("cat", "report", data(1), 1, now, "bob").ok
    assert statistics(world.records)["cat"] == Statistics(n_correct_reports=1)
    assert badges_of(statistics(world.records)["cat"], 2) == ()
