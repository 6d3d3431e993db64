"""Games whose solutions stand in textbooks, and a small one that is played."""

import json
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pytest

from experiments.analysis.games import SymmetricGame, profiles_of, shares_in_words
from experiments.analysis.play import Setting, facts_of, gains, play
from experiments.locks import locked
from experiments.scenario import load_scenario
from sim.errors import ConfigError
from tests.experiments.analysis.conftest import tiny

nashpy = pytest.importorskip("nashpy", reason="the extra 'analysis' is not installed")

DILEMMA = SymmetricGame.of_matrix(("cooperate", "defect"), [[3, 0], [5, 1]])
STAG_HUNT = SymmetricGame.of_matrix(("stag", "hare"), [[4, 0], [3, 3]])
HAWK_DOVE = SymmetricGame.of_matrix(("hawk", "dove"), [[-1, 4], [0, 2]])
ROCK_PAPER_SCISSORS = SymmetricGame.of_matrix(("rock", "paper", "scissors"), [[0, -1, 1], [1, 0, -1], [-1, 1, 0]])


def mixes(game: SymmetricGame) -> list[list[float]]:
    return sorted([round(float(share), 6) for share in mix] for mix in game.symmetric_equilibria())


def test_equilibria_of_textbook_games() -> None:
    assert mixes(DILEMMA) == [[0, 1]]
    assert mixes(STAG_HUNT) == [[0, 1], [0.75, 0.25], [1, 0]]  # 4 p = 3
    assert mixes(HAWK_DOVE) == [[round(2 / 3, 6), round(1 / 3, 6)]]  # -p + 4 (1 - p) = 2 (1 - p)
    assert mixes(ROCK_PAPER_SCISSORS) == [[round(1 / 3, 6)] * 3]
    assert len(HAWK_DOVE.equilibria()) == 3  # and two in which one is a hawk and the other a dove


def test_stable_profiles_and_regret() -> None:
    assert DILEMMA.stable_profiles() == [(0, 2)]
    assert STAG_HUNT.stable_profiles() == [(2, 0), (0, 2)]
    assert HAWK_DOVE.stable_profiles() == [(1, 1)]
    assert DILEMMA.regret("cooperate").estimate == 2
    assert DILEMMA.regret("defect").estimate == 0
    assert HAWK_DOVE.regret("hawk").estimate == 1


def test_replicator_dynamics_lead_where_textbooks_say() -> None:
    assert DILEMMA.rest([0.99, 0.01]) == pytest.approx([0, 1], abs=1e-3)
    assert HAWK_DOVE.rest([0.05, 0.95]) == pytest.approx([2 / 3, 1 / 3], abs=1e-3)
    assert STAG_HUNT.rest([0.76, 0.24]) == pytest.approx([1, 0], abs=1e-3)
    assert STAG_HUNT.rest([0.74, 0.26]) == pytest.approx([0, 1], abs=1e-3)
    assert STAG_HUNT.change([0.5, 0.5]) == pytest.approx([0.5 * (2 - 2.5), 0.5 * (3 - 2.5)])
    assert ROCK_PAPER_SCISSORS.change([1 / 3, 1 / 3, 1 / 3]) == pytest.approx([0, 0, 0])


def test_basin_is_the_part_of_the_simplex_beyond_the_threshold() -> None:
    basin = STAG_HUNT.basin("stag", draws=1000)  # from shares above 3/4, of an even distribution
    assert basin.low < 0.25 < basin.high
    assert basin.high - basin.low < 0.06
    assert DILEMMA.basin("cooperate", draws=100).estimate == 0


def test_expected_payoffs_of_many_players_sum_over_profiles() -> None:
    """A public good of three players: each who gives costs itself 1, and all get 0.6 for each giver."""
    payoffs = {}
    for profile in profiles_of(3, 2):
        common = 0.6 * profile[0]
        payoffs[profile] = np.array([[common - 1 if profile[0] else np.nan], [common if profile[1] else np.nan]])
    game = SymmetricGame(("give", "keep"), 3, payoffs)
    # With share p of givers the two others give 2 p: giving earns 0.6 (2 p + 1) - 1, keeping 1.2 p.
    assert game.expected([0.5, 0.5]) == pytest.approx([0.2, 0.6])
    assert game.expected([[1, 0], [0, 1]]) == pytest.approx(np.array([[0.8, 1.2], [-0.4, 0.0]]))
    assert game.stable_profiles() == [(0, 3)]
    assert game.reduced() == pytest.approx(np.array([[0.8, -0.4], [1.2, 0.0]]))


def test_profiles_are_all_of_them() -> None:
    assert len(profiles_of(6, 4)) == 84  # 9 choose 3
    assert all(sum(profile) == 6 for profile in profiles_of(6, 4))
    assert profiles_of(3, 3)[0] == (3, 0, 0)


