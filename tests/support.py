"""Builders and looking-glasses that several tests share: a small world on a chain, and its whole state as data."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from mechanisms import Points, points, rule_of
from mechanisms.deposit_refund_take import Parameters
from sim.chain import BURNED, HARDFORKS, PROPOSER, Chain, Clock, FeeMarket, Receipt, Transaction
from sim.contracts import ClaimsIndex, CollaborativeTrainer, DataHandler, IncentiveMechanism, ModelContract
from sim.data import Dataset, DataStream
from sim.economy import Economy, Schedule
from sim.features import Data, Features
from sim.models import MODELS, Classifier, Watch
from sim.rng import Streams
from sim.units import DAY, HOUR

TRAINER = "trainer"
START = 1_000  # the second at which worlds begin: not 0, so that a forgotten time shows
NOT_STATE = frozenset({"meter", "logs", "_course"})
"""Attributes that belong to the transaction being executed, or were worked out from the state of the chain."""


@dataclass
class World:
    """One trainer on one chain with its parts, and the claims index that follows it as an economy would keep it."""

    chain: Chain
    records: DataHandler
    mechanism: Any
    model: Classifier
    trainer: CollaborativeTrainer
    index: ClaimsIndex

    def send(self, sender: str, method: str, *arguments: Any, to: str = TRAINER, **keywords: Any) -> Receipt:
        """Execute a transaction and tell the claims index of its success."""
        receipt = self.chain.execute(Transaction(sender, to, method, arguments, **keywords))
        self.follow(receipt)
        return receipt

    def follow(self, receipt: Receipt) -> None:
        """What an economy tells the claims index."""
        if receipt.ok and receipt.transaction.to == TRAINER:
            if receipt.transaction.method in ("add_data", "reveal_data"):
                self.index.note_added(receipt.logs[-1].data[0])
            elif receipt.transaction.method in ("refund", "report"):
                self.index.note_claimed(receipt.logs[0].data[0])

    def wait(self, seconds: int) -> int:
        """Let time pass."""
        return self.chain.clock.advance(self.chain.clock.now + seconds)

    def balance(self, address: str) -> int:
        return self.chain.ledger.balance(address)


def make_model(kind: str, n_features: int, chain: Chain | None = None, **parameters: Any) -> Classifier:
    """A registered model by the word for it in a config."""
    (model,) = (model for model in MODELS if model.name == kind)
    where = (chain.journal, chain.meter) if chain else ()
    return model(n_features, 2, *where, **parameters)


def make_world(
    model: str | Callable[[Chain], Classifier] = "perceptron",
    *,
    mechanism: str = "deposit_refund_take",
    n_features: int = 4,
    fees: FeeMarket | None = None,
    fork: str = "prague",
    owner: str = "",
    accounts: dict[str, int] | None = None,
    start: int = START,
    **parameters: Any,
) -> World:
    """A world at second ``start`` with the given parameters of its mechanism and accounts of plenty."""
    if "cost_weight" in parameters:
        parameters["cost_weight"] = Fraction(parameters["cost_weight"])
    chain = Chain(HARDFORKS[fork], fees, Clock(now=start))
    records = DataHandler(chain, "records")
    incentive: IncentiveMechanism
    if mechanism == "points":
        incentive = Points(chain, "incentive", records, points.Parameters(**parameters))
    else:
        rules = Parameters(**parameters)
        incentive = rule_of(rules)(chain, "incentive", records, rules, owner)
    classifier = make_model(model, n_features, chain) if isinstance(model, str) else model(chain)
    trainer = CollaborativeTrainer(chain, TRAINER, records, incentive, classifier)
    for contract in (records, incentive, trainer, ModelContract(chain, "model", classifier)):
        chain.deploy(contract)
    for name, money in (dict.fromkeys(("ann", "bob", "cat"), 10**24) if accounts is None else accounts).items():
        chain.mint(name, money)
    assert incentive.windows is not None
    index = ClaimsIndex(incentive, incentive.windows, trainer.watch)
    return World(chain, records, incentive, classifier, trainer, index)


def make_dataset(rows: int = 300, n_features: int = 12, seed: int = 0) -> Dataset:
    """Labels that a linear model can mostly learn: class 1 has more of the upper half of the features."""
    rng = np.random.default_rng(seed)

    def part(size: int) -> tuple[Features, np.ndarray]:
        y = rng.integers(0, 2, size)
        upper = np.arange(n_features) >= n_features // 2
        x = rng.random((size, n_features)) < np.where(upper == y[:, None].astype(bool), 0.5, 0.15)
        return Features.from_dense(x), y

    (x_train, y_train), (x_test, y_test) = part(rows), part(100)
    return Dataset("small", "Small", x_train, y_train, x_test, y_test, ("NO", "YES"))


def make_economy(
    seed: int = 0, *, model: str | Callable[[Chain], Classifier] = "perceptron", rows: int = 150,
    schedule: Schedule | None = None, fees: FeeMarket | None = None, **parameters: Any,
) -> Economy:  # fmt: skip
    """A small economy without participants, ready to be joined."""
    dataset = make_dataset(rows)
    stream = DataStream(dataset, initial=20, size=None, generator=Streams(seed).generator("data"))
    defaults: dict[str, Any] = {"refund_window": 4 * HOUR, "any_claim_after": DAY}
    world = make_world(
        model, n_features=dataset.x_train.n_features, fees=fees, accounts={}, start=0, **{**defaults, **parameters}
    )
    world.model.fit(stream.initial_features, stream.initial_labels)
    return Economy(world.chain, world.trainer, stream, schedule or Schedule(horizon=60 * DAY))


def news(watch: Watch) -> dict[int, bool]:
    """The records whose agreement changed since the watch last told, each with whether the model agrees now."""
    agreed, disputed = watch.refresh()
    return dict.fromkeys(agreed, True) | dict.fromkeys(disputed, False)


def data(*features: int) -> Data:
    return Data(list(features))


def frozen(thing: Any, _seen: dict[int, int] | None = None, skip: frozenset[str] = NOT_STATE) -> Any:
    """Everything reachable from a thing as plain comparable data: no attribute, public or private, is left out.

    Functions and types are not state; a thing met twice is named by the place where it was met first.
    """
    seen = {} if _seen is None else _seen
    if thing is None or isinstance(thing, bool | int | float | str | bytes | Fraction | np.generic):
        return thing
    if isinstance(thing, type) or callable(thing):
        return "code"
    if id(thing) in seen:
        return ("seen", seen[id(thing)])
    seen[id(thing)] = len(seen)
    if isinstance(thing, np.ndarray):
        whole = thing.tolist() if thing.dtype == object else thing.tobytes()
        return ("array", str(thing.dtype), thing.shape, whole)
    parts: list[Any] = [type(thing).__name__]
    if isinstance(thing, dict):
        parts += [(frozen(key, seen, skip), frozen(value, seen, skip)) for key, value in thing.items()]
    elif isinstance(thing, list | tuple | deque):
        parts += [frozen(item, seen, skip) for item in thing]
    elif isinstance(thing, set | frozenset):
        parts += sorted(map(repr, thing))
    parts += [(name, frozen(getattr(thing, name), seen, skip)) for name in _attributes(thing) if name not in skip]
    return tuple(parts)


def _attributes(thing: Any) -> Iterable[str]:
    names = dict.fromkeys(vars(thing)) if hasattr(thing, "__dict__") else {}
    if is_dataclass(thing):
        names |= dict.fromkeys(field.name for field in fields(thing))
    for kind in type(thing).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        names |= dict.fromkeys((slots,) if isinstance(slots, str) else slots)
    return [name for name in names if hasattr(thing, name)]


@dataclass(frozen=True)
class Picture:
    """The whole state of a world: what a refused transaction may change apart from what it may not."""

    balances: dict[str, int]
    nonces: dict[str, int]
    transactions: int
    rest: Any


def picture(world: World) -> Picture:
    """Balances, nonces, every column, map, cell, weight, watch and index: all there is."""
    chain = world.chain
    apart = {id(chain.ledger._balances): -1, id(chain.nonces): -2}
    rest = frozen(vars(world), apart, skip=NOT_STATE | {"transactions"})
    return Picture(dict(chain.ledger.balances), dict(chain.nonces), chain.transactions, rest)


def assert_only_fee_and_nonce(before: Picture, after: Picture, receipt: Receipt) -> None:
    """A refused transaction cost its sender gas, which is burned or went to the proposer, and used up a nonce."""
    sender = receipt.transaction.sender
    assert after.rest == before.rest
    assert after.nonces == {**before.nonces, sender: before.nonces.get(sender, 0) + 1}
    assert after.transactions == before.transactions + 1
    moved = {
        who: after.balances.get(who, 0) - before.balances.get(who, 0) for who in {*before.balances, *after.balances}
    }
    fee = -moved.pop(sender, 0)
    assert fee == receipt.fee
    assert moved.pop(BURNED, 0) + moved.pop(PROPOSER, 0) == fee
    assert not any(moved.values())
    assert receipt.logs == ()


def outcome(action: Callable[[], Any]) -> Any:
    """What an action returns, or the text of what it raises."""
    try:
        return action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
