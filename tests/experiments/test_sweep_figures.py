"""What single figures of a sweep draw: cells, lines, labels and legends, on tables made by hand."""

import math
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib import colormaps
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.contour import QuadContourSet
from matplotlib.patches import Polygon, Rectangle

from experiments.design import Zip
from experiments.figures.accepted import ROLE_COLOURS, accepted_of, figure_accepted
from experiments.figures.levers import layout, lever_of, levers_of
from experiments.figures.maps import LOSS_TO_GAIN, figure_accuracy, figure_captured, figure_honest_profit
from experiments.figures.phases import figure_phases
from experiments.figures.points import half_width, points_of
from experiments.figures.seeds import figure_seeds
from experiments.figures.style import PHASE_COLOURS
from experiments.metrics import mean_interval
from tests.experiments.sweeps import HOUR, LIMIT, WEEK, T, W, axes_of, legend, made, outcome


def texts(axes: Any) -> dict[tuple[int, int], list[str]]:
    """What stands in each cell, from below left."""
    cells: dict[tuple[int, int], list[str]] = {}
    for text in sorted(axes.texts, key=lambda text: text.get_position()):
        x, y = text.get_position()
        cells.setdefault((round(x), round(y)), []).append(text.get_text())
    return cells


def fills(axes: Any) -> dict[tuple[int, int], list[tuple[float, ...]]]:
    """The colours of each cell: one, or those of its two halves."""
    found: dict[tuple[int, int], list[tuple[float, ...]]] = {}
    for patch in axes.patches:
        if patch.get_fill():
            if isinstance(patch, Rectangle):
                middle = patch.get_center()
            else:
                assert isinstance(patch, Polygon)
                middle = patch.get_xy().mean(axis=0)
            found.setdefault((round(middle[0]), round(middle[1])), []).append(patch.get_facecolor())
    return found


def frames(axes: Any) -> list[tuple[int, int]]:
    return [tuple(map(round, patch.get_center())) for patch in axes.patches
            if isinstance(patch, Rectangle) and not patch.get_fill()]  # fmt: skip


def lines_of(axes: Any) -> list[Any]:
    """Vertices of the contour lines, an array for each contour."""
    contours = [artist for artist in axes.collections if isinstance(artist, QuadContourSet)]
    return [np.concatenate([path.vertices for path in contour.get_paths()]) for contour in contours]


def crosses(vertices: Any, x: float, y: float) -> bool:
    """Whether a line runs through a point."""
    for one_end, other in pairwise(vertices):
        t = np.linspace(0, 1, 200)[:, None]
        if np.hypot(*((one_end + t * (other - one_end)) - (x, y)).T).min() < 0.01:
            return True
    return False


def ticks(axis: Any) -> list[str]:
    return [label.get_text() for label in axis.get_ticklabels()]


# -- levers ------------------------------------------------------------------------------------------------------------


def test_levers_are_in_the_words_of_the_design_and_in_the_order_of_their_values(two: Any, three: Any) -> None:
    weight, window = levers_of(two[2])
    assert (weight.title, weight.texts, weight.values, weight.numeric) == (
        "cost weight",
        ("1", "10", "20"),
        (1, 10, 20),
        True,
    )
    assert (window.title, window.texts, window.values, window.unit) == (
        "refund window",
        ("1 h", "7 d"),
        (HOUR, WEEK),
        "",
    )
    limit = levers_of(three[2])[0]
    assert (limit.texts, limit.unit, limit.numeric) == (("100 ± 10", "50"), "units", False)
    assert limit.said(1) == "willingness to pay of flipper 50 units"
    assert limit.places(three[0][LIMIT].iloc[[0, -1]]).tolist() == [0, 1], "beside text, numbers are text in the table"


def test_levers_of_a_table_alone() -> None:
    table = pd.DataFrame({T: [WEEK, HOUR, 5400], "agents.a.balance": [5.0, 10.0, 7.5], LIMIT: [30.0, None, 10.0]})
    assert lever_of(table, T).texts == ("1 h", "90 min", "7 d")
    assert (lever_of(table, "agents.a.balance").texts, lever_of(table, "agents.a.balance").unit) == (
        ("5", "7.5", "10"),
        "units",
    )
    assert lever_of(table, LIMIT).texts == ("10 units", "30 units", "no limit"), "no limit is more than any number"


