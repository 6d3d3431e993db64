"""The league of a tournament: the return of each participant, from the best to the worst."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from experiments.figures.sheet import explain, sheet
from experiments.figures.style import ADVERSARY_COLOURS, GRID, HONEST_COLOURS, INK, STYLE

_ROW = 0.21  # inches
_LOOKS = {False: ("o", HONEST_COLOURS[0], "means no harm"), True: ("D", ADVERSARY_COLOURS[0], "means harm")}


def figure_league(league: pd.DataFrame, title: str) -> Figure:
    """Mean returns with their intervals, the best on top; who has no budget has a line without a mark.

    Parameters
    ----------
    league : as `experiments.tournament.Tournament.league` makes it
    title : in full; it must say so if the data are synthetic
    """
    with mpl.rc_context(STYLE):
        figure, grid = sheet(title, 1, 1, 1.1 + _ROW * len(league))
        axes, handles = grid[0, 0], []
        for adversarial, (marker, colour, label) in _LOOKS.items():
            part = league[league["adversarial"] == adversarial]
            if part.empty:
                continue
            middle, places = part["return_percent"], part["place"]
            arms = [(middle - part["return_percent_low"]).fillna(0), (part["return_percent_high"] - middle).fillna(0)]
            handles.append(axes.errorbar(middle, places, xerr=arms, fmt=marker, color=colour, markersize=4.5,
                                         elinewidth=1.2, label=label))  # fmt: skip
        axes.axvline(0, color=INK, linewidth=0.8)
        names = [f"{row.name_} ({row.behaviour})" for row in league.rename(columns={"name": "name_"}).itertuples()]
        axes.set_yticks(league["place"], [name.replace("_", " ") for name in names], fontsize=8, parse_math=False)
        axes.set_ylim(len(league) + 0.6, 0.4)
        axes.set_xlabel("return, % of the budget: mean over draws with Student's interval of 95 %")
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        explain(figure, handles)
    return figure
