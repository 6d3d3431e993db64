"""Random transactions against Deposit-Refund-Take with defences, alone and together: money is conserved, refusals leave
nothing, and every outcome, reason and amount is the one that the definitions in words give (`defended_rules`).
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from mechanisms.commit_reveal import commitment_of
from sim.chain import FixedPrice, FreeGas, Transaction
from tests.property import rules
from tests.property.defended_rules import NO_COMMITMENT, DefendedRules, Levers
from tests.property.rules import RULE_MODELS
from tests.property.test_ledger_and_drt import GAS_PRICE, N_FEATURES, PEOPLE, Machine
from tests.support import START, TRAINER, data, make_world

HALF, THIRD = Fraction(1, 2), Fraction(1, 3)

DEPOSITS: tuple[dict[str, Any], ...] = (
    {},
    {"deposit_policy": "inv_linear"},
    {"deposit_policy": "eip1559", "price_window": 5, "price_target": 2, "lowest_deposit": 3, "deposit": 40},
    {"deposit_policy": "confidence", "confidence_weight": Fraction(1)},
    {"deposit_policy": "confidence", "base_policy": "fixed", "deposit": 10**15},
    {"deposit_policy": "novelty", "novelty_weight": Fraction(-1), "novelty_neighbours": 1, "novelty_memory": 3},
    {"deposit_policy": "novelty", "novelty_weight": Fraction(7, 2), "novelty_neighbours": 2, "novelty_memory": 4},
    {"deposit_policy": "loyalty", "loyalty_scale": Fraction(2), "base_policy": "inv_linear"},
)
OTHERS: tuple[dict[str, Any], ...] = (
    {},
    {"reputation": "outcomes"},
    {"reputation": "values", "reputation_value": 50, "reputation_memory": HALF},
    {"reputation": "values", "reputation_low": Fraction(0), "reputation_high": Fraction(5, 2)},
    {"standing_half_life": 6},
    {"slashed_share": THIRD},
    {"slashed_share": Fraction(9, 10), "reporter_share": HALF},
    {"reporter_share": Fraction(1)},
    {"author_grace": 2},
    {"commit_reveal": True},
)
REFUNDS: tuple[dict[str, Any], ...] = (
    {"refund_rule": "retry"},
    {"refund_rule": "one_shot"},
    {"refund_rule": "snapshot_at_t"},
    {"refund_rule": "majority", "check_gap": 2},
)
_FIELDS = {
    "deposit_policy": "policy", "novelty_neighbours": "neighbours", "novelty_memory": "memory",
    "price_window": "price_window", "price_target": "price_target", "lowest_deposit": "lowest",
    "reputation": "reputation", "reputation_memory": "keep", "reputation_low": "low", "reputation_high": "high",
    "reputation_value": "value", "standing_half_life": "half_life", "slashed_share": "slashed",
    "reporter_share": "share", "author_grace": "grace", "commit_reveal": "commits", "check_gap": "gap",
    "confidence_weight": "weight", "novelty_weight": "weight",
}  # fmt: skip
"""What the parameters are called in the rules in words."""


def levers_of(parameters: dict[str, Any], unit: int) -> Levers:
    told = {_FIELDS[name]: value for name, value in parameters.items() if name in _FIELDS}
    told["checks"] = {"snapshot_at_t": 1, "majority": 3}.get(parameters["refund_rule"], 0)
    told["loyalty"] = (HALF, Fraction(1, 4), parameters.get("loyalty_scale", Fraction(10)))
    return Levers(**{"value": unit, **told})


class DefendedMachine(Machine):
    """One world with defences, and the rules in words beside it."""

    profile: ClassVar[str] = "corrected"
    refund_levers: ClassVar[dict[str, Any]]

    @initialize(
        model=st.sampled_from(sorted(RULE_MODELS)),
        unit=st.sampled_from((7, 10**15)),
        windows=st.sampled_from(((4, 7, 30), (5, 9, 12), (0, 5, 9))),
        deposit=st.sampled_from(DEPOSITS),
        one=st.sampled_from(OTHERS),
        other=st.sampled_from(OTHERS),
        crumbs=st.sampled_from(("full", "full", "pro_rata", "none")),
        paid_gas=st.booleans(),
    )
    def begin(  # type: ignore[override]
        self, model: str, unit: int, windows: tuple[int, int, int], deposit: dict[str, Any], one: dict[str, Any],
        other: dict[str, Any], crumbs: str, paid_gas: bool,
    ) -> None:  # fmt: skip
        t, t_o, t_a = windows
        levers = {"deposit": 5, **deposit, **self.refund_levers, **one, **other}
        if levers["refund_rule"] == "majority":  # three checks, two seconds apart
            t_o, t_a = t_o + 4, t_a + 4
        fees = FixedPrice(GAS_PRICE) if paid_gas else FreeGas()
        self.world = make_world(
            model, n_features=N_FEATURES, fees=fees, owner="owner", accounts=dict.fromkeys(PEOPLE, 10**22), unit=unit,
            refund_window=t, owner_claim_after=t_o, any_claim_after=t_a, crumb_standing=crumbs, **levers,
        )  # fmt: skip
        policy = levers.get("base_policy") or levers.get("deposit_policy", "inv_sqrt")
        policy = "inv_sqrt" if policy in ("confidence", "novelty", "loyalty") else policy
        self.rules: DefendedRules = DefendedRules(
            self.profile, RULE_MODELS[model](N_FEATURES), Fraction(1), unit, t, t_o, t_a, policy, levers["deposit"],
            levers["refund_rule"], crumbs, "owner", START, levers=levers_of(levers, unit),
        )  # fmt: skip
        self.money = dict.fromkeys(PEOPLE, 10**22)
        self.fees_paid = self.paying_refunds = 0
        self.claims = Counter()
        self.overwritten = False
        self.commitments = 0

    def cost(self, who: str, features: tuple[int, ...], label: int) -> int:
        return self.rules.price(self.now, features, label, who)[1]

    def addition(self, who: str, features: tuple[int, ...], label: int) -> Transaction:
        """Where samples are committed to that comes first, and a second passes."""
        if not self.rules.levers.commits:
            return super().addition(who, features, label)
        self.refused(super().addition(who, features, label), "default", NO_COMMITMENT)
        self.commitments += 1
        salt = self.commitments.to_bytes(32, "big")
        sealed = commitment_of(who, data(*features), label, salt)
        receipt, _ = self.send(Transaction(who, TRAINER, "commit_data", (sealed,)), "default")
        assert receipt.ok
        self.world.wait(1)
        return Transaction(who, TRAINER, "reveal_data", (data(*features), label, salt))

    @rule(who=st.sampled_from(PEOPLE), value=st.sampled_from((0, 9)))
    def call_what_is_not_there(self, who: str, value: int) -> None:  # type: ignore[override]
        method = "commit_data" if not self.rules.levers.commits else "claim_all"
        self.refused(Transaction(who, TRAINER, method, (b"",) * (method == "commit_data"), value), "default", "")

    @precondition(lambda self: self.rules.entries)
    @rule(
        number=st.integers(0, 5),
        window=st.sampled_from(("t", "t_last", "t_grace", "t_o", "t_a")),
        off=st.sampled_from((-1, 0, 0, 1)),
    )
    def wait_for_the_edge_of_a_window(self, number: int, window: str, off: int) -> None:
        key = self.pick(number)
        if key:
            age = getattr(self.rules, "t_last" if window == "t" else window)
            self.world.chain.clock.advance(max(self.now, key[2] + age + off))

    @rule(
        pair=st.permutations(PEOPLE), features=st.sampled_from(((0,), (0, 1), (2, 2))), label=st.integers(0, 1),
        off=st.sampled_from((-1, 0, 1)),
    )  # fmt: skip
    def quarrel(self, pair: list[str], features: tuple[int, ...], label: int, off: int) -> None:
        """One earns standing, one says something, one the contrary; around the author's grace everybody claims."""
        self.earn_standing(pair[3], features, label)
        for who, said in zip(pair, (label, 1 - label), strict=False):
            self.world.wait(1)
            self.add_any(who, features, said, 0, "default")
        for number in (0, 1):
            self.wait_for_the_edge_of_a_window(number, "t_grace", off)
            for who in pair:
                self.report(number, who, None, "default")
            self.refund(number, 0, None, "default")

    @invariant()
    def standing_is_earned_by_paying_refunds(self) -> None:
        if hasattr(self, "world") and not self.rules.levers.half_life:
            super().standing_is_earned_by_paying_refunds()

    @invariant()
    def world_is_as_the_rules_say(self) -> None:
        if hasattr(self, "world"):
            self.rules.now = self.now
            self.rules.standing = {who: self.rules.shown(who) for who in PEOPLE}
            assert self.world.mechanism.total_standing() == self.rules.shown()
            super().world_is_as_the_rules_say()


