"""The creator: owns the contract, and collects what is left of deposits before anyone else may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from agents.base import Participant, Traits
from sim.chain.transaction import Transaction
from sim.data.stream import Sample
from sim.units import Wei
from sim.view import View


class Creator(Participant):
    """Submits nothing; claims what the contract's owner may, and like anyone what has expired.

    Names: owner, contract creator. ``mechanism.owner`` must name its address, and ``mechanism.owner_claim_after`` be
    below ``any_claim_after``, for an earlier claim; otherwise it is one of many who take expired deposits. It earns
    what nobody reports and no author gets back, so it likes a model that is wrong and contributors who are asleep. It
    has no parameters of its own.
    """

    kind: ClassVar[str] = "creator"
    traits: ClassVar[Traits] = Traits(adversarial=False, contributes=False, reports=False)

    def act(self, view: View) -> Sequence[Transaction]:
        """Nothing."""
        return ()

    def choose_label(self, sample: Sample) -> int:
        """The true label, should anyone ask."""
        return sample.label

    def can_add(self, lowest_quote: Wei, balance: Wei) -> bool:
        """Never."""
        return False
