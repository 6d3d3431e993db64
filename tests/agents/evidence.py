"""What tests of behaviours share: people to join, finished economies, and when their seeds are evidence."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from agents import Settings
from sim.economy import Economy
from sim.rng import Streams
from sim.units import DEFAULT_UNIT
from tests.reproduction.economies import build, total

UNIT = DEFAULT_UNIT
PLENTY = Settings(balance=10**6 * UNIT, mean_gap=600)

ACCURACY = 0.8


def is_about(values: Iterable[float], predicted: float, tolerance: float = 0.1) -> None:
    """The mean of independent seeds is within three standard errors, and ``tolerance``, of a prediction."""
    sample = [float(value) for value in values]
    mean, error = statistics.fmean(sample), statistics.stdev(sample) / math.sqrt(len(sample))
    assert abs(mean - predicted) <= min(3 * error, tolerance * abs(predicted)), (mean, error, predicted)


def is_more(more: Sequence[float], less: Sequence[float]) -> None:
    """The paired difference is above 0 by more than three standard errors."""
    differences = [one - other for one, other in zip(more, less, strict=True)]
    gap, error = statistics.fmean(differences), statistics.stdev(differences) / math.sqrt(len(differences))
    assert gap > 3 * error, (gap, error)


def refunded(economy: Economy, group: str) -> float:
    """Rho by count."""
    return total(economy, group, "refunded") / total(economy, group, "submitted")


def finished(*arguments: Any, **more: Any) -> Economy:
    economy = build(*arguments, **more)
    economy.run()
    return economy


def joined(kind: Any, economy: Economy, name: str = "ann", settings: Settings = PLENTY, **parameters: Any) -> Any:
    """A new participant of an economy."""
    agent = kind(economy, name, settings, Streams(5), **parameters)
    economy.join(agent)
    return agent
