"""Playing an empirical game: every profile of behaviours as an economy, and what each behaviour gains in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from experiments.analysis.engine import Tell, check_new, engine
from experiments.analysis.games import Profile, SymmetricGame, profiles_of, shares_in_words
from experiments.analysis.games import facts_of as facts_of_game
from experiments.analysis.questions import Question
from experiments.build import build, is_adversarial
from experiments.files import write_whole
from experiments.levers import plain, pull
from experiments.locks import locked
from experiments.messages import shown
from experiments.runner import run
from experiments.scenario import validate
from experiments.schema import Scenario
from sim.errors import ConfigError
from sim.units import to_units

_KEYS = ("strategies", "hoped_for", "players", "addresses", "replications", "payoff")
_PAYOFFS = ("economic", "ledger")
MOST_PROFILES = 2000
IDLE: dict[str, Any] = {}
"""The table of a strategy that stays out: nobody comes, and nothing is gained."""


@dataclass(frozen=True)
class Setting:
    """A game to be played.

    Parameters
    ----------
    name : for titles
    scenario : everything but the players; its groups of agents are there whatever the players do
    strategies : for each name the table of a group of agents, empty for staying out
    hoped_for : the strategy whose regret and basin are told
    players : who choose, 2 or more
    addresses : of each player
    replications : seeds of each profile
    payoff : ``economic`` (with effort, forgone interest and outside value) or ``ledger``
    """

    name: str
    scenario: Scenario
    strategies: Mapping[str, Mapping[str, Any]]
    hoped_for: str
    players: int
    addresses: int
    replications: int
    payoff: str

    @classmethod
    def of(cls, question: Question) -> Setting:
        """The game a question asks for, every profile checked. Raises `ConfigError`."""
        question.checked(*_KEYS)
        strategies = question.table.get("strategies")
        if not isinstance(strategies, Mapping) or len(strategies) < 2:
            raise ConfigError(
                "game.strategies must have two tables or more, each a group of agents without count, such as "
                "[game.strategies.flip] with kind = 'label_flipper'; an empty table stays out."
            )
        for name, table in strategies.items():
            if not isinstance(table, Mapping) or "count" in table or "name" in table:
                raise ConfigError(
                    f"game.strategies.{name} is {shown(table)}; it must be the table of a group of agents without name "
                    f"and count, which the game gives it."
                )
        setting = cls(
            question.base.name, question.base.scenario, strategies,
            question.choice("hoped_for", tuple(strategies)), question.number("players", 4, 2, 100),
            question.number("addresses", 1, 1, 10**4), question.number("replications", 5, 1, 10**4),
            question.choice("payoff", _PAYOFFS),
        )  # fmt: skip
        if len(setting.profiles) > MOST_PROFILES:
            raise ConfigError(
                f"game: {setting.players} players and {len(strategies)} strategies make {len(setting.profiles):,} "
                f"profiles; at most {MOST_PROFILES:,}. Take fewer players, each of more addresses."
            )
        for profile in setting.profiles:
            setting.check(profile)
        return setting

    def __str__(self) -> str:
        text = f"{self.name}: {self.players} players choose among {', '.join(self.strategies)}"
        return f"{text}; {len(self.profiles):,} profiles × {self.replications} seeds"

    @property
    def profiles(self) -> list[Profile]:
        """All of them."""
        return profiles_of(self.players, len(self.strategies))

    def is_idle(self, profile: Profile) -> bool:
        """Whether every player stays out."""
        return all(not count or not table for count, table in zip(profile, self.strategies.values(), strict=True))

    def at(self, profile: Profile, replication: int = 0) -> Scenario:
        """The scenario of a profile: the players' groups are called as their strategies. Raises `ConfigError`."""
        config = plain(self.scenario)
        groups = [
            {**table, "name": name, "count": count * self.addresses}
            for (name, table), count in zip(self.strategies.items(), profile, strict=True)
            if count and table
        ]
        agents = [
            group for group in config.get("agents", []) if group.get("name", group["kind"]) not in self.strategies
        ]
        changed = pull(config, {"agents": [*agents, *groups]})
        return validate({**changed, "replication": self.scenario.replication + replication}, "The game")

    def check(self, profile: Profile) -> None:
        """See whether a profile can be built. Raises `ConfigError`."""
        if self.is_idle(profile):
            return
        try:
            build(self.at(profile))
        except ConfigError as error:
            told = ", ".join(f"{count} {name}" for name, count in zip(self.strategies, profile, strict=True))
            raise ConfigError(f"Profile {told}: {error}") from error


