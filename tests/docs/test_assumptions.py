"""Pages that say which test checks what: the tests are there, and no assumption is without one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from experiments import load_scenario
from experiments.build import build
from sim.units import DAY, HOUR
from tests.docs.pages import PAGES, ROOT, name_of

_NAMED = re.compile(r"`(tests/[\w/.]*)?((?:::\w+)*)`")
THEORY = sorted((ROOT / "docs" / "mechanisms").glob("*.md"))


def named_in(text: str) -> list[tuple[str, list[str]]]:
    """File and names of each test that a text refers to; a name alone is in the file before it, in its line."""
    named = []
    for line in text.splitlines():
        file = ""
        for found in _NAMED.finditer(line):
            file = found[1] or file
            if found[1] or found[2]:
                named.append((file, found[2].split("::")[1:]))
    return named


@pytest.mark.parametrize("page", [page for page in PAGES if "`tests/" in page.read_text("utf-8")], ids=name_of)
def test_tests_that_are_named_are_there(page: Path) -> None:
    for file, names in named_in(page.read_text(encoding="utf-8")):
        assert (ROOT / file).exists(), file
        source = (ROOT / file).read_text(encoding="utf-8") if names else ""
        missing = [name for name in names if not re.search(rf"^\s*(def|class) {name}\b", source, re.M)]
        assert not missing, f"{file} has no {missing}"


def test_every_assumption_has_a_test() -> None:
    rows = re.findall(r"^\| (.*) \| (.*) \|$", (ROOT / "ASSUMPTIONS.md").read_text("utf-8"), re.M)[2:]
    assert len(rows) > 15
    for assumption, pinned in rows:
        assert any(names for _, names in named_in(pinned)), assumption


@pytest.mark.parametrize("page", THEORY, ids=name_of)
def test_closed_forms_have_a_test_each(page: Path) -> None:
    """Every row of a table with a last column "checked by" names one, or says where it is proved."""
    tables = re.findall(r"^\|.*\| checked by \|\n\|[-| ]+\|\n((?:\|.*\n)+)", page.read_text(encoding="utf-8"), re.M)
    assert tables
    for row in "".join(tables).splitlines():
        assert named_in(row) or "proved by" in row, row


def test_theory_pages_say_all_they_should() -> None:
    """Definition, what follows from it, attacks, source."""
    for page in THEORY:
        if page.stem != "defences":  # levers, each with its own rule, source and limits
            headings = re.findall(r"^## (.*)$", page.read_text(encoding="utf-8"), re.M)
            assert headings == ["Definition", "What follows", "Known attacks", "Source"], page


def test_accuracy_is_published_at_fixed_intervals() -> None:
    """And people see the last figure until the next, however the model has moved since."""
    levers = {"data.size": 400, "horizon": "3d", "record.accuracy_every": "12h"}
    economy = build(load_scenario("quickstart", levers))
    economy.advance(12 * HOUR)
    published = economy.recorder.published_accuracy
    economy.advance(24 * HOUR - 1)
    assert economy.recorder.published_accuracy == published != economy.accuracy()
    economy.run()
    times = [snapshot.time for snapshot in economy.recorder.snapshots]
    assert times[:6] == [number * DAY // 2 for number in range(6)]