def test_axes_are_the_numeric_levers_of_most_values(two: Any, three: Any, one: Any) -> None:
    assert [lever.path for lever in axes_of(three)[:2]] == [W, T]
    assert [lever.path for lever in axes_of(three).others] == [LIMIT]
    assert (axes_of(one).x.path, axes_of(one).y) == (W, None), "a lever of one value is no axis"
    together = made(Zip({W: [1, 10, 20], T: ["1h", "7d", "7d"]}, replications=3))
    assert axes_of(together).y is None
    assert axes_of(together).x.texts == ("1, 1 h", "10, 7 d", "20, 7 d")
    by_name = layout(two[0], W, T)
    assert (by_name.x, by_name.y) == axes_of(two)[:2]


# -- maps --------------------------------------------------------------------------------------------------------------


def test_accuracy_map(two: Any) -> None:
    figure = figure_accuracy(two[0], axes_of(two), "A title")
    axes, bar = figure.axes
    assert figure.get_suptitle() == "A title"
    assert texts(axes) == {
        (0, 0): ["86.0\n± 5.0"],  # 4.303 × 2 / √3
        (0, 1): ["80.0\n± 0.0"],
        (1, 0): ["30.0", "90.0"],
        (1, 1): ["87.0\n± 2.5"],
        (2, 0): ["12.0\n± 5.0"],
        (2, 1): ["81.0\n± 12.7"],  # two seeds: 12.706 × 1.414 / √2
    }
    cividis = colormaps["cividis"]  # from 10 to 90 %, the values' own limits in tens
    colours = fills(axes)
    assert colours[(0, 0)] == [pytest.approx(cividis((86 - 10) / 80))]
    assert colours[(1, 0)] == [pytest.approx(cividis(0.25)), pytest.approx(cividis(1.0))]
    assert frames(axes) == [(1, 0)]
    assert bar.get_ylabel() == "final accuracy (%)"
    assert bar.get_ylim() == (10, 90)
    assert (ticks(axes.xaxis), ticks(axes.yaxis)) == (["1", "10", "20"], ["1 h", "7 d"])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("cost weight", "refund window")
    assert (axes.get_xlim(), axes.get_ylim()) == ((-0.5, 2.5), (-0.5, 1.5))
    assert legend(figure) == ["seeds disagree (some captured): lowest | highest"]


def test_profit_map_has_its_zero_line_where_it_changes_sign(two: Any) -> None:
    figure = figure_honest_profit(two[0], axes_of(two))
    axes, bar = figure.axes
    assert texts(axes)[(1, 0)] == ["−30.0", "+90.0"]
    assert texts(axes)[(2, 0)] == ["−90.0\n± 0.0"]
    assert bar.get_ylim() == (-90, 90), "white is zero"
    assert fills(axes)[(1, 1)] == [pytest.approx(LOSS_TO_GAIN((80 + 90) / 180))]
    (zero,) = lines_of(axes)
    assert crosses(zero, 1 + 40 / 130, 0), "between the mean of (10, 1 h), +40, and that of (20, 1 h), −90"
    assert crosses(zero, 2, 90 / 110), "between (20, 1 h), −90, and (20, 7 d), +20"
    assert legend(figure)[0] == "0 %, interpolated between cells"
    gains = two[0].assign(honest_profit_percent=two[0]["honest_profit_percent"].abs())
    without = figure_honest_profit(gains, axes_of(two))
    assert lines_of(without.axes[0]) == []
    assert len(legend(without)) == 1


def test_map_of_capture_says_how_sure_it_is(two: Any) -> None:
    axes = figure_captured(two[0], axes_of(two)).axes[0]
    assert texts(axes) == {
        (0, 0): ["0 %\n[0, 56]"],  # Wilson: z²/(n + z²) = 3.84/6.84
        (0, 1): ["0 %\n[0, 56]"],
        (1, 0): ["33 %\n[6, 79]"],
        (1, 1): ["0 %\n[0, 56]"],
        (2, 0): ["100 %\n[44, 100]"],
        (2, 1): ["0 %\n[0, 66]"],
    }
    assert frames(axes) == [(1, 0)]


def test_further_levers_make_panels(three: Any) -> None:
    figure = figure_accuracy(three[0], axes_of(three))
    first, second, _ = figure.axes
    assert first.get_title(loc="left") == "willingness to pay of flipper 100 ± 10 units"
    assert second.get_title(loc="left") == "willingness to pay of flipper 50 units"
    assert texts(first) == texts(second), "the table is the same for both"
    assert len(texts(first)) == 6
    assert second.get_xlabel() == "cost weight"
    assert (first.yaxis.label.get_visible(), second.yaxis.label.get_visible()) == (True, False), "beside each other"


