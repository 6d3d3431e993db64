"""The chain: executes transactions against contracts and guarantees that a refused one leaves only its fee."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sim.chain.clock import Clock
from sim.chain.fees import FeeMarket, FreeGas
from sim.chain.gas import HARDFORKS, GasSchedule, Meter
from sim.chain.journal import Journal
from sim.chain.ledger import BURNED, PROPOSER, Address, Ledger
from sim.chain.transaction import Call, Log, Receipt, Transaction
from sim.errors import ExceptionalHalt, InvalidTransaction, Revert
from sim.units import Gas

DEFAULT_GAS_LIMIT: Gas = 30_000_000


class ContractLike(Protocol):
    """What the chain needs to know of a contract."""

    address: Address
    methods: dict[str, Callable[..., Any]]
    payable: frozenset[str]

    def calldata(self, method: str, arguments: tuple[Any, ...]) -> tuple[int, int]:
        """Zero and non-zero bytes of a call, as the ABI encodes it."""


class Chain:
    """An in-memory chain of one transaction a block.

    Parameters
    ----------
    schedule : gas prices of a hard fork, see `HARDFORKS`
    fees : price of gas; free by default
    clock : free-running by default
    gas_limit : gas a transaction may use where it names no limit of its own
    """

    def __init__(
        self,
        schedule: GasSchedule = HARDFORKS["prague"],
        fees: FeeMarket | None = None,
        clock: Clock | None = None,
        gas_limit: Gas = DEFAULT_GAS_LIMIT,
    ) -> None:
        self.journal = Journal()
        self.ledger = Ledger(self.journal)
        self.meter = Meter(schedule)
        self.fees: FeeMarket = fees or FreeGas()
        self.clock = clock or Clock()
        self.gas_limit = min(gas_limit, schedule.transaction_cap or gas_limit)
        self.contracts: dict[Address, ContractLike] = {}
        self.nonces: dict[Address, int] = {}
        self.logs: list[Log] = []
        self.transactions = 0

    def deploy(self, contract: ContractLike) -> None:
        """Make a contract callable at its address, and its state so far final."""
        if contract.address in self.contracts:
            raise ValueError(f"there is a contract at {contract.address!r} already")
        self.contracts[contract.address] = contract
        self.journal.commit()

    def mint(self, address: Address, amount: int) -> None:
        """Give an account money that did not exist before (only before an economy starts)."""
        self.ledger.mint(address, amount)
        self.journal.commit()

    def execute(self, transaction: Transaction) -> Receipt:
        """Run a transaction now. A revert or a lack of gas undoes all but the fee and the nonce.

        Raises `InvalidTransaction`, and changes nothing, when the sender cannot pay value and gas, the nonce is not
        the next one or the limit is above what the fork allows.
        """
        sender, to, method, arguments, value, limit, _ = transaction
        limit = limit or self.gas_limit
        price = self.fees.base_fee + self.fees.tip
        next_nonce = self.nonces.get(sender, 0)
        self._check(transaction, value + limit * price, limit, next_nonce)

        contract = self.contracts.get(to)
        meter, schedule = self.meter, self.meter.schedule
        zero, nonzero = contract.calldata(method, arguments) if contract else (0, 0)
        logs: list[Log] = []
        self.logs = logs
        ok, reason, result = True, "", None
        meter.start(limit)
        try:
            meter.charge(schedule.transaction + schedule.calldata(zero, nonzero))
            result = self._call(contract, transaction)
        except Revert as refusal:
            ok, reason = False, refusal.reason
        except ExceptionalHalt as halt:
            ok, reason = False, halt.reason
            meter.used = limit
        except BaseException:
            self.journal.rollback()
            raise
        if not ok:
            self.journal.rollback()
            meter.refunded = 0
            logs.clear()
        gas_used = meter.finish(schedule.floor(zero, nonzero))
        if price:
            self.ledger.transfer(sender, BURNED, gas_used * self.fees.base_fee)
            self.ledger.transfer(sender, PROPOSER, gas_used * self.fees.tip)
        self.nonces[sender] = next_nonce + 1
        self.transactions += 1
        self.journal.commit()
        return Receipt(
            transaction, ok, reason, gas_used, gas_used * price, self.clock.now, next_nonce, result, tuple(logs)
        )

    def estimate_gas(self, transaction: Transaction) -> Gas:
        """The gas limit with which this transaction would just succeed, or what it would burn if it failed now.

        It is run and undone; refunds do not count, since the limit must cover the gas before they are given.
        """
        contract = self.contracts.get(transaction.to)
        meter, schedule, logs = self.meter, self.meter.schedule, self.logs
        zero, nonzero = contract.calldata(transaction.method, transaction.arguments) if contract else (0, 0)
        self.logs = []
        meter.start(self.gas_limit)
        try:
            meter.charge(schedule.transaction + schedule.calldata(zero, nonzero))
            self._call(contract, transaction)
        except (Revert, ExceptionalHalt):
            pass
        finally:
            self.journal.rollback()
            self.logs = logs
        return max(meter.used, schedule.floor(zero, nonzero))

    def _check(self, transaction: Transaction, most: int, limit: Gas, next_nonce: int) -> None:
        if transaction.value < 0:
            raise InvalidTransaction(f"value is {transaction.value} wei; it must be 0 or more")
        if self.ledger.balances.get(transaction.sender, 0) < most:
            raise InvalidTransaction(f"{transaction.sender} has too little for value and gas ({most} wei)")
        if transaction.nonce not in (-1, next_nonce):
            raise InvalidTransaction(f"nonce of {transaction.sender} is {transaction.nonce}; it must be {next_nonce}")
        if limit > self.gas_limit:
            raise InvalidTransaction(f"gas limit is {limit}; at most {self.gas_limit}")

    def _call(self, contract: ContractLike | None, transaction: Transaction) -> Any:
        """Move the value and run the method; a contract takes plain ether, or value, only where it says so."""
        sender, to, method, arguments, value, _, _ = transaction
        if contract is None:
            if method:
                raise Revert
            self.ledger.transfer(sender, to, value)
            return None
        function = contract.methods.get(method)
        if function is None or (value and method not in contract.payable):
            raise Revert
        if value:
            self.ledger.transfer(sender, to, value)
        return function(Call(sender, value, self.clock.now), *arguments)
