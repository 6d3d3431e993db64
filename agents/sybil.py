"""The Sybil: one liar behind many addresses, who reports its own lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from agents.base import Traits
from agents.coalition import Member
from agents.labels import check_at_least, next_class
from sim.chain.transaction import Transaction
from sim.data.stream import Sample
from sim.features import Data
from sim.view import View


class Sybil(Member):
    r"""Earns standing with true labels at each of its addresses, and from then on submits wrong ones.

    Names: Sybil attack (Douceur 2002). Its addresses share one budget: for one that could not pay for a contribution
    the next one awake that has more than twice as much, and nothing to claim, has half the difference. They report each
    other's lies like anybody's: of a lost deposit d it recovers :math:`d\,n_s/N`, the share of its other addresses in
    all standing. As shares are linear in standing, more addresses recover no more than one with the standing of all.

    =========  =======  ===============================================================================================
    parameter  default  meaning
    =========  =======  ===============================================================================================
    standing   1        the standing that each address earns before it lies, 0 or more
    =========  =======  ===============================================================================================
    """

    kind: ClassVar[str] = "sybil"
    traits: ClassVar[Traits] = Traits(adversarial=True, adaptive=True, coordinated=True)

    def __init__(self, *args: Any, standing: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        check_at_least("standing", standing, 0)
        self.standing_wanted = standing
        self.lies = standing == 0

    def choose(self, view: View, sample: Sample) -> tuple[Data, int]:
        """The sample on offer, truthfully until there is standing."""
        self.lies = self.lies or view.standing >= self.standing_wanted
        return super().choose(view, sample)

    def choose_label(self, sample: Sample) -> int:
        """The true label at first, then the next class."""
        return next_class(sample.label, sample.n_classes) if self.lies else sample.label

    def claims(self, view: View) -> Sequence[Transaction]:
        """What anybody claims; when there is nothing, money for an address that needs it."""
        return super().claims(view) or self.share_budget(view)
