"""What the deployed contracts refuse beside their own rules: strangers, ether nobody asked for, invalid opcodes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from mechanisms.deposit_refund_take import Parameters
from sim.chain import BURNED, PROPOSER, Chain, FixedPrice, Transaction
from sim.errors import ConfigError, ExceptionalHalt, Revert
from sim.features import Data
from sim.models import Classifier
from sim.models.onchain import onchain_classifier
from tests.support import TRAINER, World, assert_only_fee_and_nonce, data, make_world, picture

ONE = 10**9
LIMIT = 8_000_000
PLENTY = 10**22
NOT_THE_OWNER = "Sender is not the owner."
FOR_OWNER = {
    "records": ("handle_add_data", "handle_refund", "handle_report", "update_claimable_amount", "transfer_ownership"),
    "incentive": ("handle_add_data", "handle_refund", "handle_report", "transfer_ownership"),
    "model": ("update", "add_feature_indices", "transfer_ownership"),
}


def dense_centroids(chain: Chain) -> Classifier:
    """Two classes, at (1, 0) and (0, 1)."""
    return onchain_classifier(
        "dense_nearest_centroid",
        {"classifications": ["a", "b"], "centroids": [[ONE, 0], [0, ONE]], "dataCounts": [1, 1]},
        chain.journal, chain.meter,
    )  # fmt: skip


# -- strangers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mechanism", ["deposit_refund_take", "points"])
@pytest.mark.parametrize(("to", "method"), [(to, name) for to, names in FOR_OWNER.items() for name in names])
def test_strangers_are_told_that_they_are_not_the_owner(mechanism: str, to: str, method: str) -> None:
    world = make_world(mechanism=mechanism, profile="solidity", fees=FixedPrice(2))
    for encoded in ((), (bytes(64),)):
        before = picture(world)
        receipt = world.chain.execute(Transaction("ann", to, method, encoded))
        assert (receipt.ok, receipt.reason) == (False, NOT_THE_OWNER)
        assert_only_fee_and_nonce(before, picture(world), receipt)


@pytest.mark.parametrize(("to", "method"), [("records", "handle_refund"), ("incentive", ""), ("model", "update")])
def test_value_is_refused_before_anyone_asks_who_sends_it(to: str, method: str) -> None:
    world = make_world(profile="solidity")
    receipt = world.chain.execute(Transaction("ann", to, method, value=1))
    assert (receipt.ok, receipt.reason, world.balance(to)) == (False, "", 0)


def test_stranger_pays_for_the_bytes_of_the_call() -> None:
    """By hand: 21,000, a selector and 24 bytes that are zero and 8 that are not; a first read is 800 in Istanbul."""
    world = make_world(profile="solidity", fork="istanbul")
    used = world.chain.execute(Transaction("ann", "incentive", "transfer_ownership", (bytes(24) + b"\1" * 8,))).gas_used
    bytes_and_read = 21_000 + 24 * 4 + 12 * 16 + 800
    assert 400 < used - bytes_and_read < 600


def test_unknown_method_of_an_inner_contract_has_no_reason() -> None:
    world = make_world()
    receipt = world.chain.execute(Transaction("ann", "records", "claim"))
    assert (receipt.ok, receipt.reason) == (False, "")


# -- ether nobody asked for --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mechanism", ["deposit_refund_take", "points"])
@pytest.mark.parametrize("value", [0, 5])
def test_trainer_takes_no_plain_ether(mechanism: str, value: int) -> None:
    world = make_world(mechanism=mechanism, profile="solidity")
    before = world.balance("ann")
    receipt = world.chain.execute(Transaction("ann", TRAINER, "", value=value))
    assert (receipt.ok, receipt.reason, world.trainer.escrow(), world.balance("ann")) == (False, "", 0, before)


@pytest.mark.parametrize("mechanism", ["deposit_refund_take", "points"])
@pytest.mark.parametrize("method", ["refund", "report"])
def test_claim_with_value_is_refused_without_a_reason(mechanism: str, method: str) -> None:
    """Although it would succeed without, and even where there is nothing to claim."""
    world = make_world(mechanism=mechanism, profile="solidity", refund_window=0, owner_claim_after=0, any_claim_after=0)
    now = world.wait(1)
    world.send("ann", "add_data", data(0), 1, value=PLENTY)
    author = ("ann",) if method == "report" else ()
    held, before = world.trainer.escrow(), world.balance("ann")
    for added in (now, now + 1):
        receipt = world.send("ann", method, data(0), 1, added, *author, value=1)
        assert (receipt.ok, receipt.reason) == (False, "")
    assert (world.trainer.escrow(), world.balance("ann")) == (held, before)


# -- invalid opcodes ---------------------------------------------------------------------------------------------------


def halted(world: World, sender: str, method: str, *arguments: Any, value: int = 0) -> int:
    """Send what ends with an invalid opcode of the model; the gas that was left of `LIMIT`."""
    call = Transaction(sender, TRAINER, method, arguments, value, LIMIT)
    world.chain.estimate_gas(call)  # tables of gas are filled from here on
    before = picture(world)
    receipt = world.chain.execute(call)
    assert (receipt.ok, receipt.reason) == (False, "invalid opcode")
    assert_only_fee_and_nonce(before, picture(world), receipt)
    assert receipt.fee == 3 * receipt.gas_used
    return LIMIT - receipt.gas_used


@pytest.mark.parametrize("mechanism", ["deposit_refund_take", "points"])
def test_label_without_a_centroid_burns_all_gas_that_a_call_is_given(mechanism: str) -> None:
    """A call gets 63 of 64 parts; what comes before it takes more than a transaction does and less than 200,000."""
    world = make_world(dense_centroids, mechanism=mechanism, profile="solidity", fees=FixedPrice(3))
    world.wait(1)
    vector = Data.numbers([ONE, 0])
    left = halted(world, "ann", "add_data", vector, 2, value=PLENTY)
    assert (LIMIT - 200_000) // 64 < left < (LIMIT - 21_000) // 64
    assert world.send("ann", "add_data", vector, 1, value=PLENTY, gas_limit=LIMIT).ok


@pytest.mark.parametrize("method", ["refund", "report"])
def test_model_that_halts_burns_the_gas_of_whoever_asks_it(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(profile="solidity", fees=FixedPrice(3), refund_window=0)
    now = world.wait(1)
    assert world.send("ann", "add_data", data(0), 1, value=PLENTY).ok

    def halt(*_: Any) -> int:
        raise ExceptionalHalt

    monkeypatch.setattr(world.model, "predict_on_chain", halt)
    left = halted(world, "ann", method, data(0), 1, now, *(("ann",) if method == "report" else ()))
    assert (LIMIT - 100_000) // 64 < left < (LIMIT - 21_000) // 64


def test_lack_of_gas_burns_the_whole_limit() -> None:
    world = make_world(dense_centroids, profile="solidity", fees=FixedPrice(3))
    world.wait(1)
    burned = world.balance(BURNED) + world.balance(PROPOSER)
    receipt = world.send("ann", "add_data", Data.numbers([ONE, 0]), 1, value=PLENTY, gas_limit=100_000)
    assert (receipt.ok, receipt.reason, receipt.gas_used) == (False, "out of gas", 100_000)
    assert world.balance(BURNED) + world.balance(PROPOSER) - burned == 300_000


# -- what constructors and views check ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"any_claim_after": 2**32}, "4294967296 s; the contract stores each in 32 bits"),
        ({"cost_weight": Fraction(2**80), "unit": 1}, "80 bits"),
    ],
)
def test_numbers_that_the_contract_cannot_store_are_refused(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        Parameters(profile="solidity", **wrong)
    Parameters(profile="corrected", **wrong)


def test_largest_numbers_that_the_contract_stores() -> None:
    largest = Parameters("solidity", Fraction(2**80 - 1), 2**32 - 1, 2**32 - 1, 2**32 - 1, unit=1)
    assert largest.any_claim_after == 2**32 - 1


def test_price_of_a_time_before_the_last_update_is_refused_unless_contributions_are_free() -> None:
    world = make_world(profile="solidity")
    with pytest.raises(Revert, match=r"^The last update time is after the current time\.$"):
        world.mechanism.quote(world.chain.clock.now - 1, data(0), 1)
    free = make_world(profile="solidity", cost_weight=0)
    assert free.mechanism.quote(free.chain.clock.now - 1, data(0), 1) == 0
