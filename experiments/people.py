"""The ``[[agents]]`` tables of a scenario: what all groups have, and what each behaviour adds.

The table of a behaviour is made from its class: the keyword parameters of its constructor, their defaults, and their
lines in the class's docstring. So a new behaviour needs its file and its line in `agents.AGENTS`, nothing here; hints
about ranges only make errors come sooner.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, create_model, field_validator, model_validator

from agents import AGENTS, Participant
from experiments.fields import (
    Amount,
    Duration,
    Money,
    NamedMoney,
    PositiveDuration,
    Section,
    in_words,
    is_number,
    or_word,
)  # fmt: skip
from sim.errors import ConfigError
from sim.units import HOUR, Wei

MOST_ADDRESSES = 10**6
NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_-]{0,39}$"

BEHAVIOURS: dict[str, type[Participant]] = {behaviour.kind: behaviour for behaviour in AGENTS}
"""Behaviours by the word a config uses."""

_RANGES: dict[str, dict[str, float]] = {
    "flip_rate": {"ge": 0, "le": 1},
    "poison_rate": {"ge": 0, "le": 1},
    "epsilon": {"ge": 0, "le": 1},
    "share": {"ge": 0, "le": 1},
    "mistake_rate": {"ge": 0, "le": 1},
    "participation_margin": {"ge": -1, "le": 1},
}
_WORD_FOR_NONE = {"participation_margin": "always", "quit_loss": "never"}
_TYPES: dict[str, Any] = {"Wei": Money, "Seconds": Duration, "float": float, "int": int, "bool": bool, "str": str}
_MOST_ITEMS = 10_000


class Willingness(Section):
    """The most somebody pays for a sample, deposit and fee: drawn anew for each from a normal distribution."""

    mean: Money = Field(description="mean of the most it pays for a sample, an amount above 0")
    sd: Money = Field(default=Amount.parse(0), description="its standard deviation, an amount of 0 or more")

    @field_validator("mean")
    @classmethod
    def _above_zero(cls, mean: Amount) -> Amount:
        if not mean.number:
            raise ValueError("it must be above 0; for somebody who never adds, leave the group out")
        return mean


class Arrival(Section):
    """When an address wakes up."""

    kind: Literal["poisson", "normal"] = Field(
        default="poisson", description="poisson: memoryless gaps; normal: normal gaps, as in the reference"
    )
    mean_gap: PositiveDuration = Field(default=HOUR, description="mean time between wake-ups, 1 s or more")
    sd: Duration = Field(default=1, description="standard deviation of normal gaps, 0 s or more")

    @model_validator(mode="after")
    def _sd_is_used(self) -> Arrival:
        if self.sd != 1 and self.kind != "normal":
            raise ValueError("sd is a matter of normal gaps only; write kind = 'normal', or leave sd out")
        return self


def _willingness(value: Any) -> Any:
    """A bare amount is a willingness to pay without spread."""
    return {"mean": value} if isinstance(value, str | Amount) or is_number(value) else value


class AgentGroup(Section):
    """What every group of participants has, whatever its behaviour."""

    kind: str = Field(description="behaviour")
    name: str = Field(
        default="", pattern=NAME_PATTERN, description="name of the group: letters, digits, - and _; default: its kind"
    )
    count: int = Field(default=1, ge=1, le=MOST_ADDRESSES, description="addresses, 1 to 10^6")
    coalition: str = Field(
        default="", pattern=rf"^$|{NAME_PATTERN}",
        description="groups of one coalition are also counted together, and act as one if their behaviour does; "
        "default: none, or for such behaviours the group by itself",
    )  # fmt: skip
    balance: Money = Field(
        default=Amount.parse(1000), description="money of each address at the start, an amount of 0 or more"
    )
    willingness_to_pay: Annotated[
        Willingness | None,
        BeforeValidator(or_word(_willingness, "no limit")),
        PlainSerializer(lambda limit: "no limit" if limit is None else limit.model_dump(exclude_unset=True)),
    ] = Field(
        default=None,
        description="most it pays for a sample, deposit and fee: an amount above 0, {mean, sd} of a normal "
        "distribution, or 'no limit'",
    )
    most_gas_price: Annotated[
        NamedMoney | None,
        BeforeValidator(or_word(lambda value: value, "no limit")),
        PlainSerializer(lambda price: "no limit" if price is None else price.plain()),
    ] = Field(
        default=None,
        description="price of gas above which it waits, with its unit, such as '30 gwei', or 'no limit'",
    )
    tip: NamedMoney = Field(
        default=Amount.of_wei(0),
        description="amount per unit of gas, such as '1 gwei', on top of its price, so as to come first in a block",
    )
    arrival: Arrival = Field(default=Arrival(), description="when each address wakes up: {kind, mean_gap, sd}")
    refunds: bool = Field(default=True, description="claims own deposits the model agrees with")
    reports: bool = Field(default=True, description="reports contributions of others the model disagrees with")
    most_disputes: Annotated[
        int | None,
        BeforeValidator(or_word(lambda value: value, "all")),
        PlainSerializer(lambda most: "all" if most is None else most),
    ] = Field(
        default=None, ge=1, le=10**9, description="disputes it looks at per wake-up, the newest, 1 or more, or 'all'"
    )
    takes_expired: bool = Field(default=True, description="takes what is left of expired deposits")
    effort_cost: Money = Field(default=Amount.parse(0), description="effort for each sample submitted, an amount")
    capital_cost: float = Field(
        default=0.0, ge=0, le=100, allow_inf_nan=False,
        description="yearly return that locked deposits forgo, 0 to 100 (0.05 is 5 %)",
    )  # fmt: skip
    outside_value: Money = Field(
        default=Amount.parse(0), description="amount each address gains elsewhere per accuracy point destroyed"
    )

    @model_validator(mode="before")
    @classmethod
    def _named_by_kind(cls, group: Any) -> Any:
        """A group without a name bears that of its kind."""
        if isinstance(group, dict) and "name" not in group and isinstance(group.get("kind"), str):
            return {**group, "name": group["kind"]}
        return group

    def __reduce__(self) -> tuple[Any, ...]:
        """Tables of behaviours are made on the fly and cannot be pickled by name; what was written can."""
        return _unpickle_group, (self.kind, self.model_dump(exclude_unset=True))

    def parameters(self) -> dict[str, Any]:
        """What its behaviour has and other behaviours do not, by name."""
        return {name: getattr(self, name) for name in type(self).model_fields if name not in AgentGroup.model_fields}


@cache
def group_model(kind: str) -> type[AgentGroup]:
    """The table of a behaviour: `AgentGroup` with the parameters of its constructor. Raises `KeyError`."""
    behaviour = BEHAVIOURS[kind]
    fields: dict[str, Any] = {"kind": (Literal[behaviour.kind], Field(description=f"behaviour: {summary(behaviour)}"))}
    described = parameter_texts(behaviour)
    for parameter in inspect.signature(behaviour.__init__).parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            fields[parameter.name] = _field(kind, parameter, described.get(parameter.name, ""))
    return create_model(f"{behaviour.__name__}Group", __base__=AgentGroup, __doc__=summary(behaviour), **fields)


def _unpickle_group(kind: str, written: dict[str, Any]) -> AgentGroup:
    return group_model(kind).model_validate(written)


def _field(kind_of_agent: str, parameter: inspect.Parameter, description: str) -> tuple[Any, Any]:
    """Type and field of a constructor's parameter, from its annotation as written."""
    if not isinstance(parameter.annotation, str):
        raise ConfigError(
            f"Parameter {parameter.name} of behaviour {kind_of_agent!r} must have an annotation a config can read: "
            f"write its type, and 'from __future__ import annotations' at the top of the file."
        )
    written = parameter.annotation.replace("typing.Optional", "")
    words = re.findall(r"[A-Za-z]+", written)
    kind = next((_TYPES[word] for word in words if word in _TYPES), None)
    if kind is None:
        raise ConfigError(
            f"Parameter {parameter.name} of behaviour {kind_of_agent!r} is of type {written!r}; a config can hold "
            f"{', '.join(_TYPES)}, or a tuple of one of them."
        )
    if kind is Money:  # the constructor takes wei; a bare number in a config counts units
        description = re.sub(r"\bwei\b", "units", description)
    options: dict[str, Any] = {"description": description, **_RANGES.get(parameter.name, {})}
    if "tuple" in words:
        listed = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
        kind = Annotated[tuple[kind, ...], listed]  # type: ignore[valid-type]
        options["max_length"] = _MOST_ITEMS
    if kind is float:
        options["allow_inf_nan"] = False
    if "None" in words:
        word = _WORD_FOR_NONE.get(parameter.name, "none")
        kind = Annotated[
            kind | None,
            BeforeValidator(in_words(or_word(lambda value: value, word))),
            PlainSerializer(lambda value: word if value is None else getattr(value, "plain", lambda: value)()),
        ]
        options["description"] = _with_word(description, word)
    if parameter.default is not inspect.Parameter.empty:
        options["default"] = _as_configs_say(parameter.default) if "Wei" in words else parameter.default
    return kind, Field(**options)


