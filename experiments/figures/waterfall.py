"""A prediction market: how each contributor's stake became what was collected, pass by pass."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from experiments.build import is_adversarial
from experiments.figures.style import ADVERSARY_COLOURS, GRID, HONEST_COLOURS, INK, QUIET, STYLE
from experiments.result import Result
from sim.units import to_units

_MOST_STEPS = 6
_MOST_PEOPLE = 24
_BAR, _SLOT = 0.8, 0.86


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
    return [*early, (sum(bounty for bounty, _ in late), together)]


def figure_waterfall(result: Result) -> Figure:
    """A waterfall for each contributor: a bar from the balance before each pass to the one after it.

    A short line is the stake. Raises `ValueError` for a run without a settled market.
    """
    table = payouts_of(result)
    if table.empty:
        raise ValueError("there is no market with contributions in this run, so nobody was paid")
    people = list(dict.fromkeys(table["address"]))[:_MOST_PEOPLE]
    steps, passes = int(table["step"].max()) + 1, len(result.gains_by_pass)
    width = _BAR / steps
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(max(6.4, 1.2 + _SLOT * len(people)), 4.6), layout="constrained")
        axes = figure.subplots()
        for row in table[table["address"].isin(people)].itertuples():
            place = people.index(row.address) - _BAR / 2 + width * (row.step + 0.5)
            colour = (ADVERSARY_COLOURS if row.adversarial else HONEST_COLOURS)[0]
            axes.bar(place, row.after_units - row.before_units, 0.9 * width, bottom=row.before_units, color=colour,
                     alpha=1 - 0.6 * row.step / steps, zorder=3)  # fmt: skip
            if row.step == 0:
                left = people.index(row.address) - _BAR / 2
                axes.plot([left, left + _BAR], [row.before_units] * 2, color=INK, linewidth=1, zorder=4)
        axes.axhline(0, color=QUIET, linewidth=0.8, zorder=1)
        axes.grid(axis="y", color=GRID, linewidth=0.8, zorder=0)
        axes.set_axisbelow(True)
        axes.set_xticks(range(len(people)), people, rotation=30, ha="right")
        axes.set_ylabel("balance in the market, units (line: stake)")
        spent = table.groupby("step")["spent_units"].first()
        until = ", ".join(f"{units:,.0f}" for units in spent)
        axes.set_xlabel(f"left to right: {_said(passes, steps)}, until {until} units of the bounty were spent")
        paid = sum(gain for _, gains in result.gains_by_pass for gain in gains.values())
        made_up = " – synthetic data, not real" if result.synthetic else ""
        title = f"{result.scenario.name}: {paid:,.1f} units of the bounty earned, contributor by contributor{made_up}"
        figure.suptitle(title, parse_math=False, fontsize=11, fontweight="bold", color=INK, x=0.01, ha="left")
    return figure


def _said(passes: int, steps: int) -> str:
    if passes > steps:
        return f"{steps - 1} passes and the other {passes - steps + 1} together"
    return "1 pass" if passes == 1 else f"{passes} passes"
