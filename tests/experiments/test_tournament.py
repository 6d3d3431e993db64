"""Tournaments: who may play, that bad rows spoil nothing, and that the league says what was played."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from experiments import load_scenario
from experiments.cli import app
from experiments.figures import figure_league
from experiments.levers import plain
from experiments.runner import run
from experiments.scenario import validate
from experiments.strategies import BadRow, Strategies, read_strategies
from experiments.tournament import Draw, Tournament, play
from sim.errors import ConfigError

SMALL = {"data.size": 250, "data.initial": 50, "horizon": "12d"}
ROWS = """name,behaviour,budget,mean_gap,willingness_to_pay,flip_rate
ada,honest,200,2h,20,
ben,honest,200,1h,,
cy,label_flipper,200,2h,20,1
"""


@pytest.fixture(scope="module")
def base() -> dict[str, Any]:
    return plain(load_scenario("tournament", SMALL))


def written(folder: Path, text: str) -> Path:
    path = folder / "class.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_become_groups_of_one(tmp_path: Path, base: dict[str, Any]) -> None:
    text = "\ufeffname;behaviour;budget;willingness_to_pay;willingness_sd;most_disputes;flip_rate\n"
    text += "ada;honest;0.2 ether;20;5;all;\n\n;;;;;;\nbob;label_flipper;;;;3;0.25\n"
    ada, bob = read_strategies(written(tmp_path, text), base).groups
    assert ada == {
        "kind": "honest", "name": "ada", "balance": "0.2 ether", "willingness_to_pay": {"mean": 20, "sd": 5},
        "most_disputes": "all",
    }  # fmt: skip
    assert bob == {"kind": "label_flipper", "name": "bob", "most_disputes": 3, "flip_rate": 0.25}


BAD = [
    ("liar,label_flipr,,,,", "Did you mean 'label_flipper'"),
    ("eve,honest,,,,0.5", "flip_rate is unknown"),
    ("eve,label_flipper,,,,2", "flip_rate is 2"),
    ("eve,label_flipper,lots,,,", "'lots' is not an amount"),
    ("e ve,honest,,,,", "name"),
    (",honest,,,,", "name is empty"),
    ("eve,,,,,", "behaviour is empty"),
    ("ada,honest,,,,", "that of line 2"),
    ("eve,honest,1,2h,3,,4,5", "8 cells"),
    ("eve,honest,,,0,", "willingness_to_pay"),
]


@pytest.mark.parametrize(("row", "said"), BAD, ids=[said for _, said in BAD])
def test_a_bad_row_is_named_by_its_line_and_the_others_play(
    row: str, said: str, tmp_path: Path, base: dict[str, Any]
) -> None:
    good, *more = ROWS.splitlines(keepends=True)[1:]
    path = written(tmp_path, "".join([ROWS.splitlines(keepends=True)[0], good, f"{row}\n", *more]))
    found = read_strategies(path, base)
    assert [group["name"] for group in found.groups] == ["ada", "ben", "cy"]
    ((line, _, problem),) = found.bad
    assert line == 3
    assert said in problem
    assert "agents." not in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks name and behaviour"),
        ("name,budget\nada,1\n", "lacks behaviour"),
        ("name,behaviour,budgt\nada,honest,1\n", "Did you mean 'budget'"),
        ("name,behaviour,name\nada,honest,b\n", "twice"),
        ("name,behaviour\n", "no row can play"),
        ("name,behaviour\nada,honst\n", r"no row can play. Line 2: .*honst"),
    ],
)
def test_what_cannot_be_played_is_refused(text: str, said: str, tmp_path: Path, base: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=said):
        read_strategies(written(tmp_path, text), base)


def test_missing_and_binary_files_are_refused(tmp_path: Path, base: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_strategies(tmp_path / "none.csv", base)
    path = tmp_path / "class.csv"
    path.write_bytes(b"name,behaviour\n\xff\xfe,honest\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_strategies(path, base)


def test_draws_are_replications_of_one_economy(tmp_path: Path, base: dict[str, Any]) -> None:
    strategies = read_strategies(written(tmp_path, ROWS), base)
    told: list[Any] = []
    tournament = play(strategies, base, draws=2, seed=5, progress=lambda *state: told.append(state))
    assert told == [(1, 2), (2, 2)]
    alone = run(validate({**base, "seed": 5, "replication": 1, "agents": strategies.groups}))
    second = {draw.name: draw for draw in tournament.draws if draw.draw == 1}
    assert tournament.accuracies[1] == alone.final_accuracy
    for row in alone.agents:
        assert second[row.name].profit_units == float(row.profit / 10**15)
        assert second[row.name].submitted == row.statement.submitted
    gains = sorted((draw.profit_units for draw in second.values()), reverse=True)  # all have the same budget
    assert [gains.index(second[name].profit_units) + 1 for name in second] == [second[name].rank for name in second]


def test_a_draw_is_won_by_return(base: dict[str, Any]) -> None:
    """Who has ten times the budget and gains a little more is behind; who has none comes last."""
    people = [
        {"kind": "honest", "name": "poor", "balance": 20},
        {"kind": "honest", "name": "rich", "balance": 20_000},
        {"kind": "creator", "name": "none", "balance": 0},
        {"kind": "label_flipper", "name": "liar", "balance": 200},
    ]
    draws = {draw.name: draw for draw in play(Strategies(people, []), base, draws=1).draws}
    assert draws["rich"].profit_units > draws["poor"].profit_units > 0 > draws["liar"].profit_units
    assert [draws[name].rank for name in ("poor", "rich", "liar", "none")] == [1, 2, 3, 4]


def made(
    profits: dict[str, list[float]], bad: tuple[BadRow, ...] = (), budgets: Mapping[str, float] | None = None
) -> Tournament:
    """A tournament of such profits; names that end in x are liars; a budget is 100 units unless given."""
    count = len(next(iter(profits.values())))
    draws = [
        Draw(number, name, "label_flipper" if name.endswith("x") else "honest", (budgets or {}).get(name, 100.0),
             gains[number],
             1 + sum(other[number] > gains[number] for other in profits.values()), 10, 5)
        for number in range(count) for name, gains in profits.items()
    ]  # fmt: skip
    return Tournament("made", 0, tuple(draws), (0.8,) * count, bad)


def test_league_of_known_profits() -> None:
    """Mean 2 of 1, 2, 3: t(0.975, 2) = 4.303, s = 1, half-width 4.303/sqrt(3) = 2.484; best in 2 of 3: Wilson."""
    league = made({"b": [1.0, 2.0, 3.0], "ax": [0.0, 0.0, 9.0], "c": [-1.0, -1.0, -1.0]}).league()
    assert list(league["name"]) == ["ax", "b", "c"]
    assert list(league["place"]) == [1, 2, 3]
    assert list(league["adversarial"]) == [True, False, False]
    b = league.set_index("name").loc["b"]
    assert b["profit_units"] == 2
    assert b["profit_units_high"] - 2 == pytest.approx(2.484, abs=1e-3)
    assert b["return_percent"] == 2
    assert b["wins_percent"] == pytest.approx(66.67, abs=0.01)
    assert (b["wins_percent_low"], b["wins_percent_high"]) == pytest.approx((20.8, 93.9), abs=0.1)
    assert b["mean_rank"] == pytest.approx(4 / 3)
    assert b["refunded_percent"] == 50


def test_a_league_goes_by_return_and_not_by_budget() -> None:
    """30 units are 3 % of 1,000 and 20 are 40 % of 50; without a budget there is no return at all."""
    profits = {"rich": [30.0, 30.0], "none": [90.0, 90.0], "poor": [20.0, 20.0], "lost": [-1.0, -1.0]}
    played = made(profits, budgets={"rich": 1000.0, "poor": 50.0, "none": 0.0})
    assert list(played.league()["name"]) == ["poor", "rich", "lost", "none"]
    assert list(played.league()["return_percent"])[:3] == [40, 3, -1]
    assert played.to_dict()["ranked_by"] == "return_percent"
    assert played.to_dict()["league"][3]["return_percent"] is None
    assert "leads with a return of +40.0 ± 0.0 % of its budget a draw (+20.0 units)" in played.findings()[0]
    figure = figure_league(played.league(), "A league")
    assert "return" in figure.axes[0].get_xlabel()
    figure.canvas.draw()
    json.dumps(made({"a": [1.0], "b": [2.0]}, budgets={"a": 0.0, "b": 0.0}).to_dict(), allow_nan=False)


def test_findings_tell_luck_from_merit() -> None:
    """Ten draws in which one is always ahead; ten in which they take turns; and too few to say anything."""
    ahead, turns = [9.0, 10.0, 11.0, 9.5, 10.5] * 2, [12.0, 1.0, 12.0, 2.0, 13.0] * 2
    clear = made({"a": ahead, "b": [gain - 8 - gain % 1 for gain in ahead]}).findings()[1]
    assert clear.endswith("(Student's interval of 95 % over 10 draws), more than luck.")
    assert clear.startswith("The lead over b is 8.2 ± 0.2 percentage points")  # 8, 8, 8, 8.5, 8.5: sd 0.26, t 2.26
    even = made({"a": ahead, "b": turns}).findings()[1]
    assert even.endswith("over 10 draws), which may be luck: the interval holds 0.")
    few = made({"a": ahead[:9], "b": [0.0] * 9}).findings()[1]
    assert few.endswith("; 9 draws cannot tell merit from luck: play 10 or more.")
    assert "luck: play 10" in made({"a": [9.0], "b": [1.0]}).findings()[1]
    json.dumps(made({"a": [9.0], "b": [1.0]}).to_dict(), allow_nan=False)


def test_the_command_names_bad_rows_and_its_exit_code_says_so(tmp_path: Path) -> None:
    path, out = written(tmp_path, f"{ROWS}eve,honst,,,,\n"), tmp_path / "out"
    levers = [word for lever, value in SMALL.items() for word in ("--set", f"{lever}={value}")]
    options = ["--draws", "2", "--out", str(out), *levers]
    result = CliRunner().invoke(app, ["tournament", str(path), *options])
    assert result.exit_code == 1, result.output
    assert "Line 5 (eve) does not play" in result.stderr
    assert sorted(file.name for file in out.iterdir()) == [
        "draws.csv", "league.csv", "league.png", "league.svg", "tournament.json",
    ]  # fmt: skip
    assert len(pd.read_csv(out / "draws.csv")) == 6
    good = written(tmp_path, ROWS)
    again = CliRunner().invoke(app, ["tournament", str(good), "--json", *options])
    assert again.exit_code == 0
    facts = json.loads(again.stdout)
    assert [row["name"] for row in facts["league"]] == list(pd.read_csv(out / "league.csv")["name"])
    assert facts["bad_rows"] == []


def test_the_example_plays(base: dict[str, Any]) -> None:
    found = read_strategies(Path(__file__).parents[2] / "docs" / "strategies.csv", base)
    assert len(found.groups) == 10
    assert not found.bad


def test_a_class_of_sixty_fits_a_figure() -> None:
    """Each participant has a line of its own, the best on top."""
    figure = figure_league(made({f"p{n:02}": [float(60 - n), 61.0 - n] for n in range(60)}).league(), "A class")
    (axes,) = figure.axes
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0] == "p00 (honest)"
    assert len(labels) == 60
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    figure.canvas.draw()
    boxes = [label.get_window_extent() for label in axes.get_yticklabels()]
    assert all(above.y0 >= below.y1 - 1 for above, below in pairwise(boxes))
