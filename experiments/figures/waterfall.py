"""A prediction market: how each contributor's stake became what was collected, pass by pass."""

from __future__ import annotations

import math
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from experiments.build import is_adversarial
from experiments.figures.sheet import explain, sheet
from experiments.figures.style import ADVERSARY_COLOURS, GRID, HONEST_COLOURS, INK, QUIET, STYLE
from experiments.result import Result
from sim.units import to_units

_MOST_STEPS = 6
_MOST_PEOPLE = 24
_BAR, _ROW = 0.7, 0.34  # of a line; inches
_COLOURS = {False: HONEST_COLOURS[0], True: ADVERSARY_COLOURS[0]}
_ROLES = {False: "gain or loss of the honest", True: "gain or loss of adversaries"}


def payouts_of(result: Result) -> pd.DataFrame:
    """A row for each contributor and step: ``address, group, adversarial, step, spent_units, before_units,
    after_units``.

    A step is a pass; beyond six the later ones are one step. ``spent_units`` is the bounty spent until then; before and
    after are the contributor's balance in the market, from the stake on.
    """
    kinds = {group.name: group.kind for group in result.scenario.agents}
    unit, rows = result.scenario.unit, []
    for agent in result.agents:
        if agent.statement.submitted:
            balance, spent = to_units(agent.statement.deposited, unit), 0.0
            for step, (bounty, gains) in enumerate(_steps(result)):
                spent += bounty
                after = balance + gains.get(agent.name, 0.0)
                rows.append((agent.name, agent.group, is_adversarial(kinds[agent.group]), step, spent, balance, after))
                balance = after
    columns = ["address", "group", "adversarial", "step", "spent_units", "before_units", "after_units"]
    return pd.DataFrame(rows, columns=columns)


def _steps(result: Result) -> list[tuple[float, dict[str, float]]]:
    """The passes, the later ones of many added up."""
    passes = list(result.gains_by_pass)
    if len(passes) <= _MOST_STEPS:
        return passes
    early, late = passes[: _MOST_STEPS - 1], passes[_MOST_STEPS - 1 :]
    together: dict[str, float] = {}
    for _, gains in late:
        for who, gain in gains.items():
            together[who] = together.get(who, 0.0) + gain
    return [*early, (math.fsum(bounty for bounty, _ in late), together)]


def figure_waterfall(result: Result) -> Figure:
    """A line for each contributor: from what it staked, pass by pass, to what it collected.

    Raises `ValueError` for a run without a settled market.
    """
    table = payouts_of(result)
    if table.empty:
        raise ValueError("there is no market with contributions in this run, so nobody was paid")
    gained = (table["after_units"] - table["before_units"]).groupby(table["address"], sort=False).sum()
    shown = table[table["address"].isin(gained.abs().nlargest(_MOST_PEOPLE).index)]
    names, steps = list(dict.fromkeys(shown["address"])), int(table["step"].max()) + 1
    with mpl.rc_context(STYLE):
        figure, grid = sheet(_title(result, len(gained)), 1, 1, 1.6 + _ROW * len(names))
        axes = grid[0, 0]
        for place, (_, mine) in enumerate(shown.groupby("address", sort=False)):
            _draw_contributor(axes, place, mine, steps)
        axes.axvline(0, color=QUIET, linewidth=0.8, zorder=1)
        axes.set_yticks(range(len(names)), names, fontsize=9, parse_math=False)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color=GRID, linewidth=0.8, zorder=0)
        axes.set_axisbelow(True)
        axes.set_xlabel("units in the market")
        explain(figure, _legend(shown, len(result.gains_by_pass)))
    return figure


def _title(result: Result, people: int) -> str:
    spent = math.fsum(bounty for bounty, _ in result.gains_by_pass)
    paid = math.fsum(gain for _, gains in result.gains_by_pass for gain in gains.values())
    some = f" of the {_MOST_PEOPLE} of {people:,} who gained or lost most" if people > _MOST_PEOPLE else ""
    made_up = " – synthetic data, not real" if result.synthetic else ""
    return (
        f"{result.scenario.name}: stakes and payouts{some}; {paid:,.0f} of {spent:,.0f} units of bounty earned{made_up}"
    )


def _draw_contributor(axes: Any, place: int, mine: pd.DataFrame, steps: int) -> None:
    """Bars from the balance before each pass to the one after it, one below the other; ends are marked."""
    colour, height = _COLOURS[bool(mine["adversarial"].iloc[0])], _BAR / steps
    for row in mine.itertuples():
        level = place - _BAR / 2 + height * (row.step + 0.5)
        axes.barh(level, row.after_units - row.before_units, 0.9 * height, left=row.before_units, color=colour,
                  alpha=_strength(row.step, steps), zorder=3)  # fmt: skip
    stake, collected = mine["before_units"].iloc[0], mine["after_units"].iloc[-1]
    axes.plot([stake] * 2, [place - _BAR / 2, place + _BAR / 2], color=INK, linewidth=1.6, zorder=4)
    axes.plot(collected, place, marker="D", markersize=4.5, color=INK, markerfacecolor="white", zorder=5, clip_on=False)


def _strength(step: int, steps: int) -> float:
    """How opaque the bars of a step are: later ones are paler."""
    return 1 - 0.6 * step / steps


def _legend(table: pd.DataFrame, passes: int) -> list[Any]:
    """The marks, the colours of both roles, and a tone for each step with the bounty it spent."""
    marks = [
        Line2D([], [], linestyle="none", marker="|", markersize=10, markeredgewidth=1.6, color=INK, label="staked"),
        Line2D([], [], linestyle="none", marker="D", color=INK, markerfacecolor="white", label="paid out in the end"),
    ]
    roles = [Patch(color=_COLOURS[harm], label=_ROLES[harm]) for harm in sorted(set(table["adversarial"]))]
    until = table.groupby("step")["spent_units"].first()
    spent, tones = until.diff().fillna(until), []
    for step, units in enumerate(spent):
        last = f" to {passes:,}" if step == len(spent) - 1 and passes > len(spent) else ""
        label = f"pass {step + 1}{last}, for {units:,.0f} units of the bounty"
        tones.append(Patch(color=QUIET, alpha=_strength(step, len(spent)), linewidth=0, label=label))
    return [*marks, *roles, *tones]
