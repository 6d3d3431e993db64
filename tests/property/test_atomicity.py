"""A fault at every line of every contract method leaves no trace but the fee.

`sys.settrace` raises a fault at one line after the other of whatever a transaction executes within the chain's attempt:
contracts, mechanism, model, ledger, journal. The lines are found by tracing the same transaction first, so that new
code is tried without anyone remembering to.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import mechanisms
import sim
from mechanisms.commit_reveal import commitment_of
from sim.chain import BURNED, PROPOSER, FixedPrice, Receipt, Transaction
from sim.errors import OutOfGas, Revert
from tests.markets import Market
from tests.support import TRAINER, World, assert_only_fee_and_nonce, data, make_world, picture

PRODUCT = tuple(str(Path(package.__file__).parent) for package in (sim, mechanisms))
ENTRANCES = {"_attempt"}
"""The chain's own method within which everything is undone."""

NOT_STRUCK = {"rollback", "_agrees"}
"""What does the undoing, and a check of a `mechanisms.verdicts`: a model that refuses to answer does not agree."""

Place = tuple[str, int]


class Striker:
    """A tracer that notes every line of the product it passes, and raises ``fault`` at the ``strike``-th of them."""

    def __init__(self, fault: Callable[[], BaseException] | None = None, strike: int = -1) -> None:
        self.fault, self.strike = fault, strike
        self.places: list[Place] = []

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        """Called at each function call: whether its lines are to be noted."""
        outer: FrameType | None = frame
        while outer is not None and outer.f_code.co_name not in ENTRANCES | NOT_STRUCK:
            outer = outer.f_back
        within = outer is not None and outer is not frame and outer.f_code.co_name in ENTRANCES
        return self.line if within and frame.f_code.co_filename.startswith(PRODUCT) else None

    def line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            self.places.append((frame.f_code.co_filename, frame.f_lineno))
            if self.fault is not None and len(self.places) - 1 == self.strike:
                self.fault, fault = None, self.fault
                raise fault()
        return self.line


def traced(striker: Striker, action: Callable[[], Any]) -> Any:
    previous = sys.gettrace()
    sys.settrace(striker)
    try:
        return action()
    finally:
        sys.settrace(previous)


def situation(
    model: str, profile: str, mechanism: str = "deposit_refund_take", **levers: Any
) -> tuple[World, dict[str, Transaction]]:
    """A world in which an add, a refund, two reports and a paid prediction would all succeed now."""
    world = make_world(
        model, mechanism=mechanism, fees=FixedPrice(3), profile=profile, refund_window=100, any_claim_after=8 * 86_400,
        n_features=3, **levers,
    )  # fmt: skip
    price = 10**19
    world.wait(1)
    world.send("ann", "add_data", data(0), 1, value=price)
    world.wait(1)
    world.send("bob", "add_data", data(1), 0, value=price)
    world.wait(1_000_000)
    world.index.look(world.chain.clock.now)
    world.send("ann", "refund", data(0), 1, 1001)
    times = {}
    for who, features, label in (
        ("ann", (0, 2), 1), ("bob", (1, 2), 1), ("cat", (1, 2), 0), ("cat", (1, 2), 0), ("bob", (1,), 0),
    ):  # fmt: skip
        world.wait(1)
        times[who, features] = world.chain.clock.now
        assert world.send(who, "add_data", data(*features), label, value=price).ok
    world.wait(200)
    world.index.look(world.chain.clock.now)
    assert world.model.predict_one(data(1, 2).features) == 0
    calls = {
        "add_data": ("cat", "add_data", (data(0, 1, 2), 0), price),
        "refund": ("cat", "refund", (data(1, 2), 0, times["cat", (1, 2)]), 0),
        "report": ("ann", "report", (data(1, 2), 1, times["bob", (1, 2)], "bob"), 0),
        "report of an expired deposit": ("cat", "report", (data(1), 0, 1002, "bob"), 0),
    }
    if profile != "solidity":
        calls["predict"] = ("cat", "predict", (data(0),), 10**16 + 1)
    return world, {
        name: Transaction(who, TRAINER, method, arguments, value)
        for name, (who, method, arguments, value) in calls.items()
    }


