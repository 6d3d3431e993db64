"""What ``deca10b sweep`` shows: the design before, the progress meanwhile, a table of points after."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from experiments.experiment import Experiment
from experiments.metrics import summary
from experiments.sweep import Results, SweepProgress

MOST_POINTS = 100
"""Points the table shows; all of them are in the files."""


def announce(experiment: Experiment) -> None:
    """Print the experiment and its design."""
    print(f"{experiment.name}: {experiment.description}" if experiment.description else experiment.name)
    print(experiment.design)
    if experiment.twin:
        print("  each run beside its honest-only twin")


@contextmanager
def shown_progress(quiet: bool, workers: int) -> Iterator[Callable[[SweepProgress], None]]:
    """A callback for `sweep`: an estimate after the first run (unless quiet), a bar on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("runs", total=None, note="starting the workers")

        def advance(state: SweepProgress) -> None:
            if state.done == 1 and not quiet:
                print(_estimate(state, workers), flush=True)
            note = f"{state.kept + state.done:,}/{state.total:,}, {state.rate:.2f} runs/s"
            note += f", {state.failed:,} failed" if state.failed else ""
            note += f", {_clock(state.eta_s)} left"
            bar.update(task, total=state.total, completed=state.kept + state.done, note=note)

        yield advance


def conclude(results: Results, experiment: Experiment) -> None:
    """Print the table of points, the failures, and where the files are."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    points = summary(results.runs(), experiment.design.levers)
    console.print(_points_table(points[:MOST_POINTS], experiment))
    if len(points) > MOST_POINTS:
        console.print(f"... and {len(points) - MOST_POINTS:,} more points in runs.parquet.", highlight=False)
    if any(row.get("mixed") for row in points):
        console.print(
            "± and brackets are 95 % intervals over seeds. Where some seeds were captured and others saved, a mean "
            "would describe neither: both ends are shown.",
            highlight=False,
        )
    failures = results.failures
    if failures:
        first = failures[0]
        console.print(
            f"{len(failures):,} of {experiment.design.runs:,} runs failed. The first, point {first['point']}, "
            f"replication {first['replication']}: {first['error']} Their tracebacks are in manifest.json; --resume "
            f"tries them again.",
            highlight=False, markup=False,
        )  # fmt: skip
    names = "runs.parquet, series.parquet, timings.parquet, manifest.json"
    console.print(f"Written to {results.folder}{os.sep}: {names}", style="dim", highlight=False, soft_wrap=True)


def as_json_text(results: Results, experiment: Experiment) -> str:
    """The sweep as one JSON object: the manifest, and a row for each point with intervals."""
    points = summary(results.runs(), experiment.design.levers)
    return json.dumps({"folder": str(results.folder), **results.manifest, "points": points})


def _estimate(state: SweepProgress, workers: int) -> str:
    kept = f", {state.kept:,} are there already" if state.kept else ""
    seconds = state.last_s * state.left / max(1, min(workers, state.left))
    return (
        f"One run took {state.last_s:.2f} s{kept}; the other {state.left:,} will take about {_clock(seconds)} on "
        f"{workers} worker{'' if workers == 1 else 's'}."
    )


def _clock(seconds: float) -> str:
    """A stretch of time in words: 45 s, 3 min 20 s, 2 h 5 min."""
    if seconds == float("inf"):
        return "?"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def _points_table(points: list[dict[str, Any]], experiment: Experiment) -> Any:
    """Levers as the design wrote them, accuracy and profit with half-widths, P(captured) with its interval."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    levers = experiment.design.levers
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for lever in levers:
        table.add_column(_short(lever, levers).replace("_", " "), justify="right")
    for title in ("runs", "accuracy %", "captured %", "honest\nprofit %"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in points:
        written, mixed = experiment.design[row["point"]], row.get("mixed", False)
        cells = [str(written.get(lever, row[lever])) for lever in levers]
        failed = f" ({row['failed']} failed)" if row["failed"] else ""
        accuracy, profit = _mean(row.get("final_accuracy"), mixed, 100), _mean(row.get("honest_profit_percent"), mixed)
        table.add_row(*cells, f"{row['runs']}{failed}", accuracy, _share(row), profit)
    return table


def _short(lever: str, levers: tuple[str, ...]) -> str:
    """The last word of a lever's path where no other lever ends with it."""
    last = lever.rpartition(".")[2]
    return last if sum(other.rpartition(".")[2] == last for other in levers) == 1 else lever


def _mean(facts: dict[str, Any] | None, mixed: bool, scale: float = 1.0) -> str:
    if facts is None:
        return "-"
    values = [scale * value for value in facts["values"] if value is not None]
    if mixed:
        return f"{min(values):.1f} … {max(values):.1f}"
    half = "" if facts["high"] is None else f" ± {scale * (facts['high'] - facts['estimate']):.1f}"
    return f"{scale * facts['estimate']:.1f}{half}"


def _share(row: dict[str, Any]) -> str:
    facts = row.get("captured")
    if facts is None:
        return "-"
    share, low, high = (100 * facts[name] for name in ("estimate", "low", "high"))
    return f"{share:.0f} [{low:.0f}, {high:.0f}]"
