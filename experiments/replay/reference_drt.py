"""One run of Deposit-Refund-Take of the reference simulation, executed again by the contracts of this program.

The mechanism is our own under ``profile = "reference"``, on our own ledger; what everybody has in the reference, which
counts in floats and pays what there is, is worked out beside it (`reference_book`).

The contract's model answers what the trace says it answered; whether it should have is checked beside it
(`reference_models`).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.replay.comparison import Comparison
from experiments.replay.features import Samples
from experiments.replay.reference_book import SHARE, TOLERANCE, Book, Due, wei_of
from experiments.replay.reference_contracts import UNIT, FloatShares, ToldModel
from experiments.replay.reference_models import ModelBeside
from mechanisms.deposit_refund_take import Parameters
from sim.chain import Address, Chain, Transaction
from sim.chain.transaction import Call
from sim.contracts import CollaborativeTrainer, DataHandler, Record
from sim.errors import InvalidTransaction, Revert
from sim.features import Data
from sim.units import Wei, exact

CONTRACT = "contract"
"""The reference's name for the account of the contract."""

_TRAINER = "<trainer>"
_PAYABLE = ("add_data", "predict")
_TOO_LITTLE = "Didn't pay enough for the deposit."
_NO_ACCOUNT = "no account"
_REJECTED = "RejectException"
_THEIR_WORDS = {
    _TOO_LITTLE: (_REJECTED, "Did not pay enough. Sent {value} < {cost}"),
    "Cannot take your own deposit.": (_REJECTED, "Cannot take your own deposit. Ask for a refund instead."),
    "The sender has not sent any good data.": (_REJECTED, "No good data was verified by reporter {sender!r}."),
    "Data not found.": ("AssertionError", "Data not found."),
    _NO_ACCOUNT: ("KeyError", "{sender!r}"),
}
"""Type and text of the reference's error for each of our reasons; the others are rejections in the same words."""

_KEY_ERRORS = "calls from an address without an account: the reference fails half done, ours are refused whole"


