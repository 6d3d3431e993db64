"""The front-runner: what it does with the mempool, and what the order of a block has to do with it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from agents import FrontRunner, Honest, LabelFlipper, Settings
from sim.blocks import BlockEconomy, BlockRules
from sim.chain import FixedPrice
from sim.economy import Schedule
from sim.rng import Streams
from sim.units import DAY, DEFAULT_UNIT, GWEI, HOUR
from tests.agents.evidence import is_more
from tests.support import make_economy

UNIT = DEFAULT_UNIT
SLOT = 600
RICH = Settings(balance=10**5 * UNIT, mean_gap=HOUR)


def block_economy(seed: int, ordering: str = "tip", fees: Any = None, **parameters: Any) -> BlockEconomy:
    plain = make_economy(seed, fees=fees, rows=400, **parameters)
    plain.chain.clock.slot = SLOT
    return BlockEconomy(plain.chain, plain.trainer, plain.stream, Schedule(horizon=8 * DAY), rules=BlockRules(ordering))


def played(seed: int, ordering: str = "tip", runner: Settings | None = None, **parameters: Any) -> BlockEconomy:
    """Two honest contributors, a liar, and somebody who looks at the mempool before every block."""
    economy = block_economy(seed, ordering, **parameters)
    for name, kind in (("ann", Honest), ("bob", Honest), ("liar", LabelFlipper)):
        economy.join(kind(economy, name, RICH, Streams(seed)))
    settings = runner or Settings(balance=10**5 * UNIT, arrival="normal", mean_gap=SLOT // 4, gap_sd=10)
    economy.join(FrontRunner(economy, "eve", settings, Streams(seed)))
    economy.run()
    return economy


@cache
def eve(ordering: str, seed: int) -> tuple[int, int, int]:
    """Additions of eve's that were accepted, those of others that were refused, and what eve took of deposits."""
    economy = played(seed, ordering)
    statement = economy.actors["eve"].statement
    refused = sum(actor.statement.refused for name, actor in economy.actors.items() if name != "eve")
    return statement.submitted, refused, statement.reported_value + statement.expired_value


def test_what_it_adds_was_to_be_added_by_others_and_stands_before_them() -> None:
    """In a block it is first, at the low price; the original finds a price it did not send, and is refused."""
    economy = played(0)
    records = economy.trainer.records
    mine = [record for record in range(len(records)) if records.author[record] == "eve"]
    assert len(mine) > 20
    assert economy.actors["ann"].statement.refused + economy.actors["bob"].statement.refused > 20
    for record in mine:  # it has no sample of its own, and pays no price of a second in its block
        assert records.deposit[record] < 60 * UNIT
        assert record == 0 or records.added_time[record - 1] < records.added_time[record]


@pytest.mark.parametrize("what", [0, 1, 2], ids=["copies", "victims", "takes"])
def test_tips_buy_the_first_place(what: int) -> None:
    """First come, first served it is always too late: under tips its copies are accepted and its victims refused."""
    seeds = range(6)
    is_more([eve("tip", seed)[what] for seed in seeds], [eve("fifo", seed)[what] for seed in seeds])


def test_it_outbids_by_one_wei_and_no_more_than_it_may() -> None:
    for most, expected in ((None, 3 * GWEI + 1), (2 * GWEI, 2 * GWEI)):
        economy = block_economy(0, fees=FixedPrice(GWEI))
        victim = Honest(economy, "ann", Settings(balance=10**5 * UNIT, mean_gap=HOUR, tip=3 * GWEI), Streams(0))
        runner = Settings(balance=10**5 * UNIT, arrival="normal", mean_gap=SLOT // 4)
        economy.join(victim)
        economy.join(FrontRunner(economy, "eve", runner, Streams(0), most_tip=most))
        tips = set()
        economy.chain.observers.append(
            lambda receipt, tips=tips: tips.add(receipt.transaction.tip) if receipt.transaction.sender == "eve" else 0
        )
        economy.advance(2 * DAY)
        assert expected in tips
        assert max(tips) == expected


def test_without_a_mempool_it_adds_nothing() -> None:
    economy = make_economy()
    economy.join(Honest(economy, "ann", RICH, Streams(0)))
    economy.join(FrontRunner(economy, "eve", RICH, Streams(0)))
    economy.run()
    assert economy.actors["ann"].statement.submitted > 20
    assert economy.actors["eve"].statement.submitted == 0


def test_what_is_promised_by_hash_cannot_be_copied_in_time() -> None:
    """Under commit and reveal the same people contribute and nobody comes before them."""
    economy = played(0, commit_reveal=True)
    assert economy.actors["eve"].statement.submitted == 0
    assert economy.actors["ann"].statement.submitted > 50
