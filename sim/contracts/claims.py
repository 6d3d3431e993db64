"""The index of open claims: who could be paid now, without asking every record at every turn.

The index knows a mechanism's windows and whether the model agrees with a contribution, nothing else. It looks at each
record when it matures, when a prediction flips, when a claim is made and when it expires: O(newly mature + flipped)
for a look, not O(pending). It follows committed state only.

* A record that is younger than the mature age waits in a queue: windows are the same for all, so records mature in
  the order in which they were added.
* A mature record is *watched*, and stands among its author's ``own``. Each time the model begins to disagree with it
  its number is appended to the ``disputes`` log, which every reporter reads at an own pace; if that is within the
  author's grace, only when that is over. Where a mechanism settles at maturity whether the model agrees
  (`IncentiveMechanism.verdict`), it is not watched.
* An expired record with money left stands in ``expired`` for anyone; where there is an owner with an earlier claim, it
  stands in ``owned`` before that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import takewhile

from sim.chain.ledger import Address
from sim.contracts.data_handler import Record
from sim.contracts.incentive import NEVER, ClaimWindows, IncentiveMechanism
from sim.models.watch import Watch
from sim.units import Seconds


class ClaimsIndex:
    """Open claims of one trainer.

    Attributes
    ----------
    mature : the open records that may be claimed by now
    agreed : those of them that the model agrees with
    own : for each author, those of them that it added
    disputes : every record, each time the model began to disagree with it while it was mature and open, or does so when
        its author's grace is over
    expired : records past the last window with money left
    owned : records past the owner's window, but not the last, with money left
    open : records of which anything may still be claimed, of whatever age
    """

    def __init__(self, mechanism: IncentiveMechanism, windows: ClaimWindows, watch: Watch) -> None:
        self.records = mechanism.records
        self.is_open: Callable[[Record], object] = mechanism.is_open
        if type(mechanism).is_open is IncentiveMechanism.is_open:
            self.is_open = mechanism.records.claimable.__getitem__  # the same rule, in C
        self.verdict = mechanism.verdict
        self.windows = windows
        self.watch = watch
        self.mature: set[Record] = set()
        self.agreed: set[Record] = set()
        self.own: dict[Address, set[Record]] = {}
        self.disputes: list[Record] = []
        self.expired: dict[Record, None] = {}
        self.owned: dict[Record, None] = {}
        self.open: set[Record] = set()
        self._maturing: deque[Record] = deque()
        self._expiring: deque[Record] = deque()
        self._owning: deque[Record] = deque()
        self._in_grace: dict[Record, None] = {}

    @property
    def open_records(self) -> int:
        """How many records are open."""
        return len(self.open)

    def note_added(self, record: Record) -> None:
        """A contribution was added, or one of the same second overwritten."""
        if self.is_open(record):
            self.open.add(record)
            self._maturing.append(record)
            if self.windows.expired < NEVER:
                self._expiring.append(record)
            if self.windows.owner is not None:
                self._owning.append(record)

    def note_claimed(self, record: Record) -> None:
        """Something of a contribution was claimed."""
        if not self.is_open(record):
            self.open.discard(record)
            if self.expired:
                self.expired.pop(record, None)
            self._forget(record)

    def look(self, now: Seconds) -> None:
        """Bring the index up to a time: what matured, what the model thinks otherwise now, what expired."""
        times = self.records.added_time
        due = now - self.windows.mature
        while self._maturing and times[self._maturing[0]] <= due:
            self._mature(self._maturing.popleft())
        if self.watch.moved:
            self._flip(*self.watch.refresh())
        if self._in_grace:
            self._end_grace(due - self.windows.grace)
        if self.windows.owner is not None:
            self._look_for_owner(now - self.windows.owner)
        due = now - self.windows.expired
        while self._expiring and times[self._expiring[0]] <= due:
            record = self._expiring.popleft()
            if record in self.open:
                self._forget(record)
                self.expired[record] = None

    def _mature(self, record: Record) -> None:
        records = self.records
        if record in self.open and record not in self.mature:
            if self.windows.grace:
                self._in_grace[record] = None
            if self.verdict is not None:
                agrees = self.verdict(record)
            else:
                agrees = self.watch.add(record, records.data[record].features, records.label[record])
            author = records.author[record]
            mine = self.own.get(author)
            if mine is None:
                self.own[author] = {record}
            else:
                mine.add(record)
            self.mature.add(record)
            if agrees:
                self.agreed.add(record)
            elif record not in self._in_grace:
                self.disputes.append(record)

    def _flip(self, won: Sequence[Record], lost: Sequence[Record]) -> None:
        """The model agrees with some records now, and disagrees with others."""
        self.agreed.update(won)
        self.agreed.difference_update(lost)
        in_grace = self._in_grace
        self.disputes += [record for record in lost if record not in in_grace] if in_grace else lost

    def _end_grace(self, due: Seconds) -> None:
        times = self.records.added_time
        over = list(takewhile(lambda record: times[record] <= due, self._in_grace))
        for record in over:
            del self._in_grace[record]
            if record in self.mature and record not in self.agreed:
                self.disputes.append(record)

    def _look_for_owner(self, due: Seconds) -> None:
        while self._owning and self.records.added_time[self._owning[0]] <= due:
            record = self._owning.popleft()
            if record in self.open:
                self.owned[record] = None

    def _forget(self, record: Record) -> None:
        if record in self.mature:
            self.mature.remove(record)
            self.agreed.discard(record)
            self.own[self.records.author[record]].remove(record)
        self.watch.discard(record)
        if self.owned:
            self.owned.pop(record, None)
