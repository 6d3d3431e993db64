"""What the deployment files of all models share: numbers, lists and names, each refused by its key."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sim.errors import ConfigError
from sim.models.onchain import SparseNearestCentroid, SparsePerceptron
from sim.models.onchain.fixed_point import ONE, stored
from sim.units import exact

Document = dict[str, Any]
"""A deployment file as JSON reads it, with `decimal.Decimal` for numbers that are not whole."""

_LARGEST_INDEX = 2**32 - 1
_LARGEST_EXPONENT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What a file says.

    Attributes
    ----------
    kind : name of a model of the contracts
    classes : names of the classes, in the order of their labels
    n_features : how many features the model knows; a sparse perceptron or centroid can meet more
    settings : ``step`` or ``smoothing``, as written, for the model's constructor
    state : all numbers, as the model's ``to_state`` tells them
    """

    kind: str
    classes: tuple[str, ...]
    n_features: int
    settings: dict[str, Fraction]
    state: dict[str, Any]

    @property
    def may_meet_more(self) -> bool:
        """Whether data may have more features than the model knows."""
        return self.kind in (SparsePerceptron.name, SparseNearestCentroid.name)


def written_decimal(scaled: int) -> int | Decimal:
    """A number times 10**9 as the decimal it is."""
    whole, rest = divmod(abs(scaled), ONE)
    sign = "-" if scaled < 0 else ""
    return plain(Decimal(f"{sign}{whole}.{rest:09}"))


def plain(number: Decimal) -> int | Decimal:
    """A whole number as one, so that JSON writes it without a point."""
    whole = int(number)
    return whole if whole == number else number


def _number(key: str, value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ConfigError(f"{key} is {shown(value)}; it must be a decimal number, without quotes.")
    _check_size(key, value)
    if isinstance(value, Decimal) and value.adjusted() < -_LARGEST_EXPONENT:
        return Fraction(0)  # the contract knows nine decimals; "1e-999999999" would take minutes to write out
    return exact(value)


def _check_size(key: str, value: int | Decimal) -> None:
    """Refuse what no field of a contract holds before it is multiplied or written out."""
    if abs(value) >= 10**_LARGEST_EXPONENT if isinstance(value, int) else value.adjusted() >= _LARGEST_EXPONENT:
        raise ConfigError(f"{key} is {shown(value)}; it must be below 10^{_LARGEST_EXPONENT}.")


def read_scaled(key: str, value: Any, bits: int, *, sign: bool = False) -> int:
    """A decimal as the contract holds it: times 10**9, halves up, if its field can hold it."""
    double = 2 * ONE * _number(key, value) + 1
    return stored(f"{key} times 10^9", double.numerator // (2 * double.denominator), bits, sign=sign)


def read_rate(key: str, value: Any, *, zero: bool = False) -> Fraction:
    """A decimal above 0, or with ``zero`` also 0, exactly."""
    number = _number(key, value)
    if number < 0 or not (number or zero):
        raise ConfigError(f"{key} is {shown(value)}; it must be {'0 or more' if zero else 'above 0'}.")
    return number


def read_count(key: str, value: Any, bits: int) -> int:
    """A whole number from 0, as it is, if a ``uint`` of so many bits can hold it."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{key} is {shown(value)}; it must be a whole number, without quotes or decimals.")
    _check_size(key, value)
    return stored(key, value, bits)


def needed(document: Document, key: str) -> Any:
    """What an object says under a key it must have."""
    if key not in document:
        raise ConfigError(f"{key} is missing. Add it.")
    return document[key]


def read_list(document: Document, key: str, size: int | None = None, at: str = "") -> list[Any]:
    """The list under a key, of one entry for each class if ``size`` is given; ``at`` is where the object stands."""
    value, name = needed(document, key), f"{at}.{key}" if at else key
    if not isinstance(value, list):
        raise ConfigError(f"{name} is {shown(value)}; it must be a list.")
    if size is not None and len(value) != size:
        raise ConfigError(f"{name} has {len(value)} entries, classifications {size}; give each class one.")
    return value


def class_names(document: Document, most: int | None = None) -> tuple[str, ...]:
    """The names of the classes, two or more."""
    names = read_list(document, "classifications")
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names) or len(names) < 2:
        raise ConfigError(f"classifications is {shown(names)}; it must be a list of two or more different names.")
    if most is not None and len(names) > most:
        raise ConfigError(f"classifications has {len(names)} names; a perceptron tells {most} classes apart.")
    return tuple(names)


def by_index(entries: Any, key: str) -> list[tuple[int, Any]]:
    """What an object says by feature index."""
    if not isinstance(entries, dict):
        raise ConfigError(f'{key} is {shown(entries)}; it must be an object {{"index": number}}.')
    found = []
    for index, value in entries.items():
        if not (index.isascii() and index.isdigit() and len(index) <= 10 and int(index) <= _LARGEST_INDEX):
            raise ConfigError(f"{key} has the key {shown(index)}; a feature's index is 0 to {_LARGEST_INDEX}.")
        found.append((int(index), value))
    if len({index for index, _ in found}) < len(found):
        raise ConfigError(f"{key} names a feature twice (07 is 7). Keep one.")
    return found


def shown(value: Any) -> str:
    """A value as an error text shows it: short, as JSON has it."""
    try:
        text = str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else repr(value)
    except ValueError:  # an integer of thousands of digits
        text = "a huge number"
    return text if len(text) <= 60 else f"{text[:60]}…"
