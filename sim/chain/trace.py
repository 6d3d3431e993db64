"""Traces: every transaction of a chain as a line of JSON that anyone can execute again and compare.

The first line says where the chain starts, then comes a line for each transaction, the refused ones too, in their
order, and last the totals. Every line ends with a running **digest** of itself and the digest before it, and the last
one tells digests of the whole state: whoever executes the lines again from the same start and finds the same state
has proved it from the log.

Wei, and whole numbers in logs and results, are decimal strings, since they may be of any size; so is an argument of
2^53 and more, as ``{"integer": "…"}``. A sample is ``{"sample": n}`` by its number; its features stand beside that
where it is met first.

>>> chain = Chain(); chain.mint("ann", 5); lines = []
>>> recorder = Recorder(chain, lines.append)
>>> recorder.begin({"trace": "an example"}); chain.observers.append(recorder.note)
>>> _ = chain.execute(Transaction("ann", "bob", "", value=2)); recorder.end()
>>> [json.loads(line).get("balances") for line in lines]
[None, {'ann': '3', 'bob': '2'}, None]
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from sim.chain.chain import Chain
from sim.chain.journal import MISSING, Column, Map, Value, Weights
from sim.chain.ledger import Address
from sim.chain.transaction import Log, Receipt, Transaction
from sim.features import Data
from sim.units import Wei

FORMAT = 1
"""Version of the format; a reader refuses a later one."""

Entry = dict[str, Any]
"""A line of a trace, as JSON reads it."""

_SAFE_INTEGER = 2**53
_CELLS = (Value, Map, Column, Weights)
_UNSIGNED_NUMBER = frozenset("0123456789")


class Recorder:
    """Writes what happens on a chain, from `begin` to `end`.

    Parameters
    ----------
    chain : to be observed
    write : takes each line, with its line feed
    prediction : what the model would have answered, a free view of a receipt; None where there is nothing to ask

    `note` is an observer for ``chain.observers``.
    """

    def __init__(
        self,
        chain: Chain,
        write: Callable[[str], Any],
        prediction: Callable[[Receipt], int | None] = lambda receipt: None,
    ) -> None:
        self.chain = chain
        self.digest = ""
        """The running digest of all lines so far."""
        self._write = write
        self._prediction = prediction
        self._samples: dict[bytes, int] = {}
        self._transactions = self._succeeded = self._gas_used = 0
        self._fees: Wei = 0

    def begin(self, header: Mapping[str, Any]) -> None:
        """Write the first line: the header, and the chain as it is now."""
        self.put(dict(header) | self.start())

    def note(self, receipt: Receipt) -> None:
        """Write the line of a transaction."""
        self.put(self.entry(receipt))

    def end(self) -> None:
        """Write the last line."""
        self.put(self.totals())

    def put(self, entry: Entry) -> None:
        """Write a line and seal it with the running digest."""
        self.digest = seal(entry, self.digest)
        self._write(f'{_text(entry)[:-1]},"digest":"{self.digest}"}}\n')

    def start(self) -> Entry:
        """Time, accounts with their balances in wei, and digests of the state."""
        chain = self.chain
        accounts = {
            address: str(amount) for address, amount in chain.ledger.balances.items() if address not in chain.contracts
        }
        return {"start": chain.clock.now, "accounts": accounts, "state": state_digests(chain)}

    def entry(self, receipt: Receipt) -> Entry:
        """The line of a transaction, without its digest. Asked while its writes are not final yet."""
        transaction = receipt.transaction
        self._transactions += 1
        self._succeeded += receipt.ok
        self._gas_used += receipt.gas_used
        self._fees += receipt.fee
        entry: Entry = {
            "time": receipt.time,
            "sender": transaction.sender,
            "to": transaction.to,
            "method": transaction.method,
            "arguments": [self._argument(argument) for argument in transaction.arguments],
            "value": str(transaction.value),
            "gas_limit": transaction.gas_limit or self.chain.gas_limit,
            "nonce": receipt.nonce,
            "ok": receipt.ok,
            "reason": receipt.reason,
            "gas_used": receipt.gas_used,
            "fee": str(receipt.fee),
        }
        if transaction.tip:
            entry["tip"] = str(transaction.tip)
        if receipt.result is not None:
            entry["result"] = _plain(receipt.result)
        if receipt.logs:
            entry["logs"] = [_log(log) for log in receipt.logs]
        prediction = self._prediction(receipt)
        if prediction is not None:
            entry["prediction"] = prediction
        balances = changed_balances(self.chain)
        if balances:
            entry["balances"] = {address: str(amount) for address, amount in balances.items()}
        return entry

    def totals(self) -> Entry:
        """The last line, without its digest: sums over all transactions, and digests of the state they led to."""
        return {
            "transactions": self._transactions,
            "succeeded": self._succeeded,
            "gas_used": self._gas_used,
            "fees": str(self._fees),
            "minted": str(self.chain.ledger.minted),
            "state": state_digests(self.chain),
        }

    def _argument(self, argument: Any) -> Any:
        if isinstance(argument, Data):
            number = self._samples.get(argument.key)
            if number is not None:
                return {"sample": number}
            number = self._samples[argument.key] = len(self._samples)
            kind = "numbers" if argument.features.dtype == object else "features"
            return {"sample": number, kind: argument.features.tolist()}
        if isinstance(argument, int) and not -_SAFE_INTEGER < argument < _SAFE_INTEGER:
            return {"integer": str(argument)}
        if isinstance(argument, int | str):
            return argument
        if isinstance(argument, bytes):
            return {"bytes": argument.hex()}
        if isinstance(argument, tuple):
            return {"list": [self._argument(item) for item in argument]}
        raise TypeError(
            f"a trace holds samples, integers, texts, bytes and lists of them, no {type(argument).__name__}"
        )


class Reader:
    """Turns lines back into transactions, in their order: a sample is known once its features were read."""

    def __init__(self) -> None:
        self._samples: dict[int, Data] = {}

    def transaction(self, entry: Entry) -> Transaction:
        """What the line says was sent. Raises `KeyError`, `TypeError` or `ValueError` where it is no transaction."""
        arguments, sender, to, method = entry["arguments"], entry["sender"], entry["to"], entry["method"]
        if not all(isinstance(text, str) for text in (sender, to, method)):
            raise TypeError("sender, to and method are texts")
        return Transaction(
            sender, to, method, tuple(self._argument(argument) for argument in arguments), wei_of(entry["value"]),
            _whole(entry["gas_limit"]), _whole(entry["nonce"]), wei_of(entry.get("tip", "0")),
        )  # fmt: skip

    def _argument(self, argument: Any) -> Any:
        if not isinstance(argument, dict):
            return argument if isinstance(argument, str) else _whole(argument)
        if "integer" in argument:
            return int(argument["integer"])
        if "bytes" in argument:
            return bytes.fromhex(argument["bytes"])
        if "list" in argument:
            return tuple(self._argument(item) for item in argument["list"])
        number = _whole(argument["sample"])
        for kind, make in (("features", Data), ("numbers", Data.numbers)):
            if kind in argument:
                self._samples[number] = make([_whole(feature) for feature in argument[kind]])
        if number not in self._samples:
            raise ValueError(f"sample {number} is named before its features were given")
        return self._samples[number]


def seal(entry: Entry, before: str) -> str:
    """The running digest of a line: SHA-256, in hex, of the digest ``before`` it and its JSON without its own."""
    return hashlib.sha256((before + _text(entry)).encode()).hexdigest()


def wei_of(text: Any) -> Wei:
    """The amount behind a decimal string. Raises `ValueError`."""
    if not isinstance(text, str) or not text or not _UNSIGNED_NUMBER.issuperset(text):
        raise ValueError(f"{text!r} is no amount; wei are written as decimal strings")
    return int(text)


def changed_balances(chain: Chain) -> dict[Address, Wei]:
    """Balances after a transaction that changed by it, in wei, from the journal's notes of what was written."""
    before: dict[Address, Wei] = {}
    for cell, *note in chain.journal.undo:
        if cell is chain.ledger:
            source, available, target, received = note
            before.setdefault(source, available)
            before.setdefault(target, 0 if received is MISSING else received)
    balances = chain.ledger.balances
    return {address: balances[address] for address, amount in before.items() if balances[address] != amount}


