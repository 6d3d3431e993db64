"""The economy: participants who wake up, look, send transactions, and live with what comes back.

`Economy` is a `mesa.Model`, so Mesa's own tools work on it: `Economy.step` advances one display interval. `Economy.run`
is the fast path over the same events. The clock counts seconds of the chain; participants wake by their own arrival
processes from a plain heap; nothing is drawn from Mesa's random streams.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import mesa

from sim.chain.chain import Chain
from sim.chain.clock import EventQueue
from sim.chain.ledger import Address
from sim.chain.transaction import Receipt, Transaction
from sim.contracts.claims import ClaimsIndex
from sim.contracts.incentive import NEVER, ClaimWindows
from sim.contracts.trainer import CollaborativeTrainer
from sim.data.stream import DataStream
from sim.errors import Revert
from sim.recorder import Added, Recorder, Snapshot
from sim.statement import Statement
from sim.units import DAY, Seconds, Wei
from sim.view import View

DATA_USED_UP = "data and open claims are used up"
HORIZON = "horizon reached"
NOBODY_CAN_ACT = "nobody can ever act again"
SETTLED = "all is settled and collected"


class Actor(Protocol):
    """What the economy needs of a participant; `agents.base.Participant` is the base to build on."""

    name: str
    group: str
    address: Address
    statement: Statement
    balance_at_start: Wei

    def first_gap(self) -> Seconds:
        """Seconds from the start to the first wake-up."""

    def next_gap(self) -> Seconds:
        """Seconds to the next wake-up, at least 1."""

    def act(self, view: View) -> Sequence[Transaction]:
        """What to add now, if anything."""

    def claims(self, view: View) -> Sequence[Transaction]:
        """What to claim now, if anything."""

    def on_receipt(self, receipt: Receipt) -> None:
        """What became of a transaction it sent."""

    def can_add(self, lowest_quote: Wei, balance: Wei) -> bool:
        """Whether it could ever add a contribution again with this balance."""

    def takes_expired(self) -> bool:
        """Whether it would take expired deposits."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When an economy is measured and when it must end, in seconds. ``horizon`` is the last second that is run."""

    horizon: Seconds = 1000 * DAY
    accuracy_every: Seconds = DAY
    display_every: Seconds = DAY


