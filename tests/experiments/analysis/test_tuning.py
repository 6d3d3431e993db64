"""Tuning: what is best is found where it is known, and what is said of it holds on other seeds."""

import json
import math
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.analysis import objectives, tuning
from experiments.analysis.objectives import OBJECTIVES, compromise, dominated, measured
from experiments.analysis.tuning import Comparison, Tuned, Tuning, findings, tune
from experiments.locks import locked
from experiments.metrics import Interval
from experiments.runner import run
from experiments.scenario import load_scenario
from experiments.schema import Scenario
from sim.errors import ConfigError
from tests.experiments.analysis.conftest import tiny

WEIGHT = "mechanism.cost_weight"
TABLE = {
    "objectives": ["accuracy"],
    "trials": 24,
    "batch": 4,
    "replications": 2,
    "held_out": 6,
    "levers": {WEIGHT: {"from": 1.0, "to": 20.0}},
}


def closed_form(scenario: Scenario, names: Sequence[str]) -> dict[str, float]:
    """A design is best at weight 12; liars with more money cost ten points; seeds add noise that all designs share."""
    weight, rich = float(scenario.mechanism.cost_weight), scenario.agents[1].balance.number > 3000
    best = 90 - 0.5 * (weight - 12) ** 2 - 10 * rich
    noise = math.sin(scenario.replication * 12.9898) * 3
    return {"accuracy": best + noise, "honest_profit": weight + noise, "locked_capital": weight}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs answer by a formula."""
    pytest.importorskip("optuna", reason="the extra 'analysis' is not installed")
    monkeypatch.setattr(tuning, "measured", closed_form)


@pytest.mark.usefixtures("known")
def test_the_best_is_found_and_beats_the_default(tmp_path: Path, executor: Executor) -> None:
    found = tune(Tuning.of(tiny("tune", TABLE)), tmp_path, executor=executor)
    assert found.best[1][WEIGHT] == pytest.approx(12, abs=2.5)
    (comparison,) = found.comparisons
    assert comparison.default == pytest.approx(
        90 - 0.5 * 49 + np.mean([math.sin(r * 12.9898) * 3 for r in range(2, 8)])
    )
    assert comparison.verdict == "better"
    assert found.beats_default
    scenario = load_scenario(tmp_path / "tuned.toml")
    assert float(scenario.mechanism.cost_weight) == found.best[1][WEIGHT]
    assert json.loads((tmp_path / "tune.json").read_text())["beats_default"] is True
    assert (tmp_path / "figures" / "pareto.png").exists()


@pytest.mark.usefixtures("known")
def test_held_out_seeds_are_others_than_those_of_proposals(tmp_path: Path, executor: Executor) -> None:
    tune(Tuning.of(tiny("tune", {**TABLE, "trials": 4})), tmp_path, executor=executor)
    runs = [json.loads(line)["run"].rsplit("-", 1) for line in (tmp_path / "runs.jsonl").read_text().splitlines()]
    by_design: dict[str, set[int]] = {}
    for design, replication in runs:
        by_design.setdefault(design, set()).add(int(replication))
    assert set(map(frozenset, by_design.values())) == {
        frozenset({0, 1}), frozenset(range(2, 8)), frozenset(range(8)),
    }  # fmt: skip


@pytest.mark.usefixtures("known")
def test_a_study_goes_on_where_it_was(tmp_path: Path, executor: Executor) -> None:
    first = tune(Tuning.of(tiny("tune", {**TABLE, "trials": 6})), tmp_path, executor=executor)
    with pytest.raises(ConfigError, match="--resume"):
        tune(Tuning.of(tiny("tune", TABLE)), tmp_path, executor=executor)
    both = tune(Tuning.of(tiny("tune", {**TABLE, "trials": 10})), tmp_path, resume=True, executor=executor)
    assert both.trials.head(6)[WEIGHT].tolist() == first.trials[WEIGHT].tolist()
    assert len(both.trials) == 10
    assert both.trials[WEIGHT].nunique() > 6
    other = {**TABLE, "levers": {WEIGHT: {"from": 1.0, "to": 30.0}}}
    with pytest.raises(ConfigError, match="a study of another question"):
        tune(Tuning.of(tiny("tune", other)), tmp_path, resume=True, executor=executor)


@pytest.mark.usefixtures("known")
def test_the_worst_adversary_counts(tmp_path: Path, executor: Executor) -> None:
    table = {**TABLE, "trials": 4, "adversaries": [{}, {"agents.flipper.balance": 4000}]}
    found = tune(Tuning.of(tiny("tune", table)), tmp_path, executor=executor)
    mean_noise = np.mean([math.sin(r * 12.9898) * 3 for r in range(2)])
    worst = 80 - 0.5 * (found.trials[WEIGHT] - 12) ** 2 + mean_noise
    assert found.trials["accuracy"].to_numpy() == pytest.approx(worst.to_numpy())


def two_worlds(scenario: Scenario, names: Sequence[str]) -> dict[str, float]:
    """Small weights are best against poor liars and hopeless against rich ones; great ones are so-so against both."""
    weight, rich = float(scenario.mechanism.cost_weight), scenario.agents[1].balance.number > 3000
    return {"accuracy": 40 + weight if rich else 100 - weight / 2}


@pytest.mark.parametrize(("rule", "expected"), [("maximin", 20), ("minimax_regret", 13), ("signal_to_noise", 20)])
def test_the_rule_that_is_named_chooses(
    rule: str, expected: float, tmp_path: Path, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rich: regret 20 - w; poor: (w - 1)/2; they meet at w = 13.7 if both ends were tried, near it in any case."""
    pytest.importorskip("optuna", reason="the extra 'analysis' is not installed")
    monkeypatch.setattr(tuning, "measured", two_worlds)
    table = {**TABLE, "trials": 16, "adversaries": [{}, {"agents.flipper.balance": 4000}], "rule": rule}
    found = tune(Tuning.of(tiny("tune", table)), tmp_path, executor=executor)
    assert found.best[1][WEIGHT] == pytest.approx(expected, abs=3)
    assert found.choices[rule] == found.best[0]
    regret = found.trials["accuracy_regret"]
    if rule == "minimax_regret":
        assert regret[found.best[0]] == regret.min() > 0
    facts = json.loads((tmp_path / "tune.json").read_text())
    assert facts["choices"] == found.choices
    assert sum(sentence.startswith("By ") for sentence in facts["findings"]) >= 1


