"""Maps over two levers: final accuracy, profit of the honest, P(captured). Over a single lever they become lines.

A cell is a point of the design. Where some of its seeds were captured and others were not, it is framed and cut in two,
with the lowest seed below left and the highest above right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from experiments.figures.along import draw_along
from experiments.figures.cells import EMPTY, Cells, draw_frontier
from experiments.figures.levers import Layout, panels_of
from experiments.figures.points import points_of
from experiments.figures.sheet import (
    MOST_PANELS,
    WIDTH,
    explain,
    keep_outer_labels,
    name_panel,
    rows_and_columns,
    sheet,
    tilt_of,
)
from experiments.figures.style import ADVERSARY_COLOURS, HONEST_COLOURS, INK, STYLE

LOSS_TO_GAIN = LinearSegmentedColormap.from_list("loss to gain", [ADVERSARY_COLOURS[0], "#FFFFFF", HONEST_COLOURS[0]])
_ROOM = 1.9
_LOWEST_MAP, _HIGHEST_MAP = 1.7, 5.0
_WIDEST_CELL = 1.0


@dataclass(frozen=True)
class Outcome:
    """One outcome of `points_of` as figures show it.

    Parameters
    ----------
    column : its estimate; with ``_low``, ``_high``, ``_min`` and ``_max`` its interval and ends
    label : of the axis or the scale of colours
    colours : map of colours
    limits : of the scale; None for those of the values
    signed : whether losses and gains are told apart, with a line between them
    split : whether a mixed point shows both ends instead of its estimate
    """

    column: str
    label: str
    colours: str | Colormap
    limits: tuple[float, float] | None = None
    signed: bool = False
    split: bool = True

    def range(self, points: pd.DataFrame) -> tuple[float, float]:
        """Limits of the scale: those given, or those of the values, outward to tens."""
        if self.limits:
            return self.limits
        values = points[[f"{self.column}_min", f"{self.column}_max"]].to_numpy(dtype=float)
        values = values[np.isfinite(values)]
        if not len(values):
            return -100.0 if self.signed else 0.0, 100.0
        low, high = 10.0 * math.floor(values.min() / 10), 10.0 * math.ceil(values.max() / 10)
        if self.signed:
            most = max(-low, high, 10.0)
            return -most, most
        return low, max(high, low + 10)

    def number(self, value: float) -> str:
        """A value as a cell shows it."""
        if not self.split:
            return f"{value:.0f} %"
        return f"{value:+.1f}".replace("-", "−") if self.signed else f"{value:.1f}"

    def text(self, row: dict[str, Any]) -> str:
        """The estimate of a point, and below it the interval of 95 % if there is one."""
        estimate, low, high = (row[f"{self.column}{end}"] for end in ("", "_low", "_high"))
        if math.isnan(high):
            return self.number(estimate)
        interval = f"± {high - estimate:.1f}" if self.split else f"[{low:.0f}, {high:.0f}]"
        return f"{self.number(estimate)}\n{interval}"


ACCURACY = Outcome("accuracy_percent", "final accuracy (%)", "cividis")
HONEST_PROFIT = Outcome("honest_profit_percent", "honest profit (%)", LOSS_TO_GAIN, signed=True)
P_CAPTURED = Outcome("captured_percent", "captured seeds (%)", "cividis_r", limits=(0.0, 100.0), split=False)


@mpl.rc_context(STYLE)
def figure_accuracy(runs: pd.DataFrame, layout: Layout, title: str = "Final accuracy of the model") -> Figure:
    """Final accuracy with 95 % intervals over two levers, or along one.

    Parameters
    ----------
    runs : as ``runs.parquet`` has them
    layout : which lever goes where; see `layout` in `experiments.figures.levers`
    title : headline
    """
    return _draw(runs, layout, ACCURACY, title)


@mpl.rc_context(STYLE)
def figure_honest_profit(runs: pd.DataFrame, layout: Layout, title: str = "Profit of the honest") -> Figure:
    """Profit of the honest as `figure_accuracy` shows accuracy, and the line on which they neither win nor lose."""
    return _draw(runs, layout, HONEST_PROFIT, title)


@mpl.rc_context(STYLE)
def figure_captured(runs: pd.DataFrame, layout: Layout, title: str = "P(captured)") -> Figure:
    """The share of seeds whose model ended below one half, with Wilson's 95 % interval, over two levers or one."""
    return _draw(runs, layout, P_CAPTURED, title)


