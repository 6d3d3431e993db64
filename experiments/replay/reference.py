"""Traces of the reference Python simulation of 0xDeCA10B: one object a line, ``k`` is its kind (run, call, end).

Runs of Deposit-Refund-Take are replayed by `reference_drt`, runs of the prediction market by `reference_market`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.replay.comparison import Adapter, Comparison, Lines
from experiments.replay.features import Samples, sample_finder
from experiments.replay.reference_drt import DrtRun
from experiments.replay.reference_market import MarketRun
from sim.errors import ConfigError

Run = DrtRun | MarketRun
_RUNS: dict[str, type[DrtRun] | type[MarketRun]] = {"drt": DrtRun, "market": MarketRun}


def recognises(first: dict[str, Any]) -> bool:
    """Whether a trace begins with a run as the reference corpus has them."""
    return first.get("k") == "run" and "mechanism" in first


def replay(lines: Lines, path: Path, comparison: Comparison) -> None:
    """Replay every run of a file. Raises `ConfigError` where a run does not say what is needed to start it."""
    samples = sample_finder(path)
    run: Run | None = None
    open_run = skipped = False
    for number, line in lines:
        comparison.line, comparison.call = number, None
        kind = line.get("k")
        if kind == "run":
            if open_run:
                comparison.differ("records", "end of the run", None, "missing")
            comparison.run, open_run = str(line.get("run")), True
            skipped = line.get("mechanism") not in _RUNS
            run = None if skipped else _started(line, samples, path, comparison)
        elif not open_run or line.get("run") != comparison.run:
            comparison.differ("records", "run", line.get("run"), comparison.run if open_run else None)
        elif kind == "call" and run is not None:
            run.call(line)
        elif kind == "end" and run is not None:
            run.end(line)
        elif not skipped:
            comparison.differ("records", "kind of line", kind, None)
        if skipped:
            _skip(kind, comparison)
        open_run = open_run and kind != "end"
    if open_run:
        comparison.differ("records", "end of the run", None, "missing: the trace was cut")


def _started(
    line: dict[str, Any], samples: Callable[[dict[str, Any]], Samples | None], path: Path, comparison: Comparison
) -> Run:
    comparison.runs += 1
    try:
        return _RUNS[line["mechanism"]](line, samples(line["data"]), comparison)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"{str(path)!r}: line {comparison.line} does not start a run: {type(error).__name__} {error}."
        ) from error


def _skip(kind: Any, comparison: Comparison) -> None:
    if kind in ("run", "call"):
        comparison.skip(f"{kind}s", "a mechanism that is not known here")


ADAPTER = Adapter("runs of the reference simulation", recognises, replay)
