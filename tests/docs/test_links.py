"""Links lead somewhere: to a file of the project, and to a heading that it has."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, name_of

_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
_CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def links_of(text: str) -> list[str]:
    """Where the links of a page lead, code left out (but not links whose text is code)."""
    return [found[1] for found in _LINK.finditer(_CODE.sub("code", text))]


def anchors_of(path: Path) -> set[str]:
    """The anchors that readers of Markdown make of headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def text_of(page: Path) -> str:
    """A page as it is, of a notebook the cells that are read."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".ipynb":
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("page", [*PAGES, *NOTEBOOKS], ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in links_of(text_of(page)):
        path, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (page.parent / path) if path else page
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            broken.append(target)
    assert broken == []


def test_pages_that_are_named_are_there() -> None:
    """In sentences, comments and docstrings of the whole project, as ``docs/fees.md``."""
    folders = ("sim", "mechanisms", "agents", "experiments", "benchmarks", "tests")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.*") if path.suffix in (".py", ".toml")]
    for path in [*PAGES, *NOTEBOOKS, ROOT / "pyproject.toml", *sources]:
        named = set(re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text(encoding="utf-8")))
        assert all((ROOT / name).exists() for name in named), path


def test_every_page_can_be_reached() -> None:
    """From the README and the first page of the site, link by link."""
    seen: set[Path] = set()
    waiting = [ROOT / "README.md", ROOT / "docs" / "index.md"]
    while waiting:
        page = waiting.pop().resolve()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = (target.partition("#")[0] for target in links_of(page.read_text("utf-8")) if "://" not in target)
        waiting += [page.parent / target for target in targets if target and (page.parent / target).exists()]
    assert {page for page in PAGES if page.is_relative_to(ROOT / "docs")} <= seen


def test_every_page_is_in_the_sites_navigation() -> None:
    listed = set(re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.M))
    assert {page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")} <= listed
    roots = {name for name in listed if not (ROOT / "docs" / name).exists()}
    assert all((ROOT / name).exists() for name in roots)
