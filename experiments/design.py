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

import copy
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.levers import written
from experiments.messages import shown
from experiments.stopping import Until, check_pilot, until_of
from sim.errors import ConfigError

Point = dict[str, Any]
"""A value for each lever it sets, by dotted path."""

MOST_RUNS = 10**6
_SHOWN_VALUES = 12


class Design(Sequence[Point]):
    """Points in their order, each to be run ``replications`` times.

    `Grid`, `Zip` and `Points` make one, and `LatinHypercube`, `Sobol` and `Random` of `experiments.sampling`.

    Parameters
    ----------
    points : at least one; a point without levers is the scenario as it is
    replications : runs of each point, 1 to 10^6
    pair_seeds : replication r of every point draws the same random numbers
    until : go on with points whose interval is still too wide, see `experiments.stopping`; or a table that says so

    Raises
    ------
    ConfigError
        If it is empty or has more than 10^6 runs.
    """

    kind = "list"

    def __init__(
        self,
        points: Sequence[Mapping[str, Any]],
        replications: int = 1,
        pair_seeds: bool = True,
        until: Until | Mapping[str, Any] | None = None,
    ) -> None:
        self.replications = checked_replications(replications)
        if not isinstance(pair_seeds, bool):
            raise ConfigError(f"design.pair_seeds is {shown(pair_seeds)}; it must be true or false, without quotes.")
        self.pair_seeds = pair_seeds
        self.until = until_of(until)
        check_runs(len(points), replications if self.until is None else self.until.most)
        if self.until is not None:
            check_pilot(self.until, replications)
        self._points = tuple(dict(point) for point in points)

    @property
    def runs(self) -> int:
        """Points times replications; with ``until`` these are the runs of the pilot, and more may follow."""
        return len(self) * self.replications

    @property
    def levers(self) -> tuple[str, ...]:
        """Every lever that some point sets, in the order of their first mention."""
        return tuple(dict.fromkeys(lever for point in self._points for lever in point))

    def replicated(self, replications: int) -> Design:
        """The same points with another number of replications."""
        changed = copy.copy(self)
        changed.replications = checked_replications(replications)
        if self.until is not None:
            check_pilot(self.until, replications)
        check_runs(len(self), replications)
        return changed

    def estimate(self, run_s: float, workers: int = 1) -> float:
        """Seconds that the runs will take if one takes ``run_s`` and so many workers share them."""
        return run_s * math.ceil(self.runs / workers)

    def save(self, path: str | Path) -> Path:
        """Write the points to a file: ``.toml`` with all that a design says, or a ``.csv`` of the points alone.

        `experiments.design_files.load_design` reads both. Raises `ConfigError`.
        """
        from experiments.design_files import save_design

        return save_design(self, path)

    def as_grid(self) -> Design:
        """The same points as the `Grid` they are, if they are every combination of values in a grid's order."""
        values: dict[str, dict[str, Any]] = {lever: {} for lever in self.levers}
        for point in self._points:
            for lever, value in point.items():
                values[lever].setdefault(repr(value), value)
        if not values or math.prod(map(len, values.values())) != len(self):
            return self
        lists = {lever: list(met.values()) for lever, met in values.items()}
        grid = Grid(lists, self.replications, self.pair_seeds, self.until)
        return grid if grid == self else self

    def __len__(self) -> int:
        """The number of points."""
        return len(self._points)

    def __getitem__(self, place: Any) -> Any:
        """A point by its number, or the design of a slice of points."""
        if isinstance(place, slice):
            return Design(self._points[place], self.replications, self.pair_seeds, self.until)
        return dict(self._points[place])

    def __iter__(self) -> Iterator[Point]:
        """The points in order."""
        return (dict(point) for point in self._points)

    def __add__(self, other: Design) -> Design:
        """The points of both; they must agree on replications, pairing and ``until``."""
        if not isinstance(other, Design):
            return NotImplemented
        if (self.replications, self.pair_seeds) != (other.replications, other.pair_seeds):
            raise ConfigError(
                f"Designs of {self.replications} and {other.replications} replications, with pair_seeds "
                f"{self.pair_seeds} and {other.pair_seeds}, cannot be added; both must be equal. Use replicated()."
            )
        if self.until != other.until:
            raise ConfigError("Designs with different rules of stopping (until) cannot be added; give both the same.")
        return Design((*self._points, *other._points), self.replications, self.pair_seeds, self.until)

    def __eq__(self, other: object) -> bool:
        """Same points in the same order, replications, pairing and ``until``."""
        if not isinstance(other, Design):
            return NotImplemented
        return (self._points, self.replications, self.pair_seeds, self.until) == (
            other._points, other.replications, other.pair_seeds, other.until,
        )  # fmt: skip

    __hash__ = None  # type: ignore[assignment]  # points hold dicts

    def __repr__(self) -> str:
        """Short, for a console."""
        return f"<Design: {self._headline()}>"

    def __str__(self) -> str:
        """What is varied, over which values, and how many runs that makes."""
        width = max((len(lever) for lever in self.levers), default=0)
        levers = [f"  {lever:<{width}}  {self._values(lever)}" for lever in self.levers]
        return "\n".join([self._headline(), *self._rule(), *levers])

    def _headline(self) -> str:
        pairing = "paired seeds" if self.pair_seeds else "seeds of their own"
        return (
            f"{self.kind} of {counted(len(self), 'point')} × {counted(self.replications, 'replication')} = "
            f"{counted(self.runs, 'run')}, {pairing}"
        )

    def _rule(self) -> list[str]:
        """The line that tells of ``until``, if there is one."""
        if self.until is None:
            return []
        outcome, half_width, most = self.until
        return [f"  then until {outcome} is known to ± {half_width:g}, at most {counted(most, 'replication')} a point"]

    def _values(self, lever: str) -> str:
        values = list(dict.fromkeys(written(point[lever]) for point in self._points if lever in point))
        listed = ", ".join(values[:_SHOWN_VALUES]) + (", …" if len(values) > _SHOWN_VALUES else "")
        return f"{counted(len(values), 'value')}: {listed}"