def test_a_cell_whose_runs_all_failed_says_so(two: Any) -> None:
    runs = two[0].copy()
    runs.loc[runs["point"] == 0, "status"] = "failed"
    for draw in (figure_accuracy, figure_honest_profit, figure_captured, figure_phases):
        axes = draw(runs, axes_of(two)).axes[0]
        assert texts(axes)[(2, 0)] == ["failed"], "point 0 is (20, 1 h)"
        assert (2, 0) not in fills(axes)


# -- phases ------------------------------------------------------------------------------------------------------------


def test_phases_and_lines_where_an_index_is_one(two: Any) -> None:
    figure = figure_phases(two[0], axes_of(two))
    (axes,) = figure.axes
    colour = {phase: [pytest.approx(to_rgba(value))] for phase, value in PHASE_COLOURS.items()}
    assert fills(axes) == {
        (0, 0): colour["safe"],
        (0, 1): colour["safe"],
        (1, 0): colour["captured"] + colour["safe"],
        (1, 1): colour["wallet-locked"],
        (2, 0): colour["captured"],
        (2, 1): colour["priced out"],
    }
    assert texts(axes) == {
        (0, 0): ["100 %"], (0, 1): ["100 %"], (1, 0): ["1", "2"], (1, 1): ["20 %"], (2, 0): ["40 %"], (2, 1): ["30 %"],
    }  # fmt: skip
    price, capital = lines_of(axes)
    # Indices grow by powers, so logarithms are interpolated: from 1/5 to 2, 1 lies at log 5 / log 10 of the way.
    assert crosses(price, math.log10(5), 0)
    assert crosses(price, math.log10(5), 1)
    assert crosses(capital, math.log10(5), 1)
    short = math.log(20 * HOUR / WEEK / 5)
    assert crosses(capital, 2, -short / (math.log(4) - short))
    assert legend(figure) == [
        "safe", "priced out", "wallet-locked", "captured", "price index 1: deposit = most the honest pay",
        "capital index 1: deposits = money of the honest", "seeds disagree: numbers of seeds",
    ]  # fmt: skip


def test_phases_can_be_told_apart_by_everyone() -> None:
    # Machado, Oliveira & Fernandes 2009: protanopia, deuteranopia, tritanopia.
    blind = (
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    )
    for colours in (PHASE_COLOURS, ROLE_COLOURS):
        for sight in (np.eye(3), *map(np.array, blind)):
            seen = [sight @ np.array(to_rgb(colour)) for colour in colours.values()]
            assert min(np.abs(one - other).max() for one, other in combinations(seen, 2)) > 0.15


def test_points_table_in_numbers(two: Any) -> None:
    table = points_of(two[0], levers_of(two[2])).set_index([W, T])
    mixed = table.loc[(10, HOUR)]
    assert mixed["mixed"]
    assert mixed["accuracy_percent_min"] == pytest.approx(30)
    assert mixed["accuracy_percent_max"] == pytest.approx(90)
    assert mixed["accepted_percent"] == pytest.approx(60), "of the seeds that were not captured"
    failed = table.loc[(20, WEEK)]
    assert (failed["runs"], failed["failed"]) == (3, 1)
    assert failed["wallet_locked_percent"] == pytest.approx(10)
    alone = points_of(two[0][two[0]["replication"] == 0])
    assert alone["accuracy_percent_low"].isna().all(), "a single seed has no interval"
    assert alone["captured_percent_low"].isna().all()


def test_half_widths_are_those_of_the_metrics() -> None:
    values = np.array([3.0, 4.0, 8.0, 9.5])
    expected = mean_interval(values)
    assert half_width(values.std(ddof=1), 4) == pytest.approx(expected.high - expected.estimate)


# -- along one lever ---------------------------------------------------------------------------------------------------


