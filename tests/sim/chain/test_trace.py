"""What a trace says of a chain: every cell is in a digest of the state, every line says what changed."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sim.chain import Chain, Column, FixedPrice, Map, Transaction, Value, Weights
from sim.chain.trace import Reader, Recorder, seal, state_digests
from sim.errors import InvalidTransaction
from sim.features import Data
from sim.models import MODELS
from tests.support import World, data, make_world

UNIT = 10**15


def traced(world: World) -> tuple[Recorder, list[dict[str, Any]]]:
    """A recorder of a world, and the lines it will have written."""
    lines: list[dict[str, Any]] = []
    recorder = Recorder(world.chain, lambda line: lines.append(json.loads(line)))
    world.chain.observers.append(recorder.note)
    return recorder, lines


def used_world(model: str) -> World:
    """Something in every cell: contributions, a refund, a report, standing, decisions."""
    world = make_world(model, refund_window=10, any_claim_after=10**6, refund_rule="one_shot", fees=FixedPrice(1))
    first = world.wait(1)
    assert world.send("ann", "add_data", data(0, 1), 1, value=UNIT * 100).ok
    world.wait(20)
    world.send("ann", "refund", data(0, 1), 1, first)
    second = world.wait(1)
    assert world.send("bob", "add_data", data(0, 1), 0, value=UNIT * 100).ok
    world.wait(20)
    world.send("ann", "report", data(0, 1), 0, second, "bob")
    return world


def disturbed(cell: Any) -> Callable[[], None]:
    """Change what a cell holds behind the journal's back; the answer puts it back."""
    if isinstance(cell, Value):
        before, cell.value = cell.value, (cell.value, "other")
        return lambda: setattr(cell, "value", before)
    if isinstance(cell, Map):
        dict.__setitem__(cell, "other", 1)
        return lambda: dict.__delitem__(cell, "other")
    if isinstance(cell, Column):
        list.append(cell, 1)
        return lambda: list.__delitem__(cell, -1)
    array = cell.array
    cell.array = array.copy()
    cell.array.flat[-1] += 1
    return lambda: setattr(cell, "array", array)


@pytest.mark.parametrize("model", [model.name for model in MODELS])
def test_every_cell_of_the_journal_is_in_the_digest(model: str) -> None:
    """Cells are looked for among all objects there are, not where the digest looks."""
    world = used_world(model)
    journal = world.chain.journal
    cells = [
        thing for thing in gc.get_objects()
        if type(thing) in (Value, Map, Column, Weights) and thing._undo is journal.undo
    ]  # fmt: skip
    assert len(cells) > 15
    before = state_digests(world.chain)
    for cell in cells:
        restore = disturbed(cell)
        assert state_digests(world.chain)["all"] != before["all"], cell
        restore()
    assert state_digests(world.chain) == before


def test_equal_histories_have_equal_digests_and_others_do_not() -> None:
    one, other = used_world("perceptron"), used_world("perceptron")
    assert state_digests(one.chain) == state_digests(other.chain)
    other.send("bob", "", to="ann", value=1)
    differing = {
        part for part, digest in state_digests(other.chain).items() if state_digests(one.chain)[part] != digest
    }
    assert differing == {"all", "ledger", "nonces"}


def test_digests_tell_kinds_apart() -> None:
    """A number, a text and a list that look alike."""

    def digest(thing: Any) -> str:
        chain = Chain()
        chain.nonces["x"] = thing
        return state_digests(chain)["nonces"]

    alike = [
        1, "1", b"1", 1.0, True, None, [1], [[1]], {1: 1}, [1, 1], Fraction(1), Data([1]), np.array([1]),
        np.array([1], np.int32), np.array([1.0]), np.array([[1]]),
    ]  # fmt: skip
    assert len({digest(thing) for thing in alike}) == len(alike)
    with pytest.raises(TypeError, match="cells hold numbers"):
        digest({1, 2})


def test_balances_that_changed_are_told_after_fees_and_undone_transfers() -> None:
    world = make_world("perceptron", fees=FixedPrice(2), accounts={"ann": 10**20, "bob": 0})
    recorder, lines = traced(world)
    recorder.begin({})
    world.wait(1)
    receipts = [
        world.send("ann", "add_data", data(0), 1, value=10**18),
        world.send("ann", "add_data", data(0), 1, value=5),  # refused: the 5 wei come back
        world.send("ann", "", to="bob", value=7),
        world.send("ann", "", to="ann", value=7),
    ]
    told = [line["balances"] for line in lines[1:]]
    first, refused, sent, circled = told
    cost = receipts[0].logs[0].data[1]
    fees = [receipt.fee for receipt in receipts]
    start = 10**20
    assert set(first) == {"ann", "trainer", "<proposer>"}
    assert first == {"ann": str(start - cost - fees[0]), "trainer": str(cost), "<proposer>": str(fees[0])}
    assert set(refused) == set(circled) == {"ann", "<proposer>"}
    assert int(first["ann"]) - int(refused["ann"]) == fees[1]
    assert sent["bob"] == "7"
    assert (lines[2]["ok"], lines[2]["reason"], "logs" in lines[2]) == (
        False,
        "Didn't pay enough for the deposit.",
        False,
    )


