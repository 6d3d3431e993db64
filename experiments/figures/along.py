"""An outcome along one lever: estimates with intervals, both ends where seeds disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.figures.levers import Lever
from experiments.figures.sheet import explain, mark_values, percent, sheet, tilt_of
from experiments.figures.style import GRID, HONEST_COLOURS, INK, QUIET

if TYPE_CHECKING:
    from experiments.figures.maps import Outcome

_MARK: Any = {"marker": "o", "markersize": 5}


def draw_along(points: pd.DataFrame, x: Lever, outcome: Outcome, title: str) -> Figure:
    """Estimates of a table of points joined by a line where the lever is a number, with their 95 % intervals.

    A mixed point shows its lowest and its highest seed instead, and the line has a gap there.
    """
    figure, grid = sheet(title, 1, 1, 3.6 + tilt_of(x))
    axes, colour = grid[0, 0], HONEST_COLOURS[0]
    rows = points.iloc[np.argsort(x.places(points[x.path]), kind="stable")]
    places = x.places(rows[x.path]).astype(float)
    mixed = rows["mixed"].to_numpy(dtype=bool) & outcome.split
    estimate = rows[outcome.column].to_numpy(dtype=float)
    low, high = (rows[f"{outcome.column}_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
    estimate = np.where(mixed, np.nan, estimate)
    spread = np.nan_to_num([np.where(mixed, 0, estimate - low), np.where(mixed, 0, high - estimate)])
    joined: Any = "-" if x.numeric and x.path != "point" else "none"
    axes.errorbar(places, estimate, np.maximum(spread, 0), color=colour, ls=joined, lw=1.4, capsize=3, **_MARK)
    several = np.isfinite(high - low).any()
    said = "seeds together, with interval of 95 %" if several else "a single run each"
    handles = [Line2D([], [], color=colour, ls=joined, label=said, **_MARK)]
    if mixed.any():
        ends = [rows[f"{outcome.column}_{end}"].to_numpy(dtype=float)[mixed] for end in ("min", "max")]
        axes.vlines(places[mixed], *ends, color=INK, linewidth=1, linestyle=(0, (1, 1.5)))
        for end in ends:
            axes.plot(places[mixed], end, color=INK, linestyle="none", markerfacecolor="white", **_MARK)
        handles.append(Line2D([], [], color=INK, linestyle=(0, (1, 1.5)), markerfacecolor="white", **_MARK,
                              label="seeds disagree (some captured): lowest and highest"))  # fmt: skip
    if outcome.signed:
        axes.axhline(0, color=QUIET, linewidth=1)
    _limit(axes, outcome, points)
    axes.set_xlim(-0.5, len(x.values) - 0.5)
    mark_values(axes.xaxis, x)
    axes.set_ylabel(outcome.label)
    axes.yaxis.set_major_formatter(percent())
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    explain(figure, handles)
    return figure


def _limit(axes: Any, outcome: Outcome, points: pd.DataFrame) -> None:
    """The limits of the values, however wide an interval of two seeds is; a little more for the marks."""
    low, high = outcome.range(points)
    axes.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low))
