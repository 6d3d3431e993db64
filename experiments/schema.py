"""What a scenario may say: every table and field with its type, default, range and meaning.

Configs are data: nothing here evaluates code. Checks between fields stand at the end of `Scenario`; what only the data
can tell (how many rows there are) is checked when an economy is built.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    model_validator,
)

from experiments.chain_section import ChainSection
from experiments.data_options import DataOptions
from experiments.fields import (
    PositiveDuration,
    Section,
    in_words,
    is_number,
    or_word,
    plain_number,
)  # fmt: skip
from experiments.mechanism_levers import foreign_lever
from experiments.mechanism_section import MechanismSection
from experiments.model_section import ModelSection
from experiments.people import BEHAVIOURS, AgentGroup, group_model
from mechanisms import DepositRefundTake, Points, PredictionMarket
from mechanisms.points import PROFILES as POINTS_PROFILES
from mechanisms.prediction_market import PROFILES as MARKET_PROFILES
from sim.errors import ConfigError
from sim.units import DAY, Wei, exact

MOST_ROWS = 10**8
MOST_WAKE_UPS = 10**9
LARGEST_SEED = 2**63 - 1


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
    with_replacement: bool = Field(
        default=False,
        description="draw each sample on offer from all training rows, so that size may exceed their number",
    )

    @model_validator(mode="after")
    def _drawn_at_random(self) -> Self:
        if self.with_replacement and not self.shuffle:
            raise ValueError("with_replacement draws samples at random; leave out shuffle = false.")
        return self

    def initial_rows(self, rows: int) -> int:
        """The count of initial samples when the data set has so many training rows; of a share at least 1."""
        if isinstance(self.initial, int):
            return self.initial
        size = rows if self.size is None else self.size
        return max(1, int(self.initial * size))


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
        checks = (
            _check_rows, _check_profile, _check_provider, _check_levers, _check_callers, _check_windows,
            _check_deposits, _check_names, _check_wake_ups,
        )  # fmt: skip
        for check in checks:
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
    """Under other mechanisms a provider has nothing to do: the same people can be compared under each of them."""
    providers = sum(group.count for group in scenario.agents if BEHAVIOURS[group.kind].traits.provides)
    if providers == 1 or scenario.mechanism.kind != PredictionMarket.kind:
        return ""
    return (
        f"agents: {providers} bounty providers; a prediction market has exactly one. Write one group of "
        f"kind = 'bounty_provider' with count = 1, such as by --set 'agents.+={{kind=\"bounty_provider\"}}'."
    )


def _check_levers(scenario: Scenario) -> str:
    return foreign_lever(scenario.mechanism)


def _check_callers(scenario: Scenario) -> str:
    callers = [group.name for group in scenario.agents if BEHAVIOURS[group.kind].traits.pays_for_predictions]
    if callers and scenario.mechanism.profile == "solidity":
        return (
            f"agents.{callers[0]}: callers pay for predictions, which with mechanism.profile = 'solidity' are free "
            f"and take no payment. Leave the group out, or choose another profile."
        )
    return ""


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


def _check_deposits(scenario: Scenario) -> str:
    if scenario.mechanism.kind != DepositRefundTake.kind:
        return ""
    try:
        scenario.mechanism.deposit_rules(scenario.unit)
    except ConfigError as error:
        return f"mechanism: {error}"
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
    wake_ups = math.fsum(group.count * scenario.horizon / group.arrival.mean_gap for group in scenario.agents)
    if wake_ups > MOST_WAKE_UPS:
        return (
            f"horizon is {scenario.horizon} s, in which the agents would wake up {wake_ups:.0e} times; at most 10^9. "
            f"Shorten the horizon, lower the counts or raise the mean gaps."
        )
    return ""
