"""Cells of a map over two levers: where they stand, how they are filled, and lines between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from experiments.figures.levers import Layout, Lever
from experiments.figures.sheet import mark_values
from experiments.figures.style import INK

EMPTY = "#EDEDED"
_TEXT = 8.5
_CLEARANCE = 0.13  # inches between the middle of a text and a line


@dataclass(frozen=True)
class Cells:
    """The cells of one map: a point of the design at each whole x and y, ``size`` inches wide and high."""

    x: Lever
    y: Lever | None
    points: list[tuple[int, int, dict[str, Any]]]
    size: tuple[float, float]

    @classmethod
    def of(cls, points: pd.DataFrame, layout: Layout, size: tuple[float, float]) -> Cells:
        """Of a table of points that has at most one for each pair of values."""
        x = layout.x.places(points[layout.x.path])
        y = layout.y.places(points[layout.y.path]) if layout.y else np.zeros(len(points), dtype=np.int64)
        rows = zip(x.tolist(), y.tolist(), points.to_dict("records"), strict=True)
        return cls(layout.x, layout.y, [(i, j, row) for i, j, row in rows if i >= 0 and j >= 0], size)

    @property
    def numeric(self) -> bool:
        """Whether a line between cells means something."""
        return self.x.numeric and self.x.path != "point" and (self.y is None or self.y.numeric)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return (len(self.y.values) if self.y else 1), len(self.x.values)

    def table(self, column: str) -> NDArray[np.float64]:
        """A column as rows (y) and columns (x) of numbers, NaN where there is no point."""
        numbers = np.full(self.shape, np.nan)
        for i, j, row in self.points:
            numbers[j, i] = row[column]
        return numbers

    def dress(self, axes: Any, beside: int) -> None:
        """Limits, ticks and labels; cells without a point stay grey. So many maps stand beside each other."""
        rows, columns = self.shape
        axes.set(xlim=(-0.5, columns - 0.5), ylim=(-0.5, rows - 0.5), facecolor=EMPTY)
        mark_values(axes.xaxis, self.x, beside)
        if self.y:
            mark_values(axes.yaxis, self.y)
        else:
            axes.set_yticks([])
        axes.spines[:].set_visible(False)

    def fill(self, axes: Any, i: int, j: int, colour: Any) -> None:
        """One colour."""
        axes.add_patch(Rectangle((i - 0.5, j - 0.5), 1, 1, facecolor=colour, edgecolor="white", linewidth=1))

    def split(self, axes: Any, i: int, j: int, colours: Sequence[Any]) -> None:
        """Two colours, below left and above right, in a frame."""
        left, right, low, high = i - 0.5, i + 0.5, j - 0.5, j + 0.5
        for colour, corner in zip(colours, ((left, low), (right, high)), strict=True):
            half = [(left, high), corner, (right, low)]
            axes.add_patch(Polygon(half, facecolor=colour, edgecolor="white", linewidth=1))
        self.frame(axes, i, j)

    def frame(self, axes: Any, i: int, j: int) -> None:
        """A black frame within the cell's border."""
        width, height = (0.5 - 0.03 / inches for inches in self.size)
        corner = (i - width, j - height)
        axes.add_patch(Rectangle(corner, 2 * width, 2 * height, fill=False, edgecolor=INK, linewidth=1.8, zorder=3))

    def free_place(self, i: int, j: int, lines: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
        """Where in a cell a short text is away from lines: in the middle if it can be, else the best place near it."""
        steps = np.linspace(0, 1, 12)[:, None]
        dense = [one + steps * (two - one) for line in lines for one, two in pairwise(line)]
        if not dense:
            return i, j
        at = np.concatenate(dense)
        places = [(i + 0.26 * across, j + 0.3 * up) for up in (0, 1, -1) for across in (0, -1, 1)]
        # In inches, since a cell is wider than high; a text is twice as wide as high.
        away = [np.hypot(*((at - place) * self.size / (2, 1)).T).min() for place in places]
        enough = [place for place, far in zip(places, away, strict=True) if far > _CLEARANCE]
        return enough[0] if enough else places[int(np.argmax(away))]

    def write(self, axes: Any, i: float, j: float, text: str, colour: Any, share: float = 1.0) -> None:
        """A text that can be read on a colour, if that share of the cell's width and height holds it."""
        lines = text.splitlines()
        width, height = (share * inches for inches in self.size)
        if width >= 0.08 * max(map(len, lines)) and height >= 0.17 * len(lines):
            ground = {"boxstyle": "square,pad=0.12", "facecolor": colour, "edgecolor": "none"}  # lines pass behind
            axes.text(i, j, text, ha="center", va="center", fontsize=_TEXT, color=ink_on(colour), parse_math=False,
                      linespacing=1.15, bbox=ground, zorder=4)  # fmt: skip


def ink_on(colour: Any) -> str:
    """White or dark, whichever stands out more on a colour (WCAG's contrast ratio)."""
    return "white" if 1.05 / _light(colour) > _light(colour) / _light(INK) else INK


def _light(colour: Any) -> float:
    """Relative luminance plus 0.05, as contrast ratios take it."""
    return 0.05 + math.fsum(
        share * part**2.2 for share, part in zip((0.2126, 0.7152, 0.0722), to_rgb(colour), strict=True)
    )


def draw_frontier(axes: Any, table: NDArray[np.float64], level: float, **line: Any) -> list[NDArray[np.float64]]:
    """The lines along which a table of numbers crosses a level, interpolated between cells and drawn to the border."""
    known = table[np.isfinite(table)]
    if not len(known) or not known.min() < level < known.max():
        return []
    rows, columns = (np.r_[-0.5, np.arange(count), count - 0.5] for count in table.shape)
    numbers = np.ma.masked_invalid(np.pad(table, 1, mode="edge"))
    drawn = axes.contour(columns, rows, numbers, levels=[level], colors=INK, linewidths=2.2, zorder=3.5, **line)
    drawn.set_path_effects([withStroke(linewidth=4.5, foreground="white")])
    return [segment for segment in drawn.allsegs[0] if len(segment) > 1]
