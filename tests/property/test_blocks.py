"""Blocks have a capacity: what does not fit waits its turn, nothing is lost, nothing happens twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import Honest, LabelFlipper, Settings
from sim.blocks import BlockEconomy, BlockRules
from sim.chain import Receipt, Transaction
from sim.economy import Schedule
from sim.rng import Streams
from sim.units import HOUR
from tests.sim.test_blocks import SLOT, Scripted
from tests.support import make_economy

TRANSFER = 21_000  # gas of a transfer of ether
NAMES = ("ann", "bob", "cat")
SLOTS = 40


@dataclass(frozen=True)
class Sent:
    """A transfer of ``number`` wei, which tells it from all others."""

    number: int
    who: str
    time: int
    gas_limit: int
    tip: int


def economy_with(gas_of_a_block: int, gas_of_a_transaction: int, rules: BlockRules) -> BlockEconomy:
    plain = make_economy()
    plain.chain.clock.slot = SLOT
    plain.chain.block_gas_limit, plain.chain.gas_limit = gas_of_a_block, gas_of_a_transaction
    return BlockEconomy(plain.chain, plain.trainer, plain.stream, Schedule(horizon=SLOTS * SLOT), rules=rules)


def played(sent: list[Sent], economy: BlockEconomy) -> tuple[list[Receipt], list[Receipt]]:
    """What was executed, in order, and what anybody heard of."""
    executed: list[Receipt] = []
    economy.chain.observers.append(executed.append)
    people = []
    for name in NAMES:
        script: dict[int, Any] = {}
        for one in sorted(sent, key=lambda one: one.time):
            if one.who == name:
                script.setdefault(one.time, []).append(
                    Transaction(name, "x", "", (), one.number, one.gas_limit, tip=one.tip)
                )
        acts = {time: (lambda actor, view, batch=batch: batch) for time, batch in script.items()}
        people.append(Scripted(economy, name, acts))
        economy.join(people[-1])
    economy.run()
    return executed, [receipt for actor in people for receipt in actor.heard]


def expected(sent: list[Sent], ordering: str, room: int) -> list[tuple[int, int]]:
    """(time of the block, number) of all that is executed, by hand: fill each block up to the first that is too big."""
    done, waiting, to_come = [], [], sorted(sent, key=lambda one: (one.time, one.number))
    for block in range(0, SLOTS * SLOT + 1, SLOT):
        waiting += [one for one in to_come if block - SLOT < one.time <= block]
        order = list(waiting)
        if ordering == "tip":
            lowest = {id(one): min(two.tip for two in order if two.who == one.who and older(two, one)) for one in order}
            order.sort(key=lambda one: -lowest[id(one)])
        elif ordering == "adversarial":
            order.sort(key=lambda one: one.who != "cat")
        left = room
        for one in order:
            if one.gas_limit <= room:  # else it is refused at once
                if (one.gas_limit or TRANSFER) > left:
                    break
                done.append((block, one.number))
                left -= TRANSFER
            waiting.remove(one)
    return done


def older(one: Sent, two: Sent) -> bool:
    return (one.time, one.number) <= (two.time, two.number)


@st.composite
def transfers(draw: Any) -> list[Sent]:
    """Nobody sends in a second in which another does: who wakes up first then is not what is asked here."""
    sent = []
    for number in range(draw(st.integers(1, 25))):
        who = draw(st.integers(0, len(NAMES) - 1))
        time = len(NAMES) * draw(st.integers(1, 20)) + who
        gas_limit = draw(st.sampled_from([0, 0, TRANSFER, 30_000, 60_000, 10**6]))
        sent.append(Sent(1 + number, NAMES[who], time, gas_limit, draw(st.integers(0, 3))))
    return sent


@settings(max_examples=60, deadline=None)
@given(transfers(), st.sampled_from(["fifo", "tip", "adversarial", "random"]), st.sampled_from([60_000, 70_000, 10**6]))
def test_blocks_are_filled_in_order_and_all_is_heard_of_once(sent: list[Sent], ordering: str, room: int) -> None:
    rules = BlockRules(ordering, favours=lambda actor: actor.name == "cat", rng=np.random.default_rng(0))
    executed, heard = played(sent, economy_with(room, room, rules))
    assert Counter(receipt.transaction.value for receipt in heard) == Counter(one.number for one in sent)
    assert all(receipt.ok for receipt in executed)
    dropped = [receipt for receipt in heard if receipt.nonce == -1]
    assert {receipt.transaction.value for receipt in dropped} == {one.number for one in sent if one.gas_limit > room}
    assert all(f"gas limit is 1000000; at most {room}" in receipt.reason for receipt in dropped)
    used = Counter[int]()
    for receipt in executed:
        assert used[receipt.time] + (receipt.transaction.gas_limit or TRANSFER) <= room
        used[receipt.time] += receipt.gas_used
    for name in NAMES:  # whatever the ordering, one address keeps its own
        own = [receipt.transaction.value for receipt in executed if receipt.transaction.sender == name]
        assert own == [
            one.number for one in sorted(sent, key=lambda one: one.time) if one.who == name and one.number in own
        ]
    if ordering != "random":
        assert [(receipt.time, receipt.transaction.value) for receipt in executed] == expected(sent, ordering, room)


def test_what_still_waits_at_the_end_is_dropped_and_told() -> None:
    """Three blocks with room for two transfers each, and ten transfers."""
    economy = economy_with(2 * TRANSFER, 2 * TRANSFER, BlockRules())
    sent = [Sent(1 + number, "ann", (SLOTS - 2) * SLOT, 0, 0) for number in range(10)]
    executed, heard = played(sent, economy)
    assert [receipt.transaction.value for receipt in executed] == [1, 2, 3, 4, 5, 6]
    assert [receipt.time for receipt in executed] == [slot * SLOT for slot in (38, 38, 39, 39, 40, 40)]
    assert [receipt.reason for receipt in heard[6:]] == ["dropped: the run ended before a block had room for it"] * 4
    assert economy.actors["ann"].statement.dropped == 4
    assert not economy.pool.waiting


def test_one_transaction_may_be_allowed_less_than_a_block_has() -> None:
    """As in Osaka: a block of three transfers, of which each may use no more than one and a half."""
    executed, heard = played(
        [Sent(1, "ann", 1, 31_500, 0), Sent(2, "ann", 1, 31_501, 0), Sent(3, "ann", 1, 0, 0), Sent(4, "bob", 2, 0, 0)],
        economy_with(3 * TRANSFER, 31_500, BlockRules()),
    )
    assert [(receipt.time, receipt.transaction.value) for receipt in executed] == [(SLOT, 1), (SLOT, 3), (SLOT, 4)]
    assert [receipt.reason for receipt in heard if not receipt.ok] == ["dropped: gas limit is 31501; at most 31500"]


@pytest.mark.parametrize("commit_reveal", [False, True])
@pytest.mark.parametrize("room", [300_000, 450_000])
def test_a_crowded_chain_keeps_the_books(commit_reveal: bool, room: int) -> None:
    """Blocks of one or two additions, wanted by more: money, samples and deposits are accounted for, promises kept."""
    plain = make_economy(rows=60, commit_reveal=commit_reveal, deposit_policy="fixed")
    plain.chain.clock.slot = 60
    plain.chain.block_gas_limit = plain.chain.gas_limit = room
    rules = BlockRules("random", rng=np.random.default_rng(1))
    economy = BlockEconomy(plain.chain, plain.trainer, plain.stream, Schedule(horizon=12 * HOUR), rules=rules)
    receipts: list[Receipt] = []
    economy.chain.observers.append(receipts.append)
    for kind, name in ((Honest, "ann"), (Honest, "bob"), (LabelFlipper, "liar")):
        economy.join(kind(economy, name, Settings(balance=10**24, mean_gap=20), Streams(2)))
    most = 0
    while not economy.ended:
        economy.advance(economy.reached + 60)
        most = max(most, len(economy.pool.waiting))
    used = Counter[int]()
    for receipt in receipts:
        used[receipt.time] += receipt.gas_used
    assert most > 2  # there were queues
    assert max(used.values()) <= room
    chain, trainer, stream = economy.chain, economy.trainer, economy.stream
    assert sum(chain.ledger.balances.values()) == chain.ledger.minted
    assert trainer.escrow() == trainer.mechanism.liabilities()
    statements = [actor.statement for actor in economy.actors.values()]
    assert sum(statement.submitted for statement in statements) == len(trainer.records) > 20
    if commit_reveal:
        reveals = [receipt for receipt in receipts if receipt.transaction.method == "reveal_data"]
        commitments = [receipt for receipt in receipts if receipt.transaction.method == "commit_data"]
        assert all(receipt.ok for receipt in reveals)
        assert len(commitments) - len(reveals) <= 2 * len(economy.actors)  # none is made twice while it waits
    else:
        assert stream.remaining == stream.offered - len(trainer.records)
