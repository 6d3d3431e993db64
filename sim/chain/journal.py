"""State that can be taken back: the cells a contract may write and the journal that undoes them.

Contract state lives only in cells. Each write notes its inverse in the journal; when a call is refused the chain runs
the inverses backwards, so that no contract has to be careful. What is derived from state (indices, watches) must not
see writes that may yet be undone: it is told by `Journal.after_commit`.

>>> journal = Journal()
>>> price, owners = Value(journal, 5), Map(journal)
>>> journal.commit(); price.set(7); owners["ann"] = 1
>>> journal.rollback(); price.value, dict(owners)
(5, {})
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Generic, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.errors import Revert

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
MISSING: Any = object()
"""Stands in the journal for a key that was not there."""


class Journal:
    """The inverses of all writes since the last commit, and what to tell observers once they are final."""

    __slots__ = ("after_commit", "undo")

    def __init__(self) -> None:
        self.undo: list[tuple[Any, ...]] = []  # (cell, what its ``take_back`` needs)
        self.after_commit: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []

    def commit(self) -> None:
        """Make all writes final and tell the observers, in the order in which they were noted."""
        self.undo.clear()
        if self.after_commit:
            notices, self.after_commit = self.after_commit, []
            for observer, arguments in notices:
                observer(*arguments)

    def attempt(self, function: Callable[..., Any], *arguments: Any) -> bool:
        """Call a function as a contract calls another one: if that refuses, its writes alone are taken back."""
        undo, notices = len(self.undo), len(self.after_commit)
        try:
            function(*arguments)
        except Revert:
            while len(self.undo) > undo:
                cell, *before = self.undo.pop()
                cell.take_back(*before)
            del self.after_commit[notices:]
            return False
        return True

    def rollback(self) -> None:
        """Take back every write since the last commit, newest first; observers never hear of them."""
        self.after_commit.clear()
        while self.undo:
            cell, *before = self.undo.pop()
            cell.take_back(*before)


class Value(Generic[V]):
    """One journalled value; read ``.value``, write with `set`."""

    __slots__ = ("_undo", "value")

    def __init__(self, journal: Journal, value: V) -> None:
        self._undo = journal.undo
        self.value = value

    def set(self, value: V) -> None:
        """Replace the value."""
        self._undo.append((self, self.value))
        self.value = value

    def take_back(self, value: V) -> None:
        """Undo a write."""
        self.value = value


class Map(dict[K, V]):
    """A journalled dictionary: reads at a dictionary's speed; only item assignment, and `put_back`, write."""

    __slots__ = ("_undo",)

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._undo = journal.undo

    def __setitem__(self, key: K, value: V) -> None:
        self._undo.append((self, key, self.get(key, MISSING)))
        dict.__setitem__(self, key, value)

    def put_back(self, entries: Mapping[K, V]) -> None:
        """Hold these entries and no others, as it did at another time; written as far as something differs."""
        for key in [key for key in self if key not in entries]:
            self._undo.append((self, key, self[key]))
            dict.__delitem__(self, key)
        for key, value in entries.items():
            if self.get(key, MISSING) != value:
                self[key] = value

    def take_back(self, key: K, value: V) -> None:
        """Undo a write."""
        if value is MISSING:
            dict.pop(self, key, None)  # absent if the fault struck between the note and the write
        else:
            dict.__setitem__(self, key, value)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a Map is written by item assignment only, so that the journal sees it")

    __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse


class Column(list[V]):
    """A journalled column of a `Table`: reads at a list's speed; only item assignment writes."""

    __slots__ = ("_undo",)

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._undo = journal.undo

    def __setitem__(self, row: Any, value: Any) -> None:
        self._undo.append((self, row, self[row]))
        list.__setitem__(self, row, value)

    def take_back(self, row: int, value: V) -> None:
        """Undo a write."""
        list.__setitem__(self, row, value)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(
            "rows are added by Table.append and changed by item assignment only, so that the journal sees it"
        )

    append = extend = insert = pop = remove = clear = sort = reverse = __delitem__ = _refuse
    __iadd__ = __imul__ = _refuse


class Table:
    """A growing structure of arrays: rows are appended whole and known by their number."""

    __slots__ = ("_undo", "columns")

    def __init__(self, journal: Journal, width: int) -> None:
        self._undo = journal.undo
        self.columns: Sequence[Column[Any]] = [Column(journal) for _ in range(width)]

    def append(self, *row: Any) -> int:
        """Add a row, one value a column, and return its number."""
        columns = self.columns
        if len(row) != len(columns):
            raise ValueError(f"a row of {len(row)} values for a table of {len(columns)} columns")
        number = len(columns[0])
        self._undo.append((self, number))
        any(map(list.append, columns, row))  # the quickest loop there is: `append` answers None, so it never ends early
        return number

    def take_back(self, number: int) -> None:
        """Undo an append."""
        for column in self.columns:
            list.__delitem__(column, slice(number, None))


class Weights:
    """A journalled NumPy array of numbers: read ``.array``, write with `write` or `add_at`.

    The array is of numbers of any kind, or of Python integers (dtype object) where those could overflow.
    """

    __slots__ = ("_undo", "array")

    def __init__(self, journal: Journal, array: NDArray[Any]) -> None:
        self._undo = journal.undo
        self.array = array

    def write(self, where: NDArray[np.intp], before: Any, values: Any) -> None:
        """``array[where] = values`` for an array of indices at which the numbers are now ``before``."""
        array = self.array
        self._undo.append((self, array, where, before))
        array[where] = values

    def add_at(self, where: NDArray[np.intp], amount: Any) -> NDArray[Any]:
        """Add ``amount`` at every index of ``where``, once per occurrence; the values before come back."""
        array = self.array
        before = array.take(where)
        self._undo.append((self, array, where, before))
        np.add.at(array, where, amount)
        return before

    def replace(self, array: NDArray[Any]) -> None:
        """Put another array in the place of this one."""
        self._undo.append((self, self.array, (), ()))
        self.array = array

    def take_back(self, array: NDArray[Any], where: Any, values: Any) -> None:
        """Undo a write."""
        self.array = array
        if len(where):
            array[where] = values
