"""Runs are kept as they finish, never made twice, and a failed one is said."""

from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from experiments.analysis.engine import engine
from experiments.scenario import load_scenario
from experiments.schema import Scenario
from sim.errors import ConfigError

BASE = load_scenario("quickstart", {"data.size": 120})
made: list[int] = []


def measure(scenario: Scenario) -> dict[str, Any]:
    if scenario.replication == 13:
        raise ZeroDivisionError("unlucky")
    made.append(scenario.replication)
    return {"replication": scenario.replication}


def seeds(*replications: int) -> dict[int, Scenario]:
    return {number: BASE.model_copy(update={"replication": number}) for number in replications}


@pytest.fixture(autouse=True)
def _nothing_made() -> None:
    made.clear()


def test_nothing_is_made_twice(tmp_path: Path, executor: Executor) -> None:
    told: list[tuple[int, int]] = []
    with engine(measure, tmp_path / "runs.jsonl", BASE, executor=executor, tell=lambda *s: told.append(s)) as runs:
        assert runs.answers(seeds(1, 2)) == {1: {"replication": 1}, 2: {"replication": 2}}
        assert runs.answers(seeds(2, 3))[2] == {"replication": 2}
    assert made == [1, 2, 3]
    assert told == [(1, 2), (2, 2), (1, 1)]
    with engine(measure, tmp_path / "runs.jsonl", BASE, executor=executor) as runs:
        runs.answers(seeds(1, 2, 3))
    assert made == [1, 2, 3]


def test_a_failed_run_is_said_and_the_others_stay(tmp_path: Path, executor: Executor) -> None:
    file = tmp_path / "runs.jsonl"
    with (
        engine(measure, file, BASE, executor=executor) as runs,
        pytest.raises(ConfigError, match="A run failed: ZeroDivisionError: unlucky"),
    ):
        runs.answers(seeds(1, 13))
    with engine(measure, file, BASE, executor=executor) as runs:
        assert runs.answers(seeds(1)) == {1: {"replication": 1}}


def test_processes_of_this_machine_answer_too(tmp_path: Path) -> None:
    with engine(measure, tmp_path / "runs.jsonl", BASE, workers=1) as runs:
        assert runs.answers(seeds(4)) == {4: {"replication": 4}}
    assert made == []  # it was not this process that made it
