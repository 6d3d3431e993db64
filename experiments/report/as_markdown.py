"""A report as Markdown with tables, figures beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from experiments.report.blocks import Block, Code, Heading, Items, Paragraph, Picture, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def markdown_text(title: str, blocks: Sequence[Block], folder: Path) -> str:
    """The text of a file that will lie in ``folder``; figures are named relative to it."""
    return "\n\n".join([f"# {_escaped(title)}", *(_block(block, folder) for block in blocks)]) + "\n"


def _block(block: Block, folder: Path) -> str:
    match block:
        case Heading(text):
            return f"## {_escaped(text)}"
        case Paragraph(text):
            return _escaped(text)
        case Items(texts):
            return "\n".join(f"- {_escaped(text)}" for text in texts)
        case Code(text):
            return _fenced(text)
        case Picture(title, caption, png):
            path = png.relative_to(folder).as_posix()
            return f"![{_escaped(title)}]({path})\n\n**{_escaped(title)}.** {_escaped(caption)}"
        case Table():
            return _table(block)


def _table(table: Table) -> str:
    def row(texts: Sequence[str]) -> str:
        return "| " + " | ".join(_escaped(text) for text in texts) + " |"

    rule = "|" + "|".join("---" if column in table.words else "---:" for column in range(len(table.header))) + "|"
    return "\n".join([f"**{_escaped(table.title)}**\n", row(table.header), rule, *map(row, table.rows)])


def _fenced(text: str) -> str:
    """Code in a fence that is longer than any within it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text.rstrip()}\n{fence}"


def _escaped(text: str) -> str:
    """Plain text on one line, in which nothing means anything to Markdown or HTML."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("&", "&amp;")
