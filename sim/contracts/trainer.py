"""`CollaborativeTrainer`: the contract participants talk to.

It ties together the records, the incentive mechanism and the model, holds all deposits, and moves all money. Each
method has the same paragraphs: checks, gas, effects, transfers.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sim.chain.chain import Chain
from sim.chain.ledger import Address
from sim.chain.transaction import Call
from sim.contracts.base import Contract
from sim.contracts.data_handler import DataHandler, Record
from sim.contracts.incentive import IncentiveMechanism
from sim.features import Data
from sim.models.base import Classifier
from sim.units import Gas, Seconds, Wei

_REPORT_OVERHEAD = 1_896  # a report does more bookkeeping than a refund; see docs/gas.md
_SURPLUS_OVERHEAD = 103
_WORD = 32
_ADDRESS_BYTES = 20
_OF_TWO_BYTES = bytes([0] + 255 * [1] + 255 * ([1] + 255 * [2]))  # how many bytes of a number below 2**16 are not zero


class CollaborativeTrainer(Contract):
    """``add_data, predict, refund, report`` on one model, one mechanism and one set of records."""

    payable: ClassVar[frozenset[str]] = frozenset({"add_data", "predict"})

    def __init__(
        self, chain: Chain, address: Address, records: DataHandler, mechanism: IncentiveMechanism, model: Classifier
    ) -> None:
        super().__init__(chain, address)
        self.records = records
        self.mechanism = mechanism
        self.model = model
        self.watch = model.watch()
        self.methods = {
            "add_data": self.add_data,
            "predict": self.predict,
            "refund": self.refund,
            "report": self.report,
        }
        schedule = self.schedule
        self._gas_add = schedule.loads(3) + schedule.accounts(3, 3) + schedule.logged(2, 160)
        self._gas_add_feature = schedule.log_byte * _WORD
        self._gas_send = schedule.send_value()
        self._gas_surplus = self._gas_send + _SURPLUS_OVERHEAD
        self._gas_refund = schedule.loads(3 + 7, 2) + schedule.accounts(3, 3) + schedule.logged(1, 64)
        self._gas_report = (
            schedule.loads(3 + 8, 1 + 4) + schedule.accounts(3, 5) + schedule.logged(1, 64) + _REPORT_OVERHEAD
        )

    def calldata(self, method: str, arguments: tuple[Any, ...]) -> tuple[int, int]:
        """Bytes of ``f(int64[] data, uint64 label[, uint added_time[, address author]])`` in ABI encoding."""
        if method not in self.methods:
            return super().calldata(method, arguments)
        data: Data = arguments[0]
        size = len(data.features)
        words = len(arguments) + 1 + size
        nonzero = 5 + data.nonzero_bytes + _nonzero_bytes(size)
        if len(arguments) > 1:
            nonzero += _nonzero_bytes(arguments[1])
            if len(arguments) > 2:
                nonzero += _nonzero_bytes(arguments[2])
                if len(arguments) > 3:
                    nonzero += _ADDRESS_BYTES
        return 4 + words * _WORD - nonzero, nonzero

    def add_data(self, call: Call, data: Data, label: int) -> Record:
        """Submit a labelled sample with a deposit; the record's number comes back, and value above the deposit."""
        # CHECKS
        mechanism = self.mechanism
        cost = mechanism.on_add(call, data, label)
        # GAS
        self.meter.charge(self._gas_add + self._gas_add_feature * len(data.features))
        # EFFECTS
        record = self.records.add(call, data, label, cost, mechanism.overwrites_spent_records)
        self.model.learn_one(data.features, label)
        self.emit("AddData", record, cost)
        # TRANSFERS
        if call.value > cost:
            self._send(call.sender, call.value - cost, self._gas_surplus)
        return record

    def predict(self, call: Call, data: Data) -> int:
        """Ask for a prediction; value sent along is shared among contributors, as the mechanism decides."""
        # CHECKS, GAS
        prediction = self.model.predict_on_chain(data.features)
        # EFFECTS
        if call.value:
            payments = self.mechanism.on_predict_payment(call)
            rest = call.value - sum(payment.amount for payment in payments)
            self.emit("Predict", prediction, call.value - rest)
            # TRANSFERS
            for target, amount in payments:
                self._send(target, amount, self._gas_surplus)
            if rest:
                self._send(call.sender, rest, self._gas_surplus)
        return prediction

    def refund(self, call: Call, data: Data, label: int, added_time: Seconds) -> Wei:
        """Take back the deposit of a contribution of one's own that the model agrees with."""
        # GAS
        self.meter.charge(self._gas_refund)
        # CHECKS
        record = self.records.find(data, label, added_time, call.sender)
        amount = self.mechanism.on_refund(call, record, self._predict)
        # EFFECTS
        self.records.claim(record, call.sender, amount)
        self.emit("Refund", record, amount)
        # TRANSFERS
        self._send(call.sender, amount, self._gas_send)
        return amount

    def report(self, call: Call, data: Data, label: int, added_time: Seconds, author: Address) -> Wei:
        """Take a share of a deposit the model disagrees with, or all that is left of an expired one."""
        # GAS
        self.meter.charge(self._gas_report)
        # CHECKS
        record = self.records.find(data, label, added_time, author)
        amount = self.mechanism.on_report(call, record, self._predict)
        # EFFECTS
        self.records.claim(record, call.sender, amount)
        self.emit("Report", record, amount)
        # TRANSFERS
        self._send(call.sender, amount, self._gas_send)
        return amount

    def escrow(self) -> Wei:
        """Wei the contract holds."""
        return self.chain.ledger.balance(self.address)

    def _predict(self, record: Record) -> int:
        """The model's answer for a contribution; no claim changes the model, so what the watch knows holds now."""
        return self.model.predict_on_chain(self.records.data[record].features, self.watch.prediction(record))

    def _send(self, target: Address, amount: Wei, gas: Gas) -> None:
        self.meter.charge(gas)
        self.chain.ledger.transfer(self.address, target, amount)


def _nonzero_bytes(number: int) -> int:
    """How many bytes of a 32-byte word that holds ``number`` (a negative one as its two's complement) are not zero."""
    if 0 <= number < 2**32:
        return _OF_TWO_BYTES[number & 0xFFFF] + _OF_TWO_BYTES[number >> 16]
    return _WORD - (number % 2**256).to_bytes(_WORD, "big").count(0)
