"""Designs that were tried, by two objectives, and those that no other beats."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.analysis.objectives import OBJECTIVES
from experiments.figures.drawn import Drawn
from experiments.figures.sheet import explain, rows_and_columns
from experiments.figures.style import ADVERSARY_COLOURS, GRID, HONEST_COLOURS, INK, QUIET, STYLE

if TYPE_CHECKING:
    from experiments.analysis.tuning import Tuned

_CAPTION = (
    "Each dot is a design, at the mean over seeds of its objectives (of the worst adversary, where several were "
    "tried). Blue: designs that no other beats in all objectives at once. The star is the one that the rule chooses."
)
_MOST_PANELS = 6


def figure_pareto(trials: pd.DataFrame, objectives: Sequence[str], best: int, title: str) -> Figure:
    """A scatter for each pair of objectives; of a single objective, its values in the order of trials.

    Parameters
    ----------
    trials : a row for each design: ``trial``, ``pareto`` and a column for each objective
    objectives : their names
    best : the trial that was chosen
    title : headline
    """
    pairs = list(combinations(objectives, 2))[:_MOST_PANELS] or [("trial", objectives[0])]
    rows, columns = rows_and_columns(len(pairs), 3)
    with mpl.rc_context(STYLE):
        size = (max(5.2, 3.4 * columns), max(3.9, 3.1 * rows) + 0.5)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes, (x, y) in zip(grid.flat, pairs, strict=False):
            for kept, colour, mark in ((False, QUIET, 4), (True, HONEST_COLOURS[0], 5.5)):
                part = trials[trials["pareto"] == kept]
                axes.plot(part[x], part[y], "o", color=colour, markersize=mark, zorder=2 + kept)
            chosen = trials[trials["trial"] == best]
            axes.plot(chosen[x], chosen[y], "*", color=ADVERSARY_COLOURS[0], markersize=15, zorder=5,
                      markeredgecolor="white")  # fmt: skip
            axes.set(xlabel=_label(x), ylabel=_label(y))
            axes.grid(color=GRID, linewidth=0.8)
            axes.set_axisbelow(True)
        for axes in grid.flat[len(pairs) :]:
            axes.remove()
        explain(figure, _handles(), columns=3)
        figure.suptitle(title, parse_math=False, fontsize=11, fontweight="bold", color=INK, x=0.01, ha="left")
    return figure


def drawn_tuning(tuned: Tuned, objectives: Sequence[str], name: str) -> Drawn:
    """The figure with its caption and data."""
    title = f"{name}: {len(tuned.trials):,} designs, {int(tuned.trials['pareto'].sum()):,} of them beaten by none"
    return Drawn("pareto", title, _CAPTION, figure_pareto(tuned.trials, objectives, tuned.best[0], title), tuned.trials)


def _label(name: str) -> str:
    if name == "trial":
        return "number of the trial"
    objective = OBJECTIVES[name]
    better = "more" if objective.sign > 0 else "less"
    return f"{name.replace('_', ' ')}, {objective.unit}\n({better} is better)"


def _handles() -> list[Line2D]:
    return [
        Line2D([], [], color=QUIET, marker="o", linestyle="none", label="beaten by another design"),
        Line2D([], [], color=HONEST_COLOURS[0], marker="o", linestyle="none", label="beaten by none"),
        Line2D([], [], color=ADVERSARY_COLOURS[0], marker="*", markersize=11, linestyle="none", label="chosen"),
    ]
