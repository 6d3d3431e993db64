"""The price of a contribution over time, against what participants would pay at most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from experiments.experiment import Experiment, Job
from experiments.figures.points import good_runs
from experiments.figures.run import GroupLook, colours_of, looks_of_scenario
from experiments.figures.sheet import dress_days, explain, height_of, name_panel, rows_and_columns, sheet
from experiments.figures.style import INK, QUIET, STYLE
from sim.units import DAY

_SPANS = 20
_DASHES: dict[bool, Any] = {False: "-", True: (0, (1, 1))}  # of medians; dotted: of captured seeds alone
_WIDE = 50  # beyond this ratio powers of ten are ticks enough


def prices_of(series: pd.DataFrame, runs: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    """What the sample on offer would have cost at each measurement of the named points, and medians over spans of days.

    Columns: ``point``, ``name``, ``seeds`` (``all``; ``captured`` and ``not captured`` where they disagree),
    ``replication`` (missing for a median), ``day`` (the median too, for a median), ``price_units``. Moments
    without a sample on offer are left out.
    """
    ends = good_runs(runs)[["point", "replication", "captured"]]
    told = (
        series[series["point"].isin(list(names))].merge(ends, on=["point", "replication"]).dropna(subset="price_units")
    )
    told["day"] = told["time_s"] / DAY
    mixed = told.groupby("point")["captured"].transform("nunique") > 1
    told["seeds"] = np.where(~mixed, "all", np.where(told["captured"], "captured", "not captured"))
    days = span_days(told["day"].max())
    told["span"] = told["day"] // days
    medians = told.groupby(["point", "seeds", "span"], as_index=False)[["day", "price_units"]].median()
    table = pd.concat([told, medians.assign(replication=pd.array([None] * len(medians), dtype="Int64"))])
    table["name"] = table["point"].map(dict(names))
    return table[["point", "name", "seeds", "replication", "day", "price_units"]].reset_index(drop=True)


def span_days(last: float) -> int:
    """Whole days of the spans of medians, so that there are about twenty."""
    return max(1, math.ceil(last / _SPANS)) if last == last else 1


def willingness_of(experiment: Experiment, points: Iterable[int]) -> dict[int, list[GroupLook]]:
    """What the groups of each point would pay at most."""
    return {point: looks_of_scenario(experiment.scenario_of(Job("", point, 0, 0))) for point in points}


@mpl.rc_context(STYLE)
def figure_prices(
    series: pd.DataFrame,
    runs: pd.DataFrame,
    names: Mapping[int, str],
    willingness: Mapping[int, list[GroupLook]],
    title: str = "Price of a contribution against what participants pay at most",
) -> Figure:
    """Prices against days with bands of mean willingness to pay ± one standard deviation, a panel for each named point.

    Parameters
    ----------
    series, runs : as ``series.parquet`` and ``runs.parquet`` have them
    names : the points to show and what to write above them, in this order
    willingness : the groups of each point; see `willingness_of`
    title : headline
    """
    table = prices_of(series, runs, names)
    rows, columns = rows_and_columns(len(names), 2)
    figure, grid = sheet(title, rows, columns, rows * height_of(names, columns) + 1.0, sharex=True, sharey=True)
    legend: dict[str, Any] = {}
    for axes, (point, name) in zip(grid.flat, names.items(), strict=False):
        name_panel(axes, name, columns)
        mine = table[table["point"] == point]
        if len(mine) and not mine["price_units"].any():
            axes.text(0.5, 0.5, "contributions are free", transform=axes.transAxes, ha="center", color=QUIET)
            continue
        _draw_prices(axes, mine, span_days(table["day"].max()), legend)
        _draw_willingness(axes, willingness.get(point, []), legend)
    dress_days(grid, len(names), table["day"].max(), "price (units)")
    if (table["price_units"] > 0).any():
        for axes in grid.flat[: len(names)]:
            axes.set_yscale("log")
            low, high = axes.get_ylim()
            axes.yaxis.set_major_locator(LogLocator(subs=(1,) if high > _WIDE * low else (1, 2, 5)))
            axes.yaxis.set_minor_formatter(NullFormatter())
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    if len(set(legend) & set(_DASHES.values())) == 1:
        legend[_DASHES[False]].set_label(_spans(span_days(table["day"].max())))
    explain(figure, list(legend.values()))
    return figure


def _spans(days: int) -> str:
    return "median of each day" if days == 1 else f"median of each {days} days"


def _draw_prices(axes: Any, table: pd.DataFrame, days: int, legend: dict[str, Any]) -> None:
    """A dot for each measurement, a line for medians; captured seeds are dotted."""
    dots, medians = table[table["replication"].notna()], table[table["replication"].isna()]
    dot: Any = {"linestyle": "none", "marker": "o", "markeredgewidth": 0, "color": QUIET}
    axes.plot(dots["day"], dots["price_units"], **dot, markersize=2, alpha=0.7, zorder=2, rasterized=len(dots) > 2000)
    legend.setdefault("dots", Line2D([], [], **dot, markersize=4, label="price at a measurement, any seed"))
    for seeds, line in medians.groupby("seeds"):
        dash = _DASHES[seeds == "captured"]
        axes.plot(line["day"], line["price_units"], color=INK, linestyle=dash, linewidth=1.6, zorder=4)
        of_whom = "of captured seeds where seeds disagree" if seeds == "captured" else "of all seeds, or of the others"
        legend.setdefault(dash, Line2D([], [], color=INK, linestyle=dash, linewidth=1.6,
                                          label=f"{_spans(days)} {of_whom}"))  # fmt: skip


def _draw_willingness(axes: Any, groups: list[GroupLook], legend: dict[str, Any]) -> None:
    for group in groups:
        mean, sd = group.willingness_mean, group.willingness_sd
        if mean is None:
            continue
        colour, dash = colours_of(groups)[group.name]
        if sd:
            axes.axhspan(max(mean - sd, mean / 100), mean + sd, color=colour, alpha=0.25, linewidth=0, zorder=1)
        axes.axhline(mean, color=colour, linestyle=dash, linewidth=1.4, zorder=3)
        label = f"willingness to pay of {group.name} (band: ± 1 sd)"
        legend.setdefault(label, Line2D([], [], color=colour, linestyle=dash, linewidth=1.4, label=label))
