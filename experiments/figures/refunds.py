"""How often deposits come back: shares refunded by count and by value, along a lever such as the window or the step.

Dotted lines are what a model would refund that no longer moves (B2): its accuracy to the honest, the rest to liars. The
gap to them is what a drifting model, asked again until it agrees, gives back (B9).
"""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.figures.levers import Layout, panels_of
from experiments.figures.points import good_runs, half_width
from experiments.figures.sheet import MOST_PANELS, explain, mark_values, name_panel, percent, sheet, tilt_of
from experiments.figures.style import ADVERSARY_COLOURS, GRID, HONEST_COLOURS, QUIET, STYLE

_COLOURS = {"honest": HONEST_COLOURS[0], "adversary": ADVERSARY_COLOURS[0]}
_WORDS = {"honest": "the honest", "adversary": "adversaries"}
_KINDS: dict[str, tuple[str, Any, str]] = {
    "rho_count": ("by count", "-", "o"),
    "rho_value": ("by value", (0, (4, 2)), "s"),
}


def refunds_of(runs: pd.DataFrame) -> pd.DataFrame:
    """A row for each point, role and measure: ``point, role, measure, percent, low, high, frozen``.

    ``measure`` is ``rho_count`` or ``rho_value``; the interval is Student's, of 95 %; ``frozen`` is what a model of the
    final accuracy would refund if it had never moved, in percent (of two classes).
    """
    good = good_runs(runs)
    rows = []
    for point, group in good.groupby("point"):
        accuracy = 100 * group["final_accuracy"].astype(float).mean()
        for role in _COLOURS:
            for measure in _KINDS:
                known = 100 * group[f"{role}_{measure}"].astype(float).dropna()
                if len(known):
                    mean, half = known.mean(), float(half_width(known.std(ddof=1), len(known)))
                    frozen = accuracy if role == "honest" else 100 - accuracy
                    rows.append((int(point), role, measure, mean, mean - half, mean + half, frozen))
    return pd.DataFrame(rows, columns=["point", "role", "measure", "percent", "low", "high", "frozen"])


@mpl.rc_context(STYLE)
def figure_refunds(runs: pd.DataFrame, layout: Layout, title: str = "How often deposits come back") -> Figure:
    """Lines along ``layout.x`` for both roles and both measures; other levers make panels.

    Parameters
    ----------
    runs : as ``runs.parquet`` has them
    layout : which lever goes where
    title : headline
    """
    table, points = refunds_of(runs), runs.drop_duplicates("point")
    panels = panels_of(points, (*layout.others, *([layout.y] if layout.y else [])))[:MOST_PANELS]
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    height = (2.4 + tilt_of(layout.x, columns)) * rows + 0.8
    figure, grid = sheet(title, rows, columns, height, sharex=True, sharey=True)
    for axes, (name, part) in zip(grid.flat, panels, strict=False):
        places = dict(zip(part["point"], layout.x.places(part[layout.x.path]).astype(float), strict=True))
        for (role, measure), mine in table[table["point"].isin(list(places))].groupby(["role", "measure"]):
            x = mine["point"].map(places).to_numpy()
            order = np.argsort(x, kind="stable")
            mine, x = mine.iloc[order], x[order]
            _, dash, mark = _KINDS[measure]
            low, high = mine["low"].clip(lower=0), mine["high"].clip(upper=100)  # of two seeds they reach far beyond
            error = np.maximum(np.nan_to_num([mine["percent"] - low, high - mine["percent"]]), 0)
            axes.errorbar(x, mine["percent"], error, color=_COLOURS[role], linestyle=dash, marker=mark, markersize=4,
                          capsize=2.5, linewidth=1.3)  # fmt: skip
            if measure == "rho_count":
                axes.plot(x, mine["frozen"], color=_COLOURS[role], linestyle=":", linewidth=1)
        name_panel(axes, name, columns)
        axes.set(ylim=(-3, 103), xlim=(-0.5, len(layout.x.values) - 0.5))
        axes.yaxis.set_major_formatter(percent())
        axes.grid(axis="y", color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        mark_values(axes.xaxis, layout.x, columns)
    for axes in grid[:, 0]:
        axes.set_ylabel("deposits refunded")
    for axes in list(grid.flat)[len(panels) :]:
        axes.remove()
    explain(figure, _handles(), columns=3)
    return figure


def _handles() -> list[Line2D]:
    handles = [
        Line2D([], [], color=colour, linestyle=dash, marker=mark, markersize=4, label=f"{_WORDS[role]}, {words}")
        for role, colour in _COLOURS.items()
        for words, dash, mark in _KINDS.values()
    ]
    return [*handles, Line2D([], [], color=QUIET, linestyle=":", label="if the model did not move")]
