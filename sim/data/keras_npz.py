"""Keras' ``imdb.npz``: reviews as lists of word ranks, which that file keeps as pickled lists.

A pickle is a program for a small machine that can call anything, so it is never run here. This module reads the few
instructions that write down numbers and lists of numbers, and refuses a file in which anything else stands: what the
names in it (of NumPy's own array) would call is skipped, not called.

As ``keras.datasets.imdb.load_data(num_words=1000)`` does, the rows of both parts are shuffled (seed 113, train first),
index 1 is put in front of each review, ranks are moved up by 3, and 2 stands for every rank that is 1000 or above then.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.data.dataset import LabelArray
from sim.data.files import LARGEST_FILE, read_file
from sim.errors import ConfigError
from sim.features import Features

Half = tuple[Features, LabelArray]
Ranks = list["array[int]"]

_SHUFFLE_SEED, _INDEX_FROM, _START, _UNKNOWN = 113, 3, 1, 2
_NAMES = ("x_train", "y_train", "x_test", "y_test")
_ARRAY_NAMES = frozenset({
    "numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct", "numpy ndarray", "numpy dtype",
    "_codecs encode",
})  # fmt: skip


def read_keras(path: Path, n_indices: int) -> tuple[Half, Half, str]:
    """Training part, test part and sha256 of Keras' file; features are word indices below ``n_indices``.

    Raises `ConfigError` if the file is not Keras' own.
    """
    content, digest = read_file(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.getinfo(f"{name}.npy") for name in _NAMES}
            if sum(member.file_size for member in members.values()) > LARGEST_FILE:
                raise ConfigError(f"{str(path)!r} unpacks to more than {LARGEST_FILE} bytes. Download it again.")
            parts = {name: archive.read(member) for name, member in members.items()}
        labels = {part: _labels(parts[f"y_{part}"]) for part in ("train", "test")}
        reviews = {part: lists_of(parts[f"x_{part}"]) for part in ("train", "test")}
    except (
        KeyError,
        ValueError,
        IndexError,
        AttributeError,
        EOFError,
        OSError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ConfigError(f"{str(path)!r} is not Keras' imdb.npz ({error}). Download it again.") from error
    shuffles = np.random.RandomState(_SHUFFLE_SEED)
    halves = []
    for part in ("train", "test"):
        if len(reviews[part]) != len(labels[part]):
            raise ConfigError(
                f"{str(path)!r}: x_{part} has {len(reviews[part])} reviews for {len(labels[part])} labels. Download it "
                f"again."
            )
        order = np.arange(len(labels[part]))
        shuffles.shuffle(order)
        rows = [_indices(reviews[part][row], n_indices) for row in order.tolist()]
        indptr = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
        features = Features(indptr, np.concatenate(rows).astype(np.int32), n_indices)
        halves.append((features, labels[part][order]))
    return halves[0], halves[1], digest


def holds_pickled_lists(path: Path) -> bool:
    """Whether an .npz file has Python objects for its ``x_train``, as Keras' file does."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("x_train.npy") as member:
            return b"'|O'" in member.read(200)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return False


def _labels(content: bytes) -> LabelArray:
    labels = np.load(io.BytesIO(content), allow_pickle=False)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not len(labels):
        raise ValueError(f"labels are {labels.dtype} of shape {labels.shape}")
    return np.asarray(labels, np.int64)


def _indices(ranks: array[int], n_indices: int) -> NDArray[np.int64]:
    """The different indices of a review, ascending."""
    indices = np.frombuffer(ranks, np.int32).astype(np.int64) + _INDEX_FROM
    return np.unique(np.concatenate(([_START], np.where(indices < n_indices, indices, _UNKNOWN))))


