"""The attack gallery: levers for whole groups, the matrix with its intervals, what is said of it, and its picture."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

import mechanisms
from agents import AGENTS
from experiments import load_experiment, load_scenario, runner, with_levers
from experiments.design import Grid
from experiments.experiment import Experiment
from experiments.figures import figure_gallery, gallery_table, sweep_figures
from experiments.figures.levers import levers_of
from experiments.findings import findings
from experiments.runner import run
from mechanisms.deposit_parameters import DEPOSIT_POLICIES, REFUND_RULES, REPUTATIONS
from sim.errors import ConfigError
from tests.experiments.tables import table_of

ATTACKERS = [{"kind": "label_flipper"}, {"kind": "backdoor"}]
MECHANISMS = [{"kind": "deposit_refund_take"}, {"slashed_share": 0.5}, {"kind": "points"}]


@pytest.fixture(scope="module")
def gallery() -> Experiment:
    levers = {"agents.flipper": ATTACKERS, "mechanism": MECHANISMS}
    return Experiment(load_scenario("quickstart", {"data.size": 300}), Grid(levers, replications=3), twin=True)


def outcome(levers: dict[str, Any], replication: int) -> dict[str, Any] | None:
    """Flippers cost 10, 20, 30 points (seeds) and earn -5 %, but under points capture seed 2; backdoors cost none."""
    if "backdoor" in levers["agents.flipper"]:
        return {"final_accuracy": 0.8, "points_destroyed": 0.0, "adversary_profit_percent": 4.0 + replication / 10,
                "attack_success": 0.9}  # fmt: skip
    if "slashed" in levers["mechanism"] and replication == 1:
        return None
    lost = 10.0 * (replication + 1) + (20 if "points" in levers["mechanism"] else 0)
    return {"final_accuracy": 0.8 - lost / 100, "points_destroyed": lost, "adversary_profit_percent": -5.0}


def test_matrix_of_known_outcomes(gallery: Experiment) -> None:
    table = gallery_table(table_of(gallery, outcome), levers_of(gallery)).set_index(["attacker", "mechanism"])
    assert list(table.index) == [
        (attacker, mechanism)
        for attacker in ("label flipper", "backdoor")
        for mechanism in ("deposit refund take", "slashed share 0.5", "points")
    ]
    cell = table.loc["label flipper", "deposit refund take"]
    assert cell["points_lost"] == 20
    assert cell["points_lost_high"] - 20 == pytest.approx(4.3027 * 10 / math.sqrt(3), abs=0.01)  # t(0.975, 2) s/sqrt(n)
    assert (cell["captured_percent"], cell["captured_percent_high"]) == pytest.approx((0, 56.1), abs=0.1)  # Wilson
    assert cell["return_percent"] == -5
    assert math.isnan(cell["attack_success_percent"])
    slashed = table.loc["label flipper", "slashed share 0.5"]
    assert (slashed["runs"], slashed["failed"]) == (2, 1)
    points = table.loc["label flipper", "points"]
    assert points["captured_percent"] == pytest.approx(200 / 3)
    assert points["mixed"]
    assert table.loc["backdoor", "points"]["attack_success_percent"] == pytest.approx(90)


def test_what_is_said_is_what_the_matrix_holds(gallery: Experiment) -> None:
    text = " ".join(findings(table_of(gallery, outcome), gallery))
    assert "the worst of 2 attacks is label flipper: it costs 20.0 ± 24.8 percentage points" in text
    assert "best paid is backdoor, at +4.1 ± 0.2 %" in text
    # Flippers' intervals under DRT hold 0, as do those of two seeds; under points 30, 40, 50 do not.
    assert "Of 6 attacks 1 surely do damage and 3 surely pay (their intervals are above 0); 0 do both." in text
    assert "deposit refund take holds best" in text or "slashed share 0.5 holds best" in text
    assert "90.0 ± 0.0 % of triggered test samples" in text
    assert "1 of 18 runs failed" in text


def test_the_figure_has_a_number_in_each_cell(gallery: Experiment) -> None:
    runs = table_of(gallery, outcome)
    (drawn,) = sweep_figures(runs, pd.DataFrame({"price_units": [1.0]}), gallery)
    assert drawn.name == "attacks"
    assert "of 6 attacks 3 surely pay, 1 capture the model in some seed" in drawn.title
    damage, captured, gain = drawn.figure.axes
    texts = {(round(text.get_position()[0]), round(text.get_position()[1])): text.get_text() for text in damage.texts}
    assert len(texts) == 6
    assert texts[0, 0] == "20.0\n± 24.8"
    assert texts[2, 0].startswith("40.0")
    assert captured.texts[0].get_text() == "0\n[0, 56]"
    assert gain.texts[0].get_text() == "−5.0\n± 0.0"
    drawn.figure.canvas.draw()
    assert damage.get_yticklabels()[0].get_text() == "label flipper"


def test_a_cell_without_runs_says_so(gallery: Experiment) -> None:
    runs = table_of(
        gallery, lambda levers, replication: None if "points" in levers["mechanism"] else outcome(levers, 0)
    )
    figure = figure_gallery(gallery_table(runs, levers_of(gallery)), "Nothing known of points")
    assert figure.axes[0].texts[2].get_text() == "–"


def test_the_gallery_holds_every_adversary() -> None:
    """A new adversary has to be hung there too."""
    experiment = load_experiment("attack-gallery")
    kinds = {scenario.agents[-1].kind for scenario in map(experiment.scenario_at, range(len(experiment.design)))}
    assert kinds == {kind.kind for kind in AGENTS if kind.traits.adversarial and kind.traits.contributes}
    assert experiment.twin


@pytest.mark.parametrize("size", ["quick", "paper"])
def test_the_gallery_holds_every_mechanism_and_defence(size: str) -> None:
    """A new one has to be hung there too; what is a baseline and no defence may wait for the size of a paper."""
    columns = [point["mechanism"] for point in load_experiment("attack-gallery", size=size).design]
    kinds = {column.get("kind", "deposit_refund_take") for column in columns}
    assert kinds == {mechanism.kind for mechanism in mechanisms.MECHANISMS}
    rest = {"crumb_standing", "standing_half_life", "slashed_share", "reporter_share", "author_grace", "commit_reveal"}
    assert rest <= {lever for column in columns for lever in column}
    left_out = {"deposit_policy": {"fixed", "inv_linear"}, "refund_rule": set(), "reputation": {"outcomes"}}
    known = {"deposit_policy": DEPOSIT_POLICIES, "refund_rule": REFUND_RULES, "reputation": REPUTATIONS}
    for lever, values in known.items():
        hung = {column.get(lever, values[0]) for column in columns}  # the first of each is the default
        assert hung == set(values) - (left_out[lever] if size == "quick" else set())


def test_a_lever_may_set_several_fields_of_a_group() -> None:
    scenario = load_scenario("quickstart")
    changed = with_levers(scenario, {"agents.flipper": {"kind": "sleeper", "standing": 3}, "agents.flipper.count": 2})
    assert changed.agents[1].model_dump(exclude_unset=True) | {"arrival": 0} == (
        scenario.agents[1].model_dump(exclude_unset=True) | {"kind": "sleeper", "standing": 3, "count": 2, "arrival": 0}
    )
    with pytest.raises(ConfigError, match=r"'agents.flipper' names a whole group, and 3 is no table"):
        with_levers(scenario, {"agents.flipper": 3})


def test_a_twin_that_many_share_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Economies that differ by their adversaries alone have one twin; another seed has another."""
    small = load_scenario("quickstart", {"data.size": 260, "horizon": "2d"})
    built: list[str] = []
    build = runner.build
    monkeypatch.setattr(runner, "build", lambda scenario: built.append(scenario.name) or build(scenario))
    runner._twins.clear()
    one = run(small, twin=True)
    other = run(with_levers(small, {"agents.flipper.kind": "spammer"}), twin=True)
    assert one.twin == other.twin
    assert sum("twin" in name for name in built) == 1
    run(with_levers(small, {"seed": 9}), twin=True)
    assert sum("twin" in name for name in built) == 2
