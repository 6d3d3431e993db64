"""One run of the prediction market of the reference simulation, executed again by the contracts of this program.

The mechanism is our own under ``profile = "reference"``, on our own ledger (`reference_book`). It is told two things
that only the reference knows: which part of the test set was drawn, and, at each evaluation, the accuracy. Whether that
should have been the accuracy is checked beside it (`reference_models`). Scripts call the mechanism alone and move money
themselves, a call later; here the trainer has moved it by then, and both are compared.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from experiments.replay.comparison import Comparison
from experiments.replay.features import Samples
from experiments.replay.reference_book import Book, Due, wei_of
from experiments.replay.reference_contracts import UNIT, ToldJudge, ToldMarket, ToldModel
from experiments.replay.reference_models import ModelBeside
from mechanisms.prediction_market import (
    ENDED,
    NOT_AS_COMMITTED,
    NOT_FINISHED,
    NOT_THE_PROVIDER,
    TOO_LITTLE,
    WRONG_PHASE,
    Parameters,
    Part,
    Phase,
)
from mechanisms.prediction_market_reference import NO_ENTRY, ReferenceRewards
from sim.chain import Address, Chain, Receipt, Transaction
from sim.contracts import CollaborativeTrainer, DataHandler
from sim.features import Data

_TRAINER = "<trainer>"
_ACCOUNTS = {"simulator": "contract", "script": "owner"}
_METHODS = {
    "initialize_market": "commit",
    "add_test_set_hashes": "add_commitments",
    "reveal_init_test_set": "reveal",
    "verify_next_test_set": "reveal",
    "end_market": "end",
    "process_contribution": "process",
    "add_data": "add_data",
    "handle_add_data": "add_data",
    "refund": "refund",
    "handle_refund": "refund",
    "handle_report": "report",
}
_ANYONE = "<anyone>"
"""Who calls what in the reference nobody in particular calls."""

_ASSERTION, _REJECTED = "AssertionError", "RejectException"
_THEIR_WORDS = {
    WRONG_PHASE: (_ASSERTION, ""),
    NOT_THE_PROVIDER: (_ASSERTION, ""),
    NOT_AS_COMMITTED: (_ASSERTION, ""),
    NOT_FINISHED: (_ASSERTION, "The reward phase has not finished processing contributions."),
    ENDED: (_ASSERTION, "The market has ended."),
    TOO_LITTLE: (_REJECTED, "Did not pay enough. Sent {value} < 1"),
    NO_ENTRY: ("KeyError", "{sender!r}"),
}
"""Type and text of the reference's error for each of our reasons; the others are rejections in the same words."""

_NAMES_PHASE = ("end_market", "handle_add_data", "add_data")
"""Calls that say which phase it is when it is the wrong one."""


