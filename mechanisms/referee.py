"""The referee of `check_mechanism`: what holds for every mechanism, whatever its own views say.

A view and the hook behind it may be wrong in the same way. The referee asks neither: it knows the windows as they were
at the start, the model's answers, the records, and what it saw happen.

* A claim pays no more than what is left of the contribution.
* From the last window on, the owner from the owner's, anyone is paid all that is left.
* Before that: no refund before maturity; no report before the author's grace is over, of a contribution of one's own,
  or of one that the model agrees with; a refund of one that it disagrees with brings neither money nor standing; each
  address has one claim accepted.
* The windows stay as they are.
* A verdict stays as it is, and is what the model said if it said the same from the addition to maturity.
* Where contributions must be committed to, only what the sender committed to is accepted, and not too soon or too late.
"""

from __future__ import annotations

from typing import NamedTuple

from sim.chain import Address, Transaction
from sim.chain.transaction import Receipt
from sim.contracts import ClaimWindows, IncentiveMechanism
from sim.contracts.data_handler import Record
from sim.models import Classifier
from sim.units import Seconds, Wei

Fault = tuple[str, str]
"""What is wrong, and how to mend it."""


class Claim(NamedTuple):
    """A refund (else a report) that is about to be made; ``left`` wei of the contribution, ``age`` in seconds.

    ``agrees`` is what the model says, or the verdict; ``takes`` whether the windows give this sender all that is left.
    """

    record: Record
    refund: bool
    sender: Address
    age: Seconds
    left: Wei
    standing: int
    agrees: bool
    takes: bool


class Referee:
    """Sees every transaction before and after it is executed; see the module's text."""

    def __init__(self, mechanism: IncentiveMechanism, model: Classifier) -> None:
        self._mechanism, self._model, self._records = mechanism, model, mechanism.records
        self._clock = mechanism.chain.clock
        self._windows = mechanism.windows
        self._accepted: set[tuple[Record, Address]] = set()
        self._said: dict[Record, set[bool]] = {}
        """Whether the model agreed with a contribution, in all its states from the addition to maturity."""
        self._verdicts: dict[Record, bool] = {}
        self._commitments: dict[tuple[Address, bytes], Seconds] = {}

    def look(self, transaction: Transaction) -> Claim | None:
        """The circumstances of a claim; None for other transactions, and where there are no windows."""
        method, sender, windows = transaction.method, transaction.sender, self._windows
        if windows is None or method not in ("refund", "report"):
            return None
        refund = method == "refund"
        data, label, added, *author = transaction.arguments
        record = self._records.by_key[data.key, label, added, sender if refund else author[0]]
        mechanism, age = self._mechanism, self._clock.now - added
        owns = windows.owner is not None and sender == mechanism.owner and age >= windows.owner
        takes = not refund and (owns or age >= windows.expired)
        agrees = mechanism.verdict(record) if mechanism.verdict else self._agrees(record)
        left, standing = self._records.claimable[record], mechanism.standing(sender)
        return Claim(record, refund, sender, age, left, standing, agrees, takes)

    def judge(self, claim: Claim | None, receipt: Receipt) -> Fault | None:
        """The first rule that what was just executed breaks, if any."""
        windows = self._mechanism.windows
        if windows != self._windows:
            return f"changed its windows from {self._windows} to {windows}", "Let windows be the same all the time"
        fault = self._of_commitment(receipt)
        if claim is not None and self._windows is not None:
            fault = self._of_claim(claim, receipt, self._windows)
            if receipt.ok:
                self._accepted.add((claim.record, claim.sender))
        return fault or self._of_verdicts()

    def _of_claim(self, claim: Claim, receipt: Receipt, windows: ClaimWindows) -> Fault | None:
        if claim.takes:
            if claim.left and not (receipt.ok and receipt.result == claim.left):
                paid = f"paid {receipt.result} wei" if receipt.ok else f"refused: {receipt.reason!r}"
                found = f"a late report of what has {claim.left} wei left, at {claim.age} s of age, was {paid}"
                return found, "Pay all that is left to anyone from windows.expired on, to the owner from windows.owner"
            return None
        if not receipt.ok:
            return None
        if receipt.result + self._mechanism.burned * (not claim.refund) > claim.left:
            return f"a claim was paid {receipt.result} wei of {claim.left} left", "Pay at most records.claimable"
        if (claim.record, claim.sender) in self._accepted and claim.age < windows.expired:
            return "the same address claimed a contribution twice", "Refuse who is in records.claimed"
        return self._of_refund(claim, receipt, windows) if claim.refund else self._of_report(claim, windows)

    def _of_refund(self, claim: Claim, receipt: Receipt, windows: ClaimWindows) -> Fault | None:
        if claim.age < windows.mature:
            return f"refunded at {claim.age} s of age, before windows.mature ({windows.mature} s)", "Refuse it"
        earned = self._mechanism.standing(claim.sender) - claim.standing
        if not claim.agrees and (receipt.result or earned > 0):
            found = f"a refund of what the model disagrees with brought {receipt.result} wei, standing {earned}"
            return found, "Refuse it, or pay 0 and let nothing be verified"
        return None

    def _of_report(self, claim: Claim, windows: ClaimWindows) -> Fault | None:
        opens = windows.mature + windows.grace
        if claim.sender == self._records.author[claim.record]:
            return "somebody reported a contribution of their own", "Refuse the author in on_report and may_report"
        if claim.age < opens:
            return f"reported at {claim.age} s of age, before mature + grace ({opens} s)", "Refuse it"
        if claim.agrees:
            return "reported what the model agrees with", "Refuse it"
        return None

    def _of_commitment(self, receipt: Receipt) -> Fault | None:
        """Nothing is added but what was committed to."""
        mechanism, (sender, _, method, arguments, *_) = self._mechanism, receipt.transaction
        if not (mechanism.must_commit and receipt.ok):
            return None
        if method == "commit_data":
            self._commitments[sender, arguments[0]] = receipt.time
        elif method == "add_data":
            return "add_data was accepted though contributions must be committed to", "Refuse it in on_add"
        elif method == "reveal_data":
            made = self._commitments.pop((sender, mechanism.commitment(sender, *arguments)), None)
            least, most = mechanism.commitment_ages
            if made is None or not least <= receipt.time - made <= most:
                age = "no commitment" if made is None else f"a commitment of {receipt.time - made} s"
                return f"reveal_data was accepted with {age}", "Refuse it in on_reveal"
        return None

    def _of_verdicts(self) -> Fault | None:
        """A verdict is the model's, and final."""
        verdict, windows, now = self._mechanism.verdict, self._windows, self._clock.now
        if verdict is None or windows is None:
            return None
        for record, added in enumerate(self._records.added_time):
            said = self._said.setdefault(record, set())
            if now - added <= windows.mature:
                said.add(self._agrees(record))
            if now - added < windows.mature:
                continue
            answer = verdict(record)
            if self._verdicts.setdefault(record, answer) != answer:
                return "a verdict changed after maturity", "Settle it for good at windows.mature"
            if said == {not answer}:
                return f"the verdict is {answer} though the model always said {not answer}", "Let it follow the model"
        return None

    def _agrees(self, record: Record) -> bool:
        records = self._records
        return self._model.predict_one(records.data[record].features) == records.label[record]
