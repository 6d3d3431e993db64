"""Tournaments: all strategies of a file in one economy, and again under other random numbers.

::

    tournament = play(read_strategies("class.csv", base), base, draws=20)
    tournament.league()        # a pandas frame, best first

A draw is a replication: the same people meet other data in another order at other moments. What counts is the return,
the profit as a share of the budget, in the mean over draws: budgets differ, and who has more can gain more. Deposits
that are still in the contract at the end are in nobody's profit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.build import is_adversarial
from experiments.metrics import Interval, mean_interval, paired_difference, proportion_interval
from experiments.points import spelt
from experiments.result import AgentRow, Result
from experiments.runner import run
from experiments.scenario import validate
from experiments.schema import Scenario
from experiments.strategies import BadRow, Strategies
from sim.errors import ConfigError
from sim.units import to_units

if TYPE_CHECKING:
    import pandas as pd

MOST_DRAWS = 10_000

FEWEST_DRAWS = 10
"""With fewer draws nothing is said of luck: an interval then hangs on the shape of a handful of values."""


class Draw(NamedTuple):
    """One participant in one draw. ``profit_units`` is what it gained; ``rank`` 1 is the best return, who ties shares
    a rank, and who has no budget comes after all others."""

    draw: int
    name: str
    behaviour: str
    start_units: float
    profit_units: float
    rank: int
    submitted: int
    refunded: int

    @property
    def return_percent(self) -> float:
        """The profit in percent of the budget; NaN without one."""
        return 100 * self.profit_units / self.start_units if self.start_units else math.nan


@dataclass(frozen=True)
class Tournament:
    """What was played.

    Parameters
    ----------
    scenario : name of the scenario it was played in
    seed : root of all random numbers
    draws : each participant in each draw, in order
    accuracies : of the model at the end of each draw, in [0, 1]
    bad : rows of the file that did not play
    synthetic : whether the data are made up
    """

    scenario: str
    seed: int
    draws: tuple[Draw, ...]
    accuracies: tuple[float, ...]
    bad: tuple[BadRow, ...]
    synthetic: bool = False

    def league(self) -> pd.DataFrame:
        """A row for each participant, by mean return, then by profit and name; those without a budget come last.

        Columns: ``place``, ``name``, ``behaviour``, ``adversarial``, ``draws``; ``return_percent`` (of the budget;
        missing without one) and ``profit_units``, each with ``_low`` and ``_high``, Student's interval of 95 %;
        ``wins_percent``, the share of draws in which nobody had a higher return, with Wilson's interval; ``mean_rank``,
        ``submitted`` and ``refunded_percent``.
        """
        import pandas as pd

        players: dict[str, list[Draw]] = {}
        for draw in self.draws:
            players.setdefault(draw.name, []).append(draw)
        rows = [_league_row(draws) for draws in players.values()]
        rows.sort(key=lambda row: best_first(row["return_percent"], row["profit_units"], row["name"]))
        return pd.DataFrame([{"place": place, **row} for place, row in enumerate(rows, 1)])

    def findings(self) -> list[str]:
        """Who leads, whether that is more than luck, how behaviours did, and what became of the model."""
        league = self.league()
        first = league.iloc[0]
        sentences = [
            f"{first['name']} ({first['behaviour']}) leads with {_return_of(first)}, best in "
            f"{first['wins_percent']:.0f} % of {_count(len(self.accuracies), 'draw')}."
        ]
        if len(league) > 1 and not math.isnan(league.iloc[1]["return_percent"]):
            sentences.append(self._against_second(str(first["name"]), str(league.iloc[1]["name"])))
        known = league.dropna(subset="return_percent").groupby("behaviour")["return_percent"]
        by_kind = known.agg(["mean", "size"]).sort_values("mean", ascending=False)
        if len(by_kind) > 1:
            told = [f"{kind} {row['mean']:+,.1f} ({row['size']:.0f})" for kind, row in by_kind.iterrows()]
            sentences.append(
                f"Mean return by behaviour, in % of the budget, of so many participants: {', '.join(told)}."
            )
        accuracy = mean_interval([100 * share for share in self.accuracies])
        sentences.append(f"The model ends at {spelt(accuracy)} % accuracy.")
        return sentences

    def to_dict(self) -> dict[str, Any]:
        """The tournament as one JSON object; what cannot be said is null."""
        league = [{name: _plain(value) for name, value in row.items()} for row in self.league().to_dict("records")]
        return {
            "scenario": self.scenario,
            "seed": self.seed,
            "synthetic": self.synthetic,
            "draws": len(self.accuracies),
            "ranked_by": "return_percent",
            "league": league,
            "findings": self.findings(),
            "accuracies": list(self.accuracies),
            "bad_rows": [row._asdict() for row in self.bad],
        }

    def _against_second(self, first: str, second: str) -> str:
        """Whether the leader's lead is more than luck, draw by draw."""
        gains = [[draw.return_percent for draw in self.draws if draw.name == name] for name in (first, second)]
        found, count = paired_difference(gains[1], gains[0]).difference, len(gains[0])
        text = f"The lead over {second} is {spelt(found)} percentage points of return a draw"
        if count < FEWEST_DRAWS:
            return f"{text}; {_count(count, 'draw')} cannot tell merit from luck: play {FEWEST_DRAWS} or more."
        verdict = "more than luck" if found.low > 0 else "which may be luck: the interval holds 0"
        return f"{text} (Student's interval of 95 % over {count:,} draws), {verdict}."


