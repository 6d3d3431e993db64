"""`check_agent` passes what is registered and finds what is planted."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import pytest

import agents
from agents import AGENTS, Creator, Duplicator, FrontRunner, Honest, LabelFlipper, Settings, Traits
from agents.checks import check_agent
from sim.blocks import BlockEconomy, BlockRules
from sim.chain import FixedPrice
from sim.economy import Economy, Schedule
from sim.errors import ConfigError
from sim.rng import Streams
from sim.units import DAY, DEFAULT_UNIT, ETHER
from tests.support import make_economy


def populated(seed: int) -> Economy:
    """An honest and a lying neighbour."""
    economy = make_economy(seed)
    for kind in (Honest, LabelFlipper):
        economy.join(kind(economy, f"other {kind.kind}", Settings(balance=100 * ETHER), Streams(seed)))
    return economy


CONTRIBUTORS = [kind for kind in AGENTS if not kind.traits.provides]
"""Who needs no mechanism of a kind of its own; a provider of a market is checked with its market."""

LONERS = [kind for kind in CONTRIBUTORS if kind not in (Creator, Duplicator, FrontRunner)]
"""Who has something to do without others."""


@pytest.mark.parametrize("kind", LONERS, ids=lambda kind: kind.kind)
def test_registered_agents_pass_alone(kind: Any) -> None:
    check_agent(kind, make_economy)


@pytest.mark.parametrize("kind", CONTRIBUTORS, ids=lambda kind: kind.kind)
def test_registered_agents_pass_with_others(kind: Any) -> None:
    check_agent(kind, populated)


@pytest.mark.parametrize("kind", LONERS, ids=lambda kind: kind.kind)
def test_poor_agents_with_fees_pass(kind: Any) -> None:
    """Where a wallet runs dry, nobody spends what they do not have."""
    settings = Settings(
        balance=2_000 * DEFAULT_UNIT, willingness_mean=5 * DEFAULT_UNIT, willingness_sd=DEFAULT_UNIT, arrival="normal"
    )
    check_agent(kind, lambda seed: make_economy(seed, fees=FixedPrice(10**9)), settings)


def in_blocks(seed: int) -> Economy:
    """Neighbours, and a mempool."""
    plain = make_economy(seed)
    plain.chain.clock.slot = 60
    rules = BlockRules("tip", latency=2)
    economy = BlockEconomy(plain.chain, plain.trainer, plain.stream, Schedule(horizon=20 * DAY), rules=rules)
    for kind in (Honest, LabelFlipper):
        economy.join(kind(economy, f"other {kind.kind}", Settings(balance=100 * ETHER), Streams(seed)))
    return economy


@pytest.mark.parametrize("kind", CONTRIBUTORS, ids=lambda kind: kind.kind)
def test_registered_agents_pass_with_a_mempool(kind: Any) -> None:
    check_agent(kind, in_blocks)


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
    traits = Traits(adversarial=True)

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


class LooksAtTheModel(Honest):
    def participates(self, view: Any) -> bool:
        return view.predict(view.sample.data) >= 0


class LooksAtTheLog(Honest):
    def participates(self, view: Any) -> bool:
        return len(view.log) >= 0


class LooksAtTheMempool(Honest):
    def participates(self, view: Any) -> bool:
        return not view.mempool


class HidesItsReports(Honest):
    traits = Traits(adversarial=False, stochastic=True, reports=False)


class OnlyTalksOfReports(Honest):
    def claims(self, view: Any) -> Any:
        return [view.refund(record) for record in view.refundable()]


class HidesItsPayments(Honest):
    def claims(self, view: Any) -> Any:
        return [view.act("predict", view.sample.data, value=1)] if view.sample else ()


class NeverPays(Honest):
    traits = Traits(adversarial=False, stochastic=True, pays_for_predictions=True)


class LearnsInSecret(Honest):
    refunds = 0

    def participates(self, view: Any) -> bool:
        return self.refunds < 3

    def on_receipt(self, receipt: Any) -> None:
        self.refunds += receipt.transaction.method == "refund"


class ConspiresInSecret(Honest):
    """Comes only where no other of its kind has been."""

    been: ClassVar[dict[int, str]] = {}

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.been.clear()

    def participates(self, view: Any) -> bool:
        return self.been.setdefault(view.now, self.name) == self.name


class CannotBearRefusal(Honest):
    def on_receipt(self, receipt: Any) -> None:
        if receipt.reason.startswith("refused"):
            raise RuntimeError("unbearable")


class NeverSleeps(Honest):
    def next_gap(self) -> int:
        return 1

    def act(self, view: Any) -> Any:
        return ()

    claims = act


def local() -> type[Honest]:
    class Local(Honest):
        pass

    return Local


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
        (LooksAtTheModel, "looks at the model.*sees_model"),
        (LooksAtTheLog, "looks at the public log.*sees_log"),
        (LooksAtTheMempool, "looks at the mempool.*sees_mempool"),
        (HidesItsReports, "reports others"),
        (OnlyTalksOfReports, "never reports"),
        (HidesItsPayments, "pays for predictions"),
        (NeverPays, "never pays for a prediction"),
        (LearnsInSecret, "learns from what became"),
        (ConspiresInSecret, "shares what it knows"),
        (CannotBearRefusal, "RuntimeError after a transaction of its own was refused: unbearable"),
        (NeverSleeps, "wakes up 100,000 times"),
        (local(), "cannot be pickled"),
    ],
)
def test_planted_fault_is_found(planted: Any, found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        check_agent(planted, populated)
