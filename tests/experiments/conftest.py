"""Small economies that every test of this room can share; they are run once."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from experiments import cli
from experiments.design import Grid
from experiments.result import Result
from experiments.runner import run
from experiments.scenario import Scenario, load_scenario
from tests.experiments.sweeps import LIMIT, Sweep, T, W, made

SMALL = {"data.size": 500, "horizon": "30d", "record.accuracy_every": "12h"}


@pytest.fixture(scope="session")
def quickstart() -> Scenario:
    return load_scenario("quickstart")


@pytest.fixture(scope="session")
def small() -> Scenario:
    """Five hundred samples of the quickstart population: a tenth of a second."""
    return load_scenario("quickstart", SMALL)


@pytest.fixture(scope="session")
def result(small: Scenario) -> Result:
    return run(small, twin=True)


class Answer(NamedTuple):
    """Exit code and output of one call."""

    code: int
    out: str
    err: str


@pytest.fixture
def deca10b(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Answer]:
    """Call the command line in this process, from an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["deca10b", *arguments])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return Answer(code, *capsys.readouterr())

    return call


# Sweeps made by hand, with one, two and three levers: what figures are drawn of.


@pytest.fixture(scope="session")
def two() -> Sweep:
    return made(Grid({W: [20, 1, 10], T: ["1h", "7d"]}, replications=3))


@pytest.fixture(scope="session")
def three() -> Sweep:
    return made(Grid({LIMIT: [{"mean": 100, "sd": 10}, 50], W: [1, 10, 20], T: ["1h", "7d"]}, replications=3))


@pytest.fixture(scope="session")
def one() -> Sweep:
    return made(Grid({W: [1, 10, 20], T: ["1h"]}, replications=3))
