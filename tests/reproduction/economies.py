"""Small economies on synthetic data, for checks against closed forms.

The closed forms assume a *frozen* model of known accuracy: `experiments.reproduction.frozen` has one. Data, clocks
and wallets are chosen so that what a form leaves out cannot matter: money is plenty unless a test says otherwise.

Run as a script, this file prints a digest of everything that happened in three fixed economies; interpreters with other
versions of Python, NumPy and Mesa must print the same.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from agents import Honest, LabelFlipper, Participant, Settings
from experiments.reproduction.frozen import FrozenModel
from experiments.reproduction.frozen import samples_of_known_difficulty as samples_of_known_difficulty
from mechanisms.deposit_refund_take import DepositRefundTake, Parameters
from sim.chain import HARDFORKS, Chain, Receipt
from sim.contracts import CollaborativeTrainer, DataHandler
from sim.data import Dataset, DataStream
from sim.economy import Economy, Schedule
from sim.features import Features
from sim.models import Classifier, NaiveBayes, SparsePerceptron
from sim.rng import Streams
from sim.units import DAY, DEFAULT_UNIT, HOUR, Seconds, Wei

UNIT: Wei = DEFAULT_UNIT
PLENTY: Wei = 10**9 * UNIT
SEEDS = range(20)


# -- the data ----------------------------------------------------------------------------------------------------------


def learnable_samples(n: int, seed: int, n_test: int = 500, n_features: int = 40, contrast: float = 0.12) -> Dataset:
    """Two classes over binary features, each present with probability 0.3 +- ``contrast``/2 by class."""
    rng = np.random.default_rng([seed, 0xDA7A])
    favoured = rng.integers(0, 2, n_features)

    def part(rows: int) -> tuple[Features, Any]:
        labels = rng.integers(0, 2, rows)
        chance = 0.3 + contrast * ((favoured[None, :] == labels[:, None]) - 0.5)
        return Features.from_dense(rng.random((rows, n_features)) < chance), labels

    return Dataset("learnable", "Learnable (synthetic)", *part(n), *part(n_test), ("NO", "YES"), synthetic=True)


# -- the people ------------------------------------------------------------------------------------------------------


class Observed(Participant):
    """Keeps the receipts of its claims and the times of its wake-ups for the test to read."""

    uniform_gaps = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.receipts: list[Receipt] = []
        self.woke: list[Seconds] = []

    def act(self, view: Any) -> Any:
        self.woke.append(view.now)
        return super().act(view)

    def on_receipt(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        super().on_receipt(receipt)


class ObservedHonest(Observed, Honest):
    """An honest contributor under observation."""


class ObservedFlipper(Observed, LabelFlipper):
    """A label flipper under observation."""


class UniformHonest(Honest):
    """An honest contributor whose gaps are uniform over 1 .. 2 * mean_gap seconds (the mean is half a second more)."""

    def _gap_draws(self, settings: Settings) -> Any:
        return self.draws("gaps", lambda rng, size: rng.integers(1, 2 * settings.mean_gap, size, endpoint=True))


@dataclass(frozen=True)
class Party:
    """``count`` addresses of one behaviour, each waking up every ``gap`` seconds on average."""

    name: str
    behaviour: type[Participant]
    gap: Seconds
    count: int = 1
    balance: Wei = PLENTY
    settings: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Wake-ups per second of all its addresses."""
        return self.count / self.gap


def honest(gap: Seconds, count: int = 1, name: str = "honest", kind: type[Participant] = Honest, **more: Any) -> Party:
    """Honest contributors who make no mistakes and take part whatever the accuracy, unless told otherwise."""
    options = {"mistake_rate": 0.0, "participation_margin": None} | more.pop("options", {})
    return Party(name, kind, gap, count, options=options, **more)


def flipper(
    gap: Seconds, count: int = 1, name: str = "flipper", kind: type[Participant] = LabelFlipper, **more: Any
) -> Party:
    """Contributors who submit wrong labels only."""
    return Party(name, kind, gap, count, **more)


# -- the economy -----------------------------------------------------------------------------------------------------


