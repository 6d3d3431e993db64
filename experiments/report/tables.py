"""The tables of points: outcomes with their intervals, a row for each point of a design."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from experiments.figures.levers import Lever
from experiments.points import NOTHING, MeasuredPoint
from experiments.report.blocks import Table

Cell = Callable[[MeasuredPoint], str]

_LEVERS_OF_A_TABLE = 2
"""A design of more levers gets a table for each setting of the others."""


def outcome_tables(points: Sequence[MeasuredPoint], levers: Sequence[Lever]) -> list[Table]:
    """What became of the model and of the money."""
    day, adds = (_first(points, column) for column in ("common_day", "common_adds"))
    columns: dict[str, Cell] = {
        "runs": _runs,
        "accuracy\n%": _column("final_accuracy", 100),
        f"accuracy %\non day {day:,g}": _column("accuracy_at_day", 100),
        f"accuracy %\nat {adds:,.0f} adds": _column("accuracy_at_adds", 100),
        "captured\n%": MeasuredPoint.chance_text,
        "honest\nprofit %": _column("honest_profit_percent", sign=True),
        "adversarial\nprofit %": _column("adversary_profit_percent", sign=True),
        "twin's\naccuracy %": _column("twin_accuracy", 100),
        "price of corruption\nunits per point": _column("price_of_corruption_units", digits=0),
    }
    return _tables("Accuracy and profit", points, levers, columns)


def brief_table(points: Sequence[MeasuredPoint], levers: Sequence[Lever]) -> Table:
    """All points in one table that fits a terminal."""
    columns: dict[str, Cell] = {
        "runs": _runs,
        "accuracy %": _column("final_accuracy", 100),
        "captured %": MeasuredPoint.chance_text,
        "honest\nprofit %": _column("honest_profit_percent", sign=True),
    }
    header = (*(lever.label.replace(" (", "\n(").replace(" of ", "\nof ") for lever in levers), *columns)
    rows = tuple(
        (*(lever.texts[point.places[lever.path]] for lever in levers), *(cell(point) for cell in columns.values()))
        for point in points
    )
    return Table("Points", header, rows)


def people_tables(points: Sequence[MeasuredPoint], levers: Sequence[Lever]) -> list[Table]:
    """Who could take part, and what was locked."""
    columns: dict[str, Cell] = {
        "adversaries' share\nof contributions %": _column("adversary_share_of_accepted", 100),
        "honest\npriced out %": _column("honest_priced_out_percent"),
        "adversaries\npriced out %": _column("adversary_priced_out_percent"),
        "honest deposits\nstill locked %": _column("honest_locked_percent"),
        "days": _column("days"),
        "price\nindex": _constant("price_index"),
        "capital\nindex": _constant("capital_index"),
    }
    return _tables("Who took part", points, levers, columns)


def _tables(
    title: str, points: Sequence[MeasuredPoint], levers: Sequence[Lever], columns: dict[str, Cell]
) -> list[Table]:
    """One table, or one for each setting of all levers but the last two; without columns in which nothing is known."""
    cells = {name: [cell(point) for point in points] for name, cell in columns.items()}
    cells = {name: column for name, column in cells.items() if set(column) != {NOTHING}}
    apart, within = levers[:-_LEVERS_OF_A_TABLE], levers[-_LEVERS_OF_A_TABLE:]
    groups: dict[str, list[int]] = {}
    for place, point in enumerate(points):
        groups.setdefault(", ".join(point.said[lever.path] for lever in apart), []).append(place)
    if len(groups) > len(points) / 2:  # a list of points, not a grid
        within, groups = levers, {"": list(range(len(points)))}
    header = (*(lever.label.replace(" (", "\n(") for lever in within), *cells)
    tables = []
    for name, places in groups.items():
        rows = tuple(
            (
                *(lever.texts[points[place].places[lever.path]] for lever in within),
                *(column[place] for column in cells.values()),
            )
            for place in places
        )
        tables.append(Table(f"{title}: {name}" if name else title, header, rows))
    return tables


def _runs(point: MeasuredPoint) -> str:
    return f"{point.seeds}" + (f" (+ {point.failed} failed)" if point.failed else "")


def _column(column: str, scale: float = 1.0, digits: int = 1, sign: bool = False) -> Cell:
    return lambda point: point.text(column, scale, digits, sign)


def _constant(column: str) -> Cell:
    """What is the same in all runs of a point."""

    def cell(point: MeasuredPoint) -> str:
        values = point.values(column)
        return f"{values[0]:.2f}" if values else NOTHING

    return cell


def _first(points: Sequence[MeasuredPoint], column: str) -> float:
    """What is the same in all runs of an experiment; 0 if none went well."""
    return next((value for point in points for value in point.values(column)), 0.0)
