"""`CollaborativeTrainer`: the contract participants talk to.

It ties together the records, the incentive mechanism and the model, holds all deposits, and moves all money. Each
method has the same paragraphs: checks, gas, effects, transfers.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sim.chain.chain import Chain
from sim.chain.ledger import BURNED, Address
from sim.chain.transaction import Call
from sim.contracts.base import Contract
from sim.contracts.charges import TrainerCharges
from sim.contracts.data_handler import DataHandler, Record
from sim.contracts.incentive import Action, IncentiveMechanism
from sim.errors import ExceptionalHalt, OutOfGas
from sim.features import Data
from sim.models.base import Classifier
from sim.units import Gas, Seconds, Wei

_WORD = 32
_ADDRESS_BYTES = 20
_SHARE_KEPT_BACK = 64  # EIP-150
_WITH_A_SAMPLE = frozenset({"add_data", "predict", "refund", "report"})
_OF_TWO_BYTES = bytes([0] + 255 * [1] + 255 * ([1] + 255 * [2]))  # how many bytes of a number below 2**16 are not zero


class CollaborativeTrainer(Contract):
    """``add_data, predict, refund, report`` on one model, one mechanism and one set of records."""

    def __init__(
        self, chain: Chain, address: Address, records: DataHandler, mechanism: IncentiveMechanism, model: Classifier
    ) -> None:
        super().__init__(chain, address)
        self.records = records
        self.mechanism = mechanism
        self.payable = frozenset({"add_data", "predict"}) | mechanism.paid_actions
        self.model = model
        self.watch = model.watch()
        mechanism.attach(model)
        self._learns = mechanism.learns_at_once
        self.methods = {
            "add_data": self.add_data,
            "predict": self.predict,
            "refund": self.refund,
            "report": self.report,
            **{name: partial(self._act, action) for name, action in mechanism.actions.items()},
        }
        if mechanism.burns:
            self.methods["report"] = self._report_and_burn
        if mechanism.must_commit:
            self.methods["reveal_data"] = self._reveal
            self.payable |= {"reveal_data"}
        self._gas = TrainerCharges(self.schedule)

    def calldata(self, method: str, arguments: tuple[Any, ...]) -> tuple[int, int]:
        """Bytes of ``f(int64[] data, uint64 label[, uint added_time[, address author]])`` in ABI encoding."""
        if method not in _WITH_A_SAMPLE:
            if method == "reveal_data":
                zero, nonzero = self.calldata("add_data", arguments[:2])
                return zero, nonzero + len(arguments[2])
            if method in self.mechanism.actions:
                return self.mechanism.calldata(method, arguments)
            return super().calldata(method, arguments)
        data: Data = arguments[0]
        count, nonzero = len(arguments), 5 + data.nonzero_bytes
        if count > 1:
            label = arguments[1]
            nonzero += label if label in (0, 1) else _nonzero_bytes(label)
            if count > 2:
                time = arguments[2]
                if 0 <= time < 2**32:  # not to call for what is so in every claim
                    nonzero += _OF_TWO_BYTES[time & 0xFFFF] + _OF_TWO_BYTES[time >> 16]
                else:
                    nonzero += _nonzero_bytes(time)
                if count > 3:
                    nonzero += _ADDRESS_BYTES
        return 4 + (count + 1 + data.size) * _WORD - nonzero, nonzero

    def add_data(self, call: Call, data: Data, label: int) -> Record:
        """Submit a labelled sample with a deposit; the record's number comes back, and value above the deposit."""
        # GAS
        meter, mechanism, gas = self.meter, self.mechanism, self._gas.add
        to_price, to_model, to_end = gas(data.size)
        meter.charge(to_price)
        # CHECKS
        cost = mechanism.on_add(call, data, label)
        # EFFECTS
        record = self.records.add(call, data, label, cost, mechanism.overwrites_spent_records, to_model)
        left = meter.left
        try:
            if self._learns:
                self.model.learn_one(data.features, label)
        except ExceptionalHalt as halt:
            halt.kept = _kept_back(halt, left)
            raise
        meter.charge(to_end)
        self.emit("AddData", record, cost)
        # TRANSFERS
        if call.value > cost:
            self._send(call.sender, call.value - cost, self._gas.surplus)
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
                self.emit("Paid", target, amount)
                self._send(target, amount, self._gas.surplus)
            if rest:
                self._send(call.sender, rest, self._gas.surplus)
        return prediction

    def refund(self, call: Call, data: Data, label: int, added_time: Seconds) -> Wei:
        """Take back the deposit of a contribution of one's own that the model agrees with."""
        # GAS
        sender, gas, records, meter = call.sender, self._gas, self.records, self.meter
        # CHECKS
        record = records.find(data, label, added_time, sender, sender, True, gas.refund(data.size))
        amount = self.mechanism.on_refund(call, record, self._predict)
        # EFFECTS
        records.claim(record, sender, amount)
        self.emit("Refund", record, amount)
        # TRANSFERS
        meter.charge(gas.refund_end[amount > 0])
        self.chain.ledger.transfer(self.address, sender, amount)
        return amount

    def report(self, call: Call, data: Data, label: int, added_time: Seconds, author: Address) -> Wei:
        """Take a share of a deposit the model disagrees with, or all that is left of an expired one."""
        # CHECKS, GAS
        gas = self._gas.report(data.size)
        record = self.records.find(data, label, added_time, author, call.sender, False, gas)
        amount = self.mechanism.on_report(call, record, self._predict)
        # EFFECTS
        self.records.take(record, call.sender, amount, self._gas.report_end[amount > 0])
        self.emit("Report", record, amount)
        # TRANSFERS
        self.chain.ledger.transfer(self.address, call.sender, amount)
        return amount

    def _report_and_burn(self, call: Call, data: Data, label: int, added_time: Seconds, author: Address) -> Wei:
        """`report` under a mechanism that burns a part of the deposit."""
        amount = self.report(call, data, label, added_time, author)
        burned = self.mechanism.burned
        if burned:
            self.emit("Burned", self.records.by_key[data.key, label, added_time, author], burned)
            self._send(BURNED, burned, self._gas.surplus)
        return amount

    def _reveal(self, call: Call, data: Data, label: int, salt: bytes) -> Record:
        """`add_data` of what the sender committed to."""
        self.mechanism.on_reveal(call, data, label, salt)
        return self.add_data(call, data, label)

    def _act(self, action: Action, call: Call, *arguments: Any) -> None:
        """One of the mechanism's own methods, and the payments it decides on."""
        # CHECKS, GAS, EFFECTS
        payments = action(call, *arguments)
        # TRANSFERS
        for target, amount in payments:
            self.emit("Paid", target, amount)
            self._send(target, amount, self._gas.surplus)

    def escrow(self) -> Wei:
        """Wei the contract holds."""
        return self.chain.ledger.balance(self.address)

    def _predict(self, record: Record) -> int:
        """The model's answer for a contribution; no claim changes the model, so what the watch knows holds now."""
        known, gas = self.watch.answer(record)
        if known is not None and gas is not None:
            self.meter.charge(gas)
            return known
        left = self.meter.left
        try:
            return self.model.predict_on_chain(self.records.data[record].features, known)
        except ExceptionalHalt as halt:
            halt.kept = _kept_back(halt, left)
            raise

    def _send(self, target: Address, amount: Wei, gas: Gas) -> None:
        self.meter.charge(gas)
        self.chain.ledger.transfer(self.address, target, amount)


def _kept_back(halt: ExceptionalHalt, left: Gas) -> Gas:
    """What an invalid opcode of the model's contract cannot burn: the 64th of ``left`` that no call is given."""
    return 0 if isinstance(halt, OutOfGas) else left // _SHARE_KEPT_BACK


def _nonzero_bytes(number: int) -> int:
    """How many bytes of a 32-byte word that holds ``number`` (a negative one as its two's complement) are not zero."""
    if 0 <= number < 2**32:
        return _OF_TWO_BYTES[number & 0xFFFF] + _OF_TWO_BYTES[number >> 16]
    return _WORD - (number % 2**256).to_bytes(_WORD, "big").count(0)
