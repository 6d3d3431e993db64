"""Sensitivity indices against functions whose indices are known."""

from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from experiments.analysis.sensitivity import SEED, Plan, effects
from experiments.analysis.study import Study, run_study
from experiments.indices import indices
from experiments.scenario import load_scenario, with_levers
from sim.errors import ConfigError
from tests.experiments.analysis.conftest import tiny

pytest.importorskip("SALib", reason="the extra 'analysis' is not installed")


def ishigami(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ishigami & Homma 1990, a = 7, b = 0.1, on [-pi, pi] cubed."""
    one, two, three = ((2 * shares - 1) * np.pi).T
    return np.sin(one) + 7 * np.sin(two) ** 2 + 0.1 * three**4 * np.sin(one)


def test_sobol_finds_the_indices_of_ishigami() -> None:
    # Variance a^2/8 + b pi^4/5 + b^2 pi^8/18 + 1/2 = 13.845; first (1 + b pi^4/5)^2/2 = 4.346, second a^2/8 = 6.125,
    # first with third 8 b^2 pi^8/225 = 3.374.
    plan = Plan("sobol", ("first", "second", "third"), 2048)
    factors, pairs = effects(plan, ishigami(plan.shares()))
    assert factors["factor"].tolist() == ["first", "second", "third"]
    assert factors["S1"].to_numpy() == pytest.approx([0.3139, 0.4424, 0.0], abs=0.03)
    assert factors["ST"].to_numpy() == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.03)
    assert pairs["S2"].to_numpy() == pytest.approx([0.0, 0.2437, 0.0], abs=0.04)
    assert pairs[["first", "second"]].to_numpy().tolist()[1] == ["first", "third"]
    for name, true in (("S1", [0.3139, 0.4424, 0.0]), ("ST", [0.5576, 0.4424, 0.2437])):
        assert (factors[f"{name}_low"] < np.array(true) + 0.02).all()
        assert (factors[f"{name}_high"] > np.array(true) - 0.02).all()


def test_morris_finds_the_slopes_of_a_plane_and_the_spread_of_a_product() -> None:
    plan = Plan("morris", ("steep", "flat", "none", "one", "other"), 20)
    shares = plan.shares()
    factors, pairs = effects(plan, 3 * shares[:, 0] - shares[:, 1] + shares[:, 3] * shares[:, 4])
    table = factors.set_index("factor")
    assert table["mu_star"].to_dict() == pytest.approx(
        {"steep": 3, "flat": 1, "none": 0, "one": table.loc["one", "mu_star"], "other": table.loc["other", "mu_star"]}
    )
    assert table.loc["flat", "mu"] == pytest.approx(-1)
    assert table.loc[["steep", "flat", "none"], "sigma"].to_numpy() == pytest.approx([0, 0, 0], abs=1e-9)
    assert table.loc["one", "sigma"] > 0.1  # its effect is what the other one is
    assert 0.3 < table.loc["one", "mu_star"] < 0.7
    assert pairs.empty


def test_chance_is_a_factor_with_the_share_it_has() -> None:
    """Y = x1 + x2 + a fixed gain of each seed: Var = 1/12 + 1/12 + 0.04 * 2.5 of five seeds -2 ... 2 times 0.2."""
    plan = Plan("sobol", ("one", "two"), 512)
    gains = 0.2 * np.array([-2, -1, 0, 1, 2])
    factors, _ = effects(plan, plan.shares().sum(axis=1)[:, None] + gains)
    seed = factors.set_index("factor").loc[SEED]
    assert seed["ST"] == pytest.approx(0.1 / (0.1 + 1 / 6), abs=0.01)
    assert seed["S1"] == pytest.approx(seed["ST"], abs=0.01)


def test_chance_that_differs_from_point_to_point_has_no_effect_alone() -> None:
    plan = Plan("sobol", ("one", "two"), 512)
    noise = np.random.default_rng(1).normal(0, 0.5, size=(len(plan.shares()), 4))
    factors, _ = effects(plan, plan.shares().sum(axis=1)[:, None] + noise)
    seed = factors.set_index("factor").loc[SEED]
    assert seed["ST"] == pytest.approx(0.25 / (0.25 + 1 / 6), abs=0.04)
    assert seed["S1"] == pytest.approx(0, abs=0.01)


def test_morris_shows_the_difference_of_two_seeds() -> None:
    plan = Plan("morris", ("one", "two"), 10)
    factors, _ = effects(plan, plan.shares()[:, [0]] + np.array([0.0, 0.25]))
    assert factors.set_index("factor").loc[SEED, "mu_star"] == pytest.approx(0.25)


def test_an_outcome_that_never_changes_has_no_shares() -> None:
    plan = Plan("sobol", ("one", "two"), 8)
    factors, _ = effects(plan, np.ones((len(plan.shares()), 2)))
    assert factors["ST"].isna().all()
    factors, _ = effects(Plan("morris", ("one", "two"), 4), np.ones(12))
    assert (factors["mu_star"] == 0).all()


def test_price_index_of_an_economy_has_the_indices_of_its_closed_form() -> None:
    """60 w sqrt(pi rate) / WTP is a product: S_i = c_i^2 / (prod(1 + c^2) - 1), c being coefficients of variation."""
    plan = Plan("sobol", ("weight", "limit"), 128)
    base = load_scenario("quickstart")

    def price_index(weight: float, limit: float) -> float:
        levers = {"mechanism.cost_weight": 1 + 9 * float(weight), "agents.honest.willingness_to_pay": 50 + 50 * limit}
        return float(indices(with_levers(base, levers)).price or 0)

    outcome = np.array([price_index(*map(float, row)) for row in plan.shares()])
    by_weight = (9**2 / 12) / 5.5**2  # w uniform on [1, 10]
    by_limit = (1 / (50 * 100)) / (np.log(2) / 50) ** 2 - 1  # 1/WTP, uniform on [50, 100]
    whole = (1 + by_weight) * (1 + by_limit) - 1
    factors, pairs = effects(plan, outcome)
    assert factors["S1"].to_numpy() == pytest.approx([by_weight / whole, by_limit / whole], abs=0.02)
    assert factors["ST"].to_numpy() == pytest.approx(
        [by_weight * (1 + by_limit) / whole, by_limit * (1 + by_weight) / whole], abs=0.02
    )
    assert pairs["S2"].to_numpy() == pytest.approx([by_weight * by_limit / whole], abs=0.02)


@pytest.mark.parametrize(
    ("plan", "said"),
    [(("sobol", ("a",), 6), "power of two"), (("morris", ("a",), 4, 5), "even"), (("morris", ("a",), 1), "2 or more")],
)
def test_plans_that_cannot_be_are_refused(plan: tuple, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Plan(*plan)


TABLE = {
    "samples": 2,
    "replications": 2,
    "outcomes": ["accepted", "final_accuracy"],
    "levers": {"mechanism.cost_weight": {"from": 1.0, "to": 20.0}, "agents.flipper.count": {"from": 1, "to": 4}},
}


def test_a_study_runs_each_economy_once_and_writes_what_it_says(tmp_path: Path, executor: Executor) -> None:
    study = Study.of(tiny("sensitivity", TABLE))
    assert len(study.places) == 6  # two trajectories of two levers
    assert len(study.experiment.design) == len({str(point) for point in study.experiment.design}) <= 6
    found = run_study(study, tmp_path, executor=executor)
    assert [one.outcome for one in found] == ["accepted", "final_accuracy"]
    assert found[0].factors["factor"].tolist() == ["mechanism.cost_weight", "agents.flipper.count", SEED]
    written = pd.read_csv(tmp_path / "sensitivity.csv")
    assert len(written) == 6
    assert (tmp_path / "figures" / "sensitivity-final-accuracy.svg").exists()
    again = run_study(study, tmp_path, resume=True, executor=executor)
    assert again[0].factors.equals(found[0].factors)


def test_an_outcome_that_no_run_knows_is_named(tmp_path: Path, executor: Executor) -> None:
    table = {**TABLE, "outcomes": ["bounty_paid_units"]}
    with pytest.raises(ConfigError, match="bounty_paid_units is not known in 12 of 12 runs"):
        run_study(Study.of(tiny("sensitivity", table)), tmp_path, executor=executor)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"method": "fast"}, "choose one of morris, sobol"),
        ({"outcomes": ["final_acuracy"]}, "Did you mean 'final_accuracy'"),
        ({"sample": 3}, "Did you mean 'samples'"),
        ({"levers": {"mechanism.cost_wait": [1, 2]}}, "cost_weight"),
        ({"levers": {}}, "sensitivity.levers"),
    ],
)
def test_a_question_with_a_mistake_is_refused(change: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Study.of(tiny("sensitivity", {**TABLE, **change}))
