"""What a report says, section by section."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.analysis.robust_sweep import robust_choice
from experiments.experiment import Experiment, load_experiment
from experiments.findings import about_intervals, findings
from experiments.findings_gallery import is_gallery
from experiments.levers import resolved, written
from experiments.points import NOTHING, points_of
from experiments.report.blocks import Block, Code, Heading, Items, Paragraph, Picture, Table
from experiments.report.folder import Finished
from experiments.report.tables import outcome_tables, people_tables
from experiments.scenario import experiment_names
from experiments.toml import to_toml
from sim.errors import ConfigError
from sim.units import DAY

ABOUT_PEOPLE = (
    "Priced out: share of the occasions to contribute that were missed because the price was above what one would pay. "
    "Still locked: deposits in the contract when the run ended, as a share of the money at the start; profit does not "
    "count them. Price index: mean deposit as a share of what the honest would pay. Capital index: deposits an honest "
    "address would have in the contract at a time, as a share of its money. Near 1 and above, price or wallet binds."
)
MORE_FIGURES = "'deca10b analyse DIR' draws further ones, with a panel for each attack."
MOST_CHOICES = 100
"""Rows of the table of robust choices; larger ones are in robust.csv of 'deca10b analyse'."""
_SHOWN_VALUES = 30


def content(finished: Finished, pictures: Sequence[Picture]) -> list[Block]:
    """The blocks of a report, in order."""
    experiment = finished.experiment
    points, levers = points_of(finished.runs, experiment)
    blocks: list[Block] = []
    if experiment.description:
        blocks += [Heading("Question"), Paragraph(experiment.description)]
    blocks += [Heading("What was found"), Items(tuple(findings(finished.runs, experiment)))]
    blocks += [Paragraph(about_intervals(points)), Heading("Design"), *_design(experiment)]
    if pictures:
        blocks += [Heading("Figures"), *pictures, *([Paragraph(MORE_FIGURES)] if is_gallery(levers) else [])]
    blocks += [Heading("Points"), *outcome_tables(points, levers)]
    blocks += [*people_tables(points, levers), Paragraph(ABOUT_PEOPLE)]
    blocks += _robust(finished)
    blocks += [Heading("Failures"), *_failures(finished.manifest["failures"])]
    blocks += [Heading("Parameters"), *_parameters(experiment)]
    names = {point.number: point.name for point in points}
    return [*blocks, Heading("How to reproduce"), *_reproduce(finished, names)]


def experiment_toml(experiment: Experiment) -> str:
    """A file that says the whole experiment, defaults too; swept again it is the same experiment."""
    design = experiment.design.as_grid()
    facts = experiment.to_dict()
    options: dict[str, Any] = {
        "kind": design.kind,
        "replications": design.replications,
        "pair_seeds": design.pair_seeds,
        "twin": experiment.twin,
    }
    if design.until is not None:
        options["until"] = design.until._asdict()
    tables = resolved(experiment.scenario) | {"name": experiment.name, "description": experiment.description}
    tables["outcomes"] = {key: value for key, value in facts["outcomes"].items() if value is not None}
    tables["design"] = options
    if design.kind == "grid":
        values: dict[str, dict[str, Any]] = {lever: {} for lever in design.levers}
        for point in facts["design"]["points"]:
            for lever, value in point.items():
                values[lever].setdefault(repr(value), value)
        tables["design.levers"] = {lever: list(met.values()) for lever, met in values.items()}
    elif design.levers:
        tables["design.points"] = facts["design"]["points"]
    return to_toml(tables)


def _design(experiment: Experiment) -> list[Block]:
    design = experiment.design.as_grid()
    headline = str(design).splitlines()[0]
    day = (experiment.compared.common_day or 0) / DAY
    facts = [f"{headline[:1].upper()}{headline[1:]}."]
    if design.until is not None:
        facts.append(
            f"Points went on until {design.until.outcome} was known to ± {design.until.half_width:g} (95 %), at most "
            f"{design.until.most:,} times."
        )
    if design.pair_seeds and len(design) > 1:
        facts.append("A replication draws the same random numbers at every point, so points compare by differences.")
    if experiment.twin:
        facts.append("Each economy ran a second time without its adversaries.")
    facts.append(f"Runs are compared at their end, on day {day:,g} and at {experiment.compared.common_adds:,} adds.")
    blocks: list[Block] = [Paragraph(" ".join(facts))]
    if design.levers:
        rows = []
        for lever in design.levers:
            values = list(dict.fromkeys(written(point[lever]) for point in design if lever in point))
            more = ", …" if len(values) > _SHOWN_VALUES else ""
            rows.append((lever, f"{len(values)}", ", ".join(values[:_SHOWN_VALUES]) + more))
        blocks.append(Table("Levers", ("lever", "values", "which"), tuple(rows), words=frozenset({0, 2})))
    return blocks


def _robust(finished: Finished) -> list[Block]:
    """Which choice of mechanism and model is robust, where a design asks."""
    robust = robust_choice(finished.runs, finished.experiment)
    if robust is None:
        return []
    names = [name for name in robust.table if name != "choice"]
    header = ("choice", *(name.removesuffix("_db").replace("_", " ") for name in names))
    rows = tuple(
        (str(row["choice"]), *(NOTHING if row[name] != row[name] else f"{row[name]:.1f}" for name in names))
        for row in robust.table.to_dict("records")
    )
    table = Table("Worst case and greatest regret (%), signal to noise (dB)", header, rows, words=frozenset({0}))
    return [Heading("Robust choice"), Items(robust.sentences), *([table] if len(rows) <= MOST_CHOICES else [])]


def _failures(failures: Sequence[dict[str, Any]]) -> list[Block]:
    if not failures:
        return [Paragraph("No run failed.")]
    rows = tuple((f"{each['point']}", f"{each['replication']}", str(each["error"])) for each in failures)
    return [
        Paragraph("Failed runs are left out of all numbers; their tracebacks are in manifest.json."),
        Table("Failed runs", ("point", "replication", "error"), rows, words=frozenset({2})),
    ]


def _parameters(experiment: Experiment) -> list[Block]:
    return [
        Paragraph(
            "The experiment as it was run, with every default. Levers take the place of the scenario's values. Bare "
            "amounts of money are units (chain.unit), bare times are seconds; what is not written has no value or "
            "follows from others (any_claim_after: 8 days after refund_window)."
        ),
        Code(experiment_toml(experiment)),
    ]


def _reproduce(finished: Finished, names: dict[int, str]) -> list[Block]:
    manifest, experiment = finished.manifest, finished.experiment
    blocks: list[Block] = [Paragraph("Save the parameters above as experiment.toml, and run:")]
    commands = ["deca10b sweep experiment.toml --out results/again"]
    if _is_preset(experiment, manifest["identity"]):
        blocks = [Paragraph("The experiment comes with the program; or save the parameters above as experiment.toml:")]
        options = f"--replications {experiment.design.replications} --out results/again"
        commands.insert(0, f"deca10b sweep {experiment.name} {options}")
    blocks += [
        Code("\n".join(commands) + "\n"),
        Paragraph(
            "With the versions below, runs.parquet and series.parquet come out byte for byte the same, whatever the "
            "number of workers."
        ),
        Items(tuple(map(_session, manifest["sessions"]))),
        Paragraph(
            f"Identity of the experiment (SHA-256 of all that results depend on): {manifest['identity']}. Root seed "
            f"{experiment.scenario.seed}; replications are numbered from {experiment.scenario.replication}."
        ),
    ]
    seeds = {job.point: job.seed for job in experiment.jobs()}
    rows = tuple((f"{number}", name, f"{seeds[number]}", experiment.hashes[number]) for number, name in names.items())
    header = ("point", "levers", "seed", "scenario hash")
    return [*blocks, Table("Seeds and hashes", header, rows, words=frozenset({1, 3}))]


def _is_preset(experiment: Experiment, identity: str) -> bool:
    """Whether the program comes with this very experiment."""
    if experiment.name not in experiment_names():
        return False
    try:
        return load_experiment(experiment.name).identity == identity
    except ConfigError:
        return False


def _session(session: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in session["versions"].items())
    ended = f"to {session['finished']}" if session["finished"] else "until it was interrupted"
    workers = session["workers"]
    by = f"{workers} worker{'' if workers == 1 else 's'}" if isinstance(workers, int) else str(workers)
    revision = session["git_revision"] or "unknown"
    return f"{session['started']} {ended}, {by}; {versions}; git revision {revision}"
