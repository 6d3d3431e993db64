"""One economy: accuracy, money and deposits against time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from experiments.build import is_adversarial
from experiments.figures.style import (
    ACCURACY_COLOUR,
    ADVERSARY_COLOURS,
    DASHES,
    GRID,
    HONEST_COLOURS,
    INK,
    QUIET,
    STYLE,
)
from experiments.result import Result
from experiments.schema import Scenario
from sim.units import DAY, to_units


@dataclass(frozen=True)
class GroupLook:
    """What a figure needs to know of a group; money is units, ``willingness_mean`` None means no limit."""

    name: str
    start_balance: float
    adversarial: bool
    willingness_mean: float | None = None
    willingness_sd: float = 0.0


def figure_run(
    series: pd.DataFrame,
    adds: pd.DataFrame,
    groups: Sequence[GroupLook],
    *,
    title: str,
    baseline: float,
    initial: float | None = None,
) -> Figure:
    """Accuracy and balances above, deposits against willingness to pay below, all against days.

    Parameters
    ----------
    series, adds : as `Result.series` and `Result.adds` give them
    groups : in the order of the legend
    title : in full; it must say so if the data are synthetic
    baseline : accuracy of the model trained at once on the whole training set, in [0, 1]
    initial : accuracy at the start, in [0, 1], named in the legend if given
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.6, 7.2), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [1.25, 1]})
        colours = colours_of(groups)
        _draw_accuracy(above, series, baseline, initial)
        _draw_balances(above, series, groups, colours)
        _draw_deposits(below, adds, groups, colours)
        _dress(above, below, series)
        figure.suptitle(title, parse_math=False, fontsize=12, fontweight="bold", color=INK, x=0.01, ha="left")
    return figure


