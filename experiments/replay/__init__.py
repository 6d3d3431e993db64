"""Replaying traces: each file's transactions are executed again, and what comes out is compared with what it says.

A format has an adapter, one a file of this room, told by the first line of a trace:

* `own`: what ``deca10b run … --trace FILE`` wrote (`recording`);
* `reference`: recorded runs of the reference Python simulation of 0xDeCA10B;
* `solidity`: recorded transactions of its contracts in an EVM.

To add one, write a file with an `Adapter` and list it in `ADAPTERS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.replay import own, reference, solidity
from experiments.replay.comparison import Adapter, Comparison, Mismatch
from experiments.replay.reading import first_line, lines_of
from sim.errors import ConfigError

__all__ = ["ADAPTERS", "Adapter", "Comparison", "Mismatch", "replay", "report_of"]

ADAPTERS: tuple[Adapter, ...] = (own.ADAPTER, reference.ADAPTER, solidity.ADAPTER)
"""All formats that are read."""


def replay(paths: Sequence[str | Path]) -> list[Comparison]:
    """Execute the traces in these files again and compare everything they say.

    Raises `ConfigError` for a file that is no trace, before any is replayed.
    """
    chosen = [(Path(path), _adapter(Path(path))) for path in paths]
    comparisons = []
    for path, adapter in chosen:
        comparison = Comparison(str(path))
        adapter.replay(lines_of(path), path, comparison)
        comparisons.append(comparison)
    return comparisons


def report_of(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """All comparisons as plain data: each file's, and the number of mismatches in all."""
    files = [comparison.to_dict() for comparison in comparisons]
    return {"files": files, "mismatches": sum(comparison.mismatches for comparison in comparisons)}


def _adapter(path: Path) -> Adapter:
    first = first_line(path)
    for adapter in ADAPTERS:
        if adapter.recognises(first):
            return adapter
    known = "; ".join(adapter.title for adapter in ADAPTERS)
    raise ConfigError(f"{str(path)!r} is no trace: its first line is of no format known here ({known}). Name a trace.")
