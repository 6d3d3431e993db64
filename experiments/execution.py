"""One run of a sweep, in whatever process or thread an executor chose: a scenario in, a part of the tables out."""

from __future__ import annotations

import json
import platform
import threading
import time
import traceback
from typing import Any, NamedTuple

from experiments.events import EVENT_COLUMNS, columns_of
from experiments.experiment import Outcomes
from experiments.outcomes import OUTCOME_COLUMNS, SERIES_COLUMNS, failed, outcomes_of, series_of
from experiments.runner import run
from experiments.schema import Scenario
from sim.errors import ConfigError

_ONE_AT_A_TIME = threading.Lock()
"""Threads of one process share its caches and its garbage collector, and win nothing by running side by side."""


class Answer(NamedTuple):
    """What a run sends back: its part as JSON text, its error ("" if it went well), and the seconds it took."""

    part: str
    error: str
    task_s: float


def execute(scenario: Scenario, twin: bool, compared: Outcomes) -> Answer:
    """One run. Whatever goes wrong becomes part of the answer."""
    began = time.perf_counter()
    try:
        with _ONE_AT_A_TIME:
            result = run(scenario, twin=twin)
        outcomes, series = outcomes_of(result, compared), series_of(result)
    except Exception as error:
        return failure(error, time.perf_counter() - began)
    _spell_wei(outcomes, OUTCOME_COLUMNS)
    tables = {"series": _spelt(series, SERIES_COLUMNS)}
    if result.events is not None:
        tables["events"] = _spelt(columns_of(result.events, scenario), EVENT_COLUMNS)
    task_s = time.perf_counter() - began
    timing = {"wall_s": result.wall_s, "cpu_s": result.cpu_s, "task_s": task_s, "host": platform.node()}
    part = {"outcomes": outcomes, **tables, "timing": timing}
    return Answer(json.dumps(part, allow_nan=False), "", task_s)


def failure(error: Exception, task_s: float) -> Answer:
    """The answer of a run that went wrong. The traceback goes to the manifest, never to a table."""
    text = str(error) if isinstance(error, ConfigError) else f"{type(error).__name__}: {error}"
    return _failed_answer(text, "".join(traceback.format_exception(error)), task_s)


def answer_of_the_dead() -> Answer:
    """The answer of a run that cannot give one."""
    return _failed_answer("The process of this run died, though it ran alone. Was there too little memory?", "", 0.0)


def _failed_answer(text: str, trace: str, task_s: float) -> Answer:
    timing = {"wall_s": None, "cpu_s": None, "task_s": task_s, "host": platform.node()}
    error = " ".join(text.split())
    part = {"outcomes": failed(error), "series": {}, "timing": timing, "traceback": trace}
    return Answer(json.dumps(part), error, task_s)


def _spelt(columns: dict[str, list[Any]], kinds: dict[str, str]) -> dict[str, list[Any]]:
    """Columns with their wei as decimal text."""
    texts = {
        name: [None if wei is None else str(wei) for wei in columns[name]]
        for name, kind in kinds.items()
        if kind == "wei"
    }
    return columns | texts


def _spell_wei(row: dict[str, Any], kinds: dict[str, str]) -> None:
    """Wei as decimal text, which every reader of JSON takes exactly."""
    for name, kind in kinds.items():
        if kind == "wei" and row[name] is not None:
            row[name] = str(row[name])
