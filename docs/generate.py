"""Write the generated parts of the documentation anew: what `make docs` runs first, and the tests compare.

    .venv/bin/python docs/generate.py

They stand between ``<!-- generated: NAME -->`` and ``<!-- end -->`` and are read off the registries and the schema.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from agents import AGENTS
from experiments.catalogue import catalogue
from experiments.lever_list import LeverEntry, lever_entries
from sim.data import DATASETS

FOLDER = Path(__file__).parent
_PART = re.compile(r"(?<=<!-- generated: )([a-z]+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)


def main() -> None:
    """Rewrite every page with generated parts."""
    for path in sorted(FOLDER.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        fresh = regenerated(text)
        if fresh != text:
            path.write_text(fresh, encoding="utf-8")
            sys.stdout.write(f"{path}: written anew\n")


def regenerated(text: str) -> str:
    """A page with its generated parts as they are now. Raises `KeyError` for a part that nobody makes."""
    return _PART.sub(lambda found: f"{found[1]}{found[2]}{PARTS[found[1]]()}\n", text)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _named(what: str) -> str:
    return _table(["name", "what it is"], ((f"`{entry['name']}`", entry["description"]) for entry in catalogue(what)))


def _agents() -> str:
    rows = (
        (
            f"`{entry['name']}`",
            "adversary" if entry["adversarial"] else "",
            entry["description"],
            ", ".join(f"`{name}`" for name in entry["parameters"]),
        )
        for entry in catalogue("agents")
    )
    return _table(["kind", "", "what it does", "parameters of its own"], rows)


def _behaviours() -> str:
    """Where the docstring of each behaviour is taken from."""
    return "\n\n".join(f"::: {kind.__module__}.{kind.__name__}" for kind in AGENTS)


def _datasets() -> str:
    """Those that are registered; what lies in a user's folder is not."""
    rows = (
        (f"`{entry.name}`", entry.title, entry.licence, "" if not entry.files else "yours to obtain")
        for entry in DATASETS
    )
    return _table(["name", "title", "licence", ""], rows)


def _levers(section: str) -> str:
    """The parameters of a section of the schema; of "run" those that are in none."""
    rows = (
        (f"`{lever.path}`", f"`{lever.default}`" if lever.default else "", _meaning(lever))
        for lever in lever_entries()
        if (lever.path.partition(".")[0] if "." in lever.path else "run") == section
    )
    return _table(["lever", "default", "meaning"], rows)


def _meaning(lever: LeverEntry) -> str:
    meaning = lever.meaning.replace("``", "`")
    return f"{meaning} ({', '.join(f'`{kind}`' for kind in lever.of)})" if lever.of else meaning


PARTS: dict[str, Callable[[], str]] = {
    "agents": _agents,
    "behaviours": _behaviours,
    "mechanisms": lambda: _named("mechanisms"),
    "models": lambda: _named("models"),
    "datasets": _datasets,
    "scenarios": lambda: _named("scenarios"),
    "questions": lambda: _named("questions"),
    "fees": lambda: _named("fees"),
    "leversrun": lambda: _levers("run"),
    "leversdata": lambda: _levers("data"),
    "leversmodel": lambda: _levers("model"),
    "leversmechanism": lambda: _levers("mechanism"),
    "leverschain": lambda: _levers("chain"),
    "leversrecord": lambda: _levers("record"),
    "leversagents": lambda: _levers("agents"),
}
"""What can be generated, by name."""


if __name__ == "__main__":
    main()