def lists_of(content: bytes) -> Ranks:
    """The lists of whole numbers in a one-dimensional .npy array of Python lists. Raises `ValueError`."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_header: Callable[..., Any] = {
        (1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0,
    }[version]  # fmt: skip
    shape, _, kind = read_header(stream)
    if kind != np.dtype(object) or len(shape) != 1:
        raise ValueError(f"reviews are {kind} of shape {shape}")
    lists = _Reader(content, stream.tell()).lists()
    if len(lists) != shape[0]:
        raise ValueError(f"{len(lists)} reviews where the file announces {shape[0]}")
    return lists


class _List:
    """A list as a pickle builds it: of whole numbers, or of lists."""

    def __init__(self) -> None:
        self.numbers = array("i")
        self.lists: list[_List] = []

    def extend(self, items: list[Any]) -> None:
        """Append numbers or lists."""
        if items and isinstance(items[0], _List):
            if not all(isinstance(item, _List) for item in items):
                raise ValueError("a list holds lists and something else")
            self.lists.extend(items)
            return
        try:
            self.numbers.extend(items)
        except (TypeError, OverflowError) as error:
            raise ValueError("a review holds something that is no word rank") from error


class _Reader:
    """Reads the instructions of a pickle that only builds an array of lists of numbers. See the module's text."""

    def __init__(self, content: bytes, start: int) -> None:
        self.content = content
        self.at = start
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.state: Any = None

    def lists(self) -> Ranks:
        """The lists of the array. Raises `ValueError` at any instruction that has no business there."""
        while self._numbers() != 0x2E:  # "." ends a pickle
            self._other(self.content[self.at])
        outer = self.state[-1] if isinstance(self.state, tuple) and self.state else None
        if not isinstance(outer, _List) or outer.numbers:
            raise ValueError("the reviews are no list of lists")
        return [review.numbers for review in outer.lists]

    def _numbers(self) -> int:
        """Read numbers up to the next other instruction, and return that. Nearly all of a file is read here."""
        content, at, push = self.content, self.at, self.stack.append
        while True:
            code = content[at]
            if code == 0x4D:  # two bytes
                push(content[at + 1] | content[at + 2] << 8)
                at += 3
            elif code == 0x4B:  # one byte
                push(content[at + 1])
                at += 2
            elif code == 0x4A:  # four bytes
                push(int.from_bytes(content[at + 1 : at + 5], "little", signed=True))
                at += 5
            else:
                self.at = at
                return code

    def _take(self, size: int) -> bytes:
        part = self.content[self.at : self.at + size]
        if len(part) < size:
            raise ValueError("it ends too early")
        self.at += size
        return part

    def _size(self, width: int) -> int:
        return int.from_bytes(self._take(width), "little")

    def _line(self) -> str:
        end = self.content.index(b"\n", self.at)
        line = self.content[self.at : end].decode("latin-1")
        self.at = end + 1
        return line

    def _since_mark(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def _other(self, code: int) -> None:
        """One instruction that is no number."""
        self.at += 1
        stack, char = self.stack, chr(code)
        if char in _SKIPPED:
            self._take(_SKIPPED[char])
        elif char in _STRINGS:
            stack.append(self._take(self._size(_STRINGS[char])).decode("latin-1"))
        elif char in _CONSTANTS:
            stack.append(_CONSTANTS[char])
        elif char in "qr\x94":  # remember the top of the stack
            place = len(self.memo) if char == "\x94" else self._size(1 if char == "q" else 4)
            self.memo[place] = stack[-1]
        elif char in "hj":
            stack.append(self.memo[self._size(1 if char == "h" else 4)])
        elif char in "c\x93":  # a name: checked, and never looked up
            if char == "\x93":
                name = f"{stack.pop(-2)} {stack.pop()}"
            else:
                name = f"{self._line()} {self._line()}"
            if name not in _ARRAY_NAMES:
                raise ValueError(f"it names {name[:80]!r}, which is none of NumPy's array")
            stack.append(name)
        elif char == "]":
            stack.append(_List())
        elif char == "(":
            self.marks.append(len(stack))
        else:
            self._build(char)

    def _build(self, char: str) -> None:
        """An instruction that makes one thing of several."""
        stack = self.stack
        if char == "a":
            item = stack.pop()
            stack[-1].extend([item])
        elif char == "e":
            items = self._since_mark()
            stack[-1].extend(items)
        elif char == "t":
            items = self._since_mark()
            stack.append(tuple(items))
        elif char in "\x85\x86\x87":
            size = ord(char) - 0x84
            stack[-size:] = [tuple(stack[-size:])]
        elif char == "R":  # would call what was named: its place is kept, no more
            stack[-2:] = [None]
        elif char == "b":
            self.state = stack.pop()
        else:
            raise ValueError(f"instruction {char!r} has no business among lists of numbers")


_SKIPPED = {"\x80": 1, "\x95": 8}
_STRINGS = {"X": 4, "\x8c": 1, "U": 1, "T": 4, "C": 1, "B": 4}
_CONSTANTS: dict[str, Any] = {"N": None, "\x88": True, "\x89": False, ")": ()}
