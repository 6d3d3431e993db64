"""Prediction markets for tests: a judge whose accuracies are given, and the way from commitment to settlement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mechanisms.prediction_market import Parameters, Phase, PredictionMarket, split
from mechanisms.prediction_market_judge import Judge
from sim.chain import Chain, Clock, Journal, Receipt, Transaction, Value
from sim.contracts import CollaborativeTrainer, DataHandler
from sim.contracts.parts import Sample
from sim.features import Data
from sim.models import SparsePerceptron
from sim.units import DEFAULT_UNIT, Wei

UNIT = DEFAULT_UNIT
TRAINER, PROVIDER = "trainer", "pam"
MONEY = 10**9 * UNIT
Rows = Callable[[tuple[int, ...]], int]


class GivenJudge(Judge):
    """How many rows are right, as a function of the contributions learnt, by number and in order."""

    looks_ahead = False

    def __init__(self, journal: Journal, rows: Rows) -> None:
        self.rows = rows
        self.learnt: Value[tuple[int, ...]] = Value(journal, ())

    def restart(self) -> None:
        self.learnt.set(())

    def learn(self, data: Data, label: int) -> None:
        self.learnt.set((*self.learnt.value, int(data.features[0])))

    def right(self, test_set: Sequence[Sample]) -> int:
        return self.rows(self.learnt.value)


class Market:
    """A market on a chain of its own; contribution number i is the sample with feature i."""

    def __init__(self, rows: Rows | None = None, size: int = 10, n_features: int = 1_000, **parameters: Any) -> None:
        self.chain = chain = Chain(clock=Clock(now=1_000))
        self.records = DataHandler(chain, "records")
        self.mechanism = PredictionMarket(chain, "incentive", self.records, Parameters(**parameters), b"entropy")
        self.model = SparsePerceptron(n_features, 2, chain.journal, chain.meter)
        self.trainer = CollaborativeTrainer(chain, TRAINER, self.records, self.mechanism, self.model)
        for contract in (self.records, self.mechanism, self.trainer):
            chain.deploy(contract)
        if rows is not None:
            self.mechanism.rewards.judge = GivenJudge(chain.journal, rows)
        self.parts = split(
            [(Data([900 + row]), row % 2) for row in range(size + 1)], [bytes([n]) for n in range(size + 1)]
        )
        self.given: dict[str, Wei] = {}

    def send(self, who: str, method: str, *arguments: Any, value: Wei = 0) -> Receipt:
        """Execute a transaction; whatever comes of it, the books balance."""
        chain = self.chain
        if who not in self.given:
            chain.mint(who, MONEY)
            self.given[who] = MONEY
        receipt = chain.execute(Transaction(who, TRAINER, method, arguments, value))
        assert self.mechanism.liabilities() == self.trainer.escrow()
        assert sum(chain.ledger.balances.values()) == chain.ledger.minted
        return receipt

    def wait(self, seconds: int) -> None:
        self.chain.clock.advance(self.chain.clock.now + seconds)

    def open(self, bounty: Wei, length: int = 0, contributions: int = 0) -> None:
        """Commit and reveal the part that was drawn."""
        commitments = tuple(map(self.mechanism.seal, self.parts))
        assert self.send(PROVIDER, "commit", commitments, length, contributions, value=bounty).ok
        assert self.reveal().ok

    def reveal(self) -> Receipt:
        return self.send(PROVIDER, "reveal", self.parts[self.mechanism.next_part])

    def add(self, who: str, stake: Wei = UNIT) -> Receipt:
        return self.send(who, "add_data", Data([len(self.records)]), 1, value=stake)

    def close(self, steps: int = 1) -> None:
        """End, reveal everything, process everything."""
        assert self.send(PROVIDER, "end").ok
        while self.mechanism.phase.value is Phase.REVEAL_TEST_SET:
            assert self.reveal().ok
        while self.mechanism.phase.value is Phase.REWARD:
            assert self.send(PROVIDER, "process", steps).ok

    def key(self, author: str) -> tuple[Any, ...]:
        record = self.records.author.index(author)
        return self.records.data[record], self.records.label[record], self.records.added_time[record]

    def refund(self, who: str) -> Receipt:
        return self.send(who, "refund", *self.key(who))

    def report(self, who: str, author: str) -> Receipt:
        return self.send(who, "report", *self.key(author), author)

    def gain(self, who: str) -> Wei:
        """What somebody is richer by than at first."""
        return self.chain.ledger.balance(who) - self.given.get(who, 0)


def path(*rows: int) -> Rows:
    """So many rows are right at first, after the first contribution, after the second, and so on."""
    return lambda learnt: rows[1 + max(learnt)] if learnt else rows[0]


def played(rows: Rows, people: str, bounty: Wei, stakes: Sequence[Wei] = (), **parameters: Any) -> Market:
    """A market with a contribution of each of these people, a letter each, and what they collect."""
    market = Market(rows, **parameters)
    market.open(bounty)
    for number, who in enumerate(people):
        assert market.add(who, stakes[number] if stakes else UNIT).ok
    market.close()
    return market
