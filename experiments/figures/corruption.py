"""What corruption costs whoever pays for it, and which part of their profit fees take from the honest."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from experiments.figures.levers import Layout, Lever
from experiments.figures.points import good_runs, half_width
from experiments.figures.sheet import explain, mark_values, percent, sheet, tilt_of
from experiments.figures.style import GRID, HONEST_COLOURS, INK, QUIET, STYLE


def corruption_of(runs: pd.DataFrame) -> pd.DataFrame:
    """A row for each run that has a twin: ``point, replication, points_destroyed, adversary_lost_units, price``.

    The price, in units per accuracy point, is missing where no accuracy was destroyed.
    """
    good = good_runs(runs)
    good = good[good["points_destroyed"].notna()]
    table = good[["point", "replication", "points_destroyed"]].astype({"points_destroyed": float})
    lost, price = -good["adversary_profit_units"].astype(float), good["price_of_corruption_units"].astype(float)
    return table.assign(adversary_lost_units=lost, price=price).reset_index(drop=True)


@mpl.rc_context(STYLE)
def figure_corruption(runs: pd.DataFrame, layout: Layout, title: str = "Price of corruption") -> Figure:
    """Above, accuracy points destroyed; below, units that adversaries lost per point: a dot for each run.

    Runs in which nothing was destroyed have no price; how many there are stands below.

    Parameters
    ----------
    runs : as ``runs.parquet`` has them, of an experiment with twins
    layout : along ``x``; ``y`` is told by colour
    title : headline
    """
    table = corruption_of(runs)
    levers = runs.drop_duplicates("point").set_index("point").loc[table["point"]]
    x = layout.x.places(levers[layout.x.path]).astype(float)
    second = layout.y
    colour = second.places(levers[second.path]) if second else np.zeros(len(table), dtype=int)
    count = len(second.values) if second else 1
    shades = colormaps["viridis"](np.linspace(0.0, 0.8, count))
    x = x + (colour - (count - 1) / 2) * 0.8 / count
    figure, grid = sheet(title, 2, 1, 5.2 + tilt_of(layout.x), sharex=True)
    for axes, column in zip(grid[:, 0], ("points_destroyed", "price"), strict=True):
        axes.axhline(0, color=QUIET, linewidth=1)
        for place in range(count):
            mine = colour == place
            axes.plot(x[mine], table[column].to_numpy()[mine], "o", color=shades[place], markersize=4.5,
                      markeredgecolor="white", markeredgewidth=0.4)  # fmt: skip
        axes.grid(axis="y", color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        mark_values(axes.xaxis, layout.x, names=column == "price")
    above, below = grid[:, 0]
    above.set_ylabel("accuracy points destroyed")
    below.set_ylabel("adversaries' loss per point\n(units; below 0 they gained)")
    free = int(table["price"].isna().sum())
    handles = [Line2D([], [], color=shades[place], marker="o", linestyle="none", label=second.said(place))
               for place in range(count) if second]  # fmt: skip
    if free:
        words = f"{free} of {len(table)} runs destroyed nothing: no price"
        handles.append(Line2D([], [], linestyle="none", color=INK, label=words))
    explain(figure, handles, columns=3)
    return figure


def lines_of(levers: pd.DataFrame, colour: NDArray, others: Sequence[Lever]) -> list[tuple[int, NDArray]]:
    """For each colour and each combination of further levers that it has: the colour, and which rows are the latter."""
    places = np.column_stack([np.zeros(len(levers)), *(lever.places(levers[lever.path]) for lever in others)])
    keys = sorted({(int(place), *row) for place, row in zip(colour, map(tuple, places), strict=True)})
    return [(key[0], (places == key[1:]).all(axis=1)) for key in keys]


def fees_of(runs: pd.DataFrame) -> pd.DataFrame:
    """A row for each point: ``point, fees_percent, low, high, fees_units, gross_units``.

    Fees of the honest in percent of what they gained before fees; missing where they gained nothing. Student's interval
    over the seeds that gained something.
    """
    good = good_runs(runs)
    fees = good["honest_fees_units"].astype(float)
    gross = good["honest_profit_units"].astype(float) + fees
    shares = (100 * fees / gross.where(gross > 0)).groupby(good["point"])
    facts = shares.agg(["mean", "std", "count"])
    half = half_width(facts["std"], facts["count"])
    sums = pd.DataFrame({"fees_units": fees, "gross_units": gross}).groupby(good["point"]).mean()
    columns = {"fees_percent": facts["mean"], "low": facts["mean"] - half, "high": facts["mean"] + half}
    return sums.assign(**columns).reset_index()[["point", *columns, "fees_units", "gross_units"]]


@mpl.rc_context(STYLE)
def figure_fees(runs: pd.DataFrame, layout: Layout, title: str = "What fees leave of the honest profit") -> Figure:
    """Fees of the honest in percent of their gain before fees, along ``layout.x``; above 100 % nothing is left.

    Parameters
    ----------
    runs : as ``runs.parquet`` has them
    layout : along ``x``, a colour for each value of ``y``, and a line for each combination of further levers
    title : headline
    """
    table = fees_of(runs)
    levers = runs.drop_duplicates("point").set_index("point").loc[table["point"]]
    x, second = layout.x.places(levers[layout.x.path]).astype(float), layout.y
    colour = second.places(levers[second.path]) if second else np.zeros(len(table), dtype=int)
    count = len(second.values) if second else 1
    shades = colormaps["viridis"](np.linspace(0.0, 0.8, count)) if second else [HONEST_COLOURS[0]]
    figure, grid = sheet(title, 1, 1, 3.8 + tilt_of(layout.x))
    axes = grid[0, 0]
    axes.axhline(100, color=QUIET, linewidth=1.2, linestyle=(0, (4, 3)))
    for place, others in lines_of(levers, colour, layout.others):
        mine = np.flatnonzero((colour == place) & others)
        mine = mine[np.argsort(x[mine], kind="stable")]
        part = table.iloc[mine]
        error = np.nan_to_num([part["fees_percent"] - part["low"], part["high"] - part["fees_percent"]])
        axes.errorbar(x[mine], part["fees_percent"], error, color=shades[place], marker="o", markersize=5, capsize=3)
    axes.set_ylabel("fees, of the gain before fees")
    axes.yaxis.set_major_formatter(percent())
    axes.set_ylim(bottom=0)
    axes.set_xlim(-0.5, len(layout.x.values) - 0.5)
    mark_values(axes.xaxis, layout.x)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    handles = [Line2D([], [], color=shades[place], marker="o", label=second.said(place))
               for place in range(count) if second]  # fmt: skip
    explain(figure, handles, columns=3)
    return figure
