"""Robust choice from a finished sweep: levers that one chooses against those that one does not.

The mechanism and the model are chosen; people, data and fees come as they are. Where a design has both kinds of levers,
every combination of the one with every combination of the other, it says which choice is robust; see
`experiments.analysis.robust`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.analysis.objectives import OBJECTIVES
from experiments.analysis.robust import choices, columns_of, in_words
from experiments.experiment import Experiment
from experiments.figures.levers import Lever, levers_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_CHOSEN = ("mechanism", "model")
_COLUMNS = {"accuracy": ("final_accuracy", 100.0), "honest_profit": ("honest_profit_percent", 1.0)}

Place = tuple[int, ...]
"""The places of the values of some levers."""


@dataclass(frozen=True)
class RobustChoice:
    """What each rule chooses.

    Parameters
    ----------
    table : a row for each choice: ``choice`` in words, and of accuracy and honest profit, in percent, ``*_worst``,
        ``*_regret`` (the greatest) and ``*_signal_to_noise_db``
    choices : the row that each rule chooses, None if it chooses nothing
    sentences : the same for people
    """

    table: pd.DataFrame
    choices: dict[str, int | None]
    sentences: tuple[str, ...]


def robust_choice(runs: pd.DataFrame, experiment: Experiment) -> RobustChoice | None:
    """The robust choice of a sweep; None where its levers are of one kind only, combinations are missing, or a
    combination has no replication that went well at all of them.

    Parameters
    ----------
    runs : as ``runs.parquet`` has them
    experiment : what was swept
    """
    import pandas as pd

    levers = levers_of(experiment)
    chosen = [lever for lever in levers if lever.path.split(".")[0] in _CHOSEN]
    given = [lever for lever in levers if lever not in chosen]
    good = runs[runs["status"] == "ok"]
    if not chosen or not given or good.empty:
        return None
    designs, scenarios = _settings(good, chosen), _settings(good, given)
    seeds = _everywhere(good)
    cells = dict(zip(zip(designs, scenarios, good["replication"], strict=True), good.to_dict("records"), strict=True))
    rows, columns = (list(dict.fromkeys(sorted(places))) for places in (designs, scenarios))
    if not seeds or any((row, column, seeds[0]) not in cells for row in rows for column in columns):
        return None
    names = [name for name, (column, _) in _COLUMNS.items() if good[column].notna().all()]
    values = _values(cells, rows, columns, seeds, names)
    objectives = [OBJECTIVES[name] for name in names]
    found = choices(values, objectives)
    said = [_said(chosen, row) for row in rows]
    headline = (
        f"{len(rows):,} choices of {_titles(chosen)} were judged by {' and '.join(names).replace('_', ' ')} in "
        f"{len(columns):,} settings of {_titles(given)}."
    )
    table = pd.DataFrame({"choice": said, **columns_of(values, objectives)})
    return RobustChoice(table, found, (headline, *in_words(found, said)))


def _settings(runs: pd.DataFrame, levers: Sequence[Lever]) -> list[Place]:
    """The setting of these levers in each run."""
    return list(zip(*(lever.places(runs[lever.path]).tolist() for lever in levers), strict=True))


def _everywhere(good: pd.DataFrame) -> list[int]:
    """The replications that went well at every point."""
    points = good["point"].nunique()
    counts = good.groupby("replication")["point"].nunique()
    return [int(replication) for replication, count in counts.items() if count == points]


def _values(
    cells: dict[Any, Any], rows: Sequence[Place], columns: Sequence[Place], seeds: Sequence[int], names: Sequence[str]
) -> NDArray[np.float64]:
    """Outcomes by choice, setting, seed and name, in percent."""

    def told(run: dict[str, Any]) -> list[float]:
        return [scale * float(run[column]) for column, scale in map(_COLUMNS.__getitem__, names)]

    return np.array([[[told(cells[row, column, seed]) for seed in seeds] for column in columns] for row in rows])


def _said(levers: Sequence[Lever], places: Place) -> str:
    return ", ".join(lever.said(place) for lever, place in zip(levers, places, strict=True))


def _titles(levers: Sequence[Lever]) -> str:
    return ", ".join(lever.title for lever in levers)
