r"""From texts to features: which words (or pairs of words) the training texts use most, and which of them a text has.

Words are found in one of two ways, each that of a library the papers used:

keras
    lower case, punctuation to blanks, split at blanks (Keras' Tokenizer); apostrophes stay inside words
scikit-learn
    lower case, every run of two or more letters, digits or underscores (``\b\w\w+\b``)

The features are the ``top`` most frequent words of the training texts, most frequent first, ties in alphabetical order;
with ``ngram = 2`` they are pairs of neighbouring words. A text has each of its features once, or with ``counts`` as
often as it holds it. With ``hashed`` the features are named by numbers (MurmurHash3, 32 bits, seed 0), not by words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.features import Features

_TO_BLANK = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n', " "))
_RUN = re.compile(r"\b\w\w+\b")
_C1, _C2, _BITS = 0xCC9E2D51, 0x1B873593, 0xFFFFFFFF

WordArray = NDArray[np.int64]


def keras_words(text: str) -> list[str]:
    """Lower case, punctuation to blanks, split at blanks; apostrophes stay inside words."""
    return [word for word in text.lower().translate(_TO_BLANK).split(" ") if word]


def sklearn_words(text: str) -> list[str]:
    """Every run of two or more letters, digits or underscores, in lower case."""
    return _RUN.findall(text.lower())


SPLITTERS: dict[str, Callable[[str], list[str]]] = {"keras": keras_words, "scikit-learn": sklearn_words}


@dataclass(frozen=True)
class BagOfWords:
    """How texts become features; see the module's text. ``top`` is 1 or more, ``ngram`` 1 or 2."""

    top: int = 1_000
    ngram: int = 1
    counts: bool = False
    hashed: bool = False
    words: str = "keras"

    def features(self, train: Sequence[str], test: Sequence[str]) -> tuple[Features, Features, tuple[str, ...]]:
        """Features of the training and the test texts, and the name of each."""
        numbers: dict[str, int] = {}
        split = SPLITTERS[self.words]
        texts = [[numbers.setdefault(word, len(numbers)) for word in split(text)] for text in train]
        documents = [np.array(text, np.int64) for text in texts]
        documents += [np.array([numbers.get(word, -1) for word in split(text)], np.int64) for text in test]
        base = len(numbers)
        if self.ngram == 2:
            documents = [_pairs(document, base) for document in documents]
        spelled = list(numbers)

        def spell(key: int) -> str:
            return spelled[key] if self.ngram == 1 else f"{spelled[key // base]} {spelled[key % base]}"

        top = _most_frequent(documents[: len(train)], self.top, spell)
        names = tuple(map(spell, top.tolist()))
        if self.hashed:
            names = tuple(str(murmur3(name.encode())) for name in names)
        halves = (documents[: len(train)], documents[len(train) :])
        x_train, x_test = (_features(half, top, self.counts) for half in halves)
        return x_train, x_test, names

    def __str__(self) -> str:
        what = "words" if self.ngram == 1 else "pairs of neighbouring words"
        named = ", named by MurmurHash3 numbers" if self.hashed else ""
        how = "counts" if self.counts else "presence"
        return f"{how} of the {self.top} most frequent {what} of the training part ({self.words} words{named})"


def _pairs(document: WordArray, base: int) -> WordArray:
    """Neighbouring words as one number each, -1 where one of them is unknown."""
    first, second = document[:-1], document[1:]
    return np.where((first < 0) | (second < 0), -1, first * base + second)


def _most_frequent(documents: list[WordArray], top: int, spell: Callable[[int], str]) -> WordArray:
    """The keys that stand in the documents most often; ties in the order of their spelling."""
    keys, counts = np.unique(np.concatenate([np.zeros(0, np.int64), *documents]), return_counts=True)
    if len(keys) > top:
        least = np.partition(counts, len(counts) - top)[len(counts) - top]
        keys, counts = keys[counts >= least], counts[counts >= least]
    ranked = sorted(zip(keys.tolist(), counts.tolist(), strict=True), key=lambda entry: (-entry[1], spell(entry[0])))
    return np.array([key for key, _ in ranked[:top]], np.int64)


def _features(documents: list[WordArray], top: WordArray, counts: bool) -> Features:
    order = np.argsort(top)
    ascending = top[order]
    rows = []
    for document in documents:
        places = np.searchsorted(ascending, document)
        known = ascending.take(places, mode="clip") == document if len(top) else np.zeros(len(document), np.bool_)
        columns = order[places[known]]
        rows.append(np.sort(columns) if counts else np.unique(columns))
    indptr = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
    return Features(indptr, np.concatenate([np.zeros(0, np.int32), *rows]).astype(np.int32), len(top))


def murmur3(data: bytes, seed: int = 0) -> int:
    """MurmurHash3 (x86, 32 bits) of some bytes, 0 to 2^32 - 1: what the reference's clients name words by.

    >>> murmur3(b"test")
    3127628307
    """
    state, whole = seed, len(data) - len(data) % 4
    for start in range(0, whole, 4):
        state = _rotate(state ^ _scramble(int.from_bytes(data[start : start + 4], "little")), 13)
        state = (state * 5 + 0xE6546B64) & _BITS
    state ^= _scramble(int.from_bytes(data[whole:], "little")) ^ len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        state = ((state ^ state >> shift) * factor) & _BITS
    return state ^ state >> 16


def _scramble(word: int) -> int:
    return _rotate(word * _C1 & _BITS, 15) * _C2 & _BITS


def _rotate(word: int, left: int) -> int:
    return (word << left | word >> 32 - left) & _BITS
