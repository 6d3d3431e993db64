"""The course over time, and all figures of a sweep together: which, what they say, what is in their files."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from experiments.design import Design, Grid, Points, Zip
from experiments.figures import Drawn, save, sweep_figures
from experiments.figures.levers import levers_of
from experiments.figures.over_time import courses_of, figure_over_time
from experiments.figures.prices import figure_prices, prices_of
from experiments.figures.run import GroupLook
from experiments.figures.telling import telling_points
from experiments.scenario import load_scenario
from tests.experiments.sweeps import HOUR, LIMIT, WEEK, T, W, legend, made

# -- over time ---------------------------------------------------------------------------------------------------------


def point_at(table: Any, weight: int, window: int) -> int:
    runs = table[0]
    return int(runs.loc[(runs[W] == weight) & (runs[T] == window), "point"].iloc[0])


def test_courses_are_means_with_bands(two: Any) -> None:
    point = point_at(two, 1, HOUR)
    courses = courses_of(two[1], two[0], {point: "here"})
    honest = courses[courses["line"] == "honest"].set_index("day")
    assert honest.loc[1, "percent"] == pytest.approx(110), "100, 110 and 120 % of 1,000"
    assert honest.loc[1, "percent_high"] == pytest.approx(110 + 4.303 * 10 / math.sqrt(3), abs=0.01)
    assert honest.loc[3, "percent"] == pytest.approx((100 + 120 + 160) / 3), "an economy that is over stays as it was"
    accuracy = courses[courses["line"] == "accuracy"].set_index("day")
    assert accuracy.loc[0, "percent"] == 50


def test_seeds_that_disagree_have_lines_of_their_own(two: Any) -> None:
    calm, mixed = point_at(two, 1, WEEK), point_at(two, 10, HOUR)
    figure = figure_over_time(two[1], two[0], {calm: "Calm\ncost weight 1", mixed: "Mixed"})
    first, second = figure.axes
    assert (len(first.get_lines()), len(second.get_lines())) == (3, 9)
    assert (len(first.collections), len(second.collections)) == (3, 0), "bands where seeds agree"
    assert first.get_title(loc="left") == "Calm\ncost weight 1"
    ends = sorted(round(line.get_ydata()[-1]) for line in second.get_lines() if line.get_color() == "#000000")
    assert ends[-1] == 90
    assert ends[0] == pytest.approx(50 - 2 * 20 / 3, abs=0.5), "the captured seed, which ended after two days"
    assert first.get_lines()[1].get_ydata() == pytest.approx([100, 110, 120, 380 / 3])
    assert (first.get_xlim(), first.get_ylim()[0]) == ((0, 3), 0)
    assert first.get_ylim()[1] >= 160
    assert legend(figure)[-1] == "each seed, where some were captured"
    assert len(legend(figure)) == 4


def test_prices_against_willingness(two: Any) -> None:
    calm, mixed = point_at(two, 1, WEEK), point_at(two, 10, HOUR)
    groups = [GroupLook("good", 1000.0, False, 50.0, 10.0), GroupLook("bad", 500.0, True, 20.0)]
    figure = figure_prices(two[1], two[0], {calm: "Calm", mixed: "Mixed"}, {calm: groups, mixed: groups})
    first, second = figure.axes
    lines = {line.get_color(): line for line in first.get_lines()}
    assert len(lines["#8A8A8A"].get_xdata()) == 9, "three seeds, three days with a sample on offer"
    assert lines["#222222"].get_xydata().tolist() == [[0, 10], [1, 20], [2, 40]]
    assert set(lines["#0072B2"].get_ydata()) == {50.0}
    assert set(lines["#D55E00"].get_ydata()) == {20.0}
    (band,) = first.patches
    assert (band.get_y(), band.get_height()) == (40, 20)
    assert first.get_yscale() == "log"
    assert (first.get_ylabel(), second.get_xlabel()) == ("price (units)", "days since the start")
    assert len([line for line in second.get_lines() if line.get_color() == "#222222"]) == 2, "captured and saved seeds"
    assert len(legend(figure)) == 5
    assert "median of each day of captured seeds where seeds disagree" in legend(figure)
    assert "median of each day of all seeds, or of the others" in legend(figure)
    assert "median of each day" in legend(figure_prices(two[1], two[0], {calm: "Calm"}, {}))
    assert set(prices_of(two[1], two[0], {mixed: ""})["seeds"]) == {"captured", "not captured"}


def test_free_contributions_are_told_and_not_an_empty_panel(two: Any) -> None:
    runs, series, _ = two
    free, dear = point_at(two, 1, WEEK), point_at(two, 10, HOUR)
    series = series.assign(price_units=series["price_units"].where(series["point"] != free, 0.0))
    figure = figure_prices(series, runs, {free: "Free", dear: "Dear"}, {})
    first, second = figure.axes
    assert [text.get_text() for text in first.texts] == ["contributions are free"]
    assert not second.texts


def test_telling_points(two: Any, three: Any, one: Any) -> None:
    assert telling_points(one[0], levers_of(one[2])) == {0: "", 1: "", 2: ""}, "of few points all"
    told = telling_points(three[0], levers_of(three[2]))
    runs = three[0].drop_duplicates("point").set_index("point")
    where = {
        why: (runs.loc[point, LIMIT], round(runs.loc[point, W]), runs.loc[point, T]) for point, why in told.items()
    }
    assert where == {
        "Lowest accuracy": ("100 ± 10", 20, HOUR),
        "The same but for cost weight": ("100 ± 10", 1, HOUR),
        "The same but for refund window": ("100 ± 10", 20, WEEK),
        "Seeds disagree most": ("100 ± 10", 10, HOUR),
        "Highest accuracy": ("100 ± 10", 10, WEEK),
    }, "and the limit alone changes nothing in this table"


# -- all figures of a sweep --------------------------------------------------------------------------------------------

OF_A_DESIGN = ["accuracy", "honest-profit", "captured", "phases", "seeds", "over-time", "prices", "accepted"]


@pytest.fixture(scope="module")
def drawn(three: Any) -> list[Drawn]:
    return sweep_figures(*three)


def test_which_figures_a_design_gets(drawn: list[Drawn], one: Any, two: Any) -> None:
    assert [figure.name for figure in drawn] == OF_A_DESIGN
    assert [figure.name for figure in sweep_figures(*one)] == OF_A_DESIGN
    assert [figure.name for figure in sweep_figures(*made(Points([{}], 3)))] == ["seeds", "over-time", "prices"]
    failed = two[0].assign(status="failed")
    assert sweep_figures(failed, two[1].iloc[:0], two[2]) == []


def test_titles_and_captions_say_what_is_seen(drawn: list[Drawn]) -> None:
    titles = {figure.name: figure.title for figure in drawn}
    assert titles["accuracy"] == "Final accuracy by cost weight and refund window: 10 to 90 %"
    assert titles["honest-profit"] == "Profit of the honest by cost weight and refund window: −90 to +90 %"
    assert titles["captured"].endswith("all seeds at 2, some at 2, none at 8 points")
    assert titles["phases"].endswith("4 safe, 2 priced out, 2 wallet-locked, 2 captured, 2 where seeds disagree")
    for figure in drawn:
        assert figure.figure.get_suptitle().replace("\n", " ") == figure.title
        assert figure.caption.endswith(
            "Naive Bayes on Subjectivity v1.0 (film plots and reviews); 12 points × 3 seeds, 2 failed runs left out."
        )


def test_data_are_the_numbers_shown(drawn: list[Drawn], three: Any) -> None:
    data = {figure.name: figure.data for figure in drawn}
    accuracy = data["accuracy"].set_index([LIMIT, W, T])
    assert accuracy.loc[("50", 1, HOUR), "accuracy_percent"] == pytest.approx(86)
    assert accuracy.loc[("50", 1, HOUR), "accuracy_percent_high"] == pytest.approx(86 + 4.968, abs=0.001)
    assert accuracy["mixed"].sum() == 2
    assert len(data["seeds"]) == 36 - 2
    assert data["phases"].set_index([LIMIT, W, T]).loc[("100 ± 10", 10, WEEK), "phase"] == "wallet-locked"
    assert set(data["over-time"]["line"]) == {"accuracy", "honest", "adversary"}
    assert data["over-time"]["name"].str.startswith("willingness to pay of flipper").all()


@pytest.mark.parametrize("design", [Grid({W: [1, 10, 20]}), Grid({W: [1, 10, 20], T: ["1h", "7d"]})], ids=str)
def test_single_runs_claim_no_interval(design: Design) -> None:
    figures = sweep_figures(*made(design))
    assert [figure.name for figure in figures] == OF_A_DESIGN
    for figure in figures:
        words = " ".join([figure.caption, *legend(figure.figure)])
        assert not re.search("interval|95 %|mean over seeds|seeds disagree", words), figure.name


def test_synthetic_data_are_called_so(one: Any) -> None:
    runs, series, experiment = one
    made_up = replace(
        experiment, scenario=load_scenario("imdb-like", {"data.size": 200}), check=False, design=Points([{}], 3)
    )
    for figure in sweep_figures(runs[runs["point"] == 0], series[series["point"] == 0], made_up):
        assert figure.title.endswith(" – synthetic data, not real")
        assert "synthetic" in figure.caption


def test_nothing_overlaps_and_all_can_be_read(drawn: list[Drawn]) -> None:
    for figure in (one.figure for one in drawn):
        figure.draw_without_rendering()
        whole = figure.bbox
        for text in figure.findobj(Text):
            if text.get_visible() and text.get_text().strip():
                assert text.get_fontsize() >= 8
        for words in visible_texts(figure):
            box = words.get_window_extent()
            assert box.x0 >= whole.x0 - 1, words
            assert box.x1 <= whole.x1 + 1, words
            assert box.y0 >= whole.y0 - 1, words
            assert box.y1 <= whole.y1 + 1, words
        below = figure.legends[0].get_window_extent() if figure.legends else None
        panels = [axes.get_window_extent() for axes in figure.axes]
        assert below is None or not any(below.overlaps(panel) for panel in panels), "the legend is beside the data"
        assert not any(one.overlaps(other) for one, other in combinations(panels, 2))
        head = figure._suptitle.get_window_extent()  # type: ignore[attr-defined]
        assert not any(head.overlaps(axes.get_tightbbox()) for axes in figure.axes)


def visible_texts(figure: Figure) -> Iterator[Text]:
    """Headline, names of panels, labels of axes, legend."""
    yield figure._suptitle  # type: ignore[attr-defined]
    for axes in figure.axes:
        candidates = [axes.xaxis.label, axes.yaxis.label, axes._left_title]  # type: ignore[attr-defined]
        yield from (text for text in candidates if text.get_visible() and text.get_text())
    for box in figure.legends:
        yield from box.get_texts()


@pytest.mark.parametrize(
    "design",
    [
        Zip({W: [1, 10], T: ["1h", "7d"]}, replications=3),
        Grid({W: [1, 10, 20]}, replications=1),
        Grid({T: ["1h", "7d"], "agents.flipper.kind": ["label_flipper"]}, replications=3),
        Points([{W: 1, T: "1h"}, {W: 10, T: "7d"}, {W: 10, T: "7d", "data.shuffle": False}], replications=3),
    ],
    ids=str,
)
def test_any_design_can_be_drawn(design: Design) -> None:
    figures = sweep_figures(*made(design))
    assert [figure.name for figure in figures] == OF_A_DESIGN
    for figure in figures:
        figure.figure.draw_without_rendering()


def test_missing_values_do_no_harm(two: Any) -> None:
    runs, series = two[0].copy(), two[1].copy()
    for table in (runs, series):
        columns = [column for column in table if column.startswith("honest")]
        table[columns] = np.nan
    series["price_units"] = np.nan
    figures = sweep_figures(runs, series, two[2])
    assert [figure.name for figure in figures] == ["accuracy", "captured", "seeds", "over-time", "accepted"]
    assert {figure.name: figure.title for figure in figures}["seeds"] == "Every run: final accuracy"
    for figure in figures:
        figure.figure.draw_without_rendering()


def test_files_are_the_same_each_time(one: Any, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        for figure in sweep_figures(*one):
            paths = save(figure, tmp_path / folder)
            assert [path.name for path in paths] == [f"{figure.name}.{ending}" for ending in ("png", "svg", "csv")]
    first, second = (sorted((tmp_path / folder).iterdir()) for folder in ("one", "two"))
    assert [path.name for path in first] == [path.name for path in second]
    assert len(first) == 3 * len(OF_A_DESIGN), "nothing unfinished is left"
    for path, other in zip(first, second, strict=True):
        assert path.read_bytes() == other.read_bytes(), path.name
    svg = (tmp_path / "one" / "phases.svg").read_text(encoding="utf-8")
    assert "<dc:date>" not in svg
    assert "captured" in svg, "texts are texts"
    table = pd.read_csv(tmp_path / "one" / "accuracy.csv")
    assert table["accuracy_percent"].tolist() == pytest.approx([86, (90 + 30 + 86) / 3, 12])
