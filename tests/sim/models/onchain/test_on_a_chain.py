"""The contracts' classifiers behind a trainer: lessons, refunds, disputes and burnt gas of whole transactions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from mechanisms.deposit_refund_take import DepositRefundTake, Parameters
from sim.chain import Chain, Clock, Receipt, Transaction
from sim.contracts import CollaborativeTrainer, DataHandler
from sim.features import Data
from sim.models.onchain import onchain_classifier
from tests.sim.models.onchain.support import ONE
from tests.support import frozen

CENTROIDS: dict[str, Any] = {
    "classifications": ["up", "right"], "centroids": [[0, ONE], [ONE, 0]], "dataCounts": [1, 1],
}  # fmt: skip
MONEY = 10**18


class World:
    """A trainer under the contracts' rules, with a nearest centroid of two directions."""

    def __init__(self) -> None:
        self.chain = Chain(clock=Clock(now=1_000))
        records = DataHandler(self.chain, "records")
        rules = Parameters(profile="solidity", cost_weight=Fraction(1), refund_window=60, any_claim_after=10**6)
        mechanism = DepositRefundTake(self.chain, "incentive", records, rules)
        self.model = onchain_classifier("dense_nearest_centroid", CENTROIDS, self.chain.journal, self.chain.meter)
        trainer = CollaborativeTrainer(self.chain, "trainer", records, mechanism, self.model)
        for contract in (records, mechanism, trainer):
            self.chain.deploy(contract)
        for name in ("ann", "bob"):
            self.chain.mint(name, 100 * MONEY)

    def send(self, sender: str, method: str, *arguments: Any, value: int = 0) -> Receipt:
        self.chain.clock.advance(self.chain.clock.now + 100)
        return self.chain.execute(Transaction(sender, "trainer", method, arguments, value))


def test_deposits_are_refunded_and_disputed_as_the_model_learns() -> None:
    """Ann says that a vector to the lower left is `right`; Bob's lessons draw `up` there, and take her deposit."""
    world = World()
    watch, left = world.model.watch(), Data.numbers([-ONE, 0])
    added = world.send("ann", "add_data", left, 1, value=10 * MONEY)
    assert watch.add(0, left.features, 1)
    assert world.model.to_state()["classes"][1] == {"dataCount": 2, "centroid": [0, 0]}
    assert world.send("bob", "add_data", left, 0, value=10 * MONEY).ok
    assert world.model.to_state()["classes"][0] == {"dataCount": 2, "centroid": [-ONE // 2, ONE // 2]}
    assert world.send("bob", "refund", left, 0, added.time + 100).ok  # squared: 1/4 + 1/4 to up, 1 to right
    assert watch.refresh() == ([], [0])
    report = world.send("bob", "report", left, 1, added.time, "ann")
    assert report.ok, report.reason
    assert report.result == added.logs[-1].data[1]


def test_invalid_opcode_burns_the_gas_and_leaves_nothing() -> None:
    world = World()
    before = frozen(world.model)
    receipt = world.send("ann", "add_data", Data.numbers([ONE, 0]), 2, value=10 * MONEY)
    assert not receipt.ok
    assert receipt.gas_used > 0.95 * world.chain.gas_limit
    assert frozen(world.model) == before
    assert world.chain.ledger.balance("ann") == 100 * MONEY


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([ONE], "Data doesn't have the correct number of dimensions."),
        ([ONE, ONE], "The provided data does not have a norm of 1."),
    ],
)
def test_refused_lesson_leaves_the_whole_chain_as_it_was(values: list[int], reason: str) -> None:
    world = World()
    before = frozen(world.model)
    receipt = world.send("ann", "add_data", Data.numbers(values), 0, value=10 * MONEY)
    assert (receipt.ok, receipt.reason) == (False, reason)
    assert frozen(world.model) == before
    assert receipt.gas_used < 300_000
