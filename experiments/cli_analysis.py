"""``deca10b sensitivity``, ``tune``, ``game``, ``calibrate``, ``welfare`` and ``analyse``: what many runs say "
"together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from experiments.analysis.questions import Question

app = typer.Typer(rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]})

QuestionArgument = Annotated[str, typer.Argument(help="Name of a question ('deca10b list questions') or a .toml file.")]
OutOption = Annotated[str | None, typer.Option(metavar="DIR", help="Folder for tables and figures.")]
SizeOption = Annotated[str, typer.Option(help="quick, or paper: with what the file's table [paper] changes.")]
WorkersOption = Annotated[int | None, typer.Option(help="Processes, 1 or more; default: one for each core.")]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with what the folder holds.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a field of the scenario. May be repeated."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show where in the program an error comes from.")]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Tell what would be run; run and write nothing.")]


@app.command("sensitivity")
def sensitivity_command(
    question: QuestionArgument,
    out: OutOption = None,
    size: SizeOption = "quick",
    workers: WorkersOption = None,
    resume: ResumeOption = False,
    levers: SetOption = None,
    samples: Annotated[int | None, typer.Option(help="In place of the file's.")] = None,
    replications: Annotated[int | None, typer.Option(help="Seeds of each point, in place of the file's.")] = None,
    dry_run: DryOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Which levers move an outcome, alone and together (Morris, Sobol), and how much of it is chance."""
    from experiments.analysis.study import Study, facts_of, run_study
    from experiments.pools import worker_count
    from experiments.progress import shown_progress

    asked = _question(question, "sensitivity", size, levers, samples=samples, replications=replications)
    study, folder = Study.of(asked), _folder(out, asked, size)
    if not as_json:
        print(study)
    if dry_run:
        return
    with shown_progress(worker_count(workers), None if as_json else print) as advance:
        found = run_study(study, folder, workers, resume, progress=advance)
    _tell(as_json, facts_of(study, found), folder)


