"""What the economy needs of a participant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sim.chain.ledger import Address
from sim.chain.transaction import Receipt, Transaction
from sim.features import Data
from sim.statement import Statement
from sim.units import Seconds, Wei
from sim.view import Sight, View


class Actor(Protocol):
    """Whoever wakes up, looks, sends and claims; `agents.base.Participant` is the base to build on."""

    name: str
    group: str
    address: Address
    statement: Statement
    balance_at_start: Wei

    @property
    def traits(self) -> Sight:
        """What it may look at."""

    @property
    def committed_to(self) -> Data | None:
        """The data that it committed to last and has not revealed; None if there are none."""

    def first_gap(self) -> Seconds:
        """Seconds from the start to the first wake-up."""

    def next_gap(self) -> Seconds:
        """Seconds to the next wake-up, at least 1."""

    def act(self, view: View) -> Sequence[Transaction]:
        """What to add now, if anything."""

    def claims(self, view: View) -> Sequence[Transaction]:
        """What to claim now, if anything."""

    def on_receipt(self, receipt: Receipt) -> None:
        """What became of a transaction it sent."""

    def can_add(self, lowest_quote: Wei, balance: Wei) -> bool:
        """Whether it could ever add a contribution again with this balance."""

    def takes_expired(self) -> bool:
        """Whether it would take expired deposits."""

    def beliefs(self) -> Mapping[str, float | str]:
        """What it believes about the world, for display; the name of an amount of money ends in ``, wei``."""

    def utility(self) -> float:
        """Wei that what it has done is worth to it beside money."""