def gains(scenario: Scenario, payoff: str) -> dict[str, Any]:
    """What one address of each group gains on average in a run, in units, by the group's name."""
    harmful = [is_adversarial(group.kind) for group in scenario.agents]
    outside = any(group.outside_value.wei(scenario.unit) for group in scenario.agents)
    twin = payoff == "economic" and outside and any(harmful) and not all(harmful)
    result = run(scenario, twin=twin)
    found: dict[str, Any] = {}
    for group in result.groups:
        rows = result.rows_of(group=group)
        if payoff == "ledger":
            amounts: list[float] = [to_units(row.profit, scenario.unit) for row in rows]
        else:
            amounts = [row.economic_profit(scenario.unit, result.points_destroyed or 0.0) or 0.0 for row in rows]
        found[group] = float(np.mean(amounts))
    return found


def play(
    setting: Setting,
    out: Path,
    workers: int | None = None,
    resume: bool = False,
    executor: Executor | None = None,
    tell: Tell | None = None,
) -> SymmetricGame:
    """Run every profile with every seed, and make the game of what was gained.

    Into ``out`` go ``runs.jsonl`` (what is kept of each run), ``payoffs.csv``, ``game.json`` and, of three strategies,
    ``figures/``. Raises `ConfigError`.
    """
    with locked(out):
        check_new(out, "runs.jsonl", resume)
        game = _played(setting, out, workers, executor, tell)
        _write(setting, game, out)
    return game


def _played(
    setting: Setting, out: Path, workers: int | None, executor: Executor | None, tell: Tell | None
) -> SymmetricGame:
    """The game of what was gained, every profile run that ``out`` lacks."""
    wanted = {
        (profile, replication): setting.at(profile, replication)
        for replication in range(setting.replications)
        for profile in setting.profiles
        if not setting.is_idle(profile)
    }
    measure = partial(gains, payoff=setting.payoff)
    with engine(measure, out / "runs.jsonl", next(iter(wanted.values())), workers, executor, tell) as runs:
        answers = runs.answers(wanted)
    payoffs = {}
    for profile in setting.profiles:
        table = np.full((len(setting.strategies), setting.replications), np.nan)
        for place, (name, group) in enumerate(setting.strategies.items()):
            if profile[place]:
                table[place] = [
                    answers[profile, replication][name] if group else 0.0 for replication in range(setting.replications)
                ]
        payoffs[profile] = table
    return SymmetricGame(tuple(setting.strategies), setting.players, payoffs)


def facts_of(setting: Setting, game: SymmetricGame) -> dict[str, Any]:
    """The game and what it says as one JSON object."""
    facts = {"name": setting.name, "payoff": setting.payoff, **facts_of_game(game, setting.hoped_for)}
    return {**facts, "findings": findings(setting, game, facts)}


def findings(setting: Setting, game: SymmetricGame, facts: Mapping[str, Any]) -> list[str]:
    """Regret, basin and equilibria of ``facts`` in sentences."""
    hoped = setting.hoped_for
    regret, basin = (SimpleNamespace(**facts[name]) for name in ("regret", "basin"))
    mixes = [shares_in_words(game.strategies, mix) for mix in facts["symmetric_equilibria"]]
    tempting = max(game.deviations(hoped).items(), key=lambda pair: pair[1].mean())
    stable = [
        " + ".join(f"{count} {name}" for name, count in zip(game.strategies, profile, strict=True) if count)
        for profile in facts["stable_profiles"]
    ]
    kept = regret.estimate == 0
    interval = "" if regret.low is None else f" [{regret.low:.3g}, {regret.high:.3g}]"
    told = [
        f"If all are {hoped}, one player gains at most {regret.estimate:.3g}{interval} units per address by leaving: "
        + (f"nobody would, {tempting[0]} being the nearest." if kept else f"by {tempting[0]}."),
        f"Replicator dynamics lead to all {hoped} from {100 * basin.estimate:.0f} % "
        f"[{100 * basin.low:.0f}, {100 * basin.high:.0f}] of all mixed populations.",
        f"Profiles that nobody gains by leaving, of {len(game.payoffs):,}: {'; '.join(stable) or 'none'}.",
        f"Symmetric equilibria of the two-player form: {'; '.join(mixes) or 'none'}.",
    ]
    if game.seeds > 1 and regret.low == 0 and not kept:
        told.append("That gain is not told from 0 with these seeds; take more of them.")
    return told


def _write(setting: Setting, game: SymmetricGame, out: Path) -> None:
    from experiments.figures import save
    from experiments.figures.game import drawn_game

    write_whole(out / "payoffs.csv", game.payoff_table().to_csv(index=False, lineterminator="\n"))
    write_whole(out / "game.json", json.dumps(facts_of(setting, game), indent=1))
    if len(game.strategies) <= 3:
        save(drawn_game(game, setting.name), out / "figures")
