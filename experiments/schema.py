"""What a scenario may say: every table and field with its type, default, range and meaning.

Configs are data: nothing here evaluates code. Checks between fields stand at the end of `Scenario`; what only the data
can tell (how many rows there are) is checked when an economy is built.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    model_validator,
)

from experiments.data_options import DataOptions
from experiments.fees import Fees, FeesSection
from experiments.fields import (
    Amount,
    Duration,
    ExactNumber,
    Money,
    NamedMoney,
    PositiveDuration,
    Section,
    in_words,
    is_number,
    one_of,
    or_word,
    plain_number,
)  # fmt: skip
from experiments.model_section import ModelSection
from experiments.people import BEHAVIOURS, AgentGroup, group_model
from mechanisms import MECHANISMS, Points, PredictionMarket
from mechanisms.deposit_refund_take import CRUMB_STANDINGS, DEPOSIT_POLICIES, PROFILES, REFUND_RULES
from mechanisms.points import PROFILES as POINTS_PROFILES
from mechanisms.prediction_market import PROFILES as MARKET_PROFILES
from mechanisms.prediction_market import ROUND_RULES
from sim.chain import FEE_TERMS, HARDFORKS, FeeTerms
from sim.units import DAY, DEFAULT_UNIT, ETHER, Wei, exact

MOST_ROWS = 10**8
MOST_WAKE_UPS = 10**9
LARGEST_SEED = 2**63 - 1
LARGEST_UNIT: Wei = 10**6 * ETHER


def _initial(value: Any) -> int | Fraction:
    """A whole count, or a share above 0 and below 1."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_ROWS:
        return value
    if isinstance(value, float | Decimal | Fraction) and is_number(value) and 0 < value < 1:
        return exact(value)
    raise ValueError("it must be a share above 0 and below 1 (0.02 is 2 %), or a whole count of rows of 0 or more")


_INITIAL_TYPE = Annotated[
    int | Fraction,
    BeforeValidator(in_words(_initial)),
    PlainSerializer(lambda value: plain_number(Fraction(value))),
]


class DataSection(Section):
    """``[data]``: the samples an economy works on."""

    dataset: str = Field(
        default="subjectivity", min_length=1, max_length=4096,
        description="name of a data set ('deca10b data list') or path of a .csv, .parquet or .npz file",
    )  # fmt: skip
    options: DataOptions = Field(default=DataOptions(), description="how it is made, where there is a choice")
    initial: _INITIAL_TYPE = Field(
        default=Fraction(1, 50),
        description="samples that train the model before the start: a share of size (0.02), or a count (120)",
    )
    size: Annotated[
        int | None,
        BeforeValidator(or_word(lambda value: value, "all")),
        PlainSerializer(lambda size: "all" if size is None else size),
    ] = Field(default=None, ge=1, le=MOST_ROWS, description="samples in all, initial and offered, 1 or more, or 'all'")
    shuffle: bool = Field(default=True, description="offer the samples in a random order (of the seed)")

    def initial_rows(self, rows: int) -> int:
        """The count of initial samples when the data set has so many training rows; of a share at least 1."""
        if isinstance(self.initial, int):
            return self.initial
        size = rows if self.size is None else self.size
        return max(1, int(self.initial * size))


class MechanismSection(Section):
    """``[mechanism]``: who pays what, and who gets it back. A mechanism ignores the parameters of others."""

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
        default="inv_sqrt", description="inv_sqrt: dear when contributions come fast; fixed: always `deposit`"
    )
    deposit: Money = Field(default=Amount.parse(1), description="of deposit_policy = fixed: an amount of 0 or more")
    refund_rule: one_of(REFUND_RULES) = Field(  # type: ignore[valid-type]
        default="retry", description="retry, or one_shot: the first check decides for good"
    )
    crumb_standing: one_of(CRUMB_STANDINGS) = Field(  # type: ignore[valid-type]
        default="full", description="standing for a refund of what reporters left: full, pro_rata, none"
    )
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
    reveal_within: Duration = Field(
        default=DAY, description="prediction_market: time its provider has to reveal the test set, 0 s or more"
    )

    def windows(self) -> tuple[int, int, int]:
        """t, t_o and t_a in seconds, defaults filled in."""
        t_a = self.refund_window + 8 * DAY if self.any_claim_after is None else self.any_claim_after
        return self.refund_window, t_a if self.owner_claim_after is None else self.owner_claim_after, t_a


