"""Measured transactions executed anew: the world as it was before each, the same call, and the gas it uses here.

A record tells all that the gas of one transaction depends on (see docs/gas.md). Mechanism, data handler and model are
brought into that state on a chain of the record's hard fork, and the trainer is called as anybody would call it. Only
how many bytes the call has is taken from the record, where it says so, because the sample's numbers are not in it.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from experiments.gas.situations import Record, situated
from mechanisms import DepositRefundTake, Points, deposit_refund_take, points
from sim.chain import HARDFORKS, Chain, Clock, GasSchedule, Transaction
from sim.chain.transaction import Receipt
from sim.contracts import CollaborativeTrainer, DataHandler
from sim.features import Data
from sim.units import DEFAULT_UNIT, Gas

CALLS = {
    "add_data": "add_data",
    "predict_call(estimate)": "predict",
    "refund": "refund",
    "refund_failed": "refund",
    "report": "report",
    "report_failed": "report",
}
"""The method of the trainer that each action of a record calls."""

_NOW = 2**31
_PLENTY = 10**40
_NO_LIMIT: Gas = 2**62
_SENDER, _SOMEBODY = "sender", "somebody"


def execute(record: Record, schedule: GasSchedule | None = None, gas_limit: Gas = _NO_LIMIT) -> Receipt:
    """Build the world of a record and send its transaction. Raises `KeyError` for a field the record lacks.

    ``schedule`` is by default that of the record's hard fork, without its cap on a transaction.
    """
    schedule = schedule or replace(HARDFORKS[record["hardfork"]], transaction_cap=0)
    chain = Chain(schedule, clock=Clock(now=_NOW), gas_limit=gas_limit)
    records = DataHandler(chain, "records")
    mechanism = _mechanism(record, chain, records)
    model, numbers = situated(record, chain.journal, chain.meter)
    trainer = _Trainer(chain, "trainer", records, mechanism, model)
    sent = record.get("data_bytes")
    trainer.sent = None if sent is None else (sent["zero"], sent["nonzero"])
    chain.deploy(trainer)
    chain.mint(_SENDER, _PLENTY)
    method, data = CALLS[record["action"]], Data.numbers(numbers)
    arguments: tuple[Any, ...] = (data,)
    value = 0
    if method != "predict":
        _count(record, mechanism)
        arguments += _contribution(record, data, records, chain)[: {"add_data": 1, "refund": 2, "report": 3}[method]]
        value = record["cost"] + record["surplus"] if method == "add_data" else 0
    chain.journal.commit()
    return chain.execute(Transaction(_SENDER, "trainer", method, arguments, value))


class _Trainer(CollaborativeTrainer):
    """A trainer that may be told how many bytes a call has."""

    sent: tuple[int, int] | None = None

    def calldata(self, method: str, arguments: tuple[Any, ...]) -> tuple[int, int]:
        """As the record says, if it does."""
        return super().calldata(method, arguments) if self.sent is None else self.sent


def _mechanism(record: Record, chain: Chain, records: DataHandler) -> DepositRefundTake | Points:
    windows = record["refund_wait"], record["owner_claim_wait"], record["any_address_claim_wait"]
    if record["incentive"] == "points":
        return Points(chain, "incentive", records, points.Parameters("solidity", *windows))
    weight = Fraction(record["cost_weight"], DEFAULT_UNIT)
    return DepositRefundTake(chain, "incentive", records, deposit_refund_take.Parameters("solidity", weight, *windows))


def _count(record: Record, mechanism: DepositRefundTake | Points) -> None:
    """Give the mechanism what it counted before."""
    mechanism.total_submitted.value = record["total_submitted_before"]
    mechanism.total_verified.value = record["total_good_before"]
    mechanism.verified[_SENDER] = record["num_valid_before"]
    if isinstance(mechanism, DepositRefundTake):
        mechanism.last_update.value = _NOW - (record.get("dt_since_last_update") or 0)


def _contribution(record: Record, data: Data, records: DataHandler, chain: Chain) -> tuple[int, int, str]:
    """Label, time and author of the contribution a record is about; it is stored if it was there before."""
    label, adds = record["label"], record["action"] == "add_data"
    by_sender = adds or record["action"].startswith("refund") or record["actor_is_author"]
    author = _SENDER if by_sender else _SOMEBODY
    added = _NOW - (0 if adds else record["age"])
    if not adds or record["record_exists_before"]:
        deposit, left = record.get("initial_deposit", 0), record.get("claimable_before", 0)
        number = records._table.append(data, label, added, author, deposit, left, record.get("num_claims_before", 0))
        records.by_key[data.key, label, added, author] = number
        if record.get("claimed_before"):
            records.claimed[number, _SENDER] = True
        chain.ledger.mint("trainer", left)
    return label, added, author
