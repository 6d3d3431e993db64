"""Random transactions against chain and Deposit-Refund-Take: money is conserved, refusals leave nothing, and every
outcome, reason and amount is the one that an independent reading of the rules gives (`tests.property.rules`).
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sim.chain import FixedPrice, FreeGas, Receipt, Transaction
from sim.errors import InvalidTransaction
from sim.units import DAY
from tests.property import rules
from tests.property.rules import RULE_MODELS, Rules
from tests.support import START, TRAINER, Picture, World, assert_only_fee_and_nonce, data, make_world, picture

PEOPLE = ("ann", "bob", "cat", "owner")
STRANGER = "dot"  # has no account
N_FEATURES = 3
SAMPLES = ((), (0,), (1,), (0, 1), (2, 2), (1, 2))
GAS_PRICE = 7

person = st.sampled_from(PEOPLE)
sample = st.sampled_from(SAMPLES)
label = st.sampled_from((0, 1))
gas = st.sampled_from(("default", "default", "default", "just enough", "one short", "far too little"))


class Machine(RuleBasedStateMachine):
    """One world, and the rules in words beside it."""

    profile: ClassVar[str]
    seen: ClassVar[Counter[tuple[str, str | None]]]

    @initialize(
        model=st.sampled_from(sorted(RULE_MODELS)),
        weight=st.sampled_from((Fraction(1), Fraction(1), Fraction(7, 3), Fraction(1, 60), Fraction(0))),
        unit=st.sampled_from((1, 7, 10**15)),
        windows=st.sampled_from(((4, 7, 30), (1, 2, 3), (5, 5, 9), (0, 1, 4), (0, 0, 0))),
        policy=st.sampled_from(("inv_sqrt", "inv_sqrt", "fixed")),
        deposit=st.sampled_from((5, 1)),
        refund_rule=st.sampled_from(("retry", "retry", "one_shot")),
        crumbs=st.sampled_from(("full", "full", "pro_rata", "none")),
        paid_gas=st.booleans(),
    )
    def begin(
        self, model: str, weight: Fraction, unit: int, windows: tuple[int, int, int], policy: str, deposit: int,
        refund_rule: str, crumbs: str, paid_gas: bool,
    ) -> None:  # fmt: skip
        t, t_o, t_a = windows
        if self.profile == "reference":
            t_o = t_a = t_a + 7 * DAY + 1  # what the reference asks for
        deposit *= unit
        self.world: World = make_world(
            model, n_features=N_FEATURES, fees=FixedPrice(GAS_PRICE) if paid_gas else FreeGas(), owner="owner",
            accounts=dict.fromkeys(PEOPLE, 10**22), profile=self.profile, cost_weight=weight, unit=unit,
            refund_window=t, owner_claim_after=t_o, any_claim_after=t_a, deposit_policy=policy, deposit=deposit,
            refund_rule=refund_rule, crumb_standing=crumbs,
        )  # fmt: skip
        self.rules = Rules(
            self.profile, RULE_MODELS[model](N_FEATURES), weight, unit, t, t_o, t_a, policy, deposit, refund_rule,
            crumbs, "owner", START,
        )  # fmt: skip
        self.money = dict.fromkeys(PEOPLE, 10**22)
        self.fees_paid = self.paying_refunds = 0
        self.claims: Counter[tuple] = Counter()
        self.overwritten = False

    # -- sending -----------------------------------------------------------------------------------------------------

    def send(self, transaction: Transaction, gas: str) -> tuple[Receipt, Picture]:
        """Execute a transaction with more or less gas; book the fee; a refusal must leave nothing else."""
        chain = self.world.chain
        needed = chain.estimate_gas(transaction)
        limit = {"default": 0, "just enough": needed, "one short": needed - 1, "far too little": needed // 2}[gas]
        self.starved = gas in ("one short", "far too little") and limit > 40_000
        if self.starved or gas == "just enough":
            transaction = transaction._replace(gas_limit=limit)
        before = picture(self.world)
        receipt = chain.execute(transaction)
        price = chain.fees.base_fee + chain.fees.tip
        assert receipt.fee == receipt.gas_used * price
        assert receipt.gas_used <= (transaction.gas_limit or chain.gas_limit)
        assert receipt.nonce == before.nonces.get(transaction.sender, 0)
        self.money[transaction.sender] -= receipt.fee
        self.fees_paid += receipt.fee
        if self.starved:
            assert (receipt.ok, receipt.reason, receipt.gas_used) == (False, "out of gas", transaction.gas_limit)
        if not receipt.ok:
            assert_only_fee_and_nonce(before, picture(self.world), receipt)
        self.world.follow(receipt)
        return receipt, before

    def refused(self, transaction: Transaction, gas: str, reason: str) -> None:
        """The transaction must fail, for this reason unless gas runs out first."""
        receipt, _ = self.send(transaction, gas)
        assert not receipt.ok
        assert self.starved or receipt.reason == reason
        self.note(transaction.method, receipt.reason)

    def note(self, method: str, reason: str | None) -> None:
        type(self).seen[method, reason] += 1

    @property
    def now(self) -> int:
        return self.world.chain.clock.now

    def pick(self, number: int) -> tuple | None:
        """The key of some contribution, recent ones more often."""
        keys = list(self.rules.entries)
        return keys[-1 - (number * number) % len(keys)] if keys else None

    # -- contributions -----------------------------------------------------------------------------------------------

    @rule(who=person, features=sample, label=label, paid=st.sampled_from((0, 0, 0, 1, 10**15, -1)), gas=gas)
    def add(self, who: str, features: tuple[int, ...], label: int, paid: int, gas: str) -> None:
        self.add_any(who, features, label, paid, gas)

    @rule(
        who=person,
        features=st.sampled_from(((0,), (N_FEATURES,), (1, 99))),
        label=st.sampled_from((0, 1, 2, -1, 300)),
        gas=gas,
    )
    def add_nonsense(self, who: str, features: tuple[int, ...], label: int, gas: str) -> None:
        self.add_any(who, features, label, 0, gas)

    @rule(number=st.integers(0, 5), who=st.none() | person, gas=gas)
    def add_again_in_the_same_second(self, number: int, who: str | None, gas: str) -> None:
        key = self.pick(number)
        if key:
            features, label, _, author = key
            self.add_any(who or author, features, label, 0, gas)

    def add_any(self, who: str, features: tuple[int, ...], label: int, paid: int, gas: str) -> None:
        call = self.addition(who, features, label)
        value = max(0, self.cost(who, features, label) + paid)
        call = call._replace(value=value)
        saved = self.rules.entries.get((features, label, self.now, who))
        if gas in ("one short", "far too little"):
            self.starved_or(call, gas)
            return
        reason, kept = self.rules.add(self.now, who, features, label, value)
        if reason is not None:
            self.refused(call, gas, reason)
            return
        self.overwritten |= saved is not None
        receipt, _ = self.send(call, gas)
        assert receipt.ok, receipt.reason
        assert receipt.logs[-1].data[1] == kept
        assert self.world.records.deposit[receipt.result] == kept
        self.money[who] -= kept
        self.note(call.method, None)

    def addition(self, who: str, features: tuple[int, ...], label: int) -> Transaction:
        """A transaction that adds a sample, without value."""
        return Transaction(who, TRAINER, "add_data", (data(*features), label))

    def cost(self, who: str, features: tuple[int, ...], label: int) -> int:
        """What adding it costs now, by the rules; 0 where it cannot be added."""
        return self.rules.price(self.now)[1]

    def starved_or(self, call: Transaction, gas: str) -> None:
        """A transaction with too little gas fails whatever the rules say (unless it needs next to nothing)."""
        if self.world.chain.estimate_gas(call) > 100_000:
            self.refused(call, gas, "out of gas")

    # -- claims ------------------------------------------------------------------------------------------------------

    @rule(number=st.integers(0, 5), off=st.sampled_from((0, 0, 0, 0, 1)), who=st.none() | person, gas=gas)
    def refund(self, number: int, off: int, who: str | None, gas: str) -> None:
        key = self.pick(number)
        if key is None:
            return
        features, label, added, author = key
        who, added = who or author, added + off
        call = Transaction(who, TRAINER, "refund", (data(*features), label, added))
        if gas in ("one short", "far too little"):
            self.starved_or(call, gas)
            return
        reason, paid = self.rules.refund(self.now, who, features, label, added)
        if reason is not None:
            self.refused(call, gas, reason)
            return
        self.succeeds(call, gas, paid, (features, label, added, who))
        self.paying_refunds += paid > 0

    @rule(number=st.integers(0, 5), who=person, wrong=st.sampled_from((None, None, None, "author", "label")), gas=gas)
    def report(self, number: int, who: str, wrong: str | None, gas: str) -> None:
        key = self.pick(number)
        if key is None:
            return
        features, label, added, author = key
        author = STRANGER if wrong == "author" else author
        label = 1 - label if wrong == "label" else label
        call = Transaction(who, TRAINER, "report", (data(*features), label, added, author))
        if gas in ("one short", "far too little"):
            self.starved_or(call, gas)
            return
        reason, paid = self.rules.report(self.now, who, features, label, added, author)
        if reason is not None:
            self.refused(call, gas, reason)
        else:
            self.succeeds(call, gas, paid, (features, label, added, author))

    def succeeds(self, call: Transaction, gas: str, paid: int, key: tuple) -> None:
        receipt, _ = self.send(call, gas)
        assert receipt.ok, receipt.reason
        assert receipt.result == receipt.logs[0].data[1] == paid
        self.money[call.sender] += paid
        age = self.now - key[2]
        exempt = age >= self.rules.t_a or (self.profile == "corrected" and call.sender == "owner")
        if not exempt:
            self.claims[key, call.sender] += 1
        self.note(call.method, None)

    @rule(
        number=st.integers(0, 5),
        window=st.sampled_from(("t", "t", "t", "t_a")),
        off=st.sampled_from((-1, 0, 1)),
        order=st.permutations(PEOPLE),
    )
    def everyone_claims(self, number: int, window: str, off: int, order: list[str]) -> None:
        """At the edge of a window: reports by some, a refund by the author in between, reports by the rest."""
        if not self.rules.entries:
            return
        self.wait_for_the_edge_of_a_window(number, window, off)
        for who in order:
            self.report(number, who, None, "default")
            if who == order[1]:
                self.refund(number, 0, None, "default")

    @rule(who=person, features=sample, label=label)
    def earn_standing(self, who: str, features: tuple[int, ...], label: int) -> None:
        """Add what the model will probably agree with, wait and refund it."""
        self.world.wait(1)
        self.add_any(who, features, label, 0, "default")
        self.wait_for_the_edge_of_a_window(0, "t", 1)
        self.refund(0, 0, None, "default")

    # -- other transactions ------------------------------------------------------------------------------------------

    @rule(who=person, features=sample, value=st.sampled_from((0, 1, 10, 10**15, 10**17 + 1)))
    def predict(self, who: str, features: tuple[int, ...], value: int) -> None:
        call = Transaction(who, TRAINER, "predict", (data(*features),), value)
        shares = self.rules.shares(value)
        if value and shares is None:
            self.refused(call, "default", "")
            return
        receipt, _ = self.send(call, "default")
        assert receipt.ok
        assert receipt.result == self.rules.model.predict(features)
        for name, amount in (shares or {}).items():
            self.money[who] -= amount
            self.money[name] += amount
        self.note("predict", "shared" if shares and value else None)

    @rule(who=person, to=st.sampled_from((*PEOPLE, STRANGER)), value=st.integers(0, 1000))
    def send_ether_to_an_account(self, who: str, to: str, value: int) -> None:
        receipt, _ = self.send(Transaction(who, to, "", (), value), "default")
        assert receipt.ok
        self.money[who] -= value
        self.money[to] = self.money.get(to, 0) + value

    @rule(who=person, value=st.integers(0, 1000), gas=st.sampled_from(("default", "just enough")))
    def send_ether_to_the_contract(self, who: str, value: int, gas: str) -> None:
        self.refused(Transaction(who, TRAINER, "", (), value), gas, "")

    @rule(who=person, method=st.sampled_from(("claim_all", "_pay", "escrow")), value=st.sampled_from((0, 9)))
    def call_what_is_not_there(self, who: str, method: str, value: int) -> None:
        self.refused(Transaction(who, TRAINER, method, (), value), "default", "")
        self.refused(Transaction(who, "nowhere", method, (), value), "default", "")
        self.refused(Transaction(who, "incentive", "on_refund", (), 0), "default", "")

    @rule(number=st.integers(0, 5), method=st.sampled_from(("refund", "report")))
    def send_value_with_a_claim(self, number: int, method: str) -> None:
        key = self.pick(number)
        if key:
            features, label, added, author = key
            arguments = (data(*features), label, added) + ((author,) if method == "report" else ())
            self.refused(Transaction("ann", TRAINER, method, arguments, 1), "default", "")

    @rule(who=person, what=st.sampled_from(("too rich", "nonce", "limit", "negative", "no account")))
    def send_what_no_block_would_include(self, who: str, what: str) -> None:
        chain = self.world.chain
        call = Transaction(who, TRAINER, "add_data", (data(0), 1), 0)
        wrong = {
            "too rich": call._replace(value=self.money[who] + 1),
            "nonce": call._replace(nonce=chain.nonces.get(who, 0) + 1),
            "limit": call._replace(gas_limit=chain.gas_limit + 1),
            "negative": call._replace(value=-1),
            "no account": call._replace(sender=STRANGER, value=self.money.get(STRANGER, 0) + 1),
        }
        before = picture(self.world)
        with pytest.raises(InvalidTransaction):
            chain.execute(wrong[what])
        assert picture(self.world) == before

    # -- time --------------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from((0, 1, 1, 2, 3, 4, 10, 60)))
    def wait(self, seconds: int) -> None:
        self.world.wait(seconds)

    @precondition(lambda self: self.rules.entries)
    @rule(
        number=st.integers(0, 5), window=st.sampled_from(("t", "t", "t_o", "t_a")), off=st.sampled_from((-1, 0, 0, 1))
    )
    def wait_for_the_edge_of_a_window(self, number: int, window: str, off: int) -> None:
        key = self.pick(number)
        if key:
            self.world.chain.clock.advance(max(self.now, key[2] + getattr(self.rules, window) + off))

    @rule()
    def look(self) -> None:
        self.world.index.look(self.now)

    # -- SPEC B, I1 to I6, after every step --------------------------------------------------------------------------

    @invariant()
    def money_is_conserved(self) -> None:
        if hasattr(self, "world"):
            ledger = self.world.chain.ledger
            assert sum(ledger.balances.values()) == ledger.minted == len(PEOPLE) * 10**22
            assert min(ledger.balances.values()) >= 0
            assert ledger.balance("<proposer>") + ledger.balance("<burned>") == self.fees_paid + self.rules.burned

    @invariant()
    def escrow_is_what_is_owed(self) -> None:
        if hasattr(self, "world"):
            records, mechanism = self.world.records, self.world.mechanism
            assert all(0 <= left <= d for left, d in zip(records.claimable, records.deposit, strict=True))
            assert sum(records.claimable) == self.world.trainer.escrow() == mechanism.liabilities()

    @invariant()
    def standing_is_earned_by_paying_refunds(self) -> None:
        if hasattr(self, "world"):
            mechanism = self.world.mechanism
            assert sum(map(mechanism.standing, PEOPLE)) == mechanism.total_standing()
            if self.rules.crumbs == "full":
                assert mechanism.total_standing() == self.paying_refunds

    @invariant()
    def nobody_claims_twice_before_the_last_window(self) -> None:
        if hasattr(self, "world") and not self.overwritten:
            assert all(times == 1 for times in self.claims.values())

    @invariant()
    def world_is_as_the_rules_say(self) -> None:
        if not hasattr(self, "world"):
            return
        world, theirs = self.world, self.rules
        assert {who: world.balance(who) for who in self.money} == self.money
        assert world.trainer.escrow() == theirs.escrow()
        records = world.records
        assert len(records) == len(theirs.entries)
        for record, entry in enumerate(theirs.entries.values()):
            stored: tuple[Any, ...] = (
                tuple(records.data[record].features.tolist()), records.label[record], records.added_time[record],
                records.author[record], records.deposit[record], records.claimable[record], records.claims[record],
            )  # fmt: skip
            assert stored == (
                entry.features, entry.label, entry.time, entry.author, entry.deposit, entry.left, entry.claims,
            )  # fmt: skip
        assert {who: world.mechanism.standing(who) for who in PEOPLE} == dict.fromkeys(PEOPLE, 0) | theirs.standing
        for features in SAMPLES:
            assert world.model.predict_one(data(*features).features) == theirs.model.predict(features)

    def check(self) -> None:
        """All invariants, for a story told by hand."""
        self.money_is_conserved()
        self.escrow_is_what_is_owed()
        self.standing_is_earned_by_paying_refunds()
        self.nobody_claims_twice_before_the_last_window()
        self.world_is_as_the_rules_say()


REACHED = {
    ("add_data", None), ("add_data", rules.NO_PAY), ("add_data", rules.DUPLICATE), ("add_data", rules.BAD_LABEL),
    ("add_data", rules.BAD_FEATURE), ("add_data", "out of gas"), ("refund", None), ("refund", rules.UNKNOWN),
    ("refund", rules.CLAIMED_AUTHOR), ("refund", rules.EMPTY), ("refund", rules.IMMATURE), ("refund", rules.DISAGREES),
    ("refund", ""), ("report", None), ("report", rules.UNKNOWN), ("report", rules.EMPTY), ("report", rules.OWN),
    ("report", rules.CLAIMED_REPORTER), ("report", rules.IMMATURE), ("report", rules.AGREES),
    ("report", rules.NO_STANDING), ("report", ""), ("predict", None),
}  # fmt: skip
"""Outcomes that a search has to meet, or it proves little."""


def tell_a_story(m: Machine, unit: int, policy: str) -> None:
    """One run through most of the rules on purpose, whatever the search may find."""
    m.begin("perceptron", Fraction(1), unit, (10, 15, 30), policy, 1, "retry", "full", True)
    m.wait(1)
    m.add("ann", (0,), 1, 0, "default")
    m.add_again_in_the_same_second(0, None, "default")
    m.refund(0, 0, None, "default")
    m.report(0, "bob", None, "default")
    m.everyone_claims(0, "t", 1, list(PEOPLE))  # the model agrees: ann is refunded
    m.refund(0, 0, None, "default")
    for who in ("bob", "cat"):  # each of the two turns the model against the other
        m.wait(3)
        m.add(who, (1, 2), int(who == "bob"), 0, "default")
    m.wait_for_the_edge_of_a_window(0, "t", 1)
    m.report(1, "owner", None, "default")
    m.report(1, "bob", None, "default")
    m.report(1, "ann", None, "one short")
    m.refund(1, 0, None, "default")
    m.refund(0, 0, None, "just enough")  # cat now has half of all standing
    m.report(1, "ann", None, "just enough")
    m.report(1, "ann", None, "default")
    m.report(1, "cat", "label", "default")
    m.report(1, "cat", None, "default")
    m.report(1, "ann", None, "default")
    m.refund(1, 0, None, "default")
    m.predict("bob", (1,), 10**17 + 1)


@pytest.mark.parametrize("profile", ["solidity", "reference", "corrected"])
def test_no_sequence_of_transactions_breaks_the_rules(profile: str) -> None:
    machine = type(f"{profile.title()}Machine", (Machine,), {"profile": profile, "seen": Counter()})
    for unit, policy in ((10**15, "inv_sqrt"), (1, "fixed")):  # the second: a share of one wei is no wei at all
        story = machine()
        tell_a_story(story, unit, policy)
        story.check()
    examples = 2 * settings().max_examples
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=30))
    missing = REACHED - set(machine.seen)
    if profile == "reference":
        missing -= {("add_data", rules.DUPLICATE)}  # hidden by the refusal of two contributions in one second
    assert missing == set()
