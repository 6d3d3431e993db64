"""What a participant can see: public facts of the chain, its own wallet, and the sample on offer."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from sim.chain.ledger import Address
from sim.chain.transaction import Transaction
from sim.contracts.claims import ClaimsIndex
from sim.contracts.data_handler import Record
from sim.contracts.incentive import Errand
from sim.contracts.parts import Part
from sim.contracts.trainer import CollaborativeTrainer
from sim.data.stream import DataStream, Sample
from sim.errors import ConfigError, Revert
from sim.features import Data
from sim.recorder import Recorder
from sim.units import Gas, Seconds, Wei


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a participant looks at beside its own affairs, the sample on offer and the published accuracy."""

    sees_log: bool = False
    """The log of contributions: who submitted what, at which deposit, and what became of it."""
    sees_model: bool = False
    """The model's answers between the publications of its accuracy."""
    sees_mempool: bool = False
    """Transactions that wait for their block."""


EVERYTHING = Sight(sees_log=True, sees_model=True, sees_mempool=True)


_new = tuple.__new__  # makes a named tuple without the detour through its own __new__, on the hot path only


class Contribution(NamedTuple):
    """A line of the public log: an accepted contribution as it was submitted, ``deposit`` in wei, ``time`` in s."""

    author: Address
    data: Data
    label: int
    deposit: Wei
    time: Seconds


class Pending(NamedTuple):
    """A transaction that was sent at a time, in s, and waits for its block."""

    transaction: Transaction
    sent: Seconds


