"""A fault at every line of every contract method leaves no trace but the fee.

`sys.settrace` raises a fault at one line after the other of whatever a transaction executes within the chain's attempt:
contracts, mechanism, model, ledger, journal. The lines are found by tracing the same transaction first, so that new
code is tried without anyone remembering to.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import mechanisms
import sim
from sim.chain import BURNED, PROPOSER, FixedPrice, Receipt, Transaction
from sim.errors import OutOfGas, Revert
from tests.support import TRAINER, World, assert_only_fee_and_nonce, data, make_world, picture

PRODUCT = tuple(str(Path(package.__file__).parent) for package in (sim, mechanisms))
ENTRANCES = {"_attempt"}
"""The chain's own method within which everything is undone."""

NOT_STRUCK = {"rollback"}
"""What does the undoing."""

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


def situation(model: str, profile: str) -> tuple[World, dict[str, Transaction]]:
    """A world in which an add, a refund, two reports and a paid prediction would all succeed now."""
    world = make_world(
        model, fees=FixedPrice(3), profile=profile, refund_window=100, any_claim_after=8 * 86_400, n_features=3
    )
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


def fault_points(world: World, call: Transaction) -> list[Place]:
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
                    yield pytest.param(model, profile, call, id=f"{model}-{profile}-{call}")


class Struck(BaseException):
    """Something the chain knows nothing of: a bug in a contract, a full disk, Ctrl-C."""


@pytest.mark.parametrize(("model", "profile", "name"), list(cases()))
def test_fault_at_any_line_leaves_only_the_fee(model: str, profile: str, name: str) -> None:
    world, calls = situation(model, profile)
    call = calls[name]
    places = fault_points(world, call)
    assert len(set(places)) > 25
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
