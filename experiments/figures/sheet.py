"""The sheet a figure of a sweep is drawn on: a headline, panels, and a legend below them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from experiments.figures.levers import Lever
from experiments.figures.style import GRID, INK

WIDTH = 8.0
"""Inches: across a page, and readable from the last row."""

_BESIDE = 26
"""Letters in a line beside a panel: what is longer would run into the headline."""

MOST_PANELS = 12
"""What further panels would show stands in the data of the figure."""

_INCH_OF_LINE = 0.22
_LETTERS_AN_INCH = 10.0
_LETTERS_AN_INCH_OF_NAME = 13.5
_LETTERS_OF_TICKS, _LETTERS_OF_TILTED, _BETWEEN_TICKS, _SHORT = 80, 2.7, 1.2, 5
_TILT = 40


def sheet(title: str, rows: int, columns: int, height: float, width: float = WIDTH, **grid: Any) -> tuple[Figure, Any]:
    """A figure and its axes, an array of rows and columns; ``height`` is that of all panels, in inches."""
    lines = textwrap.wrap(title, int(width * _LETTERS_AN_INCH)) or [""]
    band = 0.14 + _INCH_OF_LINE * len(lines)
    figure = Figure(figsize=(width, height + band), layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(rect=(0, 0, 1, height / (height + band)), h_pad=0.05, w_pad=0.06)
    headline = figure.suptitle("\n".join(lines), x=0.012, y=1 - 0.07 / (height + band), ha="left", va="top",
                               fontsize=12, fontweight="bold", color=INK, parse_math=False)  # fmt: skip
    headline.set_in_layout(False)  # its place is kept free by the rectangle
    return figure, figure.subplots(rows, columns, squeeze=False, **grid)


def percent() -> FuncFormatter:
    """Ticks in percent."""
    return FuncFormatter(lambda value, _: f"{value:g} %".replace("-", "−"))


def rows_and_columns(panels: int, most_columns: int) -> tuple[int, int]:
    """How many rows and columns hold so many panels."""
    columns = max(1, min(panels, most_columns))
    return -(-panels // columns), columns


def wrapped(name: str, columns: int) -> str:
    """A panel's name, its lines wrapped to the width of one of so many columns, between levers where possible."""
    letters = int((WIDTH - 0.9) / columns * _LETTERS_AN_INCH_OF_NAME)
    lines: list[str] = []
    for line in name.splitlines():
        packed, *parts = line.split(", ")
        for part in parts:
            if len(packed) + len(part) + 2 <= letters:
                packed += f", {part}"
            else:
                lines += textwrap.wrap(f"{packed},", letters)
                packed = part
        lines += textwrap.wrap(packed, letters)
    return "\n".join(lines)


def height_of(names: Mapping[Any, str], columns: int) -> float:
    """Inches of a row of panels with such names."""
    return 1.75 + 0.16 * max((wrapped(name, columns).count("\n") + 1 for name in names.values()), default=0)


def name_panel(axes: Any, name: str, columns: int = 1) -> None:
    """The panel's name above it, wrapped to the width of one of so many columns."""
    if name:
        axes.set_title(wrapped(name, columns), loc="left", fontsize=9.5, linespacing=1.1, parse_math=False)


def mark_values(axis: Any, lever: Lever, columns: int = 1, names: bool = True) -> None:
    """A tick with the text of each value of a lever at 0, 1, 2, ...; where they do not fit, of some, or tilted.

    ``columns`` is how many panels stand beside each other.
    """
    room, count = _LETTERS_OF_TICKS / columns, len(lever.texts)
    tilted = axis.axis_name == "x" and tilt_of(lever, columns) > 0
    each = _LETTERS_OF_TILTED if tilted or axis.axis_name == "y" else _longest(lever) + _BETWEEN_TICKS
    places = range(0, count, max(1, math.ceil(count * each / room)))
    options: dict[str, Any] = {"rotation": _TILT, "ha": "right", "rotation_mode": "anchor"} if tilted else {}
    axis.set_ticks(list(places), labels=[lever.texts[place] for place in places], parse_math=False, **options)
    axis.set_tick_params(length=0)
    if names:
        label = textwrap.fill(lever.label, _BESIDE) if axis.axis_name == "y" else lever.label
        axis.set_label_text(label, parse_math=False)


def tilt_of(lever: Lever, columns: int = 1) -> float:
    """Inches that the texts of a lever need below an axis if they are too long to stand level; 0 if they are not."""
    longest = _longest(lever)
    level = longest <= _SHORT or (longest + _BETWEEN_TICKS) * len(lever.texts) <= _LETTERS_OF_TICKS / columns
    return 0.0 if level else 0.075 * longest * math.sin(math.radians(_TILT))


def _longest(lever: Lever) -> int:
    return max(map(len, lever.texts))


def keep_outer_labels(grid: Any, panels: int) -> None:
    """Of the first panels of a grid only the lowest and leftmost keep labels; panels beyond go."""
    columns = grid.shape[1]
    for number, axes in enumerate(grid.flat):
        if number >= panels:
            axes.remove()
            continue
        below, left = number + columns >= panels, number % columns == 0
        axes.tick_params(labelbottom=below, labelleft=left)
        axes.xaxis.label.set_visible(below)
        axes.yaxis.label.set_visible(left)


def dress_days(grid: Any, panels: int, last: float, label: str) -> None:
    """Days along the panels of a grid, to the last one."""
    for axes in grid.flat[:panels]:
        axes.set_xlim(0, last if last > 0 else 1)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=bool(last >= 5)))
        axes.set_xlabel("days since the start")
        axes.set_ylabel(label)
        axes.grid(axis="y", color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
    keep_outer_labels(grid, panels)


def explain(figure: Figure, handles: Sequence[Any], columns: int = 2, **options: Any) -> None:
    """The legend, below all panels."""
    if handles:
        figure.legend(handles=list(handles), loc="outside lower center", ncols=columns, columnspacing=1.8, **options)
