"""What a gallery of attacks found: the worst of them, what they earn, and which defence bounds the damage.

A gallery is a design over two levers, a whole group of agents (``agents.attacker``) and the whole ``mechanism``.
Damage is accuracy lost against the twin without attackers, in percentage points; the return is the attackers' profit in
percent of what they began with. All from the table of runs, as `experiments.findings`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from experiments.figures.levers import Lever
from experiments.points import MeasuredPoint

MECHANISM = "mechanism"
_DAMAGE, _RETURN, _SUCCESS = "points_destroyed", "adversary_profit_percent", "attack_success"


def is_gallery(levers: Sequence[Lever]) -> bool:
    """Whether a design sets whole attackers against whole mechanisms."""
    paths = [lever.path for lever in levers]
    return len(paths) == 2 and MECHANISM in paths and attackers_of(levers) is not None


def attackers_of(levers: Sequence[Lever]) -> Lever | None:
    """The lever that is a whole group of agents, if there is one."""
    return next((lever for lever in levers if lever.path.startswith("agents.") and lever.path.count(".") == 1), None)


def gallery_story(points: Sequence[MeasuredPoint], levers: Sequence[Lever]) -> list[str]:
    """Sentences on the first mechanism, on the attack that is worst anywhere, on who earns, and on the best defence."""
    attackers = attackers_of(levers)
    assert attackers is not None, "asked of a gallery alone"
    mechanisms = next(lever for lever in levers if lever.path == MECHANISM)
    cells = [point for point in points if point.values(_DAMAGE)]
    if not cells:
        return ["No run has a twin without attackers, so nothing can be said of damage. Set twin = true in [design]."]
    gallery = _Gallery(cells, attackers, mechanisms)
    return [*gallery.first_column(), gallery.paying(), *gallery.best_defence(), *gallery.hidden()]


class _Gallery:
    """The cells of the matrix, with their names."""

    def __init__(self, cells: Sequence[MeasuredPoint], attackers: Lever, mechanisms: Lever) -> None:
        self.cells, self.attackers, self.mechanisms = cells, attackers, mechanisms

    def attacker(self, cell: MeasuredPoint) -> str:
        """What its attackers do."""
        return self.attackers.texts[cell.places[self.attackers.path]]

    def mechanism(self, cell: MeasuredPoint) -> str:
        """What they do it against."""
        return self.mechanisms.texts[cell.places[self.mechanisms.path]]

    def columns(self) -> dict[str, list[MeasuredPoint]]:
        """The cells of each mechanism, in the order of the design."""
        found: dict[str, list[MeasuredPoint]] = {}
        for cell in sorted(self.cells, key=lambda cell: cell.number):
            found.setdefault(self.mechanism(cell), []).append(cell)
        return found

    def first_column(self) -> list[str]:
        """The worst attack on the first mechanism, and the best paid."""
        name, column = next(iter(self.columns().items()))
        worst = max(column, key=_mean_damage)
        told = (
            f"Against {name} the worst of {len(column)} attacks is {self.attacker(worst)}: it costs "
            f"{worst.text(_DAMAGE)} percentage points of accuracy, and returns "
            f"{worst.text(_RETURN, sign=True)} % to the attackers"
        )
        paid = [cell for cell in column if cell.values(_RETURN)]
        best = max(paid, key=_mean_return) if paid else worst
        if best is worst:
            return [f"{told}."]
        return [f"{told}; best paid is {self.attacker(best)}, at {best.text(_RETURN, sign=True)} %."]

    def paying(self) -> str:
        """How many attacks pay for certain, and how many do damage for certain."""
        known = [cell.interval(_RETURN) for cell in self.cells if cell.seeds > 1]
        paying = sum(1 for found in known if found is not None and found.low > 0)
        damage = [cell.interval(_DAMAGE) for cell in self.cells if cell.seeds > 1]
        harming = sum(1 for found in damage if found is not None and found.low > 0)
        if not known:
            return "With a single seed nothing can be said of which attacks pay for certain: ask for --replications."
        both = sum(
            1 for gain, harm in zip(known, damage, strict=True) if gain and harm and gain.low > 0 and harm.low > 0
        )
        return (
            f"Of {len(self.cells)} attacks {harming} surely do damage and {paying} surely pay (their intervals are "
            f"above 0); {both} do both."
        )

    def best_defence(self) -> list[str]:
        """The mechanism whose worst attack is least bad, beside the first one."""
        columns = self.columns()
        if len(columns) < 2:
            return []
        worst = {name: max(column, key=_mean_damage) for name, column in columns.items()}
        best = min(worst, key=lambda name: _mean_damage(worst[name]))
        bound = worst[best]
        sentence = (
            f"Judged by its worst attack, {best} holds best: {self.attacker(bound)} costs {bound.text(_DAMAGE)} points"
        )
        first = next(iter(columns))
        if first == best:
            return [f"{sentence}; no defence in the gallery improves on it."]
        return [f"{sentence}, where the worst against {first} costs {worst[first].text(_DAMAGE)}."]

    def hidden(self) -> list[str]:
        """How far backdoors came, which accuracy does not show."""
        doors = [cell for cell in self.cells if cell.values(_SUCCESS)]
        if not doors:
            return []
        least = min(doors, key=lambda cell: _mean(cell, _SUCCESS))
        most = max(doors, key=lambda cell: _mean(cell, _SUCCESS))
        return [
            f"Accuracy does not show a backdoor: the model takes {most.text(_SUCCESS, 100)} % of triggered test "
            f"samples for its target against {self.mechanism(most)}, and {least.text(_SUCCESS, 100)} % against "
            f"{self.mechanism(least)}, where it succeeds least."
        ]


def _mean(cell: MeasuredPoint, column: str) -> float:
    values = cell.values(column)
    return math.fsum(values) / len(values)


def _mean_damage(cell: MeasuredPoint) -> float:
    return _mean(cell, _DAMAGE)


def _mean_return(cell: MeasuredPoint) -> float:
    return _mean(cell, _RETURN)
