"""The words a config may use for money, time and exact numbers, as pydantic fields.

A duration is whole seconds (``600``) or says its unit (``"10min"``, ``"1d"``). An amount is a number of units of
``chain.unit`` (``12.5``) or says its own (``"2 gwei"``). Both stay exact: ``0.1`` is one tenth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema
from pydantic.fields import FieldInfo

from sim.errors import ConfigError
from sim.units import MONEY_NAMES, Wei, exact, parse_amount, parse_duration

LARGEST_NUMBER = 10**15
"""Amounts have at most this many of the unit they are written in: with any ``chain.unit`` that fits the ledger."""

_NUMBERS = (int, float, Decimal, Fraction)
_SMALLEST_DIGIT = 30


class Section(BaseModel):
    """Base of every table of a config: unknown keys are refused, nothing can be changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


def plain_number(number: Fraction) -> int | float | str:
    """A number as TOML and JSON can hold it without loss: an integer, a float, or else the decimal in quotes."""
    if number.denominator == 1:
        return number.numerator
    if exact(float(number)) == number:
        return float(number)
    return f"{Decimal(number.numerator) / Decimal(number.denominator)}"


def is_number(value: Any) -> bool:
    """Whether a value is a finite number (true and false are none)."""
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return False
    return isinstance(value, int | Fraction) or math.isfinite(value)


@dataclass(frozen=True, slots=True)
class Amount:
    """Money as somebody wrote it: ``number`` of the unit ``name``, where "" is the ``chain.unit`` of the scenario."""

    number: Fraction
    name: str = ""

    @classmethod
    def parse(cls, value: Any) -> Amount:
        """Of a number or of text such as ``"0.1 ether"``. Raises `ValueError` in words for people."""
        if isinstance(value, Amount):
            return value
        if isinstance(value, str):
            parse_amount(value)  # complains in its own words
            number = value.strip().rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
            name = value.strip()[len(number) :].lower()
            return cls(exact(number.strip().replace("_", "")), name)
        if not is_number(value):
            raise ValueError("it must be an amount: a number of units (12.5) or text with a unit ('0.1 ether')")
        return cls(exact(value))

    @classmethod
    def of_wei(cls, wei: Wei) -> Amount:
        """Exactly so many wei, as people say it: ``0.05 ether``, ``2 gwei``, ``3 wei``."""
        name = "ether" if wei >= MONEY_NAMES["ether"] // 10**6 else "gwei" if wei >= MONEY_NAMES["gwei"] else "wei"
        return cls(Fraction(wei, MONEY_NAMES[name]), name)

    def wei(self, unit: Wei) -> Wei:
        """Wei, where a bare number counts units of ``unit`` wei; fractions of a wei are dropped."""
        wei = self.number * (MONEY_NAMES[self.name] if self.name else unit)
        return wei.numerator // wei.denominator

    def plain(self) -> int | float | str:
        """As a config would say it."""
        number = plain_number(self.number)
        return f"{number} {self.name}" if self.name else number


