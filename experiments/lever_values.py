"""What a lever is at a point of a design, as a table or a file can hold it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from experiments.fees import FeesSection
from experiments.fields import plain_number
from experiments.levers import written
from experiments.people import Willingness
from experiments.schema import Scenario


def value_at(scenario: Scenario, lever: str, names: Sequence[str]) -> Any:
    """The value of a lever in a checked scenario, as a table can hold it; groups have these names or their own."""
    value: Any = scenario
    for step in lever.split("."):
        if isinstance(value, tuple):
            value = value[_place(step, [group.name for group in value], names)]
        else:
            value = getattr(value, step, None)
    return _cell(value, scenario)


def _place(step: str, own: Sequence[str], named: Sequence[str]) -> int:
    """The number of a group called so: now, or in the scenario before the point changed it."""
    for names in (own, named):
        if step in names:
            return names.index(step)
    return int(step)


def as_plain(value: Any) -> Any:
    """A value as JSON can hold it and a file could have said it."""
    if isinstance(value, Decimal | Fraction):
        return plain_number(Fraction(value))
    return value


def _cell(value: Any, scenario: Scenario) -> Any:
    if isinstance(value, Willingness):
        mean, sd = _cell(value.mean, scenario), _cell(value.sd, scenario)
        if sd:
            return written({"mean": mean, "sd": sd})
        return int(mean) if mean.is_integer() else mean  # as text, beside a distribution, it is 50 and not 50.0
    if isinstance(value, FeesSection) and isinstance(value.plain(), str):
        return value.plain()
    if isinstance(value, BaseModel):
        return json.dumps(value.model_dump(mode="python", exclude_unset=True), sort_keys=True, default=str)
    if isinstance(value, tuple):
        return json.dumps([json.loads(_cell(group, scenario)) for group in value], sort_keys=True)
    if hasattr(value, "wei"):
        return float(value.wei(scenario.unit) / scenario.unit)
    if isinstance(value, int | float | str | bool) or value is None:
        return value
    return float(value)
