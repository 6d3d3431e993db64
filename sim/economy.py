"""The economy: participants who wake up, look, send transactions, and live with what comes back.

`Economy` is a `mesa.Model`, so Mesa's own tools work on it: `Economy.step` advances one display interval. `Economy.run`
is the fast path over the same events. The clock counts seconds of the chain; participants wake by their own arrival
processes from a plain heap; nothing is drawn from Mesa's random streams.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

import mesa

from sim.actor import Actor
from sim.books import Books
from sim.chain.chain import Chain
from sim.chain.clock import EventQueue
from sim.chain.ledger import Address
from sim.chain.transaction import ADDITIONS, Transaction
from sim.contracts.claims import ClaimsIndex
from sim.contracts.incentive import NEVER, ClaimWindows
from sim.contracts.trainer import CollaborativeTrainer
from sim.data.stream import DataStream
from sim.errors import Revert
from sim.recorder import Recorder, Snapshot
from sim.statement import Statement
from sim.uncollected import clear_away, uncollected
from sim.units import DAY, Seconds, Wei
from sim.view import View

DATA_USED_UP = "data and open claims are used up"
HORIZON = "horizon reached"
NOBODY_CAN_ACT = "nobody can ever act again"
SETTLED = "all is settled and collected"

_LOCKED = attrgetter("locked")


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
        clear_away()
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
        self.books = Books(trainer, stream, self.claims, self.recorder, self.actors)
        self.queue: EventQueue[tuple[Actor, View, int]] = EventQueue()
        self.ended = ""
        """Why the run is over; empty while it goes on."""
        self.ended_at: Seconds = 0
        """When it was over."""
        self.reached: Seconds = 0
        """Everyone who wakes up to and including this second has acted."""
        self._members: list[tuple[Actor, View, int]] = []
        self._accounts: list[tuple[list[Address], list[Statement]]] = []  # by group
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
        group = self.recorder.group(actor.group)
        if group == len(self._accounts):
            self._accounts.append(([], []))
        addresses, statements = self._accounts[group]
        addresses.append(actor.address)
        statements.append(actor.statement)
        entry = (actor, self._view(actor), group)
        self._members.append(entry)
        self.queue.push(self.chain.clock.now + actor.first_gap(), entry)

    def _view(self, actor: Actor) -> View:
        return View(self.trainer, self.claims, self.stream, self.recorder, actor.address, actor.traits)

    # -- time --------------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Advance one display interval: Mesa's way to run a model."""
        self.advance(self.reached + self.schedule.display_every)

    def run(self) -> None:
        """Run to the end."""
        self.advance(self.schedule.horizon)

    def advance(self, until: Seconds) -> None:
        """Let everyone act who wakes up to and including ``until`` (never past the horizon)."""
        with uncollected():
            self._advance(min(until, self.schedule.horizon))

    def _advance(self, until: Seconds) -> None:
        heap, clock, stream, claims = self.queue.heap, self.chain.clock, self.stream, self.claims
        horizon, slot = self.schedule.horizon, clock.slot
        while heap and not self.ended:
            time, _, entry = heap[0]
            if time > until or (slot and clock.block_at(time) > horizon):
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
        _, ok, _, _, fee, time, _, _, logs = receipt  # one look at all fields is quicker than one at each
        if fee:
            statement.fees += fee
        if ok:
            books, method = self.books, transaction.method
            if method == "add_data":
                books.added(statement, group, transaction, time, logs)
            elif self.ageless:
                books.acted(actor, receipt)
            elif method == "refund":
                books.refunded(statement, group, time, logs)
            elif method == "report":
                books.reported(actor, receipt)
            elif method == "predict":
                books.predicted(actor, receipt)
            elif method == "reveal_data":
                books.added(statement, group, transaction, time, logs)
            elif method == "commit_data":
                books.committed(actor)
        elif transaction.method in ADDITIONS:
            statement.refused += 1
        actor.on_receipt(receipt)

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
        balance_of = self.chain.ledger.balances.__getitem__
        # In C, as there may be a hundred thousand of them.
        balances = [sum(map(balance_of, addresses)) for addresses, _ in self._accounts]
        locked = [sum(map(_LOCKED, statements)) for _, statements in self._accounts]
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
