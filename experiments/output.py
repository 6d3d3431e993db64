"""What one run leaves on disk, and what it shows on a terminal."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.chain_section import IMMEDIATE
from experiments.files import make_folder, write_whole
from experiments.result import AgentRow, Result
from experiments.scenario import to_plain
from experiments.toml import to_toml
from mechanisms.badges import BADGES
from sim.units import to_units

_LEADERS_SHOWN = 5


def write_result(result: Result, folder: Path) -> list[Path]:
    """Write result.json, scenario.toml, the figures (PNG, SVG), their data beside them, and events if recorded (CSV).

    Each file appears whole or not at all. Raises `ConfigError` if the folder cannot be written to.
    """
    from experiments.figures import figure_of, figure_waterfall, save_figure  # late: matplotlib is slow to load
    from experiments.figures.waterfall import payouts_of

    make_folder(folder)
    paths = [
        write_whole(folder / "result.json", json.dumps(result.to_dict(), indent=1) + "\n"),
        write_whole(folder / "scenario.toml", to_toml(to_plain(result.scenario))),
    ]
    tables = {
        "series": result.series(),
        "adds": result.adds(),
        "events": result.event_table(),
        "payouts": payouts_of(result) if result.gains_by_pass else None,
    }
    for name, table in tables.items():
        if table is not None:
            paths.append(write_whole(folder / f"{name}.csv", table.to_csv(index=False, lineterminator="\n")))
    if result.gains_by_pass:
        paths += save_figure(figure_waterfall(result), folder, "payouts")
    return paths + save_figure(figure_of(result), folder, "figure")


def agents_table(result: Result) -> Any:
    """A rich table with a column for each group: people, money, contributions, and what kept them out."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for name in result.groups:
        table.add_column(name, justify="right")
    columns = [_column(result, name) for name in result.groups]
    for label in columns[0]:
        table.add_row(label, *(column[label] for column in columns))
    return table


def leaderboard_table(result: Result) -> Any:
    """A rich table of who has most points, with their badges; None where nobody has any."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    if not result.leaderboard:
        return None
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("rank", justify="right")
    table.add_column("leaderboard")
    table.add_column("points", justify="right")
    table.add_column("badges")
    for rank, row in result.leaderboard[:_LEADERS_SHOWN]:
        table.add_row(str(rank), row.name, f"{row.points:,}", ", ".join(row.badges))
    return table


def _points_and_predictions(result: Result, rows: Sequence[AgentRow]) -> dict[str, str]:
    """The facts of one group that only runs with points, or with callers, have; by label, the same for all groups."""
    facts: dict[str, str] = {}
    unit, statements = result.scenario.unit, [row.statement for row in rows]
    worth = f"{math.fsum(row.utility for row in rows) / unit:,.0f}"
    if any(row.points is not None for row in result.agents):
        facts |= {
            "points": f"{sum(row.points or 0 for row in rows):,}",
            "worth of points (units)": worth,
        }
        facts |= {
            f"with the badge {badge.name}": f"{sum(badge.name in row.badges for row in rows):,}" for badge in BADGES
        }
    if result.callers:
        facts["predictions asked for"] = f"{sum(s.predictions for s in statements):,}"
        facts["of these right"] = f"{sum(s.predictions_right for s in statements):,}"
        facts["worth of answers (units)"] = worth
        facts["paid for predictions (units)"] = f"{to_units(sum(s.predictions_paid for s in statements), unit):,.0f}"
        facts["earned by predictions (units)"] = f"{to_units(sum(s.predictions_earned for s in statements), unit):,.0f}"
    return facts


def _column(result: Result, group: str) -> dict[str, str]:
    """The facts of one group by their label."""
    rows = result.rows_of(group=group)
    statements = [row.statement for row in rows]

    def total(field: str) -> int:
        return sum(getattr(statement, field) for statement in statements)

    def units(amount: int) -> str:
        return f"{to_units(amount, result.scenario.unit):,.0f}"

    start, profit = total("start_balance"), sum(row.profit for row in rows)
    colour = "green" if profit > 0 else "red" if profit < 0 else "default"
    share = f" ({100 * profit / start:+.0f} %)" if start else ""
    terms = result.scenario.chain.terms
    in_fiat = {} if terms.ether_price is None else {f"profit ({terms.currency})": f"{result.fiat(profit):,.0f}"}
    spent = {} if terms.kind == "free" else {"spent on gas (units)": units(total("fees"))}
    if terms.kind != "free" and terms.ether_price is not None:
        spent[f"spent on gas ({terms.currency})"] = f"{result.fiat(total('fees')):,.0f}"
    return {
        "behaviour": rows[0].kind,
        "addresses": f"{len(rows):,}",
        "money at the start (units)": units(start),
        "money at the end (units)": units(sum(row.final_balance for row in rows)),
        "deposits still locked (units)": units(total("locked")),
        "profit (units)": f"[{colour}]{units(profit)}{share}[/]",
        **in_fiat,
        **spent,
        "samples contributed": f"{total('submitted'):,}",
        "refunds, whole or of what was left": f"{total('refunded'):,}",
        "deposits taken by others (units)": units(total("taken_from")),
        "reports of others": f"{total('reported'):,}",
        "kept out by price": f"{total('rejected_price'):,}",
        "kept out by an empty wallet": f"{total('rejected_wallet'):,}",
        **({} if terms.kind == "free" else {"kept out by dear gas": f"{total('rejected_gas'):,}"}),
        "refused by the contract": f"{total('refused'):,}",
        **({} if result.scenario.chain.ordering == IMMEDIATE else {"dropped": f"{total('dropped'):,}"}),
        "chose not to take part": f"{total('rejected_declined'):,}",
        **_points_and_predictions(result, rows),
    }
