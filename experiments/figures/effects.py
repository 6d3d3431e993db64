"""What levers do to an outcome: bars of total effects, by Sobol, or of mean changes, by Morris."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.figures.drawn import Drawn
from experiments.figures.style import GRID, HONEST_COLOURS, INK, QUIET, STYLE
from experiments.figures.words import title_of

SEED = "seed"
_CAPTIONS = {
    "sobol": (
        "Filled: the share of the variance that all involves a lever explains (total effect); open: what it explains "
        "alone (first order). The grey bar is the share of the variance of a single run that is chance. Bars have "
        "intervals of 95 %."
    ),
    "morris": (
        "How much the outcome changes on average when a lever goes through its whole range (mean of absolute "
        "elementary effects); dots are the spread of these changes, large where a lever depends on others. The grey "
        "bar is the mean difference between two seeds. Bars have intervals of 95 %."
    ),
}


def figure_effects(factors: pd.DataFrame, method: str, outcome: str) -> Figure:
    """Bars of the factors, the strongest lever on top and chance below all.

    Parameters
    ----------
    factors : of `experiments.analysis.sensitivity.effects`
    method : ``sobol`` or ``morris``
    outcome : its name, for the title
    """
    main = "ST" if method == "sobol" else "mu_star"
    levers = factors[factors["factor"] != SEED].sort_values(main, kind="stable")
    table = pd.concat([factors[factors["factor"] == SEED], levers], ignore_index=True)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 1.7 + 0.42 * len(table)), layout="constrained")
        axes = figure.subplots()
        colours = [QUIET if name == SEED else HONEST_COLOURS[0] for name in table["factor"]]
        _bars(axes, table, main, colours, 0.0 if method == "morris" else 0.19)
        if method == "sobol":
            _bars(axes, table, "S1", ["none"] * len(table), -0.19, edge=colours)
            axes.set_xlabel("share of the variance (filled: total effect; open: alone)")
            axes.set_xlim(0, max(1.0, float(np.nanmax(table["ST_high"].to_numpy(), initial=0)) * 1.03))
        else:
            known = table["factor"] != SEED
            axes.plot(table.loc[known, "sigma"], np.flatnonzero(known), "D", color=INK, markersize=4, zorder=4)
            axes.set_xlabel(f"change of {outcome.replace('_', ' ')} (bar: mean; diamond: spread)")
            axes.set_xlim(left=0)
        labels = ["chance (the seed)" if name == SEED else title_of(name) for name in table["factor"]]
        axes.set_yticks(range(len(table)), labels, parse_math=False)
        axes.grid(axis="x", color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        figure.suptitle(_title(outcome), parse_math=False, fontsize=11, fontweight="bold", color=INK, x=0.01, ha="left")
    return figure


def drawn_effects(factors: pd.DataFrame, method: str, outcome: str) -> Drawn:
    """The figure with its caption and data."""
    figure = figure_effects(factors, method, outcome)
    return Drawn(f"sensitivity-{outcome.replace('_', '-')}", _title(outcome), _CAPTIONS[method], figure, factors)


def _title(outcome: str) -> str:
    return f"What moves {outcome.replace('_', ' ')}"


def _bars(axes: Any, table: pd.DataFrame, name: str, colours: list[str], shift: float, edge: Any = None) -> None:
    value = table[name].to_numpy(dtype=float)
    low, high = (table[f"{name}_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
    error = np.nan_to_num(np.maximum([value - np.maximum(low, 0), high - value], 0))
    axes.barh(
        np.arange(len(table)) + shift, np.maximum(np.nan_to_num(value), 0), 0.36 if shift else 0.6, color=colours,
        edgecolor=edge or colours, xerr=error, ecolor=INK, capsize=2.5, error_kw={"linewidth": 1}, zorder=2,
    )  # fmt: skip
