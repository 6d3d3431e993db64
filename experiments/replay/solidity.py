"""Traces of the real contracts, recorded in an EVM: one scenario a line, with its transactions and what came of them.

Each scenario is deployed again under the profile ``solidity``, once for each hard fork it was recorded on: mechanism
and model from the arguments of their constructors, at the second at which they were deployed. Each transaction is
executed at its time, and what a recorder would have written of it is compared with what was written, field by field.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from experiments.replay.comparison import Adapter, Comparison, Lines
from mechanisms import DepositRefundTake, Points, deposit_refund_take, points
from sim.chain import HARDFORKS, Chain, Clock, FixedPrice, Receipt, Transaction
from sim.contracts import CollaborativeTrainer, DataHandler, ModelContract
from sim.errors import ConfigError, ExceptionalHalt, InvalidTransaction, OutOfGas, Revert
from sim.features import Data
from sim.models.onchain import OnChainClassifier, onchain_classifier
from sim.units import DEFAULT_UNIT, Gas, Wei

Entry = dict[str, Any]
"""A transaction, or what came of it, as JSON reads it."""

GAS_LIMIT: Gas = 8_000_000
GAS_PRICE: Wei = 1

_RECORDS, _INCENTIVE, _MODEL, _TRAINER = "<records>", "<incentive>", "<model>", "<trainer>"
_PLENTY: Wei = 10**40
_MODELS = {"dense_ncc": "dense_nearest_centroid", "sparse_ncc": "sparse_nearest_centroid"}
_CALLS = {"addData": "add_data", "refund": "refund", "report": "report"}
_PAID = {"addData": "cost", "refund": "refund", "report": "reward"}
_WITH_VALUE = "_with_value"
_PLAIN_TRANSFER = "plain_transfer"
_OWNED = {"dataHandler": _RECORDS, "incentive": _INCENTIVE, "classifier": _MODEL}
"""Contracts whose methods strangers call, as ``incentive.handleAddData``."""

_HALTS = {ExceptionalHalt.reason: "invalid_opcode", OutOfGas.reason: "out_of_gas"}

_KINDS = {
    "ok": "outcomes",
    "revert_reason": "outcomes",
    "error_kind": "outcomes",
    "next_cost_before": "amounts",
    "cost": "amounts",
    "refund": "amounts",
    "reward": "amounts",
    "prediction_before": "predictions",
    "prediction_error": "predictions",
    "sender_net_wei": "balances",
    "contract_net_wei": "balances",
    "trainer_balance": "balances",
    "calldata": "gas",
    "model_changed": "model_digests",
    "model_state": "model_digests",
    "model_digest": "model_digests",
}
"""What kind of value each field is; the others are of records and counters."""

_SELECTOR_BYTES = 4
_WORD = 32
_ADDRESS_BYTES = 20


@dataclass(frozen=True, slots=True)
class GasTolerance:
    """How far gas may be off, as a share of what was recorded, where a transaction succeeded and where it failed."""

    succeeded: Fraction = Fraction(1, 1000)
    failed: Fraction = Fraction(1, 100)

    def allows(self, recorded: Gas, replayed: Gas, ok: bool) -> bool:
        """Whether the two are close enough."""
        return abs(replayed - recorded) <= (self.succeeded if ok else self.failed) * recorded


DEFAULT_TOLERANCE = GasTolerance()


def recognises(first: Entry) -> bool:
    """Whether a trace begins with a scenario as the corpus of the contracts has them."""
    return "incentive_deploy_timestamp" in first and "transactions" in first


def replay(lines: Lines, path: Path, comparison: Comparison, tolerance: GasTolerance = DEFAULT_TOLERANCE) -> None:
    """Replay every scenario of a file. Raises `ConfigError` where a line is no scenario that can be deployed."""
    for number, scenario in lines:
        comparison.line, comparison.call = number, None
        try:
            replay_scenario(scenario, comparison, tolerance)
        except (KeyError, TypeError, ValueError, AttributeError, LookupError) as error:
            raise ConfigError(
                f"{str(path)!r}: line {number} is no scenario of the contracts: {type(error).__name__} {error}. "
                f"Record it anew."
            ) from error


def replay_scenario(scenario: Entry, comparison: Comparison, tolerance: GasTolerance) -> None:
    """Deploy a scenario on each of its hard forks, execute its transactions, and compare."""
    comparison.run, comparison.runs = str(scenario["scenario"]), comparison.runs + 1
    transactions, forks = scenario["transactions"], scenario["forks"]
    comparison.calls += len(transactions)
    if not scenario["trainer_owns_everything"]:
        comparison.skip("transactions", "contracts with another owner than the trainer", len(transactions))
        return
    for fork in forks:
        if fork not in HARDFORKS:
            comparison.skip("transactions", f"hard fork {fork!r}", len(transactions))
            continue
        world = _World(scenario, fork)
        comparison.call = None
        state = world.model.to_state(world.universe)
        comparison.same("model_digests", "initial_model_state", scenario["initial_model_state"], state)
        for call, transaction in enumerate(transactions):
            comparison.call = call
            comparison.same("records", "i", transaction["i"], call)
            _replay_transaction(world, transaction, comparison, tolerance)


def _replay_transaction(world: _World, transaction: Entry, comparison: Comparison, tolerance: GasTolerance) -> None:
    recorded, clock = transaction["result"], world.chain.clock
    if transaction["timestamp"] < clock.now:
        comparison.differ("records", "timestamp", transaction["timestamp"], f"at least {clock.now}")
    else:
        clock.advance(transaction["timestamp"])
    try:
        replayed = world.execute(transaction)
    except _UnknownMethod:
        comparison.skip("transactions", f"method {transaction['method']}")
        return
    except _IMPOSSIBLE as error:
        comparison.checked["outcomes"] += 1
        why = f"it cannot be executed: {type(error).__name__} {error}"
        comparison.differ("outcomes", "ok", recorded.get("ok"), why)
        return
    gas = replayed.pop("gas_used")
    _compare_gas(world.fork, recorded["gas_used"].get(world.fork), gas, replayed["ok"], comparison, tolerance)
    for field in dict.fromkeys([*replayed, *recorded]):
        if field != "gas_used":
            kind = _KINDS.get(field, "records")
            comparison.same(kind, f"{field} ({world.fork})", recorded.get(field), replayed.get(field))


def _compare_gas(
    fork: str, recorded: Any, replayed: Gas, ok: bool, comparison: Comparison, tolerance: GasTolerance
) -> None:
    comparison.checked["gas"] += 1
    if type(recorded) is not int or not tolerance.allows(recorded, replayed, ok):
        comparison.differ("gas", f"gas_used ({fork})", recorded, replayed)


class _UnknownMethod(Exception):
    """A method of the contracts behind the trainer that is not known here."""


_IMPOSSIBLE = (InvalidTransaction, TypeError, ValueError, AttributeError, LookupError)
"""No block would include it, or it lacks what a call has."""


class _World:
    """A scenario deployed on one hard fork."""

    def __init__(self, scenario: Entry, fork: str) -> None:
        self.fork = fork
        self.universe: list[int] = scenario["feature_universe"]
        clock = Clock(now=scenario["incentive_deploy_timestamp"])
        self.chain = chain = Chain(HARDFORKS[fork], FixedPrice(GAS_PRICE), clock)
        kind: str = scenario["model_type"]
        kind = _MODELS.get(kind, kind)
        self.model: OnChainClassifier = onchain_classifier(kind, scenario["model"], chain.journal, chain.meter)
        self.records = DataHandler(chain, _RECORDS)
        self.mechanism = _INCENTIVES[scenario["incentive"]](chain, self.records, scenario["constructor"])
        self.trainer = CollaborativeTrainer(chain, _TRAINER, self.records, self.mechanism, self.model)
        for contract in (self.records, self.mechanism, ModelContract(chain, _MODEL, self.model), self.trainer):
            chain.deploy(contract)
        for sender in dict.fromkeys(transaction["sender"] for transaction in scenario["transactions"]):
            chain.mint(sender, _PLENTY)
        self._version, self._digest = self.model.version.value, self.model.digest(self.universe)
        self._zero_bytes: dict[str, int] = {}

    def execute(self, transaction: Entry) -> Entry:
        """Send a transaction now; what a recorder would write of it.

        Raises `_UnknownMethod`, or one of `_IMPOSSIBLE`.
        """
        sender, arguments, ledger = transaction["sender"], transaction["args"], self.chain.ledger
        found: Entry = {"next_cost_before": self.mechanism.quote(self.chain.clock.now, Data.numbers([]), 0)}
        found["prediction_before"], found["prediction_error"] = self._prediction(arguments)
        sent = self._sent(transaction)
        money, escrow = ledger.balance(sender), self.trainer.escrow()
        receipt = self.chain.execute(sent)
        found["sender_net_wei"] = ledger.balance(sender) + receipt.fee - money
        found["contract_net_wei"] = self.trainer.escrow() - escrow
        found["trainer_balance"] = self.trainer.escrow()
        found["gas_used"] = receipt.gas_used
        found["calldata"] = self._calldata(sent, transaction)
        found |= _outcome(receipt) | self._effects(transaction["method"], receipt)
        return found | self._model() | self._counters()

    def _sent(self, transaction: Entry) -> Transaction:
        """The transaction itself. What a probe was called with is not recorded, but how many bytes it was."""
        sender, method, value = transaction["sender"], transaction["method"], transaction["value"]
        arguments, size = transaction["args"], transaction["result"]["calldata"]
        call = partial(Transaction, sender, value=value, gas_limit=GAS_LIMIT)
        if method in _CALLS:
            given: tuple[Any, ...] = (Data.numbers(arguments["data"]), arguments["classification"])
            given += tuple(arguments[name] for name in ("addedTime", "originalAuthor") if name in arguments)
            return call(_TRAINER, _CALLS[method], given)
        if method == _PLAIN_TRANSFER:
            return call(_TRAINER, "")
        if method == f"refund{_WITH_VALUE}":
            return call(_TRAINER, "refund", (_sample_of_bytes(size, words=4), 0, 0))
        if method == f"report{_WITH_VALUE}":
            return call(_TRAINER, "report", (_sample_of_bytes(size, words=5, other=_ADDRESS_BYTES), 0, 0, sender))
        owned, _, name = method.partition(".")
        to, name = _OWNED[owned], re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name)
        if name not in self.chain.contracts[to].methods:
            raise _UnknownMethod
        return call(to, name, (bytes(size["zero"]) + bytes([1]) * (size["nonzero"] - _SELECTOR_BYTES),))

    def _calldata(self, sent: Transaction, transaction: Entry) -> Entry:
        """Bytes of the call.

        A trace has names for addresses. How many of the twenty bytes of one are zero tells the first call it is in.
        """
        zero, nonzero = self.chain.contracts[sent.to].calldata(sent.method, sent.arguments)
        if transaction["method"] == "report":
            found = transaction["result"]["calldata"]["zero"] - zero
            known = self._zero_bytes.setdefault(sent.arguments[-1], min(max(found, 0), _ADDRESS_BYTES))
            zero, nonzero = zero + known, nonzero - known
        return {"len": zero + nonzero, "zero": zero, "nonzero": nonzero}

    def _prediction(self, arguments: Entry) -> tuple[int | None, str | None]:
        """The model's answer for the sample of a call, and why it has none."""
        if "data" not in arguments:
            return None, None
        try:
            return self.model.predict_one(Data.numbers(arguments["data"]).features), None
        except Revert as refusal:
            return None, refusal.reason or None
        except ExceptionalHalt:
            return None, None

    def _effects(self, method: str, receipt: Receipt) -> Entry:
        """What a successful call paid, and the contribution it was about as it is now."""
        if not receipt.ok:
            return {}
        record, amount = receipt.logs[-1].data
        records = self.records
        found: Entry = {_PAID[method]: amount}
        if method == "addData":
            found["added_time"] = records.added_time[record]
        found["record"] = {
            "initialDeposit": records.deposit[record],
            "claimableAmount": records.claimable[record],
            "numClaims": records.claims[record],
            "claimedBySender": (record, receipt.transaction.sender) in records.claimed,
        }
        return found

    def _model(self) -> Entry:
        """Whether the model is another one than before, and which."""
        before, found = self._digest, {}
        if self.model.version.value != self._version:
            self._version, self._digest = self.model.version.value, self.model.digest(self.universe)
            if self._digest != before:
                found["model_state"] = self.model.to_state(self.universe)
        return found | {"model_changed": self._digest != before, "model_digest": self._digest}

    def _counters(self) -> Entry:
        mechanism = self.mechanism
        found: Entry = {
            "totalSubmitted": mechanism.total_submitted.value,
            "totalGoodDataCount": mechanism.total_standing(),
            "numValid": {address: number for address, number in mechanism.verified.items() if number},
        }
        if isinstance(mechanism, DepositRefundTake):
            found["lastUpdateTimeS"] = mechanism.last_update.value
        return found


