"""What the figures of analyses show, on tables made by hand."""

import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from experiments.analysis.calibration import EventRow, calibrate, events_of
from experiments.analysis.drift import fitted_rate
from experiments.analysis.games import SymmetricGame
from experiments.design import Grid
from experiments.experiment import Experiment
from experiments.figures.calibration import figure_calibration
from experiments.figures.corruption import corruption_of, fees_of, figure_corruption, figure_fees
from experiments.figures.drawn import save
from experiments.figures.effects import drawn_effects, figure_effects
from experiments.figures.fates import FATES, fates_of, figure_fates
from experiments.figures.frontiers import figure_fingerprint, figure_frontiers, fingerprint_of
from experiments.figures.further import further_figures
from experiments.figures.levers import Layout, layout_of, levers_of
from experiments.figures.refunds import figure_refunds, refunds_of
from experiments.figures.ruin import figure_ruin, ruin_of
from experiments.figures.takes import figure_takes, takes_of
from experiments.figures.tuning import figure_pareto
from experiments.result import Result
from experiments.runner import run
from experiments.scenario import load_scenario
from tests.experiments.sweeps import legend
from tests.experiments.tables import table_of

COUNT, WEIGHT = "agents.flipper.count", "mechanism.cost_weight"
GRID = {COUNT: [1, 4], WEIGHT: [1, 5, 20]}
DAYS = 20.0


def outcome(levers: dict[str, Any], replication: int) -> dict[str, Any]:
    """Adversaries lose ten units each while there are few of them and win as much at weight 20, honest the reverse."""
    liars, weight = levers[COUNT], levers[WEIGHT]
    gain = (-10.0 if weight < 20 else 10.0) * liars + replication
    shares = {"refunded": 60.0, "taken_by_reports": 25.0, "taken_late": 5.0, "taken_by_owner": 0.0, "burned": 0.0,
              "locked": 10.0}  # fmt: skip
    row: dict[str, Any] = {
        "final_accuracy": 0.8 if weight < 20 else 0.3, "days": DAYS,
        "points_destroyed": 5.0 * liars if weight > 1 else 0.0,
        "price_of_corruption_units": -gain / (5 * liars) if weight > 1 else None,
        "accepted": 150,
    }  # fmt: skip
    for role, sign, accepted, rho, people in (("honest", -1, 100, 0.8, 10), ("adversary", 1, 50, 0.4, liars)):
        row |= {
            f"{role}_addresses": people, f"{role}_accepted": accepted, f"{role}_start_units": 1000.0 * people,
            f"{role}_profit_units": sign * gain - (2.0 if role == "honest" else 0.0),
            f"{role}_fees_units": 2.0 if role == "honest" else 0.0,
            f"{role}_deposited_units": 100.0 * weight, f"{role}_rho_count": rho, f"{role}_rho_value": rho - 0.1,
            **{f"{role}_{fate}_units": weight * share for fate, share in shares.items()},
        }  # fmt: skip
    return row


def series_of(runs: pd.DataFrame) -> pd.DataFrame:
    """At weight 5 adversaries have nothing left on day 10; else they keep all."""
    rows = []
    for row in runs.to_dict("records"):
        for day in (0, 10, 20):
            ruined = row[WEIGHT] == 5 and day >= 10
            for_role = {"adversary_balance_units": 0.0 if ruined else row["adversary_start_units"]}
            rows.append({"point": row["point"], "replication": row["replication"], "time_s": day * 86_400,
                         "adversary_locked_units": 0.0, **for_role})  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return Experiment(load_scenario("quickstart", {"data.size": 120}), Grid(GRID, replications=2), check=False)


@pytest.fixture(scope="module")
def runs(experiment: Experiment) -> pd.DataFrame:
    return table_of(experiment, outcome)


@pytest.fixture
def axes(runs: pd.DataFrame, experiment: Experiment) -> Any:
    return layout_of(runs, levers_of(experiment))


