"""Gas: what each operation costs by hard fork, and the one door through which gas is spent.

The schedule holds the constants of Ethereum's execution specification (github.com/ethereum/execution-specs); its
methods are pure calculators that return amounts. Only `Meter.charge` spends. Contracts work out the fixed part of
their methods once, from the schedule, and charge it where the work happens.

What the opcodes do not explain (arithmetic, memory, ABI coding) is an *overhead* per call and per element, derived
from gas measured on the real contracts: each contract states its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from sim.errors import InvalidTransaction, OutOfGas
from sim.units import Gas

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GasSchedule:
    """The prices of one hard fork, in gas.

    ``cold_*`` is the first touch in a transaction, ``warm_*`` any later one (EIP-2929); before Berlin both are equal.
    ``store_set`` writes a zero slot, ``store_reset`` changes or clears one, ``store_noop`` writes what is there.
    """

    name: str
    transaction: Gas = 21_000
    creation: Gas = 32_000
    calldata_zero: Gas = 4
    calldata_nonzero: Gas = 16
    calldata_floor_token: Gas = 0  # EIP-7623: a zero byte is one token, another byte four
    cold_load: Gas = 2_100
    warm_load: Gas = 100
    store_set: Gas = 20_000
    store_reset: Gas = 2_900
    store_noop: Gas = 100
    cold_store: Gas = 2_100  # on top of the three above where the slot was not touched before
    cold_account: Gas = 2_600
    warm_account: Gas = 100
    value_transfer: Gas = 6_700  # 9,000 less the stipend of 2,300 that the receiver hands back unused
    clear_refund: Gas = 4_800
    refund_quotient: int = 5
    log: Gas = 375
    log_topic: Gas = 375
    log_byte: Gas = 8
    code_byte: Gas = 200
    initcode_word: Gas = 0
    transaction_cap: Gas = 0  # EIP-7825; 0 is none

    def loads(self, cold: int, warm: int = 0) -> Gas:
        """Reading storage slots."""
        return cold * self.cold_load + warm * self.warm_load

    def accounts(self, cold: int, warm: int = 0) -> Gas:
        """Touching other contracts: EXTCODESIZE, CALL, STATICCALL."""
        return cold * self.cold_account + warm * self.warm_account

    def stores(self, set_: int = 0, reset: int = 0, noop: int = 0, cold: int = 0) -> Gas:
        """Writing storage slots; ``cold`` of them were not touched before."""
        return set_ * self.store_set + reset * self.store_reset + noop * self.store_noop + cold * self.cold_store

    def send_value(self) -> Gas:
        """Sending ether to an account that exists and is warm."""
        return self.value_transfer + self.warm_account

    def logged(self, topics: int, size: int) -> Gas:
        """A log with ``topics`` topics and ``size`` bytes of data."""
        return self.log + topics * self.log_topic + size * self.log_byte

    def calldata(self, zero: int, nonzero: int) -> tuple[Gas, Gas]:
        """What a transaction pays for these bytes before it starts, and the least it pays in the end (EIP-7623)."""
        meter = Meter(self)
        floor = meter.begin(2**63, zero, nonzero)
        return meter.used, floor


_LONDON = GasSchedule("london")
_SHANGHAI = replace(_LONDON, name="shanghai", initcode_word=2)
_PRAGUE = replace(_SHANGHAI, name="prague", calldata_floor_token=10)

HARDFORKS: dict[str, GasSchedule] = {
    schedule.name: schedule
    for schedule in (
        GasSchedule(
            "istanbul", cold_load=800, warm_load=800, store_reset=5_000, store_noop=800, cold_store=0,
            cold_account=700, warm_account=700, clear_refund=15_000, refund_quotient=2,
        ),
        replace(_LONDON, name="berlin", clear_refund=15_000, refund_quotient=2),
        _LONDON,
        _SHANGHAI,
        replace(_SHANGHAI, name="cancun"),
        _PRAGUE,
        replace(_PRAGUE, name="osaka", transaction_cap=2**24),
    )
}  # fmt: skip
"""Gas schedules by hard fork, oldest first."""


def memory(words: int) -> Gas:
    """The quadratic part of memory gas for this many 32-byte words; the linear part is within each overhead."""
    return words * words // 512


def by_size(gas: Callable[[int], T]) -> Callable[[int], T]:
    """A formula of how many numbers a call carries, worked out once for each size that is met.

    >>> by_size(lambda size: 100 + 3 * size)(20)
    160
    """
    return cache(gas)  # of which there are few, so that none need be forgotten: that would cost more


class Meter:
    """The gas of one transaction at a time. `charge` is the only thing that spends it."""

    __slots__ = ("_calldata", "left", "limit", "refunded", "schedule")

    def __init__(self, schedule: GasSchedule) -> None:
        self.schedule = schedule
        s = schedule
        self._calldata = s.transaction, s.calldata_zero, s.calldata_nonzero, s.calldata_floor_token
        self.limit: Gas = 0
        self.left: Gas = 0
        self.refunded: Gas = 0

    @property
    def used(self) -> Gas:
        """Gas spent so far, refunds not counted."""
        return self.limit - self.left

    def start(self, limit: Gas, used: Gas = 0) -> None:
        """A new transaction with this limit, of which its bytes have ``used`` some already."""
        self.limit = limit
        self.left = limit - used
        self.refunded = 0

    def begin(self, limit: Gas, zero: int, nonzero: int) -> Gas:
        """Start a transaction that carries so many zero and non-zero bytes, and pay for them.

        The answer is the least it will cost in the end (EIP-7623). Raises `InvalidTransaction` for a limit below that.
        """
        call, each_zero, each_nonzero, token = self._calldata
        paid = call + zero * each_zero + nonzero * each_nonzero
        floor = call + token * (zero + 4 * nonzero) if token else 0
        if limit < paid or limit < floor:
            raise InvalidTransaction(f"gas limit is {limit}; this call needs at least {max(paid, floor)}")
        self.limit = limit
        self.left = limit - paid
        self.refunded = 0
        return floor

    def charge(self, amount: Gas) -> None:
        """Spend gas; raises `OutOfGas` when the limit does not allow it."""
        self.left = left = self.left - amount
        if left < 0:
            self.left = 0
            raise OutOfGas

    def refund_cleared(self, slots: int) -> None:
        """Note storage slots set back to zero; what they earn is capped when the transaction ends."""
        self.refunded += slots * self.schedule.clear_refund

    def finish(self, floor: Gas = 0) -> Gas:
        """Gas used by a transaction that succeeded: less refunds, and at least the calldata floor."""
        used = self.limit - self.left
        if self.refunded:
            used -= min(self.refunded, used // self.schedule.refund_quotient)
        return used if used > floor else floor


class SlotWrites:
    """The storage writes of one update, added up slot by slot. Their slots were read, so they are warm."""

    __slots__ = ("cleared", "noop", "reset", "set")

    def __init__(self) -> None:
        self.set = self.reset = self.noop = self.cleared = 0

    def slot(self, before: Sequence[int], after: Sequence[int], times: int = 1) -> None:
        """A slot with these numbers before and after the update was written ``times`` times."""
        if before == after:
            self.noop += times
            return
        self.noop += times - 1
        if any(before):
            self.reset += 1
            self.cleared += not any(after)
        else:
            self.set += 1

    def charge(self, meter: Meter) -> None:
        """Spend what the writes cost and note what cleared slots earn."""
        meter.charge(meter.schedule.stores(self.set, self.reset, self.noop))
        if self.cleared:
            meter.refund_cleared(self.cleared)
