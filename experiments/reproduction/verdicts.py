"""What ours come to: a mean with its interval for each published number, and whether it is met.

* **met**: the mean over the seeds lies within the tolerance;
* **differs**: it does not;
* **cannot be checked**: the data set is not at hand, or the number was never printed.

Where the published value is a single run, the tolerance is where 95 % of our single runs lie: the mean, and to either
side :math:`t_{.975,\\,n-1}\\; s \\sqrt{1 + 1/n}` of n seeds with standard deviation s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.metrics import CONFIDENCE, Interval, mean_interval
from experiments.reproduction.targets import Published, Target

if TYPE_CHECKING:
    import pandas as pd

MET, DIFFERS, UNCHECKED = VERDICTS = ("met", "differs", "cannot be checked")


@dataclass(frozen=True)
class Measured:
    """What was measured: for each name a value a seed, or a single one where there is no chance in it; NaN for a run
    in which it never came to that.

    ``courses`` are the economies over time, a row for each seed and moment, of targets that have a figure. ``notes``
    are sentences on what was measured.
    """

    values: Mapping[str, Sequence[float]]
    courses: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A published number and ours. ``ours`` and tolerance are NaN where there is none; ``reason`` may be empty."""

    published: Published
    values: tuple[float, ...]
    ours: Interval
    low: float
    high: float
    verdict: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it: what is unknown, or has no limit, is None."""
        number = self.published
        known = {name: _number(value) for name, value in self.ours._asdict().items()}
        return {
            "name": number.name, "what": number.what, "unit": number.unit, "published": number.value,
            "source": number.source, "ours": known["estimate"], "low": known["low"], "high": known["high"],
            "values": [_number(value) for value in self.values], "tolerance": [_number(self.low), _number(self.high)],
            "verdict": self.verdict, "reason": self.reason,
        }  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """All rows of a target. ``missing`` says which data are not at hand; ``dataset`` is what was measured on."""

    target: Target
    rows: tuple[Row, ...]
    seeds: int
    missing: str
    dataset: str
    measured: Measured

    def to_dict(self) -> dict[str, Any]:
        """As an entry of ``deca10b reproduce --json``."""
        return {
            "name": self.target.name, "title": self.target.title, "seeds": self.seeds, "dataset": self.dataset,
            "stand_in": bool(self.missing and self.dataset), "missing": self.missing,
            "notes": list(self.measured.notes), "rows": [row.to_dict() for row in self.rows],
        }  # fmt: skip


def judge(target: Target, measured: Measured, seeds: int, missing: str = "", dataset: str = "") -> Finding:
    """Hold what was measured against what was published. ``missing`` says why nothing of it counts."""
    rows = tuple(row_of(number, measured.values.get(number.name, ()), missing) for number in target.numbers)
    return Finding(target, rows, seeds, missing, dataset, measured)


def row_of(number: Published, values: Sequence[float], missing: str = "") -> Row:
    """The verdict on one number."""
    ours = _interval(values)
    low, high = _tolerance(number, values)
    if missing or number.value is None or not values or math.isnan(low):
        reason = "" if missing else _why_not(number, values)
        return Row(number, tuple(values), ours, low, high, UNCHECKED, reason)
    judged = number.value if number.single_run else ours.estimate
    never = sum(math.isnan(value) for value in values)
    if never:
        reason = f"it did not come to that in {never} of {len(values)} runs"
        return Row(number, tuple(values), ours, low, high, DIFFERS, reason)
    if low <= judged <= high:
        return Row(number, tuple(values), ours, low, high, MET, "")
    return Row(number, tuple(values), ours, low, high, DIFFERS, _difference(number, ours))


def _interval(values: Sequence[float]) -> Interval:
    """Mean and interval over the seeds; the interval is the value itself where all are the same."""
    if all(math.isnan(value) for value in values):
        return Interval(math.nan, math.nan, math.nan)
    return mean_interval(values)


def _tolerance(number: Published, values: Sequence[float]) -> tuple[float, float]:
    """From where to where; infinite without limit, NaN where it cannot be said."""
    if not number.single_run:
        return -math.inf if number.low is None else number.low, math.inf if number.high is None else number.high
    if len(values) < 2:
        return math.nan, math.nan
    from scipy.stats import t  # late: slow to load

    sd, count = float(np.std(values, ddof=1)), len(values)
    half = float(t.ppf((1 + CONFIDENCE) / 2, count - 1)) * sd * math.sqrt(1 + 1 / count)
    mean = float(np.mean(values))
    return mean - half, mean + half


def _why_not(number: Published, values: Sequence[float]) -> str:
    if number.value is None:
        return f"not published: {number.source}"
    if values:
        return "a single run has no spread: more seeds are needed"
    return number.because or "it did not come to that in any run"


def _difference(number: Published, ours: Interval) -> str:
    """By how much ours is off, and why it may be."""
    assert number.value is not None
    off = ours.estimate - number.value
    text = f"{abs(off):,.{number.digits}f} {'above' if off > 0 else 'below'} the published value"
    return f"{text}; {number.because}" if number.because else text


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
