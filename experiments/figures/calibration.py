"""A calibration beside the rows it was made from: acceptance by cost, and gaps between arrivals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.figures.drawn import Drawn
from experiments.figures.style import ADVERSARY_COLOURS, GRID, HONEST_COLOURS, INK, STYLE
from experiments.metrics import proportion_interval

if TYPE_CHECKING:
    from experiments.analysis.calibration import Calibration

_CAPTION = (
    "Left: share of rows accepted, in groups of equal size by their cost, with Wilson's interval of 95 %, and the "
    "fitted willingness to pay (line). Right: share of a sender's gaps that are longer than so many hours, and the "
    "fitted law."
)
_BINS = 12


def accepted_by_cost(found: Calibration) -> pd.DataFrame:
    """Groups of rows by cost: ``cost, rows, accepted, low, high, fitted``."""
    events, rows = found.events, []
    order = np.argsort(events.cost, kind="stable")
    for part in np.array_split(order, min(_BINS, max(1, len(order) // 5))):
        share = proportion_interval(int(events.accepted[part].sum()), len(part))
        cost = float(events.cost[part].mean())
        rows.append((cost, len(part), *share, _fitted(found, np.array([cost]))[0]))
    return pd.DataFrame(rows, columns=["cost", "rows", "accepted", "low", "high", "fitted"])


def figure_calibration(found: Calibration, title: str) -> Figure:
    """Both panels; see the module."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.0, 3.7), layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw_acceptance(left, found)
        _draw_gaps(right, found)
        for axes in (left, right):
            axes.grid(axis="y", color=GRID, linewidth=0.8)
            axes.set_axisbelow(True)
            axes.legend(loc="upper right")
        figure.suptitle(title, parse_math=False, fontsize=11, fontweight="bold", color=INK, x=0.01, ha="left")
    return figure


def drawn_calibration(found: Calibration, name: str) -> Drawn:
    """The figure with its caption and data."""
    title = f"{name}: {len(found.events.time):,} rows and what was fitted to them"
    return Drawn("calibration", title, _CAPTION, figure_calibration(found, title), accepted_by_cost(found))


def _draw_acceptance(axes: Any, found: Calibration) -> None:
    table = accepted_by_cost(found)
    error = np.maximum([table["accepted"] - table["low"], table["high"] - table["accepted"]], 0)
    axes.errorbar(table["cost"], 100 * table["accepted"], 100 * error, color=HONEST_COLOURS[0], fmt="o", capsize=3,
                  markersize=4.5, label="rows, by cost")  # fmt: skip
    if found.willingness is not None:
        cost = np.linspace(0, float(found.events.cost.max()) * 1.03, 200)
        axes.plot(cost, 100 * _fitted(found, cost), color=ADVERSARY_COLOURS[0], linestyle="--", label="fitted")
    axes.set(xlabel="cost of the contribution (units)", ylabel="accepted (%)", ylim=(-3, 118))
    axes.set_yticks(range(0, 101, 20))


def _draw_gaps(axes: Any, found: Calibration) -> None:
    gaps = np.sort(found.events.gaps()[0]) / 3600
    axes.step(gaps, 100 * (1 - np.arange(1, len(gaps) + 1) / len(gaps)), where="post", color=HONEST_COLOURS[0],
              label="rows")  # fmt: skip
    hours = np.linspace(0, float(gaps[-1]), 200)
    mean, sd = found.arrivals.mean_gap.estimate / 3600, max(found.arrivals.sd / 3600, 1e-9)
    longer = np.exp(-hours / mean) if found.arrivals.kind == "poisson" else _beyond((hours - mean) / sd)
    axes.plot(hours, 100 * longer, color=ADVERSARY_COLOURS[0], linestyle="--", label=f"fitted: {found.arrivals.kind}")
    axes.set(xlabel="gap between two rows of a sender (hours)", ylabel="longer gaps (%)", ylim=(-3, 118))
    axes.set_xlim(left=0)
    axes.set_yticks(range(0, 101, 20))


def _fitted(found: Calibration, cost: np.ndarray) -> np.ndarray:
    """The share that accepts a cost, as fitted; NaN where nothing was."""
    if found.willingness is None:
        return np.full(len(cost), math.nan)
    mean, sd = found.willingness.mean.estimate, found.willingness.sd.estimate
    return _beyond((cost - mean) / sd) if sd else (cost <= mean).astype(float)


def _beyond(score: np.ndarray) -> np.ndarray:
    """The upper tail of the standard normal distribution."""
    from scipy.special import ndtr

    return np.asarray(ndtr(-score))