class ChainSection(Section):
    """``[chain]``: money, gas and time."""

    fees: Fees = Field(
        default=FeesSection(),
        description=f"price of gas: one of {', '.join(FEE_TERMS)}, or a table that starts from one: {{kind, price, …}}",
    )
    gas_price: NamedMoney | None = Field(
        default=None, description="of fees = fixed: an amount per unit of gas with its unit, such as '2 gwei'"
    )
    hardfork: one_of(HARDFORKS) | None = Field(  # type: ignore[valid-type]
        default=None, description=f"gas schedule: {', '.join(HARDFORKS)}; default: that of the fees, else prague"
    )
    block_time: Duration | None = Field(
        default=None, description="time between blocks, such as '12s'; 0: whenever needed; default: that of the fees"
    )
    unit: NamedMoney = Field(
        default=Amount.parse("0.001 ether"), description="what a bare amount counts: '1 wei' to '1000000 ether'"
    )
    ether_price: ExactNumber | None = Field(
        default=None, gt=0, description="what an ether costs, a number above 0; default: that of the fees, if they have"
    )
    currency: str | None = Field(
        default=None, pattern=r"^[A-Za-z]{2,10}$", description="of ether_price: letters, such as USD (the default)"
    )

    @property
    def terms(self) -> FeeTerms:
        """What gas costs, what this table says laid over what its fees say."""
        terms = self.fees.over(FEE_TERMS[self.fees.kind])
        written: dict[str, Any] = {
            "price": None if self.gas_price is None else self.gas_price.wei(1),
            "hardfork": self.hardfork,
            "slot": self.block_time,
            "ether_price": self.ether_price,
            "currency": self.currency,
        }
        return replace(terms, **{name: value for name, value in written.items() if value is not None})

    @model_validator(mode="after")
    def _consistent(self) -> ChainSection:
        for check in (_check_gas_price, _check_unit, _check_fiat):
            complaint = check(self)
            if complaint:
                raise ValueError(complaint)
        return self

    def canonical(self) -> dict[str, Any]:
        """What this table means, whatever it was written with: nothing that is as by default. See `scenario_hash`."""
        terms, usual = self.terms, FeeTerms()
        names = ("hardfork", "gas_limit", "data_gas", "base_fee", "tip", "volatility", "persistence")
        facts = {name: getattr(terms, name) for name in names}
        facts |= {"fees": terms.kind, "block_time": terms.slot, "unit": f"{self.unit.wei(1)} wei"}
        defaults = {name: getattr(usual, name) for name in names}
        defaults |= {"fees": "free", "block_time": 0, "unit": f"{DEFAULT_UNIT} wei"}
        if terms.kind == "fixed":
            facts["gas_price"] = f"{terms.price} wei"
        if terms.ether_price is not None:
            facts |= {"ether_price": str(terms.ether_price), "currency": terms.currency}
        return {name: fact for name, fact in facts.items() if fact != defaults.get(name)}


def _check_unit(chain: ChainSection) -> str:
    if not 1 <= chain.unit.wei(1) <= LARGEST_UNIT:
        return f"unit is {chain.unit.plain()!r}; it must be between '1 wei' and '1000000 ether'"
    if chain.terms.kind != "free" and "unit" not in chain.model_fields_set:
        return (
            "gas costs money here, so it matters how much money a unit is, and chain.unit is not given; write it, "
            "such as unit = '0.001 ether', or write fees = 'free'"
        )
    return ""