@pytest.mark.usefixtures("known")
def test_a_rule_that_cannot_choose_says_so(tmp_path: Path, executor: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "measured", lambda *_, **__: {"accuracy": -1.0})
    with pytest.raises(ConfigError, match=r"signal_to_noise.*chooses nothing"):
        tune(Tuning.of(tiny("tune", {**TABLE, "trials": 2, "rule": "signal_to_noise"})), tmp_path, executor=executor)


@pytest.mark.usefixtures("known")
def test_a_study_of_other_adversaries_or_seeds_is_not_gone_on_with(tmp_path: Path, executor: Executor) -> None:
    tune(Tuning.of(tiny("tune", {**TABLE, "trials": 4})), tmp_path, executor=executor)
    for change in ({"replications": 3}, {"adversaries": [{"agents.flipper.balance": 4000}]}):
        with pytest.raises(ConfigError, match="another question"):
            tune(Tuning.of(tiny("tune", {**TABLE, "trials": 6, **change})), tmp_path, resume=True, executor=executor)


@pytest.mark.usefixtures("known")
def test_a_folder_in_which_somebody_is_at_work_is_refused(
    tmp_path: Path, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.locks._PATIENCE_S", 0.1)
    asked = Tuning.of(tiny("tune", {**TABLE, "trials": 4}))
    with locked(tmp_path), pytest.raises(ConfigError, match="in use by another command"):
        tune(asked, tmp_path, resume=True, executor=executor)
    assert list(tmp_path.iterdir()) == [], "nothing was written into the other's folder"
    assert len(tune(asked, tmp_path, executor=executor).trials) == 4


@pytest.mark.usefixtures("known")
def test_less_locked_capital_is_better_and_the_front_says_so(tmp_path: Path, executor: Executor) -> None:
    table = {**TABLE, "trials": 12, "objectives": ["honest_profit", "locked_capital"]}
    found = tune(Tuning.of(tiny("tune", table)), tmp_path, executor=executor)
    assert found.trials["pareto"].all()  # more profit always locks more
    assert {one.verdict for one in found.comparisons} <= {"better", "worse"}
    assert not found.beats_default


def test_what_no_row_beats() -> None:
    assert dominated([[1, 1], [2, 2], [3, 0], [2, 2]]).tolist() == [True, False, False, False]
    assert compromise([[0, 1], [0.8, 0.8], [1, 0]]) == 1
    assert compromise([[5.0], [7.0], [6.0]]) == 1


def comparison(name: str, low: float, high: float) -> Comparison:
    return Comparison(name, 1.0, 2.0, Interval((low + high) / 2, low, high))


@pytest.mark.parametrize(
    ("gains", "last"),
    [
        ([(0.1, 2), (-1, 1)], "beats the default"),
        ([(0.1, 2), (-2, -1)], "trades"),
        ([(-0.1, 2), (-1, 1)], "does not beat the default: no interval"),
    ],
)
def test_the_verdict_is_said_as_it_is(gains: list[tuple[float, float]], last: str) -> None:
    names = ["accuracy", "honest_profit"]
    trials = pd.DataFrame({"trial": [0], WEIGHT: [3.0], "accuracy": [1.0], "honest_profit": [1.0], "pareto": [True]})
    compared = tuple(comparison(name, *gain) for name, gain in zip(names, gains, strict=True))
    tuned = Tuned(trials, (0, {WEIGHT: 3.0}), compared)
    told = findings(Tuning.of(tiny("tune", {**TABLE, "objectives": names})), tuned)
    assert last in told[-1]
    assert tuned.beats_default is (last == "beats the default")


def test_objectives_of_a_run_are_those_of_its_statements() -> None:
    scenario = load_scenario("quickstart", {"data.size": 300, "horizon": "20d"})
    found, result = measured(scenario, tuple(OBJECTIVES)), run(scenario, twin=True)
    honest = [row.statement for row in result.rows_of(adversarial=False)]
    assert found["accuracy"] == 100 * result.final_accuracy
    assert found["honest_profit"] == pytest.approx(
        100 * sum(row.profit for row in result.rows_of(adversarial=False)) / sum(s.start_balance for s in honest)
    )
    reasons = ("rejected_price", "rejected_wallet", "rejected_gas", "rejected_declined", "refused")
    kept_out = sum(getattr(s, reason) for s in honest for reason in reasons)
    accepted = sum(s.submitted for s in honest)
    assert found["participation"] == pytest.approx(100 * accepted / (accepted + kept_out))
    destroyed = 100 * (result.twin.final_accuracy - result.final_accuracy) if result.twin else 0
    lost = -sum(row.profit for row in result.rows_of(adversarial=True)) / scenario.unit
    assert found["price_of_corruption"] == pytest.approx(lost / max(destroyed, objectives.CORRUPTION_POINTS))
    assert 0 < found["locked_capital"] < 100


def test_a_run_that_cannot_tell_says_so() -> None:
    honest = load_scenario("quickstart", {"data.size": 120, "agents": [{"kind": "honest"}]})
    with pytest.raises(ConfigError):
        measured(honest, ("price_of_corruption",))
    liars = load_scenario("quickstart", {"data.size": 120, "agents": [{"kind": "label_flipper"}]})
    with pytest.raises(ConfigError, match="cannot tell honest_profit"):
        measured(liars, ("honest_profit",))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"objectives": ["acuracy"]}, "Did you mean 'accuracy'"),
        ({"trials": 1}, "from 2 to"),
        ({"rule": "minimax"}, "choose one of maximin, minimax_regret, signal_to_noise"),
        ({"adversaries": []}, "list of tables of levers"),
        ({"adversaries": [{"agents.fliper.count": 2}]}, "Did you mean 'flipper'"),
        ({"levers": {"mechanism.cost_wait": {"from": 1.0, "to": 2.0}}}, "Did you mean 'mechanism.cost_weight'"),
        ({"levers": {"mechanism.cost_weight": {"from": -1.0, "to": 2.0}}}, "mechanism.cost_weight is -1"),
        ({"levers": {"mechanism.cost_weight": {"from": 1.0, "to": 1e12}}}, "mechanism.cost_weight is 1000000000000"),
    ],
)
def test_a_question_with_a_mistake_is_refused(change: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Tuning.of(tiny("tune", {**TABLE, **change}))
