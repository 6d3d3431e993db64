"""What a role, a coalition, or any other set of groups did, gained and lost together.

The fate of their deposits is told in full: what was ``deposited`` was ``refunded``, ``taken_by_reports`` within the
window, ``taken_by_owner``, ``taken_late`` (after t_a, by anyone, its author too), ``burned``, or is still ``locked``.
``most_locked`` is the most that was locked when accuracy was measured; ``runway_days`` how long the least that their
wallets held at such a moment would have paid deposits at their mean pace. ``ruin_days`` is the first such moment at
which wallets and locked deposits together were below 5 % of the money at the start (``ruined``), else the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiments.classes import ClassFacts, rarest_and_commonest
from experiments.survival import RUINED_BELOW
from sim.units import DAY, YEAR, Wei, to_units

if TYPE_CHECKING:
    from experiments.result import AgentRow, Result

ROLES = {"honest": False, "adversary": True}
"""The roles in every table, and whether they mean harm."""

PARTY_COLUMNS = {
    "addresses": "int", "start": "money", "end": "money", "locked": "money", "profit": "money",
    "profit_percent": "float", "profit_fiat": "float", "return_on_locked_percent": "float",
    "economic_profit_units": "float",
    "accepted": "int", "share_of_accepted": "float",
    "rejected_price": "int", "rejected_wallet": "int", "rejected_gas": "int", "rejected_declined": "int",
    "rejected_refused": "int",
    "deposited": "money", "refunds": "int", "refunded": "money", "crumbs": "int", "reports": "int",
    "reported": "money", "expired": "int", "expired_taken": "money", "taken": "money",
    "taken_by_reports": "money", "taken_by_owner": "money", "taken_late": "money",
    "burned": "money", "fees": "money",
    "fees_fiat": "float", "predictions_earned": "money", "points": "int", "utility_units": "float",
    "rho_count": "float", "rho_value": "float",
    "rho_count_rarest_class": "float", "rho_count_commonest_class": "float",
    "lost_percent_rarest_class": "float", "lost_percent_commonest_class": "float",
    "true_lost": "money", "most_locked": "money", "runway_days": "float", "ruined": "flag", "ruin_days": "float",
}  # fmt: skip
"""Kind of each outcome; ``money`` is two of them, ``*_wei`` and ``*_units``."""

_SUMS = {
    "start": "start_balance", "locked": "locked", "deposited": "deposited", "refunded": "refunded_value",
    "reported": "reported_value", "expired_taken": "expired_value", "taken": "taken_from",
    "taken_by_reports": "lost_to_reports", "taken_by_owner": "lost_to_owner", "taken_late": "lost_late",
    "burned": "burned", "fees": "fees", "predictions_earned": "predictions_earned",
}  # fmt: skip
_COUNTS = {
    "accepted": "submitted", "rejected_price": "rejected_price", "rejected_wallet": "rejected_wallet",
    "rejected_gas": "rejected_gas", "rejected_declined": "rejected_declined", "rejected_refused": "refused",
    "refunds": "refunded", "crumbs": "crumbs", "reports": "reported", "expired": "expired",
}  # fmt: skip


def party_facts(result: Result, rows: Sequence[AgentRow]) -> dict[str, Any]:
    """The outcomes of some addresses together, which are whole groups; of none, that they are none."""
    if not rows:
        return {"addresses": 0}
    money = {name: _total(rows, field) for name, field in _SUMS.items()}
    money |= {"end": sum(row.final_balance for row in rows), "profit": sum(row.profit for row in rows)}
    facts: dict[str, Any] = {"addresses": len(rows)}
    facts |= {name: _total(rows, field) for name, field in _COUNTS.items()}
    facts |= _rates(result, rows, money, facts)
    facts |= _by_class(result, rows, money)
    facts |= _liquidity(result, rows, money)
    for name, amount in money.items():
        facts |= {f"{name}_wei": amount, f"{name}_units": to_units(amount, result.scenario.unit)}
    return facts


def _rates(
    result: Result, rows: Sequence[AgentRow], money: dict[str, Wei], counts: dict[str, int]
) -> dict[str, Any]:  # fmt: skip
    """Profit in other terms, and shares."""
    unit, profit, end = result.scenario.unit, money["profit"], round(result.days * DAY)
    mean_locked = YEAR * math.fsum(row.statement.cost_of_capital(1.0, end) for row in rows) / end if end else 0
    economic = [row.economic_profit(unit, result.points_destroyed) for row in rows]
    return {
        "profit_percent": ratio(100 * profit, money["start"]),
        "profit_fiat": result.fiat(profit),
        "fees_fiat": result.fiat(money["fees"]),
        "return_on_locked_percent": ratio(100 * profit, mean_locked),
        "economic_profit_units": None if None in economic else math.fsum(gain for gain in economic if gain is not None),
        "share_of_accepted": ratio(counts["accepted"], len(result.added)),
        "points": None if rows[0].points is None else sum(row.points or 0 for row in rows),
        "utility_units": math.fsum(row.utility for row in rows) / unit,
        "rho_count": ratio(counts["refunds"], counts["accepted"]),
        "rho_value": ratio(money["refunded"], money["deposited"]),
    }


def _by_class(result: Result, rows: Sequence[AgentRow], money: dict[str, Wei]) -> dict[str, Any]:
    """Refunds and losses of the rarest and the commonest class, and what was lost of deposits on true labels."""
    groups = {row.group for row in rows}
    facts: list[ClassFacts] = [row for row in result.classes if row.group in groups]
    if facts:
        money["true_lost"] = sum(row.lost for row in facts if row.true_label)
    found: dict[str, Any] = {}
    for name, part in zip(("rarest", "commonest"), rarest_and_commonest(facts), strict=True):
        closed = sum(row.deposited - row.open for row in part)
        found[f"rho_count_{name}_class"] = ratio(sum(row.refunds for row in part), sum(row.submitted for row in part))
        found[f"lost_percent_{name}_class"] = ratio(100 * sum(row.lost for row in part), closed)
    return found


def _liquidity(result: Result, rows: Sequence[AgentRow], money: dict[str, Wei]) -> dict[str, Any]:
    """Money in wallets and in the contract over time."""
    places = [result.groups.index(name) for name in dict.fromkeys(row.group for row in rows)]
    wallets = [sum(moment.balances[place] for place in places) for moment in result.snapshots]
    locked = [sum(moment.locked[place] for place in places) for moment in result.snapshots]
    if not wallets:
        return {}
    money["most_locked"] = max(locked)
    poor = [
        moment.time / DAY
        for moment, free, bound in zip(result.snapshots, wallets, locked, strict=True)
        if free + bound < RUINED_BELOW * money["start"]
    ]
    return {
        "runway_days": ratio(min(wallets) * result.days, money["deposited"]),
        "ruined": bool(poor),
        "ruin_days": min(poor) if poor else result.days,
    }


def ratio(part: float, whole: float) -> float | None:
    """A share; None of nothing."""
    return part / whole if whole else None


def as_json(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts with their wei as decimal text."""
    return {name: str(value) if name.endswith("_wei") else value for name, value in facts.items()}


def _total(rows: Sequence[AgentRow], field: str) -> int:
    return sum(getattr(row.statement, field) for row in rows)
