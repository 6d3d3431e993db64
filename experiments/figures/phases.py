"""The phase diagram: where the mechanism is safe, prices the honest out, locks their money up, or is captured.

Both indices of `experiments.indices` are drawn where they are 1: beyond the first line the mean deposit is above what
the honest pay, beyond the second their deposits exceed their money.
"""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from experiments.figures.cells import EMPTY, Cells, draw_frontier
from experiments.figures.levers import Layout
from experiments.figures.maps import map_sheet
from experiments.figures.points import CAPTURED, PHASES, points_of
from experiments.figures.sheet import explain
from experiments.figures.style import INK, PHASE_COLOURS, STYLE

_INDICES: dict[str, tuple[Any, str]] = {
    "price_index": ("-", "price index 1: deposit = most the honest pay"),
    "capital_index": ((0, (4, 2)), "capital index 1: deposits = money of the honest"),
}


@mpl.rc_context(STYLE)
def figure_phases(runs: pd.DataFrame, layout: Layout, title: str = "Phases, and honest samples accepted") -> Figure:
    """The phase of each point of two levers (or one), and the lines on which an index is 1.

    A cell says how many of the samples that the honest wished to add were accepted; one whose seeds disagree is framed
    and cut in two, captured seeds below left and the phase of the others above right, each with its number of seeds.

    Parameters
    ----------
    runs : as ``runs.parquet`` has them
    layout : which lever goes where
    title : headline
    """
    figure, maps = map_sheet(points_of(runs, layout.levers), layout, title)
    met: set[str] = set()
    for axes, cells in maps:
        drawn = {index: _draw_index(axes, cells, index) for index in _INDICES if cells.numeric}
        met |= {index for index, lines in drawn.items() if lines}
        for i, j, row in cells.points:
            met |= _draw_cell(axes, i, j, row, cells, [line for lines in drawn.values() for line in lines])
    handles: list[Any] = [Patch(facecolor=PHASE_COLOURS[phase], label=phase) for phase in PHASES if phase in met]
    handles += [
        Line2D([], [], color=INK, linewidth=2.2, linestyle=dash, label=label)
        for index, (dash, label) in _INDICES.items()
        if index in met
    ]
    if "mixed" in met:
        handles.append(Patch(facecolor="none", edgecolor=INK, linewidth=1.8, label="seeds disagree: numbers of seeds"))
    explain(figure, handles)
    return figure


def _draw_cell(axes: Any, i: int, j: int, row: dict[str, Any], cells: Cells, lines: list[Any]) -> set[str]:
    """Colour and text of one cell; what the legend must explain."""
    phase = row["phase"]
    if phase not in PHASES:
        cells.write(axes, i, j, "failed", EMPTY)
        return set()
    colour = PHASE_COLOURS[phase]
    if not row["mixed"]:
        cells.fill(axes, i, j, colour)
        if not np.isnan(row["accepted_percent"]):
            cells.write(axes, *cells.free_place(i, j, lines), f"{row['accepted_percent']:.0f} %", colour)
        return {phase}
    good = row["runs"] - row["failed"]
    captured = round(good * row["captured_percent"] / 100)
    cells.split(axes, i, j, [PHASE_COLOURS[CAPTURED], colour])
    cells.write(axes, i - 0.24, j - 0.24, str(captured), PHASE_COLOURS[CAPTURED], 0.5)
    cells.write(axes, i + 0.24, j + 0.24, str(good - captured), colour, 0.5)
    return {phase, CAPTURED, "mixed"}


def _draw_index(axes: Any, cells: Cells, index: str) -> list[Any]:
    """The lines on which an index is 1; both are products of powers of the levers, hence interpolated as logarithms."""
    table = cells.table(index)
    logarithms = np.log(np.where(table > 0, table, np.nan))
    return draw_frontier(axes, logarithms, 0.0, linestyles=[_INDICES[index][0]])
