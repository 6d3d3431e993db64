r"""Refund rules under which the model gives a verdict at set ages, once and for all: ``snapshot_at_t``, ``majority``.

Under ``retry`` and ``one_shot`` the model is asked when somebody claims, at a moment of the claimant's choosing. Here
it is asked when a contribution comes to the age of t, t + g, …, t + (m - 1) g seconds, whoever watches:

* ``snapshot_at_t``: once, at t (m = 1);
* ``majority``: m times, m odd (``checks``, g = ``check_gap``).

The model *at an age* is the one that has learnt every contribution added before that second, and none of those in it
or after it (at age 0: the model that has just learnt the contribution). The verdict is for the author if it agreed with
the label more than m/2 times, and against otherwise. It is known at age t + (m - 1) g, and only from then on anything
is claimed: the author is refunded, or the others report, whatever the model says later. So nobody gains by waiting for
a better moment or by turning the model for an hour.

If the model errs on a contribution with probability q at each check, independently, the majority of m errs with
probability :math:`\sum_{j > m/2} \binom{m}{j} q^j (1-q)^{m-j}` (Condorcet 1785): 0.104 for q = 0.2 and m = 3. Checks of
a model that hardly moves between them are not independent, and then m checks say as much as one; g should be of the
order of the time in which predictions flip.

On a chain somebody must make the check when its time has come. Here each addition pays for the m checks of its own
sample in advance, at today's gas of a prediction, and they are made before the first model update that comes after
they are due, which is the same as making them in time. A model that refuses to answer does not agree.

=================  ==========  =========================================================
parameter          default     meaning
=================  ==========  =========================================================
refund_window      1 day       t
checks             3           m of ``majority``
check_gap          1 day       g of ``majority``, seconds
=================  ==========  =========================================================
"""

from __future__ import annotations

from mechanisms.deposit_parameters import Parameters
from sim.chain.gas import Meter
from sim.chain.journal import Journal, Map, Value
from sim.contracts.data_handler import DataHandler, Record
from sim.errors import ExceptionalHalt, Revert
from sim.features import Data
from sim.models.base import Classifier
from sim.units import Seconds


class Verdicts:
    """See the module's text. Windows are the same for all, so contributions come to an age in the order of adding."""

    def __init__(self, p: Parameters, journal: Journal, meter: Meter, records: DataHandler) -> None:
        self._records, self.meter = records, meter
        self._checks = p.number_of_checks
        self._ages = [p.refund_window + number * p.check_gap for number in range(self._checks)]
        self._next: list[Value[Record]] = [Value(journal, 0) for _ in self._ages]
        """For each age the first contribution that has not been checked at it."""
        self._votes: Map[Record, int] = Map(journal)
        """How many checks agreed, where one did."""
        schedule = meter.schedule
        self._gas = schedule.stores(set_=1) + (self._checks - 1) * schedule.stores(reset=1)
        self.gas_to_ask = schedule.loads(1)

    def attach(self, model: Classifier) -> None:
        """The model that is asked."""
        self._model = model

    def charge(self, data: Data) -> None:
        """Pay in advance for the checks of a sample that is being added."""
        for _ in range(self._checks):
            self._model.predict_on_chain(data.features)
        self.meter.charge(self._gas)

    def check(self, now: Seconds) -> None:
        """Make every check that is due, before the model learns anything more."""
        times, votes = self._records.added_time, self._votes
        for age, place in zip(self._ages, self._next, strict=True):
            first = record = place.value
            while record < len(times) and times[record] + age <= now:
                if self._agrees(record):
                    votes[record] = votes.get(record, 0) + 1
                record += 1
            if record > first:
                place.set(record)

    def of(self, record: Record) -> bool:
        """Whether the verdict on a mature contribution is for its author (a free view).

        Checks that are due and not made yet find the model as it is now: it has learnt nothing since they were due.
        """
        votes = self._votes.get(record, 0)
        waiting = sum(place.value <= record for place in self._next)
        if waiting and self._agrees(record):
            votes += waiting
        return 2 * votes > self._checks

    def _agrees(self, record: Record) -> bool:
        records = self._records
        try:
            return self._model.predict_one(records.data[record].features) == records.label[record]
        except (Revert, ExceptionalHalt):
            return False
