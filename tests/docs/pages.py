"""The pages that people read, and the code in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "notebooks" / "README.md"])

_FENCE = re.compile(
    r"(?:^<!-- (?P<mark>runs|saved as \S+) -->\n)?^(?P<ticks>```+)(?P<language>\w*)\n(?P<code>.*?)^(?P=ticks)\n",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A fenced block of a page: where it stands, its language, its text, and what the comment above it says."""

    page: Path
    line: int
    language: str
    code: str
    mark: str

    @property
    def name(self) -> str:
        """For the name of a test."""
        return f"{name_of(self.page)}:{self.line}"


def name_of(page: Path) -> str:
    """A page's path in the project."""
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page, text.count("\n", 0, found.start("ticks")) + 1, found["language"], found["code"], found["mark"] or ""
        )
        for found in _FENCE.finditer(text)
    ]


def commands_of(block: Block) -> Iterator[str]:
    """The lines of a shell block, those that go on put together, without their comments."""
    for line in block.code.replace("\\\n", " ").splitlines():
        command = re.sub(r"(^|\s)#.*$", "", line).strip()
        if command:
            yield command


BLOCKS = [block for page in PAGES for block in blocks_of(page)]