def test_money_that_comes_straight_back_is_no_change() -> None:
    """A prediction is paid for, but nobody has standing, so nobody is paid."""
    world = make_world("perceptron")
    _, lines = traced(world)
    assert world.send("ann", "predict", data(0), value=5).ok
    assert "balances" not in lines[0]


def test_what_no_block_includes_leaves_no_line() -> None:
    world = make_world("perceptron", accounts={"ann": 5})
    _, lines = traced(world)
    with pytest.raises(InvalidTransaction):
        world.send("ann", "", to="bob", value=6)
    assert lines == []
    assert world.send("ann", "", to="bob", value=5).ok
    assert len(lines) == 1


def test_a_sample_is_written_once_and_read_again() -> None:
    world = make_world("perceptron")
    _, lines = traced(world)
    for features in ((0, 2), (1,), (0, 2)):
        world.wait(1)
        world.send("ann", "add_data", data(*features), 1, value=10**18)
    told = [line["arguments"] for line in lines]
    assert told == [
        [{"sample": 0, "features": [0, 2]}, 1], [{"sample": 1, "features": [1]}, 1], [{"sample": 0}, 1],
    ]  # fmt: skip
    reader = Reader()
    read = [reader.transaction(line) for line in lines]
    assert [sent.arguments[0].key for sent in read] == [data(0, 2).key, data(1).key, data(0, 2).key]
    assert read[0]._replace(arguments=()) == Transaction("ann", "trainer", "add_data", (), 10**18, 30_000_000, 0)
    with pytest.raises(ValueError, match="before its features"):
        Reader().transaction(lines[2])


@pytest.mark.parametrize("number", [0, -1, 2**53 - 1, 2**53, -(2**53), 2**64 - 1, 2**256 - 1])
def test_numbers_of_any_size_survive(number: int) -> None:
    """In an argument, and as a sample's own numbers where 64 bits hold them."""
    chain = Chain()
    lines: list[dict[str, Any]] = []
    chain.mint("ann", 10)
    chain.observers.append(Recorder(chain, lambda line: lines.append(json.loads(line))).note)
    sample = Data.numbers([number]) if -(2**63) <= number < 2**63 else data(1)
    chain.execute(Transaction("ann", "bob", "anything", (sample, number, "5")))
    read = Reader().transaction(lines[0])
    assert read.arguments[1:] == (number, "5")
    assert (read.arguments[0].key, read.arguments[0].features.tolist()) == (sample.key, sample.features.tolist())
    assert read.arguments[0].features.dtype == sample.features.dtype


@pytest.mark.parametrize(
    "change",
    [
        {"value": 5}, {"value": "-5"}, {"value": "5e3"}, {"value": ""}, {"nonce": "0"}, {"nonce": True},
        {"sender": 1}, {"arguments": [{"sample": 7}]}, {"arguments": [1.5]}, {"arguments": [None]},
        {"arguments": [{"sample": 0, "features": [-1]}]}, {"arguments": 3}, {"gas_limit": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_transaction_is_refused(change: dict[str, Any]) -> None:
    line = {"sender": "a", "to": "b", "method": "", "arguments": [], "value": "5", "gas_limit": 21_000, "nonce": 0}
    assert Reader().transaction(line).value == 5
    with pytest.raises((ValueError, TypeError, KeyError)):
        Reader().transaction(line | change)


def test_running_digest_follows_from_a_line_and_all_before_it() -> None:
    world = make_world("perceptron")
    recorder, lines = traced(world)
    recorder.begin({"trace": "here"})
    for _ in range(2):
        world.send("ann", "", to="bob", value=1)
    recorder.end()
    assert len(lines) == 4
    before = ""
    for line in lines:
        digest = line.pop("digest")
        assert digest == seal(line, before)
        assert digest != seal(line, "another history")
        before = digest
    assert before == recorder.digest
    assert lines[-1]["transactions"] == lines[-1]["succeeded"] == 2


def test_observers_see_the_writes_and_cost_nothing_when_there_are_none() -> None:
    world = make_world("perceptron")
    seen: list[int] = []
    world.chain.observers.append(lambda receipt: seen.append(len(world.chain.journal.undo)))
    assert world.send("ann", "", to="bob", value=1).ok
    world.chain.observers.clear()
    assert world.send("ann", "", to="bob", value=1).ok
    assert len(seen) == 1
    assert seen[0] > 0
    assert world.chain.journal.undo == []
