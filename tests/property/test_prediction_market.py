"""Thousands of random prediction markets under every rule, held against the rules as they are told, in exact fractions.

B12 to B16 of the market's theory: what is gained is what the rounds pay; payouts are bounded by the best accuracy;
nobody has less than nothing; a lie scores what it costs in accuracy. Nothing here goes through a chain but the last.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

from mechanisms.prediction_market import ROUND_RULES
from mechanisms.prediction_market_judge import Judge
from mechanisms.prediction_market_rewards import ExactRewards
from sim.chain import Journal
from sim.features import Data
from sim.models import NaiveBayes
from tests.markets import GivenJudge, played

MARKETS = 1_200
"""Of each rule, and of each option with it: some thousands in all."""

Rows = Callable[[tuple[int, ...]], int]


class Facts(NamedTuple):
    """A random market: who contributed, what was staked, the bounty, all in units; and the options."""

    people: str
    stakes: list[Fraction]
    bounty: Fraction
    size: int
    rows: Rows
    grouped: bool
    resets: bool


def random_market(rng: random.Random) -> Facts:
    """Small numbers, so that ties, zeros and exhausted stakes are common."""
    size, number = rng.randint(1, 12), rng.randint(1, 9)
    people = "".join(rng.choice("abcd") for _ in range(number))
    greater = rng.random() < 0.5
    stakes = [1 + Fraction(rng.choice((0, 0, 1, 5, 7)), rng.choice((1, 2, 3))) * greater for _ in people]
    bounty = Fraction(rng.randint(1, 400), rng.choice((1, 1, 4)))
    table: dict[tuple[int, ...], int] = {}

    def rows(learnt: tuple[int, ...]) -> int:
        return table.setdefault(learnt, rng.randint(0, size))

    return Facts(people, stakes, bounty, size, rows, rng.random() < 0.5, rng.random() < 0.5)


class Records:
    """Contribution number i is the sample with feature i."""

    def __init__(self, people: str) -> None:
        self.author = list(people)
        self.data = [Data([number]) for number in range(len(people))]
        self.label = [1] * len(people)

    def __len__(self) -> int:
        return len(self.author)


def settled(facts: Facts, rule: str, unit: int) -> ExactRewards:
    """The market as the program settles it; stakes and bounty in wei of so many to the unit."""
    journal = Journal()
    records: Any = Records(facts.people)
    rewards = ExactRewards(journal, records, facts.grouped, facts.resets, unit, rule)
    rewards.judge = GivenJudge(journal, facts.rows)
    rewards.fund(int(facts.bounty * unit))
    for record, (author, stake) in enumerate(zip(facts.people, facts.stakes, strict=True)):
        rewards.stake(record, author, int(stake * unit))
    rewards.test_set.set(((Data([0]), 0),) * facts.size)
    rewards.begin()
    while not rewards.advance(2).over:
        pass
    return rewards


class Told(NamedTuple):
    """What the rules say: balances by key, the bounty spent, and how it was: units and rise in accuracy by pass."""

    balances: dict[Any, Fraction]
    passes: list[tuple[Fraction, Fraction]]
    best: Fraction
    first: Fraction


def told(facts: Facts, rule: str) -> Told:
    """The rules, step by step, as the module of the rewards tells them."""
    key = (lambda i: facts.people[i]) if facts.grouped else (lambda i: i)
    balances: dict[Any, Fraction] = {}
    for i, stake in enumerate(facts.stakes):
        balances[key(i)] = balances.get(key(i), Fraction(0)) + stake
    left, everyone = facts.bounty, list(range(len(facts.people)))
    first = Fraction(facts.rows(()), facts.size)
    once = [Fraction(facts.rows(tuple(everyone[: i + 1])), facts.size) for i in everyone]
    remaining, passes, best = everyone, [], max([first, *once])
    while remaining and left:
        scores: Counter[Any] = Counter()
        before, now = first, first
        for place, i in enumerate(remaining):
            anew = Fraction(facts.rows(tuple(remaining[: place + 1])), facts.size) if facts.resets else once[i]
            same_group_goes_on = place + 1 < len(remaining) and key(remaining[place + 1]) == key(i)
            if not (facts.grouped and same_group_goes_on):
                now = anew
                scores[key(i)] += now - before
                before = now
                best = max(best, now)
        stakes = Counter(map(key, remaining))
        spans = [span_of(rule, balances[who], stakes[who], -score) for who, score in scores.items() if score < 0]
        spent = min([left, *spans])
        for who, score in scores.items():
            balances[who] += spent * score
        left -= spent
        passes.append((spent, now - first))
        if left:
            remaining = [i for i in remaining if balances[key(i)] >= stakes[key(i)]]
    return Told(balances, passes, best, first)


def span_of(rule: str, balance: Fraction, stake: int, loss: Fraction) -> Fraction:
    """Rounds until somebody is out: by the unit, until the stake cannot be paid; else until nothing is left."""
    if rule != "unit":
        return balance / loss
    rounds = 0
    while balance >= stake:
        balance -= loss
        rounds += 1
    return Fraction(rounds)


@pytest.mark.parametrize("rule", ROUND_RULES)
def test_random_markets_are_settled_by_the_rules(rule: str) -> None:
    """Balances are those of the rules; B12 to B14 hold to the last part of a wei; provider and people get it all."""
    rng = random.Random(f"markets {rule}")
    unit = 10**9 * 27_720  # so that a span of bounty is a whole number of wei wherever it is a fraction of a dozenth
    shrunk = 0
    for _ in range(MARKETS):
        facts = random_market(rng)
        rewards, expected = settled(facts, rule, unit), told(facts, rule)
        rows = facts.size
        balances = {who: Fraction(rewards.balance(who), rows * unit) for who in rewards.stakes}
        slack = Fraction(len(expected.passes) + 1, unit) * (rule != "unit")  # spans are cut to whole wei there
        for who, balance in balances.items():
            assert abs(balance - expected.balances[who]) <= slack
            assert balance >= 0  # B14
        paid = sum(balances.values()) - sum(facts.stakes)
        assert paid == sum(Fraction(spent * rise, rows * unit) for spent, rise in rewards.rounds.value)  # B12
        assert paid <= facts.bounty * max(Fraction(0), expected.best - expected.first)  # B13
        assert paid <= facts.bounty * (1 - expected.first)
        held = rewards.owed()
        (rest,) = rewards.settle("provider")
        dues = [rewards.due(who) for who in set(facts.people)]
        assert rest.amount >= 0
        assert min(dues) >= 0
        assert rest.amount + sum(dues) == held
        shrunk += len(expected.passes) > 1
    assert shrunk > MARKETS / 4  # markets in which somebody was dropped


@pytest.mark.parametrize("rule", ROUND_RULES)
def test_random_markets_on_a_chain(rule: str) -> None:
    """The same through transactions: escrow is what is owed after each, and everyone collects what the engine says."""
    rng = random.Random(f"chain {rule}")
    unit = 10**6
    for _ in range(60):
        facts = random_market(rng)
        rewards = settled(facts, rule, unit)
        (rest,) = rewards.settle("provider")
        market = played(
            facts.rows, facts.people, int(facts.bounty * unit), [int(stake * unit) for stake in facts.stakes],
            size=facts.size, round_rule=rule, unit=unit, group_contributions=facts.grouped,
            reset_model_during_reward_phase=facts.resets, allow_greater_deposit=True,
        )  # fmt: skip
        for who in set(facts.people):
            assert market.mechanism.due(who) == rewards.due(who)
            assert market.refund(who).ok == (rewards.due(who) > 0)
        assert market.gain("pam") == rest.amount - int(facts.bounty * unit)
        assert market.trainer.escrow() == 0


# -- what a lie scores (B15) -----------------------------------------------------------------------------------------


def scores_of(seed: int, initial: int, test_rows: int) -> list[tuple[Fraction, Fraction, bool]]:
    """Score and rise in accuracy of each contribution of a round, and whether it is a lie; every third one is."""
    rng = np.random.default_rng(seed)

    def samples(number: int) -> list[tuple[Data, int]]:
        labels = rng.integers(0, 2, number).tolist()
        return [(Data(np.flatnonzero(rng.random(12) < (0.2 + 0.3 * (np.arange(12) % 2 == y)))), y) for y in labels]

    def trained() -> NaiveBayes:
        model = NaiveBayes(12, 2)
        for data, label in first:
            model.learn_one(data.features, label)
        return model

    first, test, people = samples(initial), samples(test_rows), samples(9)
    sent = [(data, 1 - label if place % 3 == 2 else label) for place, (data, label) in enumerate(people)]
    model = trained()
    rises, before = [], sum(model.predict_one(data.features) == label for data, label in test)
    for data, label in sent:
        model.learn_one(data.features, label)
        right = sum(model.predict_one(data.features) == label for data, label in test)
        rises.append(Fraction(right - before, test_rows))
        before = right
    records: Any = Records("abcdefghi")
    records.data, records.label = map(list, zip(*sent, strict=True))
    market_model = trained()
    rewards = ExactRewards(market_model.journal, records, False, False, test_rows, "unit")
    rewards.judge = Judge(market_model, restarts=False)
    rewards.fund(test_rows)  # a single unit
    for record in range(9):
        rewards.stake(record, records.author[record], test_rows)
    rewards.test_set.set(tuple(test))
    rewards.begin()
    assert rewards.advance(9).over
    scores = [Fraction(rewards.balance(record), test_rows * test_rows) - 1 for record in range(9)]
    return [(score, rise, place % 3 == 2) for place, (score, rise) in enumerate(zip(scores, rises, strict=True))]


def test_a_lie_scores_what_accuracy_it_costs() -> None:
    """B15: a score of a round is the rise in accuracy, so that a lie is paid minus the drop that it causes, and on
    average it loses while the truth gains; where the model is big beside the test set most scores are 0."""
    small = [row for seed in range(60) for row in scores_of(seed, initial=6, test_rows=60)]
    assert all(score == rise for score, rise, _ in small)
    assert sum(score for score, _, lies in small if lies) < 0 < sum(score for score, _, lies in small if not lies)
    big = [score for seed in range(20) for score, _, _ in scores_of(seed, initial=300, test_rows=10)]
    few = [score for seed in range(20) for score, _, _ in scores_of(seed, initial=6, test_rows=60)]
    assert share_of_zeros(big) > 0.9 > 0.5 > share_of_zeros(few)


def share_of_zeros(scores: list[Fraction]) -> float:
    return sum(not score for score in scores) / len(scores)
