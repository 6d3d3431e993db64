"""Rows of binary (or counted) features as index lists: what data sets hold, transactions carry and models read.

A sample with the features ``{3, 17}`` is the array ``[3, 17]``; an index that stands twice counts twice. The rows of
a set lie end to end in ``indices``; row ``i`` is ``indices[indptr[i]:indptr[i + 1]]``. Nothing is copied per event.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any
from weakref import ref

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

_FIXED_POINT_ONE = 10**9
IndexArray = NDArray[np.int32]

_Prepared = tuple[NDArray[np.intp], bytes, list[int], list[int]]

_NARROW, _NARROW_END = np.uint16, 2**16

_of_rising_rows: dict[int, ref[NDArray[np.intp]]] = {}
"""By `id`, arrays of rows end to end each of which rises: nobody writes to a sample's features, so it stays true."""


class Features:
    """Feature rows of a data set.

    Parameters
    ----------
    indptr : int64 array, shape (n_rows + 1,), rising from 0
    indices : int32 array, shape (indptr[-1],), each in [0, n_features)
    n_features : int
    """

    __slots__ = ("_matrices", "_prepared", "indices", "indptr", "n_features")

    def __init__(self, indptr: NDArray[np.int64], indices: IndexArray, n_features: int) -> None:
        self.indptr = indptr
        self.indices = indices
        self.n_features = n_features
        self._matrices: dict[str, Any] = {}
        self._prepared: _Prepared | None = None

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def row(self, i: int) -> IndexArray:
        """The indices of row ``i``, a view."""
        return self.indices[self.indptr[i] : self.indptr[i + 1]]

    def data(self, i: int) -> Data:
        """Row ``i`` as a transaction carries it. What is the same for all rows is worked out once, for all of them."""
        indices, narrow, bounds, nonzero_bytes = self._prepared or self._prepare()
        first, end = bounds[i], bounds[i + 1]
        data = Data.__new__(Data)
        data.features = features = indices[first:end]
        data.size = end - first
        data.key = narrow[2 * first : 2 * end] if narrow else _key(features)
        data.nonzero_bytes = nonzero_bytes[i]
        return data

    def _prepare(self) -> _Prepared:
        """Indices as NumPy gathers fastest with, and as bytes; where rows begin; their `Data.nonzero_bytes`."""
        indices, lengths = self.indices.astype(np.intp), np.diff(self.indptr)
        narrow = self.indices.astype(_NARROW).tobytes() if self.n_features <= _NARROW_END else b""
        few = self.n_features <= len(indices)  # then each is worked out once
        each = _set_bytes(np.arange(self.n_features)).take(indices) if few else _set_bytes(indices)
        nonzero, filled = _set_bytes(lengths).astype(np.int64), np.flatnonzero(lengths)
        if len(filled):
            nonzero[filled] += np.add.reduceat(each, self.indptr[filled], dtype=np.int64)
        falls = np.flatnonzero(self.indices[1:] <= self.indices[:-1]) + 1
        if np.isin(falls, self.indptr).all():  # each begins a row
            for gone in [number for number, array in _of_rising_rows.items() if array() is None]:
                del _of_rising_rows[gone]
            _of_rising_rows[id(indices)] = ref(indices)
        self._prepared = indices, narrow, self.indptr.tolist(), nonzero.tolist()
        return self._prepared

    def take(self, rows: NDArray[np.int64]) -> Features:
        """A new set with the given rows, in the given order."""
        lengths = np.diff(self.indptr)[rows]
        indptr = np.concatenate(([0], np.cumsum(lengths)))
        source = np.repeat(self.indptr[rows] - indptr[:-1], lengths) + np.arange(indptr[-1])
        return Features(indptr, self.indices[source], self.n_features)

    def matrix(self, dtype: DTypeLike = np.float32) -> Any:
        """The rows as a ``scipy.sparse.csr_array`` of ones, shape (n_rows, n_features); kept, so ask often."""
        name = np.dtype(dtype).name
        if name not in self._matrices:
            from scipy.sparse import csr_array  # imported late: a chain without data needs no SciPy

            data = np.ones(len(self.indices), dtype)
            indptr = self.indptr.astype(np.int32) if self.indptr[-1] < 2**31 else self.indptr
            shape = (len(self), self.n_features)
            self._matrices[name] = csr_array((data, self.indices, indptr), shape=shape)
        return self._matrices[name]

    @classmethod
    def from_dense(cls, rows: NDArray[Any]) -> Features:
        """From a 0/1 (or count) matrix of shape (n_rows, n_features)."""
        rows = np.asarray(rows)
        where, columns = np.nonzero(rows)
        counts = rows[where, columns].astype(np.int64)
        lengths = np.bincount(where, weights=counts, minlength=len(rows)).astype(np.int64)
        indptr = np.concatenate(([0], np.cumsum(lengths)))
        return cls(indptr, np.repeat(columns, counts).astype(np.int32), rows.shape[1])


