"""Maps of who profits: break-even frontiers over two levers, and the fingerprint of a mechanism."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from experiments.analysis.frontiers import frontier_table
from experiments.figures.cells import Cells
from experiments.figures.levers import Layout
from experiments.figures.maps import LOSS_TO_GAIN
from experiments.figures.points import good_runs
from experiments.figures.sheet import WIDTH, explain, name_panel, sheet, tilt_of
from experiments.figures.style import INK, STYLE

_SIDES = {"honest": "the honest", "adversary": "adversaries"}
_LINES: dict[str, tuple[Any, str]] = {
    "": ("-", "break-even, simulated"),
    "_theory": ((0, (4, 2)), "break-even by formula"),
}


@mpl.rc_context(STYLE)
def figure_frontiers(runs: pd.DataFrame, layout: Layout, title: str = "Who profits, and where nobody does") -> Figure:
    """A map for each side over two levers: gain per accepted sample, with the lines where it is 0.

    Solid lines are of simulated gains, dashed ones of the formulas of `experiments.analysis.closed_forms`; both are
    interpolated between points.

    Parameters
    ----------
    runs : as ``runs.parquet`` has them
    layout : two levers that are numbers; further ones are averaged over only if there are none
    title : headline
    """
    assert layout.y is not None
    table = frontier_table(runs, layout.levers)
    size = _cell_size(layout)
    cells = Cells.of(table, layout, size)
    most = float(np.nanmax(np.abs(table[list(_SIDES)].to_numpy(dtype=float)), initial=0)) or 1.0
    colours = ScalarMappable(Normalize(-most, most), LOSS_TO_GAIN)
    figure, grid = sheet(title, 1, 2, size[1] * len(layout.y.values) + 1.6 + tilt_of(layout.x, 2), sharey=True)
    for axes, (side, words) in zip(grid[0], _SIDES.items(), strict=True):
        name_panel(axes, f"gain of {words}", 2)
        for i, j, row in cells.points:
            if np.isfinite(row[side]):
                cells.fill(axes, i, j, colours.to_rgba(row[side]))
        for ending, (dash, _) in _LINES.items():
            for segment in zero_lines(cells.table(f"{side}{ending}")):
                axes.plot(*segment.T, color=INK, linestyle=dash, linewidth=2.0, zorder=4)
        cells.dress(axes, 2)
    grid[0, 1].set_ylabel("")
    figure.colorbar(colours, ax=list(grid[0]), label="units per accepted sample", shrink=0.9, pad=0.02)
    explain(figure, [Line2D([], [], color=INK, linestyle=dash, label=words) for dash, words in _LINES.values()])
    return figure


def zero_lines(table: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Where a table of numbers (rows y, columns x) crosses 0: lines in the numbers of columns and rows."""
    from contourpy import contour_generator

    if min(table.shape) < 2:
        return []
    found = contour_generator(z=np.ma.masked_invalid(table)).lines(0.0)
    return [np.asarray(line) for line in found if len(line) > 1]


def fingerprint_of(runs: pd.DataFrame) -> pd.DataFrame:
    """A row for each point: ``point``, and the mean profit of an address of each side, ``honest_units`` and
    ``adversary_units``; missing where there is none."""
    good = good_runs(runs)
    table = pd.DataFrame(index=pd.Index(sorted(good["point"].unique()), name="point"))
    for role in _SIDES:
        each = good[f"{role}_profit_units"].astype(float) / good[f"{role}_addresses"].astype(float)
        table[f"{role}_units"] = each.groupby(good["point"]).mean()
    return table.reset_index()


@mpl.rc_context(STYLE)
def figure_fingerprint(runs: pd.DataFrame, layout: Layout, title: str = "Fingerprint of the mechanism") -> Figure:
    """What one address of each side gains, over how many adversaries there are and how dear a deposit is.

    Parameters
    ----------
    runs : as ``runs.parquet`` has them
    layout : two levers, such as the number of adversaries and the cost weight
    title : headline
    """
    assert layout.y is not None
    levers = [lever.path for lever in layout.levers]
    firsts = runs.groupby("point")[levers].first().reset_index()
    table = firsts.merge(fingerprint_of(runs), on="point")
    size = _cell_size(layout)
    cells = Cells.of(table, layout, size)
    numbers = table[[f"{side}_units" for side in _SIDES]].to_numpy(dtype=float)
    most = float(np.nanmax(np.abs(numbers), initial=0)) or 1.0
    colours = ScalarMappable(Normalize(-most, most), LOSS_TO_GAIN)
    figure, grid = sheet(title, 1, 2, size[1] * len(layout.y.values) + 1.2 + tilt_of(layout.x, 2), sharey=True)
    for axes, (side, words) in zip(grid[0], _SIDES.items(), strict=True):
        name_panel(axes, f"gain of one address of {words} (units)", 2)
        for i, j, row in cells.points:
            gain = row[f"{side}_units"]
            if np.isfinite(gain):
                colour = colours.to_rgba(gain)
                cells.fill(axes, i, j, colour)
                cells.write(axes, i, j, f"{gain:+,.0f}".replace("-", "−"), colour)
        cells.dress(axes, 2)
    grid[0, 1].set_ylabel("")
    return figure


def _cell_size(layout: Layout) -> tuple[float, float]:
    """Inches of a cell of two maps side by side."""
    assert layout.y is not None
    return min(1.0, (WIDTH - 2.0) / 2 / len(layout.x.values)), max(0.42, min(0.7, 3.2 / len(layout.y.values)))
