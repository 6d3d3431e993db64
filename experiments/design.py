"""Designs: which points of a scenario's levers to run, and how often.

A **lever** is the dotted path of any field of a scenario. A **point** sets some levers; a **design** is a list of
points with a number of **replications** each. It can be printed, counted, sliced and added before anything is run.

>>> design = Grid({"mechanism.cost_weight": [1, 5], "mechanism.refund_window": ["1h", "1d", "7d"]}, replications=5)
>>> print(design)
grid of 6 points × 5 replications = 30 runs, paired seeds
  mechanism.cost_weight    2 values: 1, 5
  mechanism.refund_window  3 values: 1h, 1d, 7d
>>> len(design[1:3] + Points([{"mechanism.cost_weight": 9}], replications=5)), design[0]["mechanism.refund_window"]
(3, '1h')

With paired seeds (the default) replication r of every point draws the same random numbers, so points are compared by
their differences under common random numbers; without, each point has numbers of its own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.levers import written
from experiments.messages import did_you_mean, shown
from sim.errors import ConfigError

Point = dict[str, Any]
"""A value for each lever it sets, by dotted path."""

MOST_RUNS = 10**6
KINDS = ("grid", "zip", "list")
_KEYS = ("kind", "replications", "pair_seeds", "twin", "levers", "points")
_SHOWN_VALUES = 12


class Design(Sequence[Point]):
    """Points in their order, each to be run ``replications`` times. `Grid`, `Zip` and `Points` make one.

    Parameters
    ----------
    points : at least one; a point without levers is the scenario as it is
    replications : runs of each point, 1 to 10^6
    pair_seeds : replication r of every point draws the same random numbers

    Raises
    ------
    ConfigError
        If it is empty or has more than 10^6 runs.
    """

    kind = "list"

    def __init__(self, points: Sequence[Mapping[str, Any]], replications: int = 1, pair_seeds: bool = True) -> None:
        self.replications = _checked_replications(replications)
        if not isinstance(pair_seeds, bool):
            raise ConfigError(f"design.pair_seeds is {shown(pair_seeds)}; it must be true or false, without quotes.")
        self.pair_seeds = pair_seeds
        _check_runs(len(points), replications)
        self._points = tuple(dict(point) for point in points)

    @property
    def runs(self) -> int:
        """Points times replications."""
        return len(self) * self.replications

    @property
    def levers(self) -> tuple[str, ...]:
        """Every lever that some point sets, in the order of their first mention."""
        return tuple(dict.fromkeys(lever for point in self._points for lever in point))

    def replicated(self, replications: int) -> Design:
        """The same points with another number of replications."""
        changed = Design(self._points, replications, self.pair_seeds)
        changed.kind = self.kind
        return changed

    def as_grid(self) -> Design:
        """The same points as the `Grid` they are, if they are every combination of values in a grid's order."""
        values: dict[str, dict[str, Any]] = {lever: {} for lever in self.levers}
        for point in self._points:
            for lever, value in point.items():
                values[lever].setdefault(repr(value), value)
        if not values or math.prod(map(len, values.values())) != len(self):
            return self
        grid = Grid({lever: list(met.values()) for lever, met in values.items()}, self.replications, self.pair_seeds)
        return grid if grid == self else self

    def __len__(self) -> int:
        """The number of points."""
        return len(self._points)

    def __getitem__(self, place: Any) -> Any:
        """A point by its number, or the design of a slice of points."""
        if isinstance(place, slice):
            return Design(self._points[place], self.replications, self.pair_seeds)
        return dict(self._points[place])

    def __iter__(self) -> Iterator[Point]:
        """The points in order."""
        return (dict(point) for point in self._points)

    def __add__(self, other: Design) -> Design:
        """The points of both; they must agree on replications and pairing."""
        if not isinstance(other, Design):
            return NotImplemented
        if (self.replications, self.pair_seeds) != (other.replications, other.pair_seeds):
            raise ConfigError(
                f"Designs of {self.replications} and {other.replications} replications, with pair_seeds "
                f"{self.pair_seeds} and {other.pair_seeds}, cannot be added; both must be equal. Use replicated()."
            )
        return Design((*self._points, *other._points), self.replications, self.pair_seeds)

    def __eq__(self, other: object) -> bool:
        """Same points in the same order, replications and pairing."""
        if not isinstance(other, Design):
            return NotImplemented
        return (self._points, self.replications, self.pair_seeds) == (
            other._points, other.replications, other.pair_seeds,
        )  # fmt: skip

    __hash__ = None  # type: ignore[assignment]  # points hold dicts

    def __repr__(self) -> str:
        """Short, for a console."""
        return f"<Design: {self._headline()}>"

    def __str__(self) -> str:
        """What is varied, over which values, and how many runs that makes."""
        width = max((len(lever) for lever in self.levers), default=0)
        return "\n".join([self._headline(), *(f"  {lever:<{width}}  {self._values(lever)}" for lever in self.levers)])

    def _headline(self) -> str:
        pairing = "paired seeds" if self.pair_seeds else "seeds of their own"
        return (
            f"{self.kind} of {_count(len(self), 'point')} × {_count(self.replications, 'replication')} = "
            f"{_count(self.runs, 'run')}, {pairing}"
        )

    def _values(self, lever: str) -> str:
        values = list(dict.fromkeys(written(point[lever]) for point in self._points if lever in point))
        listed = ", ".join(values[:_SHOWN_VALUES]) + (", …" if len(values) > _SHOWN_VALUES else "")
        return f"{_count(len(values), 'value')}: {listed}"


