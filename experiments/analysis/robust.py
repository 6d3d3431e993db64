r"""Robust choice: which design to take when nobody knows which adversary, or which world, there will be.

Three rules, each a score of which more is better, for a value :math:`v(x, s)` of design x against scenario s:

* `maximin` (Wald 1950): :math:`\min_s v(x, s)`, the worst case;
* `minimax_regret` (Savage 1951): :math:`-\max_s [\max_y v(y, s) - v(x, s)]`, the most that another design would have
  been better by, once the scenario is known;
* `signal_to_noise` (Taguchi 1986), in decibels, over scenarios and seeds alike: of what there should be much of,
  :math:`-10 \log_{10} \overline{1/v^2}`, of what there should be little of, :math:`-10 \log_{10} \overline{v^2}`. It
  rewards much and steady. Values must lie above 0; where one does not, there is no score (NaN).

The worst case may be bad for every design and then tells them apart by little; regret asks what a choice costs instead;
signal to noise minds every seed, and the mean as well.

>>> values = [[9.0, 1.0], [6.0, 0.9], [2.0, 2.0]]  # three designs against two adversaries
>>> maximin(values).tolist(), [round(float(score), 1) for score in minimax_regret(values)]
([1.0, 0.9, 2.0], [-1.0, -3.0, -7.0])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.analysis.objectives import Objective, compromise

RULES = ("maximin", "minimax_regret", "signal_to_noise")
IN_WORDS = {
    "maximin": "maximin (the best worst case)",
    "minimax_regret": "minimax regret (the least missed, once the worst is known)",
    "signal_to_noise": "signal to noise (much and steady, seeds included)",
}


def maximin(values: ArrayLike) -> NDArray[np.float64]:
    """The worst value of each design (axis 0) over scenarios (axis 1); more is better."""
    return np.asarray(np.asarray(values, dtype=float).min(axis=1))


def minimax_regret(values: ArrayLike) -> NDArray[np.float64]:
    """The greatest regret of each design (axis 0) over scenarios (axis 1), with a minus, so that more is better."""
    table = np.asarray(values, dtype=float)
    return np.asarray(-(table.max(axis=0) - table).max(axis=1))


def signal_to_noise(values: ArrayLike, sign: int = 1) -> NDArray[np.float64]:
    """Taguchi's ratio of each design (axis 0) over all other axes, in decibels; NaN where a value is not above 0.

    ``sign`` is 1 if there should be much, -1 if there should be little.
    """
    table = np.asarray(values, dtype=float)
    table = table.reshape(len(table), -1)
    fit = (table > 0).all(axis=1)
    ratios = np.full(len(table), np.nan)
    ratios[fit] = -10 * np.log10(np.mean(table[fit] ** (-2.0 * sign), axis=1))
    return ratios


def scores(rule: str, values: ArrayLike, objective: Objective) -> NDArray[np.float64]:
    """The score of each design by a rule of `RULES`, in one objective; more is better.

    ``values`` has an axis for designs, one for scenarios and one for seeds. The first two rules look at means over
    seeds. What is lost cannot be more than all (profits from -100 % on), so the third counts from the least there is.
    """
    table = np.asarray(values, dtype=float)
    if rule == "signal_to_noise":
        return signal_to_noise(table - objective.least, objective.sign)
    means = objective.sign * table.mean(axis=2)
    return maximin(means) if rule == "maximin" else minimax_regret(means)


def chosen(rule: str, values: ArrayLike, objectives: Sequence[Objective]) -> int | None:
    """The design that a rule chooses: the compromise of its scores in all objectives; None if no design has them all.

    ``values`` has axes for designs, scenarios, seeds and objectives.
    """
    table = np.asarray(values, dtype=float)
    scored = np.column_stack([scores(rule, table[..., place], one) for place, one in enumerate(objectives)])
    known = np.flatnonzero(np.isfinite(scored).all(axis=1))
    return int(known[compromise(scored[known])]) if len(known) else None


def choices(values: ArrayLike, objectives: Sequence[Objective]) -> dict[str, int | None]:
    """The design that each rule chooses."""
    return {rule: chosen(rule, values, objectives) for rule in RULES}


def in_words(found: Mapping[str, int | None], names: Sequence[str]) -> list[str]:
    """What each rule chooses, a sentence for rules that agree."""
    agreeing: dict[int | None, list[str]] = {}
    for rule, design in found.items():
        agreeing.setdefault(design, []).append(f"by {IN_WORDS[rule]}")
    sentences = []
    for design, rules in agreeing.items():
        by = f"{', '.join(rules[:-1])} and {rules[-1]}" if len(rules) > 1 else rules[0]
        what = (
            ": each design has a value at or below 0, of which there is no ratio" if design is None else names[design]
        )
        sentences.append(f"B{by[1:]}{' nothing is chosen' if design is None else ': '}{what}.")
    return sentences


def columns_of(values: ArrayLike, objectives: Sequence[Objective]) -> dict[str, Any]:
    """The scores by name of column, of each objective: ``*_worst``, ``*_regret`` and ``*_signal_to_noise_db``."""
    table, columns = np.asarray(values, dtype=float), {}
    for place, one in enumerate(objectives):
        by_rule = {rule: scores(rule, table[..., place], one) for rule in RULES}
        columns[f"{one.name}_worst"] = one.sign * by_rule["maximin"]
        columns[f"{one.name}_regret"] = 0.0 - by_rule["minimax_regret"]
        columns[f"{one.name}_signal_to_noise_db"] = by_rule["signal_to_noise"]
    return columns
