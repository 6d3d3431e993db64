"""Accuracy and money over time at some points of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.figures.points import good_runs, half_width
from experiments.figures.sheet import dress_days, explain, height_of, name_panel, percent, rows_and_columns, sheet
from experiments.figures.style import ACCURACY_COLOUR, ADVERSARY_COLOURS, DASHES, HONEST_COLOURS, STYLE
from experiments.parties import ROLES
from sim.units import DAY

LOOKS: dict[str, tuple[str, Any, str]] = {
    "accuracy": (ACCURACY_COLOUR, DASHES[0], "accuracy of the model"),
    "honest": (HONEST_COLOURS[0], DASHES[0], "in the wallets of the honest (100 % at the start)"),
    "adversary": (ADVERSARY_COLOURS[0], DASHES[1], "in the wallets of the adversaries"),
}
"""Colour, dash and name of each line."""


def courses_of(series: pd.DataFrame, runs: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    """Accuracy and money of the named points over time: of all seeds together, or each seed where they disagree.

    Columns: ``point``, ``name``, ``line`` (``accuracy``, ``honest``, ``adversary``), ``day``, ``replication`` (missing
    for all together), ``percent`` (of a mean if together), ``percent_low`` and ``percent_high`` (interval of 95 %).
    An economy that is over stays as it was until the last of its point is.
    """
    good = good_runs(runs)
    starts = good[["point", "replication", "captured", *(f"{role}_start_units" for role in ROLES)]]
    told = series[series["point"].isin(list(names))].merge(starts, on=["point", "replication"])
    told["accuracy"] = 100 * told["accuracy"]
    for role in ROLES:
        told[role] = 100 * told[f"{role}_balance_units"] / told[f"{role}_start_units"].where(lambda start: start > 0)
    pieces = [_of_seeds(told[told["point"] == point], line).assign(point=point, name=name, line=line)
              for point, name in names.items() for line in LOOKS]  # fmt: skip
    columns = ["point", "name", "line", "day", "replication", "percent", "percent_low", "percent_high"]
    return pd.concat([piece for piece in pieces if len(piece)] or pieces)[columns].reset_index(drop=True)


def _of_seeds(told: pd.DataFrame, line: str) -> pd.DataFrame:
    """One line of one point: mean and band, or the line of each seed if some were captured and others not."""
    table = told.dropna(subset=line).pivot_table(index="time_s", columns="replication", values=line).ffill()
    days = table.index.to_numpy(dtype=float) / DAY
    if len(table) and told["captured"].nunique() > 1:
        each = [pd.DataFrame({"day": days, "replication": seed, "percent": table[seed]}) for seed in table]
        return pd.concat(each).assign(percent_low=np.nan, percent_high=np.nan)
    mean, count = table.mean(axis=1).to_numpy(), table.notna().sum(axis=1).to_numpy()
    half = half_width(table.std(axis=1, ddof=1), count)
    return pd.DataFrame({"day": days, "replication": pd.array([None] * len(days), dtype="Int64"), "percent": mean,
                         "percent_low": mean - half, "percent_high": mean + half})  # fmt: skip


@mpl.rc_context(STYLE)
def figure_over_time(
    series: pd.DataFrame, runs: pd.DataFrame, names: Mapping[int, str], title: str = "Accuracy and wallets over time"
) -> Figure:
    """Accuracy and the money of each role against days, a panel for each named point.

    A line is the mean of all seeds in a band of 95 %; where some seeds were captured and others not, each seed has a
    thin line of its own.

    Parameters
    ----------
    series, runs : as ``series.parquet`` and ``runs.parquet`` have them
    names : the points to show and what to write above them, in this order
    title : headline
    """
    courses = courses_of(series, runs, names)
    rows, columns = rows_and_columns(len(names), 2)
    figure, grid = sheet(title, rows, columns, rows * height_of(names, columns) + 0.75, sharex=True, sharey=True)
    for axes, (point, name) in zip(grid.flat, names.items(), strict=False):
        name_panel(axes, name, columns)
        _draw_lines(axes, courses[courses["point"] == point])
    dress_days(grid, len(names), courses["day"].max(), "accuracy, and wallets")
    # Limits of the lines themselves, however wide the bands of two seeds are.
    most = courses["percent"].max()
    for axes in grid.flat[: len(names)]:
        axes.set_ylim(0, max(105.0, 1.05 * most) if most == most else 105.0)
        axes.yaxis.set_major_formatter(percent())
    seeds = [Line2D([], [], color=ACCURACY_COLOUR, linewidth=0.9, label="each seed, where some were captured")]
    drawn = [line for line in LOOKS if (courses["line"] == line).any()]
    handles = [Line2D([], [], color=LOOKS[line][0], linestyle=LOOKS[line][1], linewidth=1.8, label=LOOKS[line][2])
               for line in drawn]  # fmt: skip
    explain(figure, handles + (seeds if courses["replication"].notna().any() else []))
    return figure


def _draw_lines(axes: Any, courses: pd.DataFrame) -> None:
    for line, (colour, dash, _) in LOOKS.items():
        mine = courses[courses["line"] == line]
        together = mine[mine["replication"].isna()]
        if len(together):
            band = together["percent_low"], together["percent_high"]
            axes.fill_between(together["day"], *band, color=colour, alpha=0.2, linewidth=0, zorder=2)
            axes.plot(together["day"], together["percent"], color=colour, linestyle=dash, linewidth=1.8, zorder=3)
        for _, seed in mine[mine["replication"].notna()].groupby("replication"):
            axes.plot(seed["day"], seed["percent"], color=colour, linestyle=dash, linewidth=0.9, zorder=3)
