"""What can be named or set in a config, with a line about each: agents, mechanisms, models, data sets, scenarios and
experiments, levers, presets of fees."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

from experiments.messages import did_you_mean
from sim.errors import ConfigError

Entry = dict[str, Any]


def _agents() -> list[Entry]:
    from agents import AGENTS
    from experiments.people import AgentGroup, group_model, summary

    def parameters(kind: str) -> dict[str, str]:
        fields = group_model(kind).model_fields
        return {name: field.description or "" for name, field in fields.items() if name not in AgentGroup.model_fields}

    return [
        {
            "name": behaviour.kind,
            "description": summary(behaviour),
            "adversarial": behaviour.traits.adversarial,
            "parameters": parameters(behaviour.kind),
        }
        for behaviour in AGENTS
    ]


def _of_modules(classes: Any, word: str) -> list[Entry]:
    """Classes whose module's docstring begins with the sentence that describes them."""
    from sys import modules

    found = []
    for described in classes:
        first = (modules[described.__module__].__doc__ or "").strip().split("\n\n")[0]
        found.append({"name": getattr(described, word), "description": " ".join(first.split())})
    return found


def _mechanisms() -> list[Entry]:
    from mechanisms import MECHANISMS

    return _of_modules(MECHANISMS, "kind")


def _models() -> list[Entry]:
    from sim.models import MODEL_PROFILES, OTHER_NAMES, kind_of

    found: dict[str, Entry] = {}
    for profile, classes in MODEL_PROFILES.items():
        for entry in _of_modules(classes, "name"):
            kind = kind_of(entry["name"])
            also = [name for name in OTHER_NAMES if kind_of(name) == kind]
            found.setdefault(kind, {**entry, "name": kind, "profiles": [], "also": also})["profiles"].append(profile)
    for entry in found.values():
        names = f", also called {' or '.join(entry['also'])}" if entry["also"] else ""
        entry["description"] += f" (profile {' or '.join(entry['profiles'])}{names})"
    return list(found.values())


def _datasets() -> list[Entry]:
    from sim.data import DATASETS, is_available, known_names

    entries: list[Entry] = [
        {
            "name": entry.name,
            "description": entry.title,
            "available": is_available(entry),
            "licence": entry.licence,
            "how_to_obtain": entry.how_to_obtain,
        }
        for entry in DATASETS
    ]
    listed = {entry["name"] for entry in entries}
    entries += [
        {
            "name": name,
            "description": "in the folder DECA10B_DATA",
            "available": True,
            "licence": "",
            "how_to_obtain": "",
        }
        for name in known_names()
        if name not in listed
    ]
    return entries


def _scenarios() -> list[Entry]:
    from experiments.scenario import experiment_names, preset_names, preset_text

    by_type = {"scenario": preset_names(), "experiment": experiment_names()}
    return [
        {"name": name, "description": tomllib.loads(preset_text(name)).get("description", ""), "type": kind}
        for kind, names in by_type.items()
        for name in names
    ]


def _questions() -> list[Entry]:
    from experiments.analysis.questions import question_facts

    return question_facts()


def _levers() -> list[Entry]:
    from experiments.lever_list import LeverEntry, lever_entries

    def told(lever: LeverEntry) -> str:
        owner = f"({', '.join(lever.of)}) " if lever.of else ""
        default = f" [{lever.default}]" if lever.default else ""
        return f"{owner}{lever.meaning.replace('``', '')}{default}"

    return [
        {
            "name": lever.path,
            "description": told(lever),
            "default": lever.default,
            "of": list(lever.of),
        }
        for lever in lever_entries()
    ]


def _fees() -> list[Entry]:
    from sim.chain.fees_presets import FEE_TERMS
    from sim.units import GWEI

    found = []
    for name, terms in FEE_TERMS.items():
        price = terms.price or terms.base_fee
        moves = " on average" if terms.kind == "eip1559" else ""
        text = f"{price / GWEI:g} gwei per gas{moves}" if price else "gas costs nothing"
        if name == terms.kind != "free":  # a kind without figures, not a preset
            text = {"fixed": "a price of your own", "eip1559": "a base fee of your own that moves with demand"}[name]
        ether = (
            "" if terms.ether_price is None else f", an ether costs {float(terms.ether_price):,.0f} {terms.currency}"
        )
        found.append({"name": name, "description": f"{text}, gas of {terms.hardfork}{ether}"})
    return found


_CATALOGUES: dict[str, tuple[Callable[[], list[Entry]], str]] = {
    "scenarios": (_scenarios, "Economies to run, and experiments to sweep."),
    "levers": (_levers, "All that '--set PATH=VALUE' can change, with what it is by default."),
    "agents": (_agents, "Behaviours of participants, honest and not."),
    "mechanisms": (_mechanisms, "Rules of who pays whom."),
    "models": (_models, "Classifiers that learn on the chain."),
    "datasets": (_datasets, "Data to learn from; more about each: deca10b data info NAME."),
    "fees": (_fees, "What gas costs, chain by chain."),
    "questions": (_questions, "Questions put to many runs: deca10b sensitivity, tune, game."),
}


def catalogue(what: str = "") -> list[Entry]:
    """Entries with ``name``, ``description`` and more of one of the kinds; of the kinds themselves without a name.

    Raises `ConfigError` for another kind.
    """
    if not what:
        return [{"name": name, "description": description} for name, (_, description) in _CATALOGUES.items()]
    if what not in _CATALOGUES:
        raise ConfigError(f"Cannot list {what!r}.{did_you_mean(what, _CATALOGUES)} Choose {', '.join(_CATALOGUES)}.")
    return _CATALOGUES[what][0]()