def _check_gas_price(chain: ChainSection) -> str:
    terms, price = chain.terms, chain.gas_price
    if terms.kind == "fixed" and not terms.price and price is None and chain.fees.price is None:
        return "fees = 'fixed' needs a gas_price, such as gas_price = '2 gwei'; or write fees = 'free'"
    if terms.kind == "free" and price is not None:
        return "gas_price is given but fees is 'free'; write fees = 'fixed', or leave gas_price out"
    if terms.kind == "eip1559" and price is not None:
        return "gas_price is given but the base fee moves; set fees.base_fee, or write fees = 'fixed'"
    other = chain.fees.price
    if price is not None and other is not None and price.wei(1) != other.wei(1):
        return f"gas_price and fees.price are two prices, {price.plain()} and {other.plain()}; keep one"
    if terms.kind == "eip1559" and not terms.slot:
        return "block_time is 0, but the base fee moves from block to block; write block_time = '12s', or leave it out"
    return ""


def _check_fiat(chain: ChainSection) -> str:
    if chain.currency is not None and chain.terms.ether_price is None:
        return "currency is given but no ether_price; write what an ether costs, such as ether_price = 2500"
    return ""


class RecordSection(Section):
    """``[record]``: what is measured when."""

    accuracy_every: PositiveDuration = Field(
        default=DAY, description="time between measurements of accuracy, which participants then hear of, 1 s or more"
    )
    display_every: PositiveDuration = Field(default=DAY, description="time a step of the display takes, 1 s or more")
    events: bool = Field(default=False, description="keep every transaction, for the table events")


def _kind_of(group: Any) -> Any:
    return group.get("kind") if isinstance(group, dict) else getattr(group, "kind", None)


def _any_group() -> Any:
    """The union of the tables of all behaviours, told apart by ``kind``."""
    tables: list[Any] = [Annotated[group_model(kind), Tag(kind)] for kind in BEHAVIOURS]
    return Annotated[reduce(lambda one, other: one | other, tables), Discriminator(_kind_of)]


if TYPE_CHECKING:
    AnyGroup = AgentGroup
else:
    AnyGroup = _any_group()


