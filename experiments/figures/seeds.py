"""Strips of seeds: every run a dot, so that two clusters are seen as two."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.figures.levers import Layout, panels_of
from experiments.figures.points import good_runs
from experiments.figures.sheet import MOST_PANELS, explain, mark_values, name_panel, percent, sheet, tilt_of
from experiments.figures.style import GRID, HONEST_COLOURS, QUIET, STYLE
from experiments.result import CAPTURED_BELOW

_MARKERS = "osD^vPX*"
_WIDTH_OF_VALUE = 0.84
_MOST_STACKED = 3
_INCHES = 6.9  # of a panel
_MEASURES = {
    "final_accuracy": (100, "final accuracy\n(captured below the line)", 100 * CAPTURED_BELOW),
    "honest_profit_percent": (1, "profit of the honest\n(of their money)", 0.0),
}


@mpl.rc_context(STYLE)
def figure_seeds(runs: pd.DataFrame, layout: Layout, title: str = "Every run: final accuracy and profit") -> Figure:
    """Final accuracy and profit of the honest, a dot for each run, beside each other for each value of ``layout.y``.

    Failed runs have no dot. A line marks one half, below which a model is captured, and a profit of zero.

    Parameters
    ----------
    runs : as ``runs.parquet`` has them
    layout : which lever goes where; the second one is told by colour and mark
    title : headline
    """
    good = good_runs(runs)
    panels = panels_of(good, layout.others)[:MOST_PANELS]
    measures = {name: facts for name, facts in _MEASURES.items() if good[name].notna().any()}
    stacked = len(panels) <= _MOST_STACKED
    rows, columns = (len(panels) * len(measures), 1) if stacked else (len(panels), len(measures))
    figure, grid = sheet(title, rows, columns, 2.1 * rows + 0.9 + tilt_of(layout.x, columns), sharex=True)
    looks = _looks(layout)
    by_measure = grid.reshape(len(measures), len(panels)) if stacked else grid.T
    for row, (measure, (scale, label, line)) in zip(by_measure, measures.items(), strict=True):
        for axes, (name, part) in zip(row, panels, strict=True):
            name_panel(axes, name, columns)
            axes.axhline(line, color=QUIET, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
            _draw_dots(axes, part, layout, measure, scale, looks)
            axes.set_ylabel(label)
            _dress(axes, layout, columns)
        limits = [axes.get_ylim() for axes in row]
        for axes in row:
            axes.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
    lever = layout.y
    handles = [_handle(look, text) for look, text in zip(looks, lever.texts, strict=True)] if lever else []
    explain(figure, handles, columns=min(6, len(handles) or 1), title=lever.label if lever else None)
    return figure


def _looks(layout: Layout) -> list[tuple[Any, str]]:
    """Colour and mark for each value of the second lever, from dark to light."""
    if layout.y is None:
        return [(HONEST_COLOURS[0], _MARKERS[0])]
    count = len(layout.y.values)
    shades = colormaps["viridis"](np.linspace(0.0, 0.78, count))
    return [(tuple(shade), _MARKERS[number % len(_MARKERS)]) for number, shade in enumerate(shades)]


def _handle(look: tuple[Any, str], text: str) -> Line2D:
    return Line2D([], [], color=look[0], marker=look[1], linestyle="none", markersize=5, label=text)


def _draw_dots(
    axes: Any, runs: pd.DataFrame, layout: Layout, measure: str, scale: float, looks: list[tuple[Any, str]]
) -> None:
    """The dots of one panel: strips side by side within each value of the first lever, seeds in a row within each."""
    x = layout.x.places(runs[layout.x.path])
    strip = layout.y.places(runs[layout.y.path]) if layout.y else np.zeros(len(runs), dtype=int)
    width = _WIDTH_OF_VALUE / len(looks)
    rank = runs.groupby("point").cumcount().to_numpy()
    most = max(1, rank.max(initial=0))
    shift = (strip - (len(looks) - 1) / 2) * width + (rank / most - 0.5) * 0.6 * width
    size = np.clip(_INCHES * 72 / len(layout.x.values) * width / 3, 2.5, 5)
    for number, (colour, marker) in enumerate(looks):
        mine = (strip == number) & (x >= 0)
        values = scale * runs[measure].to_numpy(dtype=float)[mine]
        axes.plot(x[mine] + shift[mine], values, linestyle="none", color=colour, marker=marker, markersize=size,
                  markeredgewidth=0.4, markeredgecolor="white", zorder=3)  # fmt: skip


def _dress(axes: Any, layout: Layout, columns: int) -> None:
    count = len(layout.x.values)
    axes.set_xlim(-0.5, count - 0.5)
    for border in range(1, count):
        axes.axvline(border - 0.5, color=GRID, linewidth=0.8, zorder=0)
    mark_values(axes.xaxis, layout.x, columns, names=axes.get_subplotspec().is_last_row())
    axes.yaxis.set_major_formatter(percent())
    axes.grid(axis="y", color=GRID, linewidth=0.8, zorder=0)
    axes.set_axisbelow(True)
