"""Times of a config that are a few seconds because nobody named a unit: ``refund_window = 7`` is rarely meant so.

>>> bare_times({"mechanism": {"refund_window": 7, "any_claim_after": "9d"}, "horizon": 600})
{'mechanism.refund_window': 7}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from experiments.fields import is_duration, is_number
from experiments.levers import ADD_GROUPS
from experiments.messages import model_at
from experiments.people import BEHAVIOURS, AgentGroup, group_model
from experiments.schema import Scenario

SHORT = 60
"""Seconds; a bare number below is more likely to be meant as days."""

_IN_SECONDS = frozenset({"block_time", "latency", "sd", "commitment_wait"})
"""Times that are seconds by nature."""


def bare_times(config: Mapping[str, Any], levers: Mapping[str, Any] | None = None) -> dict[str, int]:
    """Seconds, above 0 and below `SHORT`, of each time that plain tables have as a bare number; by dotted path.

    The times of ``levers`` and of a design's levers are among them; where a lever has several the shortest counts.
    """
    found = dict(_times(config, Scenario, ""))
    pulled = {lever: [value] for lever, value in (levers or {}).items()}
    for lever, values in {**_design_levers(config), **pulled}.items():
        short = [seconds for value in values for seconds in dict(_times(_nested(lever, value), Scenario, "")).values()]
        if short:
            found[lever] = min(short)
    return found


def note_on(path: str, seconds: int) -> str:
    """A sentence for people on a time that is so short."""
    return (
        f'Note: {path} is {seconds} s, since a time without a unit counts seconds; write "{seconds}d" for days, '
        f'"{seconds}min" for minutes.'
    )


def _times(table: Any, model: type[BaseModel], prefix: str) -> Iterator[tuple[str, int]]:
    if not isinstance(table, Mapping):
        return
    for name, value in table.items():
        if model is Scenario and name == "agents":
            for number, group in enumerate(value if isinstance(value, list | tuple) else ()):
                yield from _times_of_group(group, number)
            continue
        inner = model_at(model, [name])
        if inner is not model:
            yield from _times(value, inner, f"{prefix}{name}.")
        elif is_number(value) and 0 < value < SHORT and _is_long_time(model, name):
            yield f"{prefix}{name}", value


def _is_long_time(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and is_duration(field) and name not in _IN_SECONDS


def _times_of_group(group: Any, number: int) -> Iterator[tuple[str, int]]:
    if isinstance(group, Mapping):
        kind = group.get("kind")
        model = group_model(kind) if kind in BEHAVIOURS else AgentGroup
        yield from _times(group, model, f"agents.{group.get('name', kind or number)}.")


def _design_levers(config: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The levers of a design that lists their values, and these."""
    design = config.get("design")
    levers = design.get("levers") if isinstance(design, Mapping) else None
    listed = levers.items() if isinstance(levers, Mapping) else ()
    return {lever: values for lever, values in listed if isinstance(values, list)}


def _nested(lever: str, value: Any) -> dict[str, Any]:
    """A lever and its value as the tables of a config."""
    if lever == ADD_GROUPS:
        return {"agents": value}
    first, *steps = lever.split(".")
    names = steps[1:] if first == "agents" and steps else steps
    for step in reversed(names):
        value = {step: value}
    return {first: [value] if first == "agents" else value}
