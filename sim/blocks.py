"""Blocks with a mempool: what is sent waits for its block, and whoever builds the block chooses the order in it.

A transaction sent at time s goes into the first block not before s. Until then nothing of it has happened: the world
is as the block before left it, and prices are quoted for the block to come, as if nobody else were in it. When the
block is due, everything that waits is executed in an order; the transactions of one address always in the order in
which they were sent.

===========  ==========================================================================================================
ordering     who comes first
===========  ==========================================================================================================
fifo         who sent first
tip          who pays the higher tip; among equals, who sent first. Behind a lower tip of one's own a tip counts as that
random       anybody, every order being as likely
adversarial  whoever the builder favours, both sides in the order in which they sent
===========  ==========================================================================================================

Who may look at the mempool sees its own transactions at once, those of others ``latency`` seconds after they were sent.
A block takes in all that waits. What cannot be paid for when its turn comes is dropped: the sender hears of it by a
receipt without gas and fee, and its statement counts it. A sample that waits in the mempool is not offered to anybody
else; if it is not accepted it is offered again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from sim.actor import Actor
from sim.chain.ledger import Address
from sim.chain.transaction import Receipt, Transaction
from sim.data.stream import Sample
from sim.economy import HORIZON, Economy
from sim.errors import ConfigError, InvalidTransaction
from sim.units import Seconds, Wei
from sim.view import Pending, View

ORDERINGS = ("fifo", "tip", "random", "adversarial")


def _nobody(actor: Actor) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class BlockRules:
    """How blocks come about: see the module's text. ``latency`` is 0 s or more. Raises `ConfigError`.

    ``favours`` tells whose transactions an ``adversarial`` builder puts first; ``rng`` puts them in ``random`` order.
    """

    ordering: str = "fifo"
    latency: Seconds = 0
    favours: Callable[[Actor], bool] = _nobody
    rng: np.random.Generator | None = None

    def __post_init__(self) -> None:
        if self.ordering not in ORDERINGS:
            raise ConfigError(f"ordering is {self.ordering!r}; choose one of {', '.join(ORDERINGS)}.")
        if self.latency < 0:
            raise ConfigError(f"latency is {self.latency} s; it must be 0 or more.")
        if self.ordering == "random" and self.rng is None:
            raise ConfigError("ordering is 'random' but there is no rng. Give a generator of the run's streams.")


class Waiting(NamedTuple):
    """A transaction in the mempool, who sent it when, and the sample that is kept for it."""

    actor: Actor
    group: int
    transaction: Transaction
    sent: Seconds
    sample: Sample | None = None

    @property
    def call(self) -> tuple[Any, ...]:
        """Sender, contract, method and arguments: what makes two transactions the same call."""
        return self.transaction[:4]


class Mempool:
    """What waits for the next block, oldest first. ``now`` is the second at which somebody looks."""

    def __init__(self, latency: Seconds) -> None:
        self.now: Seconds = 0
        self.waiting: list[Waiting] = []
        self.calls: Counter[tuple[Any, ...]] = Counter()
        self.promised: Counter[Address] = Counter()
        """The most that what waits can cost each sender, value and fee, in wei."""
        self._latency = latency

    def put(self, entry: Waiting, most: Wei) -> None:
        """A transaction that costs its sender at most so many wei waits from now on."""
        self.waiting.append(entry)
        self.calls[entry.call] += 1
        self.promised[entry.transaction.sender] += most

    def take(self) -> list[Waiting]:
        """All that waits, which then waits no longer."""
        waiting, self.waiting = self.waiting, []
        self.calls.clear()
        self.promised.clear()
        return waiting

    def known_to(self, address: Address) -> tuple[Pending, ...]:
        """What somebody knows of: what it sent itself, and what others sent long enough ago."""
        heard = self.now - self._latency
        return tuple(
            Pending(entry.transaction, entry.sent)
            for entry in self.waiting
            if entry.sent <= heard or entry.transaction.sender == address
        )


class _BlockView(View):
    """A view of a world with a mempool."""

    __slots__ = ("_pool",)

    _pool: Mempool

    @property
    def balance(self) -> Wei:
        """Own wei that are not promised to a transaction that waits."""
        return super().balance - self._pool.promised.get(self.address, 0)

    @property
    def mempool(self) -> tuple[Pending, ...]:
        """Transactions known here that wait for their block, oldest first; see `Sight.sees_mempool`."""
        self._require(self._sight.sees_mempool, "the mempool", "sees_mempool")
        return self._pool.known_to(self.address)


class BlockEconomy(Economy):
    """An economy in which transactions wait for their block; the chain's clock must have a slot.

    Participants hear by `Actor.on_receipt` when the block is executed. A claim that waits is not sent again.
    """

    def __init__(self, *args: Any, rules: BlockRules, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        if not self.chain.clock.slot:
            raise ConfigError(f"ordering is {rules.ordering!r} but there are no blocks. Give the clock a slot.")
        self.rules = rules
        self.pool = Mempool(rules.latency)

    def _view(self, actor: Actor) -> View:
        view = _BlockView(self.trainer, self.claims, self.stream, self.recorder, actor.address, actor.traits)
        view._pool = self.pool
        return view

    def _advance(self, until: Seconds) -> None:
        """From block to block: let everyone act who wakes up until it is due, then execute it."""
        heap, clock = self.queue.heap, self.chain.clock
        while heap and not self.ended:
            block = clock.now if self.pool.waiting else clock.block_at(heap[0][0])
            if block > until:
                break
            super()._advance(block)
            self._execute_block()
        if not self.ended:
            super()._advance(until)

    def _wake(self, actor: Actor, view: View, group: int) -> None:
        self.recorder.wakeups += 1
        self.pool.now = self.queue.heap[0][0]  # the second of the entry that is being served
        for transaction in actor.act(view):
            self._put(actor, group, transaction)
        self.claims.look(self.chain.clock.now)
        for transaction in actor.claims(view):
            if transaction[:4] not in self.pool.calls:
                self._put(actor, group, transaction)

    def _put(self, actor: Actor, group: int, transaction: Transaction) -> None:
        stream, fees = self.stream, self.chain.fees
        sample = stream.current
        method = transaction.method
        if method == "add_data":
            data = transaction.arguments[0]
        else:
            data = actor.committed_to if method == "commit_data" else None
        if sample is not None and data is sample.data:
            stream.consume()
        else:
            sample = None
        price = fees.base_fee + fees.tip + transaction.tip
        most = transaction.value + (transaction.gas_limit or self.chain.gas_limit) * price
        self.pool.put(Waiting(actor, group, transaction, self.pool.now, sample), most)

    def _execute_block(self) -> None:
        for entry in in_order(self.pool.take(), self.rules):
            if entry.sample is not None:
                self.stream.put_back(entry.sample)  # it is consumed for good only where it is accepted
            try:
                self._send(entry.actor, entry.group, entry.transaction)
            except InvalidTransaction as error:
                entry.actor.statement.dropped += 1
                reason = f"dropped: {error}"
                entry.actor.on_receipt(Receipt(entry.transaction, False, reason, 0, 0, self.chain.clock.now, -1))

    def _end(self, why: str, time: Seconds) -> None:
        """Nothing is over while something waits, but at the horizon: there the block that is due comes first."""
        if self.pool.waiting:
            if why != HORIZON:
                return
            self._execute_block()
        super()._end(why, time)


def in_order(waiting: list[Waiting], rules: BlockRules) -> list[Waiting]:
    """What waits, oldest first, in the order in which the builder of the block puts it; see the module's text."""
    if rules.ordering == "adversarial":
        return sorted(waiting, key=lambda entry: not rules.favours(entry.actor))
    if rules.ordering == "tip":
        return _ranked(waiting, [-tip for tip in _tips_that_count(waiting)])
    if rules.ordering == "random" and rules.rng is not None:
        return _shuffled(waiting, rules.rng)
    return waiting


def _tips_that_count(waiting: list[Waiting]) -> list[Wei]:
    lowest: dict[Address, Wei] = {}
    tips = []
    for sender, tip in ((entry.transaction.sender, entry.transaction.tip) for entry in waiting):
        lowest[sender] = min(tip, lowest.get(sender, tip))
        tips.append(lowest[sender])
    return tips


def _ranked(waiting: list[Waiting], ranks: list[int]) -> list[Waiting]:
    return [waiting[place] for place in sorted(range(len(waiting)), key=ranks.__getitem__)]


def _shuffled(waiting: list[Waiting], rng: np.random.Generator) -> list[Waiting]:
    """A random order of senders, each of whom puts the oldest of its own that is left in its places."""
    own: dict[Address, list[Waiting]] = {}
    for entry in reversed(waiting):
        own.setdefault(entry.transaction.sender, []).append(entry)
    return [own[waiting[place].transaction.sender].pop() for place in rng.permutation(len(waiting)).tolist()]
