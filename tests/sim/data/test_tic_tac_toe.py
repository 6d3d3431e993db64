"""`tic-tac-toe` against the games enumerated another way."""

from __future__ import annotations

import itertools

import numpy as np

from sim.data import load_dataset

LINES = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]])


def won(board):
    return [player for player in (1, -1) if np.any(np.all(board[LINES] == player, axis=1))]


def play(first, starter, later):
    """The rows of one game whose moves are ``first`` and then ``later``; None if these are no whole game X wins."""
    board, rows, player = np.zeros(9, int), [], starter
    for number, cell in enumerate((first, *later)):
        if number:
            winning = [c for c in range(first + 1, 9) if not board[c] and player in won(place(board, c, player))]
            if winning and cell != winning[0]:
                return None
        if player == 1:
            rows.append((tuple(board.tolist()), cell))
        board = place(board, cell, player)
        if won(board):
            return rows if won(board) == [1] and number == len(later) else None
        player = -player
    return None


def place(board, cell, player):
    board = board.copy()
    board[cell] = player
    return board


def test_the_rows_are_the_moves_of_the_winner():
    """From cell 3 on, where the games are few enough to try every sequence of moves."""
    data = load_dataset("tic-tac-toe")
    found = []
    for x, y in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        bits = x.matrix(np.int64).toarray().reshape(-1, 9, 3)
        assert np.all(bits.sum(axis=2) == 1)
        boards = bits[:, :, 0] - bits[:, :, 1]
        found += [(tuple(board), label) for board, label in zip(boards.tolist(), y.tolist(), strict=True)]
    expected = []
    for first, starter in itertools.product(range(3, 9), (1, -1)):
        for length in range(9 - first):
            for later in itertools.permutations(range(first + 1, 9), length):
                expected += play(first, starter, later) or []
    empty = (0,) * 9
    # a row of these games has its first three cells empty, and the move is no cell below 3; games that start below 3
    # have such rows only as their first move
    late = [row for row in found if row[0][:3] == (0, 0, 0) and row[1] >= 3]
    assert sorted(late) == sorted(expected)
    assert [row for row in expected if row[0] == empty]


def test_moves_are_classes_and_boards_are_undecided():
    data = load_dataset("tic-tac-toe")
    assert data.classes == tuple(f"CELL {cell}" for cell in range(9))
    assert set(data.y_train.tolist()) == set(range(9))
    boards = data.x_train.matrix(np.int64).toarray().reshape(-1, 9, 3)
    boards = boards[:, :, 0] - boards[:, :, 1]
    assert not any(won(board) for board in boards[:500])
    assert np.all(boards[np.arange(len(boards)), data.y_train] == 0)