class Scenario(Section):
    """One economy, fully specified."""

    name: str = Field(
        default="scenario", pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}$",
        description="for files and titles: letters, digits, blanks and . _ -, at most 80",
    )  # fmt: skip
    description: str = Field(default="", max_length=10_000, description="what it is about, in words")
    seed: int = Field(default=0, ge=0, le=LARGEST_SEED, description="root of all random numbers, 0 to 2^63 - 1")
    replication: int = Field(default=0, ge=0, le=LARGEST_SEED, description="number of the replication, 0 or more")
    horizon: PositiveDuration = Field(default=1000 * DAY, description="the run ends here at the latest, 1 s or more")
    data: DataSection = DataSection()
    model: ModelSection = ModelSection()
    mechanism: MechanismSection = MechanismSection()
    chain: ChainSection = ChainSection()
    agents: Annotated[
        tuple[AnyGroup, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
    ] = Field(min_length=1, max_length=1000, description="groups of participants, 1 to 1000 tables [[agents]]")
    record: RecordSection = RecordSection()

    @property
    def unit(self) -> Wei:
        """Wei of one unit."""
        return self.chain.unit.wei(1)

    def group(self, name: str) -> AgentGroup:
        """The group of a name. Raises `KeyError`."""
        return {group.name: group for group in self.agents}[name]

    @model_validator(mode="after")
    def _consistent(self) -> Scenario:
        for check in (_check_rows, _check_profile, _check_provider, _check_windows, _check_names, _check_wake_ups):
            complaint = check(self)
            if complaint:
                raise ValueError(complaint)
        return self


def _check_rows(scenario: Scenario) -> str:
    data = scenario.data
    if isinstance(data.initial, int) and data.size is not None and data.initial > data.size:
        return f"data.initial is {data.initial}, data.size {data.size}; initial must be at most size. Lower initial."
    return ""


def _check_profile(scenario: Scenario) -> str:
    mechanism = scenario.mechanism
    if mechanism.kind == Points.kind and mechanism.profile not in POINTS_PROFILES:
        return (
            f"mechanism.profile is {mechanism.profile!r}, which has no mechanism 'points'. Choose one of "
            f"{', '.join(POINTS_PROFILES)}."
        )
    if mechanism.kind == PredictionMarket.kind and mechanism.profile not in MARKET_PROFILES:
        return (
            f"mechanism.profile is {mechanism.profile!r}, but no contract of the prediction market was ever deployed. "
            f"Choose one of {', '.join(MARKET_PROFILES)}."
        )
    return ""


def _check_provider(scenario: Scenario) -> str:
    providers = sum(group.count for group in scenario.agents if BEHAVIOURS[group.kind].traits.provides)
    wanted = int(scenario.mechanism.kind == PredictionMarket.kind)
    if providers == wanted:
        return ""
    if not wanted:
        return (
            f"agents: there is a bounty provider, but mechanism.kind is {scenario.mechanism.kind!r}, which needs none. "
            f"Leave it out, or write kind = 'prediction_market'."
        )
    return (
        f"agents: {providers} bounty providers; a prediction market has exactly one. Write one group of "
        f"kind = 'bounty_provider' with count = 1."
    )


def _check_windows(scenario: Scenario) -> str:
    mechanism = scenario.mechanism
    if mechanism.kind == PredictionMarket.kind:
        return ""
    t, t_o, t_a = mechanism.windows()
    if not t <= t_o <= t_a:
        return (
            f"mechanism.refund_window is {t} s, owner_claim_after {t_o} s, any_claim_after {t_a} s; it must hold that "
            f"refund_window <= owner_claim_after <= any_claim_after. Raise the later ones, or leave them out."
        )
    if mechanism.profile == "corrected" and t_o < t_a and not mechanism.owner:
        return (
            f"mechanism.owner_claim_after is {t_o} s but there is no owner to claim. Name an agent's address as "
            f"mechanism.owner, or leave owner_claim_after out."
        )
    if mechanism.profile == "reference" and t_a <= t + 7 * DAY:
        return (
            f"mechanism.any_claim_after is {t_a} s; with profile = 'reference' it must be more than refund_window + "
            f"7 d ({t + 7 * DAY} s). Raise it, or choose another profile."
        )
    return ""


def _check_names(scenario: Scenario) -> str:
    counts = {group.name: group.count for group in scenario.agents}
    twice = [name for name, times in Counter(group.name for group in scenario.agents).items() if times > 1]
    if twice:
        return f"agents: {twice[0]!r} names two groups; names must differ. Give each group its own name."
    for name, count in counts.items():
        numbered = re.fullmatch(r"(.+)-([1-9][0-9]*)", name)
        if count == 1 and numbered and int(numbered[2]) <= counts.get(numbered[1], 0) != 1:
            return f"agents: {name!r} is also an address of group {numbered[1]!r}. Give one of them another name."
    return ""


def _check_wake_ups(scenario: Scenario) -> str:
    addresses = sum(group.count for group in scenario.agents)
    if addresses > 10**6:
        return f"agents: {addresses} addresses in all; at most 10^6. Lower the counts."
    wake_ups = sum(group.count * scenario.horizon / group.arrival.mean_gap for group in scenario.agents)
    if wake_ups > MOST_WAKE_UPS:
        return (
            f"horizon is {scenario.horizon} s, in which the agents would wake up {wake_ups:.0e} times; at most 10^9. "
            f"Shorten the horizon, lower the counts or raise the mean gaps."
        )
    return ""
