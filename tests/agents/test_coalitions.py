"""Those who act as one: shared budgets, shared labels, shared hours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents import (
    Coalition,
    ColludingRing,
    Honest,
    LabelFlipper,
    Settings,
    Sybil,
)
from sim.chain import FixedPrice
from sim.data import Sample
from sim.economy import Economy, Schedule
from sim.rng import Streams
from sim.units import DAY
from tests.agents.evidence import PLENTY, UNIT, joined
from tests.support import make_economy


def crew(economy: Economy, kind: Any, balances: dict[str, int], **parameters: Any) -> list[Any]:
    coalition = Coalition("crew")
    return [
        joined(
            kind, economy, name, Settings(balance=balance * UNIT, mean_gap=600), coalition=coalition, **parameters
        )
        for name, balance in balances.items()
    ]  # fmt: skip


@pytest.mark.parametrize("fees", [None, FixedPrice(10**8)], ids=["free", "fees"])
def test_sybils_share_one_purse(fees: Any) -> None:
    """The rich addresses feed the poor one; together they have what they had, but for deposits and fees."""
    economy = make_economy(fees=fees, schedule=Schedule(horizon=2 * DAY))
    members = crew(economy, Sybil, {"a": 1_000, "b": 0, "c": 1_000})
    economy.run()
    ledger = economy.chain.ledger
    statements = [member.statement for member in members]
    assert members[1].statement.submitted > 10
    held = sum(ledger.balance(member.address) for member in members)
    assert held + sum(s.locked + s.fees for s in statements) == 2_000 * UNIT


def test_sybil_lies_once_it_has_standing() -> None:
    economy = make_economy()
    agent = joined(Sybil, economy, standing=3)
    economy.run()
    true = [added.true_label for added in economy.recorder.added]
    first_lie = true.index(False)
    assert agent.statement.refunded >= 3
    assert all(true[:first_lie])
    assert not any(true[first_lie:])


def test_ring_labels_alike_and_not_by_the_truth() -> None:
    economy = make_economy()
    one, two = crew(economy, ColludingRing, {"a": 10_000, "b": 10_000})
    stranger = ColludingRing(economy, "eve", PLENTY, Streams(6))
    train = economy.stream.dataset.x_train
    offered = [Sample(row, train.data(row), int(economy.stream.dataset.y_train[row])) for row in range(len(train))]
    labels = [[agent.choose_label(sample) for sample in offered] for agent in (one, two, stranger)]
    assert labels[0] == labels[1] != labels[2]
    assert 0.05 < np.mean(labels[0]) < 0.95


def test_ring_spares_its_own_until_they_expire() -> None:
    economy = make_economy()
    ring = [agent.address for agent in crew(economy, ColludingRing, {"a": 10_000, "b": 10_000})]
    joined(LabelFlipper, economy, "liar")
    joined(Honest, economy, "honest")
    records, windows = economy.trainer.records, economy.trainer.mechanism.windows
    ages: dict[str, list[int]] = {"own": [], "outsider": []}

    def observe(receipt: Any) -> None:
        transaction = receipt.transaction
        if transaction.method == "report" and receipt.ok and transaction.sender in ring:
            record = receipt.logs[-1].data[0]
            whose = "own" if records.author[record] in ring else "outsider"
            ages[whose].append(receipt.time - records.added_time[record])

    economy.chain.observers.append(observe)
    economy.run()
    assert windows is not None
    assert min(ages["outsider"]) < windows.expired
    assert ages["own"]
    assert min(ages["own"]) >= windows.expired


def test_ring_strikes_together_when_it_is_cheap() -> None:
    """Deposits fall to 2 units 900 s after the last contribution; the burst that then begins lasts half an hour."""
    economy = make_economy(rows=400, schedule=Schedule(horizon=20 * DAY))
    crew(economy, ColludingRing, {"a": 10_000, "b": 10_000}, burst_price=2 * UNIT, burst_length=1_800)
    economy.run()
    times = [added.time for added in economy.recorder.added]
    deposits = [added.deposit for added in economy.recorder.added]
    begin = times[0]
    bursts = [[begin]]
    for time in times[1:]:
        if time >= begin + 1_800:
            begin = time
            bursts.append([])
        bursts[-1].append(time)
    first_of = {burst[0] for burst in bursts}
    assert len(bursts) > 5
    assert max(deposit for time, deposit in zip(times, deposits, strict=True) if time in first_of) <= 2 * UNIT
    assert max(deposits) > 2 * UNIT
