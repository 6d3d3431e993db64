"""Experiments: a scenario, a design over its levers, and what is asked of every run.

A file names a scenario (``scenario = "quickstart"``, or a path relative to the file) and may change it by its own
tables, or holds a scenario's tables itself; ``[design]`` says what to vary, ``[outcomes]`` where runs are compared.

>>> experiment = load_experiment("deposit-refund")
>>> experiment.design.runs, [(job.point, job.replication, job.seed) for job in experiment.jobs()][46:49]
(240, [(46, 0, 0), (47, 0, 0), (0, 1, 0)])
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, ValidationError

from experiments.build import build, dataset_of, honest_twin
from experiments.deployment import file_digest
from experiments.design import Design, Point, Points
from experiments.design_table import design_of
from experiments.fields import PositiveDuration, Section
from experiments.lever_values import as_plain, value_at
from experiments.levers import plain, pull
from experiments.messages import config_error, did_you_mean, shown
from experiments.scenario import (
    Scenario,
    canonical,
    experiment_names,
    preset_names,
    question_in,
    read_config,
    scenario_hash,
    validate,
)
from experiments.schema import LARGEST_SEED
from experiments.sizes import merged, sized
from experiments.stopping import Until
from sim.errors import ConfigError

MOST_MONEY = 10**30
_SCENARIOS_KEPT = 1000

_OF_A_RUN = {
    "seed": "Set seed in the scenario, and use replications for runs that differ by chance",
    "replication": "Use replications = N",
}


class Outcomes(Section):
    """``[outcomes]``: where runs are compared, so that a table says what is held fixed."""

    common_day: PositiveDuration | None = Field(
        default=None, description="moment of accuracy_at_day, a duration; default: half of the shortest horizon"
    )
    common_adds: int | None = Field(
        default=None, ge=1, description="accepted samples of accuracy_at_adds, 1 or more; default: half of the offered"
    )
    target_accuracy: float | None = Field(
        default=None, gt=0, le=1, description="of days_to_target, above 0 to 1; default: 95 % of the baseline"
    )


class Job(NamedTuple):
    """One run: the hash of its scenario, the number of its point, its replication and its seed."""

    scenario_hash: str
    point: int
    replication: int
    seed: int


@dataclass(frozen=True)
class Experiment:
    """A scenario and the design over its levers; everything is checked when it is made.

    Parameters
    ----------
    scenario : what all points have in common
    design : `Grid`, `Zip`, `Points`, or slices and sums of them
    name, description : for titles; default: the scenario's
    twin : also run each economy without its adversaries, for the price of corruption
    outcomes : where runs are compared
    check : False for an experiment that was checked when it ran, whose data need not be at hand any more

    Raises
    ------
    ConfigError
        If a lever is unknown, a point is no valid scenario, or two points are the same economy.
    """

    scenario: Scenario
    design: Design
    name: str = ""
    description: str = ""
    twin: bool = False
    outcomes: Outcomes = field(default_factory=Outcomes)
    check: InitVar[bool] = True

    def __post_init__(self, check: bool) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.scenario.name)
        if check:
            _check_until(self.design.until)
            _check_levers(self)
            _check_points(self)

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Experiment:
        """The experiment that `to_dict` told of, as a manifest keeps it. Raises `ConfigError`, `KeyError`."""
        design = facts["design"]
        points = Points(design["points"], design["replications"], design["pair_seeds"], design.get("until"))
        return cls(
            validate(facts["scenario"]), points, facts["name"], facts["description"], design["twin"],
            _outcomes(facts["outcomes"]), check=False,
        )  # fmt: skip

    @cached_property
    def _met(self) -> dict[int, Scenario]:
        """Scenarios of points by number: checking one anew for every replication would cost more than sending it."""
        return {}

    @cached_property
    def hashes(self) -> tuple[str, ...]:
        """The scenario hash of each point."""
        return tuple(scenario_hash(scenario) for scenario in self._scenarios())

    @cached_property
    def compared(self) -> Outcomes:
        """The outcomes with defaults worked out from the design and its data sets."""
        scenarios = list(self._scenarios())
        asked = self.outcomes
        return Outcomes(
            common_day=asked.common_day or max(1, min(scenario.horizon for scenario in scenarios) // 2),
            common_adds=asked.common_adds or max(1, min(map(_offered, scenarios)) // 2),
            target_accuracy=asked.target_accuracy,
        )

    @cached_property
    def identity(self) -> str:
        """SHA-256, in hex, of all that results depend on but the number of replications: these may be added to."""
        datasets = {dataset.name: dataset.sha256 for dataset in map(dataset_of, self._scenarios())}
        facts = {
            "points": self.hashes,
            "seed": self.scenario.seed,
            "replication": self.scenario.replication,
            "levers": self.design.levers,
            "pair_seeds": self.design.pair_seeds,
            "twin": self.twin,
            "outcomes": self.compared.model_dump(),
            "datasets": datasets,
        }
        files = {file for scenario in self._scenarios() if (file := scenario.model.imported) is not None}
        if files:
            facts["models"] = {file: file_digest(file) for file in sorted(files)}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def replicated(self, replications: int | None) -> Experiment:
        """The same experiment with another number of replications (None: as it is)."""
        return self if replications is None else replace(self, design=self.design.replicated(replications))

    def jobs(self) -> Iterator[Job]:
        """Every run: first one replication of all points, then the next, so that half a sweep has seen every point."""
        first = self.scenario.replication
        for replication in range(first, first + self.design.replications):
            for point in range(len(self.design)):
                yield self.job(point, replication)

    def job(self, point: int, replication: int) -> Job:
        """One run of a point."""
        identifier, seed = self.hashes[point], self.scenario.seed
        return Job(identifier, point, replication, seed if self.design.pair_seeds else _own_seed(seed, identifier))

    def scenario_of(self, job: Job) -> Scenario:
        """The scenario of one run."""
        scenario = self.scenario_at(job.point)
        return scenario.model_copy(update={"seed": job.seed, "replication": job.replication})

    def scenario_at(self, point: int) -> Scenario:
        """The scenario of a point by its number; seed and replication are those of the experiment."""
        scenario = self._met.get(point)
        if scenario is None:
            scenario = self._at(self.design[point])
            if len(self._met) < _SCENARIOS_KEPT:
                self._met[point] = scenario
        return scenario

    def lever_values(self, point: int) -> Point:
        """What every lever of the design is at a point: numbers are units, seconds or shares; None is 'no limit'."""
        scenario = self.scenario_at(point)
        names = [group.name for group in self.scenario.agents]  # a point may change a name, not a place
        return {lever: value_at(scenario, lever, names) for lever in self.design.levers}

    def to_dict(self) -> dict[str, Any]:
        """The experiment as one JSON object, as its file could have said it."""
        return {
            "name": self.name,
            "description": self.description,
            "scenario": plain(self.scenario),
            "design": {
                "kind": "list",
                "points": [{lever: as_plain(value) for lever, value in point.items()} for point in self.design],
                "replications": self.design.replications,
                "pair_seeds": self.design.pair_seeds,
                "twin": self.twin,
                **({} if self.design.until is None else {"until": self.design.until._asdict()}),
            },
            "outcomes": self.compared.model_dump(),
        }

    def _scenarios(self) -> Iterator[Scenario]:
        return (self._at(point) for point in self.design)

    def _at(self, point: Mapping[str, Any]) -> Scenario:
        return validate(pull(plain(self.scenario), point)) if point else self.scenario


def load_experiment(
    name_or_path: str | Path, levers: Mapping[str, Any] | None = None, size: str = "quick"
) -> Experiment:
    """An experiment that comes with the package, or the file at a path; levers change its scenario.

    ``size`` is ``quick``, or ``paper`` with what the file's table ``[paper]`` changes.
    Raises `ConfigError` in words for people.
    """
    config, source = read_config(name_or_path, "experiment")
    return experiment_of(sized(config, size, source), source, levers, Path(name_or_path).parent)


def experiment_of(
    config: Mapping[str, Any],
    source: str = "Experiment",
    levers: Mapping[str, Any] | None = None,
    folder: Path = Path(),
    asking: str = "design",
) -> Experiment:
    """The experiment of plain tables. ``source`` begins error texts; a scenario it names may lie in ``folder``.

    ``asking`` is what the file calls the table that makes it more than a scenario. Raises `ConfigError`.
    """
    if "design" not in config:
        if section := question_in(config):
            raise ConfigError(
                f"{source} has a table [{section}] and no [design], so it is a question, not an experiment. Ask it "
                f"with 'deca10b {section} FILE'."
            )
        raise ConfigError(
            f"{source} has no [design], so it is a scenario, not an experiment. Run it with 'deca10b run', or add a "
            f"design, such as [design.levers] 'mechanism.cost_weight' = [1, 5]. Experiments: "
            f"{', '.join(experiment_names())}."
        )
    tables = {key: value for key, value in config.items() if key not in ("design", "outcomes", "scenario", "paper")}
    try:
        _check_keys(config, asking)
        design = design_of(config["design"], folder)
        twin = config["design"].get("twin", False)
        if not isinstance(twin, bool):
            raise ConfigError(f"design.twin is {shown(twin)}; it must be true or false, without quotes.")
        outcomes = _outcomes(config.get("outcomes", {}))
        for lever in sorted(set(levers or ()) & set(design.levers)):
            raise ConfigError(
                f"{lever} is a lever of the design, which gives it values of its own; a setting of it would change "
                f"nothing. Change [design.levers] in a copy of the experiment, or take the scenario and 'deca10b run'."
            )
        base = _base(config["scenario"], folder, tables) if "scenario" in config else tables
        scenario = validate(pull(base, levers) if levers else base, source)
        name, description = (str(tables.get(key, "")) for key in ("name", "description"))
        return Experiment(scenario, design, name, description, twin, outcomes)
    except ConfigError as error:
        text = str(error)
        raise ConfigError(text if text.startswith(source) else f"{source}: {text}") from error


def _check_keys(config: Mapping[str, Any], asking: str) -> None:
    """Tables and keys of a file are those of a scenario, and what makes it an experiment or a question."""
    own, scenarios = ("scenario", asking, "outcomes", "paper"), sorted(Scenario.model_fields)
    for key in config:
        if key not in (*own, *scenarios, "design"):
            raise ConfigError(
                f"{key} is unknown.{did_you_mean(key, (*own, *scenarios))} Allowed here: {', '.join(own)}, and of a "
                f"scenario {', '.join(scenarios)}."
            )


def _base(named: Any, folder: Path, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of the scenario an experiment names, with those of the experiment laid over them."""
    if not isinstance(named, str):
        raise ConfigError(f"scenario is {shown(named)}; it must be the name or the path of a scenario, in quotes.")
    known = named in preset_names() or not (folder / named).exists()
    config, source = read_config(named if known else folder / named)
    if "design" in config:
        raise ConfigError(f"scenario is {named!r}; {source} is an experiment. Name one of {', '.join(preset_names())}.")
    laid_over = {key: value for key, value in changes.items() if key not in ("name", "description")}
    return merged(config, laid_over)


