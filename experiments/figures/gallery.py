"""The attack matrix: attackers in rows, mechanisms and defences in columns; damage, capture and return in cells."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.figures.levers import Lever
from experiments.figures.sheet import sheet
from experiments.figures.style import INK, STYLE
from experiments.findings_gallery import MECHANISM, attackers_of
from experiments.metrics import Interval, mean_interval, proportion_interval

_CELL = (0.78, 0.36)  # inches
_LETTERS = 13
_DARK = {False: 0.62, True: 0.5}  # share of a scale, signed or not, beyond which text is white


class _Panel(NamedTuple):
    """One matrix: its columns in the table begin with ``column``."""

    column: str
    title: str
    colours: str
    signed: bool


_PANELS = (
    _Panel("points_lost", "Accuracy lost, percentage points", "Oranges", False),
    _Panel("captured_percent", "P(captured), %", "Oranges", False),
    _Panel("return_percent", "The attackers' return, % of what they began with", "PuOr_r", True),
)


def gallery_table(runs: pd.DataFrame, levers: Sequence[Lever]) -> pd.DataFrame:
    """A row for each cell of a gallery, attackers first, in the order of the design.

    ``points_lost`` (percentage points below the twin), ``captured_percent``, ``return_percent`` and
    ``attack_success_percent`` (of backdoors; else missing) with their intervals, ``*_low`` and ``*_high``; ``runs``
    that went well, ``failed`` ones, and ``mixed`` where some seeds were captured and others not.
    """
    attackers = attackers_of(levers)
    assert attackers is not None, "asked of a gallery alone"
    mechanisms = next(lever for lever in levers if lever.path == MECHANISM)
    rows = []
    for _, group in runs.groupby("point", sort=True):
        good = group[group["status"] == "ok"].sort_values("replication")
        places = [int(lever.places(group[lever.path].iloc[:1])[0]) for lever in (attackers, mechanisms)]
        captured = int(good["captured"].astype(bool).sum())
        row: dict[str, Any] = {
            "attacker": attackers.texts[places[0]], "mechanism": mechanisms.texts[places[1]],
            "runs": len(good), "failed": len(group) - len(good), "mixed": 0 < captured < len(good),
        }  # fmt: skip
        share = proportion_interval(captured, len(good)) if len(good) else None
        row |= _spread("points_lost", _mean(good["points_destroyed"]))
        row |= _spread("captured_percent", share and Interval(*(100 * number for number in share)))
        row |= _spread("return_percent", _mean(good["adversary_profit_percent"]))
        row |= _spread("attack_success_percent", _mean(100 * good["attack_success"].astype(float)))
        rows.append((places, row))
    return pd.DataFrame([row for _, row in sorted(rows, key=lambda pair: pair[0])])


def figure_gallery(table: pd.DataFrame, title: str) -> Figure:
    """The matrices of damage, capture and return below each other.

    Parameters
    ----------
    table : as `gallery_table` makes it
    title : in full; it must say so if the data are synthetic
    """
    rows, columns = (list(dict.fromkeys(table[name])) for name in ("attacker", "mechanism"))
    lines = max(len(textwrap.wrap(name, _LETTERS)) for name in columns)
    width = 2.2 + _CELL[0] * len(columns)
    height = len(_PANELS) * (0.65 + 0.16 * lines + _CELL[1] * len(rows))
    with mpl.rc_context(STYLE):
        figure, grid = sheet(title, len(_PANELS), 1, height, max(width, 6.0))
        for axes, panel in zip(grid.flat, _PANELS, strict=True):
            _draw(axes, panel, table, rows, columns)
    return figure


def _draw(axes: Any, panel: _Panel, table: pd.DataFrame, rows: list[str], columns: list[str]) -> None:
    """One matrix with its numbers."""
    values = np.full((len(rows), len(columns)), np.nan)
    cells = [
        (rows.index(cell["attacker"]), columns.index(cell["mechanism"]), cell) for cell in table.to_dict("records")
    ]
    for row, column, cell in cells:
        values[row, column] = cell[panel.column]
    largest = max(float(np.nanmax(np.abs(values), initial=0.0)), 1.0)
    low = -largest if panel.signed else 0.0
    axes.imshow(values, cmap=panel.colours, vmin=low, vmax=largest, aspect="auto")
    for row, column, cell in cells:
        axes.text(column, row, _text(cell, panel), ha="center", va="center", fontsize=7.2, linespacing=1.05,
                  color=_ink(values[row, column], largest, panel))  # fmt: skip
        if cell["mixed"]:
            axes.add_patch(Rectangle((column - 0.47, row - 0.46), 0.94, 0.92, fill=False, edgecolor=INK, linewidth=1.1))
    axes.set_title(panel.title, loc="left", fontsize=10.5)
    axes.set_xticks(range(len(columns)), ["\n".join(textwrap.wrap(name, _LETTERS)) for name in columns], fontsize=8)
    axes.set_yticks(range(len(rows)), rows, fontsize=8.5)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _text(cell: dict[str, Any], panel: _Panel) -> str:
    """The estimate, and below it its interval; a dash where nothing is known."""
    estimate, low, high = (cell[f"{panel.column}{end}"] for end in ("", "_low", "_high"))
    if math.isnan(estimate):
        return "–"
    if panel.column == "captured_percent":
        return f"{estimate:.0f}" if cell["runs"] < 2 else f"{estimate:.0f}\n[{low:.0f}, {high:.0f}]"
    digits = 0 if abs(estimate) >= 99.5 else 1
    rounded = round(estimate, digits)
    number = f"{rounded:+.{digits}f}" if panel.signed and rounded else f"{rounded or 0.0:.{digits}f}"
    number = number.replace("-", "−")
    return number if math.isnan(low) else f"{number}\n± {high - estimate:.{digits}f}"


def _ink(value: float, largest: float, panel: _Panel) -> str:
    """White on dark cells; negative damage, where attackers did good, is not dark."""
    strength = abs(value) if panel.signed else value
    return "white" if strength > _DARK[panel.signed] * largest else INK


def _mean(values: pd.Series) -> Interval | None:
    known = values.astype(float).dropna()
    return mean_interval(known) if len(known) else None


def _spread(name: str, interval: Interval | None) -> dict[str, float]:
    estimate, low, high = interval or (math.nan, math.nan, math.nan)
    return {name: estimate, f"{name}_low": low, f"{name}_high": high}
