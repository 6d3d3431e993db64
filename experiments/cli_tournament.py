"""What ``deca10b tournament`` prints and writes."""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from experiments.tournament import Tournament

_SHOWN = 100
_COLUMNS = {"profit_units": "+,.1f", "wins_percent": ".0f", "submitted": ".0f", "refunded_percent": ".0f"}


def tournament_command(
    file: Annotated[str, typer.Argument(metavar="STRATEGIES.csv", help="A row for each participant.")],
    scenario: Annotated[str, typer.Option(help="The economy they meet in: a scenario or .toml file.")] = "tournament",
    out: Annotated[str | None, typer.Option(metavar="DIR", help="Folder for league, draws and figure.")] = None,
    draws: Annotated[int, typer.Option(help="How often it is played, 1 to 10,000.")] = 10,
    seed: Annotated[int | None, typer.Option(help="Root of all random numbers, 0 or more.")] = None,
    levers: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change a field. May be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error comes from.")] = False,
) -> None:
    """Let strategies play against each other, and rank them. Exit code 1 if a row of the file could not play."""
    from experiments.files import check_folder
    from experiments.levers import plain, read_levers
    from experiments.scenario import load_scenario
    from experiments.strategies import read_strategies
    from experiments.tournament import play

    folder = check_folder(Path("results") / f"tournament-{Path(file).stem}" if out is None else out)
    base = plain(load_scenario(scenario, read_levers(levers or ())))
    strategies = read_strategies(file, base)
    if not as_json:
        for row in strategies.bad:
            print(row, file=sys.stderr)
    tournament = play(strategies, base, draws, seed, None if as_json else _progress())
    paths = [] if as_json and out is None else write_tournament(tournament, folder)
    if as_json:
        print(json.dumps(tournament.to_dict(), allow_nan=False))
    else:
        _show(tournament)
        print(f"Written to {folder}{os.sep}: {', '.join(path.name for path in paths)}")
    if tournament.bad:
        raise typer.Exit(1)


def write_tournament(tournament: Tournament, folder: Path) -> list[Path]:
    """Write tournament.json, league.csv, draws.csv and the figure. Raises `ConfigError` where the disk refuses."""
    import pandas as pd

    from experiments.figures import figure_league, save_figure  # late: matplotlib is slow to load
    from experiments.files import make_folder, write_whole

    make_folder(folder)
    league = tournament.league()
    count = len(tournament.accuracies)
    title = f"{league['name'].iloc[0]} leads {len(league)} participants over {count} draw{'' if count == 1 else 's'}"
    title += " – synthetic data, not real" if tournament.synthetic else ""
    tables = {"league.csv": league, "draws.csv": pd.DataFrame(tournament.draws)}
    return [
        write_whole(folder / "tournament.json", json.dumps(tournament.to_dict(), indent=1, allow_nan=False) + "\n"),
        *(write_whole(folder / name, t.to_csv(index=False, lineterminator="\n")) for name, t in tables.items()),
        *save_figure(figure_league(league, title), folder, "league"),
    ]


def _progress() -> Any:
    """A line that counts draws on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        return None

    def tell(done: int, of: int) -> None:
        print(f"\rdraw {done} of {of}", end="\n" if done == of else "", file=sys.stderr, flush=True)

    return tell


def _show(tournament: Tournament) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console = Console(width=110)
    table, league = Table(box=SIMPLE_HEAD, pad_edge=False), tournament.league()
    for title in ("place", "name", "behaviour", "return %", "profit, units", "best in %", "samples", "refunded %"):
        table.add_column(title, justify="left" if title in ("name", "behaviour") else "right", no_wrap=True)
    for row in league.head(_SHOWN).to_dict("records"):
        cells = (
            f"{row['place']}", row["name"], row["behaviour"], _with_arms(row),
            *(_number(row[column], form) for column, form in _COLUMNS.items()),
        )  # fmt: skip
        table.add_row(*map(Text, cells))
    console.print(table)
    if len(league) > _SHOWN:
        console.print(f"... and {len(league) - _SHOWN:,} more in league.csv.", highlight=False)
    console.print(f"Ranked by return, the profit in percent of the budget{_about_arms(tournament)}.", highlight=False)
    for sentence in tournament.findings():
        console.print(f"- {sentence}", highlight=False, markup=False)
    if tournament.bad:
        rows = f"{len(tournament.bad)} row{' does' if len(tournament.bad) == 1 else 's do'} not play; see above."
        console.print(rows, highlight=False)


def _about_arms(tournament: Tournament) -> str:
    """What stands after a ±, where there is one."""
    count = len(tournament.accuracies)
    return f": mean of {count:,} draws ± half of Student's interval of 95 %" if count > 1 else ""


def _with_arms(row: dict[str, Any]) -> str:
    middle = _number(row["return_percent"], "+,.1f")
    half = row["return_percent_high"] - row["return_percent"]
    return middle if math.isnan(half) else f"{middle} ± {half:,.1f}"


def _number(value: float, form: str) -> str:
    return "–" if math.isnan(value) else f"{value:{form}}"
