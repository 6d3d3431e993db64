"""How long until adversaries are ruined: median days by their money and rate, beside the formula's."""

from __future__ import annotations

import math
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from experiments.analysis.frontiers import frontier_table
from experiments.figures.corruption import lines_of
from experiments.figures.levers import Layout
from experiments.figures.points import good_runs
from experiments.figures.sheet import explain, sheet
from experiments.figures.style import GRID, INK, STYLE
from experiments.survival import kaplan_meier, ruin_times


def ruin_of(runs: pd.DataFrame, series: pd.DataFrame) -> pd.DataFrame:
    """A row for each point with adversaries: ``point, start_units, runs, ruined, median_days, last_day, theory_days``.

    The median is Kaplan and Meier's, infinite where fewer than half were ruined; ``last_day`` is the end of the longest
    run. By formula (B5') ruin comes when the loss on each sample, times samples a day, has used up all money: infinite
    where lying pays.
    """
    times, good = ruin_times(series, runs), good_runs(runs)
    table = frontier_table(runs).set_index("point")
    means = good.groupby("point")[["adversary_accepted", "adversary_start_units", "days"]].agg(
        lambda column: column.astype(float).mean()
    )
    rows = []
    for point, group in times.groupby("point"):
        curve, start = kaplan_meier(group["days"], group["ruined"]), means.loc[point, "adversary_start_units"]
        # Samples a day while they lasted: after ruin there are none, and the mean over all days would be too low.
        rate = means.loc[point, "adversary_accepted"] / group["days"].mean() if group["days"].mean() else math.nan
        loss = -float(table.loc[point, "adversary_theory"]) * rate
        theory = start / loss if loss > 0 else math.inf
        rows.append((int(point), start, curve.runs, curve.ruined, curve.median, group["days"].max(), theory))
    names = ["point", "start_units", "runs", "ruined", "median_days", "last_day", "theory_days"]
    return pd.DataFrame(rows, columns=names)


@mpl.rc_context(STYLE)
def figure_ruin(
    runs: pd.DataFrame, series: pd.DataFrame, layout: Layout, title: str = "Days until adversaries are ruined"
) -> Figure:
    """Median days against the adversaries' money, both logarithmic, a colour for each value of ``layout.y``.

    Each combination of further levers has a line of its own.
    A triangle stands at the end of the runs where fewer than half were ruined. Dashed: by formula.

    Parameters
    ----------
    runs, series : the tables of a sweep
    layout : ``y`` makes lines, ``x`` is told along the axis by the money itself
    title : headline
    """
    table = ruin_of(runs, series)
    table = table[table["start_units"] > 0]
    levers = runs.drop_duplicates("point").set_index("point")
    lines = layout.y
    places = lines.places(levers.loc[table["point"], lines.path]) if lines else np.zeros(len(table), dtype=int)
    count = len(lines.values) if lines else 1
    shades = colormaps["viridis"](np.linspace(0.0, 0.8, count))
    figure, grid = sheet(title, 1, 1, 4.2)
    axes = grid[0, 0]
    for place, others in lines_of(levers.loc[table["point"]], places, layout.others):
        part = table[(places == place) & others].sort_values("start_units", kind="stable")
        known = np.isfinite(part["median_days"])
        axes.plot(part["start_units"][known], part["median_days"][known], "o-", color=shades[place], markersize=5)
        axes.plot(part["start_units"][~known], part["last_day"][~known], "^", color=shades[place], markersize=6,
                  markerfacecolor="white")  # fmt: skip
        told = np.isfinite(part["theory_days"])
        axes.plot(part["start_units"][told], part["theory_days"][told], "--", color=shades[place], linewidth=1.2)
    axes.set(xscale="log", yscale="log", xlabel="money of all adversaries at the start (units)",
             ylabel="days until ruin, median of runs")  # fmt: skip
    _label_plainly(axes)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    handles = [
        Line2D([], [], color=shades[place], marker="o", label=lines.said(place)) for place in range(count) if lines
    ]
    handles += [
        Line2D([], [], color=INK, linestyle="--", label="by formula, from what each sample loses"),
        Line2D([], [], color=INK, marker="^", markerfacecolor="white", linestyle="none", label="not ruined by the end"),
    ]
    explain(figure, handles, columns=3)
    return figure


def _label_plainly(axes: Any) -> None:
    """Numbers instead of powers of ten along both axes."""
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(_plain))
        axis.set_minor_formatter(FuncFormatter(_plain_of_few))


def _plain(value: float, _: int = 0) -> str:
    return f"{value:,g}"


def _plain_of_few(value: float, _: int = 0) -> str:
    """Between powers of ten, 2 and 5 times one are enough."""
    return _plain(value) if f"{value:e}"[0] in "25" else ""