class DrtRun:
    """A run from its ``run`` line on. Raises `KeyError`, `TypeError` or `ValueError` for a line that starts none."""

    def __init__(self, header: dict[str, Any], samples: Samples | None, comparison: Comparison) -> None:
        self.comparison, self.samples = comparison, samples
        self.chain = chain = Chain(gas_limit=10**12)
        records = DataHandler(chain, "<records>")
        windows = header["params"]["refund_time_s"], header["params"]["any_address_claim_wait_time_s"]
        parameters = Parameters(
            profile="reference", cost_weight=exact(header["params"]["cost_weight"]), refund_window=windows[0],
            any_claim_after=windows[1], unit=UNIT,
        )  # fmt: skip
        self.mechanism = FloatShares(chain, "<incentive>", records, parameters)
        self.model = ToldModel(chain)
        self.trainer = CollaborativeTrainer(chain, _TRAINER, records, self.mechanism, self.model)
        for contract in (records, self.mechanism, self.trainer):
            chain.deploy(contract)
        balances = header["bal"] or {agent["address"]: agent["start_balance"] for agent in header["agents"]}
        self.book = Book(balances, chain, CONTRACT, _TRAINER, comparison)
        self.checker: ModelBeside | None = None
        if samples is not None:
            self.checker = ModelBeside(header["model"], header["model_state"])
        self.rows: list[int] = []
        self.ops: Counter[str] = Counter()
        self.succeeded = 0
        self.half_changed = False

    # -- calls -------------------------------------------------------------------------------------------------------

    def call(self, line: dict[str, Any]) -> None:
        """Execute one call, and compare."""
        comparison = self.comparison
        comparison.calls += 1
        comparison.call = line.get("i")
        comparison.same("records", "i", line.get("i"), sum(self.ops.values()))
        try:
            self.ops[line["op"]] += 1
            self._call(line)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            comparison.differ("records", "call", line.get("op"), f"cannot be executed: {type(error).__name__} {error}")

    def _call(self, line: dict[str, Any]) -> None:
        chain, op, sender = self.chain, line["op"], line["sender"]
        if line["t"] < chain.clock.now:
            self.comparison.differ("records", "t", line["t"], chain.clock.now)
        else:
            chain.clock.advance(line["t"])
        transaction, due = self._transaction(line), []
        if op == "predict":
            due = self._shares(sender, line["value"], transaction.value)
            if not due:
                transaction = transaction._replace(value=0)  # nobody is paid, so nobody asks whether there is money
        if sender in self.book.balances:
            self.book.lend(sender, transaction.value)
        self.model.tell(line.get("pred"))
        try:
            _, ok, reason, *_, logs = chain.execute(transaction)
        except InvalidTransaction:
            ok, reason, logs = False, self._reason_before_money(transaction), ()
        self._compare_outcome(line, ok, reason, transaction)
        self._compare_prediction(line)
        if not ok:
            due = []
        elif op == "add_data":
            self._added(line)
            due = [Due(CONTRACT, logs[-1].data[1] // UNIT, logs[-1].data[1])]
        elif op != "predict":
            due = [Due(sender, self.mechanism.taken, logs[-1].data[1])]
        self.succeeded += ok
        self._compare_payments(line, sender if op in _PAYABLE else CONTRACT, due)
        self.book.compare(line, bool(due))

    def _added(self, line: dict[str, Any]) -> None:
        self.rows.append(line["row"])
        if self.checker is not None:
            self.checker.learn(self._vector(line["row"]), line["label"])

    def _shares(self, sender: Address, value: float, wei: Wei) -> list[Due]:
        """What a prediction that pays ``value`` units owes to each contributor, in the reference and here."""
        if not wei:
            return []
        mechanism = self.mechanism
        ours = mechanism.on_predict_payment(Call(sender, wei, self.chain.clock.now))
        total = mechanism.total_verified.value
        return [Due(who, int(value * mechanism.verified[who] / total), amount) for who, amount in ours]

    def _transaction(self, line: dict[str, Any]) -> Transaction:
        op, sender, data = line["op"], line["sender"], self._data(line["row"])
        if op == "predict":
            return Transaction(sender, _TRAINER, op, (data,), wei_of(line["value"]))
        if op == "add_data":
            return Transaction(sender, _TRAINER, op, (data, line["label"]), wei_of(line["value"]))
        key = (data, line["label"], line["added"])
        return Transaction(sender, _TRAINER, op, key if op == "refund" else (*key, line["author"]))

    def _reason_before_money(self, transaction: Transaction) -> str:
        """Why the reference refuses whom the chain refuses for lack of an account: it looks at the rules first."""
        if transaction.method == "add_data":
            try:
                if transaction.value < self.mechanism.quote(self.chain.clock.now, *transaction.arguments):
                    return _TOO_LITTLE
            except Revert as refusal:
                return refusal.reason
        return _NO_ACCOUNT

    # -- comparing ---------------------------------------------------------------------------------------------------

    def _compare_outcome(self, line: dict[str, Any], ok: bool, reason: str, transaction: Transaction) -> None:
        comparison, recorded = self.comparison, line.get("error")
        comparison.same("outcomes", "ok", line["ok"], ok)
        if ok:
            if recorded is not None:
                comparison.differ("outcomes", "error", recorded, None)
            return
        kind, words = _THEIR_WORDS.get(reason, (_REJECTED, reason))
        cost = 0
        if reason == _TOO_LITTLE:
            cost = self.mechanism.quote(self.chain.clock.now, *transaction.arguments) // UNIT
        words = words.format(value=line["value"], cost=cost, sender=line["sender"])
        comparison.same("outcomes", "error", recorded, [kind, words])
        if reason == _NO_ACCOUNT:
            comparison.report(_KEY_ERRORS, f"{line['op']} by {line['sender']!r}")
            self.half_changed |= line["op"] == "add_data"

    def _compare_prediction(self, line: dict[str, Any]) -> None:
        comparison, recorded = self.comparison, line.get("pred")
        if self.model.asked != (recorded is not None) and (self.model.asked or line["op"] == "report"):
            comparison.differ("predictions", "pred", recorded, "asked for" if self.model.asked else "not asked for")
        if recorded is None:
            return
        if self.checker is None:
            comparison.skip("predictions", "the features of the run were not found")
            return
        prediction, sure = self.checker.predict(self._vector(line["row"]))
        if sure:
            comparison.same("predictions", "pred", recorded, prediction)
        else:
            comparison.skip("predictions", "two classes are as good as each other to a billionth")

    def _compare_payments(self, line: dict[str, Any], payer: Address, due: list[Due]) -> None:
        """Compare the amount of a call, and who paid whom how much, while the book is brought up to date."""
        comparison = self.comparison
        if due and line["op"] != "predict":
            self.book.amount("amount", line.get("amount"), due[0].units, due[0].wei)
        elif line.get("amount") is not None:
            comparison.differ("amounts", "amount", line["amount"], None)
        self.book.payments(line, payer, due)

    # -- the end -----------------------------------------------------------------------------------------------------

    def end(self, line: dict[str, Any]) -> None:
        """Compare what the run says of itself at its end."""
        comparison, mechanism = self.comparison, self.mechanism
        comparison.same("records", "calls", line.get("calls"), sum(self.ops.values()))
        comparison.same("records", "ok", line.get("ok"), self.succeeded)
        comparison.same("records", "ops", line.get("ops"), dict(self.ops))
        self.book.compare_accounts(line.get("bal", {}))
        standing = {address: good for address, good in mechanism.verified.items() if good}
        facts = {"num_good": standing, "total_good": mechanism.total_verified.value}
        changed = {
            "added": len(self.rows),
            "last_update": mechanism.last_update.value,
            "unclaimed": sum(left > 0 for left in mechanism.records.claimable),
        }
        if self.half_changed:
            comparison.skip("final states of contract and model", "the reference was left half changed by a KeyError")
        else:
            facts |= changed
            self._compare_entries(line)
            self._compare_model(line)
        for field, value in facts.items():
            if field in line:
                comparison.same("records", field, line[field], value)
        if line.get("truncated"):
            comparison.skip("ends of runs", "the trace holds the first calls of a longer run")
        if "accuracies" in line:
            comparison.skip("series of accuracies", "the agents' loop and the test set are not replayed")

    def _compare_entries(self, line: dict[str, Any]) -> None:
        """All contributions: row, label, time, author, deposit, what is left, and who claimed."""
        if "entries" not in line:
            return
        records = self.mechanism.records
        claimed: dict[Record, list[Address]] = {}
        for record, claimant in records.claimed:
            claimed.setdefault(record, []).append(claimant)
        self.comparison.same("records", "number of contributions", len(line["entries"]), len(records))
        for record, entry in enumerate(line["entries"][: len(records)]):
            *facts, deposit, left, claimants = entry
            ours = [self.rows[record], records.label[record], records.added_time[record], records.author[record]]
            self.comparison.same("records", f"contribution {record}", facts, ours)
            paid, open_ = records.deposit[record] // UNIT, records.claimable[record]
            self.comparison.same("records", f"deposit of contribution {record}", deposit, paid)
            theirs = self.mechanism.left.get(record, paid)
            self.comparison.checked["records"] += 1
            if left != theirs or abs(open_ / UNIT - theirs) > max(TOLERANCE, SHARE * paid):
                self.comparison.differ("records", f"what is left of contribution {record}", left, theirs)
            who = sorted(claimed.get(record, []))
            self.comparison.same("records", f"claims on contribution {record}", sorted(claimants), who)

    def _compare_model(self, line: dict[str, Any]) -> None:
        if line.get("final_model") is None:
            return
        if self.checker is None:
            self.comparison.skip("models", "the features of the run were not found")
            return
        self.comparison.checked["model_digests"] += 1
        if not self.checker.same(line["final_model"]):
            self.comparison.differ("model_digests", "final_model", "as written", "another one")

    # -- looking up --------------------------------------------------------------------------------------------------

    def _data(self, row: int) -> Data:
        """A row's features; where they were not found its number stands for them."""
        return Data([row]) if self.samples is None else self.samples.data(row)

    def _vector(self, row: int) -> NDArray[np.float64]:
        assert self.samples is not None
        return self.samples.rows[row].astype(np.float64)
