"""Errors for people: pydantic's findings as one paragraph that names field, value, allowed range and fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from experiments.people import BEHAVIOURS, group_model
from sim.errors import ConfigError

_SHOWN = 60
_MOST_LISTED = 24  # keys, beside one that was probably meant
_MUST_BE = {
    "int_type": "a whole number, without quotes or decimals",
    "int_from_float": "a whole number, without decimals",
    "float_type": "a number, without quotes",
    "string_type": "text in quotes",
    "bool_type": "true or false, without quotes",
    "finite_number": "a finite number",
    "tuple_type": "a list",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "literal_error": "one of {expected}",
    "greater_than_equal": "at least {ge}",
    "greater_than": "above {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "below {lt}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "string_too_short": "text of at least {min_length} characters",
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "text of another form",
}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence with the nearest of the known words, "" if none is near."""
    known = list(known)
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.55)
    return f" Did you mean {by_lower[close[0]]!r}?" if close else ""


def shown(value: Any) -> str:
    """A value as an error text shows it: short."""
    try:
        text = str(float(value)) if isinstance(value, Fraction) else repr(value)
    except (ValueError, OverflowError):  # a number of hundreds of digits
        text = "a huge number"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def config_error(error: ValidationError, source: str, given: Any, root: type[BaseModel]) -> ConfigError:
    """The first finding in full, the fields of the others by name. ``source`` says where the config came from."""
    findings = [finding for finding in error.errors(include_url=False) if not _is_echo(finding)]
    text = _finding(findings[0], given, root)
    others = list(dict.fromkeys(path_of(finding["loc"], given) for finding in findings[1:]))
    if others:
        more = ", ".join(others[:5]) + (", …" if len(others) > 5 else "")
        text += f" There {'is' if len(others) == 1 else 'are'} {len(others)} more to correct: {more}."
    return ConfigError(f"{source}: {text}")


def _is_echo(finding: Any) -> bool:
    """Groups that were refused are missing from the list: pydantic then counts too few of them as well."""
    return bool(finding["type"] == "too_short" and finding["input"])


def _finding(finding: Any, given: Any, root: type[BaseModel]) -> str:
    path, kind, value = path_of(finding["loc"], given), finding["type"], finding["input"]
    context = finding.get("ctx", {})
    if kind == "extra_forbidden":
        word = str(finding["loc"][-1])
        allowed = sorted(model_at(root, finding["loc"][:-1]).model_fields)
        meant = did_you_mean(word, allowed)
        listed = "" if meant and len(allowed) > _MOST_LISTED else f" Allowed here: {', '.join(allowed)}."
        return f"{path} is unknown.{meant}{listed}"
    if kind == "missing":
        return f"{path} is missing. Add it: {_meaning(root, finding['loc'])}."
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_kind(path, value)
    if kind == "value_error":
        reason = str(context.get("error", ""))
        if not path or isinstance(value, dict | BaseModel):
            return _sentence(f"{path}: {reason}" if path and not reason.startswith(path) else reason)
        return _sentence(f"{path} is {shown(value)}; {reason}") + _about(root, finding["loc"])
    must_be = _MUST_BE.get(kind, "").format(**context) or finding["msg"]
    name = path or "the scenario"
    return f"{name} is {shown(value)}; it must be {must_be}." + _about(root, finding["loc"])


def _unknown_kind(path: str, group: Any) -> str:
    kinds = ", ".join(BEHAVIOURS)
    if not isinstance(group, dict):
        return f"{path} is {shown(group)}; it must be a table with kind = one of {kinds}."
    if "kind" not in group:
        return f"{path}.kind is missing; choose one of {kinds}."
    kind = group["kind"]
    return f"{path}.kind is {shown(kind)}; choose one of {kinds}.{did_you_mean(str(kind), BEHAVIOURS)}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _about(root: type[BaseModel], location: Sequence[int | str]) -> str:
    meaning = _meaning(root, location)
    return f" ({location[-1]}: {meaning}.)" if meaning else ""


def _meaning(root: type[BaseModel], location: Sequence[int | str]) -> str:
    if not location:
        return ""
    field = model_at(root, location[:-1]).model_fields.get(str(location[-1]))
    return field.description or "" if field else ""


def model_at(root: type[BaseModel], location: Sequence[int | str]) -> type[BaseModel]:
    """The table a location points to; the nearest one above it if it is no table."""
    model, steps = root, list(location)
    while steps:
        step = steps.pop(0)
        if step == "agents" and "agents" in model.model_fields:
            if len(steps) < 2:
                break
            model, steps = group_model(str(steps[1])), steps[2:]
            continue
        field = model.model_fields.get(str(step))
        inner = _table_of(field.annotation) if field else None
        if inner is None:
            break
        model = inner
    return model


def _table_of(annotation: Any) -> type[BaseModel] | None:
    """The table in an annotation, through Optional and Annotated."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((table for part in get_args(annotation) if (table := _table_of(part)) is not None), None)


def path_of(location: Sequence[int | str], given: Any) -> str:
    """A location as a dotted path; groups of agents by their name where they have one."""
    steps, words = list(location), []
    while steps:
        step = steps.pop(0)
        words.append(str(step))
        if step == "agents" and steps:
            number = steps.pop(0)
            words.append(_group_name(given, number))
            if steps and steps[0] in BEHAVIOURS:  # the tag of the union is no part of the path
                steps.pop(0)
    return ".".join(words)


def _group_name(given: Any, number: int | str) -> str:
    try:
        group = given["agents"][number]
        name = group.get("name", group.get("kind"))
        alone = sum(other.get("name", other.get("kind")) == name for other in given["agents"]) == 1
    except (AttributeError, IndexError, KeyError, TypeError):
        return str(number)
    return name if isinstance(name, str) and name and alone else str(number)
