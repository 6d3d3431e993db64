"""What a replay compared, where it found something else, and what it could not compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

KINDS = ("outcomes", "amounts", "predictions", "balances", "gas", "model_digests", "records")
"""What is compared: success and reason; wei paid, kept and charged; the model's answers; accounts after a call; gas;
the model's whole state; and what a trace says of contributions, of its own order and completeness."""

MOST_SHOWN = 20
"""Mismatches of a file that are kept with their values; all are counted."""

Lines = Iterator[tuple[int, dict[str, Any]]]
"""The lines of a trace with their numbers, from 1."""


class Adapter(NamedTuple):
    """One format of traces: its name for people, how its first line is told, and how it is replayed.

    ``replay`` takes all lines, the file they are in, and the comparison to fill.
    """

    title: str
    recognises: Callable[[dict[str, Any]], bool]
    replay: Callable[[Lines, Path, Comparison], None]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One value of a trace that the replay finds otherwise. ``call`` counts from 0 within its run; None: no call."""

    run: str
    line: int
    call: int | None
    kind: str
    field: str
    recorded: Any
    replayed: Any

    def __str__(self) -> str:
        where = f"line {self.line}" + (f" of run {self.run}" if self.run else "")
        where += "" if self.call is None else f" (call {self.call})"
        return f"{where}: {self.field} recorded {_shown(self.recorded)}, replayed {_shown(self.replayed)}"


class Comparison:
    """Filled while a file is replayed.

    Attributes
    ----------
    file : its path
    runs, calls : what was executed
    checked : for each of `KINDS`, how many values were compared
    mismatches : how many of them differ; ``first`` has up to `MOST_SHOWN` of these
    run, line, call : where the replay is now
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.runs = self.calls = self.mismatches = 0
        self.checked: dict[str, int] = dict.fromkeys(KINDS, 0)
        self.first: list[Mismatch] = []
        self.run, self.line = "", 0
        self.call: int | None = None
        self._not_compared: Counter[tuple[str, str]] = Counter()
        self._reported: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def same(self, kind: str, field: str, recorded: Any, replayed: Any) -> bool:
        """Compare two values that must be equal."""
        self.checked[kind] += 1
        if recorded == replayed and type(recorded) is type(replayed):
            return True
        self.differ(kind, field, recorded, replayed)
        return False

    def differ(self, kind: str, field: str, recorded: Any, replayed: Any) -> None:
        """Note a mismatch."""
        self.mismatches += 1
        if len(self.first) < MOST_SHOWN:
            self.first.append(Mismatch(self.run, self.line, self.call, kind, field, recorded, replayed))

    def skip(self, what: str, reason: str, count: int = 1) -> None:
        """Note what cannot be compared: so many of something, and why."""
        self._not_compared[what, reason] += count

    def report(self, what: str, example: str) -> None:
        """Note something a reader should know that is no mismatch; the first example is kept."""
        self._reported[what] += 1
        self._examples.setdefault(what, f"line {self.line}: {example}")

    @property
    def not_compared(self) -> list[dict[str, Any]]:
        """What was not compared: ``what``, ``reason`` and ``count``."""
        return [
            {"what": what, "reason": reason, "count": count} for (what, reason), count in self._not_compared.items()
        ]

    @property
    def reported(self) -> list[dict[str, Any]]:
        """What a reader should know: ``what``, ``count`` and the first ``example``."""
        return [
            {"what": what, "count": count, "example": self._examples[what]} for what, count in self._reported.items()
        ]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "file": self.file,
            "runs": self.runs,
            "calls": self.calls,
            "checked": dict(self.checked),
            "mismatches": self.mismatches,
            "first_mismatches": [asdict(mismatch) for mismatch in self.first],
            "not_compared": self.not_compared,
            "reported": self.reported,
        }


def _shown(value: Any) -> str:
    """A value in a sentence, cut where it is long."""
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
