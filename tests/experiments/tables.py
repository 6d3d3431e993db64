"""Tables of runs made by hand, for what reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from experiments.experiment import Experiment
from experiments.outcomes import OUTCOME_COLUMNS

Outcome = dict[str, Any] | None
"""What a run came to, by column; None: it failed. ``captured`` follows from ``final_accuracy``."""


def table_of(experiment: Experiment, outcome: Callable[[dict[str, Any], int], Outcome]) -> pd.DataFrame:
    """A row for each run: ``outcome`` is asked with the run's levers, as tables hold them, and its replication."""
    rows = []
    for job in sorted(experiment.jobs(), key=lambda job: (job.point, job.replication)):
        levers = experiment.lever_values(job.point)
        found = outcome(levers, job.replication)
        row = {**job._asdict(), **levers, **dict.fromkeys(OUTCOME_COLUMNS)}
        if found is None:
            row |= {"status": "failed", "error": "ZeroDivisionError: oh no"}
        else:
            row |= {"status": "ok", "captured": found["final_accuracy"] < 0.5, **found}
        rows.append(row)
    table = pd.DataFrame(rows)
    numbers = [column for column, kind in OUTCOME_COLUMNS.items() if kind in ("float", "int")]
    table = table.assign(**{column: pd.to_numeric(table[column]) for column in numbers}).copy()
    for lever in experiment.design.levers:
        if table[lever].map(type).nunique() > 1:
            table[lever] = table[lever].map(lambda value: None if value is None else str(value))
    return table
