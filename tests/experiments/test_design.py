"""Designs and experiments: what they are before anything runs, and the mistakes they refuse."""

from pathlib import Path

import numpy as np
import pytest

from experiments.design import Design, Grid, Points, Zip
from experiments.design_table import design_of
from experiments.experiment import Experiment, Outcomes, experiment_of, load_experiment
from experiments.scenario import Scenario, experiment_names, load_scenario, scenario_hash, with_levers
from sim.errors import ConfigError
from sim.units import DAY

W, T = "mechanism.cost_weight", "mechanism.refund_window"
HEAD = 'scenario = "quickstart"\n[data]\nsize = 400\n[design]\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_grid_is_every_combination() -> None:
    design = Grid({W: [1, 5], T: ["1h", "1d", "7d"]}, replications=4)
    assert (len(design), design.runs, design.levers) == (6, 24, (W, T))
    assert [point[T] for point in design] == ["1h", "1d", "7d"] * 2
    assert design[3] == {W: 5, T: "1h"}


def test_zip_goes_side_by_side() -> None:
    assert list(Zip({W: [1, 5], T: ["1h", "1d"]})) == [{W: 1, T: "1h"}, {W: 5, T: "1d"}]


def test_designs_are_printed_sliced_and_added() -> None:
    design = Grid({W: range(1, 21)}, replications=5, pair_seeds=False)
    assert str(design).splitlines()[0] == "grid of 20 points × 5 replications = 100 runs, seeds of their own"
    assert "20 values: 1, 2, 3" in str(design)
    assert str(design).endswith("12, …")
    both = design[:2] + Points([{T: "3d"}], replications=5, pair_seeds=False)
    assert list(both) == [{W: 1}, {W: 2}, {T: "3d"}]
    assert repr(both) == "<Design: list of 3 points × 5 replications = 15 runs, seeds of their own>"
    assert both[1:] == Points([{W: 2}, {T: "3d"}], replications=5, pair_seeds=False)
    assert both.replicated(9).runs == 27


def test_numpy_values_become_pythons() -> None:
    design = Grid({W: np.linspace(1, 2, 3), "data.size": np.array([300, 400])})
    assert [type(value) for value in design[0].values()] == [float, int]


def test_replications_alone_are_a_design(small: Scenario) -> None:
    assert len(design_of({"replications": 30})) == 1
    experiment = Experiment(small, Points([{}], replications=2))
    assert [(job.point, job.replication) for job in experiment.jobs()] == [(0, 0), (0, 1)]
    assert experiment.hashes == (scenario_hash(small),)


@pytest.mark.parametrize("levers", ['"mechanism.cost_weight" = [1, 5]', "mechanism.cost_weight = [1, 5]"])
def test_levers_need_no_quotes(tmp_path: Path, levers: str) -> None:
    assert load_experiment(written(tmp_path, f"{HEAD}[design.levers]\n{levers}\n")).design == Grid({W: [1, 5]})


def test_an_experiment_changes_the_scenario_it_names(tmp_path: Path) -> None:
    written(tmp_path, (HEAD + "replications = 2\n").replace("400", "300"))
    (tmp_path / "base.toml").write_text(
        "horizon = '9d'\n[data]\nsize = 400\ninitial = 7\n[[agents]]\nkind = 'honest'\n"
    )
    text = HEAD.replace("quickstart", "base.toml").replace("400", "300") + "points = [{ mechanism.cost_weight = 3 }]\n"
    experiment = load_experiment(written(tmp_path, "horizon = '5d'\n" + text), {"data.initial": 8})
    scenario = experiment.scenario
    assert (scenario.horizon, scenario.data.size, scenario.data.initial) == (5 * DAY, 300, 8)
    assert experiment.name == "mine"
    assert list(experiment.design) == [{W: 3}]


