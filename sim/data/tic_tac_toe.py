"""`tic-tac-toe`, generated: boards in front of the player who went on to win, and the cell that player chose.

Cells are numbered 0 to 8, row by row. Either player may begin, with any cell. After a first move at cell c all later
moves are at cells above c, and a player who can win at once does, at the first such cell. Each game that player X wins
gives one row for each of X's moves: the board before it, and the move as its class. These are the games of the
reference simulation, in its order, shuffled with its seed and split 70/30.

A board is 27 bits, three for each cell: X has it, O has it, nobody has it. (The reference has one number a cell: 1, -1
or 0, which naive Bayes cannot count.)

>>> data = tic_tac_toe()
>>> data.x_train.n_features, len(data.x_train), len(data.x_test)
(27, 14163, 6071)
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.data.dataset import Dataset
from sim.features import Features

_SHUFFLE_SEED, _TRAIN_SHARE = 2, 0.7
_LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
_X, _O, _NOBODY = 0, 1, 2

Board = tuple[int, ...]
Move = tuple[Board, int, int]  # the board before, the cell, the player


def tic_tac_toe() -> Dataset:
    """Which of 9 moves did the winner choose?"""
    moves = [(board, cell) for game in _games() for board, cell, player in game if player == _X]
    boards = np.array([board for board, _ in moves])
    labels = np.array([cell for _, cell in moves], np.int64)
    bits = (boards[:, :, None] == np.arange(3)).reshape(len(boards), 27)
    order = np.random.RandomState(_SHUFFLE_SEED).permutation(len(labels))
    train, test = np.split(order, [int(_TRAIN_SHARE * len(labels))])
    return Dataset(
        name="tic-tac-toe",
        title="Tic-tac-toe (winner's moves)",
        x_train=Features.from_dense(bits[train]),
        y_train=labels[train],
        x_test=Features.from_dense(bits[test]),
        y_test=labels[test],
        classes=tuple(f"CELL {cell}" for cell in range(9)),
        vocabulary=tuple(f"cell {cell} {owner}" for cell in range(9) for owner in ("X", "O", "empty")),
        licence="none needed: generated",
        source="games enumerated by rule, as in the reference simulation of 0xDeCA10B",
    )


def _games() -> Iterator[list[Move]]:
    """The games that X wins, each as its moves."""
    empty: Board = (_NOBODY,) * 9
    for first in range(9):
        for player in (_X, _O):
            yield from _continue(_put(empty, first, player), first + 1, 1 - player, [(empty, first, player)])


def _continue(board: Board, lowest: int, player: int, moves: list[Move]) -> Iterator[list[Move]]:
    free = [cell for cell in range(lowest, 9) if board[cell] == _NOBODY]
    for cell in free:
        if _wins(_put(board, cell, player), player):
            if player == _X:
                yield [*moves, (board, cell, player)]
            return
    for cell in free:
        yield from _continue(_put(board, cell, player), lowest, 1 - player, [*moves, (board, cell, player)])


def _put(board: Board, cell: int, player: int) -> Board:
    return (*board[:cell], player, *board[cell + 1 :])


def _wins(board: Board, player: int) -> bool:
    return any(all(board[cell] == player for cell in line) for line in _LINES)
