"""Blocks with a mempool: who waits for what, in which order it is executed, and who may look."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from agents import Honest, LabelFlipper, Settings, Traits
from sim.blocks import BlockEconomy, BlockRules, Waiting, in_order
from sim.chain import Clock, FixedPrice, Receipt, Transaction
from sim.economy import Economy, Schedule
from sim.errors import ConfigError
from sim.rng import Streams
from sim.units import DAY, DEFAULT_UNIT, GWEI, HOUR
from tests.support import make_economy

SLOT = 12
RICH = Settings(balance=10**24)


class Scripted(Honest):
    """Does at its wake-ups what it is told, and keeps what it saw and heard."""

    traits = Traits(adversarial=False, sees_mempool=True)

    def __init__(self, economy: Economy, name: str, script: dict[int, Any], settings: Settings = RICH) -> None:
        super().__init__(economy, name, settings, Streams(0))
        self.times = iter([*script, 10**9])
        self.script = iter(script.values())
        self.at = 0
        self.heard: list[Receipt] = []
        self.saw: list[Any] = []

    def next_gap(self) -> int:
        before, self.at = self.at, next(self.times)
        return self.at - before

    def act(self, view: Any) -> Any:
        return next(self.script)(self, view) or ()

    def claims(self, view: Any) -> Any:
        return ()

    def on_receipt(self, receipt: Receipt) -> None:
        self.heard.append(receipt)


def block_economy(rules: BlockRules = BlockRules(), fees: Any = None, **parameters: Any) -> BlockEconomy:  # noqa: B008
    plain = make_economy(fees=fees, deposit_policy="fixed", deposit=DEFAULT_UNIT, **parameters)
    plain.chain.clock.slot = SLOT
    return BlockEconomy(plain.chain, plain.trainer, plain.stream, Schedule(horizon=2 * DAY), rules=rules)


def adds(actor: Scripted, view: Any) -> Any:
    return [view.add(view.sample.data, view.sample.label, DEFAULT_UNIT)]


def pays(to: str, value: int, tip: int = 0) -> Any:
    return lambda actor, view: [Transaction(view.address, to, "", (), value, tip=tip)]


def looks(actor: Scripted, view: Any) -> None:
    actor.saw.append((view.now, [(pending.transaction.sender, pending.sent) for pending in view.mempool]))


def weighs(actor: Scripted, view: Any) -> None:
    actor.saw.append(view.balance)


def played(economy: BlockEconomy, **scripts: dict[int, Any]) -> dict[str, Scripted]:
    """Everybody follows a script: what to do at which second."""
    people = {name: Scripted(economy, name, script) for name, script in scripts.items()}
    for actor in people.values():
        economy.join(actor)
    return people


def test_nothing_happens_before_the_block_is_due() -> None:
    economy = block_economy()
    people = played(economy, ann={1: adds, 12: adds, 13: adds})
    economy.advance(11)
    assert len(economy.trainer.records) == 0
    assert not people["ann"].heard
    economy.advance(12)  # what is sent in the second of a block is in it
    assert economy.trainer.records.added_time == [12, 12]
    economy.advance(23)
    assert len(economy.trainer.records) == 2
    economy.run()
    assert economy.trainer.records.added_time == [12, 12, 24]
    assert [(receipt.ok, receipt.time) for receipt in people["ann"].heard] == [(True, 12), (True, 12), (True, 24)]


def test_what_is_due_at_the_horizon_is_executed() -> None:
    economy = block_economy()
    played(economy, ann={2 * DAY - 1: adds})
    economy.run()
    assert economy.trainer.records.added_time == [2 * DAY]
    assert economy.ended_at == 2 * DAY
    assert economy.recorder.snapshots[-1].accepted == 1  # and it is in what is measured at the end


def test_nothing_is_over_while_the_last_sample_waits() -> None:
    """Nobody can have it any more, and there is no claim yet: but there will be one."""
    economy = block_economy(rows=21)
    assert economy.stream.offered == 1
    people = played(economy, ann={1: adds, 2: weighs, 14: weighs})
    economy.advance(24)
    assert len(economy.trainer.records) == 1
    assert not economy.ended
    assert len(people["ann"].saw) == 2


def test_steps_of_any_length_lead_to_the_same_end() -> None:
    ends = []
    for step in (5, 7 * SLOT, 2 * DAY):
        economy = block_economy(BlockRules("random", rng=np.random.default_rng(3)))
        for name in ("ann", "bob", "cat"):
            economy.join(Honest(economy, name, Settings(balance=10**24, mean_gap=60), Streams(1)))
        until = 0
        while not economy.ended and until < HOUR:
            until += step
            economy.advance(min(until, HOUR))
        records = economy.trainer.records
        ends.append((list(records.author), list(records.added_time), dict(economy.chain.ledger.balances)))
    assert len(ends[0][0]) > 20
    assert ends[0] == ends[1] == ends[2]


def test_a_sample_that_waits_is_offered_to_nobody_else_and_again_if_it_is_refused() -> None:
    economy = block_economy()
    first = economy.stream.current

    def too_little(actor: Scripted, view: Any) -> Any:
        return [view.add(view.sample.data, view.sample.label, 1)]

    people = played(economy, ann={1: too_little}, bob={2: adds}, cat={13: adds})
    economy.run()
    records = economy.trainer.records
    assert [receipt.ok for receipt in people["ann"].heard] == [False]
    assert list(records.author) == ["bob", "cat"]
    assert records.data[1] is first.data  # type: ignore[union-attr]
    assert records.data[0] is not first.data  # type: ignore[union-attr]
    assert [added.true_label for added in economy.recorder.added] == [True, True]
    assert economy.stream.remaining == economy.stream.offered - 2


def test_what_others_sent_is_seen_after_the_latency_and_own_at_once() -> None:
    economy = block_economy(BlockRules(latency=4))
    people = played(economy, ann={1: adds, 2: looks}, bob={4: looks, 5: looks, 13: looks})
    economy.run()
    assert people["ann"].saw == [(12, [("ann", 1)])]
    assert people["bob"].saw == [(12, []), (12, [("ann", 1)]), (24, [])]


def test_what_had_no_room_is_still_seen_oldest_first() -> None:
    """A block of one transfer takes the highest tip; the others wait on, as they were sent."""
    economy = block_economy(BlockRules("tip"))
    economy.chain.block_gas_limit = economy.chain.gas_limit = 21_000
    scripts = {
        name: {time: pays("x", 1, tip)} for time, (name, tip) in enumerate((("ann", 1), ("bob", 3), ("cat", 2)), 1)
    }
    people = played(economy, **scripts, eve={13: looks, 25: looks})  # type: ignore[arg-type]
    economy.run()
    assert people["eve"].saw == [(24, [("ann", 1), ("cat", 3)]), (36, [("ann", 1)])]


class Blind(Scripted):
    traits = Traits(adversarial=False)


def test_who_does_not_say_so_may_not_look() -> None:
    economy = block_economy()
    economy.join(Blind(economy, "ann", {1: looks}))
    with pytest.raises(ConfigError, match=r"ann looks at the mempool.*sees_mempool"):
        economy.run()


def test_money_is_promised_once() -> None:
    economy = block_economy()
    people = played(economy, ann={1: adds, 2: weighs, 13: weighs})
    economy.run()
    assert people["ann"].saw == [10**24 - DEFAULT_UNIT] * 2


def test_what_cannot_be_paid_for_is_dropped_and_accounted_for() -> None:
    """Cat counts on money that comes in the same block, but after her turn."""
    economy = block_economy()
    poor = Scripted(economy, "cat", {1: pays("bob", 10**24 + 1)})
    economy.join(poor)
    played(economy, ann={2: pays("cat", 5)})
    economy.run()
    (receipt,) = poor.heard
    assert (receipt.ok, receipt.fee, receipt.gas_used) == (False, 0, 0)
    assert receipt.reason.startswith("dropped: cat has too little")
    assert poor.statement.dropped == 1
    assert economy.chain.ledger.balance("cat") == 10**24 + 5
    assert economy.chain.nonces.get("cat", 0) == 0


def order_of(ordering: str, *sent: tuple[str, int], **rules: Any) -> list[tuple[str, int]]:
    """The order in a block of transactions of (sender, tip), sent in this order."""
    class_of: Any = type("Actor", (), {})
    actors = {who: class_of() for who, _ in sent}
    for who, actor in actors.items():
        actor.name = who
    waiting = [
        Waiting(actors[who], 0, Transaction(who, "x", "", (), tip=tip), time) for time, (who, tip) in enumerate(sent)
    ]
    ordered = in_order(waiting, BlockRules(ordering, **rules))
    assert Counter(ordered) == Counter(waiting)
    for who in actors:  # one address keeps its order
        times = [entry.sent for entry in ordered if entry.transaction.sender == who]
        assert times == sorted(times)
    return [(entry.transaction.sender, entry.transaction.tip) for entry in ordered]


def test_orderings() -> None:
    sent = [("ann", 1), ("bob", 3), ("cat", 2), ("dan", 3), ("ann", 9)]
    assert order_of("fifo", *sent) == sent
    # Ann's 9 stands behind her own 1, and counts as one.
    assert order_of("tip", *sent) == [("bob", 3), ("dan", 3), ("cat", 2), ("ann", 1), ("ann", 9)]
    favours = order_of("adversarial", *sent, favours=lambda actor: actor.name in ("cat", "ann"))
    assert favours == [("ann", 1), ("cat", 2), ("ann", 9), ("bob", 3), ("dan", 3)]


def test_random_orders_are_all_as_likely() -> None:
    """Of ann's two and bob's one there are three orders in which ann's keep theirs."""
    rng = np.random.default_rng(7)
    found = Counter(
        tuple(who for who, _ in order_of("random", ("ann", 0), ("ann", 0), ("bob", 0), rng=rng)) for _ in range(3_000)
    )
    assert len(found) == 3
    assert list(found.values()) == pytest.approx([1_000] * 3, abs=120)  # some 4.6 standard deviations


