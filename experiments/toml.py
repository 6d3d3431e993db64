"""Writing a plain config as TOML, so that a result carries the scenario that made it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(config: Mapping[str, Any]) -> str:
    """TOML text of nested tables, lists, numbers, texts and booleans; keys at the top are written as they are.

    >>> print(to_toml({"name": "a", "data": {"size": 3}, "agents": [{"kind": "honest", "arrival": {"sd": 1}}]}))
    name = "a"
    <BLANKLINE>
    [data]
    size = 3
    <BLANKLINE>
    [[agents]]
    kind = "honest"
    arrival = { sd = 1 }
    <BLANKLINE>
    """
    lines = [f"{key} = {_value(value)}" for key, value in config.items() if not _is_table(value)]
    for key, value in config.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{key}]", *(f"{_key(name)} = {_value(inner)}" for name, inner in value.items())]
        elif _is_table(value):
            for table in value:
                lines += ["", f"[[{key}]]", *(f"{_key(name)} = {_value(inner)}" for name, inner in table.items())]
    return "\n".join(lines) + "\n"


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and isinstance(value[0], Mapping))


def _key(name: str) -> str:
    """A key, in quotes if it is a path or otherwise not bare."""
    return name if _BARE_KEY.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(name)} = {_value(inner)}" for name, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which TOML wants escaped too
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)  # numbers, true and false