def test_regret_has_an_interval_from_seeds() -> None:
    noise = np.random.default_rng(0).normal(0, 1, 40)
    stay, away = np.zeros(40), 0.5 + noise
    payoffs = {
        (2, 0): np.array([stay, np.full(40, np.nan)]),
        (1, 1): np.array([stay, away]),
        (0, 2): np.array([np.full(40, np.nan), stay]),
    }
    regret = SymmetricGame(("stay", "leave"), 2, payoffs).regret("stay")
    half = 1.96 * noise.std() / np.sqrt(40)
    assert regret.estimate == pytest.approx(away.mean())
    assert regret.low == pytest.approx(max(0, away.mean() - half), abs=0.08)
    assert regret.high == pytest.approx(away.mean() + half, abs=0.08)


def test_mixes_in_words() -> None:
    assert shares_in_words(("a", "b"), [1, 0]) == "all a"
    assert shares_in_words(("a", "b", "c"), [0.5, 0, 0.5]) == "50 % a, 50 % c"


AGENTS = [{"kind": "honest", "name": "resident", "count": 2, "arrival": {"mean_gap": 6000}}]
TABLE = {
    "players": 2,
    "addresses": 2,
    "replications": 2,
    "strategies": {
        "honest": {"kind": "honest", "arrival": {"mean_gap": 6000}},
        "flip": {"kind": "label_flipper", "arrival": {"mean_gap": 6000}, "outside_value": 1},
        "idle": {},
    },
}


def test_a_game_is_played_profile_by_profile(tmp_path: Path, executor: Executor) -> None:
    setting = Setting.of(tiny("game", TABLE, agents=AGENTS))
    game = play(setting, tmp_path, executor=executor)
    assert set(game.payoffs) == set(profiles_of(2, 3))
    assert (game.payoffs[0, 0, 2][2] == 0).all()  # who stays out gains nothing
    assert np.isnan(game.payoffs[2, 0, 0][1]).all()
    scenario = setting.at((1, 1, 0), replication=1)
    assert [(group.name, group.count) for group in scenario.agents] == [("resident", 2), ("honest", 2), ("flip", 2)]
    assert game.payoffs[1, 1, 0][1, 1] == gains(scenario, "economic")["flip"]
    written = json.loads((tmp_path / "game.json").read_text())
    assert written == json.loads(json.dumps(facts_of(setting, game)))
    assert (tmp_path / "figures" / "replicator.png").exists()
    lines = (tmp_path / "runs.jsonl").read_text().splitlines()
    assert len(lines) == 2 * 5  # all profiles but that in which all are idle


def test_a_game_goes_on_where_it_was_cut_off(tmp_path: Path, executor: Executor) -> None:
    setting = Setting.of(tiny("game", TABLE, agents=AGENTS))
    whole = play(setting, tmp_path, executor=executor)
    kept = (tmp_path / "runs.jsonl").read_text()
    (tmp_path / "runs.jsonl").write_text(kept[: len(kept) // 2])  # in the middle of a line
    again = play(setting, tmp_path, resume=True, executor=executor)
    for profile, table in whole.payoffs.items():
        assert np.array_equal(table, again.payoffs[profile], equal_nan=True)
    assert sorted((tmp_path / "runs.jsonl").read_text().splitlines()) == sorted(kept.splitlines())
    with pytest.raises(ConfigError, match="--resume"):
        play(setting, tmp_path, executor=executor)


def test_two_games_do_not_meet_in_one_folder(
    tmp_path: Path, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.locks._PATIENCE_S", 0.1)
    with locked(tmp_path), pytest.raises(ConfigError, match="in use by another command"):
        play(Setting.of(tiny("game", TABLE, agents=AGENTS)), tmp_path, resume=True, executor=executor)
    assert list(tmp_path.iterdir()) == []


def test_gains_count_what_destroyed_accuracy_is_worth_outside() -> None:
    """Economic less ledger profit is one unit for each accuracy point destroyed."""
    from experiments.runner import run

    question = tiny("game", TABLE, agents=AGENTS)
    scenario = Setting.of(question).at((0, 2, 0))
    ledger, economic = (gains(scenario, payoff)["flip"] for payoff in ("ledger", "economic"))
    assert economic - ledger == pytest.approx(run(scenario, twin=True).points_destroyed)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"strategies": {"honest": {"kind": "honest"}}}, "two tables or more"),
        ({"strategies": {"a": {"kind": "honest", "count": 2}, "b": {}}}, "without name and count"),
        ({"strategies": {"a": {"kind": "hones"}, "b": {}}}, "Did you mean 'honest'"),
        ({"players": 100, "strategies": {name: {} for name in "abcd"}}, "profiles; at most"),
        ({"hoped_for": "saint"}, "choose one of honest, flip, idle"),
    ],
)
def test_a_game_with_a_mistake_is_refused(change: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Setting.of(tiny("game", {**TABLE, **change}, agents=AGENTS))


def test_scenario_without_extra_packages_tells_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "nashpy", None)
    with pytest.raises(ConfigError, match=r"deca10b\[analysis\]"):
        DILEMMA.equilibria()
    assert load_scenario("quickstart")
