"""Too cheap, right, too dear: which of these a point of a design is that varies the deposit.

Points that differ in anything but price and window belong to different **settings**. Within a setting a point is

* captured in every seed: **too dear** if a lower price at the same window keeps the model in every seed, **cheap and
  captured** if a higher one does, else captured;
* captured in some seeds: on the **edge**;
* else **too cheap** if the adversaries are not ruined and accuracy is clearly below that of the best point, which is
  dearer; **right** if they are ruined, accuracy is not clearly below, and the honest gained; **locked** if these gained
  only with deposits still in the contract counted as their own; **unpaid** if not even so; or in **between**.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from experiments.experiment import Experiment
from experiments.figures.levers import Lever
from experiments.metrics import Interval, paired_difference
from experiments.points import MeasuredPoint

PRICES = ("mechanism.cost_weight", "mechanism.deposit")
WINDOW = "mechanism.refund_window"
RUINED_PERCENT = 90.0
"""Adversaries are ruined if in every seed they lost at least this share of what they began with, with deposits still in
the contract counted as their own."""

CLEAR_POINTS = 2.0
"""Accuracy is clearly below the best if the mean difference is at least so many percentage points, and its interval
excludes 0."""

DEAR, CHEAP_AND_CAPTURED, CAPTURED, EDGE = "dear", "cheap and captured", "captured", "edge"
CHEAP, RIGHT, LOCKED, UNPAID, BETWEEN = "cheap", "right", "locked", "unpaid", "between"


@dataclass(frozen=True)
class Setting:
    """The points that differ in price and window only.

    Parameters
    ----------
    points : those with a run that went well, in the order of the design
    price, window : the levers; no window if it does not vary
    paired : replications of all points drew the same random numbers
    name : what the other levers are, in words
    """

    points: tuple[MeasuredPoint, ...]
    price: Lever
    window: Lever | None
    paired: bool
    name: str = ""

    @property
    def best(self) -> MeasuredPoint | None:
        """The point of highest mean accuracy among those where no seed was captured."""
        saved = [point for point in self.points if point.saved]
        return max(saved, key=_mean, default=None)

    def verdict(self, point: MeasuredPoint) -> str:
        """Which of the cases of this module a point is."""
        if point.mixed:
            return EDGE
        if point.lost:
            rest = [other for other in self.points if other.saved and self._shares_window(other, point)]
            cheaper = any(self._rank(other) < self._rank(point) for other in rest)
            dearer = any(self._rank(other) > self._rank(point) for other in rest)
            return {(True, False): DEAR, (False, True): CHEAP_AND_CAPTURED}.get((cheaper, dearer), CAPTURED)
        assert self.best is not None
        behind = difference(point, self.best, self.paired)
        clear = behind.estimate >= CLEAR_POINTS and (math.isnan(behind.low) or behind.low > 0)
        adversary, honest = point.values("adversary_worth_percent"), point.values("honest_profit_percent")
        ruined = bool(adversary) and max(adversary) <= -RUINED_PERCENT
        if clear and adversary and not ruined and self._rank(self.best) > self._rank(point):
            return CHEAP
        if clear or not ruined or not honest:
            return BETWEEN
        if min(honest) > 0:
            return RIGHT
        return LOCKED if min(point.values("honest_worth_percent")) > 0 else UNPAID

    def by_verdict(self) -> dict[str, list[MeasuredPoint]]:
        """The points of each case that occurs."""
        found: dict[str, list[MeasuredPoint]] = {}
        for point in self.points:
            found.setdefault(self.verdict(point), []).append(point)
        return found

    def where(self, points: Sequence[MeasuredPoint]) -> str:
        """Points in words, prices with the same windows together: ``cost weight 5 or 10 with any refund window``."""
        by_price: dict[str, list[str]] = {}
        for point in points:
            by_price.setdefault(self.price_of(point), []).append(self.window_of(point))
        parts = []
        for held in dict.fromkeys(map(tuple, by_price.values())):
            prices = [price for price, windows in by_price.items() if tuple(windows) == held]
            text = f"{self.price.title} {either(prices)}"
            if self.window is not None:
                whole = len(held) == len(self.window.values) > 1
                text += f" with any {self.window.title}" if whole else f" with {self.window.title} {either(held)}"
            parts.append(text)
        return all_of(parts)

    def price_of(self, point: MeasuredPoint) -> str:
        """Its price, with its unit."""
        return f"{self.price.texts[self._rank(point)]} {self.price.unit}".strip()

    def window_of(self, point: MeasuredPoint) -> str:
        """Its window, with its unit; "" if windows do not vary."""
        return f"{self.window.texts[point.places[WINDOW]]} {self.window.unit}".strip() if self.window else ""

    def place(self, point: MeasuredPoint) -> tuple[int, int]:
        """Where a point stands in its setting: places of price and window."""
        return self._rank(point), point.places[WINDOW] if self.window else 0

    def rows(self) -> list[list[MeasuredPoint]]:
        """The points of each price, by window."""
        prices = dict.fromkeys(map(self._rank, self.points))
        return [sorted((each for each in self.points if self._rank(each) == price), key=self.place) for price in prices]

    def _rank(self, point: MeasuredPoint) -> int:
        return point.places[self.price.path]

    def _shares_window(self, one: MeasuredPoint, other: MeasuredPoint) -> bool:
        return self.place(one)[1] == self.place(other)[1]


def difference(point: MeasuredPoint, best: MeasuredPoint, paired: bool) -> Interval:
    """Percentage points of accuracy by which a point is below the best.

    By pairs of replications where the design pairs them; else the interval runs from end to end of both intervals,
    which is wider than it need be.
    """
    low, high = (other.good.set_index("replication")["final_accuracy"].astype(float) * 100 for other in (point, best))
    first, second = low.align(high, join="inner")
    if paired and len(first):
        return paired_difference(first, second).difference
    one, other = point.interval("final_accuracy", 100), best.interval("final_accuracy", 100)
    assert one is not None
    assert other is not None
    return Interval(other.estimate - one.estimate, other.low - one.high, other.high - one.low)


def settings_of(points: Sequence[MeasuredPoint], levers: Sequence[Lever], experiment: Experiment) -> list[Setting]:
    """The settings of a design whose `price_of` is not None, in its order."""
    price = price_of(levers)
    assert price is not None
    window = next((lever for lever in levers if lever.path == WINDOW and lever.numeric), None)
    others = [lever for lever in levers if lever not in (price, window)]
    groups: dict[tuple[int, ...], list[MeasuredPoint]] = {}
    for point in points:
        groups.setdefault(tuple(point.places[lever.path] for lever in others), []).append(point)
    return [
        Setting(
            tuple(group), price, window, experiment.design.pair_seeds,
            ", ".join(group[0].said[lever.path] for lever in others),
        )
        for group in groups.values()
    ]  # fmt: skip


def price_of(levers: Sequence[Lever]) -> Lever | None:
    """The lever that is a price, in numbers; None if no price varies."""
    return next((lever for lever in levers if lever.path in PRICES and lever.numeric), None)


def _mean(point: MeasuredPoint) -> float:
    interval = point.interval("final_accuracy")
    assert interval is not None
    return interval.estimate


def either(words: Sequence[str]) -> str:
    """``a, b or c``."""
    words = list(dict.fromkeys(words))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def all_of(parts: Sequence[str]) -> str:
    """``a, b and c``; with semicolons where there are commas inside."""
    if len(parts) == 1:
        return parts[0]
    between, last = ("; ", "; and ") if any("," in part for part in parts) else (", ", " and ")
    return between.join(parts[:-1]) + last + parts[-1]
