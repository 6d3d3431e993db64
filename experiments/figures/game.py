"""Replicator dynamics of a game of two or three strategies: a line, or the simplex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.figures.drawn import Drawn
from experiments.figures.style import ADVERSARY_COLOURS, GRID, HONEST_COLOURS, INK, QUIET, STYLE

if TYPE_CHECKING:
    from experiments.analysis.games import SymmetricGame

_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])
_STEPS = 13
_CAPTION = (
    "How the shares of behaviours change if what gains more is imitated more (replicator dynamics of mean payoffs). "
    "Arrows of three strategies show the direction, their shade the speed; of two strategies the curve is what the "
    "first gains more than the second. Filled dots: symmetric equilibria of the two-player form."
)


def field_of(game: SymmetricGame) -> pd.DataFrame:
    """Populations on a grid: the shares of each strategy, and their rates of change ``d_<strategy>``."""
    count = len(game.strategies)
    if count == 2:
        grid: list[tuple[float, ...]] = [(share, 1 - share) for share in np.linspace(0, 1, 101)]
    elif count == 3:
        parts = range(_STEPS)
        grid = [(i / 12, j / 12, (12 - i - j) / 12) for i in parts for j in parts if i + j <= 12]
    else:
        raise ValueError(f"a picture shows two or three strategies, and this game has {count}")
    rows = [(*shares, *game.change(shares), *game.expected(shares)) for shares in np.array(grid)]
    changes, gains = ([f"{word}_{name}" for name in game.strategies] for word in ("d", "gain"))
    return pd.DataFrame(rows, columns=[*game.strategies, *changes, *gains])


def figure_game(game: SymmetricGame, title: str) -> Figure:
    """The simplex of three strategies with arrows, or the difference of gains of two along their shares."""
    table = field_of(game)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 5.6 if len(game.strategies) == 3 else 3.8), layout="constrained")
        axes = figure.subplots()
        (_draw_simplex if len(game.strategies) == 3 else _draw_line)(axes, game, table)
        figure.suptitle(title, parse_math=False, fontsize=11, fontweight="bold", color=INK, x=0.01, ha="left")
    return figure


def drawn_game(game: SymmetricGame, name: str) -> Drawn:
    """The figure with its caption and data."""
    title = f"{name}: which behaviour spreads"
    return Drawn("replicator", title, _CAPTION, figure_game(game, title), field_of(game))


def _draw_simplex(axes: Any, game: SymmetricGame, table: pd.DataFrame) -> None:
    shares = table[list(game.strategies)].to_numpy()
    change = table[[f"d_{name}" for name in game.strategies]].to_numpy()
    places, arrows = shares @ _CORNERS, change @ _CORNERS
    speed = np.hypot(*arrows.T)
    moving = speed > 1e-12 * max(1.0, speed.max())
    lengths = np.where(moving, speed, 1.0)[:, None]
    axes.plot(*np.vstack([_CORNERS, _CORNERS[:1]]).T, color=QUIET, linewidth=1)
    axes.quiver(*places[moving].T, *(arrows / lengths)[moving].T, speed[moving], cmap="cividis_r", scale=26,
                width=0.005, pivot="mid", zorder=2)  # fmt: skip
    for mix in game.symmetric_equilibria():
        axes.plot(*(np.asarray(mix) @ _CORNERS), "o", color=ADVERSARY_COLOURS[0], markersize=8, zorder=4)
    for name, (x, y), (across, up) in zip(
        game.strategies, _CORNERS, ((-0.02, -0.06), (0.02, -0.06), (0, 0.03)), strict=True
    ):
        axes.text(x + across, y + up, f"all {name}", ha="center", va="bottom" if up > 0 else "center", parse_math=False)
    axes.set(xlim=(-0.15, 1.15), ylim=(-0.12, 0.98), aspect="equal")
    axes.set_axis_off()


def _draw_line(axes: Any, game: SymmetricGame, table: pd.DataFrame) -> None:
    first, second = game.strategies
    axes.axhline(0, color=QUIET, linewidth=1)
    axes.plot(100 * table[first], table[f"gain_{first}"] - table[f"gain_{second}"], color=HONEST_COLOURS[0])
    for mix in game.symmetric_equilibria():
        axes.plot(100 * mix[0], 0, "o", color=ADVERSARY_COLOURS[0], markersize=8, zorder=4, clip_on=False)
    axes.set_xlabel(f"share of {first} in the population (%)", parse_math=False)
    axes.set_ylabel(f"gain of {first} less {second} (units)", parse_math=False)
    axes.set_xlim(0, 100)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