def test_tips_are_paid_to_the_proposer() -> None:
    economy = block_economy(BlockRules("tip"), fees=FixedPrice(GWEI))
    people = played(economy, ann={1: pays("x", 1, tip=GWEI)}, bob={2: pays("x", 1, tip=2 * GWEI)})
    economy.run()
    fees = {name: agent.heard[0].fee for name, agent in people.items()}
    assert fees == {"ann": 21_000 * 2 * GWEI, "bob": 21_000 * 3 * GWEI}
    assert economy.chain.ledger.balance("ann") == 10**24 - 1 - fees["ann"]


@pytest.mark.parametrize("fees", [None, FixedPrice(GWEI)])
def test_participants_offer_their_tip_and_have_it_in_mind(fees: Any) -> None:
    """With a tip of 1 gwei an addition costs a fee of some 0.2 units, which a wallet of one deposit does not have."""
    for balance, added in ((DEFAULT_UNIT + DEFAULT_UNIT // 10, 0), (3 * DEFAULT_UNIT, 1)):
        economy = block_economy(fees=fees)
        agent = Honest(economy, "ann", Settings(balance=balance, tip=GWEI), Streams(0), participation_margin=None)
        economy.join(agent)
        economy.advance(6 * HOUR)
        assert min(agent.statement.submitted, 1) == added
        assert agent.statement.rejected_wallet > 0
        assert agent.statement.dropped == 0


class Claims(Scripted):
    """Asks for the same at every wake-up."""

    def claims(self, view: Any) -> Any:
        return [Transaction(self.address, "x", "", (), 1)]


def test_a_claim_is_sent_once_a_block() -> None:
    economy = block_economy()
    agent = Claims(economy, "ann", {1: weighs, 2: weighs, 13: weighs})
    economy.join(agent)
    economy.run()
    assert [receipt.time for receipt in agent.heard] == [12, 24]


def test_a_claim_that_waits_is_not_sent_again() -> None:
    """An author who wakes up every second with a mature contribution asks once for its refund."""
    economy = block_economy(rows=60, refund_window=HOUR)
    agent = Honest(
        economy, "ann", Settings(balance=5 * DEFAULT_UNIT, mean_gap=1, arrival="normal", gap_sd=0), Streams(0)
    )
    economy.join(agent)
    refused: list[Receipt] = []
    economy.chain.observers.append(lambda receipt: None if receipt.ok else refused.append(receipt))
    economy.advance(2 * HOUR)
    assert agent.statement.refunded > 0
    assert not [receipt for receipt in refused if receipt.transaction.method == "refund"]


@pytest.mark.parametrize("ordering", ["fifo", "tip", "random", "adversarial"])
def test_a_whole_life_keeps_the_books(ordering: str) -> None:
    """Wei are conserved, escrow is what is owed, deposits are all accounted for, and the run ends."""
    rules = BlockRules(ordering, 2, lambda actor: actor.name == "liar", np.random.default_rng(0))
    economy = block_economy(rules, fees=FixedPrice(GWEI))
    for kind, name in ((Honest, "ann"), (Honest, "bob"), (LabelFlipper, "liar")):
        economy.join(kind(economy, name, Settings(balance=10**20, mean_gap=120), Streams(2)))
    economy.run()
    chain, trainer = economy.chain, economy.trainer
    assert economy.ended
    assert not economy.pool.waiting
    assert sum(chain.ledger.balances.values()) == chain.ledger.minted
    assert trainer.escrow() == trainer.mechanism.liabilities()
    statements = [actor.statement for actor in economy.actors.values()]
    assert sum(statement.locked for statement in statements) == trainer.escrow()
    assert sum(statement.submitted for statement in statements) == len(trainer.records) > 100


def test_rules_out_of_range_are_refused() -> None:
    for keywords, named in (
        ({"ordering": "lifo"}, "'lifo'"),
        ({"latency": -1}, "-1 s"),
        ({"ordering": "random"}, "rng"),
    ):
        with pytest.raises(ConfigError, match=named):
            BlockRules(**keywords)  # type: ignore[arg-type]
    plain = make_economy()
    assert plain.chain.clock.slot == Clock().slot == 0
    with pytest.raises(ConfigError, match="there are no blocks"):
        BlockEconomy(plain.chain, plain.trainer, plain.stream, rules=BlockRules())
