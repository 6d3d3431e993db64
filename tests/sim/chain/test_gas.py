"""Gas prices against Ethereum's published constants, and the meter that spends."""

from __future__ import annotations

import pytest

from sim.chain import HARDFORKS, Meter
from sim.errors import OutOfGas

ISTANBUL = {
    "cold_load": 800, "warm_load": 800, "store_reset": 5_000, "store_noop": 800, "cold_store": 0, "cold_account": 700,
    "warm_account": 700, "clear_refund": 15_000, "refund_quotient": 2,
}  # fmt: skip
BERLIN = {  # EIP-2929
    "cold_load": 2_100, "warm_load": 100, "store_reset": 2_900, "store_noop": 100, "cold_store": 2_100,
    "cold_account": 2_600, "warm_account": 100, "clear_refund": 15_000, "refund_quotient": 2,
}  # fmt: skip
LONDON = BERLIN | {"clear_refund": 4_800, "refund_quotient": 5}  # EIP-3529
SHANGHAI = LONDON | {"initcode_word": 2}  # EIP-3860
PRAGUE = SHANGHAI | {"calldata_floor_token": 10}  # EIP-7623
OSAKA = PRAGUE | {"transaction_cap": 16_777_216}  # EIP-7825
ALWAYS = {
    "initcode_word": 0, "calldata_floor_token": 0, "transaction_cap": 0,
    "transaction": 21_000, "creation": 32_000, "calldata_zero": 4, "calldata_nonzero": 16, "store_set": 20_000,
    "log": 375, "log_topic": 375, "log_byte": 8, "code_byte": 200,
}  # fmt: skip
FORKS = {
    "istanbul": ISTANBUL, "berlin": BERLIN, "london": LONDON, "shanghai": SHANGHAI, "cancun": SHANGHAI,
    "prague": PRAGUE, "osaka": OSAKA,
}  # fmt: skip


def test_forks_are_known_oldest_first() -> None:
    assert list(HARDFORKS) == list(FORKS)
    assert all(name == schedule.name for name, schedule in HARDFORKS.items())


@pytest.mark.parametrize(("fork", "constants"), FORKS.items(), ids=FORKS)
def test_constants_of_each_fork(fork: str, constants: dict[str, int]) -> None:
    expected = ALWAYS | constants
    assert {name: getattr(HARDFORKS[fork], name) for name in expected} == expected


@pytest.mark.parametrize(("fork", "sending"), [("istanbul", 7_400), ("berlin", 6_800), ("osaka", 6_800)])
def test_sending_ether_costs_the_transfer_less_the_unused_stipend(fork: str, sending: int) -> None:
    """9,000 - 2,300 and the call."""
    assert HARDFORKS[fork].send_value() == sending


def test_floor_of_calldata() -> None:
    assert HARDFORKS["cancun"].calldata(10, 3) == (21_000 + 4 * 10 + 16 * 3, 0)
    assert HARDFORKS["prague"].calldata(10, 3) == (21_000 + 4 * 10 + 16 * 3, 21_000 + 10 * 10 + 40 * 3)


def test_logs_and_storage() -> None:
    prague = HARDFORKS["prague"]
    assert prague.logged(2, 160) == 1_125 + 8 * 160
    assert prague.stores(set_=1, reset=2, noop=3, cold=4) == 20_000 + 2 * 2_900 + 3 * 100 + 4 * 2_100
    assert prague.loads(3, 2) == 3 * 2_100 + 2 * 100
    assert prague.accounts(3, 2) == 3 * 2_600 + 2 * 100


def test_meter_stops_at_the_limit_and_not_before() -> None:
    meter = Meter(HARDFORKS["prague"])
    meter.start(100)
    meter.charge(100)
    assert meter.used == 100
    with pytest.raises(OutOfGas):
        meter.charge(1)
    assert meter.used == 100  # the whole limit is paid, not more


@pytest.mark.parametrize(("fork", "paid"), [("berlin", 50_000), ("london", 80_000)])
def test_refund_for_cleared_slots_is_capped(fork: str, paid: int) -> None:
    """Half of the gas before London, a fifth since."""
    meter = Meter(HARDFORKS[fork])
    meter.start(10**6)
    meter.charge(100_000)
    meter.refund_cleared(1_000)
    assert meter.finish() == paid


def test_refund_below_the_cap_is_given_whole_and_forgotten_with_the_transaction() -> None:
    meter = Meter(HARDFORKS["london"])
    meter.start(10**6)
    meter.charge(100_000)
    meter.refund_cleared(2)
    assert meter.finish() == 100_000 - 9_600
    assert meter.finish(floor=95_000) == 95_000
    meter.start(10**6)
    assert (meter.used, meter.finish()) == (0, 0)
