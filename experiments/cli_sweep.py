"""What ``deca10b sweep`` shows: the design before, the progress meanwhile, a table of points and the findings after;
and what ``deca10b report`` writes."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.execution import execute
from experiments.experiment import Experiment
from experiments.figures.levers import levers_of
from experiments.files import check_folder
from experiments.findings import about_intervals, findings
from experiments.findings_gallery import is_gallery
from experiments.merging import merge
from experiments.metrics import summary
from experiments.points import points_of, unbroken
from experiments.pools import worker_count
from experiments.progress import SweepProgress, clock, shown_progress
from experiments.report import Finished, read_results, write_dta, write_html, write_latex, write_markdown
from experiments.report.blocks import Table
from experiments.report.tables import brief_table
from experiments.store import Store
from experiments.sweeper import Results, shard_of, sweep
from sim.errors import ConfigError

MOST_POINTS = 100
"""Points the table shows; all of them are in the files."""


def announce(experiment: Experiment) -> None:
    """Print the experiment and its design."""
    print(f"{experiment.name}: {experiment.description}" if experiment.description else experiment.name)
    print(experiment.design)
    if experiment.twin:
        print("  each run beside its honest-only twin")


def drawing_said(experiment: Experiment) -> str:
    """What figures and report take beside the runs, in words; as it was measured, within a factor of two."""
    gallery = is_gallery(levers_of(experiment))  # a single figure, if a large one
    seconds = 5 if gallery else min(25, 4 + len(experiment.design) * 2 // 5)
    return f"Figures and report take about {seconds} s more."


def dry_run(experiment: Experiment, workers: int | None) -> None:
    """Print the design, make its first run and tell how long all would take; nothing is written.

    Raises `ConfigError` if that run fails.
    """
    count = worker_count(workers)
    announce(experiment)
    job = next(experiment.jobs())
    answer = execute(experiment.scenario_of(job), experiment.twin, experiment.compared)
    if answer.error:
        raise ConfigError(f"The first run failed: {answer.error}")
    seconds = experiment.design.estimate(answer.task_s, count)
    print(
        f"One run took {answer.task_s:.2f} s; all {experiment.design.runs:,} will take about {clock(seconds)} on "
        f"{count} worker{'' if count == 1 else 's'}. {drawing_said(experiment)} Nothing was written."
    )


def sweep_and_tell(experiment: Experiment, folder: Path, as_json: bool, figures: bool, **options: Any) -> bool:
    """Sweep with the options of `experiments.sweeper.sweep`, and print what was found; whether every run went well."""
    count, shard = worker_count(options["workers"]), shard_of(options["shard"])
    Store(folder, experiment, options["resume"])  # refuses a folder of something else before anything is announced
    if not as_json:
        announce(experiment)
    made, drawing = 0, f" {drawing_said(experiment)}" if figures and shard is None else ""
    with shown_progress(count, None if as_json else lambda text: _say(f"{text}{drawing}")) as advance:

        def count_and_show(state: SweepProgress) -> None:
            nonlocal made
            made = state.done
            advance(state)

        results = sweep(experiment, folder, progress=count_and_show, **options)
    if not made and not as_json:
        runs = results.manifest["counts"]["runs"]
        print(f"All {runs:,} runs are there already; to run them anew, name another folder or delete this one.")
    if results.manifest["counts"]["missing"]:
        _tell_of_part(results, None if shard is None else f"Shard {shard.number} of {shard.of}", as_json)
    else:
        _tell(folder, as_json, figures)
    return not results.failures


def merge_and_tell(folders: Sequence[str], out: Path, as_json: bool, figures: bool) -> bool:
    """Merge and print what was found; whether every run is there and went well."""
    results = merge(folders, out)
    missing = results.manifest["counts"]["missing"]
    if missing:
        _tell_of_part(results, None, as_json)
    else:
        _tell(out, as_json, figures)
    return not (missing or results.failures)


def _tell(folder: Path, as_json: bool, figures: bool) -> None:
    """What a whole sweep found."""
    finished = read_results(folder)
    if as_json:
        if figures:
            publish(finished)
        print(as_json_text(finished))
    else:
        conclude(finished, pictured=figures)


def _tell_of_part(results: Results, name: str | None, as_json: bool) -> None:
    """What there is of a sweep of which runs are missing: nothing can be said of points that nobody has run yet."""
    if as_json:
        print(json.dumps({"folder": str(results.folder), **results.manifest}))
        return
    counts = results.manifest["counts"]
    failed = f", {counts['failed']:,} of them failed" if counts["failed"] else ""
    print(
        f"{name or 'Not all runs are there'}: {results.folder}{os.sep} holds {counts['runs']:,} runs{failed}; "
        f"{counts['missing']:,} are missing. Put all shards together with 'deca10b merge DIR DIR ... --out DIR', or "
        f"run what is missing with 'deca10b sweep ... --out DIR --resume'."
    )


def _say(text: str) -> None:
    print(text, flush=True)


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
    console.print(about_intervals(points), highlight=False, markup=False)
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
