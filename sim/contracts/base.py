"""What all contracts share: an address, journalled state, the gas door and logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from sim.chain.chain import Chain
from sim.chain.ledger import Address
from sim.chain.transaction import Log


class Contract:
    """A contract on a chain. State lives only in cells of ``self.journal``; gas is spent only by ``self.meter.charge``.

    ``methods`` maps the names a transaction may call to functions; ``payable`` names those that take value.
    """

    payable: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, chain: Chain, address: Address) -> None:
        self.chain = chain
        self.address = address
        self.journal = chain.journal
        self.meter = chain.meter
        self.schedule = chain.meter.schedule
        self.methods: dict[str, Callable[..., Any]] = {}

    def calldata(self, method: str, arguments: tuple[Any, ...]) -> tuple[int, int]:
        """Zero and non-zero bytes of a call in ABI encoding; a bare selector unless a contract says more."""
        return 0, 4 if method else 0

    def emit(self, event: str, *data: Any) -> None:
        """Announce something to whoever reads the logs of a receipt."""
        self.chain.logs.append(tuple.__new__(Log, (self.address, event, data)))
