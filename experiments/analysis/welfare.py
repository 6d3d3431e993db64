r"""Welfare: what an economy is worth to everybody together.

Deposits, refunds and rewards are transfers and cancel. What is left is the surplus

.. math:: V \cdot (\text{right predictions}) - \text{effort} - \text{fees},

with V what one right prediction is worth to whoever uses it. Predictions are those that callers paid for, and, if so
many a day are asked for beside the economy, these at the accuracy the model has meanwhile. The Gini coefficient of the
honest (of their money at the end, since profits may be below 0) says how evenly it falls; what is still locked in the
contract is of use to nobody while it lies there.

>>> gini([1, 1, 1, 1]), gini([0, 0, 0, 1])
(0.0, 0.75)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from experiments.result import Result
from experiments.runner import run
from experiments.schema import Scenario
from sim.units import DAY, to_units


class Welfare(NamedTuple):
    """One run, in units where nothing else is said.

    ``predictions`` were made and ``right`` of them; ``value`` of the right ones, ``effort``, ``fees``, and their
    ``surplus``; ``gini`` of the honest contributors' money at the end (0: even; None without honest ones);
    ``unclaimed`` deposits still in the contract.
    """

    predictions: float
    right: float
    value: float
    effort: float
    fees: float
    surplus: float
    gini: float | None
    unclaimed: float


def welfare_of(result: Result, value: float, per_day: float = 0.0) -> Welfare:
    """The welfare of a run.

    Parameters
    ----------
    result : of `experiments.runner.run`
    value : units that one right prediction is worth, 0 or more
    per_day : predictions asked for each day beside those that callers pay, 0 or more

    Raises
    ------
    ValueError
        If value or per_day is negative.
    """
    if value < 0 or per_day < 0:
        raise ValueError("value and per_day must be 0 or more")
    unit, callers = result.scenario.unit, [row.statement for row in result.callers]
    asked = sum(statement.predictions for statement in callers) + per_day * result.days
    right = sum(statement.predictions_right for statement in callers) + per_day * _days_of_accuracy(result)
    effort = to_units(sum(row.effort for row in result.agents), unit)
    fees = to_units(sum(row.statement.fees for row in result.agents), unit)
    honest = [to_units(row.final_balance, unit) for row in result.rows_of(adversarial=False)]
    locked = to_units(sum(row.statement.locked for row in result.agents), unit)
    surplus = value * right - effort - fees
    return Welfare(asked, right, value * right, effort, fees, surplus, gini(honest) if honest else None, locked)


def measured_welfare(scenario: Scenario, value: float, per_day: float) -> dict[str, Any]:
    """Run a scenario; its `Welfare` by name."""
    return welfare_of(run(scenario), value, per_day)._asdict()


def gini(amounts: ArrayLike) -> float:
    """The Gini coefficient of amounts of 0 or more; 0 if there is nothing to share. Raises `ValueError`."""
    values = np.sort(np.asarray(amounts, dtype=float))
    if not len(values) or values[0] < 0:
        raise ValueError("a Gini coefficient needs amounts of 0 or more, at least one")
    total = float(values.sum())
    if total == 0:
        return 0.0
    count = len(values)
    return float((2 * np.arange(1, count + 1) - count - 1) @ values / (count * total))


def _days_of_accuracy(result: Result) -> float:
    """Accuracy summed over the days of a run; between two measurements it is that of the first."""
    moments = sorted({moment.time: moment for moment in result.snapshots}.values())
    times = np.array([moment.time / DAY for moment in moments] + [result.days])
    accuracy = np.array([moment.accuracy for moment in moments])
    return float(np.maximum(np.diff(times), 0) @ accuracy) if len(accuracy) else result.days * result.final_accuracy
