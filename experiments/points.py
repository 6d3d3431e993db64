"""The runs of each design point, in numbers with their interval and as people read them.

A number of one point is written ``84.4 ± 0.8``: the mean over seeds and the half-width of Student's 95 % interval.
Where some seeds were captured and others saved, a mean would describe neither, and both ends are written:
``14.7 … 87.1``. A single seed has no interval.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from experiments.experiment import Experiment
from experiments.figures.levers import Lever, levers_of
from experiments.metrics import Interval, mean_interval, proportion_interval

if TYPE_CHECKING:
    import pandas as pd

NOTHING = "–"
_TOGETHER = re.compile(r"(?<=[0-9±…]) (?=[%±…]|[0-9]|(?:h|d|min|s|w|y)\b)")


@dataclass(frozen=True, eq=False)
class MeasuredPoint:
    """A design point with its runs.

    Parameters
    ----------
    number : of the point in the design
    places : for each lever that varies, by path, the place of its value in `Lever.values`
    said : the value of each of these levers in words, ``refund window 7 d``
    good : the runs that went well, by replication, with the columns of ``runs.parquet`` and those of `points_of`
    failed : how many others there are
    """

    number: int
    places: dict[str, int]
    said: dict[str, str]
    good: pd.DataFrame
    failed: int

    @property
    def name(self) -> str:
        """All its levers in words."""
        return ", ".join(self.said.values()) or "the scenario as it is"

    @cached_property
    def captured(self) -> int:
        """Seeds whose model was captured."""
        return int(self.good["captured"].astype(bool).sum())

    @property
    def seeds(self) -> int:
        """Runs that went well."""
        return len(self.good)

    @property
    def mixed(self) -> bool:
        """Some seeds were captured, others were not."""
        return 0 < self.captured < self.seeds

    @property
    def lost(self) -> bool:
        """Every seed was captured."""
        return 0 < self.captured == self.seeds

    @property
    def saved(self) -> bool:
        """No seed was captured."""
        return self.captured == 0 < self.seeds

    def values(self, column: str, scale: float = 1.0) -> list[float]:
        """What is known of a column, by replication."""
        return [scale * float(value) for value in self.good[column].dropna()]

    def interval(self, column: str, scale: float = 1.0) -> Interval | None:
        """The mean of a column; None if nothing is known. It describes nothing where the seeds are `mixed`."""
        values = self.values(column, scale)
        return mean_interval(values) if values else None

    def text(self, column: str, scale: float = 1.0, digits: int = 1, sign: bool = False) -> str:
        """The column in words: ``84.4 ± 0.8``, ``14.7 … 87.1``, a single ``84.4``, or a dash."""
        values, form = self.values(column, scale), f"{'+' if sign else ''},.{digits}f"
        if not values:
            return NOTHING
        if self.mixed:
            return f"{min(values):{form}} … {max(values):{form}}"
        return spelt(mean_interval(values), digits, sign)

    def chance(self) -> Interval:
        """The probability of capture, with Wilson's interval. Raises `ValueError` without a run."""
        return proportion_interval(self.captured, self.seeds)

    def chance_text(self) -> str:
        """The chance of capture in percent: ``60 [23, 88]``; a single run has no interval."""
        if not self.seeds:
            return NOTHING
        share, low, high = (100 * number for number in self.chance())
        return f"{share:.0f} [{low:.0f}, {high:.0f}]" if self.seeds > 1 else f"{share:.0f}"


def spelt(interval: Interval, digits: int = 1, sign: bool = False) -> str:
    """An estimate and the half-width of its interval, if it has one.

    >>> spelt(Interval(84.44, 83.6, 85.28)), spelt(Interval(-3.0, float("nan"), float("nan")), sign=True)
    ('84.4 ± 0.8', '-3.0')
    """
    estimate = f"{interval.estimate:{'+' if sign else ''},.{digits}f}"
    half = interval.high - interval.estimate
    return estimate if math.isnan(half) else f"{estimate} ± {half:,.{digits}f}"


def unbroken(text: str) -> str:
    """The text with blanks at which no line may end between numbers, their signs and their units."""
    return _TOGETHER.sub("\u00a0", text)


def points_of(runs: pd.DataFrame, experiment: Experiment) -> tuple[list[MeasuredPoint], tuple[Lever, ...]]:
    """The points of a table of runs, in the order of the design, and the levers that vary.

    Columns are added for each role: ``*_locked_percent``, ``*_worth_percent`` and ``*_priced_out_percent``: deposits
    still in the contract as a share of the money at the start, profit with these counted as one's own, and wake-ups at
    which the price was above what one would pay as a share of all at which one could add.
    """
    levers = levers_of(experiment)
    table = runs.sort_values(["point", "replication"], kind="stable")
    for role in ("honest", "adversary"):
        chances = sum(table[f"{role}_rejected_{why}"] for why in ("price", "wallet", "gas", "declined", "refused"))
        chances = chances + table[f"{role}_accepted"]
        start = table[f"{role}_start_units"]
        locked = _percent(table[f"{role}_locked_units"], start)
        table = table.assign(
            **{
                f"{role}_locked_percent": locked,
                f"{role}_worth_percent": table[f"{role}_profit_percent"].astype(float) + locked.fillna(0.0),
                f"{role}_priced_out_percent": _percent(table[f"{role}_rejected_price"], chances),
            }
        )
    points = []
    for number, group in table.groupby("point", sort=True):
        places = {lever.path: int(lever.places(group[lever.path].iloc[:1])[0]) for lever in levers}
        said = {lever.path: lever.said(places[lever.path]) for lever in levers}
        good = group[group["status"] == "ok"]
        points.append(MeasuredPoint(int(number), places, said, good, len(group) - len(good)))
    return points, levers


def lowest_to_highest(
    points: Iterable[MeasuredPoint], column: str, scale: float = 1.0, digits: int = 1, sign: bool = False
) -> str:
    """The points of lowest and highest mean, each with its interval: ``86.4 ± 1.2 to 88.1 ± 0.3``; no mixed point."""
    known = []
    for point in points:
        interval = point.interval(column, scale)
        if interval is not None:
            known.append((interval.estimate, spelt(interval, digits, sign)))
    known.sort(key=lambda pair: pair[0])
    if not known:
        return NOTHING
    low, high = known[0][1], known[-1][1]
    return low if low == high else f"{low} to {high}"


def _percent(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Hundredths, missing where there is no whole."""
    whole = whole.astype(float)
    return 100 * part.astype(float) / whole.where(whole > 0)