def state_digests(chain: Chain) -> dict[str, str]:
    """SHA-256, in hex, of the balances, the nonces and every contract's cells by address, and of ``all`` of them.

    A contract's part is every journalled cell that can be reached from it and belongs to no contract before it.
    """
    seen = {id(part) for part in (chain, chain.journal, chain.journal.undo, chain.ledger, chain.contracts)}
    seen |= {id(chain.meter), id(chain.clock), id(chain.fees)} | {id(part) for part in chain.contracts.values()}
    parts: dict[str, Any] = {"ledger": [dict(chain.ledger.balances), chain.ledger.minted], "nonces": chain.nonces}
    for address, contract in chain.contracts.items():
        seen.discard(id(contract))
        parts[address] = list(_cells(contract, "", seen))
    found = {}
    for name, part in parts.items():
        digest = hashlib.sha256()
        _feed(digest, part)
        found[name] = digest.hexdigest()
    return {"all": hashlib.sha256(_text(found).encode()).hexdigest()} | found


def _cells(thing: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Every journalled cell that can be reached from a thing's attributes, with its path."""
    if isinstance(thing, str | bytes | int | float | Fraction | np.ndarray | Data | None) or id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, _CELLS):
        yield path, thing
    elif isinstance(thing, dict):
        for key, item in thing.items():
            yield from _cells(item, f"{path}[{key!r}]", seen)
    elif isinstance(thing, list | tuple):
        for number, item in enumerate(thing):
            yield from _cells(item, f"{path}[{number}]", seen)
    elif not isinstance(thing, type) and not callable(thing):
        for name in _attributes(thing):
            yield from _cells(getattr(thing, name, None), f"{path}.{name}", seen)


