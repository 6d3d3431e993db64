"""Levers: any field of a scenario by its dotted path, ``mechanism.cost_weight`` or ``agents.honest.arrival.mean_gap``.

Groups of agents are addressed by name or by number; a table for a whole group, ``agents.liars = {kind = "sleeper"}``,
sets the fields it names; ``agents.+`` adds a group, or a list of them. All levers are pulled before anything is
checked, so that fields that only make sense together can change together.
"""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from experiments.messages import did_you_mean, model_at, shown
from experiments.people import BEHAVIOURS, group_model
from experiments.schema import Scenario
from sim.errors import ConfigError

ADD_GROUPS = "agents.+"
"""The lever that adds groups of agents to those of the scenario."""


def read_levers(texts: Iterable[str]) -> dict[str, Any]:
    """Levers and values of texts such as ``mechanism.cost_weight=20``; a value that is no TOML is text.

    The last one counts where a lever is named twice; but every ``agents.+`` adds its group.
    Raises `ConfigError` for a text without path or equals sign.

    >>> read_levers(["seed=7", "agents.+={kind='spammer'}", "agents.+={kind='honest', name='late'}"])
    {'seed': 7, 'agents.+': [{'kind': 'spammer'}, {'kind': 'honest', 'name': 'late'}]}
    """
    levers: dict[str, Any] = {}
    for text in texts:
        path, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not path:
            raise ConfigError(f"--set {text!r} must be PATH=VALUE, such as --set mechanism.cost_weight=20.")
        if path == ADD_GROUPS:
            levers[path] = [*levers.get(path, ()), *_groups_to_add(_toml(value))]
        else:
            levers[path] = _toml(value)
    return levers


def _toml(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if set(parsed) == {"value"} else text


def plain(scenario: Scenario) -> dict[str, Any]:
    """The scenario as a config would say it: what was written, in tables, lists, numbers and text."""
    written: dict[str, Any] = scenario.model_dump(mode="python", exclude_unset=True)
    return _without_none(written)


def resolved(scenario: Scenario) -> dict[str, Any]:
    """The scenario with every field that has a value, defaults too; it has the same hash."""
    tables: dict[str, Any] = scenario.model_dump(mode="python")
    return _without_none(tables)


def _without_none(value: Any) -> Any:
    """TOML has no null: a field that is None is left out, which means the same."""
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list | tuple) else value


