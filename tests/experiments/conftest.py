"""Small economies that every test of this room can share; they are run once."""

import pytest

from experiments.result import Result
from experiments.runner import run
from experiments.scenario import Scenario, load_scenario

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
