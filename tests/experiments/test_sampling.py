"""Designs that sample: where their points lie, that they stay where they are, and what is refused."""

import math
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from experiments.design import Design, Grid, Points
from experiments.design_files import load_design
from experiments.design_table import design_of
from experiments.experiment import Experiment, load_experiment
from experiments.sampling import LatinHypercube, Random, Sobol
from experiments.scenario import Scenario, load_scenario
from sim.errors import ConfigError

W, T, N = "mechanism.cost_weight", "mechanism.refund_window", "agents.flipper.count"
LEVERS = {
    W: {"from": 1.0, "to": 100.0, "scale": "log"},
    T: {"from": "1h", "to": "7d", "scale": "log"},
    N: {"from": 1, "to": 8},
    "model.kind": ["perceptron", "naive_bayes"],
}
MAKERS = [LatinHypercube, Sobol, Random]


@pytest.mark.parametrize("make", MAKERS)
def test_points_lie_where_they_should(make: Callable[..., Design]) -> None:
    design = make(LEVERS, samples=256, replications=2, seed=3)
    assert (len(design), design.runs, design.levers) == (256, 512, tuple(LEVERS))
    weights = np.array([point[W] for point in design])
    assert 1 <= weights.min() < weights.max() <= 100
    assert 100 < (weights < 10).sum() < 156  # half of the points in each order of magnitude
    assert {point[N] for point in design} == set(range(1, 9))
    assert all(isinstance(point[T], int) and 3600 <= point[T] <= 604_800 for point in design)
    assert 100 < sum(point["model.kind"] == "perceptron" for point in design) < 156


def test_a_latin_hypercube_has_one_point_in_each_slice() -> None:
    design = LatinHypercube(
        {W: {"from": 0.0, "to": 50.0}, "data.initial": {"from": 0.0, "to": 1.0}}, samples=50, seed=1
    )
    for lever, scale in ((W, 1), ("data.initial", 50)):
        assert sorted(math.floor(point[lever] * scale) for point in design) == list(range(50))


def test_a_sobol_sequence_is_balanced_and_grows() -> None:
    """Of 16 points in two levers one lies in each of the 16 squares of a quarter by a quarter; 32 begin with these."""
    levers = {W: {"from": 0.0, "to": 4.0}, "agents.flipper.flip_rate": {"from": 0.0, "to": 1.0}}
    design = Sobol(levers, samples=16, seed=5)
    squares = {(int(point[W]), int(4 * point["agents.flipper.flip_rate"])) for point in design}
    assert len(squares) == 16
    assert list(Sobol(levers, samples=32, seed=5))[:16] == list(design)
    assert list(Random(levers, samples=20, seed=5))[:16] == list(Random(levers, samples=16, seed=5))


