"""What all contracts share: an address, journalled state, the gas door and logs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, NoReturn

from sim.chain.chain import Chain
from sim.chain.ledger import Address
from sim.chain.transaction import Call, Log
from sim.errors import Revert
from sim.units import Gas

NOT_THE_OWNER = "Sender is not the owner."
HANDLER_REFUSED: tuple[Gas, Gas] = (782, 6)
TRANSFER_REFUSED: tuple[Gas, Gas] = (470, 0)
"""What being refused costs, from gas measured on the contracts: see `Contract.for_owner`."""

_TAKES_NO_ETHER, _TAKES_NO_VALUE = 46, 145
_WORD = 32

_new = tuple.__new__  # makes a named tuple without the detour through its own __new__


class Contract:
    """A contract on a chain. State lives only in cells of ``self.journal``; gas is spent only by ``self.meter.charge``.

    ``methods`` maps the names a transaction may call to functions; ``payable`` names those that take value.
    """

    payable: frozenset[str] = frozenset()

    for_owner: ClassVar[dict[str, tuple[Gas, Gas]]] = {}
    """Methods that answer only the contract which owns this one, the trainer, and what it costs a stranger to be told
    so: gas beside the read of the owner, and gas for each word of its arguments (see docs/gas.md)."""

    def __init__(self, chain: Chain, address: Address) -> None:
        self.chain = chain
        self.address = address
        self.journal = chain.journal
        self.meter = chain.meter
        self.schedule = chain.meter.schedule
        self.methods: dict[str, Callable[..., Any]] = {
            name: partial(self._refuse_stranger, *gas) for name, gas in self.for_owner.items()
        }

    def calldata(self, method: str, arguments: tuple[Any, ...]) -> tuple[int, int]:
        """Zero and non-zero bytes of a call in ABI encoding: a selector, and arguments given as bytes."""
        encoded = b"".join(argument for argument in arguments if isinstance(argument, bytes))
        zero = encoded.count(0)
        return zero, (4 if method else 0) + len(encoded) - zero

    def gas_to_refuse(self, method: str) -> Gas:
        """What it takes to see that a call carries ether only, or value for a method that takes none."""
        return _TAKES_NO_VALUE if method else _TAKES_NO_ETHER

    def emit(self, event: str, *data: Any) -> None:
        """Announce something to whoever reads the logs of a receipt."""
        self.chain.logs.append(_new(Log, (self.address, event, data)))

    def _refuse_stranger(self, overhead: Gas, per_word: Gas, call: Call, *arguments: Any) -> NoReturn:
        """Whoever sends a transaction is not the owner: the trainer is, and it sends none."""
        words = sum(len(argument) // _WORD for argument in arguments if isinstance(argument, bytes))
        self.meter.charge(self.schedule.loads(1) + overhead + per_word * words)
        raise Revert(NOT_THE_OWNER)
