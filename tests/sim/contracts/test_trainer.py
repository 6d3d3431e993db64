"""The trainer: what its receipts say, in which order it refuses, and that its own books are right."""

from __future__ import annotations

import pytest

from sim.chain import Transaction
from tests.support import TRAINER, data, make_world, outcome, picture

PLENTY = 10**20


def test_receipts_name_record_and_amount() -> None:
    world = make_world(refund_window=5, deposit_policy="fixed", deposit=100)
    now = world.wait(1)
    added = world.send("ann", "add_data", data(0, 2), 1, value=150)
    assert (added.ok, added.result, added.time) == (True, 0, now)
    assert [tuple(log) for log in added.logs] == [(TRAINER, "AddData", (0, 100))]
    world.wait(5)
    refunded = world.send("ann", "refund", data(0, 2), 1, now)
    assert refunded.result == 100
    assert [tuple(log) for log in refunded.logs] == [(TRAINER, "Refund", (0, 100))]


def test_records_hold_what_was_sent() -> None:
    world = make_world(deposit_policy="fixed", deposit=100)
    now = world.wait(7)
    sent = data(2, 2, 0)
    world.send("ann", "add_data", sent, 1, value=100)
    records = world.records
    assert len(records) == 1
    row = [column[0] for column in (records.label, records.added_time, records.author, records.deposit)]
    assert row == [1, now, "ann", 100]
    assert (records.data[0].features.tolist(), records.claimable[0], records.claims[0]) == ([2, 2, 0], 100, 0)


def test_price_is_refused_before_the_key_and_the_key_before_the_label() -> None:
    """The contract's order: cost, duplicate, model."""
    world = make_world(deposit_policy="fixed", deposit=100)
    world.wait(1)

    def reason(label: int, value: int, *features: int) -> str:
        receipt = world.send("ann", "add_data", data(*features), label, value=value)
        return receipt.reason or str(receipt.ok)

    assert reason(1, 100, 0) == "True"
    assert reason(1, 99, 0) == "Didn't pay enough for the deposit."
    assert reason(1, 100, 0) == "Conflicting data key. The data may have already been added."
    assert reason(2, 99, 0) == "Didn't pay enough for the deposit."
    assert reason(2, 100, 0) == "Classification is out of bounds."
    assert reason(1, 100, 99) == "A feature index is out of bounds."


def test_order_of_features_and_repetition_make_another_key() -> None:
    keys = {data(*features).key for features in ((0, 1), (1, 0), (0, 1, 1), (0,), (), (256,), (1,))}
    assert len(keys) == 7
    assert data(3, 4).key == data(3, 4).key


def test_model_learns_every_accepted_sample_and_no_refused_one() -> None:
    world = make_world("naive_bayes", deposit_policy="fixed", deposit=100)
    for value in (100, 99):
        world.wait(1)
        world.send("ann", "add_data", data(0), 1, value=value)
    assert world.model.samples[1].value == 1


def test_prediction_without_payment_moves_nothing() -> None:
    world = make_world()
    before = picture(world)
    receipt = world.send("ann", "predict", data(0))
    after = picture(world)
    assert (receipt.ok, receipt.result, receipt.logs) == (True, 0, ())
    assert (after.balances, after.rest) == (before.balances, before.rest)


@pytest.mark.parametrize("method", ["refund", "report"])
@pytest.mark.parametrize("value", [0, 1])
def test_claims_take_no_value(method: str, value: int) -> None:
    world = make_world(refund_window=0, any_claim_after=0)
    now = world.wait(1)
    world.send("ann", "add_data", data(0), 1, value=PLENTY)
    arguments = (data(0), 1, now) + (("ann",) if method == "report" else ())
    assert world.send("ann", method, *arguments, value=value).ok == (value == 0)


@pytest.mark.parametrize("to", ["records", "incentive"])
def test_inner_contracts_answer_nobody(to: str) -> None:
    """Nobody but the trainer reaches records and mechanism, whatever the name of the method."""
    world = make_world()
    for method in ("add", "claim", "on_refund", "on_add", "", "set"):
        assert not world.chain.execute(Transaction("ann", to, method)).ok


def test_negative_feature_cannot_even_be_written() -> None:
    for features in ((-1,), (0, -5)):
        assert outcome(lambda features=features: data(*features)).startswith("ValueError")
