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
A block takes in what waits, in this order, up to the first transaction that it has no room for; that one and all after
it wait for the next block, among what is sent until then. There is room for a transaction if its gas limit (where it
names none, the gas that it would need now) is not above what the block's limit leaves over.

What nobody could include when its turn comes, because the sender cannot pay for it or its gas limit is above that of
any block, is dropped, and so is what still waits when the run ends: the sender hears of it by a receipt without gas and
fee, and its statement counts it. A sample that waits in the mempool is not offered to anybody else; if it is not
accepted it is offered again.
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
from sim.units import Gas, Seconds, Wei
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
    """A transaction in the mempool, who sent it when, and the sample that is kept for it.

    ``most`` is what it can cost its sender at most, value and fee at the price when it was sent, in wei.
    """

    actor: Actor
    group: int
    transaction: Transaction
    sent: Seconds
    sample: Sample | None = None
    most: Wei = 0

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

    def put(self, entry: Waiting) -> None:
        """A transaction waits from now on."""
        self.waiting.append(entry)
        self.calls[entry.call] += 1
        self.promised[entry.transaction.sender] += entry.most

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

    def committed(self, commitment: bytes) -> Seconds | None:
        """When an own commitment was made; one that waits is made in the block to come."""
        made = super().committed(commitment)
        waits = made is None and self.act("commit_data", commitment)[:4] in self._pool.calls
        return self.now if waits else made


class BlockEconomy(Economy):
    """An economy in which transactions wait for their block; the chain's clock must have a slot.

    Participants hear by `Actor.on_receipt` when the block is executed. A claim, or a reveal, that waits is not sent
    again. The gas of a block is the chain's ``block_gas_limit``.
    """

    def __init__(self, *args: Any, rules: BlockRules, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        if not self.chain.clock.slot:
            raise ConfigError(f"ordering is {rules.ordering!r} but there are no blocks. Give the clock a slot.")
        self.rules = rules
        self.pool = Mempool(rules.latency)
        self._built: Seconds = self.chain.clock.now - self.chain.clock.slot
        """When the last block was built."""
        self._room: Gas = 0
        """Gas that the block being built has left."""
        self.chain.observers.append(self._note_gas)

    def _view(self, actor: Actor) -> View:
        view = _BlockView(self.trainer, self.claims, self.stream, self.recorder, actor.address, actor.traits)
        view._pool = self.pool
        return view

    def _advance(self, until: Seconds) -> None:
        """From block to block: let everyone act who wakes up until it is due, then execute it."""
        while self.queue.heap and not self.ended:
            block = self._next_block()
            if block > until:
                break
            super()._advance(block)
            if not self.ended:
                self._execute_block(block)
        if not self.ended:
            super()._advance(until)

    def _next_block(self) -> Seconds:
        """When the next block is due: for what waits, or else for whoever wakes up next."""
        clock = self.chain.clock
        if self.pool.waiting:
            return max(clock.now, self._built + clock.slot)
        return clock.block_at(self.queue.heap[0][0])

    def _wake(self, actor: Actor, view: View, group: int) -> None:
        self.recorder.wakeups += 1
        pool = self.pool
        pool.now = self.queue.heap[0][0]  # the second of the entry that is being served
        for transaction in actor.act(view):
            if transaction.method != "reveal_data" or transaction[:4] not in pool.calls:
                self._put(actor, group, transaction)
        self.claims.look(self.chain.clock.now)
        for transaction in actor.claims(view):
            if transaction[:4] not in pool.calls:
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
        self.pool.put(Waiting(actor, group, transaction, self.pool.now, sample, most))

    def _execute_block(self, block: Seconds) -> None:
        """Execute what waits, in order, as far as the block has room."""
        self.chain.clock.advance(block)
        self._built, self._room = block, self.chain.block_gas_limit
        waiting = self.pool.take()
        ordered = in_order(waiting, self.rules)
        for place, entry in enumerate(ordered):
            if not self._has_room(entry.transaction):
                late = set(map(id, ordered[place:]))
                for other in waiting:  # oldest first, as ever
                    if id(other) in late:
                        self.pool.put(other)
                break
            self._include(entry)

    def _has_room(self, transaction: Transaction) -> bool:
        """Whether the block that is being built has room for a transaction, be it only to refuse it."""
        limit, most = transaction.gas_limit, self.chain.gas_limit
        if (limit or most) <= self._room or limit > most or transaction.value < 0:
            return True
        return not limit and self.chain.estimate_gas(transaction) <= self._room

    def _note_gas(self, receipt: Receipt) -> None:
        self._room -= receipt.gas_used

    def _include(self, entry: Waiting) -> None:
        if entry.sample is not None:
            self.stream.put_back(entry.sample)  # it is consumed for good only where it is accepted
        try:
            self._send(entry.actor, entry.group, entry.transaction)
        except InvalidTransaction as error:
            self._drop(entry, str(error))

    def _drop(self, entry: Waiting, why: str) -> None:
        entry.actor.statement.dropped += 1
        receipt = Receipt(entry.transaction, False, f"dropped: {why}", 0, 0, self.chain.clock.now, -1)
        entry.actor.on_receipt(receipt)

    def _end(self, why: str, time: Seconds) -> None:
        """Nothing is over while something waits, but at the horizon: there the block that is due comes first."""
        if self.pool.waiting:
            if why != HORIZON:
                return
            if self._next_block() <= time:
                self._execute_block(self._next_block())
            for entry in self.pool.take():
                if entry.sample is not None:
                    self.stream.put_back(entry.sample)
                self._drop(entry, "the run ended before a block had room for it")
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