def test_fates_add_up_and_are_stacked(runs: pd.DataFrame, axes: Any) -> None:
    table = fates_of(runs)
    assert table[list(FATES)].sum(axis=1).to_numpy() == pytest.approx(100)
    assert table["refunded"].tolist() == [60.0] * 12
    figure = figure_fates(runs, axes)
    assert len(figure.axes) == 2 * 2  # the count of flippers makes panels, the roles stand beside each other
    tops = {bar.get_y() + bar.get_height() for bar in figure.axes[0].patches}
    assert max(tops) == pytest.approx(100)
    assert legend(figure) == [FATES[fate][0] for fate in ("refunded", "taken_by_reports", "taken_late", "locked")]
    colours = {to_hex(bar.get_facecolor()) for bar in figure.axes[0].patches if bar.get_height() > 0}
    assert len(colours) == 4


def test_refunds_by_count_and_value_beside_a_model_that_does_not_move(runs: pd.DataFrame, axes: Any) -> None:
    table = refunds_of(runs).set_index(["point", "role", "measure"])
    assert table.loc[(0, "honest", "rho_count"), ["percent", "frozen"]].tolist() == pytest.approx([80, 80])
    assert table.loc[(0, "adversary", "rho_value"), ["percent", "frozen"]].tolist() == pytest.approx([30, 20])
    figure = figure_refunds(runs, axes)
    first = figure.axes[0]
    drawn = [line.get_ydata() for line in first.lines if len(np.atleast_1d(line.get_ydata())) == 3]
    assert any(np.allclose(values, 80) for values in drawn)
    assert any(np.allclose(values, 30) for values in drawn)
    assert "if the model did not move" in legend(figure)


CLAIM, MODEL = "mechanism.any_claim_after", "model.kind"
FLIPS = {"naive_bayes": 0.05, "perceptron": 0.4}


def drifting(levers: dict[str, Any], replication: int) -> dict[str, Any]:
    """Liars' deposits come back as predictions flip, at a rate that the kind of model decides; seeds scatter evenly."""
    days, scatter = levers[CLAIM] / 86_400 - 1, 0.01 * (replication - 1)
    share = 1 - 0.8 * math.exp(-FLIPS[levers[MODEL]] * days) + scatter
    return {**outcome({COUNT: 1, WEIGHT: 5}, 0), "final_accuracy": 0.8, "adversary_rho_count": share}


@pytest.fixture(scope="module")
def drift() -> tuple[pd.DataFrame, Experiment]:
    grid = Grid({CLAIM: ["2d", "5d", "9d"], MODEL: list(FLIPS)}, replications=3)
    swept = Experiment(load_scenario("quickstart", {"data.size": 120}), grid, check=False)
    return table_of(swept, drifting), swept


def test_the_rate_of_flips_that_was_planted_is_found_and_drawn(drift: tuple[pd.DataFrame, Experiment]) -> None:
    drawn = {one.name: one for one in further_figures(drift[0], series_with_nothing(), drift[1])}["refunds"]
    told = drawn.data[(drawn.data["role"] == "adversary") & (drawn.data["measure"] == "rho_count")]
    assert told["span_days"].tolist() == [1, 1, 4, 4, 8, 8]
    assert told["rate"].tolist() == pytest.approx([0.05, 0.4] * 3, abs=0.01)
    assert (told["rate_low"] < told["rate"]).all()
    assert (told["rate"] < told["rate_high"]).all()
    for axes, (model, flips) in zip(drawn.figure.axes, FLIPS.items(), strict=True):
        assert axes.get_title(loc="left") == f"model kind {model}"
        (line,) = [line for line in axes.lines if line.get_color() == "#222222"]
        expected = [100 - 80 * math.exp(-flips * days) for days in (1, 4, 8)]
        assert line.get_ydata() == pytest.approx(expected, abs=1.5)
        (band,) = [each for each in axes.collections if each.get_alpha() == 0.12]
        below, above = band.get_paths()[0].vertices[:, 1].min(), band.get_paths()[0].vertices[:, 1].max()
        assert below < min(line.get_ydata())
        assert above > max(line.get_ydata())
        (words,) = [text.get_text() for text in axes.texts]
        assert re.fullmatch(r"ν = [0-9.]+ \[[0-9.]+, [0-9.]+\] flips a day", words)
        assert float(words.split()[2]) == pytest.approx(flips, abs=0.01)
    assert legend(drawn.figure)[-1] == "adversaries, formula with fitted ν"
    assert "fitted to its runs by least squares" in drawn.caption


