"""How evenly rewards for reports fall: the Lorenz curve of takes."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.analysis.welfare import gini
from experiments.build import is_adversarial
from experiments.figures.drawn import Drawn
from experiments.figures.style import GRID, HONEST_COLOURS, INK, QUIET, STYLE
from experiments.result import Result
from sim.units import to_units


def takes_of(result: Result) -> pd.DataFrame:
    """A row for each contributor, the least first.

    Columns: ``address, adversarial, taken_units, people_percent, takes_percent``. The last two are cumulative: the
    poorest so many percent of all people have so many percent of all rewards.
    """
    kinds = {group.name: group.kind for group in result.scenario.agents}
    people = [*result.rows_of(adversarial=False), *result.rows_of(adversarial=True)]
    unit = result.scenario.unit
    rows = [
        (row.name, is_adversarial(kinds[row.group]), to_units(row.statement.reported_value, unit)) for row in people
    ]
    table = pd.DataFrame(rows, columns=["address", "adversarial", "taken_units"])
    table = table.sort_values(["taken_units", "address"], kind="stable", ignore_index=True)
    total = table["taken_units"].sum()
    share = 100 * table["taken_units"].cumsum() / total if total else np.zeros(len(table))
    return table.assign(people_percent=100 * np.arange(1, len(table) + 1) / max(1, len(table)), takes_percent=share)


def drawn_takes(result: Result) -> Drawn:
    """The figure with its caption and data. Raises `ValueError` as `figure_takes` does."""
    title, table = f"{result.scenario.name}: who gets the takes", takes_of(result)
    caption = (
        "Cumulative rewards for reports against cumulative contributors, those who took least first; on the dashed "
        "line all would have the same. The Gini coefficient is 0 there, and near 1 where one takes all."
    )
    return Drawn("takes", title, caption, figure_takes(result), table)


def figure_takes(result: Result) -> Figure:
    """The Lorenz curve of rewards for reports, with its Gini coefficient.

    Raises `ValueError` for a run in which nobody took anything.
    """
    table = takes_of(result)
    if not table["taken_units"].sum():
        raise ValueError("nobody took a deposit in this run, so there is nothing to share out")
    coefficient = gini(table["taken_units"])
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.0, 4.6), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 100], [0, 100], color=QUIET, linestyle=(0, (4, 3)), label="all have the same")
        axes.plot([0, *table["people_percent"]], [0, *table["takes_percent"]], color=HONEST_COLOURS[0], marker="o",
                  markersize=4, label=f"rewards for reports (Gini {coefficient:.2f})")  # fmt: skip
        axes.set(xlim=(0, 100), ylim=(0, 100), xlabel="contributors, the least first (%)", ylabel="of all rewards (%)")
        axes.grid(color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.legend(loc="upper left")
        made_up = " – synthetic data, not real" if result.synthetic else ""
        figure.suptitle(f"{result.scenario.name}: who gets the takes{made_up}", parse_math=False, fontsize=11,
                        fontweight="bold", color=INK, x=0.01, ha="left")  # fmt: skip
    return figure
