"""Sweeps whose runs cost nothing: an executor that answers with runs made before, for tests of what surrounds them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from experiments.execution import Answer
from experiments.parts import Parts, in_order
from experiments.scenario import Scenario, scenario_hash
from experiments.store import Store

TABLES = ("runs.parquet", "series.parquet")


class Inline(Executor):
    """The simplest executor there can be: it runs what it is given at once, here."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Canned(Executor):
    """Answers by scenario hash and replication; ``asked`` are the runs it was asked for."""

    def __init__(self, answers: Mapping[tuple[str, int], Answer] | Callable[[tuple[str, int]], Answer]) -> None:
        self.answers = answers if callable(answers) else answers.__getitem__
        self.asked: list[tuple[str, int]] = []

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        scenario: Scenario = args[0]
        self.asked.append((scenario_hash(scenario), scenario.replication))
        future: Future[Any] = Future()
        future.set_result(self.answers(self.asked[-1]))
        return future


def answers_of(store: Store) -> dict[tuple[str, int], Answer]:
    """The runs of a results folder as answers."""
    points = {identifier: point for point, identifier in enumerate(store.experiment.hashes)}
    return {run.key: Answer(run.text, "", 0.0) for run in in_order([Parts(store.folder)], points)}


def changed(answer: Answer, **outcomes: Any) -> Answer:
    """An answer with other outcomes."""
    part = json.loads(answer.part)
    part["outcomes"] |= outcomes
    return Answer(json.dumps(part), "", 0.0)


def tables(folder: Path) -> list[bytes]:
    """The tables of a folder that two sweeps must agree on, byte for byte."""
    return [(folder / name).read_bytes() for name in TABLES]
