"""Many runs, of each a few numbers: computed on all cores, kept line by line in a file, never computed twice.

Each finished run is one line of JSON, appended before the next is waited for. A line that was cut off when the machine
went down is dropped, and its run made again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, as_completed
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from experiments.files import make_folder
from experiments.pools import processes, worker_count
from experiments.scenario import scenario_hash
from experiments.schema import Scenario
from sim.errors import ConfigError

Measure = Callable[[Scenario], dict[str, Any]]
"""What is kept of a run: numbers by name. It is sent to other processes, so it must be a function of a module."""

Tell = Callable[[int, int], None]
"""Told after each run: how many are done, and of how many."""


def key_of(scenario: Scenario) -> str:
    """The name of a run: the hash of its scenario, its seed and its replication."""
    return f"{scenario_hash(scenario)}-{scenario.seed}-{scenario.replication}"


class Engine:
    """Runs scenarios and remembers what was measured.

    Parameters
    ----------
    measure : what is kept of a run
    file : where it is kept; made if need be
    executor : computes the runs
    tell : hears of progress
    """

    def __init__(self, measure: Measure, file: Path, executor: Executor, tell: Tell | None = None) -> None:
        self.measure, self.file, self.executor, self.tell = measure, file, executor, tell
        make_folder(file.parent)
        self._known = dict(_read(file))

    def answers(self, scenarios: Mapping[Any, Scenario]) -> dict[Any, dict[str, Any]]:
        """What was measured of each scenario, by the same keys. Raises `ConfigError` if a run fails."""
        missing = {key_of(scenario): scenario for scenario in scenarios.values()}
        missing = {key: scenario for key, scenario in missing.items() if key not in self._known}
        futures = {self.executor.submit(_measured, self.measure, scenario): key for key, scenario in missing.items()}
        try:
            with self.file.open("a", encoding="utf-8") as lines:
                for done, future in enumerate(as_completed(futures), 1):
                    key, answer = futures[future], future.result()
                    if "error" in answer:
                        raise ConfigError(f"A run failed: {answer['error']}")
                    lines.write(json.dumps({"run": key, **answer}) + "\n")
                    lines.flush()
                    self._known[key] = answer
                    if self.tell is not None:
                        self.tell(done, len(futures))
        finally:
            for future in futures:
                future.cancel()
        return {key: self._known[key_of(scenario)] for key, scenario in scenarios.items()}


@contextmanager
def engine(
    measure: Measure,
    file: Path,
    scenario: Scenario,
    workers: int | None = None,
    executor: Executor | None = None,
    tell: Tell | None = None,
) -> Iterator[Engine]:
    """An `Engine` on an executor, or else on so many processes with the data of a scenario at hand."""
    with nullcontext(executor) if executor is not None else processes(worker_count(workers), scenario) as found:
        yield Engine(measure, file, found, tell)


def check_new(folder: Path, file: str, resume: bool) -> None:
    """Refuse to add to what another call left in a folder, unless it is to be resumed. Raises `ConfigError`."""
    if (folder / file).exists() and not resume:
        raise ConfigError(
            f"{str(folder)!r} holds results already. Name another folder with --out, or go on there with --resume."
        )


def _measured(measure: Measure, scenario: Scenario) -> dict[str, Any]:
    try:
        return measure(scenario)
    except Exception as error:
        text = str(error) if isinstance(error, ConfigError) else f"{type(error).__name__}: {error}"
        return {"error": text}


def _read(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The whole lines of a file; a last one without an end is cut off."""
    if not file.exists():
        return
    text = file.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, encoding="utf-8")
    for line in whole.splitlines():
        answer = json.loads(line)
        yield answer.pop("run"), answer
