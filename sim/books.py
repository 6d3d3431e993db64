"""The books: what the logs of accepted transactions say, entered into statements, recorder and the claims index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sim.actor import Actor
from sim.chain.ledger import Address
from sim.chain.transaction import Log, Receipt, Transaction
from sim.contracts.claims import ClaimsIndex
from sim.contracts.trainer import CollaborativeTrainer
from sim.data.stream import DataStream
from sim.recorder import Added, Recorder
from sim.statement import Statement
from sim.units import Seconds

_new = tuple.__new__  # makes a named tuple without the detour through its own __new__


class Books:
    """The accounts of one economy; one method for each kind of transaction, called once it was accepted.

    Parameters
    ----------
    trainer, stream, claims, recorder : those of the economy
    actors : everyone in it, by address; who joins later is in it then
    """

    def __init__(
        self,
        trainer: CollaborativeTrainer,
        stream: DataStream,
        claims: ClaimsIndex,
        recorder: Recorder,
        actors: Mapping[Address, Actor],
    ) -> None:
        self.trainer, self.stream, self.claims, self.recorder, self.actors = trainer, stream, claims, recorder, actors
        self._staked: Counter[Address] = Counter()  # what each has paid into a mechanism without windows
        self._truths: dict[bytes, int] = {}  # of samples that were committed to and not revealed yet

    def added(
        self, statement: Statement, group: int, transaction: Transaction, time: Seconds, logs: Sequence[Log]
    ) -> None:
        """A contribution: whoever adds the sample on offer takes it from the stream."""
        record, deposit = logs[-1].data
        data, label = transaction.arguments[:2]
        statement.submitted += 1
        statement.deposited += deposit
        statement.locked += deposit  # as `Statement.lock` does, which is a call of its own
        statement.wei_times_time += deposit * time
        self.claims.note_added(record)
        offered, true_label = self.stream.current, None
        if offered is not None and offered.data is data:
            true_label = offered.label == label
            self.stream.consume()
        elif self._truths:
            truth = self._truths.pop(data.key, None)
            true_label = None if truth is None else truth == label
        self.recorder.added.append(_new(Added, (time, group, deposit, true_label)))

    def committed(self, actor: Actor) -> None:
        """Whoever commits to the sample on offer has it: it is offered to nobody else."""
        offered = self.stream.current
        if offered is not None and offered.data is actor.committed_to:
            self._truths[offered.data.key] = offered.label
            self.stream.consume()

    def refunded(self, statement: Statement, group: int, time: Seconds, logs: Sequence[Log]) -> None:
        """What an author got back of a deposit, or that a check decided against it."""
        record, amount = logs[-1].data
        records = self.trainer.records
        deposit = records.deposit[record]
        if amount or not deposit:  # a check that fails under one_shot pays nothing either
            statement.refunded += 1
            statement.refunded_value += amount
            statement.crumbs += amount < deposit
            statement.locked -= amount
            statement.wei_times_time -= amount * time
            self.recorder.note_refund(group, records.label[record], record, amount)
        self.claims.note_claimed(record)

    def reported(self, actor: Actor, receipt: Receipt) -> None:
        """What somebody took of a deposit: the author's statement says in which way it was lost."""
        record, amount = receipt.logs[0].data
        records, statement = self.trainer.records, actor.statement
        author = self.actors[records.author[record]]
        author.statement.locked -= amount
        author.statement.wei_times_time -= amount * receipt.time
        for log in receipt.logs[1:]:  # what of the deposit the report burned
            author.statement.burned += log.data[1]
            author.statement.lock(-log.data[1], receipt.time)
        if author is not actor:
            author.statement.taken_from += amount
        age, windows = receipt.time - records.added_time[record], self.claims.windows
        if age >= windows.expired:
            statement.expired += 1
            statement.expired_value += amount
            author.statement.lost_late += amount
        else:
            statement.reported += 1
            statement.reported_value += amount
            if windows.owner is not None and age >= windows.owner and actor.address == self.trainer.mechanism.owner:
                author.statement.lost_to_owner += amount
            else:
                author.statement.lost_to_reports += amount
        self.claims.note_claimed(record)

    def predicted(self, actor: Actor, receipt: Receipt) -> None:
        """An answer, and the contributors who were paid for it."""
        actor.statement.predictions += 1
        for log in receipt.logs:
            if log.event == "Paid":
                contributor, amount = log.data
                actor.statement.predictions_paid += amount
                self.actors[contributor].statement.predictions_earned += amount

    def acted(self, actor: Actor, receipt: Receipt) -> None:
        """A claim on, or a step of, a mechanism without windows: what was staked comes back all at once."""
        statement, method, time = actor.statement, receipt.transaction.method, receipt.time
        if method == "predict":
            self.predicted(actor, receipt)
            return
        if method in ("refund", "report"):
            record, amount = receipt.logs[-1].data
            author = self.actors[self.trainer.records.author[record]]
            author.statement.lock(self._staked[author.address] - author.statement.locked, time)
            if method == "refund":
                statement.refunded += 1
                statement.refunded_value += amount
            else:
                statement.expired += 1
                statement.expired_value += amount
                author.statement.taken_from += amount if author is not actor else 0
            return
        if receipt.transaction.value:
            self._staked[actor.address] += receipt.transaction.value
            statement.lock(receipt.transaction.value, time)
        for log in receipt.logs:
            if log.event == "Paid" and log.data[0] in self.actors:
                who = log.data[0]
                self.actors[who].statement.lock(-self._staked.pop(who, 0), time)
            elif log.event == "Settled":
                for who, other in self.actors.items():  # who has lost a stake has nothing to come and take it back for
                    staked = other.statement.locked - self._staked[who]
                    other.statement.lock(self.trainer.mechanism.due(who) - staked, time)
