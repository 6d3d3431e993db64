"""A second, much smaller Deposit-Refund-Take: written from the rules in words, not from the product's code.

Money, records and models are plain dictionaries, prices come from decimal arithmetic with eighty digits, and nothing
is fast. Each method answers what a transaction would come to; `reason` None is success. Only on success does it
change anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction

NO_PAY = "Didn't pay enough for the deposit."
TOO_SOON = "Not enough time has passed since the last update."
DUPLICATE = "Conflicting data key. The data may have already been added."
BAD_LABEL = "Classification is out of bounds."
BAD_FEATURE = "A feature index is out of bounds."
UNKNOWN = "Data not found."
CLAIMED_AUTHOR = "Deposit already claimed by submitter."
EMPTY = "There is no reward left to claim."
IMMATURE = "Not enough time has passed."
DISAGREES = "The model doesn't agree with your contribution."
DECIDED = "This contribution was found wrong before."
OWN = "Cannot take your own deposit."
CLAIMED_REPORTER = "Deposit already claimed by reporter."
AGREES = "The model should not agree with the contribution."
NO_STANDING = "The sender has not sent any good data."


class RulePerceptron:
    """Sparse perceptron: a wrong prediction moves every weight of the sample by one step, once per occurrence."""

    def __init__(self, n_features: int) -> None:
        self.n_features, self.weights = n_features, dict.fromkeys(range(n_features), 0)

    def predict(self, features: tuple[int, ...]) -> int:
        return int(sum(self.weights[i] for i in features) > 0)

    def learn(self, features: tuple[int, ...], label: int) -> None:
        if self.predict(features) != label:
            for i in features:
                self.weights[i] += 10**9 if label else -(10**9)


class RuleNaiveBayes:
    """Multinomial naive Bayes with Laplace's rule; each logarithm is rounded to a multiple of 2**-32."""

    def __init__(self, n_features: int) -> None:
        self.n_features = n_features
        self.samples = [0, 0]
        self.counts = [dict.fromkeys(range(n_features), 0) for _ in range(2)]

    def score(self, label: int, features: tuple[int, ...]) -> int:
        counts = self.counts[label]
        prior = fixed_log(self.samples[label]) if self.samples[label] else -(2**45)
        denominator = fixed_log(sum(counts.values()) + self.n_features)
        return prior + sum(fixed_log(counts[i] + 1) - denominator for i in features)

    def predict(self, features: tuple[int, ...]) -> int:
        return int(self.score(1, features) > self.score(0, features))

    def learn(self, features: tuple[int, ...], label: int) -> None:
        self.samples[label] += 1
        for i in features:
            self.counts[label][i] += 1


def fixed_log(number: int) -> int:
    with localcontext() as context:
        context.prec = 40
        return int((Decimal(number).ln() * 2**32).to_integral_value())


RULE_MODELS = {"perceptron": RulePerceptron, "naive_bayes": RuleNaiveBayes}


@dataclass
class Entry:
    """A contribution."""

    features: tuple[int, ...]
    label: int
    time: int
    author: str
    deposit: int
    left: int
    claims: int = 0


