"""Whose samples the model learned: the share of accepted samples by role."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from experiments.figures.levers import Layout, Lever, panels_of
from experiments.figures.points import good_runs
from experiments.figures.sheet import (
    MOST_PANELS,
    explain,
    keep_outer_labels,
    mark_values,
    name_panel,
    percent,
    rows_and_columns,
    sheet,
    tilt_of,
)
from experiments.figures.style import ADVERSARY_COLOURS, GRID, HONEST_COLOURS, INK, STYLE
from experiments.metrics import mean_interval
from experiments.parties import ROLES

ROLE_COLOURS = {"honest": HONEST_COLOURS[0], "adversary": ADVERSARY_COLOURS[0]}
_NAMES = {"honest": "honest contributors", "adversary": "adversaries"}
ALL, CAPTURED_ONES, SAVED_ONES = "all", "captured", "not captured"


def accepted_of(runs: pd.DataFrame, levers: Sequence[Lever]) -> pd.DataFrame:
    """The mean share of accepted samples by role, a row for each point and kind of seeds.

    Columns: ``point``, the levers, ``seeds`` (``all``; at a mixed point ``captured`` and ``not captured``, a row each),
    ``runs``, ``honest_percent``, ``honest_percent_low`` and ``_high`` (95 %), ``adversary_percent``. Runs in which
    nothing was accepted are left out.
    """
    paths = [lever.path for lever in levers if lever.path != "point"]
    good = good_runs(runs)
    good = good[good["accepted"] > 0]
    rows = []
    for point, seeds in good.groupby("point"):
        captured = seeds["captured"]
        mixed = captured.any() and not captured.all()
        parts = {CAPTURED_ONES: seeds[captured], SAVED_ONES: seeds[~captured]} if mixed else {ALL: seeds}
        for kind, part in parts.items():
            row: dict[str, Any] = {"point": point, **{path: part[path].iloc[0] for path in paths}}
            shares = {role: 100 * part[f"{role}_share_of_accepted"].astype(float).fillna(0.0) for role in ROLES}
            interval = mean_interval(shares["honest"])
            row |= {"seeds": kind, "runs": len(part), "honest_percent": interval.estimate,
                    "honest_percent_low": interval.low, "honest_percent_high": interval.high,
                    "adversary_percent": float(shares["adversary"].mean())}  # fmt: skip
            rows.append(row)
    return pd.DataFrame(rows)


@mpl.rc_context(STYLE)
def figure_accepted(runs: pd.DataFrame, layout: Layout, title: str = "Whose samples were accepted") -> Figure:
    """Stacked bars of the share of accepted samples by role along the first lever, panels for the values of the others.

    At a mixed point two narrow bars stand beside each other: captured seeds (framed), and those that were not.

    Parameters
    ----------
    runs : as ``runs.parquet`` has them
    layout : which lever goes where
    title : headline
    """
    table = accepted_of(runs, layout.levers)
    facets = (*layout.others, *((layout.y,) if layout.y else ()))
    panels = panels_of(table, facets)[:MOST_PANELS]
    rows, columns = rows_and_columns(len(panels), _columns(layout))
    figure, grid = sheet(title, rows, columns, 2.0 * rows + 1.0 + tilt_of(layout.x, columns), sharex=True, sharey=True)
    for axes, (name, part) in zip(grid.flat, panels, strict=False):
        name_panel(axes, name, columns)
        _draw_bars(axes, part, layout.x)
    for axes in grid.flat:
        axes.set(xlim=(-0.5, len(layout.x.values) - 0.5), ylim=(0, 100))
        mark_values(axes.xaxis, layout.x, columns)
        axes.yaxis.set_major_formatter(percent())
        axes.set_ylabel("accepted samples")
        axes.grid(axis="y", color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
    keep_outer_labels(grid, len(panels))
    explain(figure, _handles(table), columns=3)
    return figure


def _columns(layout: Layout) -> int:
    """Panels of one row: those of the second lever where they fit."""
    fitting = min(4, max(2, 30 // len(layout.x.values)))
    return min(fitting, len(layout.y.values)) if layout.y else fitting


def _draw_bars(axes: Any, table: pd.DataFrame, x: Lever) -> None:
    """The bars of one panel, and the interval of the border between roles."""
    for kind, shift, width in ((ALL, 0.0, 0.8), (CAPTURED_ONES, -0.2, 0.38), (SAVED_ONES, 0.2, 0.38)):
        part = table[table["seeds"] == kind]
        places = x.places(part[x.path]) + shift
        below = np.zeros(len(part))
        for role, colour in ROLE_COLOURS.items():
            height = part[f"{role}_percent"].to_numpy(dtype=float)
            axes.bar(places, height, width, bottom=below, color=colour, linewidth=0, zorder=2)
            below += height
        if kind == ALL:
            honest, low, high = (part[f"honest_percent{end}"].to_numpy(dtype=float) for end in ("", "_low", "_high"))
            spread = np.nan_to_num([honest - np.maximum(low, 0), np.minimum(high, 100) - honest])
            known = spread.sum(axis=0) > 0
            axes.errorbar(places[known], honest[known], yerr=spread[:, known], linestyle="none", color=INK,
                          linewidth=1.2, capsize=2, zorder=4)  # fmt: skip
        elif kind == CAPTURED_ONES:
            axes.bar(places, below, width, color="none", edgecolor=INK, linewidth=1.6, zorder=3)


def _handles(table: pd.DataFrame) -> list[Any]:
    handles: list[Any] = [Patch(facecolor=ROLE_COLOURS[role], label=name)
                          for role, name in _NAMES.items() if table[f"{role}_percent"].any()]  # fmt: skip
    if (table["seeds"] == CAPTURED_ONES).any():
        handles.append(
            Patch(facecolor="none", edgecolor=INK, linewidth=1.6, label="seeds disagree: captured (framed) | others")
        )
    return handles
