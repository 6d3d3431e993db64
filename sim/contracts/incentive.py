"""The interface of incentive mechanisms: when money is taken, kept and paid.

A mechanism is asked by the trainer at each call. It decides and keeps its own books; it never moves money itself: the
trainer transfers what a hook returns. To add one, subclass `IncentiveMechanism` in a file of ``mechanisms/`` and list
it in ``mechanisms.MECHANISMS``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from sim.chain.chain import Chain
from sim.chain.ledger import Address
from sim.chain.transaction import Call, Transaction
from sim.contracts.base import HANDLER_REFUSED, TRANSFER_REFUSED, Contract
from sim.contracts.data_handler import DataHandler, Record
from sim.contracts.parts import Part
from sim.errors import Revert
from sim.features import Data
from sim.models.base import Classifier
from sim.units import Gas, Seconds, Wei

Predict = Callable[[Record], int]
"""The model's answer for a contribution now. Asking charges gas, so a hook asks only when it needs to know."""


NEVER: Seconds = 2**62
"""An age that no contribution reaches."""

REVEALED: Seconds = -1
"""Stands for the time of a commitment that was revealed."""


@dataclass(frozen=True, slots=True)
class ClaimWindows:
    """When a contribution can be claimed, in seconds of age.

    From ``mature`` on its author may be refunded if the model agrees with it and others may report it if the model
    disagrees, for ``grace`` seconds only the former; from ``expired`` on (`NEVER`: at no age) anyone may take what is
    left, from ``owner`` on (None: never) the owner alone.
    """

    mature: Seconds
    expired: Seconds = NEVER
    owner: Seconds | None = None
    grace: Seconds = 0


class Payment(NamedTuple):
    """Wei for an address."""

    target: Address
    amount: Wei


Action = Callable[..., list[Payment]]
"""A method of a mechanism that the trainer lends its address to: of a call and more; it answers who is to be paid."""


class Errand(NamedTuple):
    """One of a mechanism's `actions` that gets things going, and a number that whoever sends it needs."""

    method: str
    number: int = 0


