"""Cells: what was written since the last commit can always be taken back, and nothing else writes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.chain import Column, Journal, Map, Table, Value, Weights
from sim.errors import Revert
from tests.support import frozen

KEYS = st.sampled_from(("a", "b", "c"))
NUMBERS = st.integers(-5, 5)


class Cells:
    """One of each kind on one journal."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.value = Value(self.journal, 0)
        self.map: Map[str, int] = Map(self.journal)
        self.table = Table(self.journal, 2)
        self.weights = Weights(self.journal, np.zeros(4, np.int64))

    def write(self, how: str, key: str, number: int) -> None:
        places = np.array([abs(number) % 4, 0, 0])
        if how == "value":
            self.value.set(number)
        elif how == "map":
            self.map[key] = number
        elif how == "append":
            self.table.append(key, number)
        elif how == "column" and len(self.table.columns[0]):
            self.table.columns[1][number % len(self.table.columns[1])] = number
        elif how == "add_at":
            self.weights.add_at(places, number)
        elif how == "write":
            where = np.array([1, 3])
            self.weights.write(where, self.weights.array[where], number)
        elif how == "replace":
            self.weights.replace(self.weights.array.astype(object))


writes = st.lists(
    st.tuples(
        st.sampled_from(("value", "map", "append", "column", "add_at", "write", "replace", "commit", "rollback")),
        KEYS,
        NUMBERS,
    )
)


@given(writes)
def test_rollback_restores_the_last_commit_whatever_was_written(script: list[tuple[str, str, int]]) -> None:
    cells = Cells()
    committed = frozen(cells)
    for how, key, number in script:
        if how == "commit":
            cells.journal.commit()
            committed = frozen(cells)
        elif how == "rollback":
            cells.journal.rollback()
            assert frozen(cells) == committed
        else:
            cells.write(how, key, number)
    cells.journal.rollback()
    assert frozen(cells) == committed


def test_writes_are_taken_back_newest_first() -> None:
    cells = Cells()
    cells.map["a"] = 1
    cells.journal.commit()
    for number in (2, 3, 4):
        cells.map["a"] = number
    cells.journal.rollback()
    assert dict(cells.map) == {"a": 1}


def test_rollback_forgets_keys_and_rows_that_were_new() -> None:
    cells = Cells()
    cells.map["a"] = None
    assert cells.table.append("x", 1) == 0
    cells.journal.rollback()
    assert dict(cells.map) == {}
    assert [list(column) for column in cells.table.columns] == [[], []]
    assert cells.table.append("y", 2) == 0


def test_observers_hear_of_commits_only_in_order_and_once() -> None:
    journal, heard = Journal(), []
    journal.after_commit += [(heard.append, (1,)), (heard.append, (2,))]
    assert heard == []
    journal.commit()
    journal.commit()
    assert heard == [1, 2]
    journal.after_commit.append((heard.append, (3,)))
    journal.rollback()
    journal.commit()
    assert heard == [1, 2]


def test_observer_finds_the_journal_ready_for_the_next_transaction() -> None:
    """An observer that writes, as a derived cell might, does not write into the transaction that was just closed."""
    journal = Journal()
    value = Value(journal, 0)
    journal.after_commit.append((value.set, (5,)))
    journal.commit()
    assert value.value == 5
    journal.rollback()
    assert value.value == 0


@pytest.mark.parametrize(
    "write",
    [
        lambda m: m.clear(), lambda m: m.pop("a"), lambda m: m.popitem(), lambda m: m.setdefault("b", 1),
        lambda m: m.update(b=1), lambda m: m.__delitem__("a"), lambda m: m.__ior__({"b": 1}),
    ],
)  # fmt: skip
def test_map_refuses_every_write_the_journal_would_not_see(write: Any) -> None:
    cells = Cells()
    cells.map["a"] = 1
    with pytest.raises(TypeError, match="item assignment"):
        write(cells.map)
    assert dict(cells.map) == {"a": 1}


@pytest.mark.parametrize(
    "write",
    [
        lambda c: c.append(1), lambda c: c.extend([1]), lambda c: c.insert(0, 1), lambda c: c.pop(),
        lambda c: c.clear(), lambda c: c.remove(7), lambda c: c.sort(), lambda c: c.reverse(),
        lambda c: c.__delitem__(0), lambda c: c.__iadd__([1]), lambda c: c.__imul__(2),
    ],
)  # fmt: skip
def test_column_refuses_every_write_the_journal_would_not_see(write: Any) -> None:
    cells = Cells()
    cells.table.append("x", 7)
    column = cells.table.columns[1]
    assert isinstance(column, Column)
    with pytest.raises(TypeError, match=r"Table\.append"):
        write(column)
    assert list(column) == [7]


def test_every_writing_method_of_dict_and_list_is_known() -> None:
    """A method added by a later Python would slip past the refusals above."""
    harmless = {"copy", "fromkeys", "get", "items", "keys", "values", "count", "index"}
    for base, cell in ((dict, Map), (list, Column)):
        own = {name for name in vars(base) if not name.startswith("_")} - harmless
        assert {name for name in own if getattr(cell, name) is getattr(base, name)} == set()


def test_table_row_must_fit_its_columns() -> None:
    cells = Cells()
    with pytest.raises(ValueError, match="2 columns"):
        cells.table.append("only one")
    cells.journal.rollback()
    assert [len(column) for column in cells.table.columns] == [0, 0]


def test_weights_count_repeated_places_and_come_back() -> None:
    weights = Weights(Journal(), np.zeros(3, np.int64))
    weights.add_at(np.array([1, 1, 2]), 5)
    assert weights.array.tolist() == [0, 10, 5]


def test_attempt_takes_back_only_what_the_refused_call_wrote() -> None:
    """As a contract that calls another one: its own writes before and after stay, until all is rolled back."""
    journal = Journal()
    first, second, heard = Value(journal, 0), Value(journal, 0), []

    def write(number: int, refuses: bool) -> None:
        second.set(number)
        journal.after_commit.append((heard.append, (number,)))
        if refuses:
            raise Revert("no")

    first.set(1)
    assert journal.attempt(write, 5, False)
    assert not journal.attempt(write, 6, True)
    assert (first.value, second.value) == (1, 5)
    with pytest.raises(ZeroDivisionError):
        journal.attempt(lambda: 1 // 0)
    journal.commit()
    assert heard == [5]
    journal.attempt(write, 7, False)
    journal.rollback()
    assert (first.value, second.value) == (1, 5)
