r"""Points: whoever submits good data earns a point for it, and nobody pays.

A contribution costs nothing but gas. After a while its author has it verified if the model, as it is *then*, agrees
with the label: that is a point. If the model disagrees, anybody else may report it, which earns nothing, but closes
it, so that its author can never have it verified. Each contribution is claimed once, by a refund or by a report.

With age a of a contribution:

* adding is free, and all value sent along comes back;
* refund at a ≥ t by the author, if the model agrees and nobody claimed it before: one point, no money;
* report at a ≥ t by another, if the model disagrees and nobody claimed it before: no money, no point;
* nothing is ever left to take, so the owner's and everyone's windows t_o and t_a open nothing that t did not.

==================  =============  ====================================================================================
parameter           default        meaning
==================  =============  ====================================================================================
profile             corrected      ``solidity`` or ``corrected``: whose rules (see docs/profiles.md)
refund_window       86,400 s       t
owner_claim_after   t_a            t_o, which opens nothing
any_claim_after     t + 8 days     t_a; t ≤ t_o ≤ t_a, which the contract does not check: there reports begin at the
                                   smaller of t and t_a
==================  =============  ====================================================================================

Sources: Harris & Waggoner 2019 (gamification); Points64.sol of microsoft/0xDeCA10B.
"""

from __future__ import annotations

from dataclasses import dataclass

from mechanisms.charges import PointsCharges
from mechanisms.windows import check_order, check_storage, filled_windows
from sim.chain.chain import Chain
from sim.chain.journal import Map, Value
from sim.chain.ledger import Address
from sim.chain.transaction import Call
from sim.contracts.data_handler import DataHandler, Record
from sim.contracts.incentive import ClaimWindows, IncentiveMechanism, Payment, Predict
from sim.errors import ConfigError, Revert
from sim.features import Data
from sim.units import DAY, Seconds, Wei

PROFILES = ("corrected", "solidity")


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of the module's table, windows in seconds. Raises `ConfigError`."""

    profile: str = "corrected"
    refund_window: Seconds = DAY
    owner_claim_after: Seconds | None = None
    any_claim_after: Seconds | None = None

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ConfigError(
                f"profile is {self.profile!r}; choose one of {', '.join(PROFILES)}. The reference simulation has no "
                f"points."
            )
        t, t_o, t_a = filled_windows(self.refund_window, self.owner_claim_after, self.any_claim_after)
        check = check_storage if self.profile == "solidity" else check_order
        check(t, t_o, t_a)
        object.__setattr__(self, "any_claim_after", t_a)
        object.__setattr__(self, "owner_claim_after", t_o)


class Points(IncentiveMechanism):
    """See the module's text. Standing is points; there is no money to owe."""

    kind = "points"
    awards_points = True

    def __init__(
        self, chain: Chain, address: Address, records: DataHandler, parameters: Parameters | None = None
    ) -> None:
        super().__init__(chain, address, records)
        self.parameters = p = parameters or Parameters()
        self.overwrites_spent_records = self._asks_first = p.profile == "solidity"
        self.total_submitted: Value[int] = Value(self.journal, 0)
        self.verified: Map[Address, int] = Map(self.journal)
        self.total_verified: Value[int] = Value(self.journal, 0)
        assert p.any_claim_after is not None
        self._mature = p.refund_window
        self._reportable = min(p.refund_window, p.any_claim_after)
        self._gas = PointsCharges(self.schedule)

    @property
    def windows(self) -> ClaimWindows:
        """Maturity by age, in seconds; nothing ever expires."""
        return ClaimWindows(self._mature)

    @property
    def lowest_quote(self) -> Wei:
        """Nothing."""
        return 0

    def quote(self, now: Seconds, data: Data, label: int, sender: Address = "") -> Wei:
        """Nothing."""
        return 0

    def on_add(self, call: Call, data: Data, label: int) -> Wei:
        """Keep nothing."""
        # GAS
        submitted = self.total_submitted.value
        self.meter.charge(self._gas.add[submitted > 0])
        # EFFECTS
        self.total_submitted.set(submitted + 1)
        return 0

    def on_refund(self, call: Call, record: Record, predict: Predict) -> Wei:
        """A point for a contribution the model agrees with."""
        # CHECKS, in the contract's order, which asks the model first whatever the answer will be used for
        records, meter, gas = self.records, self.meter, self._gas
        prediction = predict(record) if self._asks_first else None
        if records.claims[record]:
            meter.charge(gas.refund_claimed)
            raise Revert("Already claimed.")
        if (record, call.sender) in records.claimed:
            meter.charge(gas.refund_by_author)
            raise Revert("Already claimed by submitter.")
        if call.now - records.added_time[record] < self._mature:
            meter.charge(gas.refund_time)
            raise Revert("Not enough time has passed.")
        if (predict(record) if prediction is None else prediction) != records.label[record]:
            meter.charge(gas.refund_model)
            raise Revert("The model doesn't agree with your contribution.")
        # GAS
        points, total = self.verified.get(call.sender, 0), self.total_verified.value
        meter.charge(gas.refund[points > 0, total > 0])
        # EFFECTS
        self.verified[call.sender] = points + 1
        self.total_verified.set(total + 1)
        return 0

    def on_report(self, call: Call, record: Record, predict: Predict) -> Wei:
        """Close somebody else's contribution that the model disagrees with."""
        # CHECKS, in the contract's order
        records, meter, gas = self.records, self.meter, self._gas
        prediction = predict(record) if self._asks_first else None
        if call.now - records.added_time[record] < self._reportable:
            meter.charge(gas.report_time)
            raise Revert("Cannot be claimed yet.")
        if records.claims[record]:
            meter.charge(gas.report_claimed)
            raise Revert("Already claimed.")
        if records.author[record] == call.sender:
            meter.charge(gas.report_own)
            raise Revert("Cannot report yourself.")
        if (record, call.sender) in records.claimed:
            meter.charge(gas.report_by_reporter)
            raise Revert("Already claimed by reporter.")
        if (predict(record) if prediction is None else prediction) == records.label[record]:
            meter.charge(gas.report_model)
            raise Revert("The model should not agree with the contribution.")
        # GAS
        meter.charge(gas.report)
        return 0

    def on_predict_payment(self, call: Call) -> list[Payment]:
        """Nobody is paid: value goes back to the sender; the contract does not take it in the first place."""
        if self.parameters.profile == "solidity":
            raise Revert
        return []

    def liabilities(self) -> Wei:
        """Nothing."""
        return 0

    def standing(self, address: Address) -> int:
        """Points of an address."""
        return self.verified.get(address, 0)

    def total_standing(self) -> int:
        """All points."""
        return self.total_verified.value

    def is_open(self, record: Record) -> bool:
        """Until the first claim."""
        return not self.records.claims[record]

    def may_refund(self, record: Record, author: Address) -> bool:
        """Nobody claimed it, and its author did not claim one that it took the place of."""
        return self.is_open(record) and (record, author) not in self.records.claimed

    def may_report(self, record: Record, reporter: Address) -> bool:
        """Nobody claimed it, it is not one's own, and one did not claim one that it took the place of."""
        return self.may_refund(record, reporter) and self.records.author[record] != reporter
