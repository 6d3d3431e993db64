"""What a figure draws: lines, limits and labels, on fixed data."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.figures import GroupLook, colours_of, figure_of, figure_run, save_figure
from experiments.result import Result

SERIES = pd.DataFrame(
    {
        "time_s": [0, 86_400, 172_800],
        "day": [0.0, 1.0, 2.0],
        "accuracy": [0.6, 0.7, 0.8],
        "price_units": [1.0, 2.0, float("nan")],
        "accepted": [0, 1, 2],
        "balance_good_units": [100.0, 90.0, 150.0],
        "locked_good_units": [0.0, 10.0, 0.0],
        "balance_bad_units": [50.0, 25.0, 0.0],
        "locked_bad_units": [0.0, 5.0, 0.0],
    }
)
ADDS = pd.DataFrame(
    {
        "time_s": [43_200, 86_400, 129_600],
        "group": ["good", "bad", "good"],
        "deposit_units": [5.0, 8.0, 0.0],
        "true_label": [True, False, True],
    }
)
GROUPS = (GroupLook("good", 100.0, False, 50.0, 10.0), GroupLook("bad", 50.0, True, 20.0, 0.0))


@pytest.fixture
def figure() -> Figure:
    return figure_run(SERIES, ADDS, GROUPS, title="A title", baseline=0.9, initial=0.6)


def lines(axes: Any) -> dict[str, Any]:
    return {line.get_label(): line for line in axes.get_lines()}


def test_accuracy_and_balances_in_percent_against_days(figure: Figure) -> None:
    above = lines(figure.axes[0])
    assert above["accuracy of the model (began at 60.0 %)"].get_xydata() == pytest.approx(
        np.array([[0, 60], [1, 70], [2, 80]])
    )
    assert above["money of good (100 % = 100 units)"].get_ydata() == pytest.approx([100, 90, 150])
    assert above["money of bad (100 % = 50 units)"].get_ydata() == pytest.approx([100, 50, 0])
    assert set(above["accuracy when trained at once on the whole training set (90.0 %)"].get_ydata()) == {90.0}
    shaded = figure.axes[0].collections[0].get_paths()[0].vertices
    assert shaded[:, 1].max() == pytest.approx(150)
    assert [1.0, 100.0] in shaded.tolist(), "money and locked deposits of day 1 make up 100 %"


def test_deposits_against_willingness_to_pay(figure: Figure) -> None:
    axes = figure.axes[1]
    below = lines(axes)
    assert axes.get_yscale() == "log"
    assert below["deposits paid by good"].get_xydata() == pytest.approx(np.array([[0.5, 5.0]])), (
        "0 is not on a log scale"
    )
    assert below["deposits paid by bad"].get_xydata() == pytest.approx(np.array([[1.0, 8.0]]))
    assert set(below["willingness to pay of good (mean ± 1 sd)"].get_ydata()) == {50.0}
    assert set(below["willingness to pay of bad"].get_ydata()) == {20.0}
    band = axes.patches[0].get_window_extent().transformed(axes.transData.inverted())
    assert (band.y0, band.y1) == pytest.approx((40, 60))
    assert len(axes.patches) == 1


def test_labels_limits_and_legends(figure: Figure) -> None:
    above, below = figure.axes
    assert figure.get_suptitle() == "A title"
    assert above.get_xlim() == below.get_xlim() == (0, 2)
    assert above.get_ylim()[0] == 0
    assert above.get_ylim()[1] >= 150
    assert "%" in above.get_ylabel()
    assert "units" in below.get_ylabel()
    assert below.get_xlabel() == "days since the start"
    texts = [text.get_text() for axes in figure.axes for text in axes.get_legend().get_texts()]
    assert len(texts) == 9
    assert "shaded: its deposits in the contract" in texts


def test_colours_tell_groups_apart() -> None:
    many = [GroupLook(f"{harm}{i}", 1.0, harm) for harm in (False, True) for i in range(5)]
    looks = colours_of(many)
    assert len({(colour, str(dash)) for colour, dash in looks.values()}) == 10
    assert {looks[f"False{i}"][0] for i in range(5)}.isdisjoint({looks[f"True{i}"][0] for i in range(5)})


def test_a_run_in_which_nothing_happened_can_be_drawn(tmp_path: Path) -> None:
    figure = figure_run(SERIES.iloc[:1], ADDS.iloc[:0], (GroupLook("good", 0.0, False),), title="Empty", baseline=0.5)
    assert save_figure(figure, tmp_path, "empty")


def test_synthetic_data_are_called_so(result: Result) -> None:
    from dataclasses import replace

    assert "synthetic" not in figure_of(result).get_suptitle().lower()
    made_up = replace(result, synthetic=True, dataset_title="Reviews")
    assert figure_of(made_up).get_suptitle() == "quickstart: naive Bayes on Reviews (synthetic) – not real data"


def test_files_are_the_same_each_time(figure: Figure, tmp_path: Path) -> None:
    for name in ("one", "two"):
        paths = save_figure(figure, tmp_path, name)
        assert [path.name for path in paths] == [f"{name}.png", f"{name}.svg"]
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert (tmp_path / "one.png").read_bytes()[:4] == b"\x89PNG"
    assert len(list(tmp_path.iterdir())) == 4, "nothing unfinished is left"
