r"""Tuning: which values of the levers are best, in several respects at once, whatever the adversary does.

Optuna (Akiba et al., KDD 2019) proposes designs; each is run with the same seeds against every adversary of the
question, and its objectives are the **worst case** over adversaries of the mean over seeds. What no other design beats
in all objectives is the **Pareto set**; of it the **compromise**, nearest to the best of every objective, is compared
with the scenario as it was. That is the rule ``maximin``; by ``minimax_regret`` or ``signal_to_noise`` another design
may be compared (`experiments.analysis.robust`), and what each of them would choose is told in any case.

That comparison is on **held-out seeds**, which no proposal has seen, by paired differences of each seed's worst case.
Intervals are of 95 % for all m objectives together (each of 1 - 0.05 / m, Bonferroni): the tuned design beats the
default if one of them lies above 0 and none below.

The study is a file in the output folder (``study.log``) and every run is kept (``runs.jsonl``), so that ``--resume``
goes on where it was, with as many more proposals as are missing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.analysis.engine import Engine, Tell, check_new, engine
from experiments.analysis.extras import needed
from experiments.analysis.objectives import OBJECTIVES, dominated, measured
from experiments.analysis.questions import Question
from experiments.analysis.robust import RULES, choices, columns_of, in_words
from experiments.analysis.space import Space
from experiments.design import Point
from experiments.files import write_whole
from experiments.levers import plain, pull
from experiments.locks import locked
from experiments.messages import shown
from experiments.metrics import CONFIDENCE, Interval, mean_interval
from experiments.scenario import scenario_hash, validate
from experiments.schema import Scenario
from sim.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

_KEYS = ("objectives", "levers", "trials", "batch", "replications", "held_out", "adversaries", "seed", "rule")
_DEFAULT = ("accuracy", "honest_profit")
STUDY, RUNS = "study.log", "runs.jsonl"


@dataclass(frozen=True)
class Tuning:
    """What is to be tuned.

    Parameters
    ----------
    name : for titles
    scenario : the default design, and all that is not tuned
    space : the levers
    objectives : names of `OBJECTIVES`
    adversaries : levers pulled before those of a design, one table for each adversary; a single empty one leaves the
        scenario's
    trials : proposals in all
    batch : proposals made at a time, before their results are known; it does not depend on the number of workers
    replications, held_out : seeds of proposals, and further ones of the comparison with the default
    seed : of the proposals
    rule : of `RULES`, which decides what is compared with the default
    """

    name: str
    scenario: Scenario
    space: Space
    objectives: tuple[str, ...]
    adversaries: tuple[Mapping[str, Any], ...]
    trials: int
    batch: int
    replications: int
    held_out: int
    seed: int
    rule: str = RULES[0]

    @classmethod
    def of(cls, question: Question) -> Tuning:
        """The tuning a question asks for. Raises `ConfigError`."""
        question.checked(*_KEYS)
        adversaries = question.table.get("adversaries", [{}])
        if not isinstance(adversaries, list) or not adversaries or not all(isinstance(a, Mapping) for a in adversaries):
            raise ConfigError(
                f"tune.adversaries is {shown(adversaries)}; it must be a list of tables of levers, such as "
                f"[{{}}, {{ 'agents.flipper.balance' = 4000 }}]."
            )
        tuning = cls(
            question.base.name, question.base.scenario, Space.of(question.table.get("levers"), "tune"),
            question.words("objectives", _DEFAULT, tuple(OBJECTIVES)), tuple(adversaries),
            question.number("trials", 32, 2, 10**5), question.number("batch", 4, 1, 1000),
            question.number("replications", 3, 1, 10**4), question.number("held_out", 10, 2, 10**4),
            question.number("seed", 0, 0, 2**32 - 1), question.choice("rule", RULES),
        )  # fmt: skip
        tuning.scenarios({}, range(1))
        for end in (0.0, 1.0):  # an hour of runs should not end at a design that no scenario can have
            tuning.scenarios(tuning.space.point([end] * len(tuning.space.names)), range(1))
        return tuning

    def __str__(self) -> str:
        runs = len(self.adversaries) * (self.trials * self.replications + 2 * self.held_out)
        return f"{self.name}: {self.trials:,} designs for {', '.join(self.objectives)}; {runs:,} runs in all"

    def scenarios(self, point: Point, replications: range) -> dict[tuple[int, int], Scenario]:
        """The scenarios of a design, by number of the adversary and replication. Raises `ConfigError`."""
        found = {}
        for number, adversary in enumerate(self.adversaries):
            scenario = validate(pull(pull(plain(self.scenario), adversary), point))
            first = self.scenario.replication
            for replication in replications:
                found[number, replication] = scenario.model_copy(update={"replication": first + replication})
        return found

    @property
    def signs(self) -> NDArray[np.float64]:
        """1 for each objective to be had more of, -1 for less."""
        return np.array([OBJECTIVES[name].sign for name in self.objectives], dtype=float)

    def worst(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """The worst over adversaries (axis 0) of objectives (last axis)."""
        return np.asarray((table * self.signs).min(axis=0) * self.signs)


@dataclass(frozen=True)
class Comparison:
    """The tuned design less the default on held-out seeds, in one objective, so that more is better."""

    objective: str
    default: float
    tuned: float
    gain: Interval

    @property
    def verdict(self) -> str:
        """``better``, ``worse`` or ``not told apart``."""
        return "better" if self.gain.low > 0 else "worse" if self.gain.high < 0 else "not told apart"


@dataclass(frozen=True)
class Tuned:
    """What tuning found.

    Parameters
    ----------
    trials : a row for each proposal: ``trial``, levers, objectives, ``pareto``, and the scores of the rules
    best : the choice of the rule, the number of its trial and its levers
    comparisons : with the default, one for each objective
    choices : the trial that each rule would choose, None if it chooses nothing
    """

    trials: pd.DataFrame
    best: tuple[int, Point]
    comparisons: tuple[Comparison, ...]
    choices: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def beats_default(self) -> bool:
        """Better in some objective and worse in none, by intervals that exclude 0."""
        verdicts = [comparison.verdict for comparison in self.comparisons]
        return "better" in verdicts and "worse" not in verdicts


def tune(
    tuning: Tuning,
    out: Path,
    workers: int | None = None,
    resume: bool = False,
    executor: Executor | None = None,
    tell: Tell | None = None,
) -> Tuned:
    """Propose, run, choose and compare.

    Into ``out`` go ``study.log``, ``runs.jsonl``, ``trials.csv``, ``tuned.toml`` (the tuned scenario), ``tune.json``
    and ``figures/``. Raises `ConfigError`.
    """
    measure = partial(measured, names=tuning.objectives)
    with locked(out):
        check_new(out, RUNS, resume)
        with engine(measure, out / RUNS, tuning.scenario, workers, executor, tell) as runs:
            study = _study(tuning, out)
            while len(done := _completed(study)) < tuning.trials:
                _propose(tuning, runs, study, min(tuning.batch, tuning.trials - len(done)))
            tuned = _chosen(tuning, runs, study)
        _write(tuning, tuned, out)
    return tuned


def _chosen(tuning: Tuning, runs: Engine, study: Any) -> Tuned:
    """The proposals with their scores, what each rule makes of them, and the choice held against the default."""
    done, objectives = _completed(study), [OBJECTIVES[name] for name in tuning.objectives]
    values = np.array([json.loads(trial.user_attrs["values"]) for trial in done])
    found = choices(values, objectives)
    number = found[tuning.rule]
    if number is None:
        raise ConfigError(
            f"tune.rule is {tuning.rule!r}, which chooses nothing: each design has a value at or below 0 in some of "
            f"{', '.join(tuning.objectives)}. Take another rule ({', '.join(RULES)}), or leave that objective out."
        )
    trials = _table(tuning, study)
    kept = ~dominated(trials[list(tuning.objectives)].to_numpy(dtype=float) * tuning.signs)
    worst = {f"{name}_worst" for name in tuning.objectives}  # the columns of the objectives themselves
    scored = {name: column for name, column in columns_of(values, objectives).items() if name not in worst}
    point = json.loads(done[number].user_attrs["point"])
    return Tuned(trials.assign(pareto=kept, **scored), (number, point), _compared(tuning, runs, point), found)


def findings(tuning: Tuning, tuned: Tuned) -> list[str]:
    """The tuned design and how it compares with the default, in sentences."""
    number, point = tuned.best
    levers = ", ".join(f"{lever} = {value}" for lever, value in point.items())
    front, count = int(tuned.trials["pareto"].sum()), len(tuning.adversaries)
    told = [
        f"Of {len(tuned.trials):,} designs {front:,} are beaten by no other in all of {', '.join(tuning.objectives)}; "
        f"{'the compromise among them is' if tuning.rule == RULES[0] else f'{tuning.rule} chooses'} trial {number}: "
        f"{levers}.",
        *in_words(tuned.choices, [f"trial {trial}" for trial in tuned.trials["trial"]]),
    ]
    against = "" if count == 1 else f" (worst of {count} adversaries)"
    for one in tuned.comparisons:
        objective = OBJECTIVES[one.objective]
        gain = objective.sign * one.gain.estimate
        ends = sorted(objective.sign * end for end in one.gain[1:])
        told.append(
            f"{one.objective}: {one.default:.4g} by default, {one.tuned:.4g} tuned, difference {gain:+.3g} "
            f"[{ends[0]:+.3g}, {ends[1]:+.3g}] {objective.unit} on {tuning.held_out} held-out seeds{against}: "
            f"{one.verdict}."
        )
    verdicts = [one.verdict for one in tuned.comparisons]
    if tuned.beats_default:
        told.append("The tuned design beats the default: better in something, worse in nothing, by these intervals.")
    elif "better" in verdicts:
        told.append(
            "The tuned design trades: better in something, worse in something else. It does not beat the default."
        )
    else:
        told.append("The tuned design does not beat the default: no interval of a gain excludes 0.")
    return told


def _study(tuning: Tuning, out: Path) -> Any:
    """Optuna's study, from its file if there is one."""
    optuna = needed("optuna", "Tuning")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal = needed("optuna.storages.journal", "Tuning")
    storage = optuna.storages.JournalStorage(journal.JournalFileBackend(str(out / STUDY)))
    facts = [sorted(map(str, tuning.space.levers.items())), tuning.objectives, tuning.adversaries, tuning.replications]
    identity = json.dumps([*facts, scenario_hash(tuning.scenario)], default=str)
    directions = ["maximize" if sign > 0 else "minimize" for sign in tuning.signs]
    study = optuna.create_study(
        study_name=tuning.name, storage=storage, load_if_exists=True, directions=directions,
    )  # fmt: skip
    if study.user_attrs.get("identity", identity) != identity:
        raise ConfigError(
            f"{str(out)!r} holds a study of another question: its levers, objectives, adversaries, "
            f"replications or scenario differ. Name another folder with --out."
        )
    study.set_user_attr("identity", identity)
    # A sampler's state is not in the file: a seed of its own for each session keeps proposals from coming again.
    seed = (tuning.seed + len(study.trials)) % 2**32
    if len(tuning.objectives) > 1:
        study.sampler = optuna.samplers.NSGAIISampler(seed=seed, population_size=max(4, tuning.trials // 5))
    else:
        study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(4, tuning.trials // 4))
    return study


def _propose(tuning: Tuning, runs: Engine, study: Any, count: int) -> None:
    """Run a batch of proposals, all their runs at once."""
    optuna = needed("optuna", "Tuning")
    distributions = {name: optuna.distributions.FloatDistribution(0.0, 1.0) for name in tuning.space.names}
    asked = [study.ask(distributions) for _ in range(count)]
    points = [tuning.space.point([trial.params[name] for name in tuning.space.names]) for trial in asked]
    wanted = {
        (number, *key): scenario
        for number, point in enumerate(points)
        for key, scenario in tuning.scenarios(point, range(tuning.replications)).items()
    }
    answers = runs.answers(wanted)
    for number, (trial, point) in enumerate(zip(asked, points, strict=True)):
        table = _objectives(tuning, answers, (number,), range(tuning.replications))
        trial.set_user_attr("point", json.dumps(point))
        trial.set_user_attr("values", json.dumps(table.tolist()))
        study.tell(trial, [float(value) for value in tuning.worst(table.mean(axis=1))])


def _compared(tuning: Tuning, runs: Engine, point: Point) -> tuple[Comparison, ...]:
    """The tuned design and the default on seeds of which proposals know nothing."""
    fresh = range(tuning.replications, tuning.replications + tuning.held_out)
    wanted = {
        (name, *key): scenario
        for name, chosen in (("default", {}), ("tuned", point))
        for key, scenario in tuning.scenarios(chosen, fresh).items()
    }
    answers = runs.answers(wanted)
    default, tuned = (tuning.worst(_objectives(tuning, answers, (name,), fresh)) for name in ("default", "tuned"))
    confidence = 1 - (1 - CONFIDENCE) / len(tuning.objectives)
    found = []
    for place, name in enumerate(tuning.objectives):
        gain = mean_interval(tuning.signs[place] * (tuned[:, place] - default[:, place]), confidence)
        found.append(Comparison(name, float(default[:, place].mean()), float(tuned[:, place].mean()), gain))
    return tuple(found)


def _objectives(
    tuning: Tuning, answers: Mapping[Any, Mapping[str, float]], key: tuple, replications: Sequence[int]
) -> NDArray[np.float64]:
    """Objectives by adversary, replication and name."""
    return np.array(
        [
            [[answers[(*key, number, replication)][name] for name in tuning.objectives] for replication in replications]
            for number in range(len(tuning.adversaries))
        ]
    )


def _completed(study: Any) -> list[Any]:
    """Trials whose values are known; those that were cut off are left out."""
    return [trial for trial in study.trials if trial.values is not None]


def _table(tuning: Tuning, study: Any) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for number, trial in enumerate(_completed(study)):
        values = dict(zip(tuning.objectives, trial.values, strict=True))
        rows.append({"trial": number, **json.loads(trial.user_attrs["point"]), **values})
    return pd.DataFrame(rows)


def facts_of(tuning: Tuning, tuned: Tuned) -> dict[str, Any]:
    """What tuning found as one JSON object."""
    comparisons = [
        {
            "objective": one.objective, "default": one.default, "tuned": one.tuned, "verdict": one.verdict,
            "gain": {name: None if math.isnan(value) else value for name, value in one.gain._asdict().items()},
        }
        for one in tuned.comparisons
    ]  # fmt: skip
    return {
        "name": tuning.name,
        "objectives": list(tuning.objectives),
        "trials": len(tuned.trials),
        "pareto": [int(number) for number in tuned.trials.loc[tuned.trials["pareto"], "trial"]],
        "rule": tuning.rule,
        "choices": dict(tuned.choices),
        "best": {"trial": tuned.best[0], "levers": tuned.best[1]},
        "held_out": tuning.held_out,
        "comparisons": comparisons,
        "beats_default": tuned.beats_default,
        "findings": findings(tuning, tuned),
    }


def _write(tuning: Tuning, tuned: Tuned, out: Path) -> None:
    from experiments.figures import save
    from experiments.figures.tuning import drawn_tuning
    from experiments.toml import to_toml

    write_whole(out / "trials.csv", tuned.trials.to_csv(index=False, lineterminator="\n"))
    scenario = pull(plain(tuning.scenario), tuned.best[1])
    write_whole(out / "tuned.toml", to_toml({**scenario, "name": f"{tuning.name}-tuned"}))
    write_whole(out / "tune.json", json.dumps(facts_of(tuning, tuned), indent=1))
    save(drawn_tuning(tuned, tuning.objectives, tuning.name), out / "figures")
