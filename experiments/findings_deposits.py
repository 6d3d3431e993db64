"""The story of prices: which deposits are too cheap, right or too dear, and whom a longer refund window saves.

The first setting of the design is told point by point, by the rules of `experiments.verdicts`. Every other setting is
held against it: does the cliff, points with captured seeds, go away?
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from experiments.build import is_adversarial
from experiments.experiment import Experiment
from experiments.figures.levers import Lever
from experiments.metrics import Interval
from experiments.points import MeasuredPoint, lowest_to_highest, spelt
from experiments.schema import Scenario
from experiments.verdicts import (
    BETWEEN,
    CAPTURED,
    CHEAP,
    CHEAP_AND_CAPTURED,
    DEAR,
    EDGE,
    LOCKED,
    RIGHT,
    UNPAID,
    WINDOW,
    Setting,
    all_of,
    difference,
    price_of,
    settings_of,
)  # fmt: skip

_MOST_SETTINGS = 5
"""Settings told one by one, beside the first."""

_WORTH_TELLING = 1.0
"""Deposits still locked are told of from this percentage of the money at the start."""


def is_about_deposits(points: Sequence[MeasuredPoint], levers: Sequence[Lever]) -> bool:
    """Whether a design varies a price, in numbers, and there are adversaries whom it could keep out."""
    price = price_of(levers)
    return price is not None and any(point.values("adversary_profit_percent") for point in points)


def deposit_story(points: Sequence[MeasuredPoint], levers: Sequence[Lever], experiment: Experiment) -> list[str]:
    """The sentences of a design that varies a price; every point of the first setting is in one of the first ones."""
    first, *others = settings_of(points, levers, experiment)
    found = first.by_verdict()
    sentences = [f"First the points with {first.name}; what other settings change comes after."] if others else []
    for verdict, tell in _TOLD.items():
        if verdict in found:
            sentences.append(tell(first, found[verdict]))
    sentences += _saved_by_waiting(first)
    sentences += [_another(first, other, experiment) for other in others[:_MOST_SETTINGS]]
    rest = others[_MOST_SETTINGS:]
    if rest:
        cliffs = sum(_cliff(other) > 0 for other in rest)
        sentences.append(f"Of {len(rest)} further settings {cliffs} have points with captured seeds.")
    return sentences


def _too_cheap(setting: Setting, points: list[MeasuredPoint]) -> str:
    best = setting.best
    assert best is not None
    behind = sorted((difference(point, best, setting.paired) for point in points), key=lambda found: found.estimate)
    return (
        f"Too cheap: at {setting.where(points)} lies are tolerated. The adversaries are not ruined (profit "
        f"{_money(points, 'adversary')}), and accuracy ends at {_accuracy(points)}, {_from_to(behind)} percentage "
        f"points below the best ({_accuracy([best])} at {setting.where([best])})."
    )


def _right(setting: Setting, points: list[MeasuredPoint]) -> str:
    return (
        f"Right: at {setting.where(points)} the adversaries are ruined (profit {_money(points, 'adversary')}); "
        f"accuracy ends at {_accuracy(points)} and honest profit at {_money(points, 'honest')}."
    )


def _locked(setting: Setting, points: list[MeasuredPoint]) -> str:
    return (
        f"Saved, with the money of the honest still locked: at {setting.where(points)} the adversaries are ruined "
        f"(profit {_money(points, 'adversary')}) and accuracy ends at {_accuracy(points)}; in their wallets the honest "
        f"have {_money(points, 'honest')}, and with their deposits still in the contract, worth "
        f"{lowest_to_highest(points, 'honest_locked_percent')} % of what they began with, "
        f"{lowest_to_highest(points, 'honest_worth_percent', sign=True)} %. The run ends before their refunds."
    )


def _unpaid(setting: Setting, points: list[MeasuredPoint]) -> str:
    locked = max((value for point in points for value in point.values("honest_locked_percent")), default=0.0)
    still = f", with deposits worth {lowest_to_highest(points, 'honest_locked_percent')} % of that still locked"
    return (
        f"Saved, but at the cost of the honest: at {setting.where(points)} the adversaries are ruined (profit "
        f"{_money(points, 'adversary')}) and accuracy ends at {_accuracy(points)}, but honest profit at "
        f"{_money(points, 'honest')} of what they began with{still if locked >= _WORTH_TELLING else ''}."
    )


def _too_dear(setting: Setting, points: list[MeasuredPoint]) -> str:
    return (
        f"Too dear: {_taken_over(setting, points)} A lower {setting.price.title} keeps the model"
        f"{' at the same ' + setting.window.title if setting.window else ''}."
    )


def _cheap_and_captured(setting: Setting, points: list[MeasuredPoint]) -> str:
    return (
        f"Too cheap to keep the model: {_taken_over(setting, points)} A higher {setting.price.title} keeps it"
        f"{' at the same ' + setting.window.title if setting.window else ''}."
    )


def _lost(setting: Setting, points: list[MeasuredPoint]) -> str:
    return f"Captured: {_taken_over(setting, points)}"


def _edge(setting: Setting, points: list[MeasuredPoint]) -> str:
    parts = []
    for point in points:
        accuracy, profit = point.text("final_accuracy", 100), point.text("honest_profit_percent", sign=True)
        parts.append(
            f"at {setting.where([point])}, {point.captured} of {point.seeds} seeds are captured ({_chance(point)}; "
            f"accuracy {accuracy} %, honest profit {profit} %)"
        )
    return f"On the edge: {all_of(parts)}. Captured or saved, no mean describes both."


def _in_between(setting: Setting, points: list[MeasuredPoint]) -> str:
    return (
        f"In between: at {setting.where(points)} the model is kept; accuracy ends at {_accuracy(points)}, honest "
        f"profit at {_money(points, 'honest')}, adversarial profit at {_money(points, 'adversary')}."
    )


_TOLD = {
    CHEAP_AND_CAPTURED: _cheap_and_captured,
    CHEAP: _too_cheap,
    RIGHT: _right,
    BETWEEN: _in_between,
    EDGE: _edge,
    DEAR: _too_dear,
    CAPTURED: _lost,
    LOCKED: _locked,
    UNPAID: _unpaid,
}


def _taken_over(setting: Setting, points: list[MeasuredPoint]) -> str:
    """What captured points have in common, in numbers."""
    fewest = min(points, key=lambda point: point.seeds)
    chance = "" if fewest.seeds == 1 else f" ({_chance(fewest)})"
    seeds = "its only run" if fewest.seeds == 1 else f"each of its {fewest.seeds} seeds"
    if len({point.seeds for point in points}) > 1:
        seeds = f"every seed, {fewest.seeds} or more"
    share = lowest_to_highest(points, "adversary_share_of_accepted", 100)
    return (
        f"at {setting.where(points)} the model is captured in {seeds}{chance}: accuracy {_accuracy(points)}, honest "
        f"profit {_money(points, 'honest')}; {share} % of the accepted contributions are the adversaries'."
    )


def _saved_by_waiting(setting: Setting) -> list[str]:
    """At one price: captured in every seed at a shorter window, in none at a longer one."""
    parts = []
    for row in setting.rows() if setting.window else []:
        lost = next((point for point in row if point.lost), None)
        saved = next((point for point in row[row.index(lost) :] if point.saved), None) if lost else None
        if lost is None or saved is None:
            continue
        counts = ", ".join(f"{point.captured} of {point.seeds} at {setting.window_of(point)}" for point in row)
        accuracy = (point.text("final_accuracy", 100) for point in (lost, saved))
        profit = (point.text("honest_profit_percent", sign=True) for point in (lost, saved))
        parts.append(
            f"at {setting.price.title} {setting.price_of(saved)} the captured seeds are {counts}; from "
            f"{setting.window_of(lost)} to {setting.window_of(saved)} accuracy goes from {' to '.join(accuracy)} % and "
            f"honest profit from {' to '.join(profit)} %"
        )
    title = setting.window.title if setting.window else ""
    return [f"Saved by the longer {title}: {all_of(parts)}."] if parts else []


def _another(first: Setting, other: Setting, experiment: Experiment) -> str:
    """Whether the cliff is there in another setting too, and what follows."""
    here, there = _cliff(first), _cliff(other)
    values = [100 * value for point in other.points for value in point.good["final_accuracy"]]
    ends = f"{min(values):.1f} … {max(values):.1f}" if len(values) > 1 else f"{values[0]:.1f}"
    told = f"(accuracy of all runs {ends} %)"
    humble = _pay_no_more(experiment.scenario_at(other.points[0].number))
    name = other.name + (" (adversaries who pay no more than the honest)" if humble else "")
    begin = f"{'The control' if humble else 'Another setting'}: with {name}"
    tried = f"{there} of {_points(other)} {'has' if there == 1 else 'have'} captured seeds {told}"
    if here and there:
        return f"{begin} the cliff stays. There {tried}, against {here} of {_points(first)} otherwise."
    if there:
        return f"{begin} a cliff appears. There {tried}, against none of {_points(first)} otherwise."
    if not here:
        return f"{begin} no seed is captured either {told}; there is no cliff."
    facts = f"no seed is captured at any of {_points(other)} {told}; otherwise {here} of {_points(first)} have some"
    proof = _disjoint(first, other)
    if not proof:
        return f"{begin} {facts}. So few seeds cannot tell whether that is chance."
    lost, saved = proof[0]
    ending = "it is a property of this population" if _is_population(first, other) else "it depends on that"
    return (
        f"{begin} the cliff is gone: {facts}. At {len(proof)} of these the 95 % intervals of the chance of capture do "
        f"not overlap ({_percents(saved)} against {_percents(lost)}). So the cliff is no property of the deposits "
        f"alone; {ending}."
    )


def _disjoint(first: Setting, other: Setting) -> list[tuple[MeasuredPoint, MeasuredPoint]]:
    """Points captured in every seed of the first and in none of the other setting, beyond what chance would do."""
    there = {other.place(point): point for point in other.points}
    pairs = [(point, there[first.place(point)]) for point in first.points if point.lost and first.place(point) in there]
    return [(lost, found) for lost, found in pairs if found.saved and found.chance().high < lost.chance().low]


def _points(setting: Setting) -> str:
    return f"{len(setting.points)} point{'' if len(setting.points) == 1 else 's'}"


def _is_population(first: Setting, other: Setting) -> bool:
    """Whether two settings differ in agents only."""
    one, two = first.points[0], other.points[0]
    skipped = (first.price.path, WINDOW)
    return all(
        path.startswith("agents") for path in one.places if path not in skipped and one.places[path] != two.places[path]
    )


def _pay_no_more(scenario: Scenario) -> bool:
    """Whether no adversary is willing to pay more, on average, than some honest group."""
    limits: dict[bool, list[float]] = {True: [], False: []}
    for group in scenario.agents:
        limit = group.willingness_to_pay
        limits[is_adversarial(group.kind)].append(math.inf if limit is None else limit.mean.wei(scenario.unit))
    return bool(limits[True] and limits[False]) and max(limits[True]) <= max(limits[False])


def _cliff(setting: Setting) -> int:
    """Points with captured seeds."""
    return sum(point.captured > 0 for point in setting.points)


def _accuracy(points: Iterable[MeasuredPoint]) -> str:
    return f"{lowest_to_highest(points, 'final_accuracy', 100)} %"


def _money(points: Iterable[MeasuredPoint], role: str) -> str:
    return f"{lowest_to_highest(points, f'{role}_profit_percent', sign=True)} %"


def _chance(point: MeasuredPoint) -> str:
    """The interval of the chance of capture."""
    if point.seeds == 1:
        return "one seed: no interval"
    return f"95 % interval of the chance {_percents(point)}"


def _percents(point: MeasuredPoint) -> str:
    _, low, high = (100 * number for number in point.chance())
    return f"{low:.0f} to {high:.0f} %"


def _from_to(found: Sequence[Interval]) -> str:
    low, high = spelt(found[0]), spelt(found[-1])
    return low if low == high else f"{low} to {high}"
