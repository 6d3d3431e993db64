"""`deca10b reproduce`: verdicts by hand, measurements against what is known without them, and what people see."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.baselines import PUBLISHED
from experiments.cli_reproduce import cells
from experiments.reproduction import TARGETS, chosen_targets, golden, imdb, market, reproduce
from experiments.reproduction.figure import courses_of, drawn_of
from experiments.reproduction.targets import IMDB_FIGURE, Published, Target
from experiments.reproduction.verdicts import DIFFERS, MET, UNCHECKED, Measured, judge, row_of
from experiments.runner import run
from experiments.scenario import load_scenario
from sim.data import DATASETS, is_available
from sim.errors import ConfigError
from tests.reproduction.page import PAGE, printed, table_in

NUMBER = Published("x", "a number", 10.0, "a book", 8.0, 12.0, because="the moon was full")


ON_THE_PAGE = {"imdb"}
"""Sets of the user's folder that were at hand when the page was written."""


def has_data_of_the_page(target: Target) -> bool:
    """Whether the target's data are at hand, or not at hand, as they were for the page."""
    (entry,) = [entry for entry in DATASETS if entry.name == target.data] or [None]
    return entry is None or not entry.needs or is_available(entry) == (entry.name in ON_THE_PAGE)


# -- verdicts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "verdict"),
    [([8.0], MET), ([12.0], MET), ([7.9], DIFFERS), ([12.1], DIFFERS), ([7.0, 11.0], MET), ([], UNCHECKED)],
)
def test_the_mean_must_lie_within_the_tolerance(values: list[float], verdict: str) -> None:
    assert row_of(NUMBER, values).verdict == verdict


def test_a_difference_is_told_with_its_size_and_reason() -> None:
    assert row_of(NUMBER, [14.0]).reason == "4.0 above the published value; the moon was full"
    assert row_of(NUMBER, [9.0]).reason == ""


def test_intervals_are_students() -> None:
    """Of 1, 2, 3: mean 2, standard deviation 1, and t of two degrees of freedom is 4.303."""
    row = row_of(NUMBER, [1.0, 2.0, 3.0])
    assert row.ours == pytest.approx((2.0, 2 - 4.303 / math.sqrt(3), 2 + 4.303 / math.sqrt(3)), abs=1e-3)


def test_a_published_single_run_must_look_like_one_of_ours() -> None:
    """Of 1, 2, 3: the next one lies within 4.303 sqrt(1 + 1/3) = 4.968 of 2 in 95 of 100 cases."""
    for value, verdict in ((6.9, MET), (7.0, DIFFERS), (-2.9, MET), (-3.0, DIFFERS)):
        number = Published("x", "a number", value, "a run", single_run=True)
        assert row_of(number, [1.0, 2.0, 3.0]).verdict == verdict
        assert row_of(number, [1.0]).verdict == UNCHECKED  # one run has no spread


def test_what_is_missing_or_not_printed_never_counts() -> None:
    assert row_of(NUMBER, [10.0], missing="no file").verdict == UNCHECKED
    assert row_of(Published("x", "a number", None, "a table"), [10.0]).verdict == UNCHECKED


def test_runs_in_which_it_never_happened_are_not_left_out() -> None:
    """Else a mean over the lucky runs would be called met."""
    row = row_of(NUMBER, [10.0, math.nan])
    assert (row.verdict, row.reason) == (DIFFERS, "it did not come to that in 1 of 2 runs")
    assert row_of(NUMBER, [math.nan]).verdict == DIFFERS
    assert json.loads(json.dumps(row.to_dict(), allow_nan=False))["values"] == [10.0, None]


# -- targets ---------------------------------------------------------------------------------------------------------


def test_every_published_baseline_has_a_row() -> None:
    for dataset, published in PUBLISHED.items():
        (target,) = chosen_targets(f"{dataset}-baselines")
        assert published.items() <= {(number.name, number.value) for number in target.numbers}


def test_every_number_has_a_source_and_a_tolerance_around_it() -> None:
    for target in TARGETS:
        for number in target.numbers:
            assert number.source
            if number.value is not None and not number.single_run:
                assert (number.low or -math.inf) <= number.value <= (math.inf if number.high is None else number.high)


