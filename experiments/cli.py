"""The command line, ``deca10b``.

Whatever takes long to load is imported inside the commands, so that ``--help`` answers at once. Errors that people can
mend are one paragraph and exit code 2; ``--debug`` shows where in the program they come from.
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from experiments.result import Result
    from experiments.schema import Scenario

app = typer.Typer(
    name="deca10b",
    help="Simulate the incentive economy of 0xDeCA10B: deposits, a learning model, honest people and liars.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a field: mechanism.cost_weight=20. May be repeated."),
]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show where in the program an error comes from.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@app.callback(invoke_without_command=True)
def _start(context: typer.Context) -> None:
    """Simulate the incentive economy of 0xDeCA10B: deposits, a learning model, honest people and liars."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("run")
def run_command(
    scenario: Annotated[str, typer.Argument(help="Name of a scenario ('deca10b list scenarios') or a .toml file.")],
    levers: SetOption = None,
    seed: Annotated[int | None, typer.Option(help="Root of all random numbers, 0 or more.")] = None,
    out: Annotated[str | None, typer.Option(metavar="DIR", help="Folder for all results of the run.")] = None,
    as_json: JsonOption = False,
    twin: Annotated[bool, typer.Option("--twin", help="Also run it without its adversaries, and compare.")] = False,
    debug: DebugOption = False,
) -> None:
    """Run one economy and tell who gained, who lost, and what became of the model."""
    from experiments.files import check_folder
    from experiments.output import write_result
    from experiments.runner import run

    chosen = _scenario(scenario, levers, seed)
    default = Path("results") / chosen.name.replace(" ", "-")
    # Before the run: a bad folder should not cost it. With --json alone nothing is written.
    folder = default if as_json and out is None else check_folder(default if out is None else out)
    if as_json:
        result = run(chosen, twin=twin)
        if out is not None:
            write_result(result, folder)
        print(json.dumps(result.to_dict()))
    else:
        _show(_run_with_progress(chosen, twin), folder)


def _scenario(name: str, levers: list[str] | None, seed: int | None) -> Scenario:
    from experiments.scenario import load_scenario

    pulled = dict(_lever(text) for text in levers or ())
    if seed is not None:
        pulled["seed"] = seed
    return load_scenario(name, pulled)


def _lever(text: str) -> tuple[str, Any]:
    """Path and value of ``path=value``; a value that is no TOML is text."""
    from sim.errors import ConfigError

    path, equals, value = text.partition("=")
    path = path.strip()
    if not equals or not path:
        raise ConfigError(f"--set {text!r} must be PATH=VALUE, such as --set mechanism.cost_weight=20.")
    try:
        parsed = tomllib.loads(f"value = {value}")
    except (ValueError, RecursionError):
        return path, value.strip()
    return path, parsed["value"] if set(parsed) == {"value"} else value.strip()


def _run_with_progress(scenario: Scenario, twin: bool) -> Result:
    """Run with a bar on a terminal, silently elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from experiments.runner import Progress, run

    console = Console(stderr=True)
    if not console.is_terminal:
        return run(scenario, twin=twin)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(scenario.name, total=1.0, note="starting")

        def advance(state: Progress) -> None:
            done = max(state.day / state.horizon, state.accepted / state.offered if state.offered else 0.0)
            note = f"day {state.day:,.0f}, {state.accepted:,} samples, accuracy {100 * state.accuracy:.1f} %"
            bar.update(task, completed=done, note=note)

        return run(scenario, twin=twin, progress=advance)


def _show(result: Result, folder: Path) -> None:
    """Print table and story, write the files and say where they are."""
    from rich.console import Console

    from experiments.output import agents_table, write_result
    from experiments.story import story

    console = Console()
    if not console.is_terminal:
        console = Console(width=100)
    console.print(agents_table(result))
    for sentence in story(result):
        console.print(sentence, highlight=False, markup=False)
    names = ", ".join(path.name for path in write_result(result, folder))
    console.print(f"Written to {folder}{os.sep}: {names}", style="dim", highlight=False, markup=False, soft_wrap=True)


@app.command("sweep")
def sweep_command(
    experiment: Annotated[str, typer.Argument(help="Name of an experiment ('deca10b list scenarios') or .toml file.")],
    out: Annotated[str | None, typer.Option(metavar="DIR", help="Folder for tables and manifest.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes, 1 or more; default: one for each core.")] = None,
    replications: Annotated[int | None, typer.Option(help="Runs of each point, in place of the file's.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Run only what is missing or failed in the folder.")] = False,
    levers: SetOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Run all economies of an experiment on all cores, and compare its points. Exit code 1 if any run failed."""
    from experiments.cli_sweep import announce, as_json_text, conclude, shown_progress
    from experiments.experiment import load_experiment
    from experiments.store import Store
    from experiments.sweep import sweep, worker_count

    chosen = load_experiment(experiment, dict(_lever(text) for text in levers or ())).replicated(replications)
    folder = Path("results") / chosen.name.replace(" ", "-") if out is None else Path(out)
    count = worker_count(workers)
    Store(folder, chosen, resume)  # refuses a folder of something else before anything is announced
    if not as_json:
        announce(chosen)
    with shown_progress(as_json, count) as progress:
        results = sweep(chosen, folder, workers=count, resume=resume, progress=progress)
    if as_json:
        print(as_json_text(results, chosen))
    else:
        conclude(results, chosen)
    if results.failures:
        raise typer.Exit(1)


