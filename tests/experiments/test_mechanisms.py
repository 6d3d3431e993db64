"""Mechanisms side by side, and markets swept: tables, findings and figures of the two presets, made small."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.experiment import Experiment, load_experiment
from experiments.figures import figure_waterfall, sweep_figures
from experiments.figures.mechanisms import mechanisms_of
from experiments.figures.waterfall import payouts_of
from experiments.findings import findings
from experiments.findings_mechanisms import mechanism_story
from experiments.points import MeasuredPoint
from experiments.report import read_results, write_html
from experiments.runner import run
from experiments.scenario import load_scenario
from experiments.sweeper import sweep

KINDS = ["points", "deposit_refund_take", "prediction_market"]


def small(name: str, **changes: Any) -> Experiment:
    """A preset with less data, two seeds."""
    experiment = load_experiment(name, {"data.size": 400, **changes})
    return Experiment(
        experiment.scenario, experiment.design.replicated(2), experiment.name, twin=experiment.twin,
        outcomes=experiment.outcomes,
    )  # fmt: skip


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Experiment, Any]:
    experiment = small("three-mechanisms", **{"agents.provider.least_length": "1d"})
    return experiment, sweep(experiment, tmp_path_factory.mktemp("three") / "out", workers=1)


def test_same_people_are_paid_as_each_mechanism_says(compared: tuple[Experiment, Any]) -> None:
    """Points move no money; deposits move it between honest and liars; a market pays both from the bounty."""
    runs = compared[1].runs()
    assert (runs["status"] == "ok").all()
    by_kind = {kind: runs[runs["mechanism.kind"] == kind] for kind in KINDS}
    assert set(map(len, by_kind.values())) == {2}
    for kind, rows in by_kind.items():
        assert (rows["honest_addresses"] == 6).all()
        gained = (rows["honest_profit_units"] + rows["adversary_profit_units"]).tolist()
        assert gained == pytest.approx(rows["bounty_paid_units"].tolist())
        assert (rows["bounty_paid_units"] != 0).all() == (kind == "prediction_market")
        assert (rows["honest_profit_units"] != 0).all() == (kind != "points")
        assert rows["twin_accuracy"].notna().all()
    # the provider stays idle: it takes neither deposits nor points
    deposits = by_kind["deposit_refund_take"]
    assert (deposits["honest_profit_units"] > 0).all()


def test_findings_tell_who_pays_whom(compared: tuple[Experiment, Any]) -> None:
    experiment, results = compared
    sentences = findings(results.runs(), experiment)
    told = {kind: next(text for text in sentences if kind in text) for kind in KINDS}
    assert told["points"].startswith("Under points: accuracy ends at ")
    assert "the honest neither gain nor lose, the adversaries neither gain nor lose;" in told["points"]
    same = r"the honest gain ([0-9.]+ ± [0-9.]+) units, the adversaries lose \1 units;"
    assert re.search(same, told["deposit_refund_take"])
    assert "the provider pays" in told["prediction_market"]
    assert "the provider pays" not in told["points"]
    assert all("points of accuracy against the twin" in text for text in told.values())


@pytest.mark.parametrize(
    ("second", "third", "expected"),
    [
        # 1 point more in each pair: however much the seeds scatter, points are better
        ([3.0, 9.0, 6.1], [30.0, 30.0, 30.0], "The adversaries achieve least under points."),
        ([0.0, 12.0, 6.0], [30.0, 30.0, 30.0], "points and deposit_refund_take cannot be told apart: paired by"),
        ([30.0, 30.0, 30.0], [0.0, 12.0, 6.0], "points and prediction_market cannot be told apart: paired by"),
    ],
)
def test_under_which_adversaries_achieve_least(second: list[float], third: list[float], expected: str) -> None:
    """Compared pair by pair, and both are named where nothing can be said."""
    destroyed = {"points": [2.0, 8.0, 5.0], "deposit_refund_take": second, "prediction_market": third}
    points = [
        MeasuredPoint(number, {}, {"mechanism.kind": f"mechanism kind {kind}"}, pd.DataFrame({
            "replication": range(3), "points_destroyed": costs, "final_accuracy": 0.8, "captured": False,
            "honest_profit_units": 0.0, "adversary_profit_units": 0.0, "bounty_paid_units": float("nan"),
        }), 0)
        for number, (kind, costs) in enumerate(destroyed.items())
    ]  # fmt: skip
    assert expected in mechanism_story(points)[-1]


def test_figures_and_report_stand_all_three(compared: tuple[Experiment, Any], tmp_path: Path) -> None:
    experiment, results = compared
    figures = {drawn.name: drawn for drawn in sweep_figures(results.runs(), results.series(), experiment)}
    assert {"mechanisms", "seeds", "over-time", "accuracy"} <= set(figures)
    table = mechanisms_of(results.runs())
    assert (
        table[["honest_profit_units", "adversary_profit_units", "provider_profit_units"]].sum(axis=1).abs() < 1e-9
    ).all()
    write_html(read_results(results.folder), tmp_path / "report.html", figures=tmp_path / "figures")
    assert "mechanisms" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_market_sweep_has_complete_tables_findings_and_figures(tmp_path: Path) -> None:
    experiment = small("market-noise", **{"agents.provider.least_contributions": 60})
    experiment = Experiment(experiment.scenario, experiment.design[:2], "noise", outcomes=experiment.outcomes)
    results = sweep(experiment, tmp_path / "out", workers=1)
    runs = results.runs()
    assert (runs["status"] == "ok").all()
    assert runs["bounty_paid_units"].notna().all()
    assert runs["final_accuracy"].notna().all()
    sentences = findings(runs, experiment)
    assert any("The provider pays least at" in text for text in sentences)
    assert any("a matter of luck" in text for text in sentences)
    assert {drawn.name for drawn in sweep_figures(runs, results.series(), experiment)} >= {"accuracy", "seeds"}
    write_html(read_results(results.folder), tmp_path / "report.html", figures=tmp_path / "figures")


@pytest.mark.parametrize("grouped", [True, False])
def test_waterfall_goes_from_stake_to_what_was_collected(grouped: bool) -> None:
    """Step by step the balances are chained, and end with what each contributor took home, to less than a wei."""
    levers = {"data.size": 400, "agents.provider.least_contributions": 40, "mechanism.group_contributions": grouped}
    result = run(load_scenario("prediction-market", levers))
    table = payouts_of(result)
    for agent in result.agents:
        mine = table[table["address"] == agent.name]
        if agent.kind == "bounty_provider":
            assert mine.empty
            continue
        assert mine["before_units"].tolist()[1:] == pytest.approx(mine["after_units"].tolist()[:-1])
        stake = agent.statement.deposited / result.scenario.unit
        assert mine["before_units"].iloc[0] == pytest.approx(stake)
        assert mine["after_units"].iloc[-1] - stake == pytest.approx(agent.profit / result.scenario.unit)
    assert table["spent_units"].max() == pytest.approx(1000)


def test_payouts_are_drawn_from_stake_to_what_was_paid_out() -> None:
    """A line for each contributor with marks where the money is; the headline and the legend say what was earned."""
    levers = {"data.size": 400, "agents.provider.least_contributions": 40, "agents.honest.count": 28}
    result = run(load_scenario("prediction-market", levers))
    figure, table = figure_waterfall(result), payouts_of(result)
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert len(names) == 24
    gains = {row.name: abs(row.profit) for row in result.agents if row.statement.submitted}
    assert min(gains[name] for name in names) >= max(gains[name] for name in set(gains) - set(names))
    marks = [line for line in axes.get_lines() if line.get_marker() == "D"]
    ends = table.groupby("address")["after_units"].last()
    assert [line.get_xdata()[0] for line in marks] == [ends[name] for name in names]
    title = figure._suptitle.get_text().replace("\n", " ")  # type: ignore[attr-defined]
    earned = -sum(row.profit for row in result.agents if row.kind == "bounty_provider") / result.scenario.unit
    assert f"{earned:,.0f} of 1,000 units of bounty earned" in title
    assert "of the 24 of " in title
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"staked", "paid out in the end", "gain or loss of adversaries"} <= set(told)
    assert any(re.fullmatch(r"pass 1, for [0-9,]+ units of the bounty", text) for text in told)


def test_run_without_a_market_has_no_waterfall() -> None:
    result = run(load_scenario("quickstart", {"data.size": 200}))
    with pytest.raises(ValueError, match="no market"):
        figure_waterfall(result)