def fault_points(world: World | Market, call: Transaction) -> list[Place]:
    """The lines the transaction passes when nothing strikes; it is undone again."""
    world.chain.estimate_gas(call)  # caches of pure functions are warm from here on
    striker = Striker()
    traced(striker, lambda: world.chain.estimate_gas(call))
    return striker.places


def cases() -> Iterator[Any]:
    for model in ("perceptron", "naive_bayes"):
        for profile in ("corrected", "solidity", "reference"):
            for call in ("add_data", "refund", "report", "report of an expired deposit", "predict"):
                if (profile, call) != ("solidity", "predict"):
                    yield pytest.param(model, profile, call, "deposit_refund_take", id=f"{model}-{profile}-{call}")
    for profile in ("corrected", "solidity"):
        for call in ("add_data", "refund", "report"):
            yield pytest.param("perceptron", profile, call, "points", id=f"points-{profile}-{call}")


class Struck(BaseException):
    """Something the chain knows nothing of: a bug in a contract, a full disk, Ctrl-C."""


@pytest.mark.parametrize(("model", "profile", "name", "mechanism"), list(cases()))
def test_fault_at_any_line_leaves_only_the_fee(model: str, profile: str, name: str, mechanism: str) -> None:
    world, calls = situation(model, profile, mechanism)
    strike_everywhere(world, calls[name])


DEFENCES: dict[str, dict[str, Any]] = {
    "majority": {
        "refund_rule": "majority", "check_gap": 10, "author_grace": 20, "slashed_share": Fraction(1, 3),
        "reputation": "values", "deposit_policy": "novelty", "novelty_neighbours": 1, "standing_half_life": 1_000,
    },
    "one_shot": {
        "refund_rule": "one_shot", "deposit_policy": "confidence", "base_policy": "eip1559",
        "reputation": "outcomes", "reporter_share": Fraction(1, 2),
    },
}  # fmt: skip


@pytest.mark.parametrize("levers", DEFENCES)
@pytest.mark.parametrize("name", ["add_data", "refund", "report"])
def test_fault_in_a_defence_leaves_only_the_fee(name: str, levers: str) -> None:
    world, calls = situation("perceptron", "corrected", **DEFENCES[levers])
    strike_everywhere(world, calls[name])


@pytest.mark.parametrize("name", ["commit_data", "reveal_data"])
def test_fault_in_commit_and_reveal_leaves_only_the_fee(name: str) -> None:
    world = make_world(fees=FixedPrice(3), commit_reveal=True)
    world.wait(1)
    commitment = commitment_of("ann", data(0, 2), 1, bytes(32))
    call = Transaction("ann", TRAINER, "commit_data", (commitment,))
    if name == "reveal_data":
        assert world.chain.execute(call).ok
        world.wait(1)
        call = Transaction("ann", TRAINER, "reveal_data", (data(0, 2), 1, bytes(32)), 10**20)
    strike_everywhere(world, call, least=8)


def strike_everywhere(world: World, call: Transaction, least: int = 26) -> None:
    """A fault at every line of a transaction that would succeed, of which at least so many differ; then without."""
    places = fault_points(world, call)
    assert len(set(places)) >= least
    chain = world.chain
    for strike in range(len(places)):
        for fault in (lambda: Revert("struck"), OutOfGas, Struck):
            before = picture(world)
            receipt: Receipt | None = None
            try:
                receipt = traced(Striker(fault, strike), lambda: chain.execute(call))
            except Struck:
                assert picture(world) == before, f"a stray exception left a trace at {places[strike]}"
                continue
            assert receipt is not None
            assert not receipt.ok, f"the fault was swallowed at {places[strike]}"
            assert_only_fee_and_nonce(before, picture(world), receipt)
            assert receipt.fee == 3 * receipt.gas_used
            assert receipt.gas_used == chain.gas_limit or receipt.reason == "struck"
    # ... and the world is as good as new: without a fault the same transaction still goes through.
    assert chain.execute(call).ok


