"""What ``deca10b replay`` shows: a table of what was compared, and in words what differs and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.replay.comparison import KINDS, Comparison

MOST_IN_WORDS = 5
"""Mismatches of each file that are told; --json has more."""


def show(comparisons: Sequence[Comparison]) -> None:
    """Print a row for each file, and what there is to say about it."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("file", overflow="fold")
    for title in ("runs", "calls", *(kind.replace("model_digests", "models") for kind in KINDS), "mismatches"):
        table.add_column(title, justify="right")
    for comparison in comparisons:
        numbers = (comparison.runs, comparison.calls, *comparison.checked.values(), comparison.mismatches)
        table.add_row(Text(Path(comparison.file).name), *(f"{number:,}" if number else "-" for number in numbers))
    console.print(table)
    for comparison in comparisons:
        for sentence in sentences(comparison):
            console.print(sentence, highlight=False, markup=False, soft_wrap=True)


def sentences(comparison: Comparison) -> list[str]:
    """A file's verdict, its first mismatches, what was not compared and what else there is to know."""
    found = comparison.mismatches
    told = [f"{comparison.file}: {found:,} mismatch{'' if found == 1 else 'es'}." if found else
            f"{comparison.file}: replayed without a mismatch."]  # fmt: skip
    told += [f"  {mismatch}" for mismatch in comparison.first[:MOST_IN_WORDS]]
    if found > MOST_IN_WORDS:
        told.append(f"  ... and {found - MOST_IN_WORDS:,} more.")
    for row in comparison.not_compared:
        told.append(f"  not compared: {row['count']:,} {row['what']} ({row['reason']})")
    for row in comparison.reported:
        told.append(f"  {row['count']:,} {row['what']}; the first: {row['example']}")
    return told
