"""Behaviours that ask how sure the model is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents import BoilingFrog, Honest, Spammer
from sim.economy import Schedule
from sim.errors import ConfigError
from sim.models.reference import ReferenceNaiveBayes
from sim.rng import Streams
from sim.units import DAY
from tests.agents.evidence import PLENTY, joined
from tests.support import make_economy


def test_a_frog_with_a_margin_lies_where_the_model_is_unsure() -> None:
    """Nowhere else, and there always: it is as hot as it gets. What it does not lie about it labels truthfully."""
    economy = make_economy(rows=400)
    joined(Honest, economy, "honest")
    joined(BoilingFrog, economy, "frog", ramp=1, margin=0.3)
    model, before = economy.trainer.model, []
    learn = model.learn_one

    def learning(features: Any, label: int) -> None:
        before.append([model.probability(features, y) for y in (label, 1 - label)])
        learn(features, label)

    model.learn_one = learning  # type: ignore[method-assign]
    economy.run()
    lies = [
        abs(one - other) < 0.3
        for (one, other), added in zip(before, economy.recorder.added, strict=True)
        if added.group == economy.recorder.groups.index("frog") and added.true_label is False
    ]
    truths = [
        abs(one - other) < 0.3
        for (one, other), added in zip(before, economy.recorder.added, strict=True)
        if added.group == economy.recorder.groups.index("frog") and added.true_label
    ]
    assert len(lies) > 10
    assert len(truths) > 10
    assert all(lies)
    assert sum(truths) <= 1  # its first, before it was hot


def test_a_margin_needs_a_model_that_says_how_sure_it_is() -> None:
    economy = make_economy(model=lambda chain: ReferenceNaiveBayes(12, 2, chain.journal, chain.meter))
    BoilingFrog(economy, "ann", PLENTY, Streams(5))
    with pytest.raises(ConfigError, match=r"margin is 0.5.*does not say how probable"):
        BoilingFrog(economy, "ann", PLENTY, Streams(5), margin=0.5)


def test_a_choosy_farmer_waits_for_what_the_model_is_surest_of() -> None:
    """Alone it takes in the end what it passed over at first; beside others it is left the surest samples only."""
    sureness = {}
    for choosiness in (0.0, 0.8):
        economy = make_economy(rows=300, schedule=Schedule(horizon=3 * DAY))
        for other in ("bob", "cat"):
            joined(Honest, economy, other)
        joined(Spammer, economy, "farmer", strategy="agree_farming", choosiness=choosiness)
        farmed: list[float] = []
        model, learn = economy.trainer.model, economy.trainer.model.learn_one

        def learning(features: Any, label: int, model: Any = model, learn: Any = learn, seen: Any = farmed) -> None:
            seen.append(float(model.probability(features, label)))
            learn(features, label)

        model.learn_one = learning  # type: ignore[method-assign]
        economy.run()
        group = economy.recorder.groups.index("farmer")
        own = [sure for sure, added in zip(farmed, economy.recorder.added, strict=True) if added.group == group]
        assert len(own) > 10
        sureness[choosiness] = np.mean(own)
    assert sureness[0.8] > sureness[0.0] + 0.05
    alone = make_economy(rows=60)
    joined(Spammer, alone, strategy="agree_farming", choosiness=1.0)
    alone.run()
    assert not alone.stream.remaining
