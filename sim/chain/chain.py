"""The chain: executes transactions against contracts and guarantees that a refused one leaves only its fee."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from sim.chain.clock import Clock
from sim.chain.fees import FeeMarket, FreeGas
from sim.chain.gas import HARDFORKS, GasSchedule, Meter
from sim.chain.journal import Journal
from sim.chain.ledger import BURNED, PROPOSER, Address, Ledger
from sim.chain.transaction import Call, Log, Receipt, Transaction
from sim.errors import ExceptionalHalt, InvalidTransaction, Revert
from sim.units import Gas, Wei

DEFAULT_GAS_LIMIT: Gas = 30_000_000

_new = tuple.__new__  # makes a named tuple without the detour through its own __new__, on the hot path only


class _Account:
    """What answers at an address without a contract: it takes plain ether and knows no methods."""

    address: Address = ""
    payable: frozenset[str] = frozenset({""})

    def __init__(self) -> None:
        self.methods: dict[str, Callable[..., Any]] = {"": lambda call: None}

    def calldata(self, method: str, arguments: tuple[Any, ...]) -> tuple[int, int]:
        """No bytes are counted."""
        return 0, 0

    def gas_to_refuse(self, method: str) -> Gas:
        """Nobody runs anything."""
        return 0


_ACCOUNT = _Account()


class ContractLike(Protocol):
    """What the chain needs to know of a contract."""

    address: Address
    methods: dict[str, Callable[..., Any]]

    @property
    def payable(self) -> frozenset[str]:
        """The methods that take value."""

    def calldata(self, method: str, arguments: tuple[Any, ...]) -> tuple[int, int]:
        """Zero and non-zero bytes of a call, as the ABI encodes it."""

    def gas_to_refuse(self, method: str) -> Gas:
        """What it costs to be told that there is no such method, or that it takes no value."""


class Chain:
    """An in-memory chain of one transaction a block.

    Parameters
    ----------
    schedule : gas prices of a hard fork, see `HARDFORKS`
    fees : price of gas; free by default
    clock : free-running by default
    gas_limit : gas of a block: no transaction may use more, and one that names no limit of its own may use all of it
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
        self.block_gas_limit = gas_limit
        self.gas_limit = min(gas_limit, schedule.transaction_cap or gas_limit)
        """The most gas of a transaction; some forks allow less than a block has."""
        self.contracts: dict[Address, ContractLike] = {}
        self.nonces: dict[Address, int] = {}
        self.logs: list[Log] = []
        self.transactions = 0
        self.observers: list[Callable[[Receipt], Any]] = []
        """Told of each receipt while the journal still holds the notes of what was written; they change nothing."""

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

        Raises `InvalidTransaction`, and changes nothing, when no block would include it: the sender cannot pay value
        and gas, the nonce is not the next one, or the gas limit is too small for the call's bytes or too large.
        """
        sender, to, method, arguments, value, limit, nonce, extra = transaction
        limit = limit or self.gas_limit
        fees = self.fees
        tip = fees.tip + extra
        price = fees.base_fee + tip
        next_nonce = self.nonces.get(sender, 0)
        most = value + limit * price
        if (
            value < 0 or extra < 0 or limit > self.gas_limit or self.ledger.balances.get(sender, 0) < most
            or sender in self.contracts or (nonce != next_nonce and nonce != -1)
        ):  # fmt: skip
            self._refuse(transaction, limit, most)

        contract = self.contracts.get(to, _ACCOUNT)
        meter, journal = self.meter, self.journal
        zero, nonzero = contract.calldata(method, arguments)
        floor = meter.begin(limit, zero, nonzero)
        logs: list[Log] = []
        self.logs = logs
        ok, reason, result = self._attempt(contract, transaction)
        if not ok:
            logs.clear()
        gas_used = limit - meter.left
        if meter.refunded or gas_used < floor:
            gas_used = meter.finish(floor)
        if price:
            self.ledger.transfer(sender, PROPOSER, gas_used * tip)
            if fees.base_fee:
                self.ledger.transfer(sender, BURNED, gas_used * fees.base_fee)
                fees.include(gas_used)
        self.nonces[sender] = next_nonce + 1
        self.transactions += 1
        facts = transaction, ok, reason, gas_used, gas_used * price, self.clock.now, next_nonce, result, tuple(logs)
        receipt = _new(Receipt, facts)
        if self.observers:
            for observe in self.observers:
                observe(receipt)
        if journal.after_commit:
            journal.commit()
        else:
            journal.undo.clear()  # all that a commit does then
        return receipt

    def estimate_gas(self, transaction: Transaction) -> Gas:
        """The gas limit with which this transaction would just succeed, or what it would burn if it failed now.

        It is run and undone; refunds do not count, since the limit must cover the gas before they are given. The
        answer is the block's own limit for a call that no block has room for.
        """
        contract, logs = self.contracts.get(transaction.to, _ACCOUNT), self.logs
        try:
            sent = contract.calldata(transaction.method, transaction.arguments)
            floor = self.meter.begin(self.gas_limit, *sent)
        except InvalidTransaction:
            return self.gas_limit
        self.logs = []
        try:
            self._attempt(contract, transaction)
        finally:
            self.journal.rollback()
            self.logs = logs
        return max(self.meter.used, floor)

    def _attempt(self, contract: ContractLike, transaction: Transaction) -> tuple[bool, str, Any]:
        """Move the value and run the method: success, reason and result. Whatever went wrong, its effects are undone.

        A contract takes plain ether, or value, only where it says so.
        """
        sender, to, method, arguments, value, _, _, _ = transaction
        try:
            function = contract.methods.get(method)
            if function is None or (value and method not in contract.payable):
                self.meter.charge(contract.gas_to_refuse(method))
                raise Revert
            if value:
                self.ledger.transfer(sender, to, value)
            return True, "", function(_new(Call, (sender, value, self.clock.now)), *arguments)
        except Revert as refusal:
            ok, reason = False, refusal.reason
        except ExceptionalHalt as halt:
            ok, reason = False, halt.reason
            self.meter.left = halt.kept
        except BaseException:
            self.journal.rollback()
            raise
        self.journal.rollback()
        self.meter.refunded = 0
        return ok, reason, None

    def _refuse(self, transaction: Transaction, limit: Gas, most: Wei) -> NoReturn:
        """Say why no block would include a transaction."""
        if transaction.value < 0:
            raise InvalidTransaction(f"value is {transaction.value} wei; it must be 0 or more")
        if transaction.tip < 0:
            raise InvalidTransaction(f"tip is {transaction.tip} wei; it must be 0 or more")
        if limit > self.gas_limit:
            raise InvalidTransaction(f"gas limit is {limit}; at most {self.gas_limit}")
        sender, nonce = transaction.sender, self.nonces.get(transaction.sender, 0)
        if self.ledger.balances.get(sender, 0) < most:
            raise InvalidTransaction(f"{sender} has too little for value and gas ({most} wei)")
        if sender in self.contracts:
            raise InvalidTransaction(f"{sender} is a contract; only accounts send transactions")
        raise InvalidTransaction(f"nonce of {sender} is {transaction.nonce}; it must be {nonce}")
