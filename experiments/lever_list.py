"""Every lever of a scenario with its default and its meaning, read off the schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from experiments.levers import ADD_GROUPS, written
from experiments.mechanism_levers import levers_of
from experiments.messages import model_at
from experiments.people import BEHAVIOURS, AgentGroup, group_model
from experiments.schema import Scenario
from mechanisms import MECHANISMS

REQUIRED = "required"
"""Stands for the default of what has none."""


class LeverEntry(NamedTuple):
    """One lever: its path (``GROUP`` for the name of a group), default as a config has it, meaning, whose it is.

    ``of`` names the mechanisms or behaviours that have it; empty: all.
    """

    path: str
    default: str
    meaning: str
    of: tuple[str, ...] = ()


def lever_entries() -> list[LeverEntry]:
    """All levers that hold a value, in the order of the schema, those of groups last."""
    scenario = [entry for entry in _entries(Scenario, "") if entry.path != "agents"]
    own = {kind: set(levers_of(kind, model_at(Scenario, ["mechanism"]).model_fields)) for kind in _kinds()}
    found = [_of_mechanisms(entry, own) for entry in scenario]
    found += _entries(AgentGroup, "agents.GROUP.")
    found.append(LeverEntry(ADD_GROUPS, "", "adds a group, {kind = ..., ...}, or a list of groups"))
    by_path: dict[tuple[str, str, str], list[str]] = {}
    for kind in BEHAVIOURS:
        for path, default, meaning, _ in _entries(group_model(kind), "agents.GROUP."):
            if path.split(".")[2] not in AgentGroup.model_fields:
                by_path.setdefault((path, default, meaning), []).append(kind)
    return found + [LeverEntry(*facts, tuple(kinds)) for facts, kinds in by_path.items()]


def _kinds() -> list[str]:
    return [mechanism.kind for mechanism in MECHANISMS]


def _of_mechanisms(entry: LeverEntry, own: dict[str, set[str]]) -> LeverEntry:
    """With the mechanisms that have it, where not all do."""
    section, _, name = entry.path.partition(".")
    having = tuple(kind for kind, levers in own.items() if name in levers)
    if section != "mechanism" or name == "kind" or len(having) == len(own):
        return entry
    return entry._replace(of=having)


def _entries(model: type[BaseModel], prefix: str) -> Iterator[LeverEntry]:
    for name, field in model.model_fields.items():
        inner = model if name == "agents" else model_at(model, [name])
        if inner is model or _has_default(field):
            yield LeverEntry(f"{prefix}{name}", _default(field), field.description or "")
        if inner is not model:
            yield from _entries(inner, f"{prefix}{name}.")


def _has_default(field: FieldInfo) -> bool:
    """Whether a table is also a value by itself, as a willingness to pay is that may be 'no limit'."""
    return bool(field.description) and not isinstance(field.get_default(call_default_factory=True), BaseModel)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return REQUIRED
    value = field.get_default(call_default_factory=True)
    written_as: Any = Annotated[field.annotation, field, *field.metadata]
    plain = TypeAdapter(written_as).dump_python(value)
    return "" if plain in ("", None, ()) else written(plain)
