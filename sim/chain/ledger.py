"""Balances in wei and the one door that moves them.

Burned fees and tips to block proposers lie in two accounts of their own, so that
``sum(balances) == minted`` holds after every transaction.
"""

from __future__ import annotations

from sim.chain.journal import MISSING, Journal, Map, Value
from sim.errors import Revert
from sim.units import Wei

Address = str

BURNED: Address = "<burned>"
PROPOSER: Address = "<proposer>"


class Ledger:
    """All money there is. ``balances`` maps an address to wei; an unknown address has none."""

    def __init__(self, journal: Journal) -> None:
        self.balances: Map[Address, Wei] = Map(journal)
        self._undo = journal.undo
        self._minted: Value[Wei] = Value(journal, 0)

    @property
    def minted(self) -> Wei:
        """All wei ever created."""
        return self._minted.value

    def balance(self, address: Address) -> Wei:
        """Wei held by an address."""
        return self.balances.get(address, 0)

    def mint(self, address: Address, amount: Wei) -> None:
        """Create money, before an economy starts. ``amount`` is 0 or more wei."""
        if amount < 0:
            raise ValueError(f"cannot mint {amount} wei: an amount is 0 or more")
        self.balances[address] = self.balance(address) + amount
        self._minted.set(self._minted.value + amount)

    def transfer(self, source: Address, target: Address, amount: Wei) -> None:
        """Move wei; the only way money moves. Raises `Revert` when the source has too little."""
        balances, undo = self.balances, self._undo
        available = balances.get(source, 0)
        if amount < 0:
            raise ValueError(f"cannot transfer {amount} wei: an amount is 0 or more")
        if available < amount:
            raise Revert("insufficient balance")
        if source == target:
            return
        received = balances.get(target, MISSING)
        undo.append((self, source, available, target, received))  # both writes in one note, as this is done most often
        dict.__setitem__(balances, source, available - amount)
        dict.__setitem__(balances, target, amount if received is MISSING else received + amount)

    def take_back(self, source: Address, available: Wei, target: Address, received: Wei) -> None:
        """Undo a transfer."""
        self.balances.take_back(source, available)
        self.balances.take_back(target, received)
