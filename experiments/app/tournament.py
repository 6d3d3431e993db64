"""A tournament that is watched while it plays: draw after draw, with the league as it stands. Pure Python."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from experiments.app.stage import Stage
from experiments.build import is_adversarial
from experiments.strategies import Strategies
from experiments.tournament import Draw, Tournament, best_first, draws_of, tournament_scenario
from sim.units import DAY, Seconds, to_units

TOURNAMENT = "/tournament"
"""Where the page of a tournament is served."""


class Standing(NamedTuple):
    """How a participant stands, money in units.

    ``money`` is in its wallet and its deposits now, ``profit`` what that is above the start; ``mean_profit`` is over
    the draws that are over and the one being played, ``mean_return`` that in percent of the budget (NaN without one);
    ``wins`` is how often nobody had a higher return at the end of a draw.
    """

    place: int
    name: str
    behaviour: str
    adversarial: bool
    money: float
    profit: float
    mean_profit: float
    mean_return: float
    wins: int


class TournamentSession:
    """A tournament between its draws. In the end `tournament` is what `experiments.tournament.play` gives.

    Parameters
    ----------
    strategies, base, draws, seed : as of `experiments.tournament.play`

    Raises
    ------
    ConfigError
        If ``draws`` is out of range or the economy cannot be built.
    """

    def __init__(self, strategies: Strategies, base: Mapping[str, Any], draws: int = 10, seed: int | None = None):
        self.scenario = tournament_scenario(strategies, base, draws, seed)
        self.draws, self.bad = draws, tuple(strategies.bad)
        self._behaviours: dict[str, str] = {group["name"]: group["kind"] for group in strategies.groups}
        self.accuracies: list[float] = []
        self.played: list[Draw] = []
        self.stage = self._next_stage()
        self.owed: Seconds = 0
        """Seconds of the economies that are still to be played."""

    def _next_stage(self) -> Stage:
        number = self.scenario.replication + len(self.accuracies)
        return Stage(self.scenario.model_copy(update={"replication": number}))

    # -- time --------------------------------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether all draws are over."""
        return len(self.accuracies) == self.draws

    def play(self, days: float) -> None:
        """Let so many days pass, unless earlier ones are still owed; `work` does it."""
        if not self.owed:
            self.owed = round(days * DAY)

    def run(self) -> None:
        """Play all draws to the end; `work` does it."""
        self.owed = self.draws * self.scenario.horizon

    def stop(self) -> None:
        """Leave all as it is."""
        self.owed = 0

    def work(self, budget: float = 0.04) -> bool:
        """Play what is owed for about ``budget`` seconds; whether anything is left to do. A draw follows a draw."""
        deadline = time.perf_counter() + budget
        while self.owed and not self.finished and time.perf_counter() < deadline:
            before = self.stage.now
            self.stage.advance(before + self.owed, deadline - time.perf_counter())
            self.owed = max(0, self.owed - (self.stage.now - before))
            if self.stage.economy.ended:
                self._close()
        if self.finished:
            self.owed = 0
        return self.owed > 0

    def _close(self) -> None:
        """Enter the draw that has ended, and begin the next one; the last one stays on stage."""
        result = self.stage.result()
        self.played += draws_of(result, len(self.accuracies))
        self.accuracies.append(result.final_accuracy)
        if not self.finished:
            self.stage = self._next_stage()

    # -- what to show ------------------------------------------------------------------------------------------------

    @property
    def heading(self) -> str:
        """Where the tournament is, in words."""
        if self.finished:
            return f"All {self.draws} draws are over" if self.draws > 1 else "The draw is over"
        day, last = self.stage.now / DAY, self.scenario.horizon / DAY
        accuracy = self.stage.economy.recorder.published_accuracy
        return (
            f"Draw {len(self.accuracies) + 1} of {self.draws}, day {day:.1f} of {last:g}; "
            f"the model is right about {accuracy:.0%}"
        )

    def standings(self) -> list[Standing]:
        """Everybody, the best first: by the mean return, then as in the league."""
        gained: dict[str, list[float]] = {}
        wins: dict[str, int] = {}
        for draw in self.played:
            gained.setdefault(draw.name, []).append(draw.profit_units)
            wins[draw.name] = wins.get(draw.name, 0) + (draw.rank == 1)
        unit, ledger = self.scenario.unit, self.stage.economy.chain.ledger
        rows = []
        for actor in self.stage.economy.actors.values():
            held = ledger.balance(actor.address) + (0 if self.finished else actor.statement.locked)
            profit = to_units(held - actor.balance_at_start, unit)
            profits = gained.get(actor.name, []) + ([] if self.finished else [profit])
            mean, start = math.fsum(profits) / len(profits), to_units(actor.balance_at_start, unit)
            returned = 100 * mean / start if start else math.nan
            money, won = to_units(held, unit), wins.get(actor.name, 0)
            kind = self._behaviours[actor.name]
            rows.append(Standing(0, actor.name, kind, is_adversarial(kind), money, profit, mean, returned, won))
        rows.sort(key=lambda row: best_first(row.mean_return, row.mean_profit, row.name))
        return [row._replace(place=place) for place, row in enumerate(rows, 1)]

    def tournament(self) -> Tournament:
        """What has been played to the end so far; at least one draw must be over."""
        seed, synthetic = self.scenario.seed, self.stage.result().synthetic
        return Tournament(
            self.scenario.name, seed, tuple(self.played), tuple(self.accuracies), self.bad, synthetic
        )  # fmt: skip
