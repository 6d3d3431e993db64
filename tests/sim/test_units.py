"""Amounts and durations: every way to write one gives the exact number, and junk is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import ConfigError
from sim.units import DAY, DEFAULT_UNIT, ETHER, GWEI, exact, parse_amount, parse_duration, to_units


@given(st.integers(0, 10**30))
def test_wei_written_out_come_back(wei: int) -> None:
    assert parse_amount(f"{wei} wei") == wei
    assert parse_amount(Fraction(wei, DEFAULT_UNIT)) == wei
    for name, scale, digits in (("gwei", GWEI, 9), ("ether", ETHER, 18)):
        assert parse_amount(f"{wei // scale}.{wei % scale:0{digits}d} {name}") == wei


@given(st.integers(0, 10**9), st.sampled_from((1, 1000, DEFAULT_UNIT)))
def test_bare_numbers_are_units(number: int, unit: int) -> None:
    assert parse_amount(number, unit) == number * unit
    assert to_units(parse_amount(number, unit), unit) == number


@pytest.mark.parametrize(
    ("text", "wei"),
    [
        (0.1, 10**14), (1.005, 1_005 * 10**12), ("0.1 ether", 10**17), ("2gwei", 2 * GWEI), ("1_000 wei", 1_000),
        ("1e3 wei", 1_000), ("2.5e-3 ETH", 25 * 10**14), (" 3 Gwei ", 3 * GWEI), ("0.5 wei", 0), (1e-15, 1),
    ],
)  # fmt: skip
def test_decimals_are_what_a_person_wrote(text: Any, wei: int) -> None:
    """0.1 is one tenth, not its binary neighbour."""
    assert parse_amount(text) == wei


@pytest.mark.parametrize(
    "junk",
    [
        "", "12", "ether", "1 dollar", "1.2.3 wei", "1,5 ether", "0x10 wei", "nan wei", "1 e wei", "--1 wei",
        "1e9999 wei", "\u0661 wei", float("nan"), float("inf"), -float("inf"), 1e300, "1e41 wei",
    ],
)  # fmt: skip
def test_junk_is_no_amount(junk: Any) -> None:
    with pytest.raises(ConfigError):
        parse_amount(junk)


@given(st.integers(0, 10**6))
def test_durations_come_back(number: int) -> None:
    for name, seconds in (("s", 1), ("min", 60), ("h", 3600), ("d", DAY), ("w", 7 * DAY)):
        assert parse_duration(f"{number}{name}") == parse_duration(number * seconds) == number * seconds


@pytest.mark.parametrize(("text", "seconds"), [("1.5h", 5_400), ("0.5 min", 30), ("2 days", 2 * DAY), (60.0, 60)])
def test_fractions_of_a_duration_may_be_whole_seconds(text: Any, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("junk", ["", "1", "d", "1 fortnight", "0.3 s", 0.5, float("nan"), float("inf"), "2000001 y"])
def test_junk_is_no_duration(junk: Any) -> None:
    with pytest.raises(ConfigError):
        parse_duration(junk)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**6), max_value=10**6))
def test_exact_keeps_every_digit(number: Any) -> None:
    assert exact(str(number)) == exact(number) == Fraction(str(number))
    assert exact(float(number)) == Fraction(repr(float(number)))