@pytest.mark.parametrize("make", MAKERS)
def test_the_seed_acts(make: Callable[..., Design]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert make(LEVERS, samples=8, seed=1) == make(LEVERS, samples=8, seed=1)
        assert make(LEVERS, samples=8, seed=1) != make(LEVERS, samples=8, seed=2)


def test_whole_numbers_have_equal_chances_at_both_ends() -> None:
    counts = np.bincount([point[N] for point in Random({N: {"from": 1, "to": 4}, W: LEVERS[W]}, samples=4000)])
    assert counts[0] == 0
    assert (abs(counts[1:] - 1000) < 120).all()  # four standard deviations of a binomial


def test_a_sampled_design_says_what_it_samples() -> None:
    assert str(Sobol(LEVERS, samples=64, replications=5)).splitlines() == [
        "sobol of 64 points × 5 replications = 320 runs, paired seeds",
        "  mechanism.cost_weight    1.0 to 100.0, log scale",
        "  mechanism.refund_window  1h to 7d, log scale",
        "  agents.flipper.count     1 to 8",
        "  model.kind               2 values: perceptron, naive_bayes",
    ]
    few = Random({N: {"from": 1, "to": 2}}, samples=50)
    assert len(few) == 2
    assert "48 drawn points the same as another, left out" in str(few)
    assert few.replicated(3).kind == "random"
    assert few.estimate(run_s=2.0, workers=2) == 2.0


def test_a_file_may_sample(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        "scenario = 'quickstart'\n[data]\nsize = 200\n[design]\nkind = 'latin_hypercube'\nsamples = 5\nseed = 9\n"
        "[design.levers]\nmechanism.cost_weight = { from = 1.0, to = 9.0 }\n"
        "'agents.honest.balance' = { from = '0.1 ether', to = '0.9 ether' }\n"
        "'model.kind' = ['naive_bayes', 'perceptron']\n"
    )
    experiment = load_experiment(path)
    balances = [experiment.lever_values(point)["agents.honest.balance"] for point in range(5)]
    assert all(100 <= balance <= 900 for balance in balances)
    assert len(set(balances)) == 5


def test_levers_are_counts_kinds_models_and_data(small: Scenario) -> None:
    points = [
        {N: 9},
        {"agents.flipper.kind": "spammer"},
        {"agents.honest.kind": "spammer"},
        {"agents.0.kind": "label_flipper", "agents.0.count": 2},
        {"model.kind": "perceptron"},
        {"data.dataset": "imdb-like"},
        {"mechanism": {"kind": "points"}},
    ]
    experiment = Experiment(small, Points(points))
    assert experiment.lever_values(2)["agents.honest.kind"] == "spammer"
    assert experiment.lever_values(0)["agents.honest.kind"] == "honest"
    assert [experiment.scenario_at(point).agents[0].kind for point in (2, 3)] == ["spammer", "label_flipper"]


@pytest.mark.parametrize("name", ["design.toml", "design.csv"])
def test_designs_are_saved_and_loaded(tmp_path: Path, name: str) -> None:
    points = Points(
        [{W: 5, T: "1h"}, {W: 0.25, "data.shuffle": False},
         {"agents.flipper.willingness_to_pay": {"mean": 100, "sd": 5}},
         {"agents.honest.balance": "0.5 ether", T: "5"}, {"agents.honest.willingness_to_pay": "no limit"}],
        replications=3, pair_seeds=False,
    )  # fmt: skip
    path = (points + Grid({W: [1, 2]}, 3, pair_seeds=False)).save(tmp_path / "deep" / name)
    options = {"replications": 3, "pair_seeds": False} if name.endswith("csv") else {}
    again = load_design(path, **options)
    assert again == points + Grid({W: [1, 2]}, 3, pair_seeds=False)
    assert [type(point.get(T)) for point in again][3] is str
    rule = {"outcome": "final_accuracy", "half_width": 0.1, "most": 9}
    if name.endswith("toml"):
        ruled = Grid({W: [1, 2]}, 3, until=rule)
        assert load_design(ruled.save(tmp_path / name)) == ruled


def test_an_experiment_takes_its_points_from_a_csv_beside_it(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text(f"{W},{T}\r\n5,1h\r\n7,\r\n\r\n", encoding="utf-8")
    (tmp_path / "mine.toml").write_text(
        "scenario = 'quickstart'\n[data]\nsize = 200\n[design]\nfile = 'points.csv'\nreplications = 2\n"
    )
    assert list(load_experiment(tmp_path / "mine.toml").design) == [{W: 5, T: "1h"}, {W: 7}]


SAMPLED = {"kind": "sobol", "samples": 8, "levers": {W: {"from": 1, "to": 9}}}
REFUSED = [
    ({"samples": 100}, "samples is 100; a Sobol sequence .* Take 64 or 128"),
    ({"samples": 0}, "samples is 0; it must be a whole number from 1"),
    ({"samples": True}, "samples is True"),
    ({"seed": -1}, "seed is -1"),
    ({"levers": {}}, "needs a table of levers"),
    ({"levers": {W: {"from": 9, "to": 1}}}, "the first must be below the second"),
    ({"levers": {W: {"from": 0, "to": 1, "scale": "log"}}}, "on a log scale both ends must be above 0"),
    ({"levers": {W: {"from": 1}}}, "needs both ends"),
    ({"levers": {W: {"from": 1, "to": 2, "scal": "log"}}}, "Did you mean 'scale'"),
    ({"levers": {W: {"from": 1, "to": 2, "scale": "ln"}}}, "scale 'ln'; choose one of linear, log"),
    ({"levers": {W: {"from": 1, "to": "2d"}}}, "both ends must be numbers"),
    ({"levers": {W: {"from": "1 gwei", "to": "1 ether"}}}, "amounts in the same unit"),
    ({"levers": {W: 5}}, "must be a list of values"),
    ({"points": [{W: 1}]}, "design.points has no meaning with kind = 'sobol'"),
    ({"kind": "grid"}, "design.samples has no meaning with kind = 'grid'"),
    ({"kind": "sobbol"}, "Did you mean 'sobol'"),
    ({"samples": 2**21}, "samples is 2097152; it must be a whole number from 1 to 10\\^6"),
    ({"replications": 10**6}, "8,000,000 runs; at most 10\\^6"),
]


@pytest.mark.parametrize(("changes", "text"), REFUSED)
def test_mistakes_are_explained(changes: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        design_of(SAMPLED | changes)


def test_more_mistakes(tmp_path: Path) -> None:
    for table, text in [
        ({"kind": "sobol", "samples": 8}, "design.levers is missing"),
        ({"kind": "random", "levers": {W: [1]}}, "design.samples is missing"),
        ({"kind": "grid", "levers": {W: {"from": 1, "to": 2}}}, "is a range, .* needs kind = 'latin_hypercube'"),
        ({"file": "a.csv", "points": [{}]}, "both points and file"),
        ({"file": 5}, "design.file is 5"),
        ({"file": "nowhere.csv"}, "cannot be read: No such file"),
    ]:
        with pytest.raises(ConfigError, match=text):
            design_of(table, tmp_path)
    bad = tmp_path / "bad.csv"
    for content, text in [(f"{W},{W}\n1,2\n", "a different lever"), (f"{W},{T}\n1\n", "line 2 has 1 cells")]:
        bad.write_text(content)
        with pytest.raises(ConfigError, match=text):
            load_design(bad)
    with pytest.raises(ConfigError, match=r"ends in \.toml or \.csv"):
        Points([{}]).save(tmp_path / "design.xlsx")
    (tmp_path / "empty.toml").write_text("")
    with pytest.raises(ConfigError, match=r"holds no \[design\]"):
        load_design(tmp_path / "empty.toml")


def test_a_design_that_samples_can_be_swept(tmp_path: Path) -> None:
    base = load_scenario("quickstart", {"data.size": 200})
    experiment = Experiment(base, Sobol(LEVERS, samples=8, replications=2)[2:4])
    assert [job.point for job in experiment.jobs()] == [0, 1, 0, 1]
