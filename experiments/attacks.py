"""What an attack did to the model, where accuracy does not show it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents import Backdoor
from sim.economy import Economy
from sim.features import Features


class BackdoorFacts(NamedTuple):
    """Attack success rates of a group of backdoors before and after the run, in [0, 1]."""

    group: str
    at_start: float
    at_end: float


def attack_success(economy: Economy) -> dict[str, float]:
    """For each group of backdoors: of the test rows of other classes than its target, with its trigger added, the share
    that the model takes for the target now."""
    doors = {actor.group: actor for actor in economy.actors.values() if isinstance(actor, Backdoor)}
    return {group: _success(economy, backdoor) for group, backdoor in doors.items()}


def backdoor_facts(economy: Economy, at_start: dict[str, float]) -> tuple[BackdoorFacts, ...]:
    """The rates at the end of a run beside those before it."""
    return tuple(BackdoorFacts(group, at_start[group], now) for group, now in attack_success(economy).items())


def _success(economy: Economy, backdoor: Backdoor) -> float:
    stream = economy.stream
    test = stream.test_features
    assert isinstance(test, Features), "a backdoor refuses vectors"
    others = np.flatnonzero(stream.dataset.y_test != backdoor.target)
    rows = [backdoor.triggered(test.row(row)) for row in others.tolist()]
    if not rows:
        return 0.0
    starts = np.concatenate(([0], np.cumsum([len(row) for row in rows], dtype=np.int64)))
    predictions = economy.trainer.model.predict_many(Features(starts, np.concatenate(rows), test.n_features))
    return float(np.mean(predictions == backdoor.target))
