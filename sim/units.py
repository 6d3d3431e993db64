"""Money, gas and time as integers, and the two places where words become numbers.

Inside the simulator an amount is an ``int`` of wei, gas is an ``int`` and time is an ``int`` of seconds.
Configurations speak in **units**: a bare number is units (default 10**15 wei, that is 0.001 ether) and may be
fractional, while ``"2 gwei"`` or ``"0.1 ether"`` name their unit and are exact.

>>> parse_amount("0.1 ether", unit=10**15), parse_amount(1.5, unit=10**15)
(100000000000000000, 1500000000000000)
>>> parse_duration("1d"), parse_duration("10 min"), parse_duration(600)
(86400, 600, 600)
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from sim.errors import ConfigError

Wei = int
Gas = int
Seconds = int

GWEI: Wei = 10**9
ETHER: Wei = 10**18
DEFAULT_UNIT: Wei = 10**15

MINUTE: Seconds = 60
HOUR: Seconds = 3_600
DAY: Seconds = 86_400
YEAR: Seconds = 365 * DAY

MONEY_NAMES = {"wei": 1, "gwei": GWEI, "ether": ETHER, "eth": ETHER}
TIME_NAMES = {
    "s": 1, "sec": 1, "second": 1, "seconds": 1,
    "min": MINUTE, "minute": MINUTE, "minutes": MINUTE,
    "h": HOUR, "hour": HOUR, "hours": HOUR,
    "d": DAY, "day": DAY, "days": DAY,
    "w": 7 * DAY, "week": 7 * DAY, "weeks": 7 * DAY,
    "y": YEAR, "year": YEAR, "years": YEAR,
}  # fmt: skip

_NUMBER_AND_NAME = re.compile(r"\s*([+-]?[0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?)\s*([A-Za-z]+)\s*")
_LARGEST_AMOUNT = 10**40


def exact(number: int | float | str | Decimal | Fraction) -> Fraction:
    """The decimal number a person wrote, exactly: ``0.1`` is one tenth, not its binary neighbour."""
    if isinstance(number, float):
        number = repr(number)
    try:
        return Fraction(Decimal(number)) if isinstance(number, str) else Fraction(number)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise ConfigError(f"{number!r} is not a finite decimal number.") from error


def parse_amount(amount: int | float | str | Fraction, unit: Wei = DEFAULT_UNIT) -> Wei:
    """Wei of an amount: bare numbers are units of ``unit`` wei, words name ``wei``, ``gwei`` or ``ether``.

    Fractions of a wei are dropped (floor). Raises `ConfigError` for anything else.
    """
    scale: Wei = unit
    if isinstance(amount, str):
        match = _NUMBER_AND_NAME.fullmatch(amount)
        if match is None or match[2].lower() not in MONEY_NAMES:
            raise ConfigError(
                f"{amount!r} is not an amount. Write a bare number of units (12.5) or a number with "
                f"one of wei, gwei, ether ('2 gwei')."
            )
        amount, scale = match[1].replace("_", ""), MONEY_NAMES[match[2].lower()]
    wei = exact(amount) * scale
    if abs(wei) > _LARGEST_AMOUNT:
        raise ConfigError(f"{amount} is too large an amount; at most 10^22 ether.")
    return wei.numerator // wei.denominator


def parse_duration(duration: int | float | str) -> Seconds:
    """Whole seconds of a duration: bare numbers are seconds, words name ``s min h d w y``.

    Raises `ConfigError` for anything that is not a whole number of seconds.
    """
    scale: Seconds = 1
    if isinstance(duration, str):
        match = _NUMBER_AND_NAME.fullmatch(duration)
        if match is None or match[2].lower() not in TIME_NAMES:
            raise ConfigError(
                f"{duration!r} is not a duration. Write seconds (600) or a number with one of s, min, h, d, w, y "
                f"('10min', '1d')."
            )
        duration, scale = match[1].replace("_", ""), TIME_NAMES[match[2].lower()]
    seconds = exact(duration) * scale
    if seconds.denominator != 1 or abs(seconds) > 1_000_000 * YEAR:
        raise ConfigError(f"{duration!r} must be a whole number of seconds, at most a million years.")
    return seconds.numerator


def to_units(wei: Wei, unit: Wei = DEFAULT_UNIT) -> float:
    """An amount of wei as a number of units, for tables and figures only: never to compute money with."""
    return wei / unit