def build(
    dataset: Dataset,
    parties: Sequence[Party],
    seed: int,
    *,
    model: type[Classifier] = FrozenModel,
    model_options: dict[str, Any] | None = None,
    initial: int = 0,
    schedule: Schedule | None = None,
    weight: float | str = 1,
    refund_window: Seconds = 6 * HOUR,
    any_claim_after: Seconds | None = 2 * DAY,
    **parameters: Any,
) -> Economy:
    """An economy ready to run; ``seed`` moves everything random but the data set itself."""
    streams = Streams(seed)
    chain = Chain(HARDFORKS["prague"])
    stream = DataStream(dataset, initial=initial, size=None, generator=streams.generator("data"))
    learner = model(dataset.x_train.n_features, len(dataset.classes), chain.journal, chain.meter, **model_options or {})
    learner.fit(stream.initial_features, stream.initial_labels)
    records = DataHandler(chain, "records")
    terms = Parameters(
        cost_weight=Fraction(weight), refund_window=refund_window, any_claim_after=any_claim_after, **parameters
    )
    incentive = DepositRefundTake(chain, "incentive", records, terms)
    trainer = CollaborativeTrainer(chain, "trainer", records, incentive, learner)
    for contract in (records, incentive, trainer):
        chain.deploy(contract)
    economy = Economy(chain, trainer, stream, schedule or Schedule(horizon=100 * DAY))
    for party in parties:
        settings = Settings(balance=party.balance, mean_gap=party.gap, **party.settings)
        for i in range(party.count):
            economy.join(
                party.behaviour(economy, f"{party.name}-{i + 1}", settings, streams, party.name, **party.options)
            )
    return economy


def people(economy: Economy, group: str) -> list[Any]:
    """The participants of one group."""
    return [actor for actor in economy.actors.values() if actor.group == group]


def total(economy: Economy, group: str, column: str) -> int:
    """A column of the statements, summed over a group."""
    return sum(getattr(actor.statement, column) for actor in people(economy, group))


def profit(economy: Economy, group: str) -> Wei:
    """What a group has more than at the start; what is still locked counts as its own."""
    ledger = economy.chain.ledger
    return sum(
        ledger.balance(actor.address) + actor.statement.locked - actor.balance_at_start
        for actor in people(economy, group)
    )


def mean_deposit(economy: Economy, since: int = 0) -> float:
    """The mean deposit of all contributions from number ``since`` on, in units."""
    deposits = [added.deposit for added in economy.recorder.added[since:]]
    return sum(deposits) / len(deposits) / UNIT


# -- everything that happened ----------------------------------------------------------------------------------------


def outcome(economy: Economy) -> dict[str, Any]:
    """All outcomes of a run as plain values; equal runs have equal outcomes."""
    ledger, recorder = economy.chain.ledger, economy.recorder
    columns = [entry.name for entry in dataclasses.fields(next(iter(economy.actors.values())).statement)]
    return {
        "ended": (economy.ended, economy.chain.clock.now),
        "statements": {
            name: {column: getattr(actor.statement, column) for column in columns}
            for name, actor in sorted(economy.actors.items())
        },
        "balances": sorted((address, balance) for address, balance in ledger.balances.items() if balance),
        "groups": list(recorder.groups),
        "snapshots": [tuple(row) for row in recorder.snapshots],
        "added": [tuple(row) for row in recorder.added],
        "accuracy": (economy.initial_accuracy, economy.accuracy()),
        "transactions": (recorder.transactions, recorder.wakeups),
    }


def digest(economy: Economy) -> str:
    """A fingerprint of `outcome`."""
    return hashlib.sha256(repr(outcome(economy)).encode()).hexdigest()


def varied_economy(
    seed: int, model: type[Classifier] = NaiveBayes, order: int = 1, days: int = 25, **more: Any
) -> Economy:
    """Every kind of random number, both clocks, rejections by price and by wallet, crumbs and expired deposits."""
    parties = [
        honest(1800, 4, settings={"willingness_mean": 12 * UNIT, "willingness_sd": 4 * UNIT}, kind=ObservedHonest,
               balance=150 * UNIT, options={"mistake_rate": 0.05, "participation_margin": 0.1}),
        flipper(2000, 2, settings={"arrival": "normal", "gap_sd": 300}, balance=60 * UNIT, kind=ObservedFlipper),
    ]  # fmt: skip
    data = learnable_samples(600, seed=1)
    schedule = Schedule(horizon=days * DAY, accuracy_every=6 * HOUR)
    return build(data, parties[::order], seed, model=model, initial=60, schedule=schedule, **{"weight": 2} | more)


def reference_digests() -> list[str]:
    """Digests of three economies that together use both models and all profiles."""
    economies = [
        varied_economy(7),
        varied_economy(7, SparsePerceptron, profile="reference", any_claim_after=9 * DAY),
        varied_economy(7, profile="solidity", weight="0.05", refund_rule="one_shot"),
    ]
    for economy in economies:
        economy.run()
    return [digest(economy) for economy in economies]


if __name__ == "__main__":
    print("\n".join(reference_digests()))