def _outcome(receipt: Receipt) -> Entry:
    """Success, or the reason as the caller sees it: none where an invalid opcode or a lack of gas ended the call."""
    if receipt.ok:
        return {"ok": True, "revert_reason": None, "error_kind": None}
    if receipt.reason in _HALTS:
        return {"ok": False, "revert_reason": None, "error_kind": _HALTS[receipt.reason]}
    return {"ok": False, "revert_reason": receipt.reason or None, "error_kind": "revert"}


def _stakeable(chain: Chain, records: DataHandler, arguments: Entry) -> DepositRefundTake:
    weight = Fraction(arguments["costWeight"], DEFAULT_UNIT)
    parameters = deposit_refund_take.Parameters("solidity", weight, *_windows(arguments))
    return DepositRefundTake(chain, _INCENTIVE, records, parameters)


def _points(chain: Chain, records: DataHandler, arguments: Entry) -> Points:
    return Points(chain, _INCENTIVE, records, points.Parameters("solidity", *_windows(arguments)))


def _windows(arguments: Entry) -> tuple[int, int, int]:
    return arguments["refundWaitTimeS"], arguments["ownerClaimWaitTimeS"], arguments["anyAddressClaimWaitTimeS"]


_INCENTIVES: dict[str, Callable[[Chain, DataHandler, Entry], DepositRefundTake | Points]] = {
    "stakeable": _stakeable,
    "points": _points,
}


def _sample_of_bytes(size: Entry, words: int, other: int = 0) -> Data:
    """A sample with which a call has so many bytes as recorded: beside it so many words, with ``other`` bytes not zero.

    The words are its offset and its length, label and time, which are 0, and where there is one an address.
    """
    length = (size["len"] - _SELECTOR_BYTES) // _WORD - words
    data = Data.numbers([0] * length)
    data.nonzero_bytes = size["nonzero"] - _SELECTOR_BYTES - 1 - other
    return data


ADAPTER = Adapter("recorded transactions of the contracts", recognises, replay)
