r"""The rewards of a prediction market: passes over the contributions, each one bought at the accuracy it brings.

One pass trains the model on one contribution after the other. A contribution's score is what accuracy it adds; scores
of an address are added up where contributions are grouped. At the end of a pass b wei of the bounty are spent at once:
everyone's balance moves by b times the score, the bounty left falls by b, whoever can no longer stake is dropped, and
the next pass begins with the others. A bounty of one unit is a **round**; with the score s as a share of the test set,
the balance B and the stake z (a unit for each contribution), all in units, k rounds are spent at once:

* ``unit``: until the first has too little for another round: k is the least :math:`\lfloor (B-z)/|s| \rfloor + 1`;
* ``to_zero``: until the first has nothing left: k is the least :math:`B/|s|`;
* ``reference``: until whoever has the *worst score* has nothing left. By then somebody else may have less than nothing,
  so that in `ExactRewards` it is never later than under ``to_zero``, which makes the two the same there.

Money is counted in parts: a wei has as many as the test set has rows, so that a score, which is a number of rows, times
wei is a whole number of parts. Nothing is rounded before the end.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from mechanisms.prediction_market_judge import Judge
from sim.chain.journal import Journal, Map, Value
from sim.chain.ledger import Address
from sim.contracts.data_handler import DataHandler, Record
from sim.contracts.incentive import Payment
from sim.contracts.parts import Sample
from sim.units import Wei

Key = Hashable
"""Whose score it is: an address where contributions are grouped, else the number of a contribution."""


class Progress(NamedTuple):
    """Contributions processed, rows counted how often, scores at the end of a pass (else 0), whether all is settled."""

    steps: int
    evaluations: int
    scores: int
    over: bool


class Rewards(ABC):
    """The passes of one market; accuracies are numbers of rows here, shares in `ReferenceRewards`.

    Parameters
    ----------
    journal : of the chain
    records : the contributions, in the order in which they count
    grouped, resets : the options group_contributions and reset_model_during_reward_phase
    unit, rule : size of a unit in wei; one of ``unit``, ``to_zero``, ``reference``
    """

    learns_again = False
    """Whether later passes train the model again though their accuracies are known."""

    keeps_accuracy = False
    """Whether a later pass begins with the accuracy the last one ended with, though the model was reset."""

    def __init__(
        self, journal: Journal, records: DataHandler, grouped: bool, resets: bool, unit: Wei, rule: str
    ) -> None:
        self.journal, self.records = journal, records
        self.grouped, self.resets, self.unit, self.rule = grouped, resets, unit, rule
        self.judge: Judge | None = None
        self.remaining: Value[tuple[Record, ...]] = Value(journal, ())
        """The contributions still in the market."""
        self.next: Value[int] = Value(journal, 0)
        """How many of them this pass has processed."""
        self.restarts: Value[bool] = Value(journal, True)
        """Whether the next contribution begins a pass."""
        self.test_set: Value[tuple[Sample, ...]] = Value(journal, ())
        self.initial: Value[Any] = Value(journal, None)
        self.accuracy: Value[Any] = Value(journal, None)
        """After the last contribution that was scored."""
        self.after: Map[Record, Any] = Map(journal)
        """Accuracy after each contribution, where it is measured once."""
        self.scores: Value[dict[Key, Any]] = Value(journal, {})
        """In the present pass, so far; a dictionary is replaced, never changed."""
        self.evaluations: Value[int] = Value(journal, 0)
        self.rounds: Value[tuple[tuple[Wei, int], ...]] = Value(journal, ())
        """For each pass, wei of the bounty spent and rows the model was right about at its end, less at its start."""

    def key(self, record: Record) -> Key:
        """Whose score a contribution counts for."""
        return self.records.author[record] if self.grouped else record

    def begin(self) -> None:
        """No contribution enters any more: they are processed in the order in which they came."""
        self.remaining.set(tuple(range(len(self.records))))

    def advance(self, most: int) -> Progress:
        """Process the next contributions, at most so many and not beyond the end of the pass."""
        assert self.judge is not None
        before = self.evaluations.value
        if self.restarts.value:
            self._begin_pass(self.judge)
        remaining, first = self.remaining.value, self.next.value
        end = min(first + most, len(remaining))
        self._score_all(remaining[first:end], self._accuracies(first, end))
        self.next.set(end)
        ends, scored = end == len(remaining), len(self.scores.value)
        over = ends and self._end_pass()
        return Progress(end - first, self.evaluations.value - before, scored if ends else 0, over)

    def _begin_pass(self, judge: Judge) -> None:
        if self.resets:
            judge.restart()
        if self.initial.value is None:
            self.initial.set(self._measure())
            self.accuracy.set(self.initial.value)
        elif not (self.resets and self.keeps_accuracy):
            self.accuracy.set(self.initial.value)
        self.next.set(0)
        self.scores.set({})
        self.restarts.set(False)

    def _accuracies(self, first: int, end: int) -> list[Any]:
        """Teach the next contributions of the pass; accuracies after those that end a score, else None."""
        remaining = self.remaining.value
        ends = self._ends(remaining, first, end)
        known = not self.resets and first < end and remaining[first] in self.after
        if known and not self.learns_again:
            rows: Sequence[Any] = ends
        else:
            measured = ends if self.resets else [not known] * len(ends)
            rows = self._teach(remaining, first, measured)
        if self.resets:
            return [None if right is None else self._accuracy(right) for right in rows]
        if not known:
            for record, right in zip(remaining[first:end], rows, strict=True):
                self.after[record] = self._accuracy(right)
        return [self.after[record] if score else None for record, score in zip(remaining[first:end], ends, strict=True)]

    def _teach(self, remaining: tuple[Record, ...], first: int, measured: list[bool]) -> list[int | None]:
        assert self.judge is not None
        anew = self.resets or not self.rounds.value
        self.evaluations.set(self.evaluations.value + sum(measured))
        return self.judge.teach(self.records, remaining, first, measured, self.test_set.value, anew)

    def _ends(self, remaining: tuple[Record, ...], first: int, end: int) -> list[bool]:
        """Whether each of these contributions is the last, or the last before somebody else's."""
        if not self.grouped:
            return [True] * (end - first)
        keys = [self.key(record) for record in remaining[first : end + 1]]
        return [later >= len(keys) or keys[later] != keys[later - 1] for later in range(1, end - first + 1)]

    def _score_all(self, records: Sequence[Record], accuracies: Sequence[Any]) -> None:
        scores = dict(self.scores.value)
        before, score = self.accuracy.value, self._score
        keys: Iterable[Key] = map(self.key, records) if self.grouped else records
        for key, accuracy in zip(keys, accuracies, strict=True):
            if accuracy is not None:
                score(scores, key, accuracy - before)
                before = accuracy
        self.scores.set(scores)
        self.accuracy.set(before)

    def _score(self, scores: dict[Key, Any], key: Key, gain: Any) -> None:
        scores[key] = scores.get(key, 0) + gain

    def _accuracy(self, right: Any) -> Any:
        """What is kept of a number of rows."""
        return right

    def _measure(self) -> Any:
        assert self.judge is not None
        self.evaluations.set(self.evaluations.value + 1)
        return self._accuracy(self.judge.right(self.test_set.value))

    @abstractmethod
    def fund(self, bounty: Wei) -> None:
        """The provider commits a bounty."""

    @abstractmethod
    def stake(self, record: Record, author: Address, amount: Wei) -> None:
        """A contribution enters the market."""

    @abstractmethod
    def _end_pass(self) -> bool:
        """Move balances, drop who cannot stake; whether that was the last pass."""

    @abstractmethod
    def settle(self, provider: Address) -> list[Payment]:
        """Fix what everyone can collect; what goes to the provider at once."""

    @abstractmethod
    def collect(self, address: Address) -> Wei:
        """Pay out what an address can collect."""

    @abstractmethod
    def due(self, address: Address) -> Wei:
        """What an address can collect."""

    @abstractmethod
    def owed(self) -> Wei:
        """All that is owed to anyone."""