class Grid(Design):
    """Every combination of the values of all levers; the last lever varies fastest."""

    kind = "grid"

    def __init__(self, levers: Mapping[str, Sequence[Any]], replications: int = 1, pair_seeds: bool = True) -> None:
        values = _lists_of(levers)
        # Counted before they are made: a billion points would fill the memory before they could be refused.
        _check_runs(math.prod(map(len, values.values())), _checked_replications(replications))
        points = [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())]
        super().__init__(points, replications, pair_seeds)


class Zip(Design):
    """The first values of all levers together, then the second ones, and so on; all lists are equally long."""

    kind = "zip"

    def __init__(self, levers: Mapping[str, Sequence[Any]], replications: int = 1, pair_seeds: bool = True) -> None:
        values = _lists_of(levers)
        if len({len(column) for column in values.values()}) > 1:
            lengths = ", ".join(f"{lever} has {len(column)}" for lever, column in values.items())
            raise ConfigError(
                f"design.levers: a zip takes equally many values of each lever; {lengths}. Add or drop values, or use "
                f"kind = 'grid' for all combinations."
            )
        rows = zip(*values.values(), strict=True) if values else [()]
        super().__init__([dict(zip(values, row, strict=True)) for row in rows], replications, pair_seeds)


class Points(Design):
    """The points as they are listed, each a table of levers and values."""

    def __init__(self, points: Sequence[Mapping[str, Any]], replications: int = 1, pair_seeds: bool = True) -> None:
        if isinstance(points, str | Mapping) or not isinstance(points, Sequence):
            raise ConfigError(
                f"design.points is {shown(points)}; it must be a list of tables, such as "
                f"[{{ 'mechanism.cost_weight' = 5 }}]."
            )
        for number, point in enumerate(points):
            if not isinstance(point, Mapping):
                raise ConfigError(
                    f"design.points.{number} is {shown(point)}; it must be a table of levers and values, such as "
                    f"{{ 'mechanism.cost_weight' = 5 }}."
                )
        tables = [{str(lever): _plain(value) for lever, value in point.items()} for point in points]
        super().__init__(tables, replications, pair_seeds)


