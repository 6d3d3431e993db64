"""The rewards of a prediction market as the reference simulation works them out, defects and floats included.

Balances are floats in units, in its order of operations, so that its numbers come out to the last bit; money leaves as
whole wei. What it gets wrong has a name in docs/profiles.md.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from mechanisms.prediction_market_rewards import Key, Rewards
from sim.chain.journal import Map, Value
from sim.chain.ledger import Address
from sim.contracts.data_handler import Record
from sim.contracts.incentive import Payment
from sim.errors import Revert
from sim.units import Wei

NO_ENTRY = "no entry"
"""Why a report is refused whose reporter has no balance of its own to be struck off."""


class ReferenceRewards(Rewards):
    """See the module's text. ``rule`` may be ``unit`` or ``to_zero`` too, to see the other defects by themselves."""

    learns_again = True
    keeps_accuracy = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.left: Value[float] = Value(self.journal, 0)
        """Rounds not yet paid for."""
        self.balances: Map[Address, float | None] = Map(self.journal)
        """What can be collected, in units; None: there was an entry."""
        self.own: Map[Record, float] = Map(self.journal)
        """What each contribution has, where they are not grouped."""
        self.worst: Value[Key | None] = Value(self.journal, None)
        self.least: Value[float] = Value(self.journal, math.inf)
        self.held: Value[Wei] = Value(self.journal, 0)
        self.paid: Value[float] = Value(self.journal, 0.0)
        """What the last claim is worth, in units."""

    def fund(self, bounty: Wei) -> None:
        """The provider commits a bounty."""
        self.left.set(bounty // self.unit)
        self.held.set(self.held.value + bounty)

    def stake(self, record: Record, author: Address, amount: Wei) -> None:
        """A contribution enters the market."""
        units = amount / self.unit
        self.balances[author] = (self.balances.get(author) or 0.0) + units
        self.own[record] = units
        self.held.set(self.held.value + amount)

    def _accuracy(self, right: int) -> float:
        return right / len(self.test_set.value)

    def _begin_pass(self, *arguments: Any) -> None:
        super()._begin_pass(*arguments)
        self.worst.set(None)
        self.least.set(math.inf)

    def _score(self, scores: dict[Key, float], key: Key, gain: float) -> None:
        """As ever; who is worst is kept up to date, and stays so when another one draws level."""
        super()._score(scores, key, gain)
        if scores[key] < self.least.value:
            self.worst.set(key)
            self.least.set(scores[key])
        elif self.worst.value == key:
            worst, least = min(scores.items(), key=lambda item: item[1])
            self.worst.set(worst)
            self.least.set(least)

    def _end_pass(self) -> bool:
        left = self.left.value
        rounds = min(self._rounds(), left)
        self.left.set(left - rounds)
        self.rounds.set((*self.rounds.value, (_wei(rounds, self.unit), 0)))
        if rounds == left:
            self._last_rounds(rounds)
            return True
        scores = self.scores.value
        if self.grouped:
            self._drop_addresses(scores, rounds)
        else:
            self._drop_contributions(scores, rounds)
        self.restarts.set(True)
        if not self.remaining.value:
            self.left.set(0)
        return not self.remaining.value

    def _rounds(self) -> float:
        if self.least.value >= 0:
            return self.left.value
        if self.rule == "reference":
            return self._has(self.worst.value) / -self.least.value
        losers: list[tuple[Key, float]] = [(key, score) for key, score in self.scores.value.items() if score < 0]
        if self.rule == "to_zero":
            return min(self._has(key) / -score for key, score in losers)
        stakes = Counter(self.key(record) for record in self.remaining.value)
        return min((self._has(key) - stakes[key]) // -score + 1 for key, score in losers)

    def _has(self, key: Key) -> float:
        if self.grouped:
            return self.balances[key] or 0.0  # type: ignore[index]
        return self.own[key]  # type: ignore[index]

    def _drop_addresses(self, scores: dict[Key, float], rounds: float) -> None:
        stakes = Counter(self.key(record) for record in self.remaining.value)
        for key, score in scores.items():
            self.balances[key] = self._has(key) + score * rounds  # type: ignore[index]
        out = {key for key in scores if self._has(key) < stakes[key]}
        self.remaining.set(tuple(record for record in self.remaining.value if self.key(record) not in out))

    def _drop_contributions(self, scores: dict[Key, float], rounds: float) -> None:
        """What a contribution has is added to a balance that still holds its stake: it is paid twice."""
        for record in self.remaining.value:
            self.own[record] += scores[record] * rounds
            if self.own[record] < 1:
                author = self.records.author[record]
                self.balances[author] = (self.balances[author] or 0.0) + self.own[record]
        self.remaining.set(tuple(record for record in self.remaining.value if self.own[record] >= 1))

    def _last_rounds(self, rounds: float) -> None:
        """Ungrouped, what a contribution gained in the rounds before is lost: these are added to the stake alone."""
        scores = self.scores.value
        if self.grouped:
            for key, score in scores.items():
                self.balances[key] = self._has(key) + score * rounds  # type: ignore[index]
        else:
            for record in self.remaining.value:
                author = self.records.author[record]
                self.balances[author] = (self.balances[author] or 0.0) + scores[record] * rounds
        self.remaining.set(())

    def settle(self, provider: Address) -> list[Payment]:
        """Nothing goes back to the provider."""
        return []

    def due(self, address: Address) -> Wei:
        """What a refund pays an address."""
        return _wei(max(0.0, self.balances.get(address) or 0.0), self.unit)

    def collect(self, address: Address) -> Wei:
        """A refund: pay out and strike off; who has nothing gets an entry."""
        balance = self.balances.get(address) or 0.0
        self.balances[address] = None if balance > 0 else balance
        return self._pay(max(0.0, balance))

    def take(self, author: Address, reporter: Address) -> Wei:
        """A report that is late enough: pay out the author's balance and strike off the *reporter's*."""
        balance = self.balances.get(author) or 0.0
        if self.balances.get(author) is None:
            self.balances[author] = balance
        if balance > 0:
            if self.balances.get(reporter) is None:
                raise Revert(NO_ENTRY)
            self.balances[reporter] = None
        return self._pay(balance)

    def refuse(self) -> Wei:
        """A report that comes too early is accepted and pays nothing."""
        return self._pay(0.0)

    def _pay(self, units: float) -> Wei:
        amount = _wei(max(0.0, units), self.unit)
        self.paid.set(units)
        self.held.set(self.held.value - amount)
        return amount

    def owed(self) -> Wei:
        """What is held: its balances add up to something else."""
        return self.held.value


def _wei(units: float, unit: Wei) -> Wei:
    numerator, denominator = units.as_integer_ratio()
    return numerator * unit // denominator
