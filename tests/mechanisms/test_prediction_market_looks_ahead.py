"""A market that looks its lessons ahead, against one that teaches them one by one: every receipt and every state."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from mechanisms.prediction_market import Parameters, Phase, PredictionMarket, split
from mechanisms.prediction_market_judge import Judge
from sim.chain import Chain, Clock, Receipt, Transaction
from sim.contracts import CollaborativeTrainer, DataHandler
from sim.contracts.parts import Sample
from sim.features import Data
from sim.models import NaiveBayes, SparsePerceptron
from sim.units import DEFAULT_UNIT

FEATURES, PEOPLE, CONTRIBUTIONS, TEST_ROWS = 20, ("ann", "bob", "cem"), 40, 31
UNIT = DEFAULT_UNIT


class OneByOne(Judge):
    """Teaches lesson by lesson, whatever the model."""

    looks_ahead = False


def samples(rng: np.random.Generator, number: int, lies: float) -> list[Sample]:
    """Samples whose even features speak for one class and whose odd ones for the other; a share of labels is wrong."""
    found = []
    for label in rng.integers(0, 2, number).tolist():
        likely = np.where(np.arange(FEATURES) % 2 == label, 0.35, 0.15)
        features = np.flatnonzero(rng.random(FEATURES) < likely)
        found.append((Data(features), label ^ int(rng.random() < lies)))
    return found


class Played:
    """A market in its reward phase, with real contributions and a real model."""

    def __init__(self, seed: int, kind: Any, judge: type[Judge], options: dict[str, Any]) -> None:
        rng = np.random.default_rng(seed)
        self.chain = chain = Chain(clock=Clock(now=1_000))
        records = DataHandler(chain, "records")
        self.market = PredictionMarket(chain, "incentive", records, Parameters(**options), b"entropy")
        self.model = kind(FEATURES, 2, chain.journal, chain.meter)
        chain.meter.start(10**12)
        for data, label in samples(rng, 6, 0):
            self.model.learn_one(data.features, label)
        chain.journal.commit()
        self.trainer = CollaborativeTrainer(chain, "trainer", records, self.market, self.model)
        for contract in (records, self.market, self.trainer):
            chain.deploy(contract)
        before = self.market.rewards.judge
        assert before is not None
        self.market.rewards.judge = judge(before.model, options["reset_model_during_reward_phase"])
        for who in ("pam", *PEOPLE):
            chain.mint(who, 10**6 * UNIT)
        parts = split(samples(rng, TEST_ROWS + 1, 0), [bytes([number]) for number in range(TEST_ROWS + 1)])
        self.send("pam", "commit", tuple(map(self.market.seal, parts)), 0, 0, value=300 * UNIT)
        self.send("pam", "reveal", parts[self.market.next_part])
        for number, (data, label) in enumerate(samples(rng, CONTRIBUTIONS, 0.4)):
            chain.clock.advance(chain.clock.now + 1)
            self.send(PEOPLE[number // 2 % 3], "add_data", data, label, value=UNIT)
        self.send("pam", "end")
        while self.market.phase.value is Phase.REVEAL_TEST_SET:
            self.send("pam", "reveal", parts[self.market.next_part])

    def send(self, who: str, method: str, *arguments: Any, value: int = 0) -> Receipt:
        receipt = self.chain.execute(Transaction(who, "trainer", method, arguments, value))
        assert receipt.ok, receipt.reason
        return receipt

    def process(self, steps: int, gas_limit: int = 0) -> Receipt:
        return self.chain.execute(Transaction("pam", "trainer", "process", (steps,), gas_limit=gas_limit))

    def state(self) -> Any:
        rewards, judge = self.market.rewards, self.market.rewards.judge
        assert judge is not None
        told = (rewards.rounds.value, rewards.scores.value, rewards.remaining.value, rewards.evaluations.value)
        return judge.model.to_state(), told, dict(self.chain.ledger.balances), self.market.phase.value


@pytest.mark.parametrize("options", list(itertools.product((False, True), repeat=2)), ids=str)
@pytest.mark.parametrize(("profile", "rule"), [("corrected", "unit"), ("corrected", "to_zero"), ("reference", "")])
@pytest.mark.parametrize("kind", [NaiveBayes, SparsePerceptron])
def test_looking_ahead_changes_nothing(kind: Any, profile: str, rule: str, options: tuple[bool, bool]) -> None:
    """Transactions end within passes, at their ends and beyond; each is sent with more gas until that is enough."""
    grouped, resets = options
    told = {
        "profile": profile, "round_rule": rule, "group_contributions": grouped,
        "reset_model_during_reward_phase": resets,
    }  # fmt: skip
    passes = []
    for seed in range(4):
        ahead, slow = (Played(seed, kind, judge, told) for judge in (Judge, OneByOne))
        rng = np.random.default_rng(seed)
        while ahead.market.phase.value is Phase.REWARD:
            steps, limit, ended = int(rng.choice([1, 7, 50, 90])), 30_000, False
            while not ended:
                one, other = (each.process(steps, limit) for each in (ahead, slow))
                assert (one.ok, one.reason, one.gas_used) == (other.ok, other.reason, other.gas_used)
                assert (one.logs, ahead.state()) == (other.logs, slow.state())
                limit, ended = int(limit * 1.4), one.ok
        passes.append(len(ahead.market.rewards.rounds.value))
    assert max(passes) > 1


def test_a_restart_brings_back_numbers_that_had_to_be_widened() -> None:
    """Lessons that leave what floats hold exactly; after a restart they lead to where they led at first."""
    odd = {"weights": {0: 2**40 + 1}, "intercept": 10**30}  # class 1 whatever is learnt
    models = []
    for _ in range(2):
        model = SparsePerceptron(FEATURES, step=1000)
        model.load_state(odd)
        models.append(model)
    once, again = models
    judge, lesson = Judge(again, restarts=True), Data([0] * 4096)
    for _ in range(5):
        judge.learn(lesson, 0)
    judge.restart()
    assert again.to_state() == {"weights": {"0": 2**40 + 1}, "intercept": 10**30}
    for _ in range(5):
        judge.learn(lesson, 0)
        once.learn_one(lesson.features, 0)
    assert once.to_state() == again.to_state() == {
        "weights": {"0": 2**40 + 1 - 5 * 4096 * 10**12}, "intercept": 10**30,
    }  # fmt: skip
