"""The records of contributions and who claimed what.

A contribution is known to its contract by the key (data, label, time added, author) and inside the simulator by its
number. Its numbers lie in journalled columns, one list for each field.
"""

from __future__ import annotations

from typing import ClassVar

from sim.chain.chain import Chain
from sim.chain.gas import SlotWrites
from sim.chain.journal import MISSING, Column, Map, Table
from sim.chain.ledger import Address
from sim.chain.transaction import Call
from sim.contracts.base import HANDLER_REFUSED, TRANSFER_REFUSED, Contract
from sim.contracts.charges import RecordCharges
from sim.errors import Revert
from sim.features import Data
from sim.units import Gas, Seconds, Wei

Record = int
Key = tuple[bytes, int, Seconds, Address]


class DataHandler(Contract):
    """All contributions of one trainer, by record number.

    Columns: ``data`` (`Data`), ``label``, ``added_time`` (s), ``author``, ``deposit`` (wei at first), ``claimable``
    (wei left), ``claims`` (successful refunds and reports). ``claimed`` holds (record, address) of every claim.
    """

    for_owner: ClassVar[dict[str, tuple[Gas, Gas]]] = {
        "handle_add_data": HANDLER_REFUSED,
        "handle_refund": HANDLER_REFUSED,
        "handle_report": HANDLER_REFUSED,
        "update_claimable_amount": (437, 0),
        "transfer_ownership": TRANSFER_REFUSED,
    }

    def __init__(self, chain: Chain, address: Address) -> None:
        super().__init__(chain, address)
        table = Table(self.journal, 7)
        self._table = table
        self.data: Column[Data]
        self.label: Column[int]
        self.added_time: Column[Seconds]
        self.author: Column[Address]
        self.deposit: Column[Wei]
        self.claimable: Column[Wei]
        self.claims: Column[int]
        (self.data, self.label, self.added_time, self.author, self.deposit, self.claimable, self.claims) = table.columns
        self.by_key: Map[Key, Record] = Map(self.journal)
        self.claimed: Map[tuple[Record, Address], bool] = Map(self.journal)
        self._gas = RecordCharges(self.schedule)

    def __len__(self) -> int:
        return len(self.data)

    def add(self, call: Call, data: Data, label: int, deposit: Wei, overwrite: bool, gas: Gas) -> Record:
        """Store a contribution and return its number, at ``gas`` more than that takes.

        A key that exists is refused, unless ``overwrite`` is set and nothing of it is left to claim: then its numbers
        start anew, while the claims made on it stay known.
        """
        # CHECKS, GAS
        sender, _, now = call
        key = (data.key, label, now, sender)
        record, look = self.by_key.get(key), self._gas.look(data.size)
        if record is not None:
            return self._overwrite(record, deposit, overwrite, look, gas)
        self.meter.charge(look + self._gas.store[deposit > 0, label > 0] + gas)
        # EFFECTS
        record = self._table.append(data, label, now, sender, deposit, deposit, 0)
        self.by_key[key] = record
        return record

    def _overwrite(self, record: Record, deposit: Wei, allowed: bool, look: Gas, gas: Gas) -> Record:
        """Start a contribution anew of which nothing is left."""
        # CHECKS, GAS
        self.meter.charge(look + self._gas.spent)
        if not (allowed and self.claimable[record] == 0):
            self.meter.charge(self._gas.conflict)
            raise Revert("Conflicting data key. The data may have already been added.")
        self.meter.charge(self._gas.overwrite + gas)
        writes = SlotWrites()
        for before, after in ((self.deposit[record], deposit), (0, deposit), (self.claims[record], 0)):
            writes.slot((before,), (after,))
        writes.charge(self.meter)
        # EFFECTS
        self.deposit[record] = self.claimable[record] = deposit
        self.claims[record] = 0
        return record

    def find(
        self,
        data: Data,
        label: int,
        added_time: Seconds,
        author: Address,
        claimant: Address,
        refund: bool,
        gas: tuple[Gas, Gas],
    ) -> Record:
        """The number of a contribution, at the gas of noting a refund, or a report, by ``claimant``, and ``gas`` more:
        what it took until here, and what it takes from here on.

        Reverts when there is none with this key.
        """
        until_here, from_here = gas
        record = self.by_key.get((data.key, label, added_time, author))
        if record is None:
            self.meter.charge(until_here)
            raise Revert("Data not found.")
        claim = self.claims[record] == 0, (record, claimant) not in self.claimed, refund and self.claimable[record] > 0
        self.meter.charge(until_here + from_here + self._gas.found[refund][claim])
        return record

    def take(self, record: Record, reporter: Address, amount: Wei, gas: Gas) -> None:
        """`claim` for a reporter: what is left is written down only now, at ``gas`` more than that takes."""
        self.meter.charge(self._gas.take[amount > 0] + gas)
        self.claim(record, reporter, amount)

    def claim(self, record: Record, claimant: Address, amount: Wei) -> None:
        """Note that ``claimant`` takes ``amount`` wei of what is left of a contribution; finding it paid the gas."""
        # GAS
        before, claims, claim = self.claimable[record], self.claims[record], (record, claimant)
        new = claim not in self.claimed
        if before == amount and amount:
            self.meter.refund_cleared(1)
        # EFFECTS
        self.journal.undo.append((self, claim, new, before, claims))  # one note for all three writes
        list.__setitem__(self.claimable, record, before - amount)
        list.__setitem__(self.claims, record, claims + 1)
        if new:
            dict.__setitem__(self.claimed, claim, True)

    def take_back(self, claim: tuple[Record, Address], new: bool, claimable: Wei, claims: int) -> None:
        """Undo a claim, for the journal."""
        record = claim[0]
        self.claimable.take_back(record, claimable)
        self.claims.take_back(record, claims)
        if new:
            self.claimed.take_back(claim, MISSING)