def _attributes(thing: Any) -> dict[str, None]:
    """Names of a thing's attributes, in the order in which it has them."""
    names: dict[str, None] = dict.fromkeys(getattr(thing, "__dict__", ()))
    for kind in type(thing).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        names |= dict.fromkeys((slots,) if isinstance(slots, str) else slots)
    return names


def _feed(digest: Any, thing: Any) -> None:
    """Add a thing to a digest, so that different things add different bytes."""
    if isinstance(thing, np.generic):
        thing = thing.item()
    if isinstance(thing, Data):
        digest.update(b"d%d:" % len(thing.key) + thing.key)
    elif isinstance(thing, Value):
        _feed(digest, thing.value)
    elif isinstance(thing, Weights):
        _feed(digest, thing.array)
    elif isinstance(thing, np.ndarray) and thing.dtype != object:
        digest.update(f"a{thing.dtype.kind}{thing.dtype.itemsize}{thing.shape}".encode())
        digest.update(thing.astype(thing.dtype.newbyteorder("<"), copy=False).tobytes())
    elif isinstance(thing, dict):
        digest.update(b"{%d:" % len(thing))
        for item in thing.items():
            _feed(digest, item)
    elif isinstance(thing, list | tuple | np.ndarray):
        digest.update(b"[%d:" % len(thing))
        for item in thing:
            _feed(digest, item)
    elif isinstance(thing, bytes | str):
        raw = thing if isinstance(thing, bytes) else thing.encode()
        digest.update(b"%c%d:" % (b"b" if isinstance(thing, bytes) else b"s", len(raw)) + raw)
    elif thing is None or thing is MISSING or isinstance(thing, bool | int | float | Fraction):
        digest.update(f"{type(thing).__name__} {thing!r};".encode())
    else:
        raise TypeError(f"no digest is known of a {type(thing).__name__}; cells hold numbers, texts and lists of them")


def _log(log: Log) -> Entry:
    return {"contract": log.contract, "event": log.event, "data": [_plain(item) for item in log.data]}


def _plain(item: Any) -> Any:
    """A whole number as a decimal string; a text marked as such, as an address may look like a number."""
    if isinstance(item, int):
        return str(int(item))
    if isinstance(item, str):
        return {"text": item}
    raise TypeError(f"a trace's logs and results hold integers and texts, no {type(item).__name__}")


def _whole(number: Any) -> int:
    if type(number) is not int:
        raise TypeError(f"{number!r} is no whole number")
    return number


def _text(entry: Any) -> str:
    return json.dumps(entry, separators=(",", ":"))