class View:
    """The world as one address sees it now; nothing here changes anything.

    What can be claimed (`refundable`, `disputed`, `expired`, `owned`) is brought up to the present whenever claims are
    asked for; before that it is as at the last wake-up of anybody.

    Behaviours read a view and build transactions with it; they hold no reference to chain or contracts. The log, the
    model and the mempool are open to behaviours that say in their traits that they look there; to others asking for
    them is a `ConfigError`.
    """

    __slots__ = (
        "_chain", "_claims", "_clock", "_ledger", "_mechanism", "_recorder", "_records", "_sight", "_stream",
        "_trainer", "address", "ageless", "must_commit",
    )  # fmt: skip

    def __init__(
        self,
        trainer: CollaborativeTrainer,
        claims: ClaimsIndex,
        stream: DataStream,
        recorder: Recorder,
        address: Address,
        sight: Sight = EVERYTHING,
    ) -> None:
        self.address = address
        self._sight = sight
        self._chain = trainer.chain
        self._clock = trainer.chain.clock
        self._ledger = trainer.chain.ledger
        self._trainer = trainer
        self._records = trainer.records
        self._mechanism = trainer.mechanism
        self._claims = claims
        self._stream = stream
        self._recorder = recorder
        self.ageless = trainer.mechanism.windows is None
        """Whether contributions are claimed when the mechanism says so, not by their age."""
        self.must_commit = trainer.mechanism.must_commit
        """Whether a contribution must be committed to, and is then revealed."""

    @property
    def now(self) -> Seconds:
        """The time of the block that a transaction sent now will be in."""
        return self._clock.now

    @property
    def sample(self) -> Sample | None:
        """The sample on offer, with its true label; None when there are no more, or when none are taken now."""
        return self._stream.current if self._mechanism.takes_contributions else None

    @property
    def balance(self) -> Wei:
        """Own wei."""
        return self._ledger.balances.get(self.address, 0)

    @property
    def accuracy(self) -> float:
        """The model's accuracy on the test set as last published, in [0, 1]."""
        return self._recorder.published_accuracy

    @property
    def standing(self) -> int:
        """Own verified contributions."""
        return self._mechanism.standing(self.address)

    @property
    def total_standing(self) -> int:
        """Verified contributions of everyone."""
        return self._mechanism.total_standing()

    @property
    def gas_price(self) -> Wei:
        """Wei a unit of gas costs now."""
        fees = self._chain.fees
        return fees.base_fee + fees.tip

    @property
    def gas_limit(self) -> Gas:
        """Gas of a block; a call that needs as much as this is never included."""
        return self._chain.gas_limit

    def quote(self, data: Data, label: int) -> Wei | None:
        """What adding this contribution would cost now; None when it cannot be added at this moment."""
        try:
            return self._mechanism.quote(self._clock.now, data, label, self.address)
        except Revert:
            return None

    def predict(self, data: Data) -> int:
        """The model's answer now (a free view call); see `Sight.sees_model`."""
        self._require(self._sight.sees_model, "the model", "sees_model")
        return self._trainer.model.predict_one(data.features)

    def probability(self, data: Data, label: int) -> Fraction | None:
        """How probable the model thinks a label is now, from 0 to 1; see `Sight.sees_model`.

        None where the model does not say (`Classifier.says_probabilities`).
        """
        self._require(self._sight.sees_model, "the model", "sees_model")
        model = self._trainer.model
        return model.probability(data.features, label) if model.says_probabilities else None

    @property
    def log(self) -> range:
        """The numbers of all accepted contributions, oldest first; see `Sight.sees_log`.

        A range is cut without a copy: ``view.log[-10:]`` are the last ten, ``view.log[seen:]`` those from ``seen`` on.
        """
        self._require(self._sight.sees_log, "the public log", "sees_log")
        return range(len(self._records))

    def contribution(self, record: Record) -> Contribution:
        """What the public log says of a contribution; see `Sight.sees_log`."""
        self._require(self._sight.sees_log, "the public log", "sees_log")
        records = self._records
        return Contribution(
            records.author[record], records.data[record], records.label[record], records.deposit[record],
            records.added_time[record],
        )  # fmt: skip

    def age(self, record: Record) -> Seconds:
        """Seconds since a contribution of the public log was added; see `Sight.sees_log`."""
        return self.now - self.contribution(record).time

    def claimable(self, record: Record) -> Wei:
        """What is left now of the deposit of a contribution, in wei; see `Sight.sees_log`."""
        self._require(self._sight.sees_log, "the public log", "sees_log")
        return self._records.claimable[record]

    def standing_of(self, address: Address) -> int:
        """Verified contributions of anyone; see `Sight.sees_log`."""
        self._require(self._sight.sees_log, "the public log", "sees_log")
        return self._mechanism.standing(address)

    @property
    def mempool(self) -> tuple[Pending, ...]:
        """Transactions known here that wait for their block, oldest first; see `Sight.sees_mempool`.

        Without a mempool every transaction is in its block at once, and this is empty.
        """
        self._require(self._sight.sees_mempool, "the mempool", "sees_mempool")
        return ()

    def refundable(self) -> list[Record]:
        """Own mature contributions that a refund would succeed for now, oldest first."""
        if self.ageless:
            return self._mechanism.collectable(self.address, self.now)
        mine = self._claims.own.get(self.address)
        if not mine:
            return []
        agreed = mine & self._claims.agreed  # looks at the fewer of both
        if not agreed:
            return []
        may, address = self._mechanism.may_refund, self.address
        return sorted([record for record in agreed if may(record, address)])

    @property
    def disputes_logged(self) -> int:
        """How many entries the disputes log has."""
        return len(self._claims.disputes)

    @property
    def anything_late(self) -> bool:
        """Whether there may be something in `expired` or `owned`."""
        claims = self._claims
        return bool(claims.expired or claims.owned or self.ageless)

    def disputed(self, start: int, most: int | None = None) -> tuple[list[Record], int]:
        """Entries of the disputes log from ``start`` on (the newest ``most`` of them), and where to go on next time.

        What a bounded look passes over is not looked at later: what is old was open to others for long. Of the entries
        only contributions that the model still disagrees with and that this address may report (given
        standing) are returned, oldest entry first.
        """
        log, mature, agreed = self._claims.disputes, self._claims.mature, self._claims.agreed
        end = len(log)
        if start == end:
            return [], end
        if most is not None:
            start = max(start, end - most)
        may, address = self._mechanism.may_report, self.address
        new = dict.fromkeys(log[start:end])  # a prediction may have flipped to and fro
        return [record for record in new if record in mature and record not in agreed and may(record, address)], end

    def expired(self) -> list[Record]:
        """Contributions of whose deposit anyone may take what is left."""
        return self._mechanism.uncollected(self.now) if self.ageless else list(self._claims.expired)

    def owned(self) -> list[Record]:
        """Contributions of whose deposit the owner may take what is left; none for anybody else."""
        return list(self._claims.owned) if self.address == self._mechanism.owner else []

    def report_reward(self, record: Record) -> Wei:
        """What reporting a disputed contribution would pay oneself now; 0 when it would be refused."""
        return self._mechanism.report_reward(record, self.address)

    def add(self, data: Data, label: int, value: Wei) -> Transaction:
        """A transaction that submits a sample with a deposit."""
        return _new(Transaction, (self.address, self._trainer.address, "add_data", (data, label), value, 0, -1, 0))

    def commit(self, data: Data, label: int, salt: bytes) -> Transaction:
        """A transaction that commits to a contribution, with a random salt of 32 bytes that nobody else knows."""
        return self.act("commit_data", self._mechanism.commitment(self.address, data, label, salt))

    def reveal(self, data: Data, label: int, salt: bytes, value: Wei) -> Transaction:
        """A transaction that submits, with a deposit, what was committed to."""
        return self.act("reveal_data", data, label, salt, value=value)

    def committed(self, commitment: bytes) -> Seconds | None:
        """When an own commitment was made; `REVEALED` once it is revealed, None where there is none."""
        return self._mechanism.committed(self.address, commitment)

    @property
    def commitment_ages(self) -> tuple[Seconds, Seconds]:
        """The least and the most age at which a commitment is revealed, in seconds."""
        return self._mechanism.commitment_ages

    def refund(self, record: Record) -> Transaction:
        """A transaction that takes back an own deposit."""
        records = self._records
        arguments = (records.data[record], records.label[record], records.added_time[record])
        return _new(Transaction, (self.address, self._trainer.address, "refund", arguments, 0, 0, -1, 0))

    def report(self, record: Record) -> Transaction:
        """A transaction that takes (a share of) somebody's deposit."""
        records = self._records
        arguments = (
            records.data[record], records.label[record], records.added_time[record], records.author[record],
        )  # fmt: skip
        return _new(Transaction, (self.address, self._trainer.address, "report", arguments, 0, 0, -1, 0))

    def ask(self, data: Data, value: Wei) -> Transaction:
        """A transaction that asks the model for a prediction, and pays for it."""
        return Transaction(self.address, self._trainer.address, "predict", (data,), value)

    def reward_of(self, claim: Transaction) -> Wei:
        """What a refund or report built by this view would pay if it succeeded now."""
        data, label, added_time, *author = claim.arguments
        owner = author[0] if author else self.address
        record = self._records.by_key[(data.key, label, added_time, owner)]
        if self.ageless:
            return self._mechanism.report_reward(record, self.address)
        if claim.method == "refund" or record in self._claims.expired or record in self.owned():
            return self._records.claimable[record]
        return self.report_reward(record)

    def seal(self, part: Part) -> bytes:
        """What to commit to a part of a test set with."""
        return self._mechanism.seal(part)

    def errand(self) -> Errand | None:
        """What oneself could usefully send now beside contributions and claims; see `act`."""
        return self._mechanism.errand(self.address, self.now)

    def act(self, method: str, *arguments: Any, value: Wei = 0) -> Transaction:
        """A transaction that calls one of the mechanism's own methods."""
        return Transaction(self.address, self._trainer.address, method, arguments, value)

    def with_gas(self, transaction: Transaction) -> tuple[Transaction, Wei]:
        """The transaction with a gas limit that is just enough, and the most it can cost in fees, in wei.

        Where gas is free, and there is no tip, nothing is estimated: the limit stays the chain's own.
        """
        price = self.gas_price + transaction.tip
        if not price:
            return transaction, 0
        limit = self._chain.estimate_gas(transaction)
        return transaction._replace(gas_limit=limit), limit * price

    def _require(self, allowed: bool, what: str, trait: str) -> None:
        if not allowed:
            raise ConfigError(
                f"{self.address} looks at {what}, which its behaviour does not say it does. Declare {trait} = True in "
                f"its traits."
            )
