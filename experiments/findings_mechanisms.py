"""What is found where mechanisms are compared, and where a bounty is paid: accuracy, who pays whom, what liars achieve.

All from the table of runs, as `experiments.findings`: of a design that varies ``mechanism.kind`` each point is told by
itself; of prediction markets, what the bounty bought.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from experiments.experiment import Experiment
from experiments.figures.levers import Lever
from experiments.points import MeasuredPoint

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
    """A sentence or two for each of the first points, then which of all keeps most of the accuracy."""
    told = [" ".join(filter(None, (_accuracy(point), _payments(point), _harm(point)))) for point in points[:_MOST_TOLD]]
    more = len(points) - len(told)
    return [*told, *([f"The other {more:,} points are in the table."] if more else []), *_closest(points)]


def _accuracy(point: MeasuredPoint) -> str:
    return f"At {point.name} accuracy ends at {point.text('final_accuracy', 100)} %."


def _payments(point: MeasuredPoint) -> str:
    """Who pays whom: gains of both roles, and a provider's bounty."""
    parts = []
    for role, name in (("honest", "the honest"), ("adversary", "the adversaries")):
        gains = point.values(f"{role}_profit_units")
        if gains:
            parts.append(f"{name} {_gained(gains)} {point.text(f'{role}_profit_units', sign=True)} units")
    if any(point.values("bounty_paid_units")):
        parts.append(f"the provider pays {point.text('bounty_paid_units')} units")
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _gained(gains: Sequence[float]) -> str:
    mean = math.fsum(gains) / len(gains)
    return "gain" if mean > 0 else "lose" if mean < 0 else "end with"


def _harm(point: MeasuredPoint) -> str:
    """What the adversaries achieve, against the same economy without them."""
    if not point.values("points_destroyed"):
        return ""
    cost = point.text("points_destroyed")
    return f"The adversaries cost {cost} percentage points of accuracy against the twin without them."


def _closest(points: Sequence[MeasuredPoint]) -> list[str]:
    """The point at which adversaries achieve least, if its interval is clear of the others'."""
    known = [(point.interval("points_destroyed"), point) for point in points if point.values("points_destroyed")]
    ranked = sorted(((found, point) for found, point in known if found), key=lambda pair: pair[0].estimate)
    if len(ranked) < 2 or any(point.mixed for _, point in ranked):
        return []
    (least, best), (second, _) = ranked[:2]
    if least.high < second.low:
        return [f"The adversaries achieve least at {best.name}."]
    return ["By what the adversaries cost in accuracy the first two cannot be told apart: their intervals overlap."]


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