def design_of(table: Any) -> Design:
    """The design of a ``[design]`` table as TOML gives it. Raises `ConfigError`.

    >>> print(design_of({"kind": "zip", "levers": {"seed": [1, 2], "mechanism": {"cost_weight": [3, 4]}}}))
    zip of 2 points × 1 replication = 2 runs, paired seeds
      seed                   2 values: 1, 2
      mechanism.cost_weight  2 values: 3, 4
    """
    if not isinstance(table, Mapping):
        raise ConfigError(f"design is {shown(table)}; it must be a table [design].")
    for key in table:
        if key not in _KEYS:
            raise ConfigError(f"design.{key} is unknown.{did_you_mean(key, _KEYS)} Allowed here: {', '.join(_KEYS)}.")
    kind = table.get("kind", "list" if "points" in table else "grid")
    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS) if isinstance(kind, str) else ""
        raise ConfigError(f"design.kind is {shown(kind)}; choose one of {', '.join(KINDS)}.{hint}")
    wanted, other = ("points", "levers") if kind == "list" else ("levers", "points")
    if other in table:
        raise ConfigError(f"design.{other} has no meaning with kind = {kind!r}; give design.{wanted} instead.")
    options = {"replications": table.get("replications", 1), "pair_seeds": table.get("pair_seeds", True)}
    if wanted not in table and "replications" not in table:
        raise ConfigError(
            "design is empty: there is nothing to vary. Name levers with their values in [design.levers], such as "
            "'mechanism.cost_weight' = [1, 5], or repeat the scenario with replications = 30."
        )
    if kind == "list":
        points = table.get("points", [{}])
        if isinstance(points, list):
            points = [_flat(point, of_points=True) for point in points]
        return Points(points, **options)
    levers = table.get("levers", {})
    return {"grid": Grid, "zip": Zip}[kind](_flat(levers), **options)


def _flat(table: Any, prefix: str = "", of_points: bool = False) -> Any:
    """Nested tables as dotted paths: TOML reads ``mechanism.cost_weight = 1`` without quotes as a table in a table.

    In a point a path in quotes is whole, so that its value may be a table.
    """
    if not isinstance(table, Mapping):
        return table
    flat: dict[str, Any] = {}
    for key, value in table.items():
        nested = isinstance(value, Mapping) and not (of_points and "." in key)
        flat |= _flat(value, f"{prefix}{key}.", of_points) if nested else {f"{prefix}{key}": value}
    return flat


def _lists_of(levers: Any) -> dict[str, list[Any]]:
    """The values of each lever, checked to be lists with something in them."""
    if not isinstance(levers, Mapping):
        raise ConfigError(f"design.levers is {shown(levers)}; it must be a table of levers and lists of values.")
    lists: dict[str, list[Any]] = {}
    for lever, values in levers.items():
        values = _plain(values)
        if isinstance(values, range):
            values = list(values)
        if not isinstance(values, list | tuple):
            raise ConfigError(
                f"design.levers: {lever!r} is {shown(values)}; it must be a list of values, such as [1, 5, 10]. For a "
                f"single value write [{values!r}], or set it in the scenario."
            )
        if not values:
            raise ConfigError(f"design.levers: {lever!r} is an empty list, so there is no point to run. Add a value.")
        lists[str(lever)] = [_plain(value) for value in values]
    return lists


def _plain(value: Any) -> Any:
    """A NumPy number or array as Python's own."""
    return value.tolist() if hasattr(value, "tolist") else value


def _checked_replications(replications: Any) -> int:
    if not isinstance(replications, int) or isinstance(replications, bool) or not 1 <= replications <= MOST_RUNS:
        raise ConfigError(
            f"design.replications is {shown(replications)}; it must be a whole number from 1 to 10^6, such as 5."
        )
    return replications


def _check_runs(points: int, replications: int) -> None:
    if not points:
        raise ConfigError("design is empty: it has no point to run. Add one; the scenario as it is is the point {}.")
    if points * replications > MOST_RUNS:
        raise ConfigError(
            f"design: {points:,} points × {replications:,} replications are {points * replications:,} runs; at most "
            f"10^6. Take fewer values of some lever, or fewer replications."
        )


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