def test_one_lever_gives_a_line_with_a_gap_where_seeds_disagree(one: Any) -> None:
    figure = figure_accuracy(one[0], axes_of(one))
    (axes,) = figure.axes
    mean, lowest, highest = (line for line in axes.get_lines() if line.get_marker() == "o")
    assert mean.get_xdata().tolist() == [0, 1, 2]
    assert mean.get_ydata() == pytest.approx([86, np.nan, 12], nan_ok=True)
    assert (lowest.get_xydata().tolist(), highest.get_xydata().tolist()) == (
        [[1.0, pytest.approx(30)]],
        [[1.0, pytest.approx(90)]],
    )
    bars = next(artist for artist in axes.collections if isinstance(artist, LineCollection))
    ends = bars.get_segments()[0][:, 1]
    assert ends == pytest.approx([86 - 4.968, 86 + 4.968], abs=0.001)
    assert ticks(axes.xaxis) == ["1", "10", "20"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("cost weight", "final accuracy (%)")
    assert len(legend(figure)) == 2


def test_one_lever_gives_a_strip_of_phases_with_an_index_line(one: Any) -> None:
    (axes,) = figure_phases(one[0], axes_of(one)).axes
    assert sorted(fills(axes)) == [(0, 0), (1, 0), (2, 0)]
    price = lines_of(axes)[0]
    assert price[:, 0] == pytest.approx(math.log10(5))
    assert ticks(axes.yaxis) == []


# -- seeds, accepted samples -------------------------------------------------------------------------------------------


def test_every_good_run_is_a_dot(two: Any) -> None:
    figure = figure_seeds(two[0], axes_of(two))
    accuracy, profit = figure.axes
    dots = [line for line in accuracy.get_lines() if line.get_linestyle() == "None"]
    assert [len(line.get_xdata()) for line in dots] == [9, 8], "three weights × three seeds; one run failed"
    at_ten = {round(y) for x, y in dots[0].get_xydata() if round(x) == 1}
    assert at_ten == {30, 86, 90}
    assert all(x < 0.5 for x, y in dots[0].get_xydata() if round(y) in (84, 88)), "weight 1 stands in its own strip"
    first, second = (sorted(line.get_xdata()) for line in dots)
    assert max(first[:3]) < min(second[:3]), "values of the second lever stand beside each other"
    assert {round(y) for y in profit.get_lines()[1].get_ydata()} == {50, 90, -30, 60, -90}
    assert [list(line.get_ydata()) for line in accuracy.get_lines() if line.get_linestyle() == "--"] == [[50, 50]]
    assert legend(figure) == ["1 h", "7 d"]
    assert len({line.get_color() for line in dots}) == len({line.get_marker() for line in dots}) == 2
    assert ("captured below" in accuracy.get_ylabel()) & ("profit" in profit.get_ylabel())


def test_accepted_samples_by_role_stack_to_all(two: Any) -> None:
    figure = figure_accepted(two[0], axes_of(two))
    short, long = figure.axes
    assert (short.get_title(loc="left"), long.get_title(loc="left")) == ("refund window 1 h", "refund window 7 d")
    bars = [patch for patch in short.patches if patch.get_fill() and patch.get_facecolor()[3] > 0]
    honest = {
        (bar.get_center()[0], bar.get_height())
        for bar in bars
        if bar.get_facecolor() == to_rgba(ROLE_COLOURS["honest"])
    }
    assert sorted(honest) == [
        (0, pytest.approx(70)), (pytest.approx(0.8), pytest.approx(20)), (pytest.approx(1.2), pytest.approx(70)),
        (2, pytest.approx(70)),
    ]  # fmt: skip
    assert {round(bar.get_y() + bar.get_height()) for bar in bars if bar.get_y() > 0} == {100}
    assert short.get_ylim() == (0, 100)
    assert legend(figure) == ["honest contributors", "adversaries", "seeds disagree: captured (framed) | others"]
    table = accepted_of(two[0], levers_of(two[2]))
    assert table.groupby("seeds").size().to_dict() == {"all": 5, "captured": 1, "not captured": 1}


def test_many_values_are_drawn_without_texts_that_do_not_fit() -> None:
    values = [{W: weight, T: window} for weight in range(1, 31) for window in range(1, 11)]
    rows = [
        {"point": number, "replication": 0, "status": "ok", W: float(point[W]), T: point[T], **outcome({}, 0)}  # type: ignore[dict-item]
        for number, point in enumerate(values)
    ]
    runs = pd.DataFrame(rows).assign(captured=False)
    figure = figure_accuracy(runs, layout(runs, W, T))
    assert len(fills(figure.axes[0])) == 300
    assert texts(figure.axes[0]) == {}
    figure.draw_without_rendering()
    labels = [label.get_window_extent() for label in figure.axes[0].xaxis.get_ticklabels()]
    assert not any(one.overlaps(other) for one, other in pairwise(labels))
