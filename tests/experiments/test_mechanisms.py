"""Mechanisms side by side, and markets swept: tables, findings and figures of the two presets, made small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from experiments.experiment import Experiment, load_experiment
from experiments.figures import figure_waterfall, sweep_figures
from experiments.figures.mechanisms import mechanisms_of
from experiments.figures.waterfall import payouts_of
from experiments.findings import findings
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
    assert "the honest gain" in told["deposit_refund_take"].lower()
    assert "the adversaries lose" in told["deposit_refund_take"]
    assert "the provider pays" in told["prediction_market"]
    assert "the provider pays" not in told["points"]
    assert all("points of accuracy against the twin" in text for text in told.values())


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
    assert "contributor by contributor" in figure_waterfall(result)._suptitle.get_text()  # type: ignore[attr-defined]


def test_run_without_a_market_has_no_waterfall() -> None:
    result = run(load_scenario("quickstart", {"data.size": 200}))
    with pytest.raises(ValueError, match="no market"):
        figure_waterfall(result)
