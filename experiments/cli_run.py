"""What ``deca10b run`` and ``deca10b check`` do and show."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.bare_times import bare_times, note_on
from experiments.idle_levers import idle_levers
from experiments.levers import pull, read_levers
from experiments.scenario import load_scenario, read_scenario, scenario_hash, validate
from sim.errors import ConfigError

if TYPE_CHECKING:
    from experiments.result import Result
    from experiments.schema import Scenario


def chosen_scenario(name: str, levers: Sequence[str], seed: int | None) -> tuple[Scenario, Path]:
    """The scenario with levers pulled, and the folder its results go to by default. Raises `ConfigError`.

    A run that was changed has a folder of its own, so that it does not replace the one it is to be compared with.
    What was probably not meant is told on stderr: times without a unit, levers without effect.
    """
    pulled = read_levers(levers)
    if seed is not None:
        pulled["seed"] = seed
    config, source = read_scenario(name)
    changed = pull(config, pulled) if pulled else config
    scenario = validate(changed, source)
    note_times(changed)
    for text in idle_levers(scenario, pulled):
        print(text, file=sys.stderr)
    parts = [scenario.name.replace(" ", "-"), *(_changes(name, scenario) if pulled else ())]
    return scenario, Path("results") / "-".join(parts)


def _changes(name: str, scenario: Scenario) -> list[str]:
    """What tells a scenario with levers pulled from the one of this name, for the name of a folder."""
    try:
        plain = load_scenario(name)
    except ConfigError:  # levers may also mend what is wrong or missing in a file
        return [scenario_hash(scenario)[:8], f"seed{scenario.seed}", f"replication{scenario.replication}"]
    parts = [scenario_hash(scenario)[:8]] if scenario_hash(scenario) != scenario_hash(plain) else []
    parts += [f"seed{scenario.seed}"] if scenario.seed != plain.seed else []
    return parts + ([f"replication{scenario.replication}"] if scenario.replication != plain.replication else [])


def note_times(config: Mapping[str, Any], levers: Mapping[str, Any] | None = None) -> None:
    """Say on stderr which times of a config and of levers are a few seconds because they name no unit."""
    for path, seconds in bare_times(config, levers).items():
        print(note_on(path, seconds), file=sys.stderr)


def run_with_progress(scenario: Scenario, twin: bool, trace: Path | None, model_file: Path | None) -> Result:
    """Run with a bar on a terminal, silently elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from experiments.runner import Progress, run

    console = Console(stderr=True)
    if not console.is_terminal:
        return run(scenario, twin=twin, trace=trace, model_file=model_file)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(scenario.name, total=1.0, note="starting")

        def advance(state: Progress) -> None:
            done = max(state.day / state.horizon, state.accepted / state.offered if state.offered else 0.0)
            note = f"day {state.day:,.0f}, {state.accepted:,} samples, accuracy {100 * state.accuracy:.1f} %"
            bar.update(task, completed=done, note=note)

        return run(scenario, twin=twin, progress=advance, trace=trace, model_file=model_file)


def show(result: Result, folder: Path) -> None:
    """Print table and story, write the files and say where they are."""
    from rich.console import Console

    from experiments.output import agents_table, leaderboard_table, write_result
    from experiments.story import story

    console = Console()
    if not console.is_terminal:
        console = Console(width=100)
    for table in (agents_table(result), leaderboard_table(result)):
        if table is not None:
            console.print(table)
    for sentence in story(result):
        console.print(sentence, highlight=False, markup=False)
    replaced = " in place of the run before" if (folder / "result.json").exists() else ""
    names = ", ".join(path.name for path in write_result(result, folder))
    console.print(
        f"Written to {folder}{os.sep}{replaced}: {names}", style="dim", highlight=False, markup=False, soft_wrap=True
    )


def check(file: str, levers: Sequence[str]) -> None:
    """Print what a scenario would do, what an experiment has, or what a question asks.

    Raises `ConfigError` where one is wrong.
    """
    from experiments.analysis.questions import section_of
    from experiments.experiment import experiment_of
    from experiments.scenario import read_config

    pulled = read_levers(levers)
    if section := section_of(file):
        _check_question(file, section, pulled)
        return
    config, source = read_config(file)
    if "design" not in config:
        _tell(chosen_scenario(file, levers, None)[0])
        return
    experiment = experiment_of(config, source, pulled, Path(file).parent)
    note_times(config, pulled)
    print(f"ok: {experiment.name}, an experiment; every point is valid")
    print(experiment.design)
    _tell(experiment.scenario)


def _check_question(file: str, section: str, pulled: Mapping[str, Any]) -> None:
    """Print what a question asks, in its quick size, and of which scenario."""
    from experiments.analysis.play import Setting
    from experiments.analysis.questions import load_question
    from experiments.analysis.study import Study
    from experiments.analysis.tuning import Tuning

    question = load_question(file, section, levers=pulled)
    asked: dict[str, Any] = {"sensitivity": Study, "tune": Tuning, "game": Setting}
    text = str(asked[section].of(question))
    print(f"ok: {question.base.name}, a question; ask it with 'deca10b {section} {file}'")
    print(text)
    _tell(question.base.scenario)


def _tell(scenario: Scenario) -> None:
    """Print what a scenario would do; building it checks its data."""
    from experiments.build import build
    from experiments.figures.words import clock
    from sim.units import DAY

    economy = build(scenario)
    stream, windows = economy.stream, scenario.mechanism.windows()
    groups = ", ".join(f"{group.count} {group.name}" for group in scenario.agents)
    file = scenario.model.imported
    trained = f"trained on {len(stream.initial_labels):,} samples" if file is None else f"read from {file}"
    print(f"ok: {scenario.name} (seed {scenario.seed}, hash {scenario_hash(scenario)})")
    print(
        f"It would offer {stream.remaining:,} samples of {stream.dataset.title} to {len(economy.actors):,} addresses "
        f"({groups}) for at most {scenario.horizon / DAY:g} days; {scenario.model.kind}, "
        f"{trained}, starts at {100 * economy.initial_accuracy:.1f} % accuracy; "
        f"{scenario.mechanism.kind} ({scenario.mechanism.profile}) "
        f"{'pays when it is settled' if economy.ageless else f'refunds after {clock(windows[0])}'}."
    )
