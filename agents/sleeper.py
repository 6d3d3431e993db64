"""The sleeper: earns standing honestly, then turns the model against others and takes their deposits."""

from __future__ import annotations

from typing import Any, ClassVar

from agents.base import Participant, Traits
from agents.labels import check_at_least, check_share, next_class
from sim.chain.transaction import ADDITIONS, Receipt
from sim.contracts.data_handler import Record
from sim.data.stream import Sample
from sim.features import Data
from sim.view import View


class Sleeper(Participant):
    r"""Labels truthfully until it has standing, then submits what others did under wrong labels, and reports them.

    Names: on-off attack, sleeper agent. Its lies are copies of the newest contributions of others that still have a
    deposit, under the next class; where there are none, the sample on offer. After ``lies`` of them it sleeps until
    its standing has grown by ``standing`` again. With honest contributions at rate λ and predictions that stay flipped
    for a time T it finds :math:`M = λT` deposits exposed, whatever the refund window: a younger contribution cannot
    be reported, an older one has been refunded.

    =========  =======  ===============================================================================================
    parameter  default  meaning
    =========  =======  ===============================================================================================
    standing   20       the standing it earns before it wakes, 1 or more
    share      0.0      the share of all standing it must have as well, 0 to 1
    lies       50       how many wrong labels it then submits, 1 or more
    look_back  100      how many of the newest contributions it looks at for victims, 1 or more
    =========  =======  ===============================================================================================
    """

    kind: ClassVar[str] = "sleeper"
    traits: ClassVar[Traits] = Traits(adversarial=True, adaptive=True, sees_log=True)

    def __init__(
        self, *args: Any, standing: int = 20, share: float = 0.0, lies: int = 50, look_back: int = 100, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        check_share("share", share)
        for field, number in (("standing", standing), ("lies", lies), ("look_back", look_back)):
            check_at_least(field, number, 1)
        self.standing_wanted, self.share_wanted, self.lies, self.look_back = standing, share, lies, look_back
        self.lies_left = 0
        """Above 0 while it is awake."""
        self._attacked: set[Record] = set()
        self._victim: Record | None = None
        self._standing_before = 0

    def choose(self, view: View, sample: Sample) -> tuple[Data, int]:
        """The sample on offer while asleep; awake, a victim's data under a wrong label."""
        if not self.lies_left and self._wakes(view):
            self.lies_left = self.lies
        self._victim = self._next_victim(view) if self.lies_left else None
        if self._victim is None:
            return super().choose(view, sample)
        found = view.contribution(self._victim)
        return found.data, next_class(found.label, sample.n_classes)

    def choose_label(self, sample: Sample) -> int:
        """The true label while asleep, the next class while awake."""
        return next_class(sample.label, sample.n_classes) if self.lies_left else sample.label

    def on_receipt(self, receipt: Receipt) -> None:
        """Count the lies that were accepted."""
        if self.lies_left and receipt.ok and receipt.transaction.method in ADDITIONS:
            self.lies_left -= 1
            if self._victim is not None:
                self._attacked.add(self._victim)

    def beliefs(self) -> dict[str, float | str]:
        """Whether it is awake."""
        return {"awake": "yes" if self.lies_left else "no", "lies left": self.lies_left}

    def _wakes(self, view: View) -> bool:
        """Whether it has gained standing enough since it last woke up."""
        own = view.standing
        if own - self._standing_before < self.standing_wanted or own < self.share_wanted * view.total_standing:
            return False
        self._standing_before = own
        self._attacked.clear()
        return True

    def _next_victim(self, view: View) -> Record | None:
        """The newest contribution of somebody else that has a deposit and was not attacked yet."""
        for record in reversed(view.log[-self.look_back :]):
            if record in self._attacked or not view.claimable(record):
                continue
            if view.contribution(record).author != self.address:
                return record
        return None
