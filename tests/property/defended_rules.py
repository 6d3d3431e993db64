"""The rules in words of the defences beside Deposit-Refund-Take: written from their definitions, not from the code.

Nothing is kept current: prices, verdicts, standing and reputations are worked out anew from lists of what happened.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction

from tests.property import rules
from tests.property.rules import Entry, RuleNaiveBayes, RulePerceptron, Rules

NO_COMMITMENT = "Commit to the sample before you reveal it."
MILLION = 10**6


def probability(model: RulePerceptron | RuleNaiveBayes, features: tuple[int, ...], label: int) -> Fraction:
    """The model's probability of a label: a squashed margin, or a posterior to a millionth."""
    if isinstance(model, RulePerceptron):
        margin = sum(model.weights[i] for i in features) * (1 if label else -1)
        return (1 + Fraction(margin, abs(margin) + 10**9 * max(1, len(features)))) / 2
    with localcontext() as context:
        context.prec = 40
        mine = Decimal(model.score(label, features))
        odds = sum(((model.score(other, features) - mine) / 2**32).exp() for other in (0, 1))
        return Fraction(round(MILLION / odds), MILLION)


def distance(one: frozenset[int], other: frozenset[int]) -> int:
    """Jaccard's, in millionths."""
    either = one | other
    return math.floor(Fraction(MILLION * len(one ^ other), len(either))) if either else 0


@dataclass
class Levers:
    """Which defences there are, and how strong."""

    policy: str = "inv_sqrt"  # of the deposit, where `Rules.policy` is that of the price
    weight: Fraction = Fraction(1, 2)
    neighbours: int = 2
    memory: int = 4
    loyalty: tuple[Fraction, Fraction, Fraction] = (Fraction(1, 2), Fraction(1, 4), Fraction(2))  # c, floor, k
    price_window: int = 5
    price_target: int = 2
    lowest: int = 1
    reputation: str = "none"
    keep: Fraction = Fraction(9, 10)
    low: Fraction = Fraction(1, 4)
    high: Fraction = Fraction(1)
    value: int = 1
    half_life: int | None = None
    checks: int = 0
    gap: int = 1
    slashed: Fraction = Fraction(0)
    share: Fraction | None = None
    grace: int = 0
    commits: bool = False