def _outcomes(table: Any) -> Outcomes:
    try:
        return Outcomes.model_validate(table)
    except ValidationError as error:
        raise config_error(error, "outcomes", table, Outcomes) from error


def _check_levers(experiment: Experiment) -> None:
    """Every lever leads somewhere, and is not what the design itself decides."""
    config = plain(experiment.scenario)
    for lever in experiment.design.levers:
        if lever in _OF_A_RUN:
            raise ConfigError(f"Lever {lever!r} is what the design sets for each run. {_OF_A_RUN[lever]}.")
        pull(config, {lever: {}})
    until = experiment.design.until
    most = experiment.design.replications if until is None else until.most
    last = experiment.scenario.replication + most - 1
    if last > LARGEST_SEED:
        raise ConfigError(f"design: the last replication would be {last}; at most 2^63 - 1. Lower replication.")


def _check_until(until: Until | None) -> None:
    """The outcome of a stopping rule is a column of numbers, or of yes and no."""
    from experiments.outcomes import OUTCOME_COLUMNS  # late: outcomes are of runs of experiments

    known = [name for name, kind in OUTCOME_COLUMNS.items() if kind in ("int", "float", "flag")]
    if until is not None and until.outcome not in known:
        raise ConfigError(
            f"design.until.outcome is {shown(until.outcome)}; it must be an outcome that is a number, such as "
            f"final_accuracy or honest_profit_percent.{did_you_mean(until.outcome, known)}"
        )


