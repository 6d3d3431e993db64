r"""Empirical games: which behaviour pays when everybody may choose (Wellman, Tuyls & Greenwald, JAIR 82, 2025).

In a **symmetric game** n players choose among s strategies, and a payoff depends only on how many chose what: on one of
:math:`\binom{n+s-1}{s-1}` **profiles**. Here payoffs are means over seeds of simulated gains, so all that is said of
them has an interval.

* Against a population in which strategy j has the share :math:`x_j`, strategy i expects
  :math:`u_i(x) = \sum_c \binom{n-1}{c} \prod_j x_j^{c_j}\; U_i(c + e_i)`, summed over the profiles c of the others.
* **Replicator dynamics** (Taylor & Jonker 1978): :math:`\dot x_i = x_i (u_i(x) - \sum_j x_j u_j(x))`. The **basin** of
  a strategy is the share of all populations, drawn evenly, from which it takes over.
* **Regret** of a profile is the most a single player gains by choosing otherwise; at 0 it is a Nash equilibrium.
* **Two-player form** (deviation-preserving reduction, Wiedenbeck & Wellman 2012): :math:`A_{ij}` is the payoff of one
  player of strategy i while all others play j. Its equilibria are found by support enumeration (nashpy).

>>> hawks = SymmetricGame.of_matrix(("hawk", "dove"), [[-1.0, 4.0], [0.0, 2.0]])   # half the value 4, cost 6
>>> [strategies.round(3).tolist() for strategies in hawks.symmetric_equilibria()]
[[0.667, 0.333]]
>>> hawks.rest([0.2, 0.8]).round(3).tolist()
[0.667, 0.333]
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments.analysis.extras import needed
from experiments.metrics import CONFIDENCE, Interval, mean_interval, proportion_interval

if TYPE_CHECKING:
    import pandas as pd

Profile = tuple[int, ...]
"""How many players chose each strategy."""

_TAKEN_OVER = 0.99
_STEPS, _STILL = 10_000, 1e-8
_RESAMPLES = 2000


def profiles_of(players: int, strategies: int) -> list[Profile]:
    """All profiles, those with many of the first strategy first.

    >>> profiles_of(2, 2)
    [(2, 0), (1, 1), (0, 2)]
    """
    cuts = itertools.combinations(range(players + strategies - 1), strategies - 1)
    bars = [(-1, *cut, players + strategies - 1) for cut in cuts]
    found = [tuple(after - before - 1 for before, after in itertools.pairwise(bar)) for bar in bars]
    return sorted(found, reverse=True)


@dataclass(frozen=True)
class SymmetricGame:
    """A symmetric game with payoffs known by simulation.

    Parameters
    ----------
    strategies : their names
    players : how many choose, 2 or more
    payoffs : for each profile an array of a row for each strategy and a column for each seed: what one player of it
        gains; NaN where nobody plays it. Column r is of seed r at every profile.
    """

    strategies: tuple[str, ...]
    players: int
    payoffs: Mapping[Profile, NDArray[np.float64]]

    @classmethod
    def of_matrix(cls, strategies: Sequence[str], matrix: ArrayLike) -> SymmetricGame:
        """The two-player game of a matrix: row i is what i gains against each column."""
        values, count = np.asarray(matrix, dtype=float), len(strategies)
        payoffs: dict[Profile, NDArray[np.float64]] = {}
        for one, two in itertools.combinations_with_replacement(range(count), 2):
            table = np.full((count, 1), np.nan)
            table[one, 0], table[two, 0] = values[one, two], values[two, one]
            payoffs[tuple(int(one == k) + int(two == k) for k in range(count))] = table
        return cls(tuple(strategies), 2, payoffs)

    @property
    def seeds(self) -> int:
        """Runs of each profile."""
        return int(next(iter(self.payoffs.values())).shape[1])

    @cached_property
    def means(self) -> dict[Profile, NDArray[np.float64]]:
        """Mean payoffs of each profile, NaN where nobody plays a strategy."""
        return {profile: table.mean(axis=1) for profile, table in self.payoffs.items()}

    def payoff_table(self) -> pd.DataFrame:
        """A row for each profile and strategy played in it: counts, ``strategy, payoff, low, high`` (Student, 95 %)."""
        import pandas as pd

        rows = []
        for profile, table in self.payoffs.items():
            for place, count in enumerate(profile):
                if count:
                    interval = mean_interval(table[place])
                    rows.append((*profile, self.strategies[place], *interval))
        return pd.DataFrame(rows, columns=[*self.strategies, "strategy", "payoff", "low", "high"])

    def expected(self, shares: ArrayLike) -> NDArray[np.float64]:
        """What each strategy expects to gain in a population with these shares; of many populations, a row for each."""
        counts, weights, table = self._others
        x = np.asarray(shares, dtype=float)[..., None, :]
        chances = weights * np.prod(np.where(counts > 0, x, 1.0) ** counts, axis=-1)
        return np.asarray(chances @ table)

    def change(self, shares: ArrayLike) -> NDArray[np.float64]:
        """The replicator's derivative at these shares."""
        x = np.asarray(shares, dtype=float)
        gains = self.expected(x)
        return np.asarray(x * (gains - x @ gains))

    def rest(self, shares: ArrayLike) -> NDArray[np.float64]:
        """Where the replicator dynamics lead from these shares, or from each row of them; after very long, where they
        are by then."""
        x = np.asarray(shares, dtype=float)
        for _ in range(_STEPS):
            gains = self.expected(x)
            gains = (gains - gains.min(axis=-1, keepdims=True)) / self._scale
            grown = x * np.exp(0.2 * gains)  # the same rest points and directions, and never outside the simplex
            grown /= grown.sum(axis=-1, keepdims=True)
            if np.abs(grown - x).max() < _STILL:
                return np.asarray(grown)
            x = grown
        return x

    def basin(self, strategy: str, draws: int = 200, seed: int = 0) -> Interval:
        """The share of evenly drawn populations from which a strategy takes over (99 % and more), Wilson's interval."""
        place = self.strategies.index(strategy)
        generator = np.random.Generator(np.random.PCG64(seed))
        starts = generator.dirichlet(np.ones(len(self.strategies)), size=draws)
        won = int((self.rest(starts)[:, place] >= _TAKEN_OVER).sum())
        return proportion_interval(won, draws)

    def regret(self, strategy: str, seed: int = 0) -> Interval:
        """The most one player gains by leaving a profile in which all play ``strategy``; bootstrap over seeds."""
        differences = np.array(list(self.deviations(strategy).values()))
        estimate = max(0.0, float(differences.mean(axis=1).max()))
        if self.seeds == 1:
            return Interval(estimate, math.nan, math.nan)
        generator = np.random.Generator(np.random.PCG64(seed))
        chosen = generator.integers(self.seeds, size=(_RESAMPLES, self.seeds))
        resampled = np.maximum(0.0, differences[:, chosen].mean(axis=2).max(axis=0))
        low, high = np.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        return Interval(estimate, float(low), float(high))

    def deviations(self, strategy: str) -> dict[str, NDArray[np.float64]]:
        """What a single player gains, seed by seed, by each other strategy while all others play ``strategy``."""
        place = self.strategies.index(strategy)
        stay = self.payoffs[self._profile(place, place)][place]
        return {
            other: self.payoffs[self._profile(place, away)][away] - stay
            for away, other in enumerate(self.strategies)
            if away != place
        }

    def stable_profiles(self) -> list[Profile]:
        """Profiles that no single player gains by leaving, by mean payoffs."""
        return [profile for profile in self.payoffs if not self._gains_by_leaving(profile)]

    def reduced(self) -> NDArray[np.float64]:
        """The two-player form: row i, column j is the mean payoff of one i while all others play j."""
        count = range(len(self.strategies))
        return np.array([[self.means[self._profile(other, mine)][mine] for other in count] for mine in count])

    def equilibria(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Nash equilibria of the two-player form, by support enumeration; of a degenerate game not all."""
        matrix = self.reduced()
        nash = needed("nashpy", "A game's equilibria")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of degenerate games, which this docstring speaks of
            found = nash.Game(matrix, matrix.T).support_enumeration()
            return [(np.asarray(one), np.asarray(two)) for one, two in found]

    def symmetric_equilibria(self) -> list[NDArray[np.float64]]:
        """Those equilibria of the two-player form in which both play the same."""
        return [one for one, two in self.equilibria() if np.allclose(one, two, atol=1e-6)]

    @cached_property
    def _others(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Profiles of the others, how many ways lead to each, and the payoffs of one more player of each strategy."""
        count = len(self.strategies)
        others = profiles_of(self.players - 1, count)
        ways = [math.factorial(self.players - 1) / math.prod(map(math.factorial, other)) for other in others]
        table = np.array([[self.means[_more(other, place)][place] for place in range(count)] for other in others])
        return np.array(others), np.array(ways), table

    @cached_property
    def _scale(self) -> float:
        table = self._others[2]
        return float(np.ptp(table)) or 1.0

    def _profile(self, many: int, one: int) -> Profile:
        """All play the strategy number ``many`` but one, who plays ``one``."""
        base = tuple((self.players - 1) * int(place == many) for place in range(len(self.strategies)))
        return _more(base, one)

    def _gains_by_leaving(self, profile: Profile) -> bool:
        for place, count in enumerate(profile):
            if count:
                left = tuple(number - int(at == place) for at, number in enumerate(profile))
                stay = self.means[profile][place]
                if any(self.means[_more(left, away)][away] > stay + 1e-12 for away in range(len(profile))):
                    return True
        return False


def _more(profile: Profile, place: int) -> Profile:
    return tuple(number + int(at == place) for at, number in enumerate(profile))


def shares_in_words(strategies: Sequence[str], shares: ArrayLike) -> str:
    """A mix as people read it.

    >>> shares_in_words(("honest", "flip"), [1.0, 0.0]), shares_in_words(("honest", "flip"), [0.25, 0.75])
    ('all honest', '25 % honest, 75 % flip')
    """
    parts = [(name, float(share)) for name, share in zip(strategies, np.asarray(shares, dtype=float), strict=True)]
    played = [(name, share) for name, share in parts if share > 5e-4]
    if len(played) == 1:
        return f"all {played[0][0]}"
    return ", ".join(f"{100 * share:.3g} % {name}" for name, share in played)


def facts_of(game: SymmetricGame, strategy: str) -> dict[str, Any]:
    """What a game says, with ``strategy`` as the one that is hoped for, as one JSON object."""
    regret, basin = game.regret(strategy), game.basin(strategy)
    return {
        "strategies": list(game.strategies),
        "players": game.players,
        "seeds": game.seeds,
        "reduced": game.reduced().tolist(),
        "equilibria": [[one.tolist(), two.tolist()] for one, two in game.equilibria()],
        "symmetric_equilibria": [one.tolist() for one in game.symmetric_equilibria()],
        "stable_profiles": [list(profile) for profile in game.stable_profiles()],
        "rest_from_the_middle": game.rest(np.full(len(game.strategies), 1 / len(game.strategies))).tolist(),
        "regret": {"of": strategy, **_finite(regret)},
        "basin": {"of": strategy, **_finite(basin)},
    }


def _finite(interval: Interval) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in interval._asdict().items()}