class MarketRun:
    """A run from its ``run`` line on. Raises `KeyError`, `TypeError` or `ValueError` for a line that starts none."""

    def __init__(self, header: dict[str, Any], samples: Samples | None, comparison: Comparison) -> None:
        self.comparison, self.samples, self.header = comparison, samples, header
        self.chain = chain = Chain(gas_limit=10**12)
        self.records = DataHandler(chain, "<records>")
        self.mechanism = ToldMarket(
            chain, "<incentive>", self.records, Parameters(profile="reference", unit=UNIT, **header["params"])
        )
        trainer = CollaborativeTrainer(chain, _TRAINER, self.records, self.mechanism, ToldModel(chain))
        for contract in (self.records, self.mechanism, trainer):
            chain.deploy(contract)
        assert isinstance(self.mechanism.rewards, ReferenceRewards)
        self.rewards = self.mechanism.rewards
        self.contract = _ACCOUNTS[header["source"]]
        self.book = Book(header["bal"], chain, self.contract, _TRAINER, comparison)
        self.newcomers = {agent["address"]: agent["start_balance"] for agent in header["agents"] or ()}
        """Who gets an account when contributions begin."""
        self.parts = [
            Part(tuple((Data([row]), 0) for row in range(first, end)), bytes([number]))
            for number, (first, end) in enumerate(zip(header["piece_bounds"], header["piece_bounds"][1:], strict=False))
        ]
        self.hashes = tuple(map(self.mechanism.seal, self.parts))
        self.first_model, self.judge = self._checkers()
        self.mechanism.rewards.judge = self.judge
        self.ops: Counter[str] = Counter()
        self.succeeded = 0
        self.pending: tuple[Address, Due] | None = None
        """What the last call of a script owes, which it sends by itself."""

    def _checkers(self) -> tuple[ModelBeside | None, ToldJudge]:
        header, samples = self.header, self.samples
        if samples is None:
            return None, ToldJudge(None, None, self.comparison)
        made = [ModelBeside(header["model"], header["model_state"]) for _ in range(2)]
        return made[0], ToldJudge(made[1], samples, self.comparison)

    # -- calls -------------------------------------------------------------------------------------------------------

    def call(self, line: dict[str, Any]) -> None:
        """Execute one call, and compare."""
        comparison = self.comparison
        comparison.calls += 1
        comparison.call = line.get("i")
        comparison.same("records", "i", line.get("i"), sum(self.ops.values()))
        try:
            self.ops[line["op"]] += 1
            if line["op"] == "send":
                self._sent(line)
            else:
                self._call(line)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            comparison.differ("records", "call", line.get("op"), f"cannot be executed: {type(error).__name__} {error}")

    def _call(self, line: dict[str, Any]) -> None:
        chain, op, sender = self.chain, line["op"], line.get("sender", _ANYONE)
        if self.pending is not None and self.pending[1].units:
            self.comparison.differ("amounts", "send", "nothing was sent", self.pending[1].units)
        chain.clock.advance(max(chain.clock.now, int(line["t"])))
        if op == "add_data" and self.newcomers:
            self.book.join(self.newcomers)
            self.newcomers = {}
        self.mechanism.told = line.get("reveal_index", 0)
        self.judge.tell(line.get("evals", ()))
        transaction = self._transaction(line, sender)
        self.book.lend(sender, transaction.value)
        if transaction.method in ("refund", "report"):
            author = line.get("author", sender)
            self.book.lend(self.contract, self.rewards.due(author))
        receipt = chain.execute(transaction)
        self.succeeded += receipt.ok
        self._compare_outcome(line, receipt)
        self._compare_payment(line, sender, receipt)
        self._compare_market(line)
        self.judge.hear()

    def _transaction(self, line: dict[str, Any], sender: Address) -> Transaction:
        op, parts, hashes = line["op"], self.parts, self.hashes
        method = _METHODS[op]
        half = len(parts) // 2 if self.header.get("variant") == "split_hashes" else len(parts)
        arguments: tuple[Any, ...] = ()
        if op == "initialize_market":
            terms = (hashes[:half], line["min_length_s"], line["min_num_contributions"])
            return Transaction(sender, _TRAINER, method, terms, wei_of(line["value"]))
        if method == "add_data":
            return Transaction(sender, _TRAINER, method, (Data([line["row"]]), line["label"]), wei_of(line["value"]))
        if op == "add_test_set_hashes":
            arguments = (hashes[half:],)
        elif method == "reveal":
            arguments = (parts[line["piece"]],)
        elif method in ("refund", "report"):
            author = line.get("author", sender)
            record = self.records.author.index(author)
            key = self.records.data[record], self.records.label[record], self.records.added_time[record]
            arguments = key if method == "refund" else (*key, author)
        return Transaction(sender, _TRAINER, method, arguments)

    # -- comparing ---------------------------------------------------------------------------------------------------

    def _compare_outcome(self, line: dict[str, Any], receipt: Receipt) -> None:
        comparison, reason = self.comparison, receipt.reason
        comparison.same("outcomes", "ok", line["ok"], receipt.ok)
        if receipt.ok:
            if line.get("error") is not None:
                comparison.differ("outcomes", "error", line["error"], None)
            return
        kind, words = _THEIR_WORDS.get(reason, (_REJECTED, reason))
        if reason == WRONG_PHASE and line["op"] in _NAMES_PHASE:
            words = f"Current state is: MarketPhase.{self._phase()}."
        words = words.format(value=line.get("value"), sender=line.get("sender"))
        comparison.same("outcomes", "error", line.get("error"), [kind, words])

    def _compare_payment(self, line: dict[str, Any], sender: Address, receipt: Receipt) -> None:
        """Compare the amount; a script sends it later, otherwise it was moved already."""
        op, method = line["op"], _METHODS[line["op"]]
        due: tuple[Address, Due] | None = None
        if receipt.ok and method in ("commit", "add_data"):
            wei = line["value"] * UNIT if method == "commit" else receipt.logs[-1].data[1]
            due = sender, Due(self.contract, wei // UNIT if wei % UNIT == 0 else wei / UNIT, wei)
        elif receipt.ok and method in ("refund", "report"):
            due = self.contract, Due(sender, self.rewards.paid.value, receipt.logs[-1].data[1])
        if due is not None and method != "commit":
            self._compare_amount(line, due[1])
        elif line.get("amount") is not None:
            self.comparison.differ("amounts", "amount", line["amount"], None)
        self.pending = due if op.startswith("handle_") else None
        if not op.startswith("handle_"):
            payments = [due[1]] if due is not None and due[1].units else []
            self.book.payments(line, due[0] if due else sender, payments)
            self.book.compare(line, bool(payments))

    def _compare_amount(self, line: dict[str, Any], due: Due) -> None:
        """A report of a balance below nothing says so in the reference, and pays nothing here."""
        self.book.amount("amount", line.get("amount"), due.units, due.wei if due.units > 0 else wei_of(due.units))

    def _sent(self, line: dict[str, Any]) -> None:
        """A script moves money: what the call before owes, and from whom to whom."""
        comparison, pending = self.comparison, self.pending
        self.pending = None
        if pending is None:
            comparison.differ("amounts", "send", line["value"], "nothing is owed")
            return
        payer, due = pending
        comparison.same("amounts", "send", [line["sender"], line["to"]], [payer, due.target])
        self._compare_amount({"amount": line["value"]}, due)
        ok = due.units >= 0
        comparison.same("outcomes", "ok", line["ok"], ok)
        self.succeeded += ok
        if ok:
            self.book.send(payer, due)
            self.book.compare(line, bool(due.units))
        else:
            comparison.same("outcomes", "error", line.get("error"), [_ASSERTION, ""])

    def _compare_market(self, line: dict[str, Any]) -> None:
        """The phase, the next contribution, the accuracy, balances in the market, the end of a pass."""
        comparison, rewards = self.comparison, self.rewards
        facts: dict[str, Any] = {
            "state": self._phase(),
            "reveal_index": next(iter(self.mechanism.drawn.value), 0),
            "next_index": rewards.next.value,
            "acc": rewards.accuracy.value,
            "market_balances": self._balances(),
        }
        for field, value in facts.items():
            if field in line and (field != "reveal_index" or line["ok"]):
                comparison.checked["records"] += 1
                if line[field] != value:
                    comparison.differ("records", field, line[field], value)
        told = line.get("round_end")
        if told is not None:
            for field, value in self._round().items():
                comparison.checked["records"] += 1
                if told[field] is not None and told[field] != value:
                    comparison.differ("records", f"round_end.{field}", told[field], value)

    def _round(self) -> dict[str, Any]:
        rewards, author = self.rewards, self.records.author
        kept = [[author[r], rewards.own[r], rewards.scores.value.get(r)] for r in rewards.remaining.value]
        return {
            "remaining": rewards.left.value,
            "min_score": rewards.least.value,
            "left": len(rewards.remaining.value),
            "worst": rewards.worst.value,
            "scores": dict(rewards.scores.value),
            "kept": kept,
            "market_balances": self._balances(),
        }

    def _balances(self) -> dict[Address, float]:
        return {who: balance for who, balance in self.rewards.balances.items() if balance is not None}

    def _phase(self) -> str:
        phase = self.mechanism.phase.value
        return "REWARD_RESTART" if phase is Phase.REWARD and self.rewards.restarts.value else phase.name

    # -- the end -----------------------------------------------------------------------------------------------------

    def end(self, line: dict[str, Any]) -> None:
        """Compare what the run says of itself at its end."""
        comparison = self.comparison
        comparison.same("records", "calls", line.get("calls"), sum(self.ops.values()))
        comparison.same("records", "ok", line.get("ok"), self.succeeded)
        comparison.same("records", "ops", line.get("ops"), dict(self.ops))
        self.book.compare_accounts(line.get("bal", {}))
        comparison.same("records", "market_balances", line.get("market_balances"), self._balances())
        if self.first_model is None or self.judge.model_beside is None:
            comparison.skip("models", "the features of the run were not found")
        else:
            trained, first = self.judge.model_beside, self.first_model
            told = (
                {"final_model": first, "market_model": trained} if "market_model" in line else {"final_model": trained}
            )
            for field, model in told.items():
                comparison.checked["model_digests"] += 1
                if not model.same(line[field]):
                    comparison.differ("model_digests", field, "as written", "another one")
        if "accuracies" in line:
            comparison.skip("series of accuracies", "the agents' loop is not replayed")
