"""The interface of incentive mechanisms: when money is taken, kept and paid.

A mechanism is asked by the trainer at each call. It decides and keeps its own books; it never moves money itself: the
trainer transfers what a hook returns. To add one, subclass `IncentiveMechanism` in a file of ``mechanisms/`` and list
it in ``mechanisms.MECHANISMS``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from sim.chain.chain import Chain
from sim.chain.ledger import Address
from sim.chain.transaction import Call
from sim.contracts.base import Contract
from sim.contracts.data_handler import DataHandler, Record
from sim.features import Data
from sim.units import Seconds, Wei

Predict = Callable[[Record], int]
"""The model's answer for a contribution now. Asking charges gas, so a hook asks only when it needs to know."""


@dataclass(frozen=True, slots=True)
class ClaimWindows:
    """When a contribution can be claimed, in seconds of age.

    From ``mature`` on its author may be refunded if the model agrees with it and others may report it if the model
    disagrees; from ``expired`` on anyone may take what is left, from ``owner`` on (None: never) the owner alone.
    """

    mature: Seconds
    expired: Seconds
    owner: Seconds | None = None


class Payment(NamedTuple):
    """Wei for an address."""

    target: Address
    amount: Wei


class IncentiveMechanism(Contract):
    """Base of all mechanisms. Hooks refuse by raising `Revert`; what they wrote until then is undone."""

    kind: str
    """The word for this mechanism in a config."""

    overwrites_spent_records = False
    """Whether a contribution of which nothing is left may be added again under the same key."""

    def __init__(self, chain: Chain, address: Address, data_handler: DataHandler) -> None:
        super().__init__(chain, address)
        self.records = data_handler

    @property
    @abstractmethod
    def windows(self) -> ClaimWindows | None:
        """When contributions can be claimed; None when they never can."""

    @property
    @abstractmethod
    def lowest_quote(self) -> Wei:
        """No contribution will ever cost less than this, in wei."""

    @abstractmethod
    def quote(self, now: Seconds, data: Data, label: int) -> Wei:
        """What adding this contribution now would cost, in wei (a free view). Reverts when it cannot be added now."""

    @abstractmethod
    def on_add(self, call: Call, data: Data, label: int) -> Wei:
        """Accept a contribution: the wei to keep of ``call.value``; the rest goes back to the sender."""

    @abstractmethod
    def on_refund(self, call: Call, record: Record, predict: Predict) -> Wei:
        """Pay an author: the wei to send to ``call.sender``."""

    @abstractmethod
    def on_report(self, call: Call, record: Record, predict: Predict) -> Wei:
        """Pay a reporter, or whoever takes an expired deposit: the wei to send to ``call.sender``."""

    @abstractmethod
    def on_predict_payment(self, call: Call) -> list[Payment]:
        """Share ``call.value`` out among contributors; what the payments leave over goes back to the sender."""

    @abstractmethod
    def liabilities(self) -> Wei:
        """Wei owed to contributors now: always equal to what the trainer holds in escrow."""

    owner: Address = ""
    """The address with the earlier claim; none by default."""

    def standing(self, address: Address) -> int:
        """Verified contributions of an address."""
        return 0

    def total_standing(self) -> int:
        """Verified contributions of all addresses."""
        return 0

    def may_refund(self, record: Record, author: Address) -> bool:
        """Whether a mature contribution can still be refunded should the model agree with it (a free view)."""
        return False

    def may_report(self, record: Record, reporter: Address) -> bool:
        """Whether this address may still report a mature, disputed contribution, given standing (a free view)."""
        return False

    def report_reward(self, record: Record, reporter: Address) -> Wei:
        """What a report of a mature, disputed contribution would pay now, in wei; 0 when refused (a free view)."""
        return 0
