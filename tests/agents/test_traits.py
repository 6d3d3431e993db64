"""Every trait that a behaviour declares shows in play: if it is denied, `check_agent` says so."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from agents import AGENTS, FrontRunner, Traits
from agents.checks import check_agent
from sim.chain import FixedPrice
from sim.economy import Economy
from sim.errors import ConfigError
from sim.units import GWEI, HOUR
from tests.agents.test_checks import in_blocks, populated

DECLARED = [
    (kind, field.name)
    for kind in AGENTS
    if not kind.traits.provides
    for field in fields(Traits)
    if getattr(kind.traits, field.name)
]

PARAMETERS: dict[tuple[str, str], dict[str, Any]] = {
    ("best_responder", "stochastic"): {"epsilon": 1.0},
    ("label_flipper", "stochastic"): {"flip_rate": 0.5},
    ("targeted_flipper", "stochastic"): {"flip_rate": 0.5},
    ("boiling_frog", "adversarial"): {"ramp": HOUR},
    ("boiling_frog", "sees_model"): {"margin": 0.5},
    ("backdoor", "stochastic"): {"poison_rate": 0.5},
    ("backdoor", "adversarial"): {"trigger_size": 1, "target": 0},
    ("sleeper", "adversarial"): {"standing": 3},
    ("spammer", "sees_model"): {"strategy": "agree_farming"},
}
"""Under which a trait shows that does not by default."""

FOUND = {
    "sees_log": "looks at the public log",
    "sees_model": "looks at the model",
    "sees_mempool": "looks at the mempool",
    "adversarial": "submits .* false labels",
    "stochastic": "acts by chance",
    "contributes": "adds contributions",
    "reports": "reports others",
    "pays_for_predictions": "pays for predictions",
    "adaptive": "learns from what became",
    "coordinated": "shares what it knows",
}


def with_fees(seed: int) -> Economy:
    economy = populated(seed)
    economy.chain.fees = FixedPrice(GWEI)
    return economy


@pytest.mark.parametrize(("kind", "trait"), DECLARED, ids=lambda value: value if isinstance(value, str) else value.kind)
def test_a_trait_that_is_denied_is_missed(kind: Any, trait: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind, "traits", replace(kind.traits, **{trait: False}))
    world = (
        in_blocks
        if kind is FrontRunner
        else with_fees
        if (kind.kind, trait) == ("fee_sensitive", "adaptive")
        else populated
    )
    with pytest.raises(ConfigError, match=FOUND[trait]):
        check_agent(kind, world, **PARAMETERS.get((kind.kind, trait), {}))


def test_every_trait_is_declared_by_somebody() -> None:
    assert {trait for _, trait in DECLARED} == set(FOUND)
