"""The space of levers an analysis moves in: from shares of the unit cube to points of a design.

A lever has a range or a list of choices, as in designs that sample (`experiments.sampling`).

>>> space = Space.of({"mechanism.cost_weight": {"from": 1.0, "to": 16.0, "scale": "log"}, "model.kind": ["a", "b"]})
>>> space.point([0.5, 0.99]), space.names
({'mechanism.cost_weight': 4.0, 'model.kind': 'b'}, ('mechanism.cost_weight', 'model.kind'))
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.design import Point
from experiments.design_table import design_of
from experiments.sampling import Range, Sampled
from sim.errors import ConfigError


@dataclass(frozen=True)
class Space:
    """A range or choices for each lever, by its path."""

    levers: Mapping[str, Range | Sequence[Any]]

    @classmethod
    def of(cls, table: Any, section: str = "sensitivity") -> Space:
        """The space of a table of levers. Raises `ConfigError`; ``section`` is the table it stands in."""
        try:
            design = design_of({"kind": "random", "samples": 1, "levers": {} if table is None else table})
        except ConfigError as error:
            raise ConfigError(str(error).replace("design.levers", f"{section}.levers")) from error
        assert isinstance(design, Sampled)
        return cls(design.spaces)

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of the levers."""
        return tuple(self.levers)

    def point(self, shares: Iterable[float]) -> Point:
        """A value for each lever: what lies at these shares, from 0 to 1, of its range or list."""
        below_one = math.nextafter(1.0, 0.0)
        pairs = zip(self.levers.items(), (min(float(share), below_one) for share in shares), strict=True)
        return {
            lever: space.at(share) if isinstance(space, Range) else space[int(share * len(space))]
            for (lever, space), share in pairs
        }
