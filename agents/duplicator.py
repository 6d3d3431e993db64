"""The duplicator: copies what others have submitted, and is refunded when they are."""

from __future__ import annotations

from typing import Any, ClassVar

from agents.base import Participant, Traits
from agents.labels import check_at_least
from sim.contracts.data_handler import Record
from sim.data.stream import Sample
from sim.features import Data
from sim.view import View


class Duplicator(Participant):
    """Submits the newest contribution of an author with standing once more, data and label, under its own address.

    Names: free-rider, copycat. It finds no data and labels none, so its effort is nil; it is refunded with the original
    and earns the same standing for it, by which the shares of all others shrink. Until somebody has standing it waits,
    and what it copied itself it does not copy again.

    ==============  =======  ==========================================================================================
    parameter       default  meaning
    ==============  =======  ==========================================================================================
    least_standing  1        the standing an author must have to be copied, 0 or more
    look_back       50       how many of the newest contributions it looks at, 1 or more
    ==============  =======  ==========================================================================================
    """

    kind: ClassVar[str] = "duplicator"
    traits: ClassVar[Traits] = Traits(adversarial=True, sees_log=True)

    def __init__(self, *args: Any, least_standing: int = 1, look_back: int = 50, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        check_at_least("least_standing", least_standing, 0)
        check_at_least("look_back", look_back, 1)
        self.least_standing, self.look_back = least_standing, look_back
        self._original: tuple[Data, int] | None = None
        self._looked_from: Record = 0

    def participates(self, view: View) -> bool:
        """When there is something new to copy."""
        self._original = None
        log = view.log
        for record in reversed(log[max(self._looked_from, len(log) - self.look_back) :]):
            found = view.contribution(record)
            if found.author != self.address and view.standing_of(found.author) >= self.least_standing:
                self._original, self._looked_from = (found.data, found.label), record + 1
                break
        return self._original is not None

    def choose(self, view: View, sample: Sample) -> tuple[Data, int]:
        """The copy."""
        return self._original or super().choose(view, sample)

    def choose_label(self, sample: Sample) -> int:
        """The true label, which is not sent: without an original it does not take part."""
        return sample.label
