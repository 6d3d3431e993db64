"""`check_agent` passes what is registered and finds what is planted."""

from __future__ import annotations

import random
from typing import Any

import pytest

import agents
from agents import AGENTS, Honest, LabelFlipper, Settings, Traits
from agents.checks import check_agent
from sim.chain import FixedPrice
from sim.economy import Economy
from sim.errors import ConfigError
from sim.rng import Streams
from sim.units import DEFAULT_UNIT, ETHER
from tests.support import make_economy


def populated(seed: int) -> Economy:
    """An honest and a lying neighbour."""
    economy = make_economy(seed)
    for kind in (Honest, LabelFlipper):
        economy.join(kind(economy, f"other {kind.kind}", Settings(balance=100 * ETHER), Streams(seed)))
    return economy


CONTRIBUTORS = [kind for kind in AGENTS if not kind.traits.provides]
"""Who needs no mechanism of a kind of its own; a provider of a market is checked with its market."""


@pytest.mark.parametrize("kind", CONTRIBUTORS, ids=lambda kind: kind.kind)
@pytest.mark.parametrize("others", [make_economy, populated], ids=["alone", "with others"])
def test_registered_agents_pass(kind: Any, others: Any) -> None:
    check_agent(kind, others)


@pytest.mark.parametrize("kind", CONTRIBUTORS, ids=lambda kind: kind.kind)
def test_poor_agents_with_fees_pass(kind: Any) -> None:
    """Where a wallet runs dry, nobody spends what they do not have."""
    settings = Settings(
        balance=2_000 * DEFAULT_UNIT, willingness_mean=5 * DEFAULT_UNIT, willingness_sd=DEFAULT_UNIT, arrival="normal"
    )
    check_agent(kind, lambda seed: make_economy(seed, fees=FixedPrice(10**9)), settings)


def test_agents_is_this_package() -> None:
    assert "Participants of the economy" in str(agents.__doc__)


class Overspends(Honest):
    def act(self, view: Any) -> Any:
        return (view.add(view.sample.data, 1, view.balance + 1),) if view.sample else ()


class SpendsTwice(Honest):
    def act(self, view: Any) -> Any:
        if view.sample is None:
            return ()
        return [view.add(view.sample.data, label, view.balance - 1) for label in (0, 1)]


class ActsAtRandom(Honest):
    def choose_label(self, sample: Any) -> int:
        return sample.label if random.random() < 0.5 else 1 - sample.label


class HidesItsChance(LabelFlipper):
    def choose_label(self, sample: Any) -> int:
        return int(self.streams.generator("labels", str(sample.row)).integers(2))


class LiesAboutItself(LabelFlipper):
    traits = Traits(adversarial=False)


class ActsAsAnother(Honest):
    def act(self, view: Any) -> Any:
        return [transaction._replace(sender="other honest") for transaction in super().act(view)]


class Steals(Honest):
    def act(self, view: Any) -> Any:
        view._ledger.transfer("other honest", self.address, 1)
        return super().act(view)


class SkipsTheQueue(Honest):
    def next_gap(self) -> int:
        return 0


class HasNoTraits(Honest):
    traits = None  # type: ignore[assignment]


class DoesNothing(Honest):
    def act(self, view: Any) -> Any:
        return ()

    claims = act


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        (Overspends, "spends more than it has"),
        (SpendsTwice, "spends more than it has"),
        (ActsAtRandom, "same under the same seed"),
        (HidesItsChance, "acts by chance"),
        (LiesAboutItself, "false labels"),
        (ActsAsAnother, "sends as 'other honest'"),
        (Steals, "changes the world"),
        (SkipsTheQueue, "waits 0 s"),
        (HasNoTraits, "has no traits"),
        (DoesNothing, "never sends"),
    ],
)
def test_planted_fault_is_found(planted: Any, found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        check_agent(planted, populated)
