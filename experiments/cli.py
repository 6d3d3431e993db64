"""The command line, ``deca10b``.

Whatever takes long to load is imported inside the commands, so that ``--help`` answers at once. Errors that people can
mend are one paragraph and exit code 2; ``--debug`` shows where in the program they come from.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from experiments import cli_analysis, cli_data, cli_new, cli_reproduce, cli_tournament

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
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change a field: mechanism.cost_weight=20; or add agents: 'agents.+={kind=\"spammer\"}'. May be repeated.",
    ),
]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show where in the program an error comes from.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@app.callback(invoke_without_command=True)
def _start(context: typer.Context) -> None:
    """Simulate the incentive economy of 0xDeCA10B: deposits, a learning model, honest people and liars."""
    if context.invoked_subcommand is None:
        typer.echo(cli_new.FIRST_STEPS)


@app.command("run")
def run_command(
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="Name of a scenario ('deca10b list scenarios') or a .toml file.")
    ],
    levers: SetOption = None,
    seed: Annotated[int | None, typer.Option(help="Root of all random numbers, 0 or more.")] = None,
    out: Annotated[str | None, typer.Option(metavar="DIR", help="Folder for all results of the run.")] = None,
    as_json: JsonOption = False,
    twin: Annotated[bool, typer.Option("--twin", help="Also run it without its adversaries, and compare.")] = False,
    trace: Annotated[
        str | None, typer.Option(metavar="FILE", help="Record every transaction, for 'deca10b replay' (.gz packs it).")
    ] = None,
    export_model: Annotated[
        str | None, typer.Option("--export-model", metavar="FILE", help="Write the model at the end, to be deployed.")
    ] = None,
    debug: DebugOption = False,
) -> None:
    """Run one economy and tell who gained, who lost, and what became of the model."""
    from experiments.cli_run import chosen_scenario, run_with_progress, show
    from experiments.deployment import check_model_path
    from experiments.files import check_folder
    from experiments.output import write_result
    from experiments.replay.recording import check_trace_path
    from experiments.runner import run

    chosen, default = chosen_scenario(scenario, levers or (), seed)
    # Before the run: a bad folder or file name should not cost it. With --json alone nothing is written.
    folder = default if as_json and out is None else check_folder(default if out is None else out)
    traced = None if trace is None else check_trace_path(trace)
    exported = None if export_model is None else check_model_path(export_model)
    if as_json:
        result = run(chosen, twin=twin, trace=traced, model_file=exported)
        if out is not None:
            write_result(result, folder)
        print(json.dumps(result.to_dict()))
    else:
        show(run_with_progress(chosen, twin, traced, exported), folder)
        if traced is not None:
            print(f"Trace: {traced}")
        if exported is not None:
            print(f"Model: {exported}")


@app.command("sweep")
def sweep_command(
    experiment: Annotated[
        str, typer.Argument(metavar="EXPERIMENT", help="Name ('deca10b list scenarios') or .toml file.")
    ],
    out: Annotated[str | None, typer.Option(metavar="DIR", help="Folder for tables and manifest.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes, 1 or more; default: one for each core.")] = None,
    replications: Annotated[int | None, typer.Option(help="Runs of each point, in place of the file's.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Run only what is missing or failed in the folder.")] = False,
    executor: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Run on Dask: dask://HOST:PORT, or dask://local.")
    ] = None,
    shard: Annotated[str | None, typer.Option(metavar="I/N", help="Run the I-th of N parts; see merge.")] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first run that fails.")] = False,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Exit code 0 even if runs failed.")] = False,
    size: Annotated[str, typer.Option(help="quick, or paper: with what the file's table [paper] changes.")] = "quick",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Time one run and estimate; write nothing.")] = False,
    levers: SetOption = None,
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw figures/ and report.html.")] = True,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Run all economies of an experiment on all cores, and tell what was found. Exit code 1 if any run failed."""
    from experiments.cli_run import note_times
    from experiments.cli_sweep import dry_run as try_one
    from experiments.cli_sweep import sweep_and_tell
    from experiments.experiment import load_experiment
    from experiments.levers import read_levers
    from experiments.scenario import read_config
    from experiments.sizes import named

    pulled = read_levers(levers or ())
    chosen = load_experiment(experiment, pulled, size).replicated(replications)
    note_times(read_config(experiment)[0], pulled)
    if dry_run:
        try_one(chosen, workers)
        return
    folder = Path("results") / named(chosen.name, size) if out is None else Path(out)
    went_well = sweep_and_tell(
        chosen, folder, as_json, figures,
        workers=workers, resume=resume, executor=executor, shard=shard, fail_fast=fail_fast,
    )  # fmt: skip
    if not (went_well or keep_going):
        raise typer.Exit(1)


