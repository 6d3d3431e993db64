"""What a transaction may do to the chain, and what it may not."""

from __future__ import annotations

from typing import Any

import pytest

from sim.chain import BURNED, HARDFORKS, PROPOSER, Call, Chain, FixedPrice, Ledger, Map, Transaction
from sim.chain.journal import Journal
from sim.contracts import Contract
from sim.errors import InvalidTransaction, OutOfGas, Revert
from tests.support import data, frozen, make_world, picture

PRICE = 3


class Counter(Contract):
    """A contract to be sent to: counts calls, keeps the value, fails on request."""

    payable = frozenset({"count"})

    def __init__(self, chain: Chain) -> None:
        super().__init__(chain, "counter")
        self.counts: Map[str, int] = Map(self.journal)
        self.methods = {"count": self.count, "fail": self.fail, "break": self.break_}

    def count(self, call: Call, gas: int = 1_000) -> int:
        self.meter.charge(gas)
        self.counts[call.sender] = self.counts.get(call.sender, 0) + 1
        self.emit("Counted", self.counts[call.sender])
        return self.counts[call.sender]

    def fail(self, call: Call, error: type[Exception] = Revert) -> None:
        self.meter.charge(1_000)
        self.counts[call.sender] = 99
        self.emit("Never", 1)
        self.chain.meter.refund_cleared(100)
        raise error("no") if error is Revert else error

    def break_(self, call: Call) -> None:
        self.counts[call.sender] = 99
        raise ZeroDivisionError


def make_chain(price: int = PRICE, fork: str = "prague", **options: Any) -> tuple[Chain, Counter]:
    chain = Chain(HARDFORKS[fork], FixedPrice(tip=price), **options)
    counter = Counter(chain)
    chain.deploy(counter)
    chain.mint("ann", 10**9)
    return chain, counter


def call(method: str = "count", *arguments: Any, **fields: Any) -> Transaction:
    return Transaction("ann", "counter", method, arguments, **fields)


GAS = 21_000 + 4 * 16 + 1_000  # base, four bytes of selector, the contract's own


def test_successful_call_pays_its_gas_and_keeps_its_value() -> None:
    chain, counter = make_chain()
    receipt = chain.execute(call(value=500))
    assert (receipt.ok, receipt.result, receipt.gas_used, receipt.fee) == (True, 1, GAS, PRICE * GAS)
    assert (receipt.nonce, receipt.time, len(receipt.logs)) == (0, 0, 1)
    balance = chain.ledger.balance
    assert (balance("ann"), balance("counter")) == (10**9 - 500 - PRICE * GAS, 500)
    assert (balance(PROPOSER), balance(BURNED)) == (PRICE * GAS, 0)
    assert dict(counter.counts) == {"ann": 1}


def test_nonces_count_executed_transactions_failed_ones_too() -> None:
    chain, _ = make_chain()
    nonces = [chain.execute(transaction).nonce for transaction in (call(), call("fail"), call(nonce=2), call())]
    assert nonces == [0, 1, 2, 3]
    assert chain.nonces == {"ann": 4}
    assert chain.transactions == 4


def test_revert_costs_the_gas_used_and_gives_no_refund_for_cleared_slots() -> None:
    chain, counter = make_chain()
    receipt = chain.execute(call("fail"))
    assert (receipt.ok, receipt.reason, receipt.gas_used, receipt.logs) == (False, "no", GAS, ())
    assert chain.ledger.balance("ann") == 10**9 - PRICE * GAS
    assert dict(counter.counts) == {}


def test_lack_of_gas_costs_the_whole_limit() -> None:
    chain, counter = make_chain()
    receipt = chain.execute(call(gas_limit=GAS - 1, value=7))
    assert (receipt.ok, receipt.reason, receipt.gas_used) == (False, "out of gas", GAS - 1)
    assert (chain.ledger.balance("counter"), dict(counter.counts)) == (0, {})
    assert chain.execute(call("fail", OutOfGas, gas_limit=50_000)).gas_used == 50_000
    assert chain.execute(call(gas_limit=GAS)).ok


def test_bug_in_a_contract_is_raised_and_leaves_nothing() -> None:
    chain, _ = make_chain()
    before = frozen(chain)
    for transaction in (call("break"), call("count", "not a number"), call("count", 1, 2, 3)):
        with pytest.raises((ZeroDivisionError, TypeError)):
            chain.execute(transaction)
        assert frozen(chain) == before


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"value": -1}, "value is -1"),
        ({"tip": -1}, "tip is -1"),
        ({"value": 10**9}, "too little for value and gas"),
        ({"nonce": 1}, "nonce of ann is 1; it must be 0"),
        ({"gas_limit": 30_000_001}, "at most 30000000"),
        ({"sender": "stranger"}, "stranger has too little"),
    ],
)
def test_transaction_no_block_would_include_leaves_no_trace(wrong: dict[str, Any], named: str) -> None:
    chain, _ = make_chain()
    before = frozen(chain)
    with pytest.raises(InvalidTransaction, match=named):
        chain.execute(call()._replace(**wrong))
    assert frozen(chain) == before


def test_sender_must_hold_value_and_the_whole_limit_not_just_what_is_used() -> None:
    chain, _ = make_chain()
    with pytest.raises(InvalidTransaction):
        chain.execute(call(value=10**9 - PRICE * 50_000 + 1, gas_limit=50_000))
    assert chain.execute(call(value=10**9 - PRICE * 50_000, gas_limit=50_000)).ok