def in_words(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``parse`` with its `ConfigError` turned into the `ValueError` that pydantic collects with the field's path."""

    def validate(value: Any) -> Any:
        try:
            return parse(value)
        except ConfigError as error:
            raise ValueError(str(error)) from error

    return validate


def _amount(value: Any) -> Amount:
    amount = Amount.parse(value)
    if not 0 <= amount.number <= LARGEST_NUMBER:
        raise ValueError("an amount must be between 0 and 10^15; write it in a larger or smaller unit")
    return amount


def _named_amount(value: Any) -> Amount:
    if is_number(value):
        raise ValueError("the unit must be named here, such as '2 gwei', since a bare number has none to count in")
    return _amount(value)


def _seconds(value: Any) -> int:
    if not isinstance(value, str) and not is_number(value):
        raise ValueError("it must be a duration: seconds (600) or text with a unit ('10min', '1d')")
    seconds = parse_duration(value)
    if seconds < 0:
        raise ValueError("a duration must be 0 or more; write seconds (600) or text with a unit ('10min', '1d')")
    return seconds


def _positive_seconds(value: Any) -> int:
    seconds = _seconds(value)
    if not seconds:
        raise ValueError("a duration of at least 1 s is needed, such as 600, '10min' or '1d'")
    return seconds


def _fraction(value: Any) -> Fraction:
    try:
        value = Decimal(value) if isinstance(value, str) else value
    except InvalidOperation:
        value = None
    if not is_number(value):
        raise ValueError("it must be a finite decimal number, such as 5 or 0.25")
    # Compared before it becomes a fraction: "1e999999999" would take minutes to write out.
    if not 0 <= value <= 10**9 or (isinstance(value, Decimal) and value and value.adjusted() < -_SMALLEST_DIGIT):
        raise ValueError("it must be between 0 and 10^9, and not below 10^-30 unless 0")
    return exact(value)


def _signed_fraction(value: Any) -> Fraction:
    if isinstance(value, str) and value.strip().startswith("-"):
        return -_fraction(value.strip()[1:])
    return -_fraction(-value) if is_number(value) and value < 0 else _fraction(value)


_AMOUNT_SCHEMA = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}], "unit": "chain.unit, or as named"}
_TIME_SCHEMA = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}], "unit": "s, or as named"}
_to_plain = PlainSerializer(lambda amount: amount.plain())

Money = Annotated[Amount, BeforeValidator(in_words(_amount)), _to_plain, WithJsonSchema(_AMOUNT_SCHEMA)]
"""An amount of 0 or more."""

NamedMoney = Annotated[Amount, BeforeValidator(in_words(_named_amount)), _to_plain, WithJsonSchema({"type": "string"})]
"""An amount of 0 or more whose unit must be named."""

Duration = Annotated[int, BeforeValidator(in_words(_seconds)), WithJsonSchema(_TIME_SCHEMA)]
"""Whole seconds, 0 or more."""

PositiveDuration = Annotated[int, BeforeValidator(in_words(_positive_seconds)), WithJsonSchema(_TIME_SCHEMA)]
"""Whole seconds, 1 or more."""

ExactNumber = Annotated[
    Fraction,
    BeforeValidator(in_words(_fraction)),
    PlainSerializer(plain_number),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 10**9}),
]
"""A decimal number from 0 to 10^9, kept exactly."""

SignedNumber = Annotated[
    Fraction,
    BeforeValidator(in_words(_signed_fraction)),
    PlainSerializer(plain_number),
    WithJsonSchema({"type": "number", "minimum": -(10**9), "maximum": 10**9}),
]
"""A decimal number from -10^9 to 10^9, kept exactly."""


def is_duration(field: FieldInfo) -> bool:
    """Whether a field holds a time, so that a bare number is seconds."""
    return any(_is_time(part) for part in (*field.metadata, field.annotation))


def _is_time(part: Any) -> bool:
    """Whether an annotation, or a part of one such as of ``Duration | None``, is of a time."""
    if isinstance(part, WithJsonSchema):
        return part.json_schema is _TIME_SCHEMA
    return any(_is_time(inner) for inner in (*get_args(part), *getattr(part, "__metadata__", ())))


def or_word(parse: Callable[[Any], Any], word: str) -> Callable[[Any], Any]:
    """``parse`` that reads ``word`` as None: TOML has no null, and a word says what its absence means."""

    def validate(value: Any) -> Any:
        return None if value is None or value == word else parse(value)

    return validate


def one_of(allowed: Any) -> Any:
    """A text that must be one of the allowed ones."""
    names = tuple(allowed)

    def validate(value: Any) -> Any:
        if value not in names:
            raise ValueError(f"choose one of {', '.join(names)}")
        return value

    return Annotated[str, AfterValidator(validate)]
