"""The tables of docs/reproduction.md, as the command prints them.

``python -m tests.reproduction.page [TARGET...]`` measures targets, by default all (some minutes), and writes their
tables into the page; without the IMDB reviews at hand it would write a page that says so.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console

from experiments.cli_reproduce import show
from experiments.reproduction import TARGETS, Finding, chosen_targets, reproduce

PAGE = Path(__file__).parents[2] / "docs" / "reproduction.md"


def printed(finding: Finding) -> str:
    """What the command prints of a target where nobody looks at a terminal, without blanks at the ends of lines."""
    text = io.StringIO()
    show(finding, Console(file=text))
    return "\n".join(line.rstrip() for line in text.getvalue().strip().splitlines())


def table_in(page: str, name: str) -> str:
    """The table of a target in the text of the page."""
    found = re.search(rf"```text\n({re.escape(name)}: .*?)\n```", page, re.DOTALL)
    assert found, f"docs/reproduction.md has no table of {name}"
    return found.group(1)


def main(names: list[str]) -> None:
    """Measure and write."""
    targets = [target for name in names for target in chosen_targets(name)] or list(TARGETS)
    for target in targets:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(page.replace(table_in(page, target.name), printed(reproduce(target))), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
