"""Scenarios: read from TOML files, changed by levers, identified by a hash.

>>> scenario = load_scenario("quickstart")
>>> dearer = with_levers(scenario, {"mechanism.cost_weight": 20, "agents.honest.balance": "0.5 ether"})
>>> scenario_hash(dearer) == scenario_hash(scenario), scenario_hash(with_levers(dearer, {"seed": 7}))[:8]
(False, '...')
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from experiments.chain_section import ChainSection
from experiments.fields import Amount
from experiments.levers import plain, pull
from experiments.messages import config_error, did_you_mean
from experiments.model_section import ModelSection
from experiments.people import AgentGroup
from experiments.schema import Scenario
from sim.errors import ConfigError
from sim.units import Wei

__all__ = [
    "QUESTIONS", "Scenario", "canonical", "experiment_names", "load_scenario", "preset_names", "preset_text",
    "question_in", "read_config", "read_scenario", "scenario_hash", "to_plain", "validate", "with_levers",
]  # fmt: skip

LARGEST_FILE = 10**7
QUESTIONS = ("sensitivity", "tune", "game")
"""Tables, and commands, that ask something of many runs; see `experiments.analysis.questions`."""

_NOT_HASHED = frozenset({"name", "description", "seed", "replication", "record.display_every", "record.events"})
_OTHERWISE = {
    "scenario": "That is a scenario, for 'deca10b run'",
    "experiment": "That is an experiment, for 'deca10b sweep'",
}

to_plain = plain


def preset_names() -> tuple[str, ...]:
    """Scenarios that come with the package, in alphabetical order."""
    return _presets(experiments=False)


def experiment_names() -> tuple[str, ...]:
    """Experiments that come with the package, in alphabetical order."""
    return _presets(experiments=True)


@cache
def _presets(experiments: bool) -> tuple[str, ...]:
    """Names of the presets that do, or do not, have a design."""
    folder = resources.files("experiments") / "presets"
    names = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(name for name in names if ("design" in tomllib.loads(preset_text(name))) is experiments)


def preset_text(name: str) -> str:
    """The TOML text of a preset."""
    return (resources.files("experiments") / "presets" / f"{name}.toml").read_text(encoding="utf-8")


def load_scenario(name_or_path: str | Path, levers: Mapping[str, Any] | None = None) -> Scenario:
    """A preset by name, or else the file at a path, with levers set. Raises `ConfigError` in words for people."""
    config, source = read_scenario(name_or_path)
    return validate(pull(config, levers) if levers else config, source)


def read_scenario(name_or_path: str | Path) -> tuple[dict[str, Any], str]:
    """The tables of a preset or file, not checked yet, and what to call it in error texts. Raises `ConfigError`."""
    config, source = read_config(name_or_path, "scenario")
    if "design" in config:
        raise ConfigError(
            f"{source} has a [design], so it is an experiment of many runs. Run it with 'deca10b sweep {name_or_path}'."
        )
    if section := question_in(config):
        raise ConfigError(
            f"{source} has a table [{section}], so it is a question to many runs. Ask it with 'deca10b {section} "
            f"{name_or_path}'."
        )
    return config, source


def question_in(config: Mapping[str, Any]) -> str | None:
    """Which table of `QUESTIONS` a file has; None if it asks nothing."""
    return next((section for section in QUESTIONS if section in config), None)


def read_config(name_or_path: str | Path, kind: str = "") -> tuple[dict[str, Any], str]:
    """The tables of a scenario or an experiment, not checked yet, and what to call it in error texts.

    ``kind`` is ``scenario`` or ``experiment`` where only one of them is of use. Raises `ConfigError`.
    """
    wanted = str(name_or_path)
    if wanted in preset_names():
        text, source, stem = preset_text(wanted), f"Scenario {wanted!r}", wanted
    elif wanted in experiment_names():
        text, source, stem = preset_text(wanted), f"Experiment {wanted!r}", wanted
    else:
        text, source, stem = _file_text(wanted, kind), f"Scenario file {wanted!r}", Path(wanted).stem
    try:
        config = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{source} is not valid TOML: {error}. Check quotes, brackets and commas there; text needs quotes ('1d')."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{source} cannot be read: a number or a nesting in it is absurdly large.") from error
    if "design" in config:
        source = source.replace("Scenario file", "Experiment file")
    config.setdefault("name", stem)
    return config, source


def _file_text(wanted: str, kind: str) -> str:
    path = Path(wanted)
    try:
        if path.suffix != ".toml" and not path.exists():
            raise ConfigError(f"There is no {kind or 'scenario'} {wanted!r}.{_choices(wanted, kind)}")
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigError(f"Scenario file {wanted!r} is larger than 10 MB; a scenario is a short text. Check it.")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(
            f"There is no {kind or 'scenario'} file {wanted!r}, seen from {Path.cwd()}.{_choices(path.stem, kind)}"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"Scenario file {wanted!r} is not UTF-8 text. Save it as UTF-8.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"Scenario file {wanted!r} cannot be read: {reason}. Give the path of a readable .toml file."
        ) from error


def _choices(wanted: str, kind: str) -> str:
    """What comes with the package and was perhaps meant; of the other kind only what is near, with its command."""
    known = {"scenario": preset_names(), "experiment": experiment_names()}
    names = known.pop(kind) if kind else sum(known.values(), ())
    meant = did_you_mean(wanted, names)
    if kind and not meant:
        ((other, others),) = known.items()
        meant = did_you_mean(wanted, others).replace("?", f"? {_OTHERWISE[other]}.")
    return f"{meant} Known: {', '.join(names)}. Or give the path of a .toml file."


def validate(config: Mapping[str, Any], source: str = "Scenario") -> Scenario:
    """The scenario of plain tables. Raises `ConfigError`; ``source`` begins its text."""
    try:
        return Scenario.model_validate(dict(config))
    except ValidationError as error:
        raise config_error(error, source, config, Scenario) from error


def with_levers(scenario: Scenario, levers: Mapping[str, Any]) -> Scenario:
    """A copy with fields changed by dotted path; groups of agents by name or number. Raises `ConfigError`.

    >>> with_levers(load_scenario("quickstart"), {"agents.0.count": 3, "horizon": "10d"}).agents[0].count
    3
    """
    return validate(pull(plain(scenario), levers), f"Scenario {scenario.name!r} with levers set")


def scenario_hash(scenario: Scenario) -> str:
    """SHA-256, in hex, of what makes this scenario different from an empty one.

    Defaults are left out, so a field added later changes no hash; durations are seconds and amounts wei, so it does not
    matter how they were written. Name, description, and the display are left out, and so are seed and replication,
    which stand beside it in every table. ``record.accuracy_every`` is in: participants hear of every measurement.
    """
    text = json.dumps(canonical(scenario), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(scenario: Scenario) -> dict[str, Any]:
    """What `scenario_hash` is the hash of: plain tables without anything that is as by default."""
    answer: dict[str, Any] = _different(scenario, scenario.unit, "")
    return answer


def _different(table: BaseModel, unit: Wei, prefix: str) -> dict[str, Any]:
    if isinstance(table, ChainSection | ModelSection):
        return table.canonical()
    found: dict[str, Any] = {}
    for name, field in type(table).model_fields.items():
        if f"{prefix}{name}" in _NOT_HASHED:
            continue
        value = _canonical_value(getattr(table, name), unit, f"{prefix}{name}.")
        default = _canonical_value(field.get_default(), unit, f"{prefix}{name}.")
        named_by_kind = isinstance(table, AgentGroup) and name == "name" and value == table.kind
        if value != default and not named_by_kind:
            found[name] = value
    if isinstance(table, AgentGroup):
        found["kind"] = table.kind
    return found


def _canonical_value(value: Any, unit: Wei, prefix: str) -> Any:
    if isinstance(value, BaseModel):
        return _different(value, unit, prefix)
    if isinstance(value, tuple):
        return [_canonical_value(inner, unit, "agents[].") for inner in value]
    if isinstance(value, Amount):
        return f"{value.wei(unit)} wei"
    return str(value) if isinstance(value, Fraction) else value