def test_a_target_and_seeds_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'golden'"):
        chosen_targets("gloden")
    with pytest.raises(ConfigError, match="1 to 1000"):
        reproduce(TARGETS[0], 0)


# -- measurements ----------------------------------------------------------------------------------------------------


def test_gas_of_the_contracts_own_test() -> None:
    """113,704 gas were measured on the contract; 4 gwei a gas and 373 USD an ether make 0.1696 USD of it."""
    rows = {row.published.name: row for row in reproduce(*chosen_targets("gas")).rows}
    assert rows["bayes_update"].ours.estimate == pytest.approx(113_704, rel=0.003)
    assert rows["bayes_price"].ours.estimate == pytest.approx(0.1696, rel=0.003)
    assert {row.verdict for row in rows.values() if row.published.value is not None} == {MET, UNCHECKED}
    assert [name for name, row in rows.items() if row.verdict == UNCHECKED and not row.values] == ["press"]


def test_market_splits_the_bounty_and_nothing_else() -> None:
    values = market.measure(range(1), "imdb-like").values
    assert values["left"][0] + values["good"][0] + values["bad"][0] == pytest.approx(100_000)
    assert values["below_nothing"] == [0.0]
    assert values["seen"] == [0.0]  # the model that people see is never trained


def test_golden_economy_shares_all_money() -> None:
    """A small one: nobody is ruined by 500 samples, which is told, and all money is Good's or Bad's in the end."""
    values = golden.measure(range(2), samples=500).values
    assert [good + bad for good, bad in zip(values["good"], values["bad"], strict=True)] == pytest.approx([200, 200])
    assert all(math.isnan(day) for day in values["exhausted"])
    assert values["good"][0] > 100 > values["bad"][0]


def test_numbers_of_a_run_of_the_figure() -> None:
    """Good's wallet after a day is that of the snapshot then; other numbers are those of the result."""
    result = run(load_scenario("imdb-like", {"data.size": 700, "data.initial": 100, "record.accuracy_every": "1d"}))
    course = imdb.course_of(result)
    numbers = imdb.numbers_of(result, course)
    (after_a_day,) = course[course["day"] == 1]["Good"]
    assert numbers["day_one"] == pytest.approx(after_a_day)
    assert numbers["good"] + numbers["bad"] == pytest.approx(200)
    assert numbers["added"] == 600
    assert (numbers["ends"], numbers["final"]) == (result.days, 100 * result.final_accuracy)
    assert math.isnan(numbers["exhausted"])


def test_without_data_the_file_is_named_and_a_stand_in_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DECA10B_DATA", raising=False)
    (fitness,), (titanic,) = chosen_targets("fitness-baselines"), chosen_targets("titanic-baselines")
    found = reproduce(fitness, 2)
    assert {row.verdict for row in found.rows} == {UNCHECKED}
    assert found.dataset == "fitness-like"
    assert all(len(row.values) == 2 for row in found.rows)
    assert found.to_dict()["stand_in"] is True
    text = printed(found)
    for words in ("endomondoHR_proper.json", "download", "fitness-like, a synthetic set"):
        assert words in text
    nothing = reproduce(titanic)
    assert (nothing.dataset, [row.verdict for row in nothing.rows]) == ("", [UNCHECKED])
    assert "titanic/train.csv" in printed(nothing)


# -- what people see -------------------------------------------------------------------------------------------------


def course(seed: int, days: list[float], accuracy: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"day": days, "accuracy": accuracy, "Good": accuracy, "Bad": accuracy, "seed": seed})


COURSES = pd.concat([course(0, [0, 1, 2], [80, 70, 60]), course(1, [0, 1], [80, 74])])


def test_a_run_that_is_over_stays_as_it_was_in_the_figure() -> None:
    together = courses_of(COURSES)
    accuracy = together[together["line"] == "accuracy"].set_index("day")
    assert accuracy["percent"].to_dict() == {0: 80, 1: 72, 2: (60 + 74) / 2}
    # of two values 4 apart: t of one degree of freedom is 12.706, times 2.828 / sqrt(2)
    assert accuracy.loc[1, "percent_high"] == pytest.approx(72 + 2 * 12.706, abs=1e-3)


