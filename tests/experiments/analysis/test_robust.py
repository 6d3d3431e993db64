"""Robust choice: rules whose answers can be worked out by hand, on tables and on sweeps made by hand."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.objectives import OBJECTIVES
from experiments.analysis.robust import chosen, columns_of, in_words, maximin, minimax_regret, scores, signal_to_noise
from experiments.analysis.robust_sweep import robust_choice
from experiments.design import Design, Grid, Points
from experiments.experiment import Experiment
from experiments.report.blocks import Heading, Items, Table
from experiments.report.content import content
from experiments.report.folder import Finished
from experiments.scenario import load_scenario
from tests.experiments.tables import table_of

ACCURACY, PROFIT, LOCKED = (OBJECTIVES[name] for name in ("accuracy", "honest_profit", "locked_capital"))

# Savage's kind of table: the worst case of the third act is best, the second is never missed by much.
ACTS = [[10.0, 0.0, 6.0], [8.0, 2.0, 5.0], [3.0, 3.0, 3.0]]


def test_worst_cases_and_regrets_are_those_of_the_table() -> None:
    assert maximin(ACTS).tolist() == [0, 2, 3]
    # The best of each column is 10, 3, 6: regrets 0 3 0, 2 1 1, 7 0 3.
    assert minimax_regret(ACTS).tolist() == [-3, -2, -7]


def test_signal_to_noise_is_taguchis() -> None:
    # Much is good: mean of 1/v² of (10, 10) is 1/100, of (5, 20) it is (1/25 + 1/400)/2 = 0.02125.
    assert signal_to_noise([[10, 10], [5, 20]]) == pytest.approx([20.0, -10 * math.log10(0.02125)])
    # Little is good: mean of v² of (10, 10) is 100, of (2, 14) it is 100 too, of (1, 1) it is 1.
    assert signal_to_noise([[10, 10], [2, 14], [1, 1]], sign=-1) == pytest.approx([-20, -20, 0])
    assert np.isnan(signal_to_noise([[1, 0], [3, -2]])).all()


def test_steady_beats_a_higher_mean_that_scatters() -> None:
    steady, wild = np.full((1, 4), 80.0), np.array([[20.0, 100.0, 100.0, 120.0]])
    first, second = signal_to_noise(np.concatenate([steady, wild]))
    assert wild.mean() > steady.mean()
    assert first > second


def test_seeds_count_in_signal_to_noise_alone() -> None:
    """Two designs with the same means over seeds: by the worst case they are equal, by signal to noise they are not."""
    values = np.array([[[50.0, 50.0]], [[10.0, 90.0]]])
    assert scores("maximin", values, ACCURACY).tolist() == [50, 50]
    assert scores("minimax_regret", values, ACCURACY).tolist() == [0, 0]
    steady, wild = scores("signal_to_noise", values, ACCURACY)
    assert steady > wild


def test_directions_and_the_least_there_is() -> None:
    values = np.array([[[10.0], [40.0]], [[20.0], [20.0]]])
    assert scores("maximin", values, LOCKED).tolist() == [-40, -20], "less locked capital is better"
    assert scores("minimax_regret", values, LOCKED).tolist() == [-20, -10]
    assert scores("signal_to_noise", [[[-50.0]]], PROFIT) == pytest.approx([20 * math.log10(50)]), "half is left"
    columns = columns_of(values[..., None], [LOCKED])
    assert columns["locked_capital_worst"].tolist() == [40, 20]
    assert columns["locked_capital_regret"].tolist() == [20, 10]


def test_rules_choose_differently_and_say_so() -> None:
    values = np.array(ACTS)[:, :, None, None] + 1.0
    assert [chosen(rule, values, [ACCURACY]) for rule in ("maximin", "minimax_regret")] == [2, 1]
    # Mean of 1/v² of (11, 1, 7), (9, 3, 6) and (4, 4, 4): 0.343, 0.050, 0.0625.
    assert chosen("signal_to_noise", values, [ACCURACY]) == 1
    told = in_words({"maximin": 2, "minimax_regret": 1, "signal_to_noise": 1}, ["a", "b", "c"])
    assert told[0] == "By maximin (the best worst case): c."
    assert told[1].startswith("By minimax regret")
    assert told[1].endswith(": b.")
    assert chosen("signal_to_noise", -values, [ACCURACY]) is None
    assert "nothing is chosen" in in_words({"signal_to_noise": None}, [])[0]


W, MONEY = "mechanism.cost_weight", "agents.flipper.balance"


def outcome(levers: dict[str, Any], replication: int) -> dict[str, Any] | None:
    """Weight 1 is best against poor liars and worst against rich ones; 5 is never far off; 20 always the same."""
    table = {(1, 1000): 0.95, (1, 4000): 0.3, (5, 1000): 0.9, (5, 4000): 0.6, (20, 1000): 0.62, (20, 4000): 0.62}
    accuracy = table[round(levers.get(W, 5)), round(levers.get(MONEY, 1000))]
    return {"final_accuracy": accuracy + 0.01 * replication, "honest_profit_percent": 0.0}


def swept(design: Design) -> tuple[pd.DataFrame, Experiment]:
    experiment = Experiment(load_scenario("quickstart", {"data.size": 120}), design, check=False)
    return table_of(experiment, outcome), experiment


def test_a_sweep_tells_which_choice_is_robust() -> None:
    runs, experiment = swept(Grid({W: [1, 5, 20], MONEY: [1000, 4000]}, replications=3))
    found = robust_choice(runs, experiment)
    assert found is not None
    table = found.table.set_index("choice")
    assert table["accuracy_worst"].tolist() == pytest.approx([31, 61, 63])
    assert table["accuracy_regret"].tolist() == pytest.approx([32, 5, 33])  # 62 - 30; 95 - 90; 95 - 62
    assert [found.choices[rule] for rule in ("maximin", "minimax_regret")] == [2, 1]
    assert found.sentences[0] == (
        "3 choices of cost weight were judged by accuracy and honest profit in 2 settings of balance of flipper."
    )
    assert found.sentences[1] == "By maximin (the best worst case): cost weight 20."


@pytest.mark.parametrize(
    "design",
    [
        Grid({W: [1, 5]}, replications=2),
        Grid({MONEY: [1000, 4000]}, replications=2),
        Points([{W: 1, MONEY: 1000}, {W: 5, MONEY: 4000}], replications=2),
    ],
    ids=str,
)
def test_nothing_is_said_where_the_design_does_not_ask(design: Design) -> None:
    assert robust_choice(*swept(design)) is None


def test_replications_that_failed_somewhere_are_left_out_everywhere() -> None:
    runs, experiment = swept(Grid({W: [1, 5, 20], MONEY: [1000, 4000]}, replications=3))
    broken = runs.copy()
    broken.loc[(broken["point"] == 0) & (broken["replication"] == 2), "status"] = "failed"
    found = robust_choice(broken, experiment)
    assert found is not None
    assert found.table["accuracy_worst"].tolist() == pytest.approx([30.5, 60.5, 62.5])
    assert robust_choice(runs.assign(status="failed"), experiment) is None


def test_the_report_has_the_choice_and_its_table(tmp_path: Path) -> None:
    runs, experiment = swept(Grid({W: [1, 5, 20], MONEY: [1000, 4000]}, replications=3))
    runs = runs.assign(**{f"{role}_{what}": 0.0 for role in ("honest", "adversary") for what in _ASKED})
    manifest = {"failures": [], "identity": "", "sessions": []}
    blocks = content(Finished(tmp_path, manifest, experiment, runs, pd.DataFrame()), [])
    place = blocks.index(Heading("Robust choice"))
    sentences, table = blocks[place + 1 : place + 3]
    assert isinstance(sentences, Items)
    assert isinstance(table, Table)
    assert table.rows[1][:3] == ("cost weight 5", "61.0", "5.0")


_ASKED = ("start_units", "locked_units", "accepted", "rejected_price", "rejected_wallet", "rejected_gas",
          "rejected_declined", "rejected_refused")  # fmt: skip


def test_analyse_tells_and_writes_it(deca10b: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(
        'scenario = "quickstart"\nhorizon = "9d"\n[data]\nsize = 120\n[design]\nreplications = 1\n[design.levers]\n'
        '"mechanism.cost_weight" = [1, 20]\n"agents.flipper.count" = [1, 4]\n'
    )
    assert deca10b("sweep", "tiny.toml", "--out", "there", "--no-figures", "--workers", "1").code == 0
    told = deca10b("analyse", "there", "--json")
    facts = json.loads(told.out)
    assert set(facts["robust"]["choices"]) == {"maximin", "minimax_regret", "signal_to_noise"}
    assert "2 settings of count of flipper" in facts["robust"]["findings"][0]
    assert len(pd.read_csv(tmp_path / "there" / "robust.csv")) == 2