def play(
    strategies: Strategies,
    base: Mapping[str, Any],
    draws: int = 10,
    seed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Tournament:
    """Play a tournament.

    Parameters
    ----------
    strategies : who plays
    base : plain tables of the scenario; its agents are left out
    draws : how often, 1 to 10,000
    seed : in place of the scenario's
    progress : called after each draw with how many are done, and of how many

    Raises
    ------
    ConfigError
        If ``draws`` is out of range or the economy cannot be built.
    """
    scenario = tournament_scenario(strategies, base, draws, seed)
    played: list[Draw] = []
    accuracies = []
    for number in range(draws):
        result = run(scenario.model_copy(update={"replication": scenario.replication + number}))
        played += draws_of(result, number)
        accuracies.append(result.final_accuracy)
        if progress is not None:
            progress(number + 1, draws)
    bad = tuple(strategies.bad)
    return Tournament(scenario.name, scenario.seed, tuple(played), tuple(accuracies), bad, result.synthetic)


def tournament_scenario(strategies: Strategies, base: Mapping[str, Any], draws: int, seed: int | None) -> Scenario:
    """The scenario of the first draw; that of each later one has the next replication. See `play`."""
    if not 1 <= draws <= MOST_DRAWS:
        raise ConfigError(f"draws is {draws}; it must be 1 to {MOST_DRAWS:,}, such as 10.")
    changes = {} if seed is None else {"seed": seed}
    return validate({**base, **changes, "agents": strategies.groups}, "Tournament")


def draws_of(result: Result, number: int) -> list[Draw]:
    """How everybody did in a run that is over, as draw ``number``."""
    unit = result.scenario.unit

    def draw(row: AgentRow) -> Draw:
        better = sum(_merit(other) > _merit(row) for other in result.agents)
        statement = row.statement
        return Draw(
            number, row.name, row.kind, to_units(statement.start_balance, unit), to_units(row.profit, unit), better + 1,
            statement.submitted, statement.refunded,
        )  # fmt: skip

    return [draw(row) for row in result.agents]


def _merit(row: AgentRow) -> float:
    """What a draw is won by: profit as a share of the budget."""
    start = row.statement.start_balance
    return row.profit / start if start else -math.inf


def best_first(return_percent: float, profit_units: float, name: str) -> tuple[float, float, str]:
    """What a league is sorted by: return, profit, name; a return that is NaN, for want of a budget, comes last."""
    return math.inf if math.isnan(return_percent) else -return_percent, -profit_units, name


def _return_of(row: Any) -> str:
    """What somebody gained, in words: return with its interval, and units."""
    units = f"{row['profit_units']:+,.1f} units"
    if math.isnan(row["return_percent"]):
        return f"{units} a draw, without a budget"
    returned = Interval(*(row[f"return_percent{end}"] for end in ("", "_low", "_high")))
    return f"a return of {spelt(returned, sign=True)} % of its budget a draw ({units})"


def _league_row(draws: list[Draw]) -> dict[str, Any]:
    profit = mean_interval([draw.profit_units for draw in draws])
    start, submitted = draws[0].start_units, sum(draw.submitted for draw in draws)
    returned = [100 * value / start if start else math.nan for value in profit]
    wins = proportion_interval(sum(draw.rank == 1 for draw in draws), len(draws))
    row: dict[str, Any] = {
        "name": draws[0].name,
        "behaviour": draws[0].behaviour,
        "adversarial": is_adversarial(draws[0].behaviour),
        "draws": len(draws),
    }
    for name, values in (("return_percent", returned), ("profit_units", profit), ("wins_percent", wins)):
        scale = 100 if values is wins else 1
        row |= {f"{name}{end}": scale * value for end, value in zip(("", "_low", "_high"), values, strict=True)}
    return row | {
        "mean_rank": sum(draw.rank for draw in draws) / len(draws),
        "submitted": submitted / len(draws),
        "refunded_percent": 100 * sum(draw.refunded for draw in draws) / submitted if submitted else math.nan,
    }


def _plain(value: Any) -> Any:
    """A cell as JSON has it."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