class ExactRewards(Rewards):
    """See the module's text; nobody's balance falls below nothing, and no wei is owed twice."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.bounty: Value[Wei] = Value(self.journal, 0)
        self.left: Value[Wei] = Value(self.journal, 0)
        """Bounty not yet spent."""
        self.stakes: Map[Key, Wei] = Map(self.journal)
        self.gains: Value[dict[Key, int]] = Value(self.journal, {})
        """In parts: what rounds so far added to each stake; a dictionary is replaced, never changed."""
        self.dues: Map[Address, Wei] = Map(self.journal)
        self.settled: Value[bool] = Value(self.journal, False)
        self.passes: Value[tuple[tuple[Wei, dict[Key, int]], ...]] = Value(self.journal, ())
        """For each pass, wei of the bounty spent and everybody's score in rows."""

    def fund(self, bounty: Wei) -> None:
        """The provider commits a bounty."""
        self.bounty.set(bounty)
        self.left.set(bounty)

    def stake(self, record: Record, author: Address, amount: Wei) -> None:
        """A contribution enters the market."""
        key: Key = author if self.grouped else record
        self.stakes[key] = self.stakes.get(key, 0) + amount

    def balance(self, key: Key) -> int:
        """Stake and gains, in parts."""
        return self.stakes[key] * len(self.test_set.value) + self.gains.value.get(key, 0)

    def _end_pass(self) -> bool:
        rows, scores, left = len(self.test_set.value), self.scores.value, self.left.value
        losers = [key for key, score in scores.items() if score < 0]
        stakes = Counter(map(self.key, self.remaining.value)) if self.grouped else dict.fromkeys(losers, 1)
        least = {key: stakes[key] * self.unit * rows for key in losers}
        held = {key: self.balance(key) for key in losers}
        spent = min([left, *(self._until(held[key], least[key], -scores[key]) for key in losers)])
        before = self.gains.value
        self.gains.set(before | {key: before.get(key, 0) + spent * score for key, score in scores.items() if score})
        self.left.set(left - spent)
        self.passes.set((*self.passes.value, (spent, scores)))
        self.rounds.set((*self.rounds.value, (spent, self.accuracy.value - self.initial.value)))
        if spent < left:
            out = {key for key in losers if held[key] + spent * scores[key] < least[key]}
            self.remaining.set(tuple(record for record in self.remaining.value if self.key(record) not in out))
        self.restarts.set(True)
        return spent == left or not self.remaining.value

    def gains_by_pass(self) -> list[tuple[Wei, dict[Address, Fraction]]]:
        """For each pass, wei of the bounty spent and what each address gained by it, in wei (a free view)."""
        rows, told = max(1, len(self.test_set.value)), []
        for spent, scores in self.passes.value:
            gains: dict[Address, Fraction] = {}
            for key, score in scores.items():
                address = self._address(key)
                gains[address] = gains.get(address, Fraction(0)) + Fraction(spent * score, rows)
            told.append((spent, gains))
        return told

    def _until(self, balance: int, least: int, loss: int) -> Wei:
        """The bounty after which somebody is out who loses so many rows: balances in parts, at least ``least`` now."""
        if self.rule == "unit":
            return ((balance - least) // (loss * self.unit) + 1) * self.unit
        return balance // loss

    def settle(self, provider: Address) -> list[Payment]:
        """Balances in whole wei are due; the provider gets what is left of the bounty, and the fractions."""
        parts: Counter[Address] = Counter()
        rows = max(1, len(self.test_set.value))
        for key, stake in self.stakes.items():
            parts[self._address(key)] += stake * rows + self.gains.value.get(key, 0)
        return self._close(provider, {address: amount // rows for address, amount in parts.items()})

    def forfeit(self, provider: Address) -> list[Payment]:
        """Stakes are due, and the bounty in proportion to them; without a stake it goes back to the provider."""
        stakes: Counter[Address] = Counter()
        for key, stake in self.stakes.items():
            stakes[self._address(key)] += stake
        bounty, total = self.bounty.value, sum(stakes.values())
        return self._close(provider, {who: stake + bounty * stake // total for who, stake in stakes.items()})

    def _close(self, provider: Address, dues: dict[Address, Wei]) -> list[Payment]:
        rest = self.owed() - sum(dues.values())
        for address, amount in dues.items():
            self.dues[address] = amount
        self.settled.set(True)
        return [Payment(provider, rest)]

    def _address(self, key: Key) -> Address:
        return key if isinstance(key, str) else self.records.author[key]  # type: ignore[call-overload]

    def due(self, address: Address) -> Wei:
        """What an address can collect."""
        return self.dues.get(address, 0)

    def collect(self, address: Address) -> Wei:
        """Pay out what an address can collect."""
        amount = self.due(address)
        self.dues[address] = 0
        return amount

    def owed(self) -> Wei:
        """Bounty and stakes, until they are settled; then what was not collected yet."""
        return sum(self.dues.values()) if self.settled.value else self.bounty.value + sum(self.stakes.values())
