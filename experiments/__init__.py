"""Scenarios, designs, runs, results, figures and the command line.

>>> from experiments import load_scenario, run
>>> result = run(load_scenario("quickstart", {"data.size": 400, "horizon": "20d"}))
>>> result.supply.minted == sum(result.supply[1:])
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.design import Design, Grid, Points, Zip
    from experiments.design_files import load_design
    from experiments.experiment import Experiment, load_experiment
    from experiments.merging import merge
    from experiments.result import Result
    from experiments.runner import run
    from experiments.sampling import LatinHypercube, Random, Sobol
    from experiments.scenario import Scenario, load_scenario, scenario_hash, with_levers
    from experiments.sweeper import Results, sweep

__all__ = [
    "Design", "Experiment", "Grid", "LatinHypercube", "Points", "Random", "Result", "Results", "Scenario", "Sobol",
    "Zip", "load_design", "load_experiment", "load_scenario", "merge", "run", "scenario_hash", "sweep", "with_levers",
]  # fmt: skip

_HOME = {
    "Design": "experiments.design",
    "Experiment": "experiments.experiment",
    "Grid": "experiments.design",
    "LatinHypercube": "experiments.sampling",
    "Points": "experiments.design",
    "Random": "experiments.sampling",
    "Result": "experiments.result",
    "Results": "experiments.sweeper",
    "Scenario": "experiments.scenario",
    "Sobol": "experiments.sampling",
    "Zip": "experiments.design",
    "load_design": "experiments.design_files",
    "load_experiment": "experiments.experiment",
    "load_scenario": "experiments.scenario",
    "merge": "experiments.merging",
    "run": "experiments.runner",
    "scenario_hash": "experiments.scenario",
    "sweep": "experiments.sweeper",
    "with_levers": "experiments.scenario",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only now: Mesa and pandas take a second to load."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