def _with_word(description: str, word: str) -> str:
    """A description with the word that a config has for None."""
    if "None:" not in description:
        return f"{description} (or {word!r})"
    return description.replace("None:", f"{word!r}:").replace(f"; {word!r}: {word}", f"; or {word!r}")


def _as_configs_say(wei: Wei | None) -> Amount | None:
    """A default in wei, as a config would write it."""
    return Amount.of_wei(wei) if wei else None if wei is None else Amount.parse(0)


def summary(documented: type) -> str:
    """The first sentence of a class's docstring."""
    text = " ".join(inspect.cleandoc(documented.__doc__ or "").split("\n\n")[0].split())
    return text.split(". ")[0].rstrip(".") + "."


def parameter_texts(documented: type) -> dict[str, str]:
    """The meaning of each parameter in the table of a class's docstring: name, default, meaning."""
    found: dict[str, str] = {}
    name = ""
    for line in inspect.cleandoc(documented.__doc__ or "").split("\n"):
        row = re.match(r"^([a-z_]+)\s{2,}(.+?)\s{2,}(\S.*)$", line)
        if row:
            name = row[1]
            found[name] = row[3]
        elif name and re.match(r"^\s{8,}\S", line):
            found[name] += " " + line.strip()
        else:
            name = ""
    found.pop("parameter", None)
    return found
