r"""``novelty``: what is unlike recent contributions costs more, or less.

The contract remembers the last M contributions. The distance of two samples is Jaccard's,
:math:`1 - |x \cap z| / |x \cup z|` of their sets of features (0 for two empty ones); the distance D(x) of a sample is
that to the k-th nearest of those remembered. With each one remembered stands its own D as it was when it came; the
percentile of x is the share of them whose D is below D(x). The deposit is the price times

.. math:: 1 + b\,\mathrm{pct}(x)

With b > 0 outliers pay up to 1 + b times the price, since they could be spam. With b < 0 what is new is up to |b|
cheaper, since it could be important, and copies, which are at distance 0 from what they copy once k of them stand
there, pay in full: the form against duplicators and repeaters. Until k contributions are remembered the multiple is 1.

==================  ==========  =========================================================
parameter           default     meaning
==================  ==========  =========================================================
novelty_weight      1           b, -1 to 100
novelty_neighbours  5           k, 1 or more
novelty_memory      100         M, k to 10,000
==================  ==========  =========================================================

Labels are not looked at. It needs a model of feature indices; vectors have no sets of features. The contract would read
all that it remembers at each addition, which is charged as storage and a little work; that is its price: take M small
where gas costs money.

Source: the two remarks at ``getNextAddDataCost`` of IncentiveMechanism.sol, microsoft/0xDeCA10B ("a higher deposit on
outlier data because it could be spam, or a lower one because it could be important unique data"); the distance to the
k-th neighbour as a score of outliers is that of Ramaswamy, Rastogi & Shim 2000.
"""

from __future__ import annotations

from fractions import Fraction

from mechanisms.deposit_parameters import Parameters
from mechanisms.deposits.multiple import Multiple
from sim.chain.gas import Meter
from sim.chain.journal import Journal, Map, Value
from sim.chain.ledger import Address
from sim.errors import ConfigError
from sim.features import Data
from sim.models.base import Classifier
from sim.units import Gas

_ONE = 10**6
"""Distances are whole millionths, downwards."""

_INDICES_A_SLOT = 4  # of 64 bits
_COMPARE: Gas = 60  # of an index with another set, assumed


class Novelty(Multiple):
    """See the module's text."""

    def __init__(self, p: Parameters, journal: Journal, meter: Meter) -> None:
        self._weight, self._nearest, self._most = p.novelty_weight, p.novelty_neighbours, p.novelty_memory
        self.least = min(Fraction(1), 1 + p.novelty_weight)
        self.meter = meter
        self._memory: Map[int, tuple[tuple[int, ...], int]] = Map(journal)
        """By place in a ring: the features of a contribution in rising order, and its own distance, in millionths."""
        self._seen: Value[int] = Value(journal, 0)

    def attach(self, model: Classifier) -> None:
        """It must read sets of features."""
        if model.reads_vectors:
            raise ConfigError(
                f"deposit_policy 'novelty' compares sets of features, and model {model.name!r} reads vectors. Choose a "
                f"sparse model, or another deposit_policy."
            )

    def of(self, data: Data, label: int, sender: Address) -> Fraction:
        """By the share of remembered contributions that were less novel."""
        memory = self._memory
        if len(memory) < self._nearest:
            return Fraction(1)
        mine = self._distance(_features(data))
        return 1 + self._weight * Fraction(sum(other < mine for _, other in memory.values()), len(memory))

    def charge(self, data: Data) -> None:
        """All that is remembered is read, and what was longest is written over."""
        schedule, size = self.meter.schedule, data.size
        known = sum(len(features) for features, _ in self._memory.values())
        slots = -(-known // _INDICES_A_SLOT) + len(self._memory)
        written = -(-size // _INDICES_A_SLOT) + 1
        stored = schedule.stores(reset=written) if len(self._memory) == self._most else schedule.stores(set_=written)
        self.meter.charge(schedule.loads(slots) + _COMPARE * (known + size) + stored)

    def note_added(self, data: Data, label: int, sender: Address) -> None:
        """It takes the place of the oldest one remembered."""
        features, seen = _features(data), self._seen.value
        self._memory[seen % self._most] = features, self._distance(features)
        self._seen.set(seen + 1)

    def _distance(self, features: tuple[int, ...]) -> int:
        """The distance to the k-th nearest remembered, in millionths; the greatest where there are fewer."""
        if len(self._memory) < self._nearest:
            return _ONE
        mine = set(features)
        distances = [_jaccard(mine, other) for other, _ in self._memory.values()]
        distances.sort()
        return distances[self._nearest - 1]


def _features(data: Data) -> tuple[int, ...]:
    return tuple(sorted(set(data.features.tolist())))


def _jaccard(mine: set[int], other: tuple[int, ...]) -> int:
    common = len(mine.intersection(other))
    either = len(mine) + len(other) - common
    return _ONE * (either - common) // either if either else 0
