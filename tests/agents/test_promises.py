"""How participants contribute where samples are committed to before they are revealed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from agents import AGENTS, Duplicator, Honest, LabelFlipper, Settings
from agents.checks import check_agent
from sim.blocks import BlockEconomy, BlockRules
from sim.chain import FixedPrice, Receipt
from sim.economy import Economy, Schedule
from sim.rng import Streams
from sim.units import DAY, DEFAULT_UNIT, GWEI, HOUR, MINUTE
from tests.support import make_economy

UNIT = DEFAULT_UNIT
RICH = Settings(balance=10**5 * UNIT, mean_gap=HOUR)


def watched(economy: Economy, **people: Any) -> list[Receipt]:
    """All receipts of an economy of such people, played to the end."""
    heard: list[Receipt] = []
    economy.chain.observers.append(heard.append)
    for name, kind in people.items():
        economy.join(kind(economy, name, RICH, Streams(0)))
    economy.run()
    return heard


def in_blocks(economy: Economy, ordering: str = "fifo") -> BlockEconomy:
    economy.chain.clock.slot = 12
    return BlockEconomy(
        economy.chain, economy.trainer, economy.stream, Schedule(horizon=60 * DAY), rules=BlockRules(ordering)
    )


@pytest.mark.parametrize("where", [lambda economy: economy, in_blocks], ids=["at once", "in blocks"])
def test_the_honest_contribute_every_sample_once(where: Any) -> None:
    """A sample that somebody committed to is offered to nobody else, and keeps its true label."""
    economy = where(make_economy(commit_reveal=True))
    heard = watched(economy, ann=Honest, bob=Honest, liar=LabelFlipper)
    records = economy.trainer.records
    accepted = Counter(receipt.transaction.method for receipt in heard if receipt.ok)
    assert accepted["add_data"] == 0
    assert 0 <= accepted["commit_data"] - accepted["reveal_data"] <= 3  # what is kept in the end: one sample each
    assert accepted["reveal_data"] == len(records) >= economy.stream.offered - 3
    assert len({records.data[record].key for record in range(len(records))}) >= 0.9 * len(records)  # few rows are equal
    truth = [added.true_label for added in economy.recorder.added]
    assert [author == "liar" for author in records.author] == [true is False for true in truth]


def test_a_sample_is_revealed_at_a_later_wake_up() -> None:
    economy = make_economy(commit_reveal=True, commitment_wait=30 * MINUTE)
    heard = watched(economy, ann=Honest)
    made: dict[str, list[int]] = {"commit_data": [], "reveal_data": []}
    for receipt in heard:
        if receipt.transaction.method in made:
            assert receipt.ok, receipt.reason
            made[receipt.transaction.method].append(receipt.time)
    waits = [shown - sealed for sealed, shown in zip(made["commit_data"], made["reveal_data"], strict=False)]
    assert len(waits) > 100
    assert min(waits) >= 30 * MINUTE


def test_what_became_too_old_is_committed_to_anew() -> None:
    """With a life of half an hour most of the commitments of somebody who wakes up hourly lapse; no sample is lost."""
    economy = make_economy(commit_reveal=True, commitment_life=30 * MINUTE)
    heard = watched(economy, ann=Honest)
    sent = Counter(receipt.transaction.method for receipt in heard)
    assert sent["commit_data"] > 1.5 * sent["reveal_data"]
    assert len(economy.trainer.records) >= economy.stream.offered - 1 - economy.stream.remaining
    assert not [receipt.reason for receipt in heard if not receipt.ok and receipt.transaction.method == "reveal_data"]


def test_a_promise_is_kept_until_its_price_is_right() -> None:
    """Nobody reveals at a price above what it was willing to pay for the sample."""
    economy = make_economy(commit_reveal=True)
    settings = Settings(balance=10**5 * UNIT, mean_gap=600, willingness_mean=2 * UNIT)
    economy.join(Honest(economy, "ann", settings, Streams(0), participation_margin=None))
    economy.run()
    statement = economy.actors["ann"].statement
    assert statement.submitted > 20
    assert statement.rejected_price > 20
    assert max(economy.trainer.records.deposit) <= 2 * UNIT


@pytest.mark.parametrize("kind", [kind for kind in AGENTS if not kind.traits.provides], ids=lambda kind: kind.kind)
@pytest.mark.parametrize("fees", [None, FixedPrice(GWEI)], ids=["free", "fees"])
def test_behaviours_keep_the_rules_where_they_must_commit(kind: Any, fees: Any) -> None:
    """Also poor, and where every third transaction is refused."""

    def populated(seed: int) -> Economy:
        economy = make_economy(seed, fees=fees, commit_reveal=True)
        economy.join(Honest(economy, "other", Settings(balance=10**5 * UNIT), Streams(seed)))
        return economy

    check_agent(kind, populated, Settings(balance=300 * UNIT, arrival="normal"))


def test_a_duplicator_copies_only_what_was_revealed() -> None:
    economy = make_economy(commit_reveal=True)
    watched(economy, ann=Honest, copy=Duplicator)
    records = economy.trainer.records
    first: dict[bytes, str] = {}
    for record in range(len(records)):
        first.setdefault(records.data[record].key, records.author[record])
    assert economy.actors["copy"].statement.submitted > 20
    assert set(first.values()) == {"ann"}
