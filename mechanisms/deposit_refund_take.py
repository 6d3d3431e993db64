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
deposit_policy     inv_sqrt       or ``fixed``: every contribution costs ``deposit`` wei
deposit            one unit       of ``deposit_policy = fixed``, wei
refund_rule        retry          ``one_shot``: once found wrong (a report paid, a refund refused) closed to its author
crumb_standing     full           standing for a refund of what reporters left: ``full``, ``pro_rata`` or ``none``
=================  =============  =====================================================================================

Sources: Harris & Waggoner 2019; Stakeable64.sol and stakeable.py of microsoft/0xDeCA10B.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial

from mechanisms.charges import DepositCharges, sqrt_gas
from mechanisms.windows import check_order, check_storage, filled_windows
from sim.chain.chain import Chain
from sim.chain.journal import Map, Value
from sim.chain.ledger import Address
from sim.chain.transaction import Call
from sim.contracts.data_handler import DataHandler, Record
from sim.contracts.incentive import ClaimWindows, IncentiveMechanism, Payment, Predict
from sim.errors import ConfigError, Revert
from sim.features import Data
from sim.units import DAY, DEFAULT_UNIT, Seconds, Wei

PROFILES = ("corrected", "solidity", "reference")
DEPOSIT_POLICIES = ("inv_sqrt", "fixed")
REFUND_RULES = ("retry", "one_shot")
CRUMB_STANDINGS = ("full", "pro_rata", "none")

_PRO_RATA = 10**6
"""Standing for a whole deposit under ``pro_rata``: shares of a deposit earn that share of it."""

_PRICES_KEPT = 4096
_COST_WEIGHT_END = 2**80  # the contract's uint80


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of the module's table; ``unit`` is the size of one unit in wei. Raises `ConfigError`."""

    profile: str = "corrected"
    cost_weight: Fraction = Fraction(1)
    refund_window: Seconds = DAY
    owner_claim_after: Seconds | None = None
    any_claim_after: Seconds | None = None
    deposit_policy: str = "inv_sqrt"
    deposit: Wei = DEFAULT_UNIT
    refund_rule: str = "retry"
    crumb_standing: str = "full"
    unit: Wei = DEFAULT_UNIT

    def __post_init__(self) -> None:
        for field, allowed in (
            ("profile", PROFILES),
            ("deposit_policy", DEPOSIT_POLICIES),
            ("refund_rule", REFUND_RULES),
            ("crumb_standing", CRUMB_STANDINGS),
        ):
            if getattr(self, field) not in allowed:
                raise ConfigError(f"{field} is {getattr(self, field)!r}; choose one of {', '.join(allowed)}.")
        if self.cost_weight < 0 or self.deposit < 0:
            raise ConfigError(f"cost_weight is {self.cost_weight}, deposit {self.deposit}; both must be 0 or more.")
        if self.unit <= 0:
            raise ConfigError(f"unit is {self.unit} wei; it must be above 0.")
        t, t_o, t_a = filled_windows(self.refund_window, self.owner_claim_after, self.any_claim_after)
        check_order(t, t_o, t_a)
        if self.profile == "solidity":
            check_storage(t, t_o, t_a)
            if self.cost_weight * self.unit >= _COST_WEIGHT_END:
                raise ConfigError(
                    f"cost_weight is {self.cost_weight} with units of {self.unit} wei; the contract stores it as wei "
                    f"in 80 bits, below {_COST_WEIGHT_END} wei. Lower it, or choose another profile."
                )
        if self.profile == "reference" and t_a <= t + 7 * DAY:
            raise ConfigError(
                f"any_claim_after is {t_a} s; the reference profile wants more than "
                f"refund_window + 7 days ({t + 7 * DAY} s)."
            )
        object.__setattr__(self, "any_claim_after", t_a)
        object.__setattr__(self, "owner_claim_after", t_o)