def test_an_experiment_may_hold_its_scenario(tmp_path: Path) -> None:
    text = "horizon = '5d'\n[[agents]]\nkind = 'honest'\n[data]\nsize = 100\n[design]\nreplications = 3\n"
    assert load_experiment(written(tmp_path, text)).scenario.group("honest").count == 1


def test_presets() -> None:
    assert "deposit-refund" in experiment_names()
    for name in experiment_names():
        assert load_experiment(name).name == name
    demo = load_experiment("deposit-refund")
    assert (len(demo.design), demo.design.runs) == (48, 240)
    assert demo.scenario == load_scenario("quickstart")


def test_paired_seeds_are_shared_and_others_are_not(small: Scenario) -> None:
    paired = [job.seed for job in Experiment(small, Grid({W: [1, 5]}, 2)).jobs()]
    apart = list(Experiment(small, Grid({W: [1, 5]}, 2, pair_seeds=False)).jobs())
    assert paired == [small.seed] * 4
    assert len({job.seed for job in apart}) == 2
    assert all(job.seed != small.seed for job in apart)
    grown = list(Experiment(small, Grid({W: [9, 5]}, 3, pair_seeds=False)).jobs())
    assert {job.scenario_hash: job.seed for job in grown}[apart[1].scenario_hash] == apart[1].seed


def test_jobs_take_the_scenario_from_where_it_is(small: Scenario) -> None:
    experiment = Experiment(with_levers(small, {"replication": 7}), Grid({W: [3]}, 2))
    jobs = list(experiment.jobs())
    assert [job.replication for job in jobs] == [7, 8]
    assert experiment.scenario_of(jobs[1]) == with_levers(small, {W: 3, "replication": 8})


def test_identity_sees_what_results_depend_on(small: Scenario) -> None:
    design = Grid({W: [1, 5]})
    one = Experiment(small, design)
    assert one.identity == Experiment(small, design.replicated(7), name="another name").identity
    others = [
        Experiment(small, Grid({W: [1, 6]})),
        Experiment(small, Grid({W: [1, 5]}, pair_seeds=False)),
        Experiment(with_levers(small, {"seed": 1}), design),
        Experiment(small, design, twin=True),
        Experiment(small, design, outcomes=Outcomes(target_accuracy=0.5)),
    ]
    assert len({one.identity, *(other.identity for other in others)}) == 6


def test_lever_values_are_numbers_in_tables(small: Scenario) -> None:
    levers = {T: "1h", "agents.honest.balance": "0.5 ether", "agents.1.willingness_to_pay": "no limit"}
    experiment = Experiment(small, Points([levers | {"agents.honest.arrival": {"mean_gap": "2h"}}, {}]))
    assert experiment.lever_values(0) == {
        T: 3600,
        "agents.honest.balance": 500.0,
        "agents.1.willingness_to_pay": None,
        "agents.honest.arrival": '{"mean_gap": 7200}',
    }
    assert experiment.lever_values(1)[T] == DAY


def test_values_of_levers_may_be_tables(small: Scenario, tmp_path: Path) -> None:
    liars = "agents.flipper.willingness_to_pay"
    design = Grid({liars: [{"mean": 100, "sd": 10}, 50, "0.02 ether", "no limit"]})
    assert str(design).endswith("4 values: 100 ± 10, 50, 0.02 ether, no limit")
    experiment = Experiment(small, design)
    assert [experiment.lever_values(point)[liars] for point in range(4)] == ["100 ± 10", 50, 20, None]
    text = f"{HEAD}points = [{{ '{liars}' = {{ mean = 100, sd = 5 }} }}, {{ {liars} = {{ sd = 4 }} }}]\n"
    points = load_experiment(written(tmp_path, text)).design
    assert list(points) == [{liars: {"mean": 100, "sd": 5}}, {f"{liars}.sd": 4}]  # a quoted path is whole