@pytest.mark.parametrize("limit", [1, 20_999, 21_063])
def test_limit_below_the_intrinsic_gas_is_no_transaction(limit: int) -> None:
    """A block cannot include it (Ethereum's execution specification), so nothing can be charged for it."""
    chain, _ = make_chain()
    before = frozen(chain)
    with pytest.raises(InvalidTransaction):
        chain.execute(call(gas_limit=limit))
    assert frozen(chain) == before


def test_nobody_pays_for_more_gas_than_the_limit() -> None:
    """Prague's calldata floor may lie above the gas used: then the limit must cover it, or it is no transaction."""
    world = make_world(fees=FixedPrice(1), accounts={"ann": 10**24, "poor": 30_000})
    arguments = (data(*range(300)), 0)
    for sender in ("ann", "poor"):
        before = picture(world)
        try:
            receipt = world.chain.execute(Transaction(sender, "trainer", "add_data", arguments, gas_limit=30_000))
        except InvalidTransaction:
            assert picture(world) == before
        else:
            assert receipt.gas_used <= 30_000


@pytest.mark.parametrize("added_time", [-1, 2**256])
def test_argument_no_abi_can_encode_is_refused_without_a_crash(added_time: int) -> None:
    """Whatever it is called, it must not be a contract's revert that escapes from the chain."""
    world = make_world()
    before = picture(world)
    try:
        receipt = world.send("ann", "refund", data(0), 1, added_time)
    except InvalidTransaction:
        assert picture(world) == before
    else:
        assert not receipt.ok


def test_contract_cannot_send() -> None:
    """Money in escrow moves by the contract's code only (EIP-3607)."""
    world = make_world()
    assert world.send("ann", "add_data", data(0), 1, value=10**20).ok
    before = picture(world)
    with pytest.raises(InvalidTransaction):
        world.chain.execute(Transaction("trainer", "bob", "", (), 1))
    assert picture(world) == before


def test_estimate_is_just_enough_and_leaves_no_trace() -> None:
    world = make_world(fees=FixedPrice(2))
    world.wait(5)
    transaction = Transaction("ann", "trainer", "add_data", (data(0, 1, 2), 1), 10**20)
    before = picture(world)
    logs = world.chain.logs
    limit = world.chain.estimate_gas(transaction)
    assert picture(world) == before
    assert world.chain.logs is logs
    short = world.chain.execute(transaction._replace(gas_limit=limit - 1))
    assert (short.ok, short.reason) == (False, "out of gas")
    assert world.chain.execute(transaction._replace(gas_limit=limit)).ok


def test_estimate_covers_the_gas_before_refunds() -> None:
    world = make_world(refund_window=0)
    now = world.wait(5)
    world.send("ann", "add_data", data(0), 1, value=10**20)
    transaction = Transaction("ann", "trainer", "refund", (data(0), 1, now))
    limit = world.chain.estimate_gas(transaction)
    receipt = world.chain.execute(transaction._replace(gas_limit=limit))
    assert receipt.ok
    assert receipt.gas_used < limit  # a slot was cleared


def test_estimate_of_a_failing_call_is_what_it_burns() -> None:
    chain, _ = make_chain()
    assert chain.estimate_gas(call("fail")) == GAS
    assert chain.estimate_gas(Transaction("ann", "bob", "", (), 1)) == 21_000


def test_base_fee_is_burned_and_the_tip_goes_to_the_proposer() -> None:
    chain, _ = make_chain()
    chain.fees = FixedPrice(tip=2, base_fee=7)
    receipt = chain.execute(call())
    assert receipt.fee == 9 * GAS
    assert (chain.ledger.balance(BURNED), chain.ledger.balance(PROPOSER)) == (7 * GAS, 2 * GAS)
    assert chain.execute(call(tip=3)).fee == (9 + 3) * GAS  # a tip of one's own comes on top
    assert (chain.ledger.balance(BURNED), chain.ledger.balance(PROPOSER)) == (2 * 7 * GAS, (2 + 2 + 3) * GAS)
    assert sum(chain.ledger.balances.values()) == chain.ledger.minted


def test_osaka_caps_a_transaction() -> None:
    chain, _ = make_chain(fork="osaka")
    assert chain.gas_limit == 2**24
    with pytest.raises(InvalidTransaction, match="16777216"):
        chain.execute(call(gas_limit=2**24 + 1))
    assert make_chain(fork="osaka", gas_limit=10**6)[0].gas_limit == 10**6


def test_contract_is_deployed_once() -> None:
    chain, _ = make_chain()
    second = Counter(chain)
    with pytest.raises(ValueError, match="already"):
        chain.deploy(second)


def test_contract_refuses_value_and_names_it_does_not_know() -> None:
    chain, _ = make_chain()
    for transaction in (call("fail", value=1), call(""), call("", value=1), call("no such method")):
        receipt = chain.execute(transaction)
        assert (receipt.ok, receipt.reason) == (False, "")
    assert chain.ledger.balance("counter") == 0


def test_ledger_refuses_what_would_make_or_lose_money() -> None:
    ledger = Ledger(Journal())
    ledger.mint("ann", 5)
    with pytest.raises(Revert, match="insufficient"):
        ledger.transfer("ann", "bob", 6)
    for wrong in (lambda: ledger.transfer("ann", "bob", -1), lambda: ledger.mint("ann", -1)):
        with pytest.raises(ValueError, match="0 or more"):
            wrong()
    with pytest.raises(TypeError):  # no other door
        ledger.balances["bob"] = 6  # type: ignore[index]
    ledger.transfer("ann", "ann", 5)
    ledger.transfer("nobody", "somebody", 0)
    ledger.transfer("ann", "bob", 5)
    assert (dict(ledger.balances), ledger.minted) == ({"ann": 0, "bob": 5}, 5)