@app.command("list")
def list_command(
    what: Annotated[str, typer.Argument(help="agents, mechanisms, models, datasets or scenarios (experiments too).")],
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List what a scenario can name, with a line about each."""
    from experiments.catalogue import catalogue

    entries = catalogue(what)
    if as_json:
        print(json.dumps(entries))
        return
    width = max(len(entry["name"]) for entry in entries)
    for entry in entries:
        missing = "" if entry.get("available", True) else f" (not on this machine; {entry['how_to_obtain']})"
        command = " (experiment: deca10b sweep)" if entry.get("type") == "experiment" else ""
        print(f"{entry['name']:<{width}}  {entry['description']}{missing}{command}")


@app.command("check")
def check_command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file or the name of a scenario or experiment.")],
    levers: SetOption = None,
    debug: DebugOption = False,
) -> None:
    """Check a scenario or an experiment, and its data, without running it."""
    from experiments.experiment import experiment_of
    from experiments.scenario import load_scenario, read_config

    pulled = dict(_lever(text) for text in levers or ())
    config, source = read_config(file)
    if "design" in config:
        experiment = experiment_of(config, source, pulled, Path(file).parent)
        print(f"ok: {experiment.name}, an experiment; every point is valid")
        print(experiment.design)
        _tell(experiment.scenario)
    else:
        _tell(load_scenario(file, pulled))


def _tell(scenario: Scenario) -> None:
    """Print what a scenario would do; building it checks its data."""
    from experiments.build import build
    from experiments.scenario import scenario_hash
    from sim.units import DAY

    economy = build(scenario)
    stream, windows = economy.stream, scenario.mechanism.windows()
    groups = ", ".join(f"{group.count} {group.name}" for group in scenario.agents)
    print(f"ok: {scenario.name} (seed {scenario.seed}, hash {scenario_hash(scenario)})")
    print(
        f"It would offer {stream.remaining:,} samples of {stream.dataset.title} to {len(economy.actors):,} addresses "
        f"({groups}) for at most {scenario.horizon / DAY:g} days; {scenario.model.kind}, trained on "
        f"{len(stream.initial_labels):,} samples, starts at {100 * economy.initial_accuracy:.1f} % accuracy; "
        f"{scenario.mechanism.kind} ({scenario.mechanism.profile}) refunds after {windows[0] / DAY:g} d."
    )


def main() -> None:
    """Entry point: run the command line, and turn errors into one paragraph for people."""
    from sim.errors import ConfigError

    debug = "--debug" in sys.argv[1:]
    try:
        app()
    except ConfigError as error:
        if debug:
            raise
        sys.exit(_complain(str(error), 2))
    except SystemExit as end:  # typer's answer to everything it understands, an interrupt included
        if end.code == INTERRUPTED:
            _complain("Interrupted; no half-written file is left.", INTERRUPTED)
        raise
    except KeyboardInterrupt:
        sys.exit(_complain("Interrupted; no half-written file is left.", INTERRUPTED))
    except MemoryError:
        sys.exit(_complain("Not enough memory for this scenario. Lower the counts of agents or data.size.", 1))
    except Exception as error:
        if debug:
            raise
        text = f"This should not have happened: {type(error).__name__}: {error}. Run it again with --debug and report."
        sys.exit(_complain(text, 1))


def _complain(text: str, code: int) -> int:
    """One paragraph on stderr."""
    print("Error: " + " ".join(text.split()), file=sys.stderr)
    return code
