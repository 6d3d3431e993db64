"""Coalitions: addresses that act as one, agree off the chain, and may share a budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.base import Participant
from sim.chain.ledger import Address
from sim.chain.transaction import Transaction
from sim.units import Seconds, Wei
from sim.view import View


class Coalition:
    """What members of a coalition tell each other.

    Attributes
    ----------
    name : in results, and the key of what the members draw together
    members : their addresses
    in_need : members who could not pay for a contribution, and the wei they had
    active_until : the second at which a burst that all members take part in is over
    notes : whatever else a behaviour keeps in common
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.members: set[Address] = set()
        self.in_need: dict[Address, Wei] = {}
        self.active_until: Seconds = 0
        self.notes: dict[str, Any] = {}


class Member(Participant):
    """A participant in a coalition. ``coalition`` is the same object for all members; without it, it is alone.

    A behaviour whose class is derived from this one is given the coalition that its group's table names, or one of all
    addresses of its group.
    """

    def __init__(self, *args: Any, coalition: Coalition | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.coalition = coalition or Coalition(self.group)
        self.coalition.members.add(self.address)
        self._turned_down = 0

    def share_budget(self, view: View) -> Sequence[Transaction]:
        """Ask for money if the wallet was too small for a contribution; else send a needier member half the difference.

        Only one who has less than half as much is sent anything. Where stakes are counted by what is sent
        (`View.ageless`) money stays where it is.
        """
        in_need, own = self.coalition.in_need, view.balance
        turned_down, self._turned_down = self._turned_down, self.statement.rejected_wallet
        if self._turned_down > turned_down:
            in_need[self.address] = own
            return ()
        in_need.pop(self.address, None)
        other = next((address for address, theirs in in_need.items() if 2 * theirs < own), None)
        if other is None or view.ageless:
            return ()
        amount = (own - in_need.pop(other)) // 2
        return self._affordable(view, Transaction(self.address, other, "", value=amount))
