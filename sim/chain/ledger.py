"""Balances in wei and the one door that moves them.

Burned fees and tips to block proposers lie in two accounts of their own, so that
``sum(balances) == minted`` holds after every transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sim.chain.journal import MISSING, Journal, Value
from sim.errors import Revert
from sim.units import Wei

Address = str

BURNED: Address = "<burned>"
PROPOSER: Address = "<proposer>"


class Ledger:
    """All money there is. ``balances`` maps an address to wei, to read only; an unknown address has none.

    It notes its own writes in the journal, since nothing is written more often.
    """

    def __init__(self, journal: Journal) -> None:
        self._balances: dict[Address, Wei] = {}
        self.balances: Mapping[Address, Wei] = MappingProxyType(self._balances)
        self._undo = journal.undo
        self._minted: Value[Wei] = Value(journal, 0)

    @property
    def minted(self) -> Wei:
        """All wei ever created."""
        return self._minted.value

    def balance(self, address: Address) -> Wei:
        """Wei held by an address."""
        return self._balances.get(address, 0)

    def mint(self, address: Address, amount: Wei) -> None:
        """Create money, before an economy starts. ``amount`` is 0 or more wei."""
        if amount < 0:
            raise ValueError(f"cannot mint {amount} wei: an amount is 0 or more")
        before = self._balances.get(address, MISSING)
        self._undo.append((self, address, before, address, before))
        self._balances[address] = amount if before is MISSING else before + amount
        self._minted.set(self._minted.value + amount)

    def transfer(self, source: Address, target: Address, amount: Wei) -> None:
        """Move wei; the only way money moves. Raises `Revert` when the source has too little."""
        balances = self._balances
        available = balances.get(source, 0)
        if amount < 0:
            raise ValueError(f"cannot transfer {amount} wei: an amount is 0 or more")
        if available < amount:
            raise Revert("insufficient balance")
        if source == target or not amount:
            return
        received = balances.get(target, MISSING)
        self._undo.append((self, source, available, target, received))  # one note for both writes
        balances[source] = available - amount
        balances[target] = amount if received is MISSING else received + amount

    def take_back(self, source: Address, available: Wei, target: Address, received: Wei) -> None:
        """Undo a transfer, or what was minted."""
        for address, before in ((source, available), (target, received)):
            if before is MISSING:
                self._balances.pop(address, None)  # absent if the fault struck between the note and the write
            else:
                self._balances[address] = before