@app.command("tune")
def tune_command(
    question: QuestionArgument,
    out: OutOption = None,
    size: SizeOption = "quick",
    workers: WorkersOption = None,
    resume: ResumeOption = False,
    levers: SetOption = None,
    trials: Annotated[int | None, typer.Option(help="Designs in all, in place of the file's.")] = None,
    replications: Annotated[int | None, typer.Option(help="Seeds of each design, in place of the file's.")] = None,
    held_out: Annotated[int | None, typer.Option(help="Further seeds of the comparison with the default.")] = None,
    rule: Annotated[str | None, typer.Option(help="maximin, minimax_regret or signal_to_noise chooses.")] = None,
    dry_run: DryOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Look for the best values of levers in several objectives at once, and compare them with the default."""
    from experiments.analysis.tuning import Tuning, facts_of, tune

    asked = _question(
        question, "tune", size, levers, trials=trials, replications=replications, held_out=held_out,
        rule=rule,
    )  # fmt: skip
    tuning, folder = Tuning.of(asked), _folder(out, asked, size)
    if not as_json:
        print(tuning)
    if dry_run:
        return
    with _bar("designs") as tell:
        tuned = tune(tuning, folder, workers, resume, tell=tell)
    _tell(as_json, facts_of(tuning, tuned), folder)


@app.command("game")
def game_command(
    question: QuestionArgument,
    out: OutOption = None,
    size: SizeOption = "quick",
    workers: WorkersOption = None,
    resume: ResumeOption = False,
    levers: SetOption = None,
    replications: Annotated[int | None, typer.Option(help="Seeds of each profile, in place of the file's.")] = None,
    dry_run: DryOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Which behaviour pays if everybody may choose: payoffs, equilibria, regret of the honest, and who takes over."""
    from experiments.analysis.extras import needed
    from experiments.analysis.play import Setting, facts_of, play

    needed("nashpy", "A game's equilibria")  # before any run
    asked = _question(question, "game", size, levers, replications=replications)
    setting, folder = Setting.of(asked), _folder(out, asked, size)
    if not as_json:
        print(setting)
    if dry_run:
        return
    with _bar("profiles") as tell:
        game = play(setting, folder, workers, resume, tell=tell)
    _tell(as_json, facts_of(setting, game), folder)


@app.command("calibrate")
def calibrate_command(
    events: Annotated[str, typer.Argument(metavar="EVENTS.csv", help="Columns time,sender,cost,accepted,refunded.")],
    out: OutOption = None,
    base: Annotated[str, typer.Option(help="Scenario that says all the table cannot.")] = "quickstart",
    accuracy: Annotated[float, typer.Option(help="Of the model while the rows were made, such as 0.85.")] = 0.85,
    classes: Annotated[int, typer.Option(help="Of the labels, 2 or more.")] = 2,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Fit willingness to pay, arrivals and label noise to a table of events, and write a scenario of it."""
    from experiments.analysis.calibration import calibrate, read_events
    from experiments.figures import save
    from experiments.figures.calibration import drawn_calibration
    from experiments.files import check_folder, write_whole
    from experiments.levers import plain
    from experiments.scenario import load_scenario
    from experiments.toml import to_toml

    folder = check_folder(Path("results") / f"{Path(events).stem}-calibrated" if out is None else out)
    found = calibrate(read_events(events), accuracy, classes)
    scenario = found.scenario(load_scenario(base), f"{Path(events).stem}-calibrated")
    save(drawn_calibration(found, Path(events).stem), folder)
    write_whole(folder / "scenario.toml", to_toml(plain(scenario)))
    group = plain(scenario)["agents"][0]
    facts = {"senders": group, "scenario": str(folder / "scenario.toml"), "findings": found.sentences()}
    write_whole(folder / "calibration.json", json.dumps(facts, indent=1))
    _tell(as_json, facts, folder)


@app.command("welfare")
def welfare_command(
    scenario: Annotated[str, typer.Argument(help="Name of a scenario or a .toml file.")],
    value: Annotated[float, typer.Option(help="Units that one right prediction is worth.")] = 1.0,
    per_day: Annotated[float, typer.Option(help="Predictions a day beside those that callers pay for.")] = 0.0,
    replications: Annotated[int, typer.Option(help="Seeds, 1 or more.")] = 5,
    workers: WorkersOption = None,
    levers: SetOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """What an economy is worth to everybody together: right predictions, less effort and fees."""
    from tempfile import TemporaryDirectory

    from experiments.analysis.engine import engine
    from experiments.analysis.welfare import measured_welfare
    from experiments.levers import read_levers
    from experiments.metrics import mean_interval
    from experiments.points import spelt
    from experiments.scenario import load_scenario
    from sim.errors import ConfigError

    if value < 0 or per_day < 0 or replications < 1:
        raise ConfigError("--value and --per-day must be 0 or more, --replications 1 or more.")
    chosen = load_scenario(scenario, read_levers(levers or ()))
    wanted = {
        number: chosen.model_copy(update={"replication": chosen.replication + number}) for number in range(replications)
    }
    measure = partial(measured_welfare, value=value, per_day=per_day)
    with (
        TemporaryDirectory() as folder,
        _bar("runs") as tell,
        engine(measure, Path(folder) / "runs.jsonl", chosen, workers, tell=tell) as runs,
    ):
        rows = list(runs.answers(wanted).values())
    intervals = {name: _interval_of(rows, name, mean_interval) for name in rows[0]}
    if as_json:
        print(json.dumps({name: interval and interval._asdict() for name, interval in intervals.items()}))
        return
    print(f"{chosen.name}, {replications} seeds, in units (mean ± half of the 95 % interval)")
    for name, interval in intervals.items():
        print(f"  {name:<12} {'–' if interval is None else spelt(interval, 3 if name == 'gini' else 1)}")


@app.command("analyse")
def analyse_command(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Results folder of a finished sweep.")],
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """What else a finished sweep tells: the robust choice, and figures of deposits, ruin, fees, frontiers."""
    from experiments.analysis.robust_sweep import robust_choice
    from experiments.figures import save
    from experiments.figures.further import further_figures
    from experiments.files import write_whole
    from experiments.report import read_results

    finished = read_results(folder)
    drawn = further_figures(finished.runs, finished.series, finished.experiment)
    for one in drawn:
        save(one, finished.folder / "figures")
    robust = robust_choice(finished.runs, finished.experiment)
    if robust is not None:
        write_whole(finished.folder / "robust.csv", robust.table.to_csv(index=False, lineterminator="\n"))
    if as_json:
        told = None if robust is None else {"choices": robust.choices, "findings": robust.sentences}
        print(json.dumps({"figures": [{"name": one.name, "title": one.title} for one in drawn], "robust": told}))
        return
    for sentence in () if robust is None else robust.sentences:
        _say(sentence)
    for one in drawn:
        print(f"{one.name}: {one.title}")
    if not drawn:
        print("This design has none of the levers that these figures are about.")
    else:
        print(f"Written to {finished.folder / 'figures'}: a .png, .svg and .csv of each.")


def _question(name: str, section: str, size: str, levers: list[str] | None, **changes: Any) -> Question:
    """The question, with numbers from options in place of the file's."""
    from experiments.analysis.questions import load_question
    from experiments.levers import read_levers

    question = load_question(name, section, size, read_levers(levers or ()))
    table = {**question.table, **{key: value for key, value in changes.items() if value is not None}}
    return replace(question, table=table)


def _folder(out: str | None, question: Question, size: str) -> Path:
    from experiments.files import check_folder
    from experiments.sizes import named

    return check_folder(Path("results") / named(question.base.name, size) if out is None else out)


def _tell(as_json: bool, facts: dict[str, Any], folder: Path) -> None:
    """The findings in sentences, or all facts."""
    if as_json:
        print(json.dumps({"folder": str(folder), **facts}, allow_nan=False))
        return
    for sentence in facts["findings"]:
        _say(sentence)
    print(f"Written to {folder}")


def _say(sentence: str) -> None:
    import textwrap

    print(textwrap.fill(sentence, 110, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False))


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A callback that moves a bar where somebody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"runs of {what}" if what != "runs" else what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _interval_of(rows: Sequence[dict[str, Any]], name: str, interval: Callable[..., Any]) -> Any:
    known = [row[name] for row in rows if row[name] is not None]
    return interval(known) if known else None
