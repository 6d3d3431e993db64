"""The ``[design]`` table of an experiment's file, as a `Design`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from experiments.design import Design, Grid, Points, Zip
from experiments.design_files import read_points
from experiments.messages import did_you_mean, shown
from experiments.sampling import SAMPLED
from sim.errors import ConfigError

_LISTED: dict[str, Callable[..., Design]] = {"grid": Grid, "zip": Zip}
KINDS = (*_LISTED, "list", *SAMPLED)
_OF_ALL = ("kind", "replications", "pair_seeds", "until", "twin")
_KEYS = (*_OF_ALL, "levers", "points", "file", "samples", "seed")


def design_of(table: Any, folder: Path = Path()) -> Design:
    """The design of a ``[design]`` table as TOML gives it; a file of points that it names may lie in ``folder``.

    Raises `ConfigError`.

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
    kind = _kind_of(table)
    options = {key: table[key] for key in ("replications", "pair_seeds", "until") if key in table}
    if kind == "list":
        return Points(_points_of(table, folder), **options)
    if kind in SAMPLED:
        for key in ("levers", "samples"):
            if key not in table:
                raise ConfigError(f"design.{key} is missing; kind = {kind!r} needs it. {_example(kind)}")
        seed = {"seed": table["seed"]} if "seed" in table else {}
        return SAMPLED[kind](_flat(table["levers"]), table["samples"], **options, **seed)
    if "levers" not in table and "replications" not in table:
        raise _empty()
    return _LISTED[kind](_flat(table.get("levers", {})), **options)


def _kind_of(table: Mapping[str, Any]) -> str:
    """The kind of design, checked to have what it needs and nothing that has no meaning with it."""
    kind = table.get("kind", "list" if "points" in table or "file" in table else "grid")
    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS) if isinstance(kind, str) else ""
        raise ConfigError(f"design.kind is {shown(kind)}; choose one of {', '.join(KINDS)}.{hint}")
    meant = {"list": ("points", "file"), **dict.fromkeys(_LISTED, ("levers",))}
    wanted = meant.get(kind, ("levers", "samples", "seed"))
    for key in table:
        if key not in (*_OF_ALL, *wanted):
            raise ConfigError(f"design.{key} has no meaning with kind = {kind!r}; give design.{wanted[0]} instead.")
    return str(kind)


def _points_of(table: Mapping[str, Any], folder: Path) -> Any:
    """The points of a list: in the table, or in a file that it names."""
    if "points" in table and "file" in table:
        raise ConfigError("design has both points and file; give one of them.")
    if "file" in table:
        if not isinstance(table["file"], str):
            raise ConfigError(f"design.file is {shown(table['file'])}; it must be the path of a CSV file, in quotes.")
        return read_points(folder / table["file"])
    if "points" not in table and "replications" not in table:
        raise _empty()
    points = table.get("points", [{}])
    return [_flat(point, of_points=True) for point in points] if isinstance(points, list) else points


def _flat(table: Any, prefix: str = "", of_points: bool = False) -> Any:
    """Nested tables as dotted paths: TOML reads ``mechanism.cost_weight = 1`` without quotes as a table in a table.

    A table with ``from`` or ``to`` is a range, and so the value of a lever. In a point a path in quotes is whole, so
    that its value may be a table.
    """
    if not isinstance(table, Mapping):
        return table
    flat: dict[str, Any] = {}
    for key, value in table.items():
        leaf = ("." in key) if of_points else isinstance(value, Mapping) and bool({"from", "to"} & set(value))
        nested = isinstance(value, Mapping) and not leaf
        flat |= _flat(value, f"{prefix}{key}.", of_points) if nested else {f"{prefix}{key}": value}
    return flat


def _empty() -> ConfigError:
    return ConfigError(
        "design is empty: there is nothing to vary. Name levers with their values in [design.levers], such as "
        "'mechanism.cost_weight' = [1, 5], or repeat the scenario with replications = 30."
    )


def _example(kind: str) -> str:
    return (
        f"Write kind = {kind!r}, samples = 64 and in [design.levers] a range for each lever, such as "
        f"'mechanism.cost_weight' = {{ from = 1, to = 50 }}."
    )
