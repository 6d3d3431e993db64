"""A tournament that is watched: what it shows on the way, and that it ends as the one of the command line."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest

from experiments import load_scenario
from experiments.app.tournament import Standing, TournamentSession
from experiments.levers import plain
from experiments.strategies import Strategies, read_strategies
from experiments.tournament import play
from sim.errors import ConfigError
from sim.units import DAY
from tests.app.conftest import STRATEGIES

ROWS = """name,behaviour,budget,mean_gap,willingness_to_pay,flip_rate
ada,honest,200,2h,20,
bea,honest,200,1h,,
cy,label_flipper,200,2h,20,1
dot,label_fliper,200,2h,20,1
"""


@pytest.fixture(scope="module")
def base() -> dict[str, Any]:
    return plain(load_scenario("tournament", {"data.size": 250, "data.initial": 50, "horizon": "6d"}))


@pytest.fixture
def strategies(base: dict[str, Any], tmp_path: Path) -> Strategies:
    path = tmp_path / "class.csv"
    path.write_text(ROWS, encoding="utf-8")
    return read_strategies(path, base)


def test_it_ends_as_the_tournament_of_the_command_line(strategies: Strategies, base: dict[str, Any]) -> None:
    """Whatever portions it was played in; the last table is the league."""
    session = TournamentSession(strategies, base, draws=3, seed=5)
    session.play(1.7)
    while session.work(0.001):
        pass
    session.run()
    while session.work(0.002):
        pass
    expected = play(strategies, base, draws=3, seed=5)
    assert session.finished
    assert session.tournament() == expected
    league = expected.league()
    assert [(row.place, row.name, row.behaviour, row.adversarial) for row in session.standings()] == [
        tuple(row) for row in league[["place", "name", "behaviour", "adversarial"]].itertuples(index=False)
    ]
    assert [row.mean_profit for row in session.standings()] == pytest.approx(list(league["profit_units"]))
    assert [row.mean_return for row in session.standings()] == pytest.approx(list(league["return_percent"]))
    assert [100 * row.wins / 3 for row in session.standings()] == pytest.approx(list(league["wins_percent"]))
    assert session.heading == "All 3 draws are over"
    assert [row.name for row in session.tournament().bad] == ["dot"]


def test_time_passes_as_asked_and_no_further(strategies: Strategies, base: dict[str, Any]) -> None:
    session = TournamentSession(strategies, base, draws=2)
    assert session.heading.startswith("Draw 1 of 2, day 0.0 of 6; ")
    assert {(row.money, row.profit, row.mean_profit) for row in session.standings()} == {(200, 0, 0)}
    session.play(2.0)
    session.play(3.0)  # too early: the first two days are still owed
    while session.work():
        pass
    assert session.stage.now == 2 * DAY
    assert session.heading.startswith("Draw 1 of 2, day 2.0 of 6; ")
    rows = session.standings()
    assert [row.mean_return for row in rows] == sorted((row.profit / 2 for row in rows), reverse=True)  # of 200 units
    # Deposits in the contract are counted as their owners', and gas is free: what one has lost others have gained.
    assert sum(row.money for row in rows) == pytest.approx(600)
    assert any(row.profit for row in rows)
    session.run()
    session.work(0.0)
    session.stop()
    assert not session.work()
    assert not session.finished


def test_a_draw_follows_a_draw(strategies: Strategies, base: dict[str, Any]) -> None:
    """A mean is over the draws that are over and the one that is played."""
    session = TournamentSession(strategies, base, draws=2)
    session.play(7.0)
    while session.work():
        pass
    assert len(session.accuracies) == 1
    assert session.heading.startswith("Draw 2 of 2, day ")
    first = {draw.name: draw.profit_units for draw in session.played}
    for row in session.standings():
        assert row.mean_profit == pytest.approx((first[row.name] + row.profit) / 2)


def test_what_cannot_be_played_is_refused(strategies: Strategies, base: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="draws is 0"):
        TournamentSession(strategies, base, draws=0)


def test_the_table_has_a_line_for_each_and_shows_names_as_they_are_written() -> None:
    """The richest one's bar is the longest; nothing that somebody is called is taken for markup."""
    pytest.importorskip("nicegui", reason="the extra 'app' is not installed")
    from experiments.app.tournament_page import table_of

    rich = Standing(1, "ada", "honest", False, 1250.0, 1050.0, 350.5, 175.25, 2)
    poor = Standing(2, "<b>", "label_flipper", True, 125.0, -75.0, -25.0, -12.5, 0)
    none = Standing(3, "eve", "creator", True, 0.0, 0.0, 0.0, math.nan, 0)
    one, other, last = table_of([rich, poor, none]).split("</div>")[:3]
    assert all(part in one for part in (">ada<", "1,250", "+175.2 %", "+350.5", "width:100.0%", "gain", "fair"))
    assert all(part in other for part in ("&lt;b&gt;", "label flipper", "-12.5 %", "width:10.0%", "loss", "liar"))
    assert "–" in last
    assert table_of([]) == ""


def test_the_page_plays_a_tournament_to_its_end(page: Any, served: str) -> None:
    """A class sees who leads, and what the command line would have told."""
    page.goto(f"{served}tournament")
    page.get_by_test_id("heading").filter(has_text="Draw 1 of 1, day 0.0 of 30").wait_for()
    page.get_by_test_id("run").click()
    page.get_by_test_id("heading").filter(has_text="The draw is over").wait_for(timeout=120_000)
    scenario = plain(load_scenario("tournament"))
    expected = play(read_strategies(STRATEGIES, scenario), scenario, draws=1)
    page.get_by_test_id("findings").filter(has_text=expected.findings()[0]).wait_for()
    shown = page.get_by_test_id("league").inner_text()
    assert re.findall(r"^[+-][0-9,.]+$", shown, re.MULTILINE) == [
        f"{profit:+,.1f}" for profit in expected.league()["profit_units"]
    ]