@dataclass
class DefendedRules(Rules):
    """`Rules` with defences; ``t`` is the age of the first check, ``t_last`` that of the last one."""

    levers: Levers = field(default_factory=Levers)
    history: list[tuple[int, RulePerceptron | RuleNaiveBayes]] = field(default_factory=list)
    """Every model there was, each with the second in which it came about."""
    earned: list[tuple[int, str, int]] = field(default_factory=list)
    outcomes: list[tuple[str, int | None]] = field(default_factory=list)
    """Author and refund, or None for a failure, of every contribution that something was decided about first."""
    now: int = 0
    """The second of the last call; standing fades with time alone."""

    def __post_init__(self) -> None:
        self.start = self.last_add
        self.t_last = self.t + max(0, self.levers.checks - 1) * self.levers.gap
        self.t_grace = self.t_last + self.levers.grace
        self.history.append((-1, copy.deepcopy(self.model)))

    # -- deposits ----------------------------------------------------------------------------------------------------

    def price(self, now: int, features: tuple[int, ...] = (), label: int = 0, who: str = "") -> tuple[str | None, int]:
        self.now = now
        reason, price = self.demand(now) if self.policy == "eip1559" else super().price(now)
        if self.policy == "inv_linear":
            exact = 3600 * self.weight * self.unit / max(1, now - self.last_add)
            price = max(int(self.weight > 0), math.floor(exact))
        if self.levers.policy == "confidence" and any(i >= self.model.n_features for i in features):
            return rules.BAD_FEATURE, 0
        if self.levers.policy == "confidence" and label not in (0, 1):
            return rules.BAD_LABEL, 0
        multiple = self.multiple(features, label, who)
        return reason, price if not price or multiple == 1 else max(1, math.floor(price * multiple))

    def demand(self, now: int) -> tuple[None, int]:
        """The price that windows of demand lead to, from the first one on."""
        levers, price = self.levers, self.fixed_deposit
        times = [entry.time for entry in self.entries.values()]
        for window in range((now - self.start) // levers.price_window):
            begins = self.start + window * levers.price_window
            came = sum(begins <= time < begins + levers.price_window for time in times)
            off = Fraction(min(came, 2 * levers.price_target) - levers.price_target, 8 * levers.price_target)
            if off > 0:
                price += max(1, math.floor(price * off))
            else:
                price = max(levers.lowest, price - math.floor(price * -off))
        return None, price

    def multiple(self, features: tuple[int, ...], label: int, who: str) -> Fraction:
        levers, multiple = self.levers, Fraction(1)
        if levers.policy == "confidence":
            multiple = 1 + levers.weight * (2 * probability(self.model, features, label) - 1)
        elif levers.policy == "novelty":
            multiple = 1 + levers.weight * self.percentile(frozenset(features))
        elif levers.policy == "loyalty":
            most, floor, scale = levers.loyalty
            n = Fraction(self.shown(who), MILLION if levers.half_life or self.crumbs == "pro_rata" else 1)
            multiple = max(floor, 1 - most * n / (n + scale))
        if levers.reputation != "none":
            multiple *= levers.high - (levers.high - levers.low) * Fraction(self.reputation(who), MILLION)
        return multiple

    def percentile(self, mine: frozenset[int]) -> Fraction:
        """Which share of those remembered came as less of a surprise."""
        sets = [frozenset(entry.features) for entry in self.entries.values()]
        k, most = self.levers.neighbours, self.levers.memory

        def surprise(new: frozenset[int], before: list[frozenset[int]]) -> int:
            known = before[-most:]
            return sorted(distance(new, other) for other in known)[k - 1] if len(known) >= k else MILLION

        if len(sets) < k:
            return Fraction(0)
        surprises = [surprise(one, sets[:number]) for number, one in enumerate(sets)][-most:]
        now = surprise(mine, sets)
        return Fraction(sum(other < now for other in surprises), len(surprises))

    def reputation(self, who: str) -> int:
        levers, r = self.levers, 0
        for author, refunded in self.outcomes:
            if author != who:
                continue
            if refunded is None:
                r = r // 2 if levers.reputation == "values" else math.floor(levers.keep * r)
            else:
                step = 1 - levers.keep
                if levers.reputation == "values":
                    step *= min(Fraction(1), Fraction(refunded, levers.value))
                r = math.floor(r + step * (MILLION - r))
        return r

    def add(self, now: int, sender: str, features: tuple[int, ...], label: int, value: int) -> tuple[str | None, int]:
        reason, cost = self.price(now, features, label, sender)
        if reason is None and value < cost:
            reason = rules.NO_PAY
        if reason is None and self.levers.checks and any(i >= self.model.n_features for i in features):
            reason = rules.BAD_FEATURE  # nobody can be asked about it later
        if reason is None and (features, label, now, sender) in self.entries:
            reason = rules.DUPLICATE
        if reason is None and label not in (0, 1):
            reason = rules.BAD_LABEL
        if reason is None and any(i >= self.model.n_features for i in features):
            reason = rules.BAD_FEATURE
        if reason is not None:
            return reason, 0
        self.entries[features, label, now, sender] = Entry(features, label, now, sender, cost, cost)
        self.model.learn(features, label)
        self.history.append((now, copy.deepcopy(self.model)))
        self.last_add = now
        return None, cost

    # -- claims ------------------------------------------------------------------------------------------------------

    def agrees(self, key: tuple) -> bool:
        """What the model says, or said when it was to be asked."""
        entry = self.entries[key]
        if not self.levers.checks:
            return self.model.predict(entry.features) == entry.label
        number = list(self.entries).index(key) + 1  # of its own model in the history
        votes = 0
        for check in range(self.levers.checks):
            age = self.t + check * self.levers.gap
            learnt = [at for at, (time, _) in enumerate(self.history) if time < entry.time + age]
            model = self.history[max([number] if age == 0 else learnt)][1]
            votes += model.predict(entry.features) == entry.label
        return votes > self.levers.checks / 2

    def refund(
        self, now: int, sender: str, features: tuple[int, ...], label: int, added: int
    ) -> tuple[str | None, int]:
        self.now, key = now, (features, label, added, sender)
        if key not in self.entries:
            return rules.UNKNOWN, 0
        entry = self.entries[key]
        if (key, sender) in self.claimed:
            return rules.CLAIMED_AUTHOR, 0
        if entry.left == 0:
            return rules.EMPTY, 0
        if now - added < self.t_last:
            return rules.IMMATURE, 0
        if key in self.against:
            return rules.DECIDED, 0
        if not self.agrees(key):
            if self.refund_rule != "one_shot":
                return rules.DISAGREES, 0
            self.against.add(key)
            self.decide(entry, None)
            self.take(key, sender, 0)
            return None, 0
        paid = entry.left
        whole = {
            "full": Fraction(1),
            "none": Fraction(paid == entry.deposit),
            "pro_rata": Fraction(paid, entry.deposit),
        }
        in_millionths = self.levers.half_life or self.crumbs == "pro_rata"
        self.earned.append((now, sender, math.floor(whole[self.crumbs] * (MILLION if in_millionths else 1))))
        self.decide(entry, paid)
        self.take(key, sender, paid)
        return None, paid

    def decide(self, entry: Entry, refunded: int | None) -> None:
        if entry.claims == 0:
            self.outcomes.append((entry.author, refunded))

    def report(
        self, now: int, sender: str, features: tuple[int, ...], label: int, added: int, author: str
    ) -> tuple[str | None, int]:
        self.now, key = now, (features, label, added, author)
        if key not in self.entries:
            return rules.UNKNOWN, 0
        entry, age = self.entries[key], now - added
        if entry.left == 0:
            return rules.EMPTY, 0
        if age >= self.t_a or (sender == self.owner and age >= self.t_o):
            paid = entry.left
            self.take(key, sender, paid)
            return None, paid
        if sender == author:
            return rules.OWN, 0
        if (key, sender) in self.claimed:
            return rules.CLAIMED_REPORTER, 0
        if age < self.t_grace:
            return rules.IMMATURE, 0
        if self.agrees(key):
            return rules.AGREES, 0
        if not self.shown(sender):
            return rules.NO_STANDING, 0
        slash = math.floor(self.levers.slashed * entry.deposit)
        if entry.left == entry.deposit:
            entry.left -= slash
            self.burned += slash
        part = self.weights(sender) / self.weights() if self.levers.share is None else self.levers.share
        paid = math.floor((entry.deposit - slash) * part)
        if not 0 < paid <= entry.left:
            paid = entry.left
        if self.refund_rule == "one_shot":
            self.against.add(key)
        self.decide(entry, None)
        self.take(key, sender, paid)
        return None, paid

    def weights(self, who: str | None = None) -> Fraction:
        """Standing as it was earned, halved with each whole half-life that begins; of all where nobody is named."""
        levers = self.levers
        return sum(
            (
                amount * Fraction(2) ** ((time - self.start) // levers.half_life if levers.half_life else 0)
                for time, earner, amount in self.earned
                if who in (None, earner)
            ),
            Fraction(0),
        )

    def shown(self, who: str | None = None) -> int:
        """Standing as it counts now."""
        half_life = self.levers.half_life
        return math.floor(self.weights(who) / 2 ** ((self.now - self.start) // half_life if half_life else 0))

    def shares(self, value: int) -> dict[str, int]:
        total = self.weights()
        people = {who for _, who, amount in self.earned if amount}
        return {who: math.floor(value * self.weights(who) / total) for who in people} if total else {}
