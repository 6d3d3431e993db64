"""What a participant can see: public facts of the chain, its own wallet, and the sample on offer."""

from __future__ import annotations

from typing import Any

from sim.chain.ledger import Address
from sim.chain.transaction import Transaction
from sim.contracts.claims import ClaimsIndex
from sim.contracts.data_handler import Record
from sim.contracts.incentive import Errand
from sim.contracts.trainer import CollaborativeTrainer
from sim.data.stream import DataStream, Sample
from sim.errors import Revert
from sim.features import Data
from sim.recorder import Recorder
from sim.units import Gas, Seconds, Wei


class View:
    """The world as one address sees it now; nothing here changes anything.

    What can be claimed (`refundable`, `disputed`, `expired`, `owned`) is brought up to the present whenever claims are
    asked for; before that it is as at the last wake-up of anybody.

    Behaviours read a view and build transactions with it; they hold no reference to chain or contracts.
    """

    __slots__ = (
        "_chain", "_claims", "_clock", "_ledger", "_mechanism", "_recorder", "_records", "_stream", "_trainer",
        "address", "ageless",
    )  # fmt: skip

    def __init__(
        self,
        trainer: CollaborativeTrainer,
        claims: ClaimsIndex,
        stream: DataStream,
        recorder: Recorder,
        address: Address,
    ) -> None:
        self.address = address
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
            return self._mechanism.quote(self._clock.now, data, label)
        except Revert:
            return None

    def predict(self, data: Data) -> int:
        """The model's answer now (a free view call)."""
        return self._trainer.model.predict_one(data.features)

    def refundable(self) -> list[Record]:
        """Own mature contributions that a refund would succeed for now, oldest first."""
        if self.ageless:
            return self._mechanism.collectable(self.address, self.now)
        mine = self._claims.refundable.get(self.address)
        if not mine:
            return []
        may, address = self._mechanism.may_refund, self.address
        return sorted([record for record in mine if may(record, address)])

    def disputed(self, start: int, most: int | None = None) -> tuple[list[Record], int]:
        """Entries of the disputes log from ``start`` on (at most ``most``), and where to go on next time.

        Of these only contributions that the model still disagrees with and that this address may report (given
        standing) are returned, oldest entry first.
        """
        log, agreeing = self._claims.disputes, self._claims.agreeing
        end = len(log) if most is None else min(len(log), start + most)
        if start == end:
            return [], end
        may, address = self._mechanism.may_report, self.address
        new = dict.fromkeys(log[start:end])  # a prediction may have flipped to and fro
        return [record for record in new if agreeing.get(record) is False and may(record, address)], end

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
        return _transaction(self.address, self._trainer.address, "add_data", (data, label), value)

    def refund(self, record: Record) -> Transaction:
        """A transaction that takes back an own deposit."""
        records = self._records
        arguments = (records.data[record], records.label[record], records.added_time[record])
        return _transaction(self.address, self._trainer.address, "refund", arguments)

    def report(self, record: Record) -> Transaction:
        """A transaction that takes (a share of) somebody's deposit."""
        records = self._records
        arguments = (
            records.data[record], records.label[record], records.added_time[record], records.author[record],
        )  # fmt: skip
        return _transaction(self.address, self._trainer.address, "report", arguments)

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

    def errand(self) -> Errand | None:
        """What oneself could usefully send now beside contributions and claims; see `act`."""
        return self._mechanism.errand(self.address, self.now)

    def act(self, method: str, *arguments: Any, value: Wei = 0) -> Transaction:
        """A transaction that calls one of the mechanism's own methods."""
        return _transaction(self.address, self._trainer.address, method, arguments, value)

    def with_gas(self, transaction: Transaction) -> tuple[Transaction, Wei]:
        """The transaction with a gas limit that is just enough, and the most it can cost in fees, in wei.

        Where gas is free nothing is estimated: the limit stays the chain's own.
        """
        price = self.gas_price
        if not price:
            return transaction, 0
        limit = self._chain.estimate_gas(transaction)
        return transaction._replace(gas_limit=limit), limit * price


def _transaction(sender: Address, to: Address, method: str, arguments: tuple[Any, ...], value: Wei = 0) -> Transaction:
    """A `Transaction` with the chain's own gas limit and nonce, made without the detour through its ``__new__``."""
    return tuple.__new__(Transaction, (sender, to, method, arguments, value, 0, -1))