class DepositRefundTake(IncentiveMechanism):
    """See the module's text. ``owner`` is the address with the earlier claim; only ``corrected`` honours it."""

    kind = "deposit_refund_take"

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
        assert p.any_claim_after is not None and p.owner_claim_after is not None
        self._any_claim, self._owner_claim = p.any_claim_after, p.owner_claim_after
        self._price = lru_cache(maxsize=_PRICES_KEPT)(_price_rule(p))  # asked for a quote and again by the transaction
        self._sqrt = p.deposit_policy == "inv_sqrt" and p.cost_weight > 0
        self._asks_first = p.profile == "solidity"
        self._one_shot = p.refund_rule == "one_shot"
        self._gas = DepositCharges(self.schedule, prices=not (p.cost_weight == 0 and p.deposit_policy == "inv_sqrt"))

    @property
    def windows(self) -> ClaimWindows:
        """Maturity and expiry by age, in seconds."""
        return ClaimWindows(self._mature, self._any_claim, self._owner_claim if self.owner else None)

    @property
    def lowest_quote(self) -> Wei:
        """The floor of the price: one unit in the reference, the deposit itself when it is fixed, otherwise one wei."""
        p = self.parameters
        if p.deposit_policy == "fixed":
            return p.deposit
        if p.profile == "reference":
            return p.unit
        return int(p.cost_weight > 0)  # it falls with time, but not to nothing within any horizon

    def quote(self, now: Seconds, data: Data, label: int) -> Wei:
        """The deposit now; it depends on neither data nor label."""
        return self._price(now - self.last_update.value)

    def on_add(self, call: Call, data: Data, label: int) -> Wei:
        """Keep the deposit of a contribution that pays enough."""
        # CHECKS, GAS
        elapsed, gas = call.now - self.last_update.value, self._gas
        cost = self._price(elapsed)
        price = gas.price + sqrt_gas(elapsed) if self._sqrt else gas.price
        if call.value < cost:
            self.meter.charge(price)
            raise Revert("Didn't pay enough for the deposit.")
        submitted = self.total_submitted.value
        self.meter.charge(price + gas.deposit[elapsed == 0, submitted > 0])
        # EFFECTS
        self.last_update.set(call.now)
        self.total_submitted.set(submitted + 1)
        return cost

    def on_refund(self, call: Call, record: Record, predict: Predict) -> Wei:
        """Pay all that is left of a contribution the model agrees with, and raise its author's standing."""
        # CHECKS, in the contract's order, which asks the model first whatever the answer will be used for
        records, meter, gas = self.records, self.meter, self._gas
        prediction = predict(record) if self._asks_first else None
        if (record, call.sender) in records.claimed:
            meter.charge(gas.refund_claimed)
            raise Revert("Deposit already claimed by submitter.")
        left = records.claimable[record]
        if left == 0:
            meter.charge(gas.refund_left)
            raise Revert("There is no reward left to claim.")
        if call.now - records.added_time[record] < self._mature:
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
        standing, total = self.verified.get(call.sender, 0), self.total_verified.value
        meter.charge(gas.refund[standing > 0, total > 0])
        # EFFECTS
        earned = self._standing_earned(left, records.deposit[record])
        self.verified[call.sender] = standing + earned
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
        if age < self._mature:
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


def _reference_price(unit: Wei, weight: float, elapsed: Seconds) -> Wei:
    if elapsed <= 0:
        raise Revert("Not enough time has passed since the last update.")
    return max(1, int(weight * 60 / math.isqrt(elapsed))) * unit


def _contract_price(scale: Wei, elapsed: Seconds) -> Wei:
    if not scale:
        return 0
    if elapsed < 0:
        raise Revert("The last update time is after the current time.")
    return scale // max(1, math.isqrt(elapsed))


def _price_rule(p: Parameters) -> Callable[[Seconds], Wei]:
    """The deposit in wei as a function of the seconds since the last contribution."""
    if p.deposit_policy == "fixed":
        return lambda elapsed: p.deposit
    if p.profile == "solidity":
        return partial(_contract_price, math.floor(p.cost_weight * p.unit) * 3600)
    if p.profile == "reference":
        whole = p.cost_weight.denominator == 1
        return partial(_reference_price, p.unit, int(p.cost_weight) if whole else float(p.cost_weight))
    # floor(x / sqrt(s)) = isqrt(floor(x**2 / s)), exactly
    square = (60 * p.cost_weight * p.unit) ** 2
    numerator, denominator = square.numerator, square.denominator
    return lambda elapsed: math.isqrt(numerator // (denominator * max(1, elapsed)))
