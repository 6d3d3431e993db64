"""The integers of the Ethereum virtual machine: what Solidity 0.6 does when numbers do not fit.

Plain operators wrap round silently, ``/`` cuts toward zero and stops the call on a division by zero, and SafeMath (of
OpenZeppelin 2.5) reverts with a reason. Decimals are whole numbers times 10**9, the contracts' ``toFloat``.

>>> tdiv(-7, 2), signed(2**79, 80), signed(-1, 256), unsigned(-1, 32)
(-3, -604462909807314587353088, -1, 4294967295)
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.errors import ConfigError, ExceptionalHalt, Revert

ONE = 10**9
"""The fixed-point one of the contracts."""

_WORD_END = 2**256
_NORM_SLACK = 100 * ONE


def signed(number: int, bits: int) -> int:
    """What ``intN(number)`` keeps: the lowest ``bits`` bits as two's complement."""
    half = 1 << (bits - 1)
    return ((number + half) & (2 * half - 1)) - half


def unsigned(number: int, bits: int) -> int:
    """What ``uintN(number)`` keeps: the lowest ``bits`` bits."""
    return number & ((1 << bits) - 1)


def tdiv(dividend: int, divisor: int) -> int:
    """``dividend / divisor`` cut toward zero. A division by zero is an invalid opcode: it raises `ExceptionalHalt`."""
    if not divisor:
        raise ExceptionalHalt
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def safe_add(left: int, right: int) -> int:
    """SafeMath's sum of two uint256."""
    if left + right >= _WORD_END:
        raise Revert("SafeMath: addition overflow")
    return left + right


def safe_sub(left: int, right: int) -> int:
    """SafeMath's difference of two uint256."""
    if right > left:
        raise Revert("SafeMath: subtraction overflow")
    return left - right


def safe_mul(left: int, right: int) -> int:
    """SafeMath's product of two uint256."""
    if left * right >= _WORD_END:
        raise Revert("SafeMath: multiplication overflow")
    return left * right


def safe_div(dividend: int, divisor: int) -> int:
    """SafeMath's quotient of two uint256."""
    if not divisor:
        raise Revert("SafeMath: division by zero")
    return dividend // divisor


def check_norm(vector: Sequence[int]) -> None:
    """Refuse a vector whose squared norm is not strictly between 10**18 - 10**11 and 10**18 + 10**11."""
    if not -_NORM_SLACK < sum([x * x for x in vector]) - ONE * ONE < _NORM_SLACK:
        raise Revert("The provided data does not have a norm of 1.")


def stored(field: str, number: int, bits: int, *, sign: bool = False) -> int:
    """``number`` if a storage field of type ``uintN`` (``intN`` with ``sign``) can hold it; else `ConfigError`."""
    number = int(number)
    if (signed if sign else unsigned)(number, bits) != number:
        low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if sign else (0, (1 << bits) - 1)
        raise ConfigError(f"{field} is {number}; the contract holds whole numbers from {low} to {high} there.")
    return number
