"""What a sweep found, in sentences computed from its table of runs.

A design that varies the deposit is told as a story of prices (`experiments.findings_deposits`), one that varies the
mechanism mechanism by mechanism, a gallery of attacks by what they do and earn (`experiments.findings_gallery`), and
what bounties bought is said of markets (`experiments.findings_mechanisms`); of
any other the
sentences name the best and the worst point and how the best compares with the baseline: the scenario as it is, if the
design has it, else the first point. Then come capture and failures. Every mean has its interval, written as
`experiments.points` says; where some seeds were captured and others saved there is no mean, only both ends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from experiments.comparisons import many_intervals
from experiments.experiment import Experiment
from experiments.findings_deposits import deposit_story, is_about_deposits
from experiments.findings_gallery import gallery_story, is_gallery
from experiments.findings_mechanisms import bounty_story, is_about_bounties, is_about_mechanisms, mechanism_story
from experiments.metrics import Interval, paired_difference
from experiments.points import MeasuredPoint, points_of, spelt
from experiments.scenario import scenario_hash

if TYPE_CHECKING:
    import pandas as pd

ABOUT_INTERVALS = (
    "± is the half-width of Student's 95 % interval over seeds, brackets are Wilson's 95 % interval. Where some seeds "
    "were captured and others saved, a mean would describe neither: both ends are shown (lowest … highest)."
)
ONE_SEED = (
    "Each number is that of a single run, so none has an interval: how much of a difference is chance cannot be told. "
    "More replications of each point tell it."
)

_LONGEST_ERROR = 160


def about_intervals(points: Sequence[MeasuredPoint]) -> str:
    """How to read the numbers of sentences and tables: what ± and brackets are, how many of them miss by chance."""
    if all(point.seeds < 2 for point in points):
        return ONE_SEED
    return f"{ABOUT_INTERVALS} {many_intervals(len(points))}".strip()


def findings(runs: pd.DataFrame, experiment: Experiment) -> list[str]:
    """What a sweep found, a sentence or two an item.

    Parameters
    ----------
    runs : the table of runs, as read from ``runs.parquet``
    experiment : what was swept
    """
    points, levers = points_of(runs, experiment)
    told = [point for point in points if point.seeds]
    if not told:
        return [f"No run went well, so nothing was found. {_failures(points)}"]
    if is_gallery(levers):
        sentences = gallery_story(told, levers)
    elif is_about_mechanisms(levers):
        sentences = mechanism_story(told)
    elif is_about_deposits(told, levers):
        sentences = deposit_story(told, levers, experiment)
    else:
        sentences = _extremes(told, experiment)
    if is_about_bounties(told, experiment):
        sentences += bounty_story(told)
    sentences.append(_captured(told))
    if any(point.failed for point in points):
        sentences.append(_failures(points))
    return sentences


def _extremes(points: Sequence[MeasuredPoint], experiment: Experiment) -> list[str]:
    """Best and worst by accuracy and by honest profit, and the best against the baseline."""
    if len(points) == 1:
        return [_alone(points[0])]
    accuracy = _by(points, experiment, "Accuracy", "final_accuracy", 100.0, "%")
    return accuracy + _by(
        points, experiment, "Honest profit", "honest_profit_percent", 1.0, "% of what the honest began with"
    )


def _by(
    points: Sequence[MeasuredPoint], experiment: Experiment, title: str, column: str, scale: float, unit: str
) -> list[str]:
    """Best and worst by one column."""

    def text(point: MeasuredPoint) -> str:
        return f"{point.text(column, scale, sign=column != 'final_accuracy')} {unit}"

    known = [point for point in points if point.values(column)]
    if not known:
        return []
    if len(known) == 1:
        return [f"{title} is known at {known[0].name} only: {text(known[0])}."]
    if all(point.values(column) == known[0].values(column) for point in known):
        return [f"{title} is the same at {len(known)} points: {text(known[0])}."]
    ranked = sorted(known, key=lambda point: math.fsum(point.values(column)) / len(point.values(column)))
    worst, best = ranked[0], ranked[-1]
    sentence = f"{title} is highest at {best.name}: {text(best)}; and lowest at {worst.name}: {text(worst)}."
    baseline = _baseline(known, experiment)
    return [sentence, *_against_baseline(best, baseline, column, scale, experiment.design.pair_seeds)]


def _alone(point: MeasuredPoint) -> str:
    """The only point there is."""
    text = f"At the only point, {point.name}, accuracy ends at {point.text('final_accuracy', 100)} %"
    for role, name in (("honest", "honest"), ("adversary", "adversarial")):
        if point.values(f"{role}_profit_percent"):
            text += f", {name} profit at {point.text(f'{role}_profit_percent', sign=True)} %"
    return f"{text}."


def _baseline(points: Sequence[MeasuredPoint], experiment: Experiment) -> MeasuredPoint | None:
    """The point that is the scenario as it is; else the first of the design, if it has a run that went well."""
    as_it_is = scenario_hash(experiment.scenario)
    number = experiment.hashes.index(as_it_is) if as_it_is in experiment.hashes else 0
    return next((point for point in points if point.number == number), None)


def _against_baseline(
    best: MeasuredPoint, baseline: MeasuredPoint | None, column: str, scale: float, paired: bool
) -> list[str]:
    """How much better the best point is, pair by pair; nothing where a mean would mislead or there are no pairs."""
    what = "accuracy" if column == "final_accuracy" else "honest profit"
    if baseline is None:
        return []
    if best is baseline:
        return [f"That point is the baseline: nothing tried beats its {what}."]
    if best.mixed or baseline.mixed or not paired:
        return [f"The baseline, {baseline.name}, has {baseline.text(column, scale, sign=scale == 1)} % {what}."]
    first, second = (point.good.set_index("replication")[column] * scale for point in (baseline, best))
    first, second = first.align(second, join="inner")
    if not (first.notna() & second.notna()).any():
        return []
    found = paired_difference(first, second)
    pairs = "1 pair of runs" if found.pairs == 1 else f"{found.pairs} pairs of runs"
    saved = found.variance_reduction
    pairing = f"; pairing took away {100 * saved:.0f} % of the variance" if saved > 0 else ""
    return [
        f"Under the same random numbers that is {_points(found.difference)} of {what} more than at the baseline, "
        f"{baseline.name} ({pairs}{pairing})."
    ]


def _points(difference: Interval) -> str:
    return f"{spelt(difference)} percentage points"


def _captured(points: Sequence[MeasuredPoint]) -> str:
    """How many points and runs were captured."""
    runs, captured = sum(point.seeds for point in points), sum(point.captured for point in points)
    if not captured:
        return f"No run was captured (final accuracy below one half), of the {runs:,} that finished."
    lost, mixed = sum(point.lost for point in points), sum(point.mixed for point in points)
    counts = {"every seed": lost, "some seeds but not all": mixed}
    where = [f"{which} at {count:,}" for which, count in counts.items() if count]
    where[0] += f" of {_count(len(points), 'point')}"
    return (
        f"{captured:,} of all {_count(runs, 'run')} ended captured (final accuracy below one half): {', '.join(where)}."
    )


def _failures(points: Sequence[MeasuredPoint]) -> str:
    """How many runs failed, and where."""
    failed, runs = sum(point.failed for point in points), sum(point.failed + point.seeds for point in points)
    empty = [point.name for point in points if not point.seeds]
    text = f"{failed:,} of {_count(runs, 'run')} failed and {'is' if failed == 1 else 'are'} left out"
    if empty and len(empty) < len(points):
        named = "; ".join(empty[:5]) + ("; …" if len(empty) > 5 else "")
        text += f"; nothing can be said of {_count(len(empty), 'point')}: {named}"
    return f"{text}."


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
