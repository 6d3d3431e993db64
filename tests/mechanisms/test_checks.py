"""`check_mechanism` passes what is registered, in every profile, and finds what is planted."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, ClassVar

import pytest

from mechanisms import MECHANISMS, DefendedDeposits, DepositRefundTake
from mechanisms.checks import check_mechanism
from mechanisms.deposit_refund_take import Parameters
from sim.chain import Call, Chain
from sim.contracts import ClaimWindows, DataHandler, Payment
from sim.errors import ConfigError, Revert
from sim.units import DAY


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda mechanism: mechanism.kind)
def test_registered_mechanisms_pass(mechanism: Any) -> None:
    check_mechanism(mechanism)


@pytest.mark.parametrize("profile", ["solidity", "reference", "corrected"])
@pytest.mark.parametrize(
    "other",
    [{}, {"refund_rule": "one_shot"}, {"deposit_policy": "fixed"}, {"crumb_standing": "pro_rata"}, {"unit": 7}],
    ids=str,
)
def test_every_parameter_set_passes(profile: str, other: dict[str, Any]) -> None:
    windows = {"refund_window": 50, "any_claim_after": 50 + (7 * DAY + 1 if profile == "reference" else 100)}
    parameters = Parameters(profile=profile, **windows, **other)

    def build(chain: Chain, address: str, records: DataHandler) -> DepositRefundTake:
        return DepositRefundTake(chain, address, records, parameters)

    check_mechanism(build)


class Planted(DepositRefundTake):
    """A good mechanism with short windows; the faults below are planted in it."""

    def __init__(self, chain: Chain, address: str, records: DataHandler) -> None:
        super().__init__(chain, address, records, Parameters(refund_window=50, any_claim_after=150))
        self.count = 0
        self.authors: dict[str, int] = {}


class CountsOutsideCells(Planted):
    def on_add(self, *arguments: Any) -> int:
        self.count += 1
        return super().on_add(*arguments)


class WritesIntoAPlainDictionary(Planted):
    def on_refund(self, call: Call, *arguments: Any) -> int:
        amount = super().on_refund(call, *arguments)
        self.authors[call.sender] = self.authors.get(call.sender, 0) + 1
        return amount


class WritesPastTheJournal(Planted):
    def on_report(self, *arguments: Any) -> int:
        amount = super().on_report(*arguments)
        self.total_submitted.value += 1
        return amount


class WritesToRecordsPastTheJournal(Planted):
    def on_add(self, *arguments: Any) -> int:
        if len(self.records):
            list.__setitem__(self.records.claims, 0, self.records.claims[0] + 1)
        return super().on_add(*arguments)


class ChangesByLooking(Planted):
    def quote(self, *arguments: Any) -> int:
        self.total_submitted.value += 1
        return super().quote(*arguments)


class ForgetsWhatItOwes(Planted):
    def liabilities(self) -> int:
        return sum(self.records.deposit[record] for record, left in enumerate(self.records.claimable) if left)


class QuotesLess(Planted):
    def quote(self, *arguments: Any) -> int:
        return super().quote(*arguments) // 2


class KeepsMore(Planted):
    def on_add(self, call: Call, *arguments: Any) -> int:
        super().on_add(call, *arguments)
        return call.value


class OffersWhatIsDecided(Planted):
    def __init__(self, chain: Chain, address: str, records: DataHandler) -> None:
        rules = Parameters(refund_window=50, any_claim_after=150, refund_rule="one_shot")
        DepositRefundTake.__init__(self, chain, address, records, rules)

    def may_refund(self, record: int, author: str) -> bool:
        return True


class PromisesAnotherShare(Planted):
    def report_reward(self, record: int, reporter: str) -> int:
        return super().report_reward(record, reporter) // 2


class OffersNoRefunds(Planted):
    def may_refund(self, record: int, author: str) -> bool:
        return False


class PaysNegative(Planted):
    def on_predict_payment(self, call: Call) -> list[Payment]:
        return [Payment("ann", -1)]


class PaysMoreThanItWasGiven(Planted):
    def on_predict_payment(self, call: Call) -> list[Payment]:
        return [Payment("ann", 2 * call.value)]


class ClosesBeforeItOpens(Planted):
    @property
    def windows(self) -> ClaimWindows:
        return ClaimWindows(10, 5)


class TakesNothing(Planted):
    def on_add(self, call: Call, *arguments: Any) -> int:
        super().on_add(call._replace(value=0), *arguments)
        raise AssertionError


class HasNoKind(Planted):
    kind = ""


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        (CountsOutsideCells, "add_data that is undone leaves a trace in count"),
        (WritesIntoAPlainDictionary, "refund that is undone leaves a trace in authors"),
        (WritesPastTheJournal, "report that is undone leaves a trace in total_submitted"),
        (WritesToRecordsPastTheJournal, "leaves a trace in the records"),
        (ChangesByLooking, "a view changes total_submitted"),
        (ForgetsWhatItOwes, "owes .* wei after report"),
        (QuotesLess, "quoted|accepted"),
        (KeepsMore, "quoted .* wei and kept"),
        (OffersWhatIsDecided, "refund was promised"),
        (OffersNoRefunds, "refund was promised 0 wei and paid"),
        (PromisesAnotherShare, "report was promised"),
        (PaysNegative, "predict raises ValueError"),
        (PaysMoreThanItWasGiven, "predict"),
        (ClosesBeforeItOpens, "windows"),
        (TakesNothing, "accepted"),
        (HasNoKind, "has no kind"),
    ],
)
def test_planted_fault_is_found(planted: Any, found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        check_mechanism(planted)


class Claims(Planted):
    """The rules of claims written anew; the one that ``without`` names is left out, of hook and view alike."""

    without = ""

    def rule(self, name: str, refused: bool) -> None:
        if refused and name != self.without:
            raise Revert

    def may_report(self, record: int, reporter: str) -> bool:
        own = self.records.author[record] == reporter and self.without != "not one's own"
        return not own and ((record, reporter) not in self.records.claimed or self.without == "once")

    def on_refund(self, call: Call, record: int, predict: Any) -> int:
        left, age = self.records.claimable[record], call.now - self.records.added_time[record]
        if not left or (record, call.sender) in self.records.claimed:
            raise Revert
        self.rule("mature refunds", age < 50)
        agrees = predict(record) == self.records.label[record]
        self.rule("standing for the verified", not agrees)
        self.verified[call.sender] = self.verified.get(call.sender, 0) + 1
        self.total_verified.set(self.total_verified.value + 1)
        return left if agrees else 0

    def on_report(self, call: Call, record: int, predict: Any) -> int:
        left, age = self.records.claimable[record], call.now - self.records.added_time[record]
        if not left:
            raise Revert
        if age >= 150:
            self.rule("late", self.without == "late claims for all" and call.sender == self.records.author[record])
            return left // 2 if self.without == "late claims of all" else left
        self.rule("mature reports", age < 50)
        self.rule("of the disputed", predict(record) == self.records.label[record])
        reward = self.report_reward(record, call.sender)
        if not reward:
            raise Revert
        return reward


@pytest.mark.parametrize(
    ("without", "found"),
    [
        ("not one's own", "reported a contribution of their own"),
        ("mature reports", "reported at .* s of age, before mature"),
        ("of the disputed", "reported what the model agrees with"),
        ("once", "claimed a contribution twice"),
        ("mature refunds", "refunded at .* s of age, before windows.mature"),
        ("standing for the verified", "disagrees with brought 0 wei, standing 1"),
        ("late claims for all", "late report .* was refused"),
        ("late claims of all", "late report .* was paid"),
    ],
)
def test_a_rule_that_neither_hook_nor_view_keeps_is_missed(without: str, found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        check_mechanism(type("Faulty", (Claims,), {"without": without}))


def test_the_rules_as_written_anew_are_sound() -> None:
    check_mechanism(Claims)


class ChangesItsWindows(Planted):
    @property
    def windows(self) -> ClaimWindows:
        return ClaimWindows(50 + 10 * (len(self.records) > 8), 150)


class Defended(DefendedDeposits):
    """Defences with short windows, and an owner who claims before others; the faults below are planted in it."""

    rules: ClassVar[dict[str, Any]]
    owned: ClassVar[dict[str, Any]] = {"refund_window": 50, "owner_claim_after": 110, "any_claim_after": 150}

    def __init__(self, chain: Chain, address: str, records: DataHandler) -> None:
        super().__init__(chain, address, records, Parameters(**self.owned, **self.rules), "ann")


class Snapshot(Defended):
    rules: ClassVar[dict[str, Any]] = {"refund_rule": "snapshot_at_t"}


class Majority(Defended):
    rules: ClassVar[dict[str, Any]] = {"refund_rule": "majority", "check_gap": 9}


class Gracious(Defended):
    rules: ClassVar[dict[str, Any]] = {"author_grace": 20, "slashed_share": Fraction(1, 4)}


class ForgetsItsGrace(Gracious):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._reportable = 50


class ForgetsItsOwner(Gracious):
    @property
    def windows(self) -> ClaimWindows:
        return ClaimWindows(50, 150, 110, 20)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._owner_claim = 150


class BelievesEverybody(Snapshot):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.verdict = lambda record: True
        self._verdicts.of = self.verdict  # type: ignore[union-attr, method-assign]


class ChangesItsMind(Snapshot):
    def attach(self, model: Any) -> None:
        super().attach(model)
        records = self.records
        self.verdict = lambda record: model.predict_one(records.data[record].features) == records.label[record]
        self._verdicts.of = self.verdict  # type: ignore[union-attr, method-assign]


class Commits(Defended):
    rules: ClassVar[dict[str, Any]] = {"commit_reveal": True, "commitment_wait": 5, "commitment_life": 100}

    def plant(self, **attributes: Any) -> None:
        vars(self._commitments).update(attributes)


class AddsWhatNobodyCommittedTo(Commits):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.plant(require=lambda: None)


class RevealsWhatNobodyCommittedTo(Commits):
    def on_reveal(self, *arguments: Any) -> None:
        self._commitments._revealing.set(True)  # type: ignore[union-attr]


class RevealsAtOnce(Commits):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.plant(_wait=0)


class RevealsForEver(Commits):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.plant(_life=1000)


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        (ChangesItsWindows, "changed its windows"),
        (ForgetsItsGrace, r"reported at .* before mature \+ grace \(70 s\)"),
        (ForgetsItsOwner, "late report .* was refused"),
        (BelievesEverybody, "verdict is True though the model always said False"),
        (ChangesItsMind, "verdict changed after maturity"),
        (AddsWhatNobodyCommittedTo, "add_data was accepted though"),
        (RevealsWhatNobodyCommittedTo, "reveal_data was accepted with a commitment of 101 s"),
        (RevealsAtOnce, "reveal_data was accepted with a commitment of 0 s"),
        (RevealsForEver, "reveal_data was accepted with a commitment of 101 s"),
    ],
)
def test_fault_of_a_defence_is_found(planted: Any, found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        check_mechanism(planted)


@pytest.mark.parametrize("sound", [Planted, Snapshot, Majority, Gracious, Commits], ids=lambda kind: kind.__name__)
def test_what_the_faults_are_planted_in_is_sound(sound: Any) -> None:
    check_mechanism(sound)
