"""What a design is tuned for: outcomes of a run with a direction, and which designs no other beats in all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.build import honest_twin
from experiments.result import Result
from experiments.runner import run
from experiments.schema import Scenario
from sim.errors import ConfigError
from sim.units import DAY, to_units


class Objective(NamedTuple):
    """One thing to be had more of (``sign`` 1) or less of (-1): its name, its unit, and what it means.

    ``least`` is the value from which ratios count it: below it there is nothing.
    """

    name: str
    sign: int
    unit: str
    meaning: str
    least: float = 0.0


OBJECTIVES: dict[str, Objective] = {
    objective.name: objective
    for objective in (
        Objective("accuracy", 1, "%", "final accuracy of the model"),
        Objective("honest_profit", 1, "%", "profit of the honest, of their money at the start", -100.0),
        Objective("price_of_corruption", 1, "units", "what adversaries lose per accuracy point destroyed"),
        Objective("participation", 1, "%", "samples of the honest that were accepted, of those they could have added"),
        Objective("locked_capital", -1, "%", "mean deposits of the honest in the contract, of their money"),
    )
}
"""By the names a question uses."""

CORRUPTION_POINTS = 0.1
"""An attack that destroys less is counted as destroying so many accuracy points: its price is high, not infinite."""


def measured(scenario: Scenario, names: Sequence[str]) -> dict[str, float]:
    """The objectives of one run; the price of corruption needs a second one without adversaries.

    The price of corruption is the adversaries' loss per point destroyed, with no fewer than 0.1 points: destroying next
    to nothing is dear, not free of meaning. It is below 0 where lying pays. Raises `ConfigError` for a run that cannot
    tell, such as one without honest people.
    """
    twin = "price_of_corruption" in names
    if twin:
        honest_twin(scenario)  # says so at once where there is none
    result = run(scenario, twin=twin)
    found: dict[str, float] = {}
    for name in names:
        value = _VALUE_OF[name](result)
        if value is None:
            raise ConfigError(f"A run cannot tell {name} ({OBJECTIVES[name].meaning}). Leave that objective out.")
        found[name] = float(value)
    return found


def _honest_profit(result: Result) -> float | None:
    start = _of_honest(result, "start_balance")
    return 100 * result.profit_of(adversarial=False) / start if start else None


def _price_of_corruption(result: Result) -> float | None:
    destroyed, adversaries = result.points_destroyed, result.rows_of(adversarial=True)
    if destroyed is None or not adversaries:
        return None
    lost = -to_units(sum(row.profit for row in adversaries), result.scenario.unit)
    return lost / max(destroyed, CORRUPTION_POINTS)


def _participation(result: Result) -> float | None:
    accepted = _of_honest(result, "submitted")
    kept_out = sum(_of_honest(result, f"rejected_{why}") for why in ("price", "wallet", "gas", "declined"))
    chances = accepted + kept_out + _of_honest(result, "refused")
    return 100 * accepted / chances if chances else None


def _locked_capital(result: Result) -> float | None:
    start, end = _of_honest(result, "start_balance"), round(result.days * DAY)
    wei_seconds = sum(row.statement.locked_wei_seconds(end) for row in result.rows_of(adversarial=False))
    return 100 * wei_seconds / end / start if start and end else None


def _of_honest(result: Result, field: str) -> int:
    return sum(getattr(row.statement, field) for row in result.rows_of(adversarial=False))


_VALUE_OF: dict[str, Callable[[Result], float | None]] = {
    "accuracy": lambda result: 100 * result.final_accuracy,
    "honest_profit": _honest_profit,
    "price_of_corruption": _price_of_corruption,
    "participation": _participation,
    "locked_capital": _locked_capital,
}


def dominated(values: ArrayLike) -> NDArray[np.bool_]:
    """Which rows another row beats: at least as good in all columns, better in one. More is better in each.

    >>> dominated([[1.0, 5.0], [2.0, 4.0], [1.0, 4.0], [2.0, 4.0]]).tolist()
    [False, False, True, False]
    """
    table = np.asarray(values, dtype=float)
    as_good, better = table[None] >= table[:, None], table[None] > table[:, None]
    beaten: NDArray[np.bool_] = np.any(np.all(as_good, axis=2) & np.any(better, axis=2), axis=1)
    return beaten


def compromise(values: ArrayLike) -> int:
    """The row of the Pareto set nearest to the best of every column, columns scaled to the range of that set.

    >>> compromise([[0.0, 10.0], [9.0, 9.0], [10.0, 0.0], [0.0, 0.0]])
    1
    """
    table = np.asarray(values, dtype=float)
    kept = np.flatnonzero(~dominated(table))
    front = table[kept]
    span = np.ptp(front, axis=0)
    short = (front.max(axis=0) - front) / np.where(span > 0, span, 1.0)
    return int(kept[np.argmin((short**2).sum(axis=1))])
