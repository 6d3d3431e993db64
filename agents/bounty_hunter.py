"""The bounty hunter: contributes just enough to be allowed to report, and lives on the wrong data of others."""

from __future__ import annotations

from typing import Any, ClassVar

from agents.base import Participant, Traits
from agents.labels import check_at_least
from sim.data.stream import Sample
from sim.units import Wei
from sim.view import View


class BountyHunter(Participant):
    """Submits true labels until it has standing, one at a time, and from then on only claims.

    Names: reporter, watchdog. A useful policing of others' data; but a report pays by standing, of which it has little.

    ========  =======  ================================================================================================
    parameter  default  meaning
    ========  =======  ================================================================================================
    standing  1        the standing after which it submits nothing more, 1 or more
    ========  =======  ================================================================================================
    """

    kind: ClassVar[str] = "bounty_hunter"
    traits: ClassVar[Traits] = Traits(adversarial=False, adaptive=True)

    def __init__(self, *args: Any, standing: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        check_at_least("standing", standing, 1)
        self.standing_wanted = standing
        self.has_enough = False

    def participates(self, view: View) -> bool:
        """While it lacks standing, and no earlier contribution may still bring it."""
        self.has_enough = view.standing >= self.standing_wanted
        return not self.has_enough and not self.statement.locked

    def choose_label(self, sample: Sample) -> int:
        """The true label."""
        return sample.label

    def can_add(self, lowest_quote: Wei, balance: Wei) -> bool:
        """Not while it has standing enough."""
        return not self.has_enough and super().can_add(lowest_quote, balance)
