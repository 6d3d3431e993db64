"""`check_mechanism`, the conformance check of mechanisms: run over everything registered, and open to a user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import numpy as np

from mechanisms.referee import Referee
from sim.chain import HARDFORKS, Address, Chain, Clock, Column, FixedPrice, Journal, Table, Transaction
from sim.chain.gas import Meter
from sim.chain.transaction import ADDITIONS, Call, Receipt
from sim.contracts import NEVER, CollaborativeTrainer, DataHandler, IncentiveMechanism
from sim.contracts.parts import SALT_BYTES
from sim.errors import ConfigError, Revert
from sim.features import Data
from sim.models import Classifier, SparsePerceptron
from sim.models.courses import Course
from sim.units import DAY, ETHER

PEOPLE = ("ann", "bob", "cat", "dan")
_STEPS, _MONEY, _FEATURES = 50, 10**9 * ETHER, 3
_MUCH_LATER = 1_000 * DAY
_TO_REVEAL = 10  # seconds
_LESSONS = 9  # after so many the perceptron believes the opposite
_NOT_ITS_OWN = (Journal, Table, Chain, Meter, DataHandler, Call, Classifier, Course)

Build = Callable[[Chain, Address, DataHandler], IncentiveMechanism]


def check_mechanism(build: Build) -> None:
    """Raise `ConfigError` with the first rule a mechanism breaks.

    ``build`` is the class itself, or a function of (chain, address, data_handler). Four addresses add, claim and pay,
    by a script and then at random, in and out of time. After each transaction money is conserved and `liabilities`
    equals the escrow; each is run and undone first, and that may leave no trace; views change nothing and tell the
    truth: the quote is what is kept, and what `may_refund` and `report_reward` promise is paid. Whatever the views say,
    claims keep to the windows and to the model, nobody reports a contribution of their own, and what must be committed
    to is: the rules of `mechanisms.referee`.
    """
    _Play(build).run()


class _Play:
    """One chain with the mechanism on it, and the random transactions."""

    def __init__(self, build: Build) -> None:
        self.chain = Chain(HARDFORKS["prague"], FixedPrice(1), Clock(now=1_000))
        self.records = DataHandler(self.chain, "records")
        self.mechanism = build(self.chain, "incentive", self.records)
        self.model = SparsePerceptron(_FEATURES, 2, self.chain.journal, self.chain.meter)
        self.trainer = CollaborativeTrainer(self.chain, "trainer", self.records, self.mechanism, self.model)
        self.referee = Referee(self.mechanism, self.model)
        self.chain.deploy(self.trainer)
        for who in PEOPLE:
            self.chain.mint(who, _MONEY)
        self.rng = np.random.default_rng(0)
        self.seen: set[str] = set()

    def run(self) -> None:
        if not getattr(self.mechanism, "kind", ""):
            raise self.broken("has no kind", "Set the class attribute `kind` to its word in a config")
        windows = self.mechanism.windows
        if windows is not None and not 0 <= windows.mature <= windows.expired:
            raise self.broken(f"windows are {windows}", "Let 0 <= mature <= expired")
        opening, closing = self.mechanism.rehearsal(PEOPLE[0], "trainer", self.secret())
        for number, transaction in enumerate(
            chain(opening, self.scenes(), self.transactions(), closing, self.last_claims())
        ):
            if number % 8 == 0:
                self.check_views()
            self.send(transaction)
        if not self.seen & ADDITIONS:
            raise self.broken("no contribution was ever accepted", "Accept a contribution that pays the quote")

    def scenes(self) -> Iterator[Transaction]:
        """Where there are windows: everyone earns standing, then claims at every telling age what the model has come to
        disagree with, its author first."""
        windows, records, clock = self.mechanism.windows, self.records, self.chain.clock
        if windows is None:
            return
        if self.mechanism.must_commit:
            yield from self.stale_promise()
        for who in PEOPLE:
            yield from self.addition(who, Data([0]), 1)
        clock.advance(clock.now + windows.mature + windows.grace)
        for record in range(len(records)):
            yield from self.claims_of(record)
        for author, other in zip(PEOPLE, reversed(PEOPLE), strict=True):
            before, data = len(records), Data([1])
            yield from self.addition(author, data, 1)
            for _ in range(_LESSONS):
                if self.model.predict_one(data.features):
                    clock.advance(clock.now + 1)
                    yield from self.addition(other, data, 0)
            if len(records) == before:
                continue  # nobody may add it
            opens = windows.mature + windows.grace
            ages = (0, windows.mature - 1, windows.mature, opens - 1, opens, windows.owner, windows.expired)
            for age in sorted(age for age in ages if age is not None and age < NEVER):
                clock.advance(max(clock.now, records.added_time[before] + age))
                yield from self.claims_of(before, records.author[before])

    def transactions(self) -> Iterator[Transaction]:
        """Adds that pay enough or too little, claims of what there is at telling ages, paid predictions."""
        for _ in range(_STEPS):
            who = PEOPLE[self.rng.integers(len(PEOPLE))]
            what = self.rng.random()
            if what < 0.35 or not len(self.records):
                yield from self.addition(who, self.sample(), int(self.rng.integers(2)))
            elif what < 0.45:
                yield Transaction(who, "trainer", "predict", (self.sample(),), int(self.rng.integers(0, 10**6)))
            else:
                yield from self.claims()
            if self.rng.random() < 0.5:
                self.chain.clock.advance(self.chain.clock.now + int(self.rng.integers(0, 100)))

    def secret(self) -> list[tuple[Data, int]]:
        """Samples that a mechanism may need to be opened with: each feature by itself, as both labels."""
        return [(Data([feature]), label) for feature in range(_FEATURES) for label in (0, 1)]

    def last_claims(self) -> Iterator[Transaction]:
        """Where contributions have no windows: what everyone claims when all is over, at once and much later."""
        if self.mechanism.windows is None:
            for wait in (0, _MUCH_LATER):
                self.chain.clock.advance(self.chain.clock.now + wait)
                for record in range(len(self.records)):
                    yield from self.claims_of(record)

    def addition(self, who: Address, data: Data, label: int) -> Iterator[Transaction]:
        """A wei too little, then enough or a wei too much; revealed, where contributions must be committed to."""
        method: str = "add_data"
        arguments: tuple[Any, ...] = (data, label)
        if self.mechanism.must_commit:
            method, arguments = "reveal_data", (data, label, self.rng.bytes(SALT_BYTES))
            yield from self.promises(who, *arguments)
        try:
            cost = self.mechanism.quote(self.chain.clock.now, data, label, who)
        except Revert:
            return
        if cost < self.mechanism.lowest_quote:
            raise self.broken(f"quotes {cost}, below lowest_quote {self.mechanism.lowest_quote}", "Lower lowest_quote")
        if cost:
            yield Transaction(who, "trainer", method, arguments, cost - 1)
        self.quoted = cost
        yield Transaction(who, "trainer", method, arguments, cost + int(self.rng.integers(0, 2)))

    def promises(self, who: Address, data: Data, label: int, salt: bytes) -> Iterator[Transaction]:
        """What nobody may add, for want of a commitment of their own that is old enough; then the wait for it."""
        other = next(name for name in PEOPLE if name != who)
        reveal = Transaction(who, "trainer", "reveal_data", (data, label, salt), ETHER)
        yield from (reveal._replace(method="add_data", arguments=(data, label)), reveal)
        yield Transaction(who, "trainer", "commit_data", (self.mechanism.commitment(who, data, label, salt),))
        yield from (reveal, reveal._replace(sender=other))
        self.chain.clock.advance(self.chain.clock.now + max(_TO_REVEAL, self.mechanism.commitment_ages[0]))

    def stale_promise(self) -> Iterator[Transaction]:
        """What is revealed too late."""
        who, arguments = PEOPLE[0], (Data([0]), 1, self.rng.bytes(SALT_BYTES))
        yield Transaction(who, "trainer", "commit_data", (self.mechanism.commitment(who, *arguments),))
        self.chain.clock.advance(self.chain.clock.now + self.mechanism.commitment_ages[1] + 1)
        yield Transaction(who, "trainer", "reveal_data", arguments, ETHER)

    def claims(self) -> Iterator[Transaction]:
        """Everyone tries one contribution, often at the edge of a window, and again when the model was turned round."""
        records, now = self.records, self.chain.clock.now
        record = int(self.rng.integers(max(0, len(records) - 5), len(records)))
        data, label, windows = records.data[record], records.label[record], self.mechanism.windows
        if windows is not None and self.rng.random() < 0.7:
            last = windows.expired if windows.expired < NEVER else windows.mature
            edge = (windows.mature, windows.mature + windows.grace, last)[self.rng.integers(3)]
            edge += int(self.rng.integers(-1, 2)) + records.added_time[record]
            self.chain.clock.advance(max(now, edge))
        yield from self.claims_of(record)
        who = PEOPLE[self.rng.integers(len(PEOPLE))]
        for turned in (1 - label, label):
            yield from self.addition(who, data, turned)
            yield from self.claims_of(record)

    def claims_of(self, record: int, *first: Address) -> Iterator[Transaction]:
        """Everyone claims a contribution, in any order but for who comes first."""
        records = self.records
        key = (records.data[record], records.label[record], records.added_time[record])
        author = records.author[record]
        for who in (*first, *self.rng.permutation(PEOPLE).tolist()):
            if who == author:
                yield Transaction(who, "trainer", "refund", key)
            yield Transaction(who, "trainer", "report", (*key, author))

    def sample(self) -> Data:
        return Data(self.rng.integers(0, _FEATURES, size=int(self.rng.integers(0, 3))))

    def send(self, transaction: Transaction) -> None:
        """Try, undo, look; then execute, and look again."""
        chain, method = self.chain, transaction.method
        claim = self.referee.look(transaction)
        offered, promise = (None, None) if claim and claim.takes else self.promise(transaction)
        before, escrow = self.state(), self.trainer.escrow()
        try:
            chain.estimate_gas(transaction)
            if self.state() != before:
                raise self.broken(
                    f"{method} that is undone leaves a trace in {self.difference(before)}",
                    "Keep state in cells of the journal (Value, Map, Column) and write through their methods",
                )
            receipt = chain.execute(transaction)
        except ConfigError:
            raise
        except Exception as error:
            raise self.broken(f"{method} raises {error!r}", "Refuse with Revert; pay no less than 0") from error
        if not receipt.ok:
            if self.state() != before:
                raise self.broken(f"{method} that is refused leaves a trace in {self.difference(before)}", "Use cells")
        else:
            self.seen.add(method)
        if fault := self.referee.judge(claim, receipt):
            raise self.broken(*fault)
        self.check_promise(receipt, offered, promise)
        kept = self.trainer.escrow() - escrow
        more = self.mechanism.keeps_surplus and kept == transaction.value
        if method in ADDITIONS and receipt.ok and kept != self.quoted and not more:
            raise self.broken(f"quoted {self.quoted} wei and kept {kept}", "Keep what was quoted, no less")
        if self.mechanism.liabilities() != self.trainer.escrow():
            raise self.broken(
                f"owes {self.mechanism.liabilities()} wei after {method} and holds {self.trainer.escrow()}",
                "Let liabilities follow every amount kept and paid",
            )
        if sum(chain.ledger.balances.values()) != chain.ledger.minted:
            raise self.broken(f"{method} made or lost money", "Leave transfers to the trainer")

    def promise(self, transaction: Transaction) -> tuple[bool | None, int | None]:
        """What the views say of a claim within its windows, with the model as it is now.

        Whether it will be accepted, and what it will pay; None where they do not say.
        """
        windows, method = self.mechanism.windows, transaction.method
        if method not in ("refund", "report"):
            return None, None
        data, label, added, *author = transaction.arguments
        record = self.records.by_key[data.key, label, added, author[0] if author else transaction.sender]
        if windows is None:
            reward = self.mechanism.report_reward(record, transaction.sender)
            collects = method == "refund" and self.mechanism.collectable(transaction.sender, self.chain.clock.now)
            return (True, reward) if collects else (None, None)
        mature = windows.mature + (windows.grace if method == "report" else 0)
        if not mature <= self.chain.clock.now - added < windows.expired:
            return None, None
        verdict, sender = self.mechanism.verdict, transaction.sender
        agrees = verdict(record) if verdict else self.model.predict_one(data.features) == label
        if method == "refund":
            offered = self.mechanism.may_refund(record, sender)
            return (offered, self.records.claimable[record] * offered) if agrees else (None, 0)
        if agrees:
            return None, 0
        allowed = self.mechanism.may_report(record, sender)
        return None if allowed else False, self.mechanism.report_reward(record, sender)

    def check_promise(self, receipt: Receipt, offered: bool | None, promise: int | None) -> None:
        """The views told the truth."""
        method, fix = receipt.transaction.method, "Let the views follow the rules of on_refund and on_report"
        if promise and not receipt.ok:
            raise self.broken(f"{method} was promised {promise} wei and refused: {receipt.reason!r}", fix)
        if promise is not None and receipt.ok and receipt.result != promise:
            raise self.broken(f"{method} was promised {promise} wei and paid {receipt.result}", fix)
        if offered and not receipt.ok:
            raise self.broken(f"{method} was promised and refused: {receipt.reason!r}", fix)
        if offered is False and receipt.ok:
            raise self.broken(f"{method} was not offered and accepted", fix)

    def check_views(self) -> None:
        """Looking changes nothing."""
        before, mechanism = self.state(), self.mechanism
        for record in range(max(0, len(self.records) - 3), len(self.records)):
            for who in PEOPLE:
                mechanism.may_refund(record, who)
                mechanism.report_reward(record, who)
                mechanism.standing(who)
        mechanism.total_standing()
        mechanism.liabilities()
        try:
            mechanism.quote(self.chain.clock.now, self.sample(), 1)
        except Revert:
            pass
        if self.state() != before:
            raise self.broken(f"a view changes {self.difference(before)}", "Let only the on_ hooks write")

    def state(self) -> dict[str, Any]:
        """All attributes of the mechanism, cells and others, and the records; money is compared elsewhere."""
        skip = ("chain", "journal", "records", "schedule", "meter", "methods", "address")
        own = {name: _plain(value) for name, value in vars(self.mechanism).items() if name not in skip}
        return own | {"the records": [list(column) for column in self.records._table.columns]}

    def difference(self, before: dict[str, Any]) -> str:
        now = self.state()
        return ", ".join(name for name in {**before, **now} if before.get(name) != now.get(name))

    def broken(self, found: str, fix: str) -> ConfigError:
        name = getattr(self.mechanism, "kind", "") or type(self.mechanism).__name__
        return ConfigError(f"Mechanism {name!r}: {found}. {fix}.")


def _plain(value: Any) -> Any:
    """A copy that can be compared later: cells and collections by content, other objects by their attributes."""
    if isinstance(value, int | str | None):
        return value
    if isinstance(value, dict):
        return [(key, _plain(item)) for key, item in value.items()]
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, _NOT_ITS_OWN) or callable(value):
        return None
    slots = getattr(type(value), "__slots__", ())
    names = [*vars(value)] if hasattr(value, "__dict__") else [slots] if isinstance(slots, str) else [*slots]
    if names and not isinstance(value, Column):
        return [(name, _plain(getattr(value, name, None))) for name in names if name != "_undo"]
    return value
