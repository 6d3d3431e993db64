"""What ``deca10b sweep`` shows: the design before, the progress meanwhile, a table of points and the findings after;
and what ``deca10b report`` writes."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from experiments.experiment import Experiment
from experiments.files import check_folder
from experiments.findings import ABOUT_INTERVALS, findings
from experiments.metrics import summary
from experiments.points import points_of, unbroken
from experiments.report import Finished, read_results, write_dta, write_html, write_latex, write_markdown
from experiments.report.blocks import Table
from experiments.report.tables import brief_table
from experiments.sweeper import SweepProgress
from sim.errors import ConfigError

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


def announce_kept(experiment: Experiment) -> None:
    """Say that there is nothing to run."""
    runs = experiment.design.runs
    print(f"All {runs:,} runs are there already; to run them anew, name another folder or delete this one.")


def conclude(finished: Finished, pictured: bool) -> None:
    """Print the table of points, the findings and the failures; unless told not to, draw the figures and the report;
    and say where everything is."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    points, levers = points_of(finished.runs, finished.experiment)
    console.print(_on_terminal(brief_table(points[:MOST_POINTS], levers)))
    if len(points) > MOST_POINTS:
        console.print(f"... and {len(points) - MOST_POINTS:,} more points in runs.parquet.", highlight=False)
    console.print(ABOUT_INTERVALS, highlight=False, markup=False)
    for sentence in findings(finished.runs, finished.experiment):
        text = textwrap.fill(unbroken(sentence), console.width, initial_indent="- ", subsequent_indent="  ")
        console.print(text.replace("\u00a0", " "), highlight=False, markup=False, soft_wrap=True)
    failures = finished.manifest["failures"]
    if failures:
        first = failures[0]
        console.print(
            f"The first that failed, point {first['point']}, replication {first['replication']}: {first['error']} "
            f"Their tracebacks are in manifest.json; --resume tries them again.",
            highlight=False, markup=False,
        )  # fmt: skip
    names = "runs.parquet, series.parquet, timings.parquet, manifest.json"
    if pictured:
        publish(finished)
        names += f", report.html, figures{os.sep}"
    console.print(f"Written to {finished.folder}{os.sep}: {names}", style="dim", highlight=False, soft_wrap=True)


def publish(finished: Finished) -> None:
    """Draw all figures and write the page that shows them."""
    write_html(finished, finished.folder / "report.html", figures=finished.folder / "figures")


def as_json_text(finished: Finished) -> str:
    """The sweep as one JSON object: the manifest, a row for each point with intervals, and the findings."""
    runs, experiment = finished.runs, finished.experiment
    points = summary(runs, experiment.design.levers)
    facts = {"folder": str(finished.folder), **finished.manifest, "points": points}
    return json.dumps(facts | {"findings": findings(runs, experiment)})


REPORTS = {"html": "report.html", "markdown": "report.md", "latex": "report.tex", "dta": "runs.dta"}
_WRITE = {"html": write_html, "markdown": write_markdown, "latex": write_latex, "dta": write_dta}


def write_reports(folder: str, out: str | None, formats: list[str]) -> list[Path]:
    """Write a results folder in each of the formats, to their places in it or one of them to ``out``.

    Raises `ConfigError`.
    """
    if out is not None and len(formats) > 1:
        raise ConfigError(
            f"--out names one file, but {len(formats)} are to be written: {', '.join(formats)}. Leave --out out, or "
            f"ask for them one by one."
        )
    if out is not None and (not out.strip() or Path(out).is_dir()):
        raise ConfigError(f"--out {out!r} is no name of a file. Name one, such as {REPORTS[formats[0]]}.")
    finished = read_results(folder)
    paths = [finished.folder / REPORTS[name] if out is None else Path(out) for name in formats]
    for path in paths:
        check_folder(path.parent)
    return [_WRITE[name](finished, path) for name, path in zip(formats, paths, strict=True)]


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


def _on_terminal(table: Table) -> Any:
    """A table as rich prints it."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=SIMPLE_HEAD, pad_edge=False)
    for title in table.header:
        shown.add_column(Text(title), justify="right", no_wrap=True)
    for row in table.rows:
        shown.add_row(*map(Text, row))
    return shown