REACHED = {
    ("add_data", None), ("reveal_data", None), ("refund", None), ("refund", rules.IMMATURE), ("refund", rules.EMPTY),
    ("report", None), ("report", rules.IMMATURE), ("report", rules.AGREES), ("report", rules.OWN),
}  # fmt: skip
"""Outcomes that a search has to meet, or it proves little."""


@pytest.mark.parametrize("refund", REFUNDS, ids=lambda refund: refund["refund_rule"])
def test_no_sequence_of_transactions_breaks_the_rules(refund: dict[str, Any]) -> None:
    machine = type("Searched", (DefendedMachine,), {"seen": Counter(), "refund_levers": refund})
    run_state_machine_as_test(machine, settings=settings(stateful_step_count=30))
    assert REACHED - set(machine.seen) == set()


@pytest.mark.parametrize("refund", REFUNDS, ids=lambda refund: refund["refund_rule"])
@pytest.mark.parametrize("other", OTHERS, ids=str)
@pytest.mark.parametrize("deposit", DEPOSITS[::3], ids=str)
def test_story_is_as_the_rules_say(refund: dict[str, Any], other: dict[str, Any], deposit: dict[str, Any]) -> None:
    """Two people earn standing, a third adds what the model turns against: reports by all, crumbs, late claims."""
    machine = type("Told", (DefendedMachine,), {"seen": Counter(), "refund_levers": refund})
    m: DefendedMachine = machine()
    m.begin("perceptron", 10**15, (4, 9, 30), deposit, other, {}, "full", True)
    m.earn_standing("ann", (0,), 1)
    m.earn_standing("cat", (0, 1), 1)
    m.wait(3)
    m.add("bob", (1, 2), 1, -1, "default")
    m.add("bob", (1, 2), 1, 0, "default")
    m.add("cat", (1, 2), 0, 0, "default")  # turned against bob
    for edge in ("t", "t_grace"):
        m.wait_for_the_edge_of_a_window(1, edge, 0)
        m.refund(1, 0, None, "default")
        for who in ("owner", "bob", "ann", "ann", "cat"):
            m.report(1, who, None, "default")
    m.add("bob", (1, 2), 1, 0, "default")  # and back again: there are crumbs to refund
    m.refund(2, 0, None, "default")
    m.wait_for_the_edge_of_a_window(0, "t_a", 0)
    m.everyone_claims(0, "t_a", 0, list(PEOPLE))
    m.predict("ann", (1,), 10**17 + 1)
    m.check()
    assert {("report", None), ("report", rules.NO_STANDING), ("refund", None)} <= set(m.seen)