class UnitVectors:
    """The rows of ``features`` as vectors of norm 1, in numbers times 10**9: what dense models of contracts read.

    Each row's counts are divided by their norm and rounded, halves up; an empty row is the vector of zeros. Vectors are
    made when they are asked for.
    """

    __slots__ = ("_matrix", "features", "n_features")

    def __init__(self, features: Features) -> None:
        self.features = features
        self.n_features = features.n_features
        self._matrix: Any = None

    def __len__(self) -> int:
        return len(self.features)

    def row(self, i: int) -> NDArray[np.int64]:
        """Row ``i``, shape (n_features,)."""
        counts = np.bincount(self.features.row(i), minlength=self.n_features)
        norm = float(np.sqrt(counts @ counts)) or 1.0
        vector: NDArray[np.int64] = np.floor(counts * (_FIXED_POINT_ONE / norm) + 0.5).astype(np.int64)
        return vector

    def data(self, i: int) -> Data:
        """Row ``i`` as a transaction carries it."""
        return Data.numbers(self.row(i).tolist())

    def filled(self) -> NDArray[np.int64]:
        """The places of rows that have a feature: the vector of zeros has no norm of 1, so no contract learns it."""
        return np.flatnonzero(np.diff(self.features.indptr)).astype(np.int64)

    def take(self, rows: NDArray[np.int64]) -> UnitVectors:
        """A new set with the given rows, in the given order."""
        return UnitVectors(self.features.take(rows))

    def matrix(self) -> Any:
        """The rows as a ``scipy.sparse.csr_array`` of int64, shape (n_rows, n_features), without zeros; kept."""
        if self._matrix is None:
            matrix = self.features.matrix(np.int64).copy()
            matrix.sum_duplicates()
            starts, counts = matrix.indptr.astype(np.int64), matrix.data
            squares = np.concatenate(([0], np.cumsum(counts * counts)))
            norms = np.repeat(np.sqrt(squares[starts[1:]] - squares[starts[:-1]]), np.diff(starts))
            matrix.data = np.floor(counts * (_FIXED_POINT_ONE / norms) + 0.5).astype(np.int64)
            self._matrix = matrix
        return self._matrix


class Data:
    """One sample as a transaction carries it: its feature indices, each 0 or more.

    Attributes
    ----------
    features : intp array (the index type NumPy gathers fastest with; see `numbers`); do not write to it
    size : how many there are
    key : short bytes to know it by; equal data have equal keys, different data different ones
    nonzero_bytes : bytes that are not zero in its ABI encoding, one 32-byte word for its length and one an index
    """

    __slots__ = ("features", "key", "nonzero_bytes", "size")

    def __init__(self, features: ArrayLike) -> None:
        array = np.array(features, dtype=np.intp)
        if array.ndim != 1 or (array.size and int(array.min()) < 0):
            raise ValueError("the features of a sample are a flat list of indices, each 0 or more")
        self.features = array
        self._describe(array)

    @classmethod
    def numbers(cls, numbers: Iterable[int]) -> Data:
        """A transaction's ``int64[]`` as it is: vectors of fixed-point numbers, negative indices, indices of any size.

        Its ``features`` are Python integers, which only the contracts' own models read; a model that gathers by index
        raises `TypeError`. Raises `ValueError` for what 64 bits cannot hold.
        """
        whole = [operator.index(number) for number in numbers]
        try:
            array = np.array(whole, dtype=np.int64)
        except OverflowError as error:
            raise ValueError("the numbers of a sample are from -2^63 to 2^63 - 1") from error
        data = cls.__new__(cls)
        data.features = np.array(whole, dtype=object)
        data._describe(array)
        data.nonzero_bytes += 24 * int(np.count_nonzero(array < 0))  # of words that begin with bytes of ones
        return data

    def _describe(self, numbers: NDArray[np.int64]) -> None:
        self.size = len(numbers)
        self.key = _key(numbers)
        zeros_of_length = self.size.to_bytes(8, "big").count(0)
        self.nonzero_bytes = int(np.count_nonzero(numbers.view(np.uint8))) + 8 - zeros_of_length

    def __len__(self) -> int:
        return self.size

    def __repr__(self) -> str:
        return f"Data({self.features.tolist()})"


def rises(features: NDArray[np.intp]) -> bool:
    """Whether each index is above the one before it, so that none stands twice."""
    rows = features.base
    known = None if rows is None else _of_rising_rows.get(id(rows))
    if known is not None and known() is rows and features.strides[0] > 0:
        return True
    return b"\0" not in (features[1:] > features[:-1]).tobytes()  # quicker than `all` for so few


def _set_bytes(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
    """How many of the eight bytes of each number are not zero; in the shape of ``numbers``."""
    return np.asarray(np.count_nonzero(numbers.reshape(-1, 1).view(np.uint8), axis=1), np.uint8).reshape(numbers.shape)


def _key(features: NDArray[np.intp]) -> bytes:
    """Two bytes an index where that is enough; otherwise eight, and one more to tell the two kinds apart."""
    if not features.size or (int(features.min()) >= 0 and int(features.max()) < _NARROW_END):
        return features.astype(_NARROW).tobytes()
    return features.tobytes() + b"w"
