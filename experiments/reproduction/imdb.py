"""The README scenario of the reference simulation on film reviews, real or generated."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import pandas as pd

from experiments.build import baseline_accuracy
from experiments.reproduction.verdicts import Measured
from experiments.result import Result
from experiments.runner import run
from experiments.scenario import load_scenario
from sim.units import DAY

EXHAUSTED_BELOW = 2.0
"""Per cent of what Bad had: wallet and locked deposits together."""

_PRESETS = {"imdb": "imdb-drt", "imdb-like": "imdb-like"}
_GROUPS = ("Good", "Bad")
_KEPT_RUNS = 64


class _Outcome(NamedTuple):
    """Numbers of a run by name, and its course."""

    numbers: dict[str, float]
    course: pd.DataFrame


def measure(seeds: range, dataset: str) -> Measured:
    """Run the scenario with each seed on ``imdb`` or ``imdb-like``. Raises `ConfigError`."""
    outcomes = [_outcome(dataset, seed) for seed in seeds]
    values = {name: [outcome.numbers[name] for outcome in outcomes] for name in outcomes[0].numbers}
    values["baseline"] = [100 * baseline_accuracy(load_scenario(_PRESETS[dataset]))]
    courses = pd.concat([outcome.course.assign(seed=seed) for seed, outcome in zip(seeds, outcomes, strict=True)])
    return Measured(values, courses)


@lru_cache(_KEPT_RUNS)
def _outcome(dataset: str, seed: int) -> _Outcome:
    result = run(load_scenario(_PRESETS[dataset], {"seed": seed}))
    course = course_of(result)
    return _Outcome(numbers_of(result, course), course)


def course_of(result: Result) -> pd.DataFrame:
    """Columns ``day``, ``accuracy`` and, for Good and Bad, wallet and all they own, in per cent of what each had."""
    series = result.series()
    course = pd.DataFrame({"day": series["day"], "accuracy": 100 * series["accuracy"]})
    for name in _GROUPS:
        (row,) = result.rows_of(group=name)
        start = row.statement.start_balance / result.scenario.unit
        course[name] = 100 * series[f"balance_{name}_units"] / start
        course[f"{name}_owns"] = course[name] + 100 * series[f"locked_{name}_units"] / start
    return course


def numbers_of(result: Result, course: pd.DataFrame) -> dict[str, float]:
    """What the targets ask for; ``exhausted`` is NaN if Bad never is."""
    adds, last = result.adds(), course.iloc[-1]
    (good,) = result.rows_of(group="Good")
    # No deposit comes back before a day is over, so that the wallet then is what was not deposited.
    early = adds[(adds["group"] == "Good") & (adds["time_s"] <= DAY)]["deposit_units"].sum()
    poor = course[course["Bad_owns"] < EXHAUSTED_BELOW]
    return {
        "initial": 100 * result.initial_accuracy,
        "final": 100 * result.final_accuracy,
        "drift": float((course["accuracy"] - 100 * result.initial_accuracy).abs().max()),
        "day_one": 100 * (1 - early * result.scenario.unit / good.statement.start_balance),
        "good": float(last["Good"]),
        "bad": float(last["Bad"]),
        "ends": result.days,
        "added": float(len(adds)),
        "exhausted": float(poor["day"].min()),
    }
