"""``[mechanism]`` of a scenario: the incentive mechanism, its rules, and the defences of Deposit-Refund-Take."""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer

from experiments.fields import (
    Amount,
    Duration,
    ExactNumber,
    Money,
    PositiveDuration,
    Section,
    SignedNumber,
    one_of,
    or_word,
    plain_number,
)
from mechanisms import MECHANISMS
from mechanisms.deposit_parameters import (
    BASE_POLICIES,
    CRUMB_STANDINGS,
    DEPOSIT_POLICIES,
    PROFILES,
    REFUND_RULES,
    REPUTATIONS,
    Parameters,
)
from mechanisms.prediction_market import ROUND_RULES
from sim.units import DAY, HOUR, Wei

NEVER, BY_STANDING = "never", "standing"

_HalfLife = Annotated[
    PositiveDuration | None,
    BeforeValidator(or_word(lambda value: value, NEVER)),
    PlainSerializer(lambda seconds: NEVER if seconds is None else seconds),
]
_ReporterShare = Annotated[
    ExactNumber | None,
    BeforeValidator(or_word(lambda value: value, BY_STANDING)),
    PlainSerializer(lambda share: BY_STANDING if share is None else plain_number(share)),
]


class MechanismSection(Section):
    """``[mechanism]``: who pays what, and who gets it back. Levers that the mechanism does not have are refused."""

    kind: one_of(mechanism.kind for mechanism in MECHANISMS) = Field(  # type: ignore[valid-type]
        default="deposit_refund_take", description="incentive mechanism: 'deca10b list mechanisms'"
    )
    profile: one_of(PROFILES) = Field(  # type: ignore[valid-type]
        default="corrected", description="whose rules: corrected, solidity or reference"
    )
    cost_weight: ExactNumber = Field(default=Fraction(1), description="w, 0 to 10^9; the deposit is 60 w/√Δt units")
    refund_window: Duration = Field(default=DAY, description="t: age at which a deposit can be refunded, 0 s or more")
    owner_claim_after: Duration | None = Field(
        default=None, description="t_o: age at which the owner may take it; default: any_claim_after"
    )
    owner: str = Field(
        default="", max_length=60, description="address of an agent that owns the contract; '' is nobody"
    )
    any_claim_after: Duration | None = Field(
        default=None, description="t_a: age at which anyone may take it; default: refund_window + 8 d"
    )
    deposit_policy: one_of(DEPOSIT_POLICIES) = Field(  # type: ignore[valid-type]
        default="inv_sqrt",
        description="inv_sqrt, inv_linear: dear when contributions come fast; fixed: always `deposit`; eip1559: by "
        "demand; confidence, novelty, loyalty: base_policy's price, times what the model, the data or the past say",
    )
    deposit: Money = Field(
        default=Amount.parse(1), description="of fixed, and of eip1559 at the start: an amount of 0 or more"
    )
    refund_rule: one_of(REFUND_RULES) = Field(  # type: ignore[valid-type]
        default="retry",
        description="retry; one_shot: the first check decides for good; snapshot_at_t: the model at age t does; "
        "majority: that of several checks",
    )
    crumb_standing: one_of(CRUMB_STANDINGS) = Field(  # type: ignore[valid-type]
        default="full", description="standing for a refund of what reporters left: full, pro_rata, none"
    )
    base_policy: one_of(BASE_POLICIES) = Field(  # type: ignore[valid-type]
        default="inv_sqrt", description="price that confidence, novelty and loyalty multiply: inv_sqrt, fixed, …"
    )
    confidence_weight: ExactNumber = Field(
        default=Fraction(1, 2), le=1, description="of confidence: b, 0 to 1; the multiple is 1 + b(2p - 1)"
    )
    novelty_weight: SignedNumber = Field(
        default=Fraction(1), ge=-1, le=100, description="of novelty: b, -1 to 100; below 0 what is new is cheap"
    )
    novelty_neighbours: int = Field(default=5, ge=1, le=10_000, description="of novelty: distance to the k-th, 1 on")
    novelty_memory: int = Field(default=100, ge=1, le=10_000, description="of novelty: contributions remembered")
    loyalty_discount: ExactNumber = Field(default=Fraction(1, 2), le=1, description="of loyalty: most discount, 0 to 1")
    loyalty_floor: ExactNumber = Field(default=Fraction(1, 4), le=1, description="of loyalty: least multiple, 0 to 1")
    loyalty_scale: ExactNumber = Field(
        default=Fraction(10), gt=0, description="of loyalty: verified contributions for half of the discount, above 0"
    )
    price_window: PositiveDuration = Field(default=HOUR, description="of eip1559: time at one price, 1 s or more")
    price_target: int = Field(
        default=6, ge=1, le=10**9, description="of eip1559: contributions a window at which the price stays"
    )
    lowest_deposit: Money | None = Field(
        default=None, description="of eip1559: an amount of 1 wei or more; default: 0.01 units"
    )
    reputation: one_of(REPUTATIONS) = Field(  # type: ignore[valid-type]
        default="none", description="who has a good name pays less: none; by outcomes; by values, against sleepers"
    )
    reputation_memory: ExactNumber = Field(
        default=Fraction(9, 10), lt=1, description="of reputation: weight of the past, 0 or more and below 1"
    )
    reputation_low: ExactNumber = Field(
        default=Fraction(1, 4), le=100, description="of reputation: multiple for the best, 0 to reputation_high"
    )
    reputation_high: ExactNumber = Field(
        default=Fraction(1), gt=0, le=100, description="of reputation: multiple for newcomers, above 0, to 100"
    )
    reputation_value: Money | None = Field(
        default=None, description="of reputation = values: refund that counts in full, 1 wei or more; default: 1 unit"
    )
    standing_half_life: _HalfLife = Field(
        default=None, description="time after which standing counts half, 1 s or more, or 'never'"
    )
    checks: int = Field(default=3, ge=3, le=99, description="of majority: an odd number of checks, 3 to 99")
    check_gap: PositiveDuration = Field(default=DAY, description="of majority: time between two checks, 1 s or more")
    slashed_share: ExactNumber = Field(
        default=Fraction(0), lt=1, description="share of a deposit that its first report burns, 0 or more, below 1"
    )
    reporter_share: _ReporterShare = Field(
        default=None, gt=0, le=1, description="share of the rest for each report, above 0, to 1, or by 'standing'"
    )
    author_grace: Duration = Field(default=0, description="time from t on in which only the author claims, 0 s or more")
    commit_reveal: bool = Field(default=False, description="a sample is committed to before it is submitted")
    commitment_wait: PositiveDuration = Field(default=1, description="of commit_reveal: least age, 1 s or more")
    commitment_life: PositiveDuration = Field(default=DAY, description="of commit_reveal: most age, 1 s or more")
    allow_greater_deposit: bool = Field(
        default=False, description="prediction_market: a contribution stakes all it is sent with, not just a unit"
    )
    group_contributions: bool = Field(
        default=False, description="prediction_market: scores and balances by address, not by contribution"
    )
    reset_model_during_reward_phase: bool = Field(
        default=False, description="prediction_market: each pass trains anew on the contributions that are left"
    )
    round_rule: one_of(ROUND_RULES) | None = Field(  # type: ignore[valid-type]
        default=None, description="prediction_market, when somebody is dropped: unit (the default), to_zero, reference"
    )
    revealed_first: int = Field(
        default=1, ge=1, description="prediction_market: parts of the test set that are revealed first, 1 or more"
    )
    reveal_within: Duration = Field(
        default=DAY, description="prediction_market: time its provider has to reveal the test set, 0 s or more"
    )

    def windows(self) -> tuple[int, int, int]:
        """t, t_o and t_a in seconds, defaults filled in."""
        t_a = self.refund_window + 8 * DAY if self.any_claim_after is None else self.any_claim_after
        return self.refund_window, t_a if self.owner_claim_after is None else self.owner_claim_after, t_a

    def deposit_rules(self, unit: Wei) -> Parameters:
        """What a Deposit-Refund-Take is told, with units of so many wei. Raises `ConfigError`."""
        written = {field.name: getattr(self, field.name) for field in fields(Parameters) if field.name != "unit"}
        told: dict[str, Any] = {
            name: value.wei(unit) if isinstance(value, Amount) else value for name, value in written.items()
        }
        return Parameters(unit=unit, **told)