class IncentiveMechanism(Contract):
    """Base of all mechanisms. Hooks refuse by raising `Revert`; what they wrote until then is undone."""

    kind: str
    """The word for this mechanism in a config."""

    overwrites_spent_records = False
    """Whether a contribution of which nothing is left may be added again under the same key."""

    keeps_surplus = False
    """Whether a contribution may be sent with more than its quote, all of which is kept."""

    learns_at_once: ClassVar[bool] = True
    """Whether the model learns a contribution when it is added; else the mechanism has it learn when it sees fit."""

    verdict: Callable[[Record], bool] | None = None
    """Where it is settled for good when a contribution matures whether the model agrees with it: the answer, from then
    on (a free view). None: claims go by what the model says at the time."""

    burns: bool = False
    """Whether an accepted report may burn a part of the deposit; see `burned`."""

    must_commit: bool = False
    """Whether a contribution is revealed by whoever committed to it before, and cannot be added otherwise."""

    awards_points: ClassVar[bool] = False
    """Whether standing is points, which nobody is paid for but somebody may like to have."""

    for_owner: ClassVar[dict[str, tuple[Gas, Gas]]] = {
        "handle_add_data": HANDLER_REFUSED,
        "handle_refund": HANDLER_REFUSED,
        "handle_report": HANDLER_REFUSED,
        "transfer_ownership": TRANSFER_REFUSED,
    }

    def __init__(self, chain: Chain, address: Address, data_handler: DataHandler) -> None:
        super().__init__(chain, address)
        self.records = data_handler
        self.actions: dict[str, Action] = {}
        """What can be called beside the trainer's own four methods, at the trainer, by name."""
        self.paid_actions: frozenset[str] = frozenset()
        """Which of these take value."""

    def attach(self, model: Classifier) -> None:
        """The model this mechanism is about, told once, before anything else."""

    @property
    def takes_contributions(self) -> bool:
        """Whether contributions are taken now (a free view)."""
        return True

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen any more (a free view)."""
        return False

    @property
    @abstractmethod
    def windows(self) -> ClaimWindows | None:
        """When contributions can be claimed; None when they never can."""

    @property
    @abstractmethod
    def lowest_quote(self) -> Wei:
        """No contribution will ever cost less than this, in wei."""

    @abstractmethod
    def quote(self, now: Seconds, data: Data, label: int, sender: Address = "") -> Wei:
        """What adding this contribution now would cost, in wei (a free view). Reverts when it cannot be added now.

        Where that depends on who adds it, no ``sender`` stands for somebody new.
        """

    @abstractmethod
    def on_add(self, call: Call, data: Data, label: int) -> Wei:
        """Accept a contribution: the wei to keep of ``call.value``; the rest goes back to the sender."""

    @abstractmethod
    def on_refund(self, call: Call, record: Record, predict: Predict) -> Wei:
        """Pay an author: the wei to send to ``call.sender``."""

    @abstractmethod
    def on_report(self, call: Call, record: Record, predict: Predict) -> Wei:
        """Pay a reporter, or whoever takes an expired deposit: the wei to send to ``call.sender``."""

    @property
    def burned(self) -> Wei:
        """What the report just accepted burns of the deposit, in wei; it is no longer among the `liabilities`."""
        return 0

    # Where a contribution must be committed to: free views, and the hook.

    commitment_ages: tuple[Seconds, Seconds] = (0, 0)
    """The least and the most age of a commitment that is revealed, in seconds."""

    def commitment(self, sender: Address, data: Data, label: int, salt: bytes) -> bytes:
        """What ``sender`` commits to this contribution with; nothing where nothing must be committed to."""
        return b""

    def committed(self, sender: Address, commitment: bytes) -> Seconds | None:
        """When ``sender`` made a commitment; `REVEALED` once it is revealed, None where there is none."""
        return None

    def on_reveal(self, call: Call, data: Data, label: int, salt: bytes) -> None:
        """Accept that ``call.sender`` adds what it committed to, in this very call; refused where nothing can be."""
        raise Revert

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

    def is_open(self, record: Record) -> bool:
        """Whether anything may still be claimed of a contribution (a free view): while money of it is left."""
        return self.records.claimable[record] > 0

    def may_refund(self, record: Record, author: Address) -> bool:
        """Whether a mature contribution can still be refunded should the model agree with it (a free view)."""
        return False

    def may_report(self, record: Record, reporter: Address) -> bool:
        """Whether this address may still report a mature, disputed contribution, given standing (a free view)."""
        return False

    def report_reward(self, record: Record, reporter: Address) -> Wei:
        """What a report of a mature, disputed contribution would pay now, in wei; 0 when refused (a free view)."""
        return 0

    # For mechanisms without windows, whose contributions no age opens: free views, asked at every wake-up.

    def collectable(self, address: Address, now: Seconds) -> list[Record]:
        """Own contributions a refund of which would pay this address now."""
        return []

    def due(self, address: Address) -> Wei:
        """What this address could collect, once that is settled."""
        return 0

    def uncollected(self, now: Seconds) -> list[Record]:
        """Contributions a report of which would pay anyone now."""
        return []

    def errand(self, address: Address, now: Seconds) -> Errand | None:
        """What this address could usefully send now beside contributions and claims."""
        return None

    def seal(self, part: Part) -> bytes:
        """What a provider commits to a part of a test set with, see `sim.contracts.parts`."""
        return part.commitment

    def rehearsal(
        self, provider: Address, to: Address, samples: Sequence[tuple[Data, int]]
    ) -> tuple[Iterator[Transaction], Iterator[Transaction]]:
        """For checks: what ``provider`` sends ``to`` a trainer until contributions are taken, and after them until they
        can be claimed, with these samples as its secret. By default nothing."""
        return iter(()), iter(())
