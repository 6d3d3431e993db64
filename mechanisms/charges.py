"""What the contracts of deposits (Stakeable64) and of points (Points64) cost, check by check.

A refused call costs what was done until then, so there is an amount for each check that can refuse. Storage is counted
opcode by opcode; the overheads beside it are from gas measured on the contracts (docs/gas.md).
"""

from __future__ import annotations

from functools import lru_cache

from sim.chain.gas import GasSchedule
from sim.units import Gas

# A deposit: what it takes at all and its price; one step of the integer square root in it, and what a root that is 1,
# or of nothing, takes less.
_DEPOSIT, _PRICE, _SQRT_ITERATION, _SQRT_OF_1_TO_3, _SQRT_OF_0 = 200, 645, 109, -74, -167
# A refund, check by check: has the author claimed, what is left, is it time, what says the model; and to the end.
_REFUND_CLAIMED, _REFUND_LEFT, _REFUND_TIME, _REFUND_MODEL, _REFUNDED = 10, 23, 60, 48, 69
# A report: is it time for the owner; for everyone, and to the end. Of a share: whose is it, who has claimed, is it
# time, what says the model, what is the standing; and to the end.
_REPORT_OWNER, _REPORT_ALL = 59, 325
_REPORT_OWN, _REPORT_CLAIMED, _REPORT_TIME, _REPORT_MODEL, _REPORT_STANDING, _REPORTED = 285, 45, 43, 51, 184, 496
_DEPOSIT_LOG = 64  # bytes

# Points. A refund: is it claimed (nothing beyond what all claims take), by its author, is it time, what says the
# model; and to the end. A report: is it time, is it claimed, whose is it, who has claimed, what says the model; and to
# the end.
_POINT_BY_AUTHOR, _POINT_TIME, _POINT_MODEL, _POINT = 33, 60, 48, 46
_CLOSE_TIME, _CLOSE_CLAIMED, _CLOSE_OWN, _CLOSE_BY_REPORTER, _CLOSE_MODEL, _CLOSED = 60, 31, 27, 33, 37, 22
_POINTS_LOG = 32  # bytes

_EITHER = (False, True)


class DepositCharges:
    """Of Stakeable64: amounts up to each refusal, and in all; ``prices`` says whether it works out a price.

    ``deposit`` is what comes after ``price``, by (no second has passed since the last one, one was counted before);
    ``refund`` is by (the author has standing, anybody has).
    """

    def __init__(self, schedule: GasSchedule, prices: bool) -> None:
        loads, stores = schedule.loads, schedule.stores
        # the owner and the weight; the weight twice more, and the time of the last deposit twice
        self.price = loads(2) + _DEPOSIT + (loads(1, 2) + _PRICE if prices else 0)
        self.deposit = {
            (same_time, counted): loads(1)
            + stores(noop=same_time, reset=not same_time, cold=not prices)
            + _counted(schedule, counted)
            for same_time in _EITHER
            for counted in _EITHER
        }
        # the owner; the windows, which share a slot; two counters, of which one shares a slot too
        self.refund_claimed = loads(1) + _REFUND_CLAIMED
        self.refund_left = self.refund_claimed + _REFUND_LEFT
        self.refund_time = self.refund_left + loads(1) + _REFUND_TIME
        self.refund_model = self.refund_time + _REFUND_MODEL
        self.refund = _verified(schedule, self.refund_model + schedule.logged(1, _DEPOSIT_LOG) + _REFUNDED)
        self.report_left = loads(1)
        self.report_owner = loads(0, 1) + _REPORT_OWNER
        windows = self.report_left + loads(1, 1)
        self.report_all = windows + schedule.logged(1, _DEPOSIT_LOG) + _REPORT_ALL
        self.report_own = windows + _REPORT_OWN
        self.report_claimed = self.report_own + _REPORT_CLAIMED
        self.report_time = self.report_claimed + loads(0, 1) + _REPORT_TIME
        self.report_model = self.report_time + _REPORT_MODEL
        self.report_standing = self.report_model + loads(1) + _REPORT_STANDING
        self.report = self.report_standing + loads(1) + schedule.logged(1, _DEPOSIT_LOG) + _REPORTED


class PointsCharges:
    """Of Points64: the same. ``add`` is by whether a contribution was counted before."""

    def __init__(self, schedule: GasSchedule) -> None:
        loads = schedule.loads
        self.add = tuple(loads(2) + _counted(schedule, before) for before in _EITHER)
        self.refund_claimed = loads(1)
        self.refund_by_author = self.refund_claimed + _POINT_BY_AUTHOR
        self.refund_time = self.refund_by_author + loads(1) + _POINT_TIME
        self.refund_model = self.refund_time + _POINT_MODEL
        self.refund = _verified(schedule, self.refund_model + schedule.logged(1, _POINTS_LOG) + _POINT)
        self.report_time = loads(2) + _CLOSE_TIME
        self.report_claimed = self.report_time + _CLOSE_CLAIMED
        self.report_own = self.report_claimed + _CLOSE_OWN
        self.report_by_reporter = self.report_own + _CLOSE_BY_REPORTER
        self.report_model = self.report_by_reporter + _CLOSE_MODEL
        self.report = self.report_model + schedule.logged(1, _POINTS_LOG) + _CLOSED


def _counted(schedule: GasSchedule, before: bool) -> Gas:
    """One more of what was counted ``before``, or the first."""
    return schedule.stores(set_=not before, reset=before)


def _verified(schedule: GasSchedule, gas: Gas) -> dict[tuple[bool, bool], Gas]:
    """``gas`` and that of counting one more, by (its author has standing, anybody has)."""
    gas += schedule.loads(2, 1)
    return {
        (stands, any_): gas + _counted(schedule, stands) + _counted(schedule, any_)
        for stands in _EITHER
        for any_ in _EITHER
    }


@lru_cache(maxsize=65536)
def sqrt_gas(number: int) -> Gas:
    """What the contract's integer square root of a number, 0 or more, adds to a price."""
    if number <= 3:
        return _SQRT_OF_1_TO_3 if number else _SQRT_OF_0
    return _SQRT_ITERATION * sqrt_steps(number)


def sqrt_steps(number: int) -> int:
    """Steps of the contract's Babylonian square root of a number above 0.

    >>> [sqrt_steps(number) for number in (3, 4, 60, 3600, 86400)]
    [0, 1, 4, 8, 11]
    """
    steps, root, guess = 0, number, (number + 1) // 2
    while number > 3 and guess < root:
        root, guess = guess, (number // guess + guess) // 2
        steps += 1
    return steps
