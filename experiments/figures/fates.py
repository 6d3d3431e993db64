"""What became of deposits: shares refunded, taken, burned or still locked, by role along a lever."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.figures.levers import Layout, panels_of
from experiments.figures.points import good_runs
from experiments.figures.sheet import explain, mark_values, name_panel, percent, sheet, tilt_of
from experiments.figures.style import INK, STYLE

FATES = {
    "refunded": ("refunded to its owner", "#0072B2"),
    "taken_by_reports": ("taken by who reported it", "#D55E00"),
    "taken_by_owner": ("taken by the contract's owner", "#CC79A7"),
    "taken_late": ("taken by anyone after the last window", "#E69F00"),
    "burned": ("burned", "#222222"),
    "locked": ("still in the contract", "#BBBBBB"),
}
"""The outcomes of a deposit with their words and colours; together they are all that was deposited."""

MOST_ROWS = 6
"""Panels of a role; what further ones would show stands in the data of the figure."""

ROLES = {"honest": "the honest", "adversary": "adversaries"}


def fates_of(runs: pd.DataFrame) -> pd.DataFrame:
    """A row for each point and role with deposits: ``point, role, deposited_units``, and a share in percent of each
    fate; sums over seeds."""
    good = good_runs(runs)
    rows = []
    for role in ROLES:
        columns = [f"{role}_{name}_units" for name in ("deposited", *FATES)]
        sums = good.groupby("point")[columns].agg(lambda column: column.astype(float).sum())
        for point, row in zip(sums.index, sums.to_numpy(), strict=True):
            if row[0] > 0:
                rows.append((int(point), role, row[0], *(100 * row[1:] / row[0])))
    return pd.DataFrame(rows, columns=["point", "role", "deposited_units", *FATES])


@mpl.rc_context(STYLE)
def figure_fates(runs: pd.DataFrame, layout: Layout, title: str = "What became of deposits") -> Figure:
    """Stacked bars along ``layout.x``, the honest beside adversaries; further levers make panels.

    Parameters
    ----------
    runs : as ``runs.parquet`` has them
    layout : which lever goes where
    title : headline
    """
    table = fates_of(runs)
    roles = [role for role in ROLES if (table["role"] == role).any()]
    points = runs.drop_duplicates("point")
    panels = panels_of(points, (*layout.others, *([layout.y] if layout.y else [])))[:MOST_ROWS]
    height = (2.0 + tilt_of(layout.x, len(roles))) * len(panels) + 0.9
    figure, grid = sheet(title, len(panels), len(roles), height, sharex=True, sharey=True)
    for row, (name, part) in zip(grid, panels, strict=True):
        places = dict(zip(part["point"], layout.x.places(part[layout.x.path]), strict=True))
        for axes, role in zip(row, roles, strict=True):
            mine = table[(table["role"] == role) & table["point"].isin(list(places))]
            x = mine["point"].map(places).to_numpy(dtype=float)
            below = np.zeros(len(mine))
            for fate, (_, colour) in FATES.items():
                share = mine[fate].to_numpy(dtype=float)
                axes.bar(x, share, 0.78, bottom=below, color=colour, edgecolor="white", linewidth=0.4)
                below += share
            name_panel(axes, f"{name}\n{ROLES[role]}".strip(), len(roles))
            axes.set_ylim(0, 100)
            axes.yaxis.set_major_formatter(percent())
            mark_values(axes.xaxis, layout.x, len(roles), names=axes.get_subplotspec().is_last_row())
        row[0].set_ylabel("of what was deposited")
    shown = [fate for fate in FATES if (table[fate] > 0).any()]
    handles = [mpl.patches.Patch(facecolor=FATES[fate][1], label=FATES[fate][0]) for fate in shown]
    explain(figure, handles, columns=3, labelcolor=INK)
    return figure
