"""The front-runner: reads what waits for the next block, and comes before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from agents.base import Participant, Traits
from agents.labels import check_at_least
from sim.chain.transaction import Transaction
from sim.data.stream import Sample
from sim.features import Data
from sim.units import Wei
from sim.view import Pending, View

_CONTESTED = frozenset({"add_data", "report"})


class FrontRunner(Participant):
    """Copies an addition that waits in the mempool and outbids it, and outbids whoever reports or takes a deposit.

    Names: front-runner, searcher (Eskandari, Moosavi & Clark 2019; Daian et al. 2020, Flash Boys 2.0). It finds no data
    and labels none: of the additions of others that wait it submits the oldest under its own address, with a tip above
    all of theirs. Its copy pays the price before the jump; the original comes after it, finds a price that it did not
    send, and is refused. Its reports and its claims of expired deposits bear the same tip, so that rewards that go to
    the first are its own. A tip is worth it as long as a claim pays more than its fee.

    It needs ``chain.ordering = "tip"`` (or ``"adversarial"``, where the builder favours it), and has to wake up between
    the victim and the block: often, or where blocks are far apart. Where nothing waits it adds nothing. Under
    ``commit_reveal`` what waits was promised to others by hash: it comes too late.

    =========  =======  ===============================================================================================
    parameter  default  meaning
    =========  =======  ===============================================================================================
    most_tip   None     wei per gas that it tips at most, 0 or more; None: whatever it takes
    =========  =======  ===============================================================================================
    """

    kind: ClassVar[str] = "front_runner"
    traits: ClassVar[Traits] = Traits(adversarial=True, sees_mempool=True)

    def __init__(self, *args: Any, most_tip: Wei | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if most_tip is not None:
            check_at_least("most_tip", most_tip, 0)
        self.most_tip = most_tip
        self._victim: Transaction | None = None

    def act(self, view: View) -> Sequence[Transaction]:
        """The copy of an addition that waits, if it pays; what it tips here it tips for its claims too."""
        others = [
            pending
            for pending in view.mempool
            if pending.transaction.method in _CONTESTED and pending.transaction.sender != self.address
        ]
        self.tip = self._bid(others)
        self._victim = self._first_addition(view, others)
        return super().act(view)

    def participates(self, view: View) -> bool:
        """When there is somebody to come before."""
        return self._victim is not None

    def choose(self, view: View, sample: Sample) -> tuple[Data, int]:
        """The victim's data and label."""
        if self._victim is None:
            return super().choose(view, sample)
        data, label = self._victim.arguments
        return data, label

    def choose_label(self, sample: Sample) -> int:
        """The true label, which is not sent: without a victim it does not take part."""
        return sample.label

    def beliefs(self) -> dict[str, float | str]:
        """What it tips for a unit of gas."""
        return {"tip for gas, wei": float(self.tip)}

    def _bid(self, others: list[Pending]) -> Wei:
        """A tip above all that it competes with."""
        bid = max([self.settings.tip, *(pending.transaction.tip + 1 for pending in others)])
        return bid if self.most_tip is None else min(bid, self.most_tip)

    def _first_addition(self, view: View, others: list[Pending]) -> Transaction | None:
        """The oldest addition of another; none while one of its own waits, behind which a second would be dear."""
        mine = {pending.transaction.method for pending in view.mempool if pending.transaction.sender == self.address}
        if "add_data" in mine:
            return None
        return next((pending.transaction for pending in others if pending.transaction.method == "add_data"), None)