@app.command("merge")
def merge_command(
    folders: Annotated[list[str], typer.Argument(metavar="DIR...", help="Results folders of shards.")],
    out: Annotated[str, typer.Option(metavar="DIR", help="A new folder for all of them together.")],
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Draw figures/ and report.html.")] = True,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Put the shards of one experiment together, and tell what was found. Exit code 1 if runs failed or are missing."""
    from experiments.cli_sweep import merge_and_tell

    if not merge_and_tell(folders, Path(out), as_json, figures):
        raise typer.Exit(1)


@app.command("report")
def report_command(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Results folder of a finished sweep.")],
    out: Annotated[str | None, typer.Option(metavar="FILE", help="Where to write; default: into the folder.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="report.md, with its figures beside it.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="report.tex: the tables of points, for booktabs.")] = False,
    dta: Annotated[bool, typer.Option("--dta", help="runs.dta: the table of runs, for Stata 14 and newer.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Every table as CSV: runs.csv, series.csv, ...")] = False,
    debug: DebugOption = False,
) -> None:
    """Report a sweep: one page for a browser (report.html) or, if options say so, files for a paper."""
    from experiments.cli_sweep import write_reports
    from experiments.tables import write_csv

    asked = {"markdown": markdown, "latex": latex, "dta": dta}
    formats = [name for name, wanted in asked.items() if wanted] or ([] if csv else ["html"])
    for path in [*write_reports(folder, out, formats), *(write_csv(Path(folder)) if csv else [])]:
        print(f"Written: {path}")


@app.command("replay")
def replay_command(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Traces, packed with gzip or not.")],
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Execute traces again and compare every amount, refusal and balance. Exit code 1 if anything differs."""
    from experiments.cli_replay import show
    from experiments.replay import replay, report_of

    comparisons = replay(files)
    if as_json:
        print(json.dumps(report_of(comparisons)))
    else:
        show(comparisons)
    if any(comparison.mismatches for comparison in comparisons):
        raise typer.Exit(1)


@app.command("gas")
def gas_command(
    model: Annotated[list[str] | None, typer.Option(help="A classifier's contract; may be repeated.")] = None,
    fork: Annotated[list[str] | None, typer.Option(help="A hard fork; may be repeated; default: prague.")] = None,
    length: Annotated[list[int] | None, typer.Option(help="Numbers of a sample; may be repeated.")] = None,
    features: Annotated[int, typer.Option(help="Features of a sparse model that is deployed.")] = 1_000,
    gas_price: Annotated[str, typer.Option(help="Of a unit of gas, such as '20 gwei'.")] = "20 gwei",
    ether_price: Annotated[str, typer.Option(help="Of an ether, in any money.")] = "2000",
    check: Annotated[
        str | None, typer.Option("--check", metavar="FILE", help="Compare with a table of measured gas instead.")
    ] = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """What deployment, updates, refunds and reports cost. With --check: exit code 1 if measured gas is too far off."""
    from experiments.cli_gas import costs_as_json, prices, show_check, show_costs, table
    from experiments.gas.check import check_file

    if check is None:
        rows, terms = table(model, fork, length, features), prices(gas_price, ether_price)
        if as_json:
            print(costs_as_json(rows, *terms))
        else:
            show_costs(rows, *terms)
        return
    found = check_file(check)
    if as_json:
        print(json.dumps(found.to_dict()))
    else:
        show_check(found, check)
    if not found.within:
        raise typer.Exit(1)


@app.command("app")
def app_command(
    scenario: Annotated[str, typer.Argument(help="Scenario or story to begin with.")] = "quickstart",
    port: Annotated[int, typer.Option(help="Port to serve at, 1 to 65535.")] = 8765,
    host: Annotated[str, typer.Option(help="Address to serve at; the default is this machine alone.")] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser here.")] = True,
    tournament: Annotated[
        str | None, typer.Option(metavar="STRATEGIES.csv", help="Show a tournament of these, for a projector.")
    ] = None,
    draws: Annotated[int, typer.Option(help="Draws of the tournament, 1 to 10,000.")] = 10,
    debug: DebugOption = False,
) -> None:
    """Play with economies in a browser: levers, live charts, stories. Ctrl-C ends it."""
    from experiments.cli_app import serve_app

    serve_app(scenario, host, port, browser, tournament, draws)


@app.command("list")
def list_command(
    what: Annotated[
        str, typer.Argument(metavar="KIND", help="agents, levers, ...; 'deca10b list' alone names them all.")
    ] = "",
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List what a scenario can name or set, with a line about each; without a name: what can be listed."""
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
    if not what:
        print("To see one of them: deca10b list NAME")


@app.command("check")
def check_command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Name of a scenario, experiment or question, or a file.")],
    levers: SetOption = None,
    debug: DebugOption = False,
) -> None:
    """Check a scenario, an experiment or a question, and its data, without running it."""
    from experiments.cli_run import check

    check(file, levers or ())


# Last, so that '--help' begins with what one begins with.
app.command("new")(cli_new.new_command)
app.add_typer(cli_data.app)
app.command("tournament")(cli_tournament.tournament_command)
app.command("reproduce")(cli_reproduce.reproduce_command)
app.add_typer(cli_analysis.app)


def main() -> None:
    """Entry point: run the command line, and turn errors into one paragraph for people."""
    from experiments.pages import with_page
    from sim.errors import ConfigError

    debug = "--debug" in sys.argv[1:]
    try:
        app()
    except ConfigError as error:
        if debug:
            raise
        sys.exit(_complain(with_page(str(error), sys.argv[1]), 2))
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
