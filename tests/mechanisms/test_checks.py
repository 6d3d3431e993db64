"""`check_mechanism` passes what is registered, in every profile, and finds what is planted."""

from __future__ import annotations

from typing import Any

import pytest

from mechanisms import MECHANISMS, DepositRefundTake
from mechanisms.checks import check_mechanism
from mechanisms.deposit_refund_take import Parameters
from sim.chain import Call, Chain
from sim.contracts import ClaimWindows, DataHandler, Payment
from sim.errors import ConfigError
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


def test_what_the_faults_are_planted_in_is_sound() -> None:
    check_mechanism(Planted)