class Economy(mesa.Model):
    """One chain, one trainer, one stream of samples and the people around them.

    Parameters
    ----------
    chain, trainer, stream : as deployed, with the model already trained
    schedule : when to measure and when to stop
    seed : given to Mesa only, which draws nothing that results depend on
    """

    def __init__(
        self,
        chain: Chain,
        trainer: CollaborativeTrainer,
        stream: DataStream,
        schedule: Schedule | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(rng=seed)
        windows = trainer.mechanism.windows
        self.ageless = windows is None
        """Whether contributions are claimed when the mechanism says so, not by their age."""
        self.chain = chain
        self.trainer = trainer
        self.stream = stream
        self.schedule = schedule or Schedule()
        self.claims = ClaimsIndex(trainer.mechanism, windows or ClaimWindows(NEVER), trainer.watch)
        self.recorder = Recorder()
        self.actors: dict[Address, Actor] = {}
        self.queue: EventQueue[tuple[Actor, View, int]] = EventQueue()
        self.ended = ""
        """Why the run is over; empty while it goes on."""
        self.ended_at: Seconds = 0
        """When it was over."""
        self.reached: Seconds = 0
        """Everyone who wakes up to and including this second has acted."""
        self._committed: Counter[Address] = Counter()
        self._members: list[tuple[Actor, View, int]] = []
        self._next_evaluation: Seconds = 0
        self._accuracy_of: tuple[int, float] = (-1, 0.0)
        self.initial_accuracy = self.recorder.published_accuracy = self.accuracy()

    # -- people ------------------------------------------------------------------------------------------------------

    def join(self, actor: Actor) -> None:
        """Give a participant an account with its money and a place in the queue. Names must differ."""
        if actor.address in self.actors or actor.address in self.chain.contracts:
            raise ValueError(f"there is an account at {actor.address!r} already; give agents different names")
        self.chain.mint(actor.address, actor.balance_at_start)
        self.actors[actor.address] = actor
        view = View(self.trainer, self.claims, self.stream, self.recorder, actor.address)
        entry = (actor, view, self.recorder.group(actor.group))
        self._members.append(entry)
        self.queue.push(self.chain.clock.now + actor.first_gap(), entry)

    # -- time --------------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Advance one display interval: Mesa's way to run a model."""
        self.advance(self.reached + self.schedule.display_every)

    def run(self) -> None:
        """Run to the end."""
        self.advance(self.schedule.horizon)

    def advance(self, until: Seconds) -> None:
        """Let everyone act who wakes up to and including ``until`` (never past the horizon)."""
        collecting = gc.isenabled()
        gc.disable()  # records stay and receipts die by count: looking for cycles would cost a tenth of the run
        try:
            self._advance(min(until, self.schedule.horizon))
        finally:
            if collecting:
                gc.enable()

    def _advance(self, until: Seconds) -> None:
        heap, clock, stream, claims = self.queue.heap, self.chain.clock, self.stream, self.claims
        horizon = self.schedule.horizon
        while heap and not self.ended:
            time, _, entry = heap[0]
            if time > until or clock.block_at(time) > horizon:
                break
            while time >= self._next_evaluation and not self.ended:
                self._evaluate()
            if self.ended:
                break
            clock.advance(time)
            actor, view, group = entry
            self._wake(actor, view, group)
            self.queue.replace_first(time + actor.next_gap(), entry)
            if stream.current is None and not claims.open_records and not self.ageless:
                self._end(DATA_USED_UP, clock.now)
        while until >= self._next_evaluation and not self.ended:
            self._evaluate()
        self.reached = until
        if not self.ended and (until >= horizon or not heap):
            self._end(HORIZON if heap else NOBODY_CAN_ACT, until)

    def _wake(self, actor: Actor, view: View, group: int) -> None:
        """One participant's turn: first what it adds, then, with the model as it is then, what it claims."""
        self.recorder.wakeups += 1
        for transaction in actor.act(view):
            self._send(actor, group, transaction)
        self.claims.look(self.chain.clock.now)
        for transaction in actor.claims(view):
            self._send(actor, group, transaction)

    def _send(self, actor: Actor, group: int, transaction: Transaction) -> None:
        receipt = self.chain.execute(transaction)
        self.recorder.transactions += 1
        statement = actor.statement
        statement.fees += receipt.fee
        if receipt.ok:
            method = transaction.method
            if method == "add_data":
                self._added(statement, group, receipt)
            elif self.ageless:
                self._acted(actor, receipt)
            elif method == "refund":
                self._refunded(statement, receipt)
            elif method == "report":
                self._reported(actor, receipt)
        elif transaction.method == "add_data":
            statement.refused += 1
        actor.on_receipt(receipt)

    # -- what the logs say -------------------------------------------------------------------------------------------

    def _added(self, statement: Statement, group: int, receipt: Receipt) -> None:
        record, deposit = receipt.logs[-1].data
        data, label = receipt.transaction.arguments
        statement.submitted += 1
        statement.deposited += deposit
        statement.lock(deposit, receipt.time)
        self.claims.note_added(record)
        offered, true_label = self.stream.current, None
        if offered is not None and offered.data is data:
            true_label = offered.label == label
            self.stream.consume()
        self.recorder.added.append(tuple.__new__(Added, (receipt.time, group, deposit, true_label)))

    def _refunded(self, statement: Statement, receipt: Receipt) -> None:
        record, amount = receipt.logs[-1].data
        if amount or not self.trainer.records.deposit[record]:  # a check that fails under one_shot pays nothing either
            statement.refunded += 1
            statement.refunded_value += amount
            statement.crumbs += amount < self.trainer.records.deposit[record]
            statement.lock(-amount, receipt.time)
        self.claims.note_claimed(record)

    def _reported(self, actor: Actor, receipt: Receipt) -> None:
        record, amount = receipt.logs[-1].data
        records, statement = self.trainer.records, actor.statement
        author = self.actors[records.author[record]]
        author.statement.lock(-amount, receipt.time)
        if author is not actor:
            author.statement.taken_from += amount
        if receipt.time - records.added_time[record] >= self.claims.windows.expired:
            statement.expired += 1
            statement.expired_value += amount
        else:
            statement.reported += 1
            statement.reported_value += amount
        self.claims.note_claimed(record)

    def _acted(self, actor: Actor, receipt: Receipt) -> None:
        """A claim on, or a step of, a mechanism without windows: what was staked comes back all at once."""
        statement, method, time = actor.statement, receipt.transaction.method, receipt.time
        if method in ("refund", "report"):
            record, amount = receipt.logs[-1].data
            author = self.actors[self.trainer.records.author[record]]
            author.statement.lock(self._committed[author.address] - author.statement.locked, time)
            if method == "refund":
                statement.refunded += 1
                statement.refunded_value += amount
            else:
                statement.expired += 1
                statement.expired_value += amount
                author.statement.taken_from += amount if author is not actor else 0
            return
        if receipt.transaction.value:
            self._committed[actor.address] += receipt.transaction.value
            statement.lock(receipt.transaction.value, time)
        for log in receipt.logs:
            if log.event == "Paid" and log.data[0] in self.actors:
                who = log.data[0]
                self.actors[who].statement.lock(-self._committed.pop(who, 0), time)
            elif log.event == "Settled":
                for who, other in self.actors.items():  # who has lost a stake has nothing to come and take it back for
                    staked = other.statement.locked - self._committed[who]
                    other.statement.lock(self.trainer.mechanism.due(who) - staked, time)

    # -- measuring ---------------------------------------------------------------------------------------------------

    def accuracy(self) -> float:
        """Accuracy of the model as it is now on the whole test set, in [0, 1]; computed once for each state."""
        model, stream = self.trainer.model, self.stream
        version = model.version.value
        if self._accuracy_of[0] != version:
            self._accuracy_of = (version, model.accuracy(stream.test_features, stream.dataset.y_test))
        return self._accuracy_of[1]

    def _evaluate(self) -> None:
        """Publish the accuracy, write a snapshot, and see whether anything can still happen."""
        time = self._next_evaluation
        self._next_evaluation = time + self.schedule.accuracy_every
        self.recorder.published_accuracy = self.accuracy()
        self._snapshot(time)
        if self.trainer.mechanism.is_over:
            self._end(SETTLED, time)
        elif self._nobody_can_act():
            self._end(NOBODY_CAN_ACT, time)

    def _snapshot(self, time: Seconds) -> None:
        balances = [0] * len(self.recorder.groups)
        locked = [0] * len(self.recorder.groups)
        ledger = self.chain.ledger
        for actor, _, group in self._members:
            balances[group] += ledger.balance(actor.address)
            locked[group] += actor.statement.locked
        accepted = len(self.recorder.added)
        fees = self.chain.fees
        row = Snapshot(
            time, self.recorder.published_accuracy, self._price(time), accepted, tuple(balances), tuple(locked),
            fees.base_fee_at(time) + fees.tip,
        )  # fmt: skip
        snapshots = self.recorder.snapshots
        if snapshots and snapshots[-1].time == time:
            snapshots.pop()  # the last moment may also be one of the regular ones
        snapshots.append(row)

    def _price(self, time: Seconds) -> Wei | None:
        """What the sample on offer would cost at a time; None when there is none or it cannot be added."""
        sample = self.stream.current
        if sample is None:
            return None
        try:
            return self.trainer.mechanism.quote(time, sample.data, sample.label)
        except Revert:
            return None

    def _nobody_can_act(self) -> bool:
        """Nobody can pay for another contribution, and no open claim will ever be made."""
        if self.ageless:
            return False  # what a mechanism without windows waits for only it knows
        lowest, ledger = self.trainer.mechanism.lowest_quote, self.chain.ledger
        actors = self.actors.values()
        if self.stream.current is not None and any(a.can_add(lowest, ledger.balance(a.address)) for a in actors):
            return False
        if not self.claims.open_records:
            return True
        unexpired = self.claims.open_records - len(self.claims.expired)
        return not unexpired and not any(actor.takes_expired() for actor in actors)

    def _end(self, why: str, time: Seconds) -> None:
        self.ended = why
        self.ended_at = time
        self.running = False
        self.recorder.published_accuracy = self.accuracy()
        self._snapshot(time)
        getattr(mesa.Agent, "_ids", {}).pop(self, None)  # Mesa 3.3 would keep the model alive for ever
