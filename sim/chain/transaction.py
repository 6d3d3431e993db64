"""What is sent to the chain and what comes back."""

from __future__ import annotations

from typing import Any, NamedTuple

from sim.chain.ledger import Address
from sim.units import Gas, Seconds, Wei

ADDITIONS = frozenset({"add_data", "reveal_data"})
"""The methods of a trainer that add a contribution."""


class Transaction(NamedTuple):
    """A call of one method of a contract.

    ``value`` wei are sent along. ``gas_limit`` 0 stands for the chain's own limit; ``nonce`` -1 for the next one.
    A ``method`` of "" sends plain ether. ``tip`` wei for each unit of gas go to the proposer on top of what the fee
    market asks.
    """

    sender: Address
    to: Address
    method: str
    arguments: tuple[Any, ...] = ()
    value: Wei = 0
    gas_limit: Gas = 0
    nonce: int = -1
    tip: Wei = 0


class Log(NamedTuple):
    """Something a contract announced: ``contract`` is its address, ``data`` depends on the ``event``."""

    contract: Address
    event: str
    data: tuple[Any, ...]


class Receipt(NamedTuple):
    """What became of a transaction. ``fee`` in wei is paid whether it succeeded (``ok``) or not."""

    transaction: Transaction
    ok: bool
    reason: str
    gas_used: Gas
    fee: Wei
    time: Seconds
    nonce: int
    result: Any = None
    logs: tuple[Log, ...] = ()


class Call(NamedTuple):
    """What a contract's method knows of the transaction: who, how much, when."""

    sender: Address
    value: Wei
    now: Seconds
