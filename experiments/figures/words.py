"""How a lever and its values are written in a figure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from experiments import levers
from experiments.messages import model_at
from experiments.people import BEHAVIOURS
from experiments.schema import Scenario
from sim.units import DAY, HOUR, MINUTE

_NUMBER_AND_UNIT = re.compile(r"([0-9][0-9_.]*)\s*([A-Za-z]+)")
_SAY_IT_THEMSELVES = frozenset({"deposit_policy", "refund_rule", "strategy", "name"})
_UNITS = {"chain.unit, or as named": "units", "s, or as named": "s"}


def written(value: Any) -> str:
    """A value as a design says it, set as print does: ``5``, ``1 h``, ``100 ± 10``, ``no limit``.

    >>> [written(value) for value in (5.0, "1h", {"mean": 100, "sd": 10}, None, 6000, "naive_bayes")]
    ['5', '1 h', '100 ± 10', 'no limit', '6,000', 'naive_bayes']
    """
    if value is None:
        return "no limit"
    if isinstance(value, Mapping) and "mean" not in value:
        return table_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value == round(value):
        return f"{value:,.0f}"
    text = levers.written(value)
    number = _NUMBER_AND_UNIT.fullmatch(text.strip())
    return f"{number[1]} {number[2]}" if number else text


def table_text(table: Mapping[str, Any]) -> str:
    """A table of fields in words: its kind first; what a field says by itself stands alone, tables are left out.

    >>> table_text({"slashed_share": 0.5, "refund_rule": "one_shot"}), table_text({"kind": "sleeper", "lies": 9})
    ('slashed share 0.5, one shot', 'sleeper, lies 9')
    >>> table_text({"commit_reveal": True}), table_text({})
    ('commit reveal', 'as it is')
    """
    said = [str(table["kind"])] if "kind" in table else []
    for field, value in table.items():
        if field == "kind" or isinstance(value, Mapping):
            continue
        alone = field in _SAY_IT_THEMSELVES
        said.append(field if value is True else str(value) if alone else f"{field} {levers.written(value)}")
    return ", ".join(said).replace("_", " ") or "as it is"


def clock(seconds: int) -> str:
    """A duration in its largest whole unit: ``90 min``, ``7 d``.

    >>> clock(5400), clock(7 * 86400), clock(0)
    ('90 min', '7 d', '0 s')
    """
    for length, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds and seconds % length == 0:
            return f"{seconds // length} {name}"
    return f"{seconds} s"


def title_of(path: str) -> str:
    """A lever in words.

    >>> title_of("mechanism.refund_window"), title_of("agents.flipper.willingness_to_pay"), title_of("model.kind")
    ('refund window', 'willingness to pay of flipper', 'model kind')
    """
    steps = path.split(".")
    if steps[0] == "agents" and len(steps) == 2:
        return steps[1]
    if steps[0] == "agents" and len(steps) > 2:
        return f"{' '.join(steps[2:]).replace('_', ' ')} of {steps[1]}"
    if steps[0] == "mechanism" and len(steps) > 1 and steps[-1] not in ("kind", "profile"):
        steps = steps[1:]
    return " ".join(steps).replace("_", " ")


def unit_of(path: str) -> str:
    """What the numbers of a lever count: ``units`` of money, ``s`` (seconds), or "" for pure numbers and words.

    >>> unit_of("agents.flipper.balance"), unit_of("agents.flipper.arrival.mean_gap"), unit_of("data.size")
    ('units', 's', '')
    """
    *steps, last = path.split(".")
    of_group = steps[:1] == ["agents"]
    tables_of_groups = [model_at(Scenario, ["agents", 0, kind, *steps[2:]]) for kind in BEHAVIOURS if of_group]
    for model in tables_of_groups or [model_at(Scenario, steps)]:
        schema = model.model_json_schema()
        field = json.dumps(schema["properties"].get(last, {}))
        tables = [json.dumps(table) for name, table in schema.get("$defs", {}).items() if f"#/$defs/{name}" in field]
        for said, unit in _UNITS.items():
            if any(said in text for text in (field, *tables)):
                return unit
    return ""
