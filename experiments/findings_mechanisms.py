"""What is found where mechanisms are compared, and where a bounty is paid: accuracy, who pays whom, what liars achieve.

All from the table of runs, as `experiments.findings`: of a design that varies ``mechanism.kind`` each point is told by
itself; of prediction markets, what the bounty bought.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from experiments.experiment import Experiment
from experiments.figures.levers import Lever
from experiments.figures.words import title_of
from experiments.metrics import paired_difference
from experiments.points import MeasuredPoint, spelt

KIND = "mechanism.kind"
_MARKET = "prediction_market"
_MOST_TOLD = 6


def is_about_mechanisms(levers: Sequence[Lever]) -> bool:
    """Whether a design varies the mechanism."""
    return any(lever.path == KIND for lever in levers)


def is_about_bounties(points: Sequence[MeasuredPoint], experiment: Experiment) -> bool:
    """Whether every run is a prediction market."""
    return experiment.scenario.mechanism.kind == _MARKET and all(point.values("bounty_paid_units") for point in points)


def mechanism_story(points: Sequence[MeasuredPoint]) -> list[str]:
    """A sentence for each of the first points, then under which of all adversaries achieve least."""
    told = [f"Under {_called(point)}: {'; '.join(_facts(point))}." for point in points[:_MOST_TOLD]]
    more = len(points) - len(told)
    return [*told, *([f"The other {more:,} points are in the table."] if more else []), *_closest(points)]


def _called(point: MeasuredPoint) -> str:
    """A point by the word of its mechanism, and whatever else its design varies."""
    return point.name.replace(f"{title_of(KIND)} ", "")


def _facts(point: MeasuredPoint) -> list[str]:
    """Accuracy, who pays whom, and what the adversaries achieve against the same economy without them."""
    told = [f"accuracy ends at {point.text('final_accuracy', 100)} %", *_payments(point)]
    if point.values("points_destroyed"):
        cost = point.text("points_destroyed")
        told.append(f"the adversaries cost {cost} percentage points of accuracy against the twin without them")
    return told


def _payments(point: MeasuredPoint) -> list[str]:
    """Gains of both roles, and what a provider pays of its bounty."""
    parts = [
        f"{name} {_gained(point, f'{role}_profit_units')}"
        for role, name in (("honest", "the honest"), ("adversary", "the adversaries"))
        if point.values(f"{role}_profit_units")
    ]
    if any(point.values("bounty_paid_units")):
        parts.append(f"the provider pays {point.text('bounty_paid_units')} units")
    return [", ".join(parts)] if parts else []


def _gained(point: MeasuredPoint, column: str) -> str:
    gains = point.values(column)
    if not any(gains):
        return "neither gain nor lose"
    if point.mixed:
        return f"end with {point.text(column, sign=True)} units"
    lost = math.fsum(gains) < 0
    return f"{'lose' if lost else 'gain'} {point.text(column, -1 if lost else 1)} units"


def _closest(points: Sequence[MeasuredPoint]) -> list[str]:
    """The point at which adversaries achieve least, if that is more than luck, replication by replication."""
    known = [(point.interval("points_destroyed"), point) for point in points if point.values("points_destroyed")]
    ranked = sorted(((found, point) for found, point in known if found), key=lambda pair: pair[0].estimate)
    if len(ranked) < 2 or any(point.mixed for _, point in ranked):
        return []
    (_, best), (_, second) = ranked[:2]
    pair = pd.concat([point.good.set_index("replication")["points_destroyed"] for point in (best, second)], axis=1)
    found = paired_difference(*pair.astype(float).to_numpy().T).difference
    if found.low > 0:
        return [f"The adversaries achieve least under {_called(best)}."]
    text = f"By what the adversaries cost in accuracy {_called(best)} and {_called(second)} cannot be told apart"
    if math.isnan(found.low):
        return [f"{text} by one run of each."]
    return [f"{text}: paired by replication they differ by {spelt(found)} percentage points."]


def bounty_story(points: Sequence[MeasuredPoint]) -> list[str]:
    """What was paid for accuracy, from the least to the most, and where payments are most a matter of luck."""
    if len(points) < 2:
        return [f"The provider pays {points[0].text('bounty_paid_units')} units of its bounty."]
    ranked = sorted(points, key=lambda point: math.fsum(point.values("bounty_paid_units")) / point.seeds)
    least, most = ranked[0], ranked[-1]
    sentences = [
        f"The provider pays least at {least.name}: {least.text('bounty_paid_units', sign=True)} units; and most at "
        f"{most.name}: {most.text('bounty_paid_units', sign=True)} units."
    ]
    if math.fsum(least.values("bounty_paid_units")) < 0:
        sentences.append("Less than nothing is paid where contributors lose more of their stakes than others gain.")
    spread = [(_spread(point), point) for point in points if point.seeds > 1 and not point.mixed]
    if len(spread) > 1:
        widest, at = max(spread, key=lambda pair: pair[0])
        narrowest, near = min(spread, key=lambda pair: pair[0])
        sentences.append(
            f"Payments are most a matter of luck at {at.name}, where they differ by {widest:,.0f} units from seed to "
            f"seed; least at {near.name}, by {narrowest:,.0f} units (standard deviation)."
        )
    return sentences


def _spread(point: MeasuredPoint) -> float:
    """The standard deviation of the bounty paid, over seeds."""
    paid = point.values("bounty_paid_units")
    mean = math.fsum(paid) / len(paid)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in paid) / (len(paid) - 1))
