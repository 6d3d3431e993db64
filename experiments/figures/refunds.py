"""How often deposits come back: shares refunded by count and by value, along a lever such as the window or the step.

Dotted lines are what a model would refund that no longer moves (B2): its accuracy to the honest, the rest to liars. The
gap to them is what a drifting model, asked again until it agrees, gives back; the line through it is the formula of
`experiments.analysis.drift` with the rate of flips that fits best (B9).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.analysis.drift import fitted_rate, refunded_share
from experiments.figures.levers import Layout, panels_of
from experiments.figures.points import good_runs, half_width
from experiments.figures.sheet import MOST_PANELS, explain, mark_values, name_panel, percent, sheet, tilt_of
from experiments.figures.style import ADVERSARY_COLOURS, GRID, HONEST_COLOURS, INK, QUIET, STYLE
from experiments.metrics import Interval

_COLOURS = {"honest": HONEST_COLOURS[0], "adversary": ADVERSARY_COLOURS[0]}
_WORDS = {"honest": "the honest", "adversary": "adversaries"}
_KINDS: dict[str, tuple[str, Any, str]] = {
    "rho_count": ("by count", "-", "o"),
    "rho_value": ("by value", (0, (4, 2)), "s"),
}
WINDOWS = frozenset(f"mechanism.{window}" for window in ("refund_window", "owner_claim_after", "any_claim_after"))
_FIT: dict[str, Any] = {"color": INK, "linestyle": (0, (5, 1, 1, 1)), "linewidth": 1.3, "marker": "_",
                        "markersize": 9, "markeredgewidth": 1.6}  # fmt: skip
_MOST_RATES = 6
_FITTED = ["span_days", "rate", "rate_low", "rate_high", "fitted", "fitted_low", "fitted_high"]


def refunds_of(
    runs: pd.DataFrame, layout: Layout | None = None, spans: Mapping[int, float] | None = None
) -> pd.DataFrame:
    """A row for each point, role and measure: ``point, role, measure, percent, low, high, frozen``.

    ``measure`` is ``rho_count`` or ``rho_value``; the interval is Student's, of 95 %; ``frozen`` is what a model of the
    final accuracy would refund if it had never moved, in percent (of two classes).

    With a layout and the days from t to t_a of each point, adversaries' rows by count also have ``span_days``, the
    fitted ``rate`` of flips a day with ``rate_low`` and ``rate_high``, and ``fitted`` with its limits (percent). There
    is one rate for each setting of all levers but the windows.
    """
    good = good_runs(runs)
    rows = []
    for point, group in good.groupby("point"):
        accuracy = 100 * group["final_accuracy"].astype(float).mean()
        for role in _COLOURS:
            for measure in _KINDS:
                known = 100 * group[f"{role}_{measure}"].astype(float).dropna()
                if len(known):
                    mean, half = known.mean(), float(half_width(known.std(ddof=1), len(known)))
                    frozen = accuracy if role == "honest" else 100 - accuracy
                    rows.append((int(point), role, measure, mean, mean - half, mean + half, frozen))
    table = pd.DataFrame(rows, columns=["point", "role", "measure", "percent", "low", "high", "frozen"])
    if layout is None or not spans or layout.x.path == "point":
        return table
    return _with_fit(table, good, layout, spans)


def _with_fit(table: pd.DataFrame, good: pd.DataFrame, layout: Layout, spans: Mapping[int, float]) -> pd.DataFrame:
    """The table with what was fitted to the runs of each setting of the levers that are no windows."""
    table = table.assign(**dict.fromkeys(_FITTED, math.nan))
    lies = (table["role"] == "adversary") & (table["measure"] == "rho_count")
    days = good["point"].map(dict(spans)).astype(float)
    settings = [lever for lever in layout.levers if lever.path not in WINDOWS]
    for _, part in panels_of(good, settings):
        frozen = 1 - part["final_accuracy"].astype(float)
        rate = fitted_rate(part["adversary_rho_count"].astype(float), frozen, days[part.index])
        mine = lies & table["point"].isin(set(part["point"]))
        if rate is None or not mine.any():
            continue
        span = table.loc[mine, "point"].map(dict(spans)).astype(float)
        fitted = [100 * refunded_share(table.loc[mine, "frozen"] / 100, span, value) for value in rate]
        table.loc[mine, _FITTED] = np.column_stack([span, *([value] * len(span) for value in rate), *fitted])
    return table


def _panel_levers(layout: Layout) -> tuple[Any, ...]:
    return (*layout.others, *([layout.y] if layout.y else []))


@mpl.rc_context(STYLE)
def figure_refunds(
    runs: pd.DataFrame,
    layout: Layout,
    title: str = "How often deposits come back",
    spans: Mapping[int, float] | None = None,
) -> Figure:
    """Lines along ``layout.x`` for both roles and both measures; other levers make panels.

    Parameters
    ----------
    runs : as ``runs.parquet`` has them
    layout : which lever goes where
    title : headline
    spans : days from t to t_a of each point at which refunds may be retried; the formula of a drifting model is then
        fitted, see `refunds_of`, and drawn with its limits of 95 % and its rate of flips
    """
    table, points = refunds_of(runs, layout, spans), runs.drop_duplicates("point")
    panels = panels_of(points, _panel_levers(layout))[:MOST_PANELS]
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    height = (2.4 + tilt_of(layout.x, columns)) * rows + 0.8
    figure, grid = sheet(title, rows, columns, height, sharex=True, sharey=True)
    for axes, (name, part) in zip(grid.flat, panels, strict=False):
        places = dict(zip(part["point"], layout.x.places(part[layout.x.path]).astype(float), strict=True))
        for _, mine in table[table["point"].isin(list(places))].groupby(["role", "measure"]):
            x = mine["point"].map(places).to_numpy()
            order = np.argsort(x, kind="stable")
            _draw_line(axes, x[order], mine.iloc[order], layout.x.numeric)
            if "fitted" in mine and mine["fitted"].notna().any():
                _draw_fit(axes, x[order], mine.iloc[order], layout)
        name_panel(axes, name, columns)
        _dress(axes, layout, columns)
    for axes in grid[:, 0]:
        axes.set_ylabel("deposits refunded")
    for axes in list(grid.flat)[len(panels) :]:
        axes.remove()
    explain(figure, _handles(layout.x.numeric, "fitted" in table and bool(table["fitted"].notna().any())), columns=3)
    return figure


def _draw_line(axes: Any, x: np.ndarray, mine: pd.DataFrame, joined: bool) -> None:
    """One share along the lever, with its interval; by count also what a model that does not move refunds."""
    role, measure = mine.iloc[0][["role", "measure"]]
    _, dash, mark = _KINDS[measure]
    if not joined:  # kinds stand beside each other, so that no mark hides another
        x = x + (list(_COLOURS).index(role) - 0.5) * 0.16 + (list(_KINDS).index(measure) - 0.5) * 0.06
    low, high = mine["low"].clip(lower=0), mine["high"].clip(upper=100)  # of two seeds they reach far beyond
    error = np.maximum(np.nan_to_num([mine["percent"] - low, high - mine["percent"]]), 0)
    axes.errorbar(x, mine["percent"], error, color=_COLOURS[role], linestyle=dash if joined else "none", marker=mark,
                  markersize=4, capsize=2.5, linewidth=1.3)  # fmt: skip
    if measure == "rho_count":
        still: dict[str, Any] = {"linestyle": ":", "linewidth": 1} if joined else {"linestyle": "none", "marker": "."}
        axes.plot(x, mine["frozen"], color=_COLOURS[role], **still)


def _draw_fit(axes: Any, x: np.ndarray, mine: pd.DataFrame, layout: Layout) -> None:
    """The formula along the lever, the limits of its rate as a band, and the rate, or rates, in words."""
    known = mine["fitted"].notna().to_numpy()
    x, mine = x[known], mine[known]
    axes.plot(x, mine["fitted"], zorder=3, **_FIT if layout.x.numeric else _FIT | {"linestyle": "none"})
    if mine["fitted_low"].notna().all() and layout.x.numeric:
        axes.fill_between(x, mine["fitted_low"], mine["fitted_high"], color=INK, alpha=0.12, linewidth=0)
    said: dict[str, Any] = {"va": "bottom", "fontsize": 8, "color": INK, "parse_math": False}
    rates = [Interval(*row) for row in mine[["rate", "rate_low", "rate_high"]].to_numpy()]
    if layout.x.path in WINDOWS:
        axes.text(0.98, 0.02, rate_in_words(rates[0]), transform=axes.transAxes, ha="right", **said)
    elif len(rates) <= _MOST_RATES:
        for place, rate in zip(x, rates, strict=True):
            axes.text(place, 0, rate_in_words(rate, short=True), ha="center", linespacing=1.0, **said)


def rate_in_words(rate: Interval, short: bool = False) -> str:
    """The fitted rate with its limits; the short form has them on a line of their own.

    >>> rate_in_words(Interval(0.1, 0.08, 0.12)), rate_in_words(Interval(3.0, float("nan"), float("nan")), short=True)
    ('ν = 0.1 [0.08, 0.12] flips a day', 'ν = 3')
    """
    limits = "" if math.isnan(rate.high) else f"[{rate.low:.2g}, {rate.high:.2g}]"
    if short:
        return f"ν = {rate.estimate:.2g}\n{limits}".strip()
    return " ".join(filter(None, (f"ν = {rate.estimate:.3g}", limits, "flips a day")))


def _dress(axes: Any, layout: Layout, columns: int) -> None:
    axes.set(ylim=(-3, 103), xlim=(-0.5, len(layout.x.values) - 0.5))
    axes.yaxis.set_major_formatter(percent())
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    mark_values(axes.xaxis, layout.x, columns)


def _handles(joined: bool, fitted: bool) -> list[Line2D]:
    handles = [
        Line2D([], [], color=colour, linestyle=dash if joined else "none", marker=mark, markersize=4,
               label=f"{_WORDS[role]}, {words}")
        for role, colour in _COLOURS.items()
        for words, dash, mark in _KINDS.values()
    ]  # fmt: skip
    still: dict[str, Any] = {"linestyle": ":"} if joined else {"linestyle": "none", "marker": "."}
    handles.append(Line2D([], [], color=QUIET, label="if the model did not move", **still))
    fit = _FIT if joined else _FIT | {"linestyle": "none"}
    return [*handles, *([Line2D([], [], label="adversaries, formula with fitted ν", **fit)] if fitted else [])]