def test_where_the_model_is_along_the_axis_each_has_its_rate(drift: tuple[pd.DataFrame, Experiment]) -> None:
    claim, model = levers_of(drift[1])
    spans = dict(enumerate((1, 1, 4, 4, 8, 8)))
    figure = figure_refunds(drift[0], Layout(model, claim), spans=spans)
    texts = [text.get_text().splitlines() for text in figure.axes[0].texts]
    assert [float(lines[0].split()[2]) for lines in texts] == pytest.approx(list(FLIPS.values()), abs=0.01)
    assert not any(each.get_alpha() == 0.12 for each in figure.axes[0].collections), "no band between kinds of models"


def test_nothing_is_fitted_where_a_refund_is_asked_for_once(drift: tuple[pd.DataFrame, Experiment]) -> None:
    once = Experiment(
        load_scenario("quickstart", {"data.size": 120, "mechanism.refund_rule": "one_shot"}), drift[1].design,
        check=False,
    )  # fmt: skip
    drawn = {one.name: one for one in further_figures(drift[0], series_with_nothing(), once)}["refunds"]
    assert "rate" not in drawn.data
    assert "formula" not in " ".join([*legend(drawn.figure), drawn.caption])


@pytest.mark.parametrize(
    ("shares", "days", "least", "most"),
    [([0.2, 0.2], [1, 8], 0, 0.001), ([1.0, 1.0], [5, 8], -math.log(0.1) / 5, 10)],
    ids=["nothing flips", "all of it has flipped"],
)
def test_rates_at_the_ends_have_no_absurd_limits(
    shares: list[float], days: list[float], least: float, most: float
) -> None:
    """Of what is refunded within 5 days 90 % at the least has flipped by then; nothing says more of it."""
    found = fitted_rate(shares, [0.2, 0.2], days)
    assert found is not None
    assert 0 <= found.low <= found.estimate <= found.high < most
    assert found.estimate >= least


def test_a_single_run_has_a_rate_without_limits_and_no_run_has_none() -> None:
    alone = fitted_rate([1 - 0.8 * math.exp(-0.3 * 5)], [0.2], [5.0])
    assert alone is not None
    assert alone.estimate == pytest.approx(0.3, abs=1e-4)
    assert math.isnan(alone.low)
    assert math.isnan(alone.high)
    assert fitted_rate([math.nan], [0.2], [5.0]) is None
    assert fitted_rate([0.2], [0.2], [0.0]) is None


def series_with_nothing() -> pd.DataFrame:
    """No figure of refunds looks at series."""
    return pd.DataFrame(columns=["point", "replication", "time_s", "adversary_balance_units", "adversary_locked_units"])


