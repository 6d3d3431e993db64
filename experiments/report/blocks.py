"""What a report is made of, before it is a page or a text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Heading:
    """A section begins."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Plain text."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list, each item plain text."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Cells of plain text. Where a line of a header may break it has a newline; ``words`` columns are texts, the
    others numbers."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Code:
    """Text to copy, as it is."""

    text: str


@dataclass(frozen=True)
class Picture:
    """A figure that lies in a file, with what is said of it."""

    title: str
    caption: str
    png: Path


Block = Heading | Paragraph | Items | Table | Code | Picture