class Grid(Design):
    """Every combination of the values of all levers; the last lever varies fastest."""

    kind = "grid"

    def __init__(
        self,
        levers: Mapping[str, Sequence[Any]],
        replications: int = 1,
        pair_seeds: bool = True,
        until: Until | Mapping[str, Any] | None = None,
    ) -> None:
        values = lists_of(levers)
        # Counted before they are made: a billion points would fill the memory before they could be refused.
        check_runs(math.prod(map(len, values.values())), checked_replications(replications))
        points = [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())]
        super().__init__(points, replications, pair_seeds, until)


class Zip(Design):
    """The first values of all levers together, then the second ones, and so on; all lists are equally long."""

    kind = "zip"

    def __init__(
        self,
        levers: Mapping[str, Sequence[Any]],
        replications: int = 1,
        pair_seeds: bool = True,
        until: Until | Mapping[str, Any] | None = None,
    ) -> None:
        values = lists_of(levers)
        if len({len(column) for column in values.values()}) > 1:
            lengths = ", ".join(f"{lever} has {len(column)}" for lever, column in values.items())
            raise ConfigError(
                f"design.levers: a zip takes equally many values of each lever; {lengths}. Add or drop values, or use "
                f"kind = 'grid' for all combinations."
            )
        rows = zip(*values.values(), strict=True) if values else [()]
        super().__init__([dict(zip(values, row, strict=True)) for row in rows], replications, pair_seeds, until)


class Points(Design):
    """The points as they are listed, each a table of levers and values."""

    def __init__(
        self,
        points: Sequence[Mapping[str, Any]],
        replications: int = 1,
        pair_seeds: bool = True,
        until: Until | Mapping[str, Any] | None = None,
    ) -> None:
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
        tables = [{str(lever): plain_value(value) for lever, value in point.items()} for point in points]
        super().__init__(tables, replications, pair_seeds, until)


def lists_of(levers: Any) -> dict[str, list[Any]]:
    """The values of each lever, checked to be lists with something in them."""
    if not isinstance(levers, Mapping):
        raise ConfigError(f"design.levers is {shown(levers)}; it must be a table of levers and lists of values.")
    lists: dict[str, list[Any]] = {}
    for lever, values in levers.items():
        values = plain_value(values)
        if isinstance(values, range):
            values = list(values)
        if isinstance(values, Mapping) and {"from", "to"} & set(values):
            raise ConfigError(
                f"design.levers: {lever!r} is a range, {shown(values)}, which needs kind = 'latin_hypercube', 'sobol' "
                f"or 'random'; in a grid, a zip or a list it must be a list of values, such as [1, 5, 10]."
            )
        if not isinstance(values, list | tuple):
            raise ConfigError(
                f"design.levers: {lever!r} is {shown(values)}; it must be a list of values, such as [1, 5, 10]. For a "
                f"single value write [{values!r}], or set it in the scenario."
            )
        if not values:
            raise ConfigError(f"design.levers: {lever!r} is an empty list, so there is no point to run. Add a value.")
        lists[str(lever)] = [plain_value(value) for value in values]
    return lists


def plain_value(value: Any) -> Any:
    """A NumPy number or array as Python's own."""
    return value.tolist() if hasattr(value, "tolist") else value


def checked_replications(replications: Any) -> int:
    """A number of replications, if it is one. Raises `ConfigError`."""
    if not isinstance(replications, int) or isinstance(replications, bool) or not 1 <= replications <= MOST_RUNS:
        raise ConfigError(
            f"design.replications is {shown(replications)}; it must be a whole number from 1 to 10^6, such as 5."
        )
    return replications


def check_runs(points: int, replications: int) -> None:
    """Some points, and not too many runs. Raises `ConfigError`."""
    if not points:
        raise ConfigError("design is empty: it has no point to run. Add one; the scenario as it is is the point {}.")
    if points * replications > MOST_RUNS:
        raise ConfigError(
            f"design: {points:,} points × {replications:,} replications are {points * replications:,} runs; at most "
            f"10^6. Take fewer values of some lever, or fewer replications."
        )


def counted(number: int, thing: str) -> str:
    """A number of things in words."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
