"""Published figures and numbers of 0xDeCA10B beside what this simulator finds (``deca10b reproduce``).

`targets` holds what was published, as data; `verdicts` says what ours come to; each other module measures one kind of
target, by one function that takes the seeds and the name of a data set and returns `verdicts.Measured`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from experiments.messages import did_you_mean
from experiments.reproduction.targets import TARGETS, Target
from experiments.reproduction.verdicts import Finding, Measured, judge
from sim.data import DATASETS, is_available
from sim.data.registry import DatasetEntry
from sim.errors import ConfigError

MOST_SEEDS = 1_000

__all__ = ["MOST_SEEDS", "TARGETS", "Finding", "Target", "chosen_targets", "reproduce"]


def chosen_targets(name: str | None) -> tuple[Target, ...]:
    """The target of a name, or all of them. Raises `ConfigError` for an unknown one."""
    if name is None:
        return TARGETS
    found = tuple(target for target in TARGETS if target.name == name)
    if not found:
        names = [target.name for target in TARGETS]
        raise ConfigError(f"There is no target {name!r}. Choose one of {', '.join(names)}.{did_you_mean(name, names)}")
    return found


def reproduce(target: Target, seeds: int | None = None) -> Finding:
    """Measure what a target asks for and hold it against what was published.

    ``seeds`` are how many, 1 to `MOST_SEEDS`; by default those of the target; numbers without chance in them have one.
    Where the target's data set is not on this machine its stand-in is measured, and nothing counts as checked.
    Raises `ConfigError`.
    """
    if seeds is not None and not 1 <= seeds <= MOST_SEEDS:
        raise ConfigError(f"seeds is {seeds}; it must be 1 to {MOST_SEEDS}. Leave it out for those of each target.")
    count = target.seeds if seeds is None or not target.chance else seeds
    entry = next((entry for entry in DATASETS if entry.name == target.data), None)
    missing = "" if entry is None or is_available(entry) else _missing(entry)
    dataset = target.stand_in if missing else target.data
    nothing_to_measure = bool(missing) and not dataset
    measured = Measured({}) if nothing_to_measure else _measure(target)(range(count), dataset)
    return judge(target, measured, count, missing, dataset)


def _measure(target: Target) -> Callable[[range, str], Any]:
    module, _, function = target.measure.partition(":")
    return getattr(import_module(f"experiments.reproduction.{module}"), function)


def _missing(entry: DatasetEntry) -> str:
    """Which file is not there, and how to come by it."""
    files = " or ".join(entry.files)
    return f"{entry.title}: {files} is not on this machine. To obtain it: {entry.how_to_obtain}."