def test_points_are_recognised_as_the_grid_they_are() -> None:
    levers = {"agents.flipper.willingness_to_pay": [{"mean": 9, "sd": 1}, 50], W: [1, 5]}
    points = Points(list(Grid(levers, replications=3)), replications=3)
    assert (points.kind, points.as_grid().kind) == ("list", "grid")
    assert points.as_grid() == points
    assert points[::-1].as_grid().kind == "grid"
    out_of_order = points[:2] + points[3:] + points[2:3]
    others = [points[:3], out_of_order, Points([{}]), Points([{W: 1}, {T: "1h"}]), points[:2] + points[:2]]
    assert [other.as_grid().kind for other in others] == ["list"] * 5


MALFORMED = {
    "no design": ("scenario = 'quickstart'\n", ["has no [design]", "deca10b run", "deposit-refund"]),
    "empty design": (HEAD, ["design is empty", "[design.levers]", "replications = 30"]),
    "design is a number": ("scenario = 'quickstart'\ndesign = 5\n", ["design is 5", "table"]),
    "unknown key": (f"{HEAD}replicatons = 5\n", ["design.replicatons is unknown", "'replications'", "Allowed here"]),
    "unknown kind": (f"{HEAD}kind = 'gird'\n", ["design.kind is 'gird'", "grid, zip, list", "Did you mean 'grid'?"]),
    "kind is a number": (f"{HEAD}kind = 7\n", ["design.kind is 7", "grid, zip, list, latin_hypercube, sobol"]),
    "no replications": (f"{HEAD}replications = 0\n", ["design.replications is 0", "1 to 10^6"]),
    "half a replication": (f"{HEAD}replications = 2.5\n", ["design.replications is 2.5", "whole number"]),
    "pairing in words": (f"{HEAD}replications = 2\npair_seeds = 'yes'\n", ["design.pair_seeds is 'yes'", "true or"]),
    "twin in words": (f"{HEAD}replications = 2\ntwin = 1\n", ["design.twin is 1", "true or false"]),
    "levers are a list": (f"{HEAD}levers = [1]\n", ["design.levers is [1]", "table"]),
    "a value, not a list": (f"{HEAD}levers = {{ {W} = 5 }}\n", [f"'{W}' is 5", "list of values", "[5]"]),
    "a text, not a list": (f"{HEAD}levers = {{ {T} = '1d' }}\n", [f"'{T}' is '1d'", "list of values"]),
    "no values": (f"{HEAD}levers = {{ {W} = [] }}\n", [f"'{W}' is an empty list", "Add a value"]),
    "unequal zip": (
        f"{HEAD}kind = 'zip'\nlevers = {{ {W} = [1, 5], {T} = ['1d'] }}\n", [f"{W} has 2", f"{T} has 1", "'grid'"],
    ),
    "levers of a list": (f"{HEAD}kind = 'list'\nlevers = {{ {W} = [5] }}\n", ["design.levers", "design.points"]),
    "points of a grid": (f"{HEAD}kind = 'grid'\npoints = [{{}}]\n", ["design.points", "design.levers"]),
    "points are a table": (f"{HEAD}points = {{ {W} = 5 }}\n", ["design.points is {", "list of tables"]),
    "a point is a number": (f"{HEAD}points = [5]\n", ["design.points.0 is 5", "table of levers"]),
    "no points": (f"{HEAD}points = []\n", ["design is empty", "Add one"]),
    "a billion points": (
        HEAD + "[design.levers]\n" + "".join(f"'agents.{i}.count' = {list(range(1, 1001))}\n" for i in range(3)),
        ["1,000,000,000 points", "at most 10^6", "fewer"],
    ),
    "too many runs": (f"{HEAD}replications = 600000\nlevers = {{ {W} = [1, 2] }}\n", ["1,200,000 runs", "10^6"]),
    "unknown lever": (f"{HEAD}levers = {{ mechanism.cost_wieght = [5] }}\n", ["'mechanism.cost_wieght'", f"'{W}'"]),
    "unknown group": (f"{HEAD}levers = {{ agents.honset.count = [5] }}\n", ["'honset'", "Did you mean 'honest'?"]),
    "seed as a lever": (f"{HEAD}levers = {{ seed = [1, 2] }}\n", ["Lever 'seed'", "replications"]),
    "bad value": (f"{HEAD}levers = {{ {W} = [1, -5] }}\n", [f"Point 1 of the design ({W} = -5)", f"{W} is -5", "10^9"]),
    "bad unit": (f"{HEAD}levers = {{ {T} = ['5 parsec'] }}\n", ["Point 0", "'5 parsec'", "s, min, h, d"]),
    "more data than there is": (f"{HEAD}levers = {{ data.size = [300, 9000] }}\n", ["Point 1", "9000", "7000"]),
    "one point twice": (f"{HEAD}levers = {{ {T} = ['1d', 86400] }}\n", ["Point 1", "same economy as point 0"]),
    "a lever that changes nothing": (f"{HEAD}levers = {{ name = ['a', 'b'] }}\n", ["Point 1", "same economy"]),
    "nobody honest": (
        f"{HEAD}twin = true\npoints = [{{ agents = [{{ kind = 'spammer' }}] }}]\n", ["Point 0", "no honest group"],
    ),
    "unknown outcome": (f"{HEAD}replications = 2\n[outcomes]\ncommon_dya = 5\n", ["common_dya is", "'common_day'"]),
    "target above one": (f"{HEAD}replications = 2\n[outcomes]\ntarget_accuracy = 80\n", ["is 80", "at most 1"]),
    "unknown scenario": ("scenario = 'quikstart'\n[design]\nreplications = 2\n", ["Did you mean 'quickstart'?"]),
    "scenario is a number": ("scenario = 5\n[design]\nreplications = 2\n", ["scenario is 5", "in quotes"]),
    "an experiment of an experiment": (
        "scenario = 'deposit-refund'\n[design]\nreplications = 2\n", ["is an experiment", "quickstart"],
    ),
    "unknown key of the file": (
        "desing = 3\n" + HEAD + "replications = 2\n",
        ["desing is unknown. Did you mean 'design'? Allowed here: scenario, design, outcomes, paper, and of"],
    ),
    "scenario's own mistake": ("horizn = 5\n" + HEAD + "replications = 2\n", ["horizn is unknown", "'horizon'"]),
    "absurd money": (
        f"{HEAD}levers = {{ chain.unit = ['1000000 ether'], agents.honest.balance = [1e9] }}\n", ["10^30 wei", "Lower"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_experiment_is_explained(case: str, tmp_path: Path) -> None:
    text, expected = MALFORMED[case]
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_experiment(path)
    message = str(caught.value)
    assert [part for part in expected if part not in message] == [], message
    assert "\n" not in message
    assert len(message) < 700


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: Grid({W: [1]}, 2) + Grid({W: [2]}, 3), "2 and 3 replications"),
        (lambda: Grid({W: [1]})[5:], "design is empty"),
        (lambda: Points([]), "design is empty"),
        (lambda: Points({W: 1}), "list of tables"),
        (lambda: Design([{}], replications=True), "replications is True"),
        (lambda: experiment_of({"design": {"replications": 2}}), "agents is missing"),
    ],
)
def test_mistakes_in_python(make, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        make()


def test_an_experiment_is_no_scenario() -> None:
    with pytest.raises(ConfigError, match="deca10b sweep deposit-refund"):
        load_scenario("deposit-refund")
    with pytest.raises(ConfigError, match="Did you mean 'deposit-refund'"):
        load_experiment("deposit-refnd")


def test_a_lever_of_the_design_cannot_be_set() -> None:
    """It would change nothing, and look as if it had."""
    with pytest.raises(ConfigError, match=r"mechanism.cost_weight is a lever of the design"):
        load_experiment("deposit-refund", {"mechanism.cost_weight": 5})
