"""The records of contributions and who claimed what.

A contribution is known to its contract by the key (data, label, time added, author) and inside the simulator by its
number. Its numbers lie in journalled columns, one list for each field.
"""

from __future__ import annotations

from sim.chain.chain import Chain
from sim.chain.journal import MISSING, Column, Map, Table
from sim.chain.ledger import Address
from sim.chain.transaction import Call
from sim.contracts.base import Contract
from sim.errors import Revert
from sim.features import Data
from sim.units import Seconds, Wei

Record = int
Key = tuple[bytes, int, Seconds, Address]

# Gas beside storage, per call and per feature, from gas measured on the contract (see docs/gas.md).
_ADD_OVERHEAD, _ADD_FEATURE_OVERHEAD = 5_987, 405
_FIND_OVERHEAD, _FIND_FEATURE_OVERHEAD = 5_812, 330


class DataHandler(Contract):
    """All contributions of one trainer, by record number.

    Columns: ``data`` (`Data`), ``label``, ``added_time`` (s), ``author``, ``deposit`` (wei at first), ``claimable``
    (wei left), ``claims`` (successful refunds and reports). ``claimed`` holds (record, address) of every claim.
    """

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
        schedule = self.schedule
        self._gas_add = schedule.loads(3, 1) + schedule.stores(set_=2, noop=1, cold=2) + _ADD_OVERHEAD
        self._gas_add_money = (schedule.stores(set_=2, cold=2), schedule.stores(noop=2, cold=2))
        self._gas_label = (schedule.stores(noop=1), schedule.stores(set_=1))
        # by (first claim of the record, first claim of this address on it)
        self._gas_claim = {
            (first, new): schedule.stores(set_=first + new, reset=1 + (not first), noop=int(not new))
            for first in (False, True)
            for new in (False, True)
        }

    def __len__(self) -> int:
        return len(self.data)

    def add(self, call: Call, data: Data, label: int, deposit: Wei, overwrite: bool) -> Record:
        """Store a contribution and return its number.

        A key that exists is refused, unless ``overwrite`` is set and nothing of it is left to claim: then its numbers
        start anew, while the claims made on it stay known.
        """
        # CHECKS
        key = (data.key, label, call.now, call.sender)
        record = self.by_key.get(key)
        if record is not None and not (overwrite and self.claimable[record] == 0):
            raise Revert("Conflicting data key. The data may have already been added.")
        # GAS
        self.meter.charge(
            self._gas_add
            + self._gas_add_money[deposit == 0]
            + self._gas_label[label > 0]
            + _ADD_FEATURE_OVERHEAD * len(data.features)
        )
        # EFFECTS
        if record is None:
            record = self._table.append(data, label, call.now, call.sender, deposit, deposit, 0)
            self.by_key[key] = record
        else:
            self.deposit[record] = self.claimable[record] = deposit
            self.claims[record] = 0
        return record

    def find(self, data: Data, label: int, added_time: Seconds, author: Address) -> Record:
        """The number of a contribution. Reverts when there is none with this key."""
        self.meter.charge(_FIND_OVERHEAD + _FIND_FEATURE_OVERHEAD * len(data.features))
        record = self.by_key.get((data.key, label, added_time, author))
        if record is None:
            raise Revert("Data not found.")
        return record

    def claim(self, record: Record, claimant: Address, amount: Wei) -> None:
        """Note that ``claimant`` takes ``amount`` wei of what is left of a contribution."""
        # GAS
        before, claims, claim = self.claimable[record], self.claims[record], (record, claimant)
        new = claim not in self.claimed
        self.meter.charge(self._gas_claim[claims == 0, new])
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