def _draw(runs: pd.DataFrame, layout: Layout, outcome: Outcome, title: str) -> Figure:
    points = points_of(runs, layout.levers)
    if layout.y is None:
        return draw_along(points, layout.x, outcome, title)
    figure, maps = map_sheet(points, layout, title)
    scale = ScalarMappable(Normalize(*outcome.range(points)), outcome.colours)
    notes: dict[str, Any] = {}
    for axes, cells in maps:
        for i, j, row in cells.points:
            _draw_cell(axes, i, j, row, outcome, scale, cells, notes)
        if outcome.signed and cells.numeric and draw_frontier(axes, cells.table(outcome.column), 0.0):
            notes["zero"] = Line2D([], [], color=INK, linewidth=2.2, label="0 %, interpolated between cells")
    bar = figure.colorbar(
        scale, ax=[axes for axes, _ in maps], label=outcome.label, fraction=0.06, pad=0.015, aspect=22
    )
    bar.outline.set_visible(False)
    explain(figure, [notes[key] for key in sorted(notes, reverse=True)])
    return figure


def map_sheet(points: pd.DataFrame, layout: Layout, title: str) -> tuple[Figure, list[tuple[Any, Cells]]]:
    """A sheet with axes and cells for each panel, ready to be filled."""
    panels = panels_of(points, layout.others)[:MOST_PANELS]
    count = len(layout.x.values)
    rows, columns = rows_and_columns(len(panels), int((WIDTH - _ROOM) / (0.55 * count + 0.5)))
    lines = len(layout.y.values) if layout.y else 1
    low = _LOWEST_MAP if layout.y else 0
    size = min(_WIDEST_CELL, (WIDTH - _ROOM) / columns / count), min(max(0.6, low / lines), _HIGHEST_MAP / lines)
    height_of_map = size[1] * lines + (0.25 if layout.others else 0)
    width = max(6.0, _ROOM + size[0] * count * columns)
    figure, grid = sheet(
        title, rows, columns, rows * height_of_map + 1.2 + tilt_of(layout.x, columns), width, sharex=True, sharey=True
    )
    maps = []
    for axes, (name, part) in zip(grid.flat, panels, strict=False):
        name_panel(axes, name, columns)
        cells = Cells.of(part, layout, size)
        cells.dress(axes, columns)
        maps.append((axes, cells))
    keep_outer_labels(grid, len(panels))
    return figure, maps


def _draw_cell(
    axes: Any, i: int, j: int, row: Any, outcome: Outcome, scale: ScalarMappable, cells: Cells, notes: dict[str, Any]
) -> None:
    """Colours and texts of one cell; ``notes`` gathers what the legend must explain."""
    estimate = row[outcome.column]
    if math.isnan(estimate):
        cells.write(axes, i, j, "failed" if row["failed"] else "none", EMPTY)
    elif row["mixed"] and outcome.split:
        ends = row[f"{outcome.column}_min"], row[f"{outcome.column}_max"]
        colours = [scale.to_rgba(end) for end in ends]
        cells.split(axes, i, j, colours)
        for end, colour, away in zip(ends, colours, (-0.24, 0.24), strict=True):
            cells.write(axes, i + away, j + away, outcome.number(end), colour, 0.5)
        notes["mixed"] = Patch(facecolor="none", edgecolor=INK, linewidth=1.8,
                               label="seeds disagree (some captured): lowest | highest")  # fmt: skip
    else:
        colour = scale.to_rgba(estimate)
        cells.fill(axes, i, j, colour)
        cells.write(axes, i, j, outcome.text(row), colour)
        if row["mixed"]:
            cells.frame(axes, i, j)
            notes["mixed"] = Patch(facecolor="none", edgecolor=INK, linewidth=1.8, label="seeds disagree")
