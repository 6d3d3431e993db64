"""``deca10b reproduce``: published figures and numbers beside ours, as tables, as JSON and as figures."""

from __future__ import annotations

import json
import math
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from experiments.reproduction import Finding, Target
    from experiments.reproduction.verdicts import Row

_WIDTH = 120
_FOLDER = Path("results") / "reproduce"


def reproduce_command(
    target: Annotated[str | None, typer.Argument(help="What to reproduce; default: everything, some minutes.")] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Seeds of each target; default: a minute's worth at most.")
    ] = None,
    out: Annotated[str | None, typer.Option(metavar="DIR", help="Folder for figures and reproduction.json.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error comes from.")] = False,
) -> None:
    """Hold the figures and numbers that were published against this simulator, and say what is met and what is not."""
    from experiments.files import check_folder
    from experiments.reproduction import chosen_targets, reproduce

    chosen = chosen_targets(target)
    # Before the runs: a bad folder should not cost them. With --json alone nothing is written.
    folder = None if as_json and out is None else check_folder(_FOLDER if out is None else out)
    findings: list[Finding] = []
    figures: list[Path] = []
    for one in chosen:
        if not as_json:
            print(expectation(one, seeds), file=sys.stderr, flush=True)
        found = reproduce(one, seeds)
        findings.append(found)
        if not as_json:
            show(found)
        if folder is not None:
            figures += draw(found, folder)
    document = {"targets": [found.to_dict() for found in findings], "figures": [str(path) for path in figures]}
    if folder is not None:
        _write(document, folder)
    if as_json:
        print(json.dumps(document))
    else:
        print(closing(findings))
        print(f"Written to {folder}: {', '.join([*(path.name for path in figures), 'reproduction.json'])}")


def _write(document: dict[str, Any], folder: Path) -> None:
    from experiments.files import make_folder, write_whole

    write_whole(make_folder(folder) / "reproduction.json", json.dumps(document, indent=1) + "\n")


def expectation(target: Target, seeds: int | None) -> str:
    """What is about to run, and about how long it takes."""
    count = target.seeds if seeds is None or not target.chance else seeds
    took = max(1.0, count * target.seconds)
    long = f"{took:.0f} s" if took < 100 else f"{took / 60:.0f} min"
    return f"{target.name}: {count} seed{'' if count == 1 else 's'}, about {long} ..."


def draw(finding: Finding, folder: Path) -> list[Path]:
    """Save the figure of a target, if it has one."""
    if finding.measured.courses is None:
        return []
    from experiments.figures.drawn import save
    from experiments.reproduction.figure import drawn_of

    drawn = drawn_of(finding)
    return [] if drawn is None else save(drawn, folder)


def show(finding: Finding, console: Any = None) -> None:
    """Print the table of a target, and below it what there is to say."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = console or Console()
    if not console.is_terminal:
        console = Console(file=console.file, width=_WIDTH)
    console.print(f"{finding.target.name}: {finding.target.title}", style="bold", highlight=False, markup=False)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("", overflow="fold")
    for title in ("published", "ours", "95 % interval", "tolerance"):
        table.add_column(title, justify="right")
    table.add_column("verdict")
    for row in finding.rows:
        table.add_row(row.published.what, *cells(row), row.verdict)
    console.print(table)
    for sentence in sentences(finding):
        for line in textwrap.wrap(sentence, _WIDTH, break_on_hyphens=False, break_long_words=False):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print()


def cells(row: Row) -> tuple[str, str, str, str]:
    """Published, ours, interval and tolerance, as they are written."""
    number = row.published

    def written(value: float | None) -> str:
        if value is None or math.isnan(value):
            return "–"
        return f"{value:,.{number.digits}f}".replace("-", "−")

    unit = f" {number.unit}" if number.unit else ""
    ours = "–" if math.isnan(row.ours.estimate) else written(row.ours.estimate) + unit
    published = "not printed" if number.value is None else written(number.value) + unit
    return published, ours, _interval(row, written), _tolerance(row, written)


def _interval(row: Row, written: Any) -> str:
    if math.isnan(row.ours.estimate):
        return "–"
    if len(row.values) == 1:
        return "one value"
    return f"{written(row.ours.low)} to {written(row.ours.high)}"


def _tolerance(row: Row, written: Any) -> str:
    if row.published.value is None or math.isnan(row.low) or (math.isinf(row.low) and math.isinf(row.high)):
        return "–"
    if row.low == row.high:
        return "equal"
    if math.isinf(row.low):
        return f"up to {written(row.high)}"
    return f"{written(row.low)} to {written(row.high)}"


def sentences(finding: Finding) -> list[str]:
    """On what it was measured, sources, reasons, and what is missing."""
    told = []
    if finding.missing:
        told.append(f"Cannot be checked. {finding.missing}")
        if finding.dataset:
            told.append(
                f"Ours are on {finding.dataset}, a synthetic set in its place: they say nothing of the real one."
            )
    seeds = f"{finding.seeds} seed" + ("" if finding.seeds == 1 else "s")
    told.append(f"{seeds}." if finding.target.chance else "There is no chance in these numbers.")
    told += finding.measured.notes
    reasons: dict[str, list[str]] = {}
    for row in finding.rows:
        if row.reason:
            reasons.setdefault(row.reason, []).append(f"{row.published.what}, {row.verdict}")
    for reason, rows in reasons.items():
        told.append(f"{rows[0]}: {reason}." if len(rows) == 1 else f"{len(rows)} rows: {reason}.")
    sources = dict.fromkeys(row.published.source for row in finding.rows if row.published.value is not None)
    return [*told, f"Published: {'; '.join(sources)}."]


def closing(findings: list[Finding]) -> str:
    """How many numbers are met, differ and cannot be checked."""
    from experiments.reproduction.verdicts import VERDICTS

    verdicts = [row.verdict for finding in findings for row in finding.rows]
    counts = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in VERDICTS)
    return f"{len(verdicts)} number{'' if len(verdicts) == 1 else 's'}: {counts}."