def colours_of(groups: Sequence[GroupLook]) -> dict[str, tuple[str, Any]]:
    """Colour and dash of each group: cool colours for the honest, warm ones for adversaries."""
    looks: dict[str, tuple[str, Any]] = {}
    counts = {False: 0, True: 0}
    for group in groups:
        palette, number = (ADVERSARY_COLOURS if group.adversarial else HONEST_COLOURS), counts[group.adversarial]
        looks[group.name] = (
            palette[number % len(palette)],
            DASHES[(number // len(palette) + group.adversarial) % len(DASHES)],
        )
        counts[group.adversarial] += 1
    return looks


def _draw_accuracy(axes: Any, series: pd.DataFrame, baseline: float, initial: float | None) -> None:
    began = "" if initial is None else f" (began at {100 * initial:.1f} %)"
    axes.plot(series["day"], 100 * series["accuracy"], color=ACCURACY_COLOUR, linewidth=1.8, zorder=4,
              label=f"accuracy of the model{began}")  # fmt: skip
    axes.axhline(100 * baseline, color=QUIET, linewidth=1, linestyle=(0, (4, 3)), zorder=1,
                 label=f"accuracy when trained at once on the whole training set ({100 * baseline:.1f} %)")  # fmt: skip


def _draw_balances(axes: Any, series: pd.DataFrame, groups: Sequence[GroupLook], colours: Mapping[str, Any]) -> None:
    for group in groups:
        if group.start_balance > 0:
            colour, dash = colours[group.name]
            share = 100 * series[f"balance_{group.name}_units"] / group.start_balance
            locked = 100 * series[f"locked_{group.name}_units"] / group.start_balance
            axes.fill_between(series["day"], share, share + locked, color=colour, alpha=0.16, linewidth=0, zorder=2)
            axes.plot(series["day"], share, color=colour, linestyle=dash, linewidth=1.8, zorder=3,
                      label=f"money of {group.name} (100 % = {group.start_balance:,.0f} units)")  # fmt: skip


def _draw_deposits(axes: Any, adds: pd.DataFrame, groups: Sequence[GroupLook], colours: Mapping[str, Any]) -> None:
    """Each accepted deposit as a point; what each group would pay at most as a band of one standard deviation."""
    for group in groups:
        colour, dash = colours[group.name]
        mine = adds[(adds["group"] == group.name) & (adds["deposit_units"] > 0)]
        if len(mine):
            axes.plot(mine["time_s"] / DAY, mine["deposit_units"], linestyle="none", marker="o", markersize=2.2,
                      markeredgewidth=0, color=colour, alpha=0.35, label=f"deposits paid by {group.name}",
                      rasterized=len(adds) > 2000, zorder=2)  # fmt: skip
        mean, sd = group.willingness_mean, group.willingness_sd
        if mean is not None:
            label = f"willingness to pay of {group.name}" + (" (mean ± 1 sd)" if sd else "")
            if sd:
                axes.axhspan(max(mean - sd, mean / 100), mean + sd, color=colour, alpha=0.16, linewidth=0, zorder=1)
            axes.axhline(mean, color=colour, linestyle=dash, linewidth=1.4, zorder=3, label=label)
    axes.set_yscale("log")


def _dress(above: Any, below: Any, series: pd.DataFrame) -> None:
    """Limits, labels, grids and legends."""
    last = float(series["day"].max()) if len(series) else 1.0
    above.set_xlim(0, last or 1.0)
    above.set_ylim(bottom=0)
    above.set_ylim(top=max(105.0, above.get_ylim()[1]))
    above.set_ylabel("accuracy, and money (% of start)")
    above.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
    above.tick_params(labelbottom=False)
    below.set_ylabel("deposit of a contribution (units)")
    below.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    below.yaxis.set_minor_formatter(NullFormatter())
    below.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    below.set_xlabel("days since the start")
    below.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=last >= 5))
    for axes in (above, below):
        axes.grid(axis="y", color=GRID, linewidth=0.8, zorder=0)
        axes.set_axisbelow(True)
        lines = [line for line in axes.get_lines() if not line.get_label().startswith("_")]
        if axes is above:
            lines.insert(2, Patch(color=QUIET, alpha=0.3, linewidth=0, label="shaded: its deposits in the contract"))
        legend = axes.legend(handles=lines, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, borderaxespad=0.2,
                             handlelength=2.4, columnspacing=1.6)  # fmt: skip
        for handle in legend.legend_handles:
            if handle is not None and getattr(handle, "get_marker", lambda: "None")() == "o":
                handle.set_alpha(0.9)
                handle.set_markersize(5)


def looks_of(result: Result) -> list[GroupLook]:
    """The groups of a result as figures want them: the honest first."""
    return looks_of_scenario(result.scenario)


def looks_of_scenario(scenario: Scenario) -> list[GroupLook]:
    """The groups of a scenario as figures want them: the honest first."""
    unit, looks = scenario.unit, []
    for group in scenario.agents:
        limit = group.willingness_to_pay
        looks.append(
            GroupLook(
                name=group.name,
                start_balance=to_units(group.count * group.balance.wei(unit), unit),
                adversarial=is_adversarial(group.kind),
                willingness_mean=None if limit is None else to_units(limit.mean.wei(unit), unit),
                willingness_sd=0.0 if limit is None else to_units(limit.sd.wei(unit), unit),
            )
        )
    return sorted(looks, key=lambda look: look.adversarial)


def figure_of(result: Result) -> Figure:
    """`figure_run` of a result. Synthetic data are named as such in the title."""
    data = result.dataset_title
    if result.synthetic and "synthetic" not in data.lower():
        data += " (synthetic)"
    if result.synthetic:
        data = f"{data} – not real data"
    return figure_run(
        result.series(),
        result.adds(),
        looks_of(result),
        title=f"{result.scenario.name}: {_model_name(result.scenario.model.kind)} on {data}",
        baseline=result.baseline_accuracy,
        initial=result.initial_accuracy,
    )


def _model_name(kind: str) -> str:
    """How people write it: Bayes is a name."""
    return kind.replace("_", " ").replace("bayes", "Bayes")
