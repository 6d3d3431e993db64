"""The reference's prediction market: its people, bounty and rules, on generated reviews."""

from __future__ import annotations

import math
from typing import Any

from experiments.reproduction.verdicts import Measured
from experiments.result import Result
from experiments.runner import run
from experiments.scenario import load_scenario
from sim.units import to_units

_CONTRIBUTIONS, _INITIAL, _TEST_ROWS = 300, 10, 200


def _everyone() -> list[dict[str, Any]]:
    """One provider, three who are honest, two liars."""

    def wakes(seconds: int) -> dict[str, Any]:
        return {"arrival": {"kind": "normal", "mean_gap": seconds, "sd": 1}, "balance": 10_000}

    provider = {"kind": "bounty_provider", "name": "provider", "bounty": 100_000, "parts": 10, "batch": 64,
                "test_rows": _TEST_ROWS, "least_contributions": _CONTRIBUTIONS, "least_length": "4d"}  # fmt: skip
    good = [{"kind": "honest", "name": f"Good-{n}", **wakes(600 * n)} for n in (1, 2, 3)]
    bad = [{"kind": "label_flipper", "name": f"Bad-{n}", **wakes(3600)} for n in (1, 2)]
    return [provider | wakes(600) | {"balance": 100_000}, *good, *bad]


_RULES: dict[str, Any] = {
    "data.size": _INITIAL + _CONTRIBUTIONS, "data.initial": _INITIAL, "horizon": "6d",
    "model.kind": "perceptron", "model.profile": "reference", "mechanism.profile": "reference",
    "mechanism.round_rule": "reference", "mechanism.group_contributions": False,
}  # fmt: skip


def measure(seeds: range, dataset: str) -> Measured:
    """A market with each seed, under the profile ``reference``. Raises `ConfigError`."""
    changes = _RULES | {"data.dataset": dataset, "agents": _everyone()}
    each = [numbers_of(run(load_scenario("prediction-market", changes | {"seed": seed}))) for seed in seeds]
    return Measured({name: [numbers[name] for numbers in each] for name in each[0]}, notes=_NOTES)


_NOTES = (
    "The market's outcome is nearly all luck: 180 rows judge 300 contributions, so that ours scatter as widely as the "
    "tolerance says.",
)


def numbers_of(result: Result) -> dict[str, float]:
    """What the target asks for, in units."""
    unit = result.scenario.unit
    gains = {row.name: to_units(row.profit, unit) for row in result.agents}
    return {
        "left": to_units(result.supply.escrow, unit),
        "good": math.fsum(gain for name, gain in gains.items() if name.startswith("Good")),
        "bad": math.fsum(gain for name, gain in gains.items() if name.startswith("Bad")),
        "seen": abs(result.final_accuracy - result.initial_accuracy),
        "below_nothing": float(sum(row.final_balance < 0 for row in result.agents)),
    }
