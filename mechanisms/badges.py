"""Badges: what somebody's contributions are worth a mention for, read off the records of a run.

A badge is data: a name, what it is for, and a predicate over a contributor's `Statistics`. Nothing on the chain knows
of badges; anybody can work them out from the records.

===========  ===========================================================================
badge        earned by
===========  ===========================================================================
first        a first contribution
centurion    100 contributions
diverse      a verified contribution in every class
weekly       a contribution in each of 4 weeks on end
===========  ===========================================================================

``first``, ``centurion`` and ``weekly`` count what was submitted, good or bad, so that liars earn them as well; only
``diverse``, like points, needs the model's agreement.

Badges are an idea of Harris & Waggoner 2019 (gamification); no contract has any. Names and thresholds are this
project's.

>>> badges_of(Statistics(n_submitted=120, n_valid=90, classes_covered=2, longest_streak_weeks=3), n_classes=2)
('first', 'centurion', 'diverse')
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sim.chain.ledger import Address
from sim.contracts.data_handler import DataHandler
from sim.units import DAY, Seconds

WEEK: Seconds = 7 * DAY


@dataclass(frozen=True, slots=True)
class Statistics:
    """What one contributor did: contributions, those verified, and reports of others' bad ones.

    ``classes_covered`` have a verified contribution; ``longest_streak_weeks`` are weeks on end, counted from the start
    of the chain, with a contribution in each.
    """

    n_submitted: int = 0
    n_valid: int = 0
    classes_covered: int = 0
    longest_streak_weeks: int = 0
    n_correct_reports: int = 0


@dataclass(frozen=True, slots=True)
class Badge:
    """``earned`` is asked with a contributor's statistics and the number of classes there are."""

    name: str
    meaning: str
    earned: Callable[[Statistics, int], bool]


BADGES: tuple[Badge, ...] = (
    Badge("first", "a first contribution", lambda made, classes: made.n_submitted >= 1),
    Badge("centurion", "100 contributions", lambda made, classes: made.n_submitted >= 100),
    Badge("diverse", "a verified contribution in every class", lambda made, classes: made.classes_covered >= classes),
    Badge("weekly", "a contribution in each of 4 weeks on end", lambda made, classes: made.longest_streak_weeks >= 4),
)
"""Every badge there is, in the order in which they are shown."""


def badges_of(made: Statistics, n_classes: int, badges: Iterable[Badge] = BADGES) -> tuple[str, ...]:
    """The names of the badges these statistics earn where there are ``n_classes`` classes."""
    return tuple(badge.name for badge in badges if badge.earned(made, n_classes))


def statistics(records: DataHandler) -> dict[Address, Statistics]:
    """The statistics of everyone who contributed or reported, from all records and who claimed them.

    A claim by a contribution's author is its verification, one by anybody else a report: so it is under Points, where
    nothing can be taken for any other reason.
    """
    weeks: defaultdict[Address, set[int]] = defaultdict(set)
    submitted: defaultdict[Address, int] = defaultdict(int)
    valid: defaultdict[Address, list[int]] = defaultdict(list)
    reports: defaultdict[Address, int] = defaultdict(int)
    for author, added_time in zip(records.author, records.added_time, strict=True):
        submitted[author] += 1
        weeks[author].add(added_time // WEEK)
    for record, claimant in records.claimed:
        if records.author[record] == claimant:
            valid[claimant].append(records.label[record])
        else:
            reports[claimant] += 1
    return {
        who: Statistics(
            submitted[who], len(valid[who]), len(set(valid[who])), longest_streak(weeks[who]), reports[who]
        )
        for who in dict.fromkeys((*submitted, *reports))
    }  # fmt: skip


def longest_streak(weeks: Iterable[int]) -> int:
    """The most consecutive numbers among these.

    >>> longest_streak([1, 2, 5, 6, 7]), longest_streak([])
    (3, 0)
    """
    longest, streak, before = 0, 0, None
    for week in sorted(set(weeks)):
        streak = streak + 1 if before is not None and week == before + 1 else 1
        longest, before = max(longest, streak), week
    return longest