def test_ruin_is_a_median_of_runs_and_has_the_formula_beside_it(runs: pd.DataFrame, axes: Any) -> None:
    table = ruin_of(runs, series_of(runs)).set_index("point")
    assert table["median_days"].tolist() == [math.inf, 10, math.inf] * 2
    assert table.loc[0, "last_day"] == 20
    # Weight 5, one liar: deposits of 1000 units on 150 samples; by value 0.7 and 0.3, by count 0.8 and 0.4.
    deposit, share = 1000 / 150, 50 * 0.4 / (100 * 0.8 + 50 * 0.4)
    loss = deposit * 0.7 - share * deposit * (100 * 0.3 + 50 * 0.7) / 50
    assert table.loc[1, "theory_days"] == pytest.approx(1000 / (loss * 50 / 10))
    figure = figure_ruin(runs, series_of(runs), axes._replace(x=axes.y, y=axes.x))
    assert figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "log"
    assert "not ruined by the end" in legend(figure)
    circles = [line for line in figure.axes[0].lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert [line.get_ydata().tolist() for line in circles] == [[10.0, 10.0]]


def test_price_of_corruption_says_how_often_there_is_none(runs: pd.DataFrame, axes: Any) -> None:
    table = corruption_of(runs)
    assert table["price"].isna().sum() == 4
    assert table.loc[table["points_destroyed"] == 5, "adversary_lost_units"].tolist() == [10, 9, -10, -11]
    figure = figure_corruption(runs, axes)
    above, below = figure.axes
    assert sum(len(line.get_xdata()) for line in above.lines[1:]) == 12
    assert np.isfinite(np.concatenate([line.get_ydata() for line in below.lines[1:]])).sum() == 8
    assert "4 of 12 runs destroyed nothing: no price" in legend(figure)


def test_fees_are_a_share_of_what_was_gained_before_them(runs: pd.DataFrame, axes: Any) -> None:
    table = fees_of(runs).set_index("point")
    # One liar at weight 1: the honest gain 10 and 9 before fees of 2.
    assert table.loc[0, "fees_percent"] == pytest.approx((20 + 100 * 2 / 9) / 2)
    assert math.isnan(table.loc[2, "fees_percent"])  # at weight 20 there is no gain
    figure = figure_fees(runs, axes)
    assert figure.axes[0].lines[0].get_ydata()[0] == 100


def test_each_combination_of_further_levers_has_a_line_of_its_own() -> None:
    grid = Grid({"mechanism.refund_window": ["1h", "1d"], COUNT: [1, 4], WEIGHT: [1, 5]})
    swept = Experiment(load_scenario("quickstart", {"data.size": 120}), grid, check=False)
    table, (window, count, weight) = table_of(swept, outcome), levers_of(swept)
    figure = figure_fees(table, Layout(weight, count, (window,)))
    lines = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [line.get_xdata().tolist() for line in lines] == [[0.0, 1.0]] * 4
    assert (
        len({line.get_color() if isinstance(line.get_color(), str) else tuple(line.get_color()) for line in lines}) == 2
    )


def test_frontier_lies_between_gain_and_loss(runs: pd.DataFrame, axes: Any) -> None:
    figure = figure_frontiers(runs, axes)
    honest, adversary = figure.axes[:2]
    assert [line for line in honest.lines if line.get_linestyle() == "-"] == []  # they gain everywhere
    (line,) = [line for line in adversary.lines if line.get_linestyle() == "-"]
    # With locked deposits adversaries have 0.5 and 40.5 at one flipper and weights 1 and 5, and -29.5 and 10.5 at four.
    ends = sorted(zip(line.get_xdata(), line.get_ydata(), strict=True))
    assert ends == pytest.approx(np.array([(0, 0.5 / 30), (29.5 / 40, 1)]))
    assert legend(figure) == ["break-even, simulated", "break-even by formula"]


def test_fingerprint_writes_what_one_address_gains(runs: pd.DataFrame, axes: Any) -> None:
    table = fingerprint_of(runs).set_index("point")
    assert table.loc[0].tolist() == pytest.approx([(10 - 2 + 9 - 2) / 20, -9.5])
    figure = figure_fingerprint(runs, axes)
    texts = [text.get_text() for text in figure.axes[1].texts]
    assert texts[:1] == ["−10"]
    assert len(texts) == 6


def test_a_sweep_gets_the_figures_its_levers_are_about(runs: pd.DataFrame, experiment: Experiment) -> None:
    drawn = further_figures(runs, series_of(runs), experiment)
    names = [one.name for one in drawn]
    assert names == ["fates", "refunds", "ruin", "corruption", "frontiers", "fingerprint"]
    assert all(len(one.data) and one.caption.endswith(".") for one in drawn)
    failed = runs.assign(status="failed")
    assert further_figures(failed, series_of(runs), experiment) == []


FACTORS = pd.DataFrame(
    {
        "factor": [COUNT, WEIGHT, "seed"],
        "S1": [0.2, 0.5, 0.05], "S1_low": [0.1, 0.4, 0.0], "S1_high": [0.3, 0.6, 0.1],
        "ST": [0.3, 0.6, 0.1], "ST_low": [0.2, 0.5, 0.05], "ST_high": [0.4, 0.7, 0.15],
        "mu_star": [1.0, 3.0, 0.5], "mu_star_low": [0.5, 2.5, 0.4], "mu_star_high": [1.5, 3.5, 0.6],
        "mu": [1.0, -3.0, 0.0], "sigma": [0.1, 0.2, 0.3],
    }
)  # fmt: skip


def widths(figure: Figure) -> list[float]:
    return [round(float(bar.get_width()), 6) for bar in figure.axes[0].patches]


def test_bars_of_effects_stand_strongest_on_top_and_chance_below() -> None:
    sobol = figure_effects(FACTORS, "sobol", "final_accuracy")
    assert widths(sobol) == [0.1, 0.3, 0.6, 0.05, 0.2, 0.5]
    labels = [tick.get_text() for tick in sobol.axes[0].get_yticklabels()]
    assert labels == ["chance (the seed)", "count of flipper", "cost weight"]
    morris = figure_effects(FACTORS, "morris", "final_accuracy")
    assert widths(morris) == [0.5, 1.0, 3.0]
    spread = next(line for line in morris.axes[0].lines if line.get_marker() == "D")
    assert spread.get_xdata().tolist() == [0.1, 0.2]


def test_pareto_set_and_choice_stand_out() -> None:
    trials = pd.DataFrame({"trial": [0, 1, 2], "accuracy": [80.0, 85.0, 70.0], "honest_profit": [5.0, 2.0, 1.0],
                           "pareto": [True, True, False]})  # fmt: skip
    figure = figure_pareto(trials, ["accuracy", "honest_profit"], 1, "t")
    beaten, kept, best = (list(zip(*line.get_data(), strict=True)) for line in figure.axes[0].lines)
    assert beaten == [(70, 1)]
    assert kept == [(80, 5), (85, 2)]
    assert best == [(85, 2)]
    assert "more is better" in figure.axes[0].get_xlabel()
    assert len(figure_pareto(trials, ["accuracy"], 1, "t").axes) == 1


def test_simplex_has_corners_arrows_and_equilibria() -> None:
    pytest.importorskip("nashpy", reason="the extra 'analysis' is not installed")
    from experiments.figures.game import field_of, figure_game

    game = SymmetricGame.of_matrix(("a", "b", "c"), [[3, 0, 0], [5, 1, 0], [0, 0, 0.5]])
    table = field_of(game)
    assert len(table) == 13 * 14 / 2
    assert table[["d_a", "d_b", "d_c"]].sum(axis=1).abs().max() < 1e-12
    figure = figure_game(game, "t")
    assert [text.get_text() for text in figure.axes[0].texts] == ["all a", "all b", "all c"]
    two = figure_game(SymmetricGame.of_matrix(("a", "b"), [[4, 0], [3, 3]]), "t")
    curve = two.axes[0].lines[1]
    assert (curve.get_ydata()[0], curve.get_ydata()[-1]) == (-3, 1)
    dots = sorted(round(float(line.get_xdata()[0])) for line in two.axes[0].lines if line.get_marker() == "o")
    assert dots == [0, 75, 100]


def test_calibration_is_shown_beside_its_rows() -> None:
    rows = [EventRow(60.0 * n, f"s{n % 2}", float(n % 10), (n % 10) < 5 + (n % 3 - 1), None) for n in range(60)]
    figure = figure_calibration(calibrate(events_of(rows)), "t")
    left, right = figure.axes
    fitted = left.lines[-1].get_ydata()
    assert fitted[0] > 99
    assert fitted[-1] < 1
    assert right.lines[0].get_ydata()[-1] == 0


@pytest.fixture(scope="module")
def result() -> Result:
    return run(load_scenario("quickstart", {"data.size": 400, "horizon": "30d"}))


def test_lorenz_curve_of_takes(result: Result) -> None:
    table = takes_of(result)
    assert table["taken_units"].is_monotonic_increasing
    assert table["takes_percent"].iloc[-1] == pytest.approx(100)
    assert len(table) == 15
    figure = figure_takes(result)
    curve = figure.axes[0].lines[1]
    assert (curve.get_ydata() <= curve.get_xdata() + 1e-9).all()


def test_files_of_a_figure_are_the_same_twice(tmp_path: Any) -> None:
    first, second = (
        [path.read_bytes() for path in save(drawn_effects(FACTORS, "sobol", "final_accuracy"), tmp_path / name)]
        for name in ("one", "two")
    )
    assert first == second
