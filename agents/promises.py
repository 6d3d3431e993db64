"""Commit and reveal: how a participant contributes where a sample must be promised before anybody sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.chain.transaction import Transaction
from sim.contracts.incentive import REVEALED
from sim.features import Data
from sim.units import Seconds
from sim.view import View

if TYPE_CHECKING:
    from agents.base import Participant

_SALT_BYTES = 32


@dataclass(slots=True)
class _Promise:
    """A contribution that was committed to; ``most`` wei is what it may cost, ``sent`` when it was last acted on."""

    data: Data
    label: int
    most: float
    salt: bytes
    commitment: bytes
    sent: Seconds


class Promises:
    """What one participant has committed to and not revealed yet, oldest first.

    At each wake-up it reveals the oldest, at the price of that moment if that is not above what it was willing to pay
    when it chose the sample, and commits to the next one. It keeps a sample that is too dear now, and commits anew to
    one whose commitment was refused or has become too old. Samples that it still keeps when the run ends are lost.
    """

    def __init__(self, who: Participant) -> None:
        self._who = who
        self._open: list[_Promise] = []
        self._salts = who.streams.generator("salts", who.name)

    @property
    def newest(self) -> Data | None:
        """The data of the latest promise; None if there is none."""
        return self._open[-1].data if self._open else None

    def act(self, view: View) -> Sequence[Transaction]:
        """Keep the oldest promise, and make another if that leaves none."""
        self._open = [promise for promise in self._open if view.committed(promise.commitment) != REVEALED]
        kept = self._keep(view, self._open[0]) if self._open else []
        reveals = bool(kept) and kept[0].method == "reveal_data"
        if len(self._open) > reveals:
            return kept
        wish = self._who.wish(view)
        if wish is None:
            return kept
        data, label, _, most = wish
        promise = _Promise(data, label, most, b"", b"", view.now)
        committed = self._commit(view, promise, kept)
        if committed:
            self._open.append(promise)
        return [*kept, *committed]

    def _keep(self, view: View, promise: _Promise) -> list[Transaction]:
        """What is to be sent for a promise now, if anything."""
        if view.now <= promise.sent:
            return []  # what was sent for it waits in this very block
        made = view.committed(promise.commitment)
        least, most = view.commitment_ages
        if made is None or view.now - made > most:
            return self._commit(view, promise, [])
        return self._reveal(view, promise) if view.now - made >= least else []

    def _commit(self, view: View, promise: _Promise, before: Sequence[Transaction]) -> list[Transaction]:
        """A commitment with a new salt, if the wallet covers its fee after what is sent before it."""
        salt = self._salts.bytes(_SALT_BYTES)
        transaction, fee = self._who.priced(view, view.commit(promise.data, promise.label, salt))
        price = view.gas_price + self._who.tip
        spent = sum(earlier.value + earlier.gas_limit * price for earlier in before)
        if transaction.gas_limit >= view.gas_limit or spent + fee > view.balance:
            return []
        promise.salt, promise.sent, (promise.commitment,) = salt, view.now, transaction.arguments
        return [transaction]

    def _reveal(self, view: View, promise: _Promise) -> list[Transaction]:
        """The contribution itself, if it is neither too dear nor beyond the wallet."""
        cost, statement = view.quote(promise.data, promise.label), self._who.statement
        if cost is None or cost > promise.most:
            statement.rejected_price += 1
            return []
        if cost > view.balance:
            statement.rejected_wallet += 1
            return []
        transactions = self._who.afforded(
            view, view.reveal(promise.data, promise.label, promise.salt, cost), promise.most
        )
        if transactions:
            promise.sent = view.now
        return list(transactions)
