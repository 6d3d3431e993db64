"""What everyone has in the reference simulation, worked out beside our ledger, and held against it and the trace.

Amounts and balances of the reference are floats. They are worked out in the order in which the reference does (its
**book**), and must be what a trace says, exactly; the ledger must agree with them to `TOLERANCE` of a unit or `SHARE`
of the amount. It never refuses a payment for lack of money: it moves what there is, and books the rest as if it had
been paid. Whoever lacks money here is lent it, so that the ledger pays in full; how much more than in the reference an
account therefore has is kept in ``excess``. Every such payment is reported.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from experiments.replay.comparison import Comparison
from experiments.replay.reference_contracts import UNIT
from sim.chain import Address, Chain
from sim.units import Wei

TOLERANCE, SHARE = 1e-6, 1e-12
"""How far ours may be from an amount of the reference, which is a float: so many units, or this part of itself."""

_SHORT = "short payments of the reference: it moved what there was, our ledger pays in full from a loan"


class Due(NamedTuple):
    """A payment: who gets it, what the reference owes in units, and what our ledger paid in wei."""

    target: Address
    units: float
    wei: Wei


class Book:
    """Balances in units by the reference's arithmetic, beside those of a chain.

    ``balances`` are those at the start, ``contract`` is the reference's name for the account of the contract,
    ``address`` ours. Raises `TypeError` for balances that are no numbers.
    """

    def __init__(
        self, balances: dict[str, Any], chain: Chain, contract: str, address: Address, comparison: Comparison
    ) -> None:
        self.chain, self.contract, self.address, self.comparison = chain, contract, address, comparison
        for name, amount in balances.items():
            chain.mint(name, wei_of(amount))
        self.balances: dict[Address, float] = dict(balances)
        self.told: dict[str, Any] = balances
        """The same, as the trace told it last."""
        self.excess: Counter[Address] = Counter()
        self.drift = max(TOLERANCE, SHARE * sum(balances.values()))

    def lend(self, name: Address, value: Wei) -> None:
        """What somebody lacks of the value it sends, or the contract of what it pays."""
        address = self.address if name == self.contract else name
        lacking = value - self.chain.ledger.balance(address)
        if lacking > 0:
            self.chain.mint(address, lacking)
            self.excess[name] += lacking

    def join(self, balances: dict[str, Any]) -> None:
        """Newcomers get accounts."""
        for name, amount in balances.items():
            self.chain.mint(name, wei_of(amount))
        self.balances |= balances
        self.told = self.told | balances
        self.drift = max(self.drift, SHARE * sum(self.balances.values()))

    def send(self, payer: Address, due: Due) -> float:
        """Pay as the reference does, with what there is; how much that was, in units."""
        book, units = self.balances, due.units
        if book[payer] < units:
            units = book[payer]
            short = max(0, wei_of(due.units) - wei_of(units))
            self.excess[payer] -= short
            self.excess[due.target] += short
            if short > UNIT * TOLERANCE:
                told = f"{payer!r} pays {due.target!r} {units:g} of {due.units:g} units"
                self.comparison.report(_SHORT, told)
        book[payer] -= units
        book[due.target] = book[due.target] + units if due.target in book else units
        return units

    def compare(self, line: dict[str, Any], changed: bool) -> None:
        """Compare all balances after a call; what is not told is as it was told last."""
        if line.get("bal") is not None:
            self.told = line["bal"]
        elif not changed:
            return
        self.compare_accounts(self.told)

    def compare_accounts(self, recorded: dict[str, Any]) -> None:
        """Compare these balances with the book, exactly, and with the ledger."""
        comparison, ledger = self.comparison, self.chain.ledger
        for name, units in (self.balances | recorded).items():
            comparison.checked["balances"] += 1
            address = self.address if name == self.contract else name
            ours = (ledger.balance(address) - self.excess[name]) / UNIT
            if recorded.get(name, 0) != self.balances.get(name, 0) or abs(ours - units) > self.drift:
                comparison.differ("balances", f"balance of {name}", recorded.get(name), ours)

    def amount(self, field: str, recorded: Any, theirs: float, wei: Wei) -> None:
        """Compare what a trace says with what the reference owes, exactly, and both with our wei."""
        self.comparison.checked["amounts"] += 1
        if recorded != theirs or abs(wei / UNIT - theirs) > max(TOLERANCE, SHARE * abs(theirs)):
            self.comparison.differ("amounts", field, recorded, theirs)

    def payments(self, line: dict[str, Any], payer: Address, due: list[Due]) -> None:
        """Compare who paid whom how much in a call, while the book is brought up to date."""
        comparison, recorded = self.comparison, line.get("moves") or []
        if len(recorded) != len(due):
            comparison.differ("amounts", "number of payments", len(recorded), len(due))
        for number, payment in enumerate(due):
            paid = self.send(payer, payment)
            if number < len(recorded):
                source, target, units, *really = recorded[number]
                comparison.same("amounts", "payment", [source, target], [payer, payment.target])
                self.amount("payment", units, payment.units, payment.wei)
                comparison.checked["amounts"] += 1
                if (really[0] if really else units) != paid:
                    comparison.differ("amounts", "really paid", really[0] if really else units, paid)


def wei_of(units: float) -> Wei:
    """Units of the reference as wei, exactly, but for fractions of a wei."""
    if type(units) not in (int, float):
        raise TypeError(f"{units!r} is no amount")
    numerator, denominator = units.as_integer_ratio()
    return numerator * UNIT // denominator
