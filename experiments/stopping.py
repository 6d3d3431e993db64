r"""Sequential stopping: repeat each point until its interval is narrow enough.

``[design] until = { outcome = "final_accuracy", half_width = 0.005, most = 100 }`` runs every point as often as
``replications`` says (the pilot) and then goes on with those points whose 95 % interval is still wider than plus or
minus ``half_width``, at most ``most`` times each. Of n values with half-width :math:`h_n` the next look is at

.. math:: n' = \min(2n,\; \max(n + 1,\; \lceil n\,(h_n/h)^2 \rceil),\; most)

since half-widths shrink with the root of n. Each look sees the first n replications only, so what is run depends on
neither workers nor order. A stopped interval covers slightly less often than it says, because a lucky narrow one stops
early: a pilot of 10 or more keeps that small. Half-widths are Student's; of yes and no (``captured``) Wilson's.

>>> until = Until("final_accuracy", half_width=0.5, most=100)
>>> next_look([1.0, 2.0, 3.0, 4.0, 5.0], until), next_look([1.0, 1.1, 0.9], until)
(10, 3)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.messages import did_you_mean, shown
from experiments.metrics import Interval, mean_interval, proportion_interval
from sim.errors import ConfigError

if TYPE_CHECKING:
    from experiments.experiment import Experiment, Job

Value = float | bool | None
"""What a run says of an outcome; None if it failed or cannot say."""

MOST_REPLICATIONS = 10**6


class Until(NamedTuple):
    """Repeat until the 95 % interval of ``outcome`` is no wider than ± ``half_width``, at most ``most`` times."""

    outcome: str
    half_width: float
    most: int


def until_of(table: Any) -> Until | None:
    """The rule of a table ``until``; None stays None. Raises `ConfigError`."""
    if table is None or isinstance(table, Until):
        return table
    form = "{ outcome = 'final_accuracy', half_width = 0.005, most = 100 }"
    if not isinstance(table, Mapping):
        raise ConfigError(f"design.until is {shown(table)}; it must be a table, such as {form}.")
    for key in table:
        if key not in Until._fields:
            hint = did_you_mean(key, Until._fields)
            raise ConfigError(f"design.until.{key} is unknown.{hint} Allowed here: {', '.join(Until._fields)}.")
    for key in Until._fields:
        if key not in table:
            raise ConfigError(f"design.until.{key} is missing; a rule looks like {form}.")
    outcome, half_width, most = (table[key] for key in Until._fields)
    if not isinstance(outcome, str):
        raise ConfigError(f"design.until.outcome is {shown(outcome)}; it must be the name of an outcome, in quotes.")
    wide = isinstance(half_width, int | float) and not isinstance(half_width, bool) and math.isfinite(half_width)
    if not wide or half_width <= 0:
        raise ConfigError(
            f"design.until.half_width is {shown(half_width)}; it must be a number above 0, such as 0.005."
        )
    if not isinstance(most, int) or isinstance(most, bool) or not 2 <= most <= MOST_REPLICATIONS:
        raise ConfigError(f"design.until.most is {shown(most)}; it must be a whole number from 2 to 10^6, such as 100.")
    return Until(outcome, float(half_width), most)


def check_pilot(until: Until, replications: int) -> None:
    """A rule needs two values to begin with, and room above them. Raises `ConfigError`."""
    if not 2 <= replications <= until.most:
        raise ConfigError(
            f"design.replications is {replications}; with until it is the pilot of each point, from 2 to until.most = "
            f"{until.most}. 10 is usual."
        )


def half_width(values: Sequence[Value]) -> float:
    """Half the width of the 95 % interval of what is known; infinite if fewer than two values are."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return math.inf
    if all(isinstance(value, bool | np.bool_) for value in known):
        interval: Interval = proportion_interval(sum(map(bool, known)), len(known))
    else:
        interval = mean_interval([float(value) for value in known])
    return (interval.high - interval.low) / 2


def next_look(values: Sequence[Value], until: Until) -> int:
    """How many replications a point needs, by what its first ones said: as many as these if they are enough."""
    count, half = len(values), half_width(values)
    if half <= until.half_width or count >= until.most:
        return count
    wanted = 2 * count if math.isinf(half) else math.ceil(count * (half / until.half_width) ** 2)
    return min(until.most, 2 * count, max(count + 1, wanted))


def wanted_jobs(experiment: Experiment, values: Mapping[tuple[str, int], Value]) -> list[Job]:
    """The runs that an experiment asks for, given what those said that were made, by hash and replication.

    Without a rule these are all; with one, every point up to the furthest look that can be decided by now. First one
    replication of all points, then the next.
    """
    until, pilot = experiment.design.until, experiment.design.replications
    if until is None:
        return list(experiment.jobs())
    first = experiment.scenario.replication
    counts = [
        _count([(identifier, replication) for replication in range(first, first + until.most)], values, pilot, until)
        for identifier in experiment.hashes
    ]
    return [
        experiment.job(point, first + number)
        for number in range(max(counts))
        for point, count in enumerate(counts)
        if number < count
    ]


def _count(keys: list[tuple[str, int]], values: Mapping[tuple[str, int], Value], pilot: int, until: Until) -> int:
    """How many replications of one point can be said to be wanted."""
    count = pilot
    while all(key in values for key in keys[:count]):
        further = next_look([values[key] for key in keys[:count]], until)
        if further == count:
            break
        count = further
    return count
