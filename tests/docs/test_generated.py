"""The generated parts of the documentation are what the registries and the schema say now."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from agents import AGENTS
from experiments.analysis.questions import question_names
from experiments.levers import lever_paths
from experiments.scenario import experiment_names, preset_names
from mechanisms import MECHANISMS
from sim.data import DATASETS
from sim.models import MODELS
from tests.docs.pages import ROOT

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def generate() -> Any:
    sys.path.insert(0, str(DOCS))
    try:
        import generate
    finally:
        sys.path.remove(str(DOCS))
    return generate


@pytest.mark.parametrize("name", ["ODD.md", "catalogue.md", "reference.md"])
def test_generated_parts_are_up_to_date(name: str, generate: Any) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    assert generate.regenerated(text) == text, "write it anew with: .venv/bin/python docs/generate.py"


def first_column(name: str) -> set[str]:
    return set(re.findall(r"^\| `([^`]+)` \|", (DOCS / name).read_text(encoding="utf-8"), re.M))


def test_everything_registered_is_in_the_catalogue() -> None:
    registered = {agent.kind for agent in AGENTS} | {mechanism.kind for mechanism in MECHANISMS}
    registered |= {entry.name for entry in DATASETS} | {*preset_names(), *experiment_names(), *question_names()}
    assert registered <= first_column("catalogue.md")
    models = re.search(r"## Models.*?## Data sets", (DOCS / "catalogue.md").read_text("utf-8"), re.S)
    assert models
    for model in MODELS:
        assert model.name in models[0]


def test_every_lever_is_a_row_of_the_odd_tables() -> None:
    """But for tables that only hold other levers."""
    paths = set(lever_paths())
    leaves = {path for path in paths if not any(other.startswith(f"{path}.") for other in paths)}
    assert leaves - first_column("ODD.md") - {"agents"} == set()


def test_every_mechanism_has_its_docstring_in_the_reference_and_a_page_of_theory() -> None:
    reference = (DOCS / "reference.md").read_text(encoding="utf-8")
    for mechanism in MECHANISMS:
        assert f"\n::: {mechanism.__module__}\n" in reference
        page = (DOCS / "mechanisms" / f"{mechanism.kind.replace('_', '-')}.md").read_text(encoding="utf-8")
        assert f'`mechanism.kind = "{mechanism.kind}"`' in page


def test_every_agent_is_described() -> None:
    """What the mechanism does about each behaviour is written by hand."""
    assert {agent.kind for agent in AGENTS} <= first_column("agents.md")