def pull(config: dict[str, Any], levers: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a plain config with levers set. Raises `ConfigError` for a path that leads nowhere."""
    config = copy.deepcopy(config)
    for path, value in sorted(levers.items(), key=lambda lever: lever[0].count(".")):
        if path == ADD_GROUPS:
            _groups_of(config, path).extend(copy.deepcopy(_groups_to_add(value)))
        else:
            _set(config, path, value)
    return config


def _groups_to_add(value: Any) -> list[dict[str, Any]]:
    """A table, or a list of tables, as a list of groups that say what they are."""
    groups = list(value) if isinstance(value, list | tuple) else [value]
    for group in groups:
        if not isinstance(group, Mapping) or "kind" not in group:
            raise ConfigError(
                f"Lever {ADD_GROUPS!r} is {shown(group)}; it must be a table with the kind of the new group, such as "
                f"'{ADD_GROUPS}={{kind=\"label_flipper\", count=3}}', or a list of such tables."
            )
    return groups


def _set(config: dict[str, Any], path: str, value: Any) -> None:
    steps = path.split(".")
    table: Any = config
    model: type[BaseModel] = Scenario
    while True:
        step = steps.pop(0)
        if model is Scenario and step == "agents" and steps:
            table, model = _group(config, path, steps.pop(0))
            if not steps:
                _lay_over(table, path, value)
                return
            continue
        if step not in model.model_fields:
            raise ConfigError(_unknown(path, config))
        if not steps:
            table[step] = copy.deepcopy(value)
            return
        inner = model_at(model, [step])
        if inner is model:
            raise ConfigError(_unknown(path, config))
        if not isinstance(table.get(step), dict):  # a bare amount stands for {mean = amount}, bare fees for {kind = …}
            bare, word = table.get(step), getattr(inner, "BARE", "mean")
            table[step] = {} if bare is None or isinstance(bare, bool | list) else {word: bare}
        table, model = table[step], inner


def _lay_over(group: dict[str, Any], path: str, value: Any) -> None:
    """Set several fields of a group at once, its kind perhaps."""
    if not isinstance(value, Mapping):
        raise ConfigError(
            f"Lever {path!r} names a whole group, and {shown(value)} is no table; name a field of it, such as "
            f"'{path}.count', or write a table of fields, such as {{ kind = 'sleeper', count = 3 }}."
        )
    group.setdefault("name", group.get("kind"))  # a group that takes its name from its kind keeps it
    group.update(copy.deepcopy(dict(value)))


def _groups_of(config: dict[str, Any], path: str) -> list[dict[str, Any]]:
    groups = config.get("agents")
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        raise ConfigError(f"Lever {path!r}: the scenario has no list of agents to change. Set 'agents' to one.")
    return groups


def _group(config: dict[str, Any], path: str, wanted: str) -> tuple[dict[str, Any], type[BaseModel]]:
    """The table of a group and its model."""
    groups = _groups_of(config, path)
    names = [str(group.get("name", group.get("kind"))) for group in groups]
    if wanted in names:
        group = groups[names.index(wanted)]
    elif wanted.isascii() and wanted.isdigit() and int(wanted) < len(groups):
        group = groups[int(wanted)]
    else:
        raise ConfigError(
            f"Lever {path!r}: there is no group of agents {wanted!r}.{did_you_mean(wanted, names)} "
            f"Groups: {', '.join(names)}, or their numbers 0 to {len(groups) - 1}."
        )
    kind = group.get("kind")
    if not isinstance(kind, str) or kind not in BEHAVIOURS:
        raise ConfigError(f"Lever {path!r}: agents.{wanted}.kind is {shown(kind)}, which is no behaviour.")
    return group, group_model(kind)


def _unknown(path: str, config: dict[str, Any]) -> str:
    if path.startswith("agents."):
        return _unknown_of_group(path, config)
    known = list(lever_paths())
    hint = did_you_mean(path, known) or did_you_mean(path.rpartition(".")[2], known)
    last = {name.rpartition(".")[2]: name for name in known if not name.startswith("agents.")}
    if not hint and path.rpartition(".")[2] in last:
        hint = f" Did you mean {last[path.rpartition('.')[2]]!r}?"
    return f"Unknown lever {path!r}.{hint} A lever is the dotted path of a field, such as 'mechanism.refund_window'."


def _unknown_of_group(path: str, config: dict[str, Any]) -> str:
    """A field that no behaviour has, or only others than that of the group."""
    _, name, field = path.split(".", 2)
    kind = _group(config, path, name)[0]["kind"]
    having = [other for other in BEHAVIOURS if field in _paths(group_model(other), "")]
    if having:
        return f"Lever {path!r}: {kind!r} has no {field}; {', '.join(having)} {'has' if len(having) == 1 else 'have'}."
    own = [f"agents.{name}.{known}" for known in _paths(group_model(kind), "")]
    return f"Unknown lever {path!r}.{did_you_mean(path, own)} A lever is the dotted path of a field."


def written(value: Any) -> str:
    """A lever's value as people read it: a distribution as ``mean ± sd``, other tables and lists as JSON.

    >>> written({"mean": 100, "sd": 10}), written({"mean": "0.1 ether"}), written(50.0), written("1h"), written(True)
    ('100 ± 10', '0.1 ether', '50', '1h', 'true')
    """
    if isinstance(value, Mapping) and "mean" in value and set(value) <= {"mean", "sd"}:
        spread = value.get("sd", 0)
        return f"{written(value['mean'])} ± {written(spread)}" if spread else written(value["mean"])
    if value is None or isinstance(value, bool | Mapping | list | tuple):
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**15:
        return str(int(value))
    return str(value)


def lever_paths() -> Iterator[str]:
    """Every lever there is; ``GROUP`` stands for the name or number of a group."""
    yield from _paths(Scenario, "")
    shared = dict.fromkeys(path for kind in BEHAVIOURS for path in _paths(group_model(kind), ""))
    yield from (f"agents.GROUP.{path}" for path in shared)


def _paths(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name in model.model_fields:
        inner = model if name == "agents" else model_at(model, [name])
        yield f"{prefix}{name}"
        if inner is not model:
            yield from _paths(inner, f"{prefix}{name}.")
