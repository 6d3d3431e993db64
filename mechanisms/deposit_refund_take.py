r"""Deposit, Refund, Take: whoever submits data puts money on it.

A contribution costs a deposit that is high when contributions come thick and fast. After a while its author gets the
deposit back if the model, as it is *then*, agrees with the label; if the model disagrees, participants whose own data
were verified before (their **standing**) may take it. What nobody wanted can at last be taken by anyone.

With :math:`\Delta` seconds since the last contribution, cost weight w, age a of a contribution, standing n(r) of a
reporter and N the sum of all standings:

* deposit: :math:`d = 60\,w/\sqrt{\max(1, \Delta)}` units (policy ``inv_sqrt``), or constant (``fixed``);
* refund at a ≥ t by the author, if the model agrees: all that is left, and standing;
* report at t ≤ a < t_a by another with standing, if the model disagrees: :math:`\lfloor d\,n(r)/N \rfloor`, or all
  that is left if that is nothing or more than is left; each reporter once (``reference`` rounds the share up);
* at a ≥ t_o the contract's owner, at a ≥ t_a anyone takes all that is left, whatever the model says.

=================  =============  =====================================================================================
parameter          default        meaning
=================  =============  =====================================================================================
profile            corrected      ``solidity``, ``reference`` or ``corrected``: whose rules (see docs/profiles.md)
cost_weight        1              w ≥ 0, units times √s / 60
refund_window      86,400 s       t
owner_claim_after  t_a            t_o
any_claim_after    t + 8 days     t_a; t ≤ t_o ≤ t_a
deposit_policy     inv_sqrt       or ``fixed``: every contribution costs ``deposit`` wei; or ``inv_linear``, see
                                  `mechanisms.deposits.by_time`
deposit            one unit       of ``deposit_policy = fixed``, wei
refund_rule        retry          ``one_shot``: once found wrong (a report paid, a refund refused) closed to its author
crumb_standing     full           standing for a refund of what reporters left: ``full``, ``pro_rata`` or ``none``
=================  =============  =====================================================================================

Further parameters ask for defences that this rule does not have (`mechanisms.deposit_parameters`); with them the
mechanism is a `mechanisms.defended.DefendedDeposits`, the same rule with changes at a few places.

Sources: Harris & Waggoner 2019; Stakeable64.sol and stakeable.py of microsoft/0xDeCA10B.
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar

from mechanisms.charges import DepositCharges, sqrt_gas
from mechanisms.deposit_parameters import CRUMB_STANDINGS, DEPOSIT_POLICIES, PROFILES, REFUND_RULES, Parameters
from mechanisms.deposits.by_time import lowest_price_by_time, price_by_time
from sim.chain.chain import Chain
from sim.chain.journal import Map, Value
from sim.chain.ledger import Address
from sim.chain.transaction import Call
from sim.contracts.data_handler import DataHandler, Record
from sim.contracts.incentive import ClaimWindows, IncentiveMechanism, Payment, Predict
from sim.errors import ConfigError, Revert
from sim.features import Data
from sim.units import Seconds, Wei

__all__ = ["CRUMB_STANDINGS", "DEPOSIT_POLICIES", "PROFILES", "REFUND_RULES", "DepositRefundTake", "Parameters"]

_PRO_RATA = 10**6
"""Standing for a whole deposit under ``pro_rata``: shares of a deposit earn that share of it."""


class DepositRefundTake(IncentiveMechanism):
    """See the module's text. ``owner`` is the address with the earlier claim; only ``corrected`` honours it."""

    kind = "deposit_refund_take"

    has_defences: ClassVar[bool] = False
    """Whether it does what the parameters of defences ask for."""

    def __init__(
        self,
        chain: Chain,
        address: Address,
        records: DataHandler,
        parameters: Parameters | None = None,
        owner: Address = "",
    ) -> None:
        super().__init__(chain, address, records)
        self.parameters = p = parameters or Parameters()
        if p.defences and not self.has_defences:
            raise ConfigError(
                f"{', '.join(p.defences)} ask for defences, which {type(self).__name__} has none of. Make it by "
                f"mechanisms.rule_of(parameters)."
            )
        self.owner = owner if p.profile == "corrected" else ""
        self.overwrites_spent_records = p.profile == "solidity"
        self.last_update: Value[Seconds] = Value(self.journal, chain.clock.now)
        self.total_submitted: Value[int] = Value(self.journal, 0)
        self.verified: Map[Address, int] = Map(self.journal)
        self.total_verified: Value[int] = Value(self.journal, 0)
        self.decided: Map[Record, bool] = Map(self.journal)
        self._strict = p.profile == "reference"
        self._rounds_up = p.profile == "reference"  # so that shares which make up the whole leave nothing, as floats do
        self._mature = p.refund_window + self._strict  # the reference wants more than the window, not as much
        self._reportable = self._mature
        assert p.any_claim_after is not None and p.owner_claim_after is not None
        self._any_claim, self._owner_claim = p.any_claim_after, p.owner_claim_after
        self._asks_first = p.profile == "solidity"
        self._one_shot = p.refund_rule == "one_shot"
        self._earns_one = p.crumb_standing == "full" and p.standing_half_life is None
        by_root = p.price_policy == "inv_sqrt"
        self._gas = gas = DepositCharges(self.schedule, prices=p.cost_weight > 0 or not by_root)
        price, takes_a_root = price_by_time(p), by_root and p.cost_weight > 0
        # The price by the seconds since the last contribution, and the gas of working it out: asked for by a quote, and
        # again by the transaction.
        self._price = cache(
            lambda elapsed: (price(elapsed), gas.price + sqrt_gas(elapsed) if takes_a_root else gas.price)
        )

    @property
    def windows(self) -> ClaimWindows:
        """Maturity and expiry by age, in seconds."""
        return ClaimWindows(self._mature, self._any_claim, self._owner_claim if self.owner else None)

    @property
    def lowest_quote(self) -> Wei:
        """The floor of the price."""
        return lowest_price_by_time(self.parameters)

    def quote(self, now: Seconds, data: Data, label: int, sender: Address = "") -> Wei:
        """The deposit now; it depends on neither data nor label nor sender."""
        return self._price(now - self.last_update.value)[0]

    def on_add(self, call: Call, data: Data, label: int) -> Wei:
        """Keep the deposit of a contribution that pays enough."""
        # CHECKS, GAS
        _, value, now = call
        elapsed = now - self.last_update.value
        cost, gas = self._price(elapsed)
        if value < cost:
            self.meter.charge(gas)
            raise Revert("Didn't pay enough for the deposit.")
        submitted = self.total_submitted.value
        self.meter.charge(gas + self._gas.deposit[elapsed == 0, submitted > 0])
        # EFFECTS
        self.last_update.set(now)
        self.total_submitted.set(submitted + 1)
        return cost

    def on_refund(self, call: Call, record: Record, predict: Predict) -> Wei:
        """Pay all that is left of a contribution the model agrees with, and raise its author's standing."""
        # CHECKS, in the contract's order, which asks the model first whatever the answer will be used for
        records, meter, gas = self.records, self.meter, self._gas
        sender, _, now = call
        prediction = predict(record) if self._asks_first else None
        if (record, sender) in records.claimed:
            meter.charge(gas.refund_claimed)
            raise Revert("Deposit already claimed by submitter.")
        left = records.claimable[record]
        if left == 0:
            meter.charge(gas.refund_left)
            raise Revert("There is no reward left to claim.")
        if now - records.added_time[record] < self._mature:
            meter.charge(gas.refund_time)
            raise Revert("Not enough time has passed.")
        if record in self.decided:
            meter.charge(gas.refund_time)
            raise Revert("This contribution was found wrong before.")
        if prediction is None:
            prediction = predict(record)
        if prediction != records.label[record]:
            meter.charge(gas.refund_model)
            if self._one_shot:
                self.decided[record] = True
                return 0
            raise Revert("The model doesn't agree with your contribution.")
        # GAS
        standing, total = self.verified.get(sender, 0), self.total_verified.value
        meter.charge(gas.refund[standing > 0, total > 0])
        # EFFECTS
        earned = 1 if self._earns_one else self._standing_earned(left, records.deposit[record])
        self.verified[sender] = standing + earned
        self.total_verified.set(total + earned)
        return left

    def on_report(self, call: Call, record: Record, predict: Predict) -> Wei:
        """Pay a reporter's share of a contribution the model disagrees with, or all that is left of an expired one."""
        # CHECKS, in the contract's order
        records, reporter, meter, gas = self.records, call.sender, self.meter, self._gas
        prediction = predict(record) if self._asks_first else None
        left = records.claimable[record]
        if left == 0:
            meter.charge(gas.report_left)
            raise Revert("There is no reward left to claim.")
        age = call.now - records.added_time[record]
        owned = age >= self._owner_claim
        if owned:
            meter.charge(gas.report_owner)
        if age >= self._any_claim or (owned and reporter == self.owner):
            meter.charge(gas.report_all)
            return left
        if records.author[record] == reporter:
            meter.charge(gas.report_own)
            raise Revert("Cannot take your own deposit.")
        if (record, reporter) in records.claimed:
            meter.charge(gas.report_claimed)
            raise Revert("Deposit already claimed by reporter.")
        if age < self._reportable:
            meter.charge(gas.report_time)
            raise Revert("Not enough time has passed.")
        if (predict(record) if prediction is None else prediction) == records.label[record]:
            meter.charge(gas.report_model)
            raise Revert("The model should not agree with the contribution.")
        reward = self._share(record, reporter)
        if reward == 0:
            meter.charge(gas.report_standing)
            raise Revert("The sender has not sent any good data.")
        # GAS
        meter.charge(gas.report)
        # EFFECTS
        if self._one_shot:
            self.decided[record] = True
        return reward

    def on_predict_payment(self, call: Call) -> list[Payment]:
        """Share a payment by standing: whole units in the reference, wei otherwise; the contract takes none."""
        p, total = self.parameters, self.total_verified.value
        if p.profile == "solidity":
            raise Revert
        grain = p.unit if p.profile == "reference" else 1
        amounts = ((who, call.value * n // (total * grain) * grain) for who, n in self.verified.items() if n)
        return [Payment(who, amount) for who, amount in amounts if amount]

    def liabilities(self) -> Wei:
        """All deposits not yet claimed."""
        return sum(self.records.claimable)

    def standing(self, address: Address) -> int:
        """Verified contributions (in millionths under ``crumb_standing = pro_rata``)."""
        return self.verified.get(address, 0)

    def total_standing(self) -> int:
        """The sum of all standings."""
        return self.total_verified.value

    def may_refund(self, record: Record, author: Address) -> bool:
        """Money is left, the author has not claimed it, and no check has decided against it."""
        records = self.records
        return records.claimable[record] > 0 and (record, author) not in records.claimed and record not in self.decided

    def may_report(self, record: Record, reporter: Address) -> bool:
        """Not one's own, and each only once."""
        records = self.records
        return records.author[record] != reporter and (record, reporter) not in records.claimed

    def report_reward(self, record: Record, reporter: Address) -> Wei:
        """The share a report would pay now; 0 without standing."""
        return self._share(record, reporter) if self.may_report(record, reporter) else 0

    def _share(self, record: Record, reporter: Address) -> Wei:
        standing, left = self.verified.get(reporter, 0), self.records.claimable[record]
        if not standing:
            return 0
        reward, rest = divmod(self.records.deposit[record] * standing, self.total_verified.value)
        if rest and self._rounds_up:
            reward += 1
        return reward if 0 < reward <= left else left

    def _standing_earned(self, refunded: Wei, deposit: Wei) -> int:
        rule = self.parameters.crumb_standing
        if rule == "pro_rata":
            return _PRO_RATA * refunded // deposit
        return int(rule == "full" or refunded == deposit)
