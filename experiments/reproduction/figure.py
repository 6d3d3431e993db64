"""The papers' figure again: accuracy and balances against days, over seeds, with what was published beside it."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.figures.drawn import Drawn
from experiments.figures.points import half_width
from experiments.figures.sheet import dress_days, explain, percent, sheet
from experiments.figures.style import ACCURACY_COLOUR, ADVERSARY_COLOURS, DASHES, HONEST_COLOURS, INK, STYLE
from experiments.reproduction.targets import IMDB_FIGURE, REFERENCE_RUN, Target
from experiments.reproduction.verdicts import Finding

_LINES: dict[str, tuple[str, Any, str]] = {
    "accuracy": (ACCURACY_COLOUR, DASHES[0], "accuracy of the model"),
    "Good": (HONEST_COLOURS[0], DASHES[0], "balance of Good (100 % at the start)"),
    "Bad": (ADVERSARY_COLOURS[0], DASHES[1], "balance of Bad"),
}
_MARKS = {
    "published figure, read off": ("D", IMDB_FIGURE),
    "the reference's own run, generated reviews": ("s", REFERENCE_RUN),
}
_TITLES = {"imdb": "IMDB film reviews", "imdb-like": "generated reviews (imdb-like, synthetic) – not real data"}


def courses_of(courses: pd.DataFrame) -> pd.DataFrame:
    """Columns ``line``, ``day``, ``percent`` (mean of the seeds), ``percent_low`` and ``percent_high`` (95 %).

    A run that is over stays as it was until the last one is.
    """
    pieces = []
    for line in _LINES:
        table = courses.pivot_table(index="day", columns="seed", values=line).ffill()
        mean, half = table.mean(axis=1), half_width(table.std(axis=1, ddof=1), table.notna().sum(axis=1))
        together = pd.DataFrame({"percent": mean, "percent_low": mean - half, "percent_high": mean + half})
        pieces.append(together.reset_index().assign(line=line))
    return pd.concat(pieces, ignore_index=True)[["line", "day", "percent", "percent_low", "percent_high"]]


def drawn_of(finding: Finding) -> Drawn | None:
    """The figure of a target that has one, ready to be saved under the target's name; None for others."""
    if finding.measured.courses is None:
        return None
    data = courses_of(finding.measured.courses)
    seeds = f"{finding.seeds} seed" + ("" if finding.seeds == 1 else "s")
    title = f"Good and Bad on {_TITLES[finding.dataset]}: {seeds}"
    caption = "Lines are means over the seeds, bands their 95 % intervals; marks are what was published."
    return Drawn(finding.target.name, title, caption, figure_courses(data, title), data)


@mpl.rc_context(STYLE)
def figure_courses(courses: pd.DataFrame, title: str) -> Figure:
    """Draw what `courses_of` returns; ``title`` must say so if the data are synthetic."""
    figure, grid = sheet(title, 1, 1, 4.6)
    (axes,) = grid.flat
    for line, (colour, dash, _) in _LINES.items():
        mine = courses[courses["line"] == line]
        axes.fill_between(mine["day"], mine["percent_low"], mine["percent_high"], color=colour, alpha=0.2, linewidth=0)
        axes.plot(mine["day"], mine["percent"], color=colour, linestyle=dash, linewidth=1.8)
    for marker, target in _MARKS.values():
        _mark(axes, marker, target)
    dress_days(grid, 1, max(float(courses["day"].max()), 160.0), "accuracy, and balances")
    axes.set_ylim(-6, 210)
    axes.yaxis.set_major_formatter(percent())
    explain(figure, [Line2D([], [], color=colour, linestyle=dash, linewidth=1.8, label=label)
                     for colour, dash, label in _LINES.values()]
                    + [Line2D([], [], color=INK, marker=marker, linestyle="none", fillstyle="none", label=label)
                       for label, (marker, _) in _MARKS.items()])  # fmt: skip
    return figure


def _mark(axes: Any, marker: str, target: Target) -> None:
    """Published accuracy at the start, and balances on the day they were published for."""
    values = {number.name: number.value for number in target.numbers}
    end = values["ends"]
    places = {"accuracy": (0.0, values["initial"]), "Good": (end, values["good"]),
              "Bad": (values.get("exhausted", end), values["bad"])}  # fmt: skip
    for line, (day, value) in places.items():
        axes.plot([day], [value], marker=marker, markersize=7, fillstyle="none", color=_LINES[line][0], clip_on=False,
                  zorder=5)  # fmt: skip