@dataclass
class Rules:
    """The mechanism, its records and its model."""

    profile: str
    model: RulePerceptron | RuleNaiveBayes
    weight: Fraction
    unit: int
    t: int
    t_o: int
    t_a: int
    policy: str
    fixed_deposit: int
    refund_rule: str
    crumbs: str
    owner: str
    last_add: int
    entries: dict[tuple, Entry] = field(default_factory=dict)
    claimed: set[tuple] = field(default_factory=set)
    against: set[tuple] = field(default_factory=set)
    standing: dict[str, int] = field(default_factory=dict)
    burned: int = 0

    def price(self, now: int) -> tuple[str | None, int]:
        """The deposit now."""
        if self.policy == "fixed":
            return None, self.fixed_deposit
        elapsed = now - self.last_add
        if self.profile == "solidity":
            root = int(Decimal(elapsed).sqrt())  # elapsed is far below 10**28, so the root of a square is exact
            return None, int(self.weight * self.unit) * 3600 // max(1, root)
        if self.profile == "reference":
            if elapsed <= 0:
                return TOO_SOON, 0
            return None, max(1, int(float(self.weight) * 60 / int(elapsed**0.5))) * self.unit
        with localcontext() as context:
            context.prec = 80
            numerator = Decimal(60 * self.unit * self.weight.numerator)
            return None, int(numerator / self.weight.denominator / Decimal(max(1, elapsed)).sqrt())

    def add(self, now: int, sender: str, features: tuple[int, ...], label: int, value: int) -> tuple[str | None, int]:
        """Reason or None, and the deposit kept."""
        reason, cost = self.price(now)
        key = (features, label, now, sender)
        old = self.entries.get(key)
        if reason is None and value < cost:
            reason = NO_PAY
        if reason is None and old is not None and (self.profile != "solidity" or old.left > 0):
            reason = DUPLICATE
        if reason is None and label not in (0, 1):
            reason = BAD_LABEL
        if reason is None and any(i >= self.model.n_features for i in features):
            reason = BAD_FEATURE
        if reason is not None:
            return reason, 0
        self.entries[key] = Entry(features, label, now, sender, cost, cost)
        self.model.learn(features, label)
        self.last_add = now
        return None, cost

    def mature(self, age: int) -> bool:
        return age > self.t if self.profile == "reference" else age >= self.t

    def refund(
        self, now: int, sender: str, features: tuple[int, ...], label: int, added: int
    ) -> tuple[str | None, int]:
        """Reason or None, and the wei paid to the author."""
        key = (features, label, added, sender)
        if key not in self.entries:
            return UNKNOWN, 0
        entry = self.entries[key]
        if (key, sender) in self.claimed:
            return CLAIMED_AUTHOR, 0
        if entry.left == 0:
            return EMPTY, 0
        if not self.mature(now - added):
            return IMMATURE, 0
        if key in self.against:
            return DECIDED, 0
        paid = entry.left
        if self.model.predict(features) != label:
            if self.refund_rule != "one_shot":
                return DISAGREES, 0
            self.against.add(key)
            paid = 0
        else:
            earned = {"full": 1, "none": int(paid == entry.deposit), "pro_rata": 10**6 * paid // entry.deposit}
            self.standing[sender] = self.standing.get(sender, 0) + earned[self.crumbs]
        self.take(key, sender, paid)
        return None, paid

    def report(
        self, now: int, sender: str, features: tuple[int, ...], label: int, added: int, author: str
    ) -> tuple[str | None, int]:
        """Reason or None, and the wei paid to the reporter."""
        key = (features, label, added, author)
        if key not in self.entries:
            return UNKNOWN, 0
        entry, age = self.entries[key], now - added
        if entry.left == 0:
            return EMPTY, 0
        paid = entry.left
        is_owner = self.profile == "corrected" and sender == self.owner
        if age < self.t_a and not (is_owner and age >= self.t_o):
            if sender == author:
                return OWN, 0
            if (key, sender) in self.claimed:
                return CLAIMED_REPORTER, 0
            if not self.mature(age):
                return IMMATURE, 0
            if self.model.predict(features) == label:
                return AGREES, 0
            mine = self.standing.get(sender, 0)
            if mine == 0:
                return NO_STANDING, 0
            part = Fraction(entry.deposit * mine, sum(self.standing.values()))
            share = math.ceil(part) if self.profile == "reference" else math.floor(part)
            if 0 < share <= entry.left:
                paid = share
            if self.refund_rule == "one_shot":
                self.against.add(key)
        self.take(key, sender, paid)
        return None, paid

    def take(self, key: tuple, claimant: str, amount: int) -> None:
        self.entries[key].left -= amount
        self.entries[key].claims += 1
        self.claimed.add((key, claimant))

    def shares(self, value: int) -> dict[str, int] | None:
        """What each contributor gets of a paid prediction; None when the payment is refused."""
        if self.profile == "solidity":
            return None
        total = sum(self.standing.values())
        grain = self.unit if self.profile == "reference" else 1
        return {who: value * n // (total * grain) * grain for who, n in self.standing.items() if n}

    def escrow(self) -> int:
        return sum(entry.left for entry in self.entries.values())
