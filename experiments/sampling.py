"""Designs that sample: latin hypercube, Sobol sequence, independent draws, over ranges and lists.

A lever has a **range**, ``{ from = 1, to = 50 }``, or a list of choices. Whole numbers at both ends give whole numbers
(write ``1.0`` for others), ``scale = "log"`` spreads points evenly over orders of magnitude. Ends may be durations
(``"1h"`` to ``"7d"``, whole seconds between) or amounts in one unit (``"0.01 ether"`` to ``"1 ether"``). Numbers are
rounded to six digits, so that they are the same wherever they are drawn.

* `LatinHypercube`: n points, of which each of n equal slices of every lever has one (McKay, Beckman & Conover 1979).
* `Sobol`: the scrambled sequence (Owen 1998); n is a power of two, and 2n points begin with the n of the same seed.
* `Random`: independent draws; n + m points begin with the n of the same seed.

>>> weight = {"from": 1.0, "to": 50.0, "scale": "log"}
>>> print(Sobol({"mechanism.cost_weight": weight, "model.kind": ["naive_bayes", "perceptron"]}, 4, replications=3))
sobol of 4 points × 3 replications = 12 runs, paired seeds
  mechanism.cost_weight  1.0 to 50.0, log scale
  model.kind             2 values: naive_bayes, perceptron
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.design import MOST_RUNS, Design, check_runs, checked_replications, counted, lists_of, plain_value
from experiments.fields import Amount, is_number, plain_number
from experiments.levers import written
from experiments.messages import did_you_mean, shown
from experiments.stopping import Until
from sim.errors import ConfigError
from sim.units import exact, parse_duration

SCALES = ("linear", "log")
_RANGE_KEYS = ("from", "to", "scale")
_DIGITS = 6


@dataclass(frozen=True)
class Range:
    """All values of a lever from ``low`` to ``high``.

    Parameters
    ----------
    low, high : numbers, low below high; above 0 on a logarithmic scale
    log : spread evenly over orders of magnitude
    whole : whole numbers only, both ends included
    name : of the unit of an amount, "" if there is none
    said : the ends as they were written
    """

    low: float
    high: float
    log: bool
    whole: bool
    name: str
    said: str

    def at(self, share: float) -> int | float | str:
        """The value below which lies a share of the range; 0 <= share < 1."""
        top = self.high + 1 if self.whole else self.high
        if self.log:
            value = math.exp(math.log(self.low) + share * (math.log(top) - math.log(self.low)))
        else:
            value = self.low + share * (top - self.low)
        if self.whole:
            return min(int(self.high), max(int(self.low), math.floor(value)))
        value = min(self.high, max(self.low, float(f"{value:.{_DIGITS}g}")))
        return f"{plain_number(exact(value))} {self.name}" if self.name else value

    def __str__(self) -> str:
        """The ends, and the scale if it is logarithmic."""
        return self.said + (", log scale" if self.log else "")


def range_of(lever: str, table: Mapping[str, Any]) -> Range:
    """The range of a table ``{from, to, scale}``; ``lever`` begins error texts. Raises `ConfigError`."""
    where = f"design.levers: the range of {lever!r}"
    for key in table:
        if key not in _RANGE_KEYS:
            raise ConfigError(
                f"{where} has {key!r}.{did_you_mean(key, _RANGE_KEYS)} Allowed: {', '.join(_RANGE_KEYS)}."
            )
    if "from" not in table or "to" not in table:
        raise ConfigError(f"{where} is {shown(dict(table))}; it needs both ends, such as {{ from = 1, to = 50 }}.")
    scale = table.get("scale", "linear")
    if scale not in SCALES:
        raise ConfigError(f"{where} has scale {shown(scale)}; choose one of {', '.join(SCALES)}.")
    ends = plain_value(table["from"]), plain_value(table["to"])
    said = f"{written(ends[0]) if isinstance(ends[0], str) else ends[0]} to {ends[1]}"
    low, high, whole, name = _ends(where, *ends)
    if not low < high:
        raise ConfigError(f"{where} goes from {ends[0]} to {ends[1]}; the first must be below the second. Swap them.")
    if scale == "log" and low <= 0:
        raise ConfigError(f"{where} begins at {ends[0]}; on a log scale both ends must be above 0. Begin above it.")
    return Range(low, high, scale == "log", whole, name, said)


def _ends(where: str, low: Any, high: Any) -> tuple[float, float, bool, str]:
    """Both ends as numbers, whether whole ones are meant, and the unit of an amount."""
    if is_number(low) and is_number(high):
        whole = isinstance(low, int) and isinstance(high, int)
        return float(low), float(high), whole, ""
    if isinstance(low, str) and isinstance(high, str):
        try:
            return float(parse_duration(low)), float(parse_duration(high)), True, ""
        except ConfigError:
            pass
        try:
            first, last = Amount.parse(low), Amount.parse(high)
            if first.name == last.name:
                return float(first.number), float(last.number), False, first.name
        except (ConfigError, ValueError):
            pass
    raise ConfigError(
        f"{where} goes from {shown(low)} to {shown(high)}; both ends must be numbers (1, 2.5), durations ('1h', '7d') "
        f"or amounts in the same unit ('1 gwei', '50 gwei')."
    )


class Sampled(Design):
    """What the three have in common: ``samples`` points, drawn by ``seed``, over ranges and lists of ``levers``.

    Parameters
    ----------
    levers : for each a table with ``from``, ``to`` and perhaps ``scale``, or a list of choices
    samples : how many points to draw; those that are the same are kept once
    replications, pair_seeds, until : as of every design
    seed : of the drawing, 0 or more; the scenario's own seed is another

    Raises
    ------
    ConfigError
        If there is no lever, a range is none, or ``samples`` or ``seed`` is out of range.
    """

    def __init__(
        self,
        levers: Mapping[str, Any],
        samples: int,
        replications: int = 1,
        pair_seeds: bool = True,
        until: Until | Mapping[str, Any] | None = None,
        seed: int = 0,
    ) -> None:
        self.samples, self.seed = _checked("samples", samples, 1, MOST_RUNS), _checked("seed", seed, 0, 2**63 - 1)
        self._check_samples()
        if not _is_table(levers):
            raise ConfigError(
                f"design.levers is {shown(levers)}; kind = {self.kind!r} needs a table of levers with a range or a "
                f"list of values each, such as 'mechanism.cost_weight' = {{ from = 1, to = 50 }}."
            )
        self.spaces = {str(lever): _space(str(lever), values) for lever, values in levers.items()}
        check_runs(samples, checked_replications(replications))
        met: dict[str, dict[str, Any]] = {}
        for row in self._shares(len(self.spaces)):
            point = {
                lever: space.at(float(share)) if isinstance(space, Range) else space[int(share * len(space))]
                for (lever, space), share in zip(self.spaces.items(), row, strict=True)
            }
            met.setdefault(repr(point), point)
        super().__init__(list(met.values()), replications, pair_seeds, until)

    def _check_samples(self) -> None:
        """Refuse numbers of points that the kind of design cannot have."""

    @abstractmethod
    def _shares(self, levers: int) -> NDArray[np.float64]:
        """A matrix of a row for each point and a column for each lever, in [0, 1)."""

    def _headline(self) -> str:
        text = super()._headline()
        same = self.samples - len(self)
        return f"{text} ({counted(same, 'drawn point')} the same as another, left out)" if same else text

    def _values(self, lever: str) -> str:
        space = self.spaces[lever]
        if isinstance(space, Range):
            return str(space)
        return f"{counted(len(space), 'value')}: {', '.join(map(written, space))}"


class LatinHypercube(Sampled):
    """Of n points each of the n equal slices of every lever has one."""

    kind = "latin_hypercube"

    def _shares(self, levers: int) -> NDArray[np.float64]:
        from scipy.stats import qmc  # late: slow to load

        drawn: NDArray[np.float64] = _sequence(qmc.LatinHypercube, levers, self.seed).random(self.samples)
        return drawn


class Sobol(Sampled):
    """The scrambled Sobol sequence; the number of samples is a power of two."""

    kind = "sobol"

    def _check_samples(self) -> None:
        if self.samples & (self.samples - 1):
            below = 1 << (self.samples.bit_length() - 1)
            raise ConfigError(
                f"design.samples is {self.samples}; a Sobol sequence is balanced at powers of two only. Take {below} "
                f"or {2 * below}, or kind = 'latin_hypercube'."
            )

    def _shares(self, levers: int) -> NDArray[np.float64]:
        from scipy.stats import qmc

        sequence = _sequence(qmc.Sobol, levers, self.seed)
        drawn: NDArray[np.float64] = sequence.random_base2(self.samples.bit_length() - 1)
        return drawn


class Random(Sampled):
    """Independent, uniform draws."""

    kind = "random"

    def _shares(self, levers: int) -> NDArray[np.float64]:
        return _generator(self.seed).random((self.samples, levers))


SAMPLED: dict[str, Callable[..., Design]] = {design.kind: design for design in (LatinHypercube, Sobol, Random)}


def _space(lever: str, values: Any) -> Range | Sequence[Any]:
    """The range or the list of one lever."""
    return range_of(lever, values) if isinstance(values, Mapping) else lists_of({lever: values})[lever]


def _is_table(levers: Any) -> bool:
    return isinstance(levers, Mapping) and bool(levers)


def _sequence(kind: Any, levers: int, seed: int) -> Any:
    """One of SciPy's sequences; before SciPy 1.15 its generator was called seed."""
    try:
        return kind(levers, rng=_generator(seed))
    except TypeError:
        return kind(levers, seed=_generator(seed))


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def _checked(name: str, number: Any, least: int, most: int) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
        top = "10^6" if most == MOST_RUNS else "2^63 - 1"
        raise ConfigError(f"design.{name} is {shown(number)}; it must be a whole number from {least} to {top}.")
    return number
