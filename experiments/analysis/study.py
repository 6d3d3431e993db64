"""The runs of a sensitivity analysis, and what they say: tables, sentences, figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.analysis.questions import Question
from experiments.analysis.sensitivity import METHODS, SEED, Plan, effects
from experiments.analysis.space import Space
from experiments.design import Point, Points
from experiments.experiment import Experiment
from experiments.files import write_whole
from experiments.outcomes import OUTCOME_COLUMNS
from experiments.progress import SweepProgress
from experiments.sweeper import sweep
from sim.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

_KEYS = ("method", "samples", "levels", "second_order", "replications", "outcomes", "levers", "seed")
_MEASURES = {"morris": ("mu_star", "mean change over the whole range"), "sobol": ("ST", "total effect")}


@dataclass(frozen=True)
class Study:
    """A sensitivity analysis of a scenario, ready to run.

    Parameters
    ----------
    plan : where outcomes must be known
    outcomes : columns of the table of runs
    experiment : a point for each place of the plan that is another economy
    places : for each row of the plan the number of its point
    """

    plan: Plan
    outcomes: tuple[str, ...]
    experiment: Experiment
    places: tuple[int, ...]

    @classmethod
    def of(cls, question: Question) -> Study:
        """The study a question asks for. Raises `ConfigError`."""
        question.checked(*_KEYS)
        space = Space.of(question.table.get("levers"), "sensitivity")
        second = question.table.get("second_order", True)
        if not isinstance(second, bool):
            raise ConfigError("sensitivity.second_order must be true or false, without quotes.")
        plan = Plan(
            question.choice("method", METHODS), space.names, question.number("samples", 8, 2, 2**16),
            question.number("levels", 4, 4, 100), second, question.number("seed", 0, 0, 2**32 - 1),
        )  # fmt: skip
        numbers = tuple(name for name, kind in OUTCOME_COLUMNS.items() if kind in ("int", "float", "flag"))
        default = ("final_accuracy", "honest_profit_percent")
        outcomes = question.words("outcomes", default, numbers)
        points, places = _distinct([space.point(row) for row in plan.shares()])
        base, twin = question.base, any(name in _NEEDS_TWIN for name in outcomes)
        design = Points(points, question.number("replications", 2, 1, 10**4))
        experiment = Experiment(base.scenario, design, base.name, base.description, twin, base.outcomes)
        return cls(plan, outcomes, experiment, places)

    def __str__(self) -> str:
        text = f"{self.experiment.name}: {self.plan.method} over {len(self.plan.names)} levers"
        return f"{text}\n{self.experiment.design}"

    def outcome(self, runs: pd.DataFrame, name: str) -> NDArray[np.float64]:
        """An outcome as `effects` wants it. Raises `ConfigError` where a run failed or cannot tell."""
        table = runs.pivot_table(index="point", columns="replication", values=name, aggfunc="first", dropna=False)
        table = table.reindex(range(len(self.experiment.design)))
        values = table.to_numpy(dtype=float)
        unknown = np.argwhere(~np.isfinite(values))
        if len(unknown):
            point = int(unknown[0][0])
            error = runs.loc[(runs["point"] == point) & runs["error"].notna(), "error"]
            why = error.iloc[0] if len(error) else "that outcome is missing there"
            raise ConfigError(
                f"{name} is not known in {len(unknown):,} of {values.size:,} runs, first at point {point} "
                f"({self.experiment.design[point]}): {why} Take another outcome, or narrow the levers."
            )
        return values[list(self.places)]


_NEEDS_TWIN = ("twin_accuracy", "points_destroyed", "price_of_corruption_units")


@dataclass(frozen=True)
class Influence:
    """What the levers do to one outcome: the tables of `effects`."""

    outcome: str
    method: str
    factors: pd.DataFrame
    pairs: pd.DataFrame

    def sentence(self) -> str:
        """The strongest levers and the seed, in words."""
        column, words = _MEASURES[self.method]
        known = self.factors.dropna(subset=column)
        if known.empty or not known[column].any():
            return f"{self.outcome}: it is the same everywhere, so no lever moves it."
        levers = known[known["factor"] != SEED].sort_values(column, ascending=False, kind="stable")
        said = [
            f"{row['factor']} {row[column]:.3g} [{row[f'{column}_low']:.3g}, {row[f'{column}_high']:.3g}]"
            for _, row in levers.head(3).iterrows()
        ]
        chance = known.loc[known["factor"] == SEED, column]
        noise = f"; the seed {chance.iloc[0]:.3g}" if len(chance) else ""
        return f"{self.outcome}, {words} with its 95 % interval: {', '.join(said)}{noise}."


def run_study(
    study: Study,
    out: Path,
    workers: int | None = None,
    resume: bool = False,
    executor: Executor | None = None,
    progress: Callable[[SweepProgress], None] | bool | None = None,
) -> list[Influence]:
    """Run a study as a sweep into a folder, and write what it says beside the tables of the sweep.

    ``sensitivity.csv`` and ``pairs.csv`` have a column ``outcome``; ``figures/`` a picture of each outcome;
    ``sensitivity.json`` all of it. Raises `ConfigError`.
    """
    results = sweep(study.experiment, out, workers, resume=resume, executor=executor, progress=progress)
    runs = results.runs()
    found = []
    for name in study.outcomes:
        factors, pairs = effects(study.plan, study.outcome(runs, name))
        found.append(Influence(name, study.plan.method, factors, pairs))
    _write(study, found, out)
    return found


def facts_of(study: Study, found: list[Influence]) -> dict[str, Any]:
    """A study and its findings as one JSON object."""
    return {
        "name": study.experiment.name,
        "method": study.plan.method,
        "samples": study.plan.samples,
        "levers": list(study.plan.names),
        "points": len(study.experiment.design),
        "replications": study.experiment.design.replications,
        "outcomes": {one.outcome: {"factors": _records(one.factors), "pairs": _records(one.pairs)} for one in found},
        "findings": [one.sentence() for one in found],
    }


def _write(study: Study, found: list[Influence], out: Path) -> None:
    import pandas as pd

    from experiments.figures import save
    from experiments.figures.effects import drawn_effects

    for name, tables in (
        ("sensitivity", [one.factors.assign(outcome=one.outcome) for one in found]),
        ("pairs", [one.pairs.assign(outcome=one.outcome) for one in found if len(one.pairs)]),
    ):
        if tables:
            table = pd.concat(tables)
            text = table[["outcome", *table.columns.drop("outcome")]].to_csv(index=False, lineterminator="\n")
            write_whole(out / f"{name}.csv", text)
    write_whole(out / "sensitivity.json", json.dumps(facts_of(study, found), indent=1))
    for one in found:
        save(drawn_effects(one.factors, one.method, one.outcome), out / "figures")


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON, which has no NaN."""
    return [
        {name: None if isinstance(value, float) and not np.isfinite(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _distinct(points: list[Point]) -> tuple[list[Point], tuple[int, ...]]:
    """Points that differ, and for each given one the number of that which it is."""
    met: dict[str, int] = {}
    kept: list[Point] = []
    places = []
    for point in points:
        key = json.dumps(point, sort_keys=True, default=str)
        if key not in met:
            met[key] = len(kept)
            kept.append(point)
        places.append(met[key])
    return kept, tuple(places)
