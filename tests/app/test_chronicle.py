"""The event log in words, accounts and flows: they must agree with the ledger to the last wei."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from experiments import load_scenario
from experiments.app.chronicle import CONTRACT
from experiments.app.stage import Stage
from experiments.build import build
from sim.economy import Economy

CASES = {
    "deposits": ("quickstart", {"data.size": 500}),
    "deposits with gas": (
        "quickstart",
        {"data.size": 300, "chain.fees": "l1_2025", "chain.unit": "0.001 ether", "horizon": "20d"},
    ),
    "market": ("prediction-market", {}),
    "points": ("quickstart", {"data.size": 300, "mechanism": {"kind": "points"}}),
}


def letters(text: str) -> str:
    """A text without blanks and signs, which are set differently in the log."""
    return "".join(filter(str.isalnum, text))


@pytest.fixture(params=CASES, scope="module")
def stage(request: pytest.FixtureRequest) -> Stage:
    """An economy that has run to its end on stage."""
    name, levers = CASES[request.param]
    stage = Stage(load_scenario(name, levers))
    while not stage.advance(10**12, 1.0):
        pass
    return stage


def test_an_account_leads_from_the_first_balance_to_the_last(stage: Stage) -> None:
    unit, ledger = stage.scenario.unit, stage.economy.chain.ledger
    for address, actor in stage.economy.actors.items():
        entries = stage.chronicle.account(address, most=10**9)
        change = sum(entry.change for entry in entries)
        assert change * unit == pytest.approx(ledger.balance(address) - actor.balance_at_start, abs=unit * 1e-6)
        if entries:
            assert entries[0].balance == pytest.approx(ledger.balance(address) / unit)


def test_there_is_a_line_for_each_transaction(stage: Stage) -> None:
    happenings = stage.chronicle.happenings
    assert len(happenings) == stage.economy.recorder.transactions
    kinds = Counter(line.kind for line in stage.chronicle.lines(10**9))
    assert kinds["add"] == len(stage.economy.recorder.added)
    assert len(stage.chronicle.lines(5)) == min(5, len(happenings))


def test_takings_flow_from_author_to_taker(stage: Stage) -> None:
    economy: Economy = stage.economy
    if economy.ageless:
        pytest.skip("a market has a pool: see the next test")
    lost: Counter[str] = Counter()
    for actor in economy.actors.values():
        lost[actor.group] += actor.statement.taken_from
    flows: Counter[str] = Counter()
    for flow in stage.chronicle.flows():
        if flow.target != "gas":
            flows[flow.source] += round(flow.units * stage.scenario.unit)
    for group, amount in lost.items():
        assert flows[group] == pytest.approx(amount, rel=1e-9)


def test_what_flows_into_the_pool_of_a_market_flows_out_again() -> None:
    stage = Stage(load_scenario("prediction-market"))
    while not stage.advance(10**12, 1.0):
        pass
    flows = stage.chronicle.flows()
    paid_in = sum(flow.units for flow in flows if flow.target == CONTRACT)
    paid_out = sum(flow.units for flow in flows if flow.source == CONTRACT)
    deposits = sum(actor.statement.deposited for actor in stage.economy.actors.values())
    assert paid_in == pytest.approx(1000 + deposits / stage.scenario.unit)  # the bounty, and all stakes
    assert paid_in - paid_out == pytest.approx(stage.economy.trainer.escrow() / stage.scenario.unit)


def test_the_fates_of_deposits_add_up(stage: Stage) -> None:
    for group in stage.frame().groups:
        fate = group.fate
        parts = fate.returned + fate.taken + fate.locked + fate.other
        assert parts == pytest.approx(fate.deposited)
        assert min(fate.returned, fate.taken, fate.locked) >= 0


def test_the_log_quotes_the_sentence_and_knows_a_lie() -> None:
    stage = Stage(load_scenario("quickstart", {"data.size": 300}))
    stage.advance(2 * 86_400, 10.0)
    lines = stage.chronicle.lines(10**6, kinds=("add",))
    stream = build(stage.scenario).stream
    assert stream.current is not None
    first, told = stream.text(stream.current), lines[-1].sentence.removesuffix(" …")
    assert letters(first).startswith(letters(told))
    assert len(letters(told)) > 10
    for line in lines:
        assert re.fullmatch(r"deposits [\d.,]+ for calling", line.before)
        assert line.after in ("objective", "subjective")
    flippers = [line for line in lines if line.group == "flipper"]
    assert all(line.is_lie for line in flippers)
    honest = [line for line in lines if line.group == "honest"]
    assert sum(line.is_lie for line in honest) <= 0.02 * len(honest)