def _check_points(experiment: Experiment) -> None:
    """Every point is a scenario that can be built, and no two are the same economy."""
    met: dict[str, int] = {}
    built: set[str] = set()
    for number, point in enumerate(experiment.design):
        where = f"Point {number} of the design ({_in_words(point)})" if point else "The scenario"
        try:
            scenario = experiment._at(point)
            # Windows and prices are checked with the scenario; the rest only data sets and behaviours can tell.
            rest = json.dumps({k: v for k, v in canonical(scenario).items() if k != "mechanism"}, sort_keys=True)
            if rest not in built:
                build(scenario)
                built.add(rest)
            if experiment.twin:
                honest_twin(scenario)
            _check_money(scenario)
        except ConfigError as error:
            raise ConfigError(f"{where}: {str(error).removeprefix('Scenario: ')}") from error
        identifier = scenario_hash(scenario)
        if identifier in met:
            raise ConfigError(
                f"{where} is the same economy as point {met[identifier]}. Drop one; for more runs of it raise "
                f"design.replications."
            )
        met[identifier] = number


def _check_money(scenario: Scenario) -> None:
    """Sums of wei must fit the 38 digits of a table's column, however often the same money is deposited."""
    money = sum(group.count * group.balance.wei(scenario.unit) for group in scenario.agents)
    if money > MOST_MONEY:
        raise ConfigError(
            f"agents: their balances are {money:.0e} wei in all; a sweep can count with at most 10^30 wei (10^12 "
            f"ether). Lower balances or chain.unit."
        )


def _in_words(point: Point) -> str:
    text = ", ".join(f"{lever} = {shown(value)}" for lever, value in point.items())
    return text if len(text) <= 200 else f"{text[:200]}…"


def _offered(scenario: Scenario) -> int:
    """Samples offered to the participants of a scenario."""
    rows = len(dataset_of(scenario).x_train)
    size = rows if scenario.data.size is None else scenario.data.size
    return size - scenario.data.initial_rows(rows)


def _own_seed(seed: int, identifier: str) -> int:
    """A seed that only the scenario of this hash has, below 2^63."""
    digest = hashlib.sha256(f"{seed}:{identifier}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
