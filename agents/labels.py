"""What several behaviours do with labels: the next class, a share of the time, and checks of what a config says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from sim.errors import ConfigError


def next_class(label: int, n_classes: int) -> int:
    """The class after this one; after the last comes class 0. With two classes: the other one."""
    return (label + 1) % n_classes


def uniform(rng: np.random.Generator, size: int) -> Any:
    """Draws from [0, 1)."""
    return rng.random(size)


def check_share(field: str, share: float) -> None:
    """Raise `ConfigError` unless ``share`` is from 0 to 1."""
    if not 0 <= share <= 1:
        raise ConfigError(f"{field} is {share}; it must be between 0 and 1.")


def check_part(field: str, part: float) -> None:
    """Raise `ConfigError` unless ``part`` is above 0 and at most 1."""
    if not 0 < part <= 1:
        raise ConfigError(f"{field} is {part}; it must be above 0 and at most 1.")


def check_at_least(field: str, number: float, least: int) -> None:
    """Raise `ConfigError` for a number below ``least``."""
    if number < least:
        raise ConfigError(f"{field} is {number}; it must be at least {least}.")


def check_classes(field: str, labels: Iterable[int], n_classes: int) -> None:
    """Raise `ConfigError` for a label that the data do not have."""
    for label in labels:
        if not 0 <= label < n_classes:
            raise ConfigError(f"{field} names class {label}; the data have classes 0 to {n_classes - 1}.")


def check_choice(field: str, value: str, choices: Iterable[str]) -> None:
    """Raise `ConfigError` unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise ConfigError(f"{field} is {value!r}; choose one of {', '.join(choices)}.")