def market_before(name: str) -> tuple[Market, Transaction]:
    """A market with a naive Bayes model in which a call of this name would succeed now."""
    market = Market(size=3, reset_model_during_reward_phase=True, group_contributions=True)
    calls: dict[str, Transaction] = {}

    def reached(method: str, who: str, *arguments: Any, value: int = 0) -> bool:
        calls[method] = Transaction(who, TRAINER, method, arguments, value)
        return method == name

    commitments = tuple(map(market.mechanism.seal, market.parts))
    market.chain.mint("pam", 10**20)
    if reached("commit", "pam", commitments, 0, 0, value=10**16):
        return market, calls[name]
    market.open(10**16)
    for who, label in (("ann", 1), ("bob", 0), ("ann", 0)):
        assert market.send(who, "add_data", data(900 + len(market.records)), label, value=10**15).ok
    if reached("add_data", "ann", data(901), 1, value=10**15) or reached("end", "pam"):
        return market, calls[name]
    market.send("pam", "end")
    if reached("reveal", "pam", market.parts[market.mechanism.next_part]):
        return market, calls[name]
    if name == "time_out":
        market.wait(10**6)
        return market, Transaction("bob", TRAINER, "time_out")
    for _ in market.parts[1:]:
        assert market.reveal().ok
    if reached("process", "bob", 100):
        return market, calls[name]
    market.send("bob", "process", 100)
    market.wait(10**6)
    reached("refund", "ann", *market.key("ann"))
    reached("report", "bob", *market.key("ann"), "ann")
    return market, calls[name]


MARKET_CALLS = ("commit", "add_data", "end", "reveal", "time_out", "process", "refund", "report")


@pytest.mark.parametrize("name", MARKET_CALLS)
def test_fault_in_a_market_leaves_no_trace(name: str) -> None:
    """A model that refuses a contribution is no fault of the market: its writes are taken back, and it goes on."""
    market, call = market_before(name)
    places = fault_points(market, call)
    assert len(set(places)) > 15
    for strike, place in enumerate(places):
        for fault in (lambda: Revert("struck"), OutOfGas, Struck):
            before = picture(market)
            try:
                receipt = traced(Striker(fault, strike), partial(market.chain.execute, call))
            except Struck:
                assert picture(market) == before, f"a stray exception left a trace at {place}"
                continue
            if receipt.ok:
                assert name == "process"
                assert receipt.reason == ""
                market, call = market_before(name)
                continue
            assert_only_fee_and_nonce(before, picture(market), receipt)
    assert market.chain.execute(call).ok


def test_many_different_lines_are_struck() -> None:
    """The search reaches contracts, mechanism, model, ledger and journal alike."""
    for model in ("perceptron", "naive_bayes"):
        world, calls = situation(model, "corrected")
        struck = {place for call in calls.values() for place in fault_points(world, call)}
        assert len(struck) > 120
        files = {Path(file).stem for file, _ in struck}
        assert files >= {"trainer", "data_handler", "deposit_refund_take", model, "ledger", "journal", "gas", "base"}


def test_proposer_gets_the_fee_of_a_struck_transaction() -> None:
    """The comparison above would be empty if fees were never paid: here is one, by hand."""
    world, calls = situation("perceptron", "corrected")
    tips = world.balance(PROPOSER)
    receipt = traced(Striker(OutOfGas, 5), lambda: world.chain.execute(calls["refund"]))
    assert not receipt.ok
    assert world.balance(PROPOSER) - tips == 3 * world.chain.gas_limit
    assert world.balance(BURNED) == 0
