"""Mechanisms side by side: what the model comes to, and who pays whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from experiments.figures.points import good_runs
from experiments.figures.style import ACCURACY_COLOUR, ADVERSARY_COLOURS, GRID, HONEST_COLOURS, INK, QUIET, STYLE
from experiments.figures.words import title_of

_PARTIES = {
    "honest_profit_units": ("the honest", HONEST_COLOURS[0]),
    "adversary_profit_units": ("adversaries", ADVERSARY_COLOURS[0]),
    "provider_profit_units": ("the bounty provider", QUIET),
}
_WIDTH = 0.26


def mechanisms_of(runs: pd.DataFrame) -> pd.DataFrame:
    """A row for each run that went well: accuracies in percent and what each party gained, in units."""
    good = good_runs(runs)
    table = good[["point", "replication", "honest_profit_units", "adversary_profit_units"]].copy()
    table["provider_profit_units"] = -good["bounty_paid_units"].astype(float)
    table["accuracy_percent"] = 100 * good["final_accuracy"].astype(float)
    table["twin_accuracy_percent"] = 100 * good["twin_accuracy"].astype(float)
    return table


def figure_mechanisms(runs: pd.DataFrame, names: Mapping[int, str], title: str) -> Figure:
    """Accuracy of each run, and of its twin without adversaries, above; mean gains of each party below.

    Parameters
    ----------
    runs : as read from ``runs.parquet``
    names : of the points, in the order in which they are drawn
    title : in full; it must say so if the data are synthetic
    """
    table, places = mechanisms_of(runs), {point: place for place, point in enumerate(names)}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(max(5.6, 1.8 + 1.7 * len(names)), 6.2), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True)
        x = table["point"].map(places).astype(float)
        above.plot(x - 0.08, table["accuracy_percent"], "o", color=ACCURACY_COLOUR, markersize=4.5, label="each run")
        if table["twin_accuracy_percent"].notna().any():
            above.plot(x + 0.08, table["twin_accuracy_percent"], "o", color=QUIET, markerfacecolor="none", markersize=5,
                       label="the same without adversaries")  # fmt: skip
        above.set_ylabel("final accuracy, %")
        above.legend(loc="best")
        _draw_gains(below, table, places)
        below.set_xticks(range(len(names)), [_broken(name) for name in names.values()])
        for axes in (above, below):
            axes.grid(axis="y", color=GRID, linewidth=0.8)
            axes.set_axisbelow(True)
        figure.suptitle(title, parse_math=False, fontsize=11, fontweight="bold", color=INK, x=0.01, ha="left")
    return figure


def _draw_gains(axes: Any, table: pd.DataFrame, places: Mapping[int, int]) -> None:
    """A bar for the mean gain of each party, a dot for each run."""
    for number, (column, (name, colour)) in enumerate(_PARTIES.items()):
        known = table[table[column].notna()]
        if known.empty:
            continue
        offset = (number - 1) * _WIDTH
        means = known.groupby("point")[column].mean()
        axes.bar([places[point] + offset for point in means.index], means, 0.92 * _WIDTH, color=colour, alpha=0.75,
                 label=name, zorder=2)  # fmt: skip
        axes.plot(known["point"].map(places) + offset, known[column], ".", color=INK, markersize=3, zorder=3)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_ylabel("gained or lost, units")
    axes.legend(loc="best")


def _broken(name: str) -> str:
    return name.replace(f"{title_of('mechanism.kind')} ", "").replace("_", " ").replace(", ", "\n")