def test_a_figure_of_synthetic_data_says_so() -> None:
    titles = {}
    for dataset in ("imdb", "imdb-like"):
        finding = judge(IMDB_FIGURE, Measured({}, COURSES), 2, dataset=dataset)
        drawn = drawn_of(finding)
        assert drawn is not None
        titles[dataset] = drawn.figure.get_suptitle()
    assert "synthetic" in titles["imdb-like"]
    assert "not real data" in titles["imdb-like"]
    assert "synthetic" not in titles["imdb"]
    assert drawn_of(judge(IMDB_FIGURE, Measured({}), 2)) is None


def test_cells_say_what_is_known() -> None:
    assert cells(row_of(NUMBER, [1.0, 1.0]))[1:] == ("1.0", "1.0 to 1.0", "8.0 to 12.0")
    assert cells(row_of(NUMBER, [])) == ("10.0", "–", "–", "8.0 to 12.0")
    assert cells(row_of(NUMBER, [5.0]))[2] == "one value"
    assert cells(row_of(Published("x", "", None, "", unit="gas", digits=0), [1e6]))[:2] == (
        "not printed",
        "1,000,000 gas",
    )
    assert cells(row_of(Published("x", "", 5.0, "", None, 9.0), [1.0]))[3] == "up to 9.0"
    assert cells(row_of(Published("x", "", 5.0, ""), []))[3] == "–"


def test_command_prints_a_table_and_writes_json(deca10b: Any, tmp_path: Path) -> None:
    answer = deca10b("reproduce", "gas")
    assert answer.code == 0
    assert "113,704 gas" in answer.out
    assert "not printed" in answer.out
    assert "about 1 s" in answer.err
    written = json.loads((tmp_path / "results" / "reproduce" / "reproduction.json").read_text())
    assert [target["name"] for target in written["targets"]] == ["gas"]


def test_json_is_one_document_and_nothing_else(deca10b: Any, tmp_path: Path) -> None:
    answer = deca10b("reproduce", "gas", "--json")
    (target,) = json.loads(answer.out)["targets"]
    assert (answer.code, answer.err) == (0, "")
    row = target["rows"][0]
    assert (row["published"], row["verdict"], row["tolerance"]) == (113_704, "met", [113_363, 114_045])
    assert list(tmp_path.iterdir()) == []


def test_command_refuses_what_it_does_not_know(deca10b: Any) -> None:
    for arguments in (["gass"], ["gas", "--seeds", "0"], ["gas", "--out", ""]):
        answer = deca10b("reproduce", *arguments)
        assert answer.code == 2
        assert "Traceback" not in answer.err


# -- the page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_page_has_every_published_number(target: Target) -> None:
    table = " ".join(table_in(PAGE.read_text(encoding="utf-8"), target.name).split())
    for number in target.numbers:
        published, _, _, tolerance = cells(row_of(number, []))
        assert published in table, number
        assert number.single_run or tolerance in table, number


def test_page_shows_gas_as_it_is_printed() -> None:
    (gas,) = chosen_targets("gas")
    assert table_in(PAGE.read_text(encoding="utf-8"), "gas") == printed(reproduce(gas))


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_page_shows_what_is_printed(target: Target) -> None:
    """All tables again, with the seeds of the page: some minutes."""
    if not has_data_of_the_page(target):
        pytest.skip(f"the page was written with other data at hand: 'deca10b data info {target.data}'")
    assert table_in(PAGE.read_text(encoding="utf-8"), target.name) == printed(reproduce(target))


@pytest.mark.slow
def test_the_papers_figure_is_met() -> None:
    """All but the accuracy of a perceptron trained on everything, which depends on the order of the rows."""
    if not has_data_of_the_page(IMDB_FIGURE):
        pytest.skip("the IMDB reviews are not at hand: 'deca10b data info imdb' says how to obtain them")
    rows = {row.published.name: row.verdict for row in reproduce(IMDB_FIGURE, 3).rows}
    assert {name for name, verdict in rows.items() if verdict != MET} <= {"baseline"}
