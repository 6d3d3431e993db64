"""`imdb`, the film reviews of the papers: 25,000 to train, 25,000 to test, presence of 1000 word indices.

Nobody licenses these reviews, so the package cannot carry them: the user's folder (`sim.data.folder`) holds the pair
``imdb/imdb-train.npz``, ``imdb/imdb-test.npz``. `pack_imdb` makes the pair from the authors' archive:

    python -m sim.data.imdb aclImdb_v1.tar.gz FOLDER

Features as ``keras.datasets.imdb.load_data(num_words=1000)`` gives them: lower case, punctuation to blanks, split at
blanks; words ranked by frequency in the training half only; index = rank + 3. Index 1 stands in every review, 2 for any
word outside the list, 0 and 3 are unused. The reviews are sorted by file name and shuffled with a fixed seed. On the
whole set multinomial naive Bayes reaches .8322 and nearest centroid .7446 (papers: .8323, .7445).

Source: Maas et al., "Learning Word Vectors for Sentiment Analysis", ACL 2011, https://ai.stanford.edu/~amaas/data/sentiment/
"""

from __future__ import annotations

import sys
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np

from sim.data.dataset import Dataset, LabelArray
from sim.data.folder import VARIABLE, packed_paths
from sim.data.packed import packed_dataset, write_packed
from sim.errors import ConfigError
from sim.features import Features

_ARCHIVE = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
HOW_TO_OBTAIN = (
    f"download {_ARCHIVE} (no licence stated: for your own use, cite Maas et al. 2011), run "
    f"'python -m sim.data.imdb aclImdb_v1.tar.gz FOLDER' and set {VARIABLE}=FOLDER"
)
_CLASSES = ("NEGATIVE", "POSITIVE")
_FOLDERS = {"neg": 0, "pos": 1}
_SHUFFLE_SEEDS = {"train": 113, "test": 114}
_WORD_INDICES, _SPECIAL = 1_000, ("<pad>", "<start>", "<oov>", "<unused>")
_START, _UNKNOWN = 1, 2
_TO_BLANK = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n', " "))

Review = tuple[str, int, list[str]]  # path in the archive, label, words


def imdb() -> Dataset:
    """The film reviews from the user's folder. Raises `ConfigError` with what to do if they are not there."""
    paths = packed_paths("imdb")
    if not paths:
        raise ConfigError(
            f"Data set 'imdb' is not on this machine: the environment variable {VARIABLE} must name a folder with "
            f"imdb/imdb-train.npz and imdb/imdb-test.npz. To get them, {HOW_TO_OBTAIN}. Or use the synthetic stand-in "
            f"'imdb-like', which needs no download."
        )
    return packed_dataset(
        paths,
        name="imdb",
        title="IMDB film reviews",
        licence="none stated: not for redistribution",
        source="Maas et al., Learning Word Vectors for Sentiment Analysis, ACL 2011",
    )


def words_of(text: str) -> list[str]:
    """Lower case, punctuation to blanks, split at blanks; apostrophes stay inside words."""
    return [word for word in text.lower().translate(_TO_BLANK).split(" ") if word]


def pack_imdb(archive: Path, folder: Path) -> tuple[Path, Path]:
    """Write ``imdb/imdb-train.npz`` and ``imdb/imdb-test.npz`` below ``folder`` from ``aclImdb_v1.tar.gz``.

    Raises `ConfigError` if the archive is not what it should be.
    """
    reviews = _reviews(archive)
    counts: Counter[str] = Counter()
    for _, _, words in reviews["train"]:
        counts.update(words)
    ranked = [word for word, _ in counts.most_common(_WORD_INDICES - len(_SPECIAL))]
    columns = {word: rank + len(_SPECIAL) for rank, word in enumerate(ranked)}
    vocabulary = (*_SPECIAL, *ranked)
    (folder / "imdb").mkdir(parents=True, exist_ok=True)
    none = (Features(np.zeros(1, np.int64), np.zeros(0, np.int32), len(vocabulary)), np.zeros(0, np.int64))
    written = []
    for part, seed in _SHUFFLE_SEEDS.items():
        half = _half(reviews[part], columns, len(vocabulary), seed)
        train, test = (half, none) if part == "train" else (none, half)
        meta = {"name": "imdb", "part": part, "classes": list(_CLASSES), "seed": seed}
        written.append(folder / "imdb" / f"imdb-{part}.npz")
        write_packed(written[-1], train, test, meta, vocabulary)
    return written[0], written[1]


def _reviews(archive: Path) -> dict[str, list[Review]]:
    """Train and test reviews of the archive, sorted by path."""
    reviews: dict[str, list[Review]] = {"train": [], "test": []}
    try:
        with tarfile.open(archive) as members:
            for member in members:
                where = member.name.split("/")
                if len(where) == 4 and where[1] in reviews and where[2] in _FOLDERS and where[3].endswith(".txt"):
                    file = members.extractfile(member)
                    text = file.read().decode("utf-8") if file else ""
                    reviews[where[1]].append((member.name, _FOLDERS[where[2]], words_of(text)))
    except (OSError, EOFError, UnicodeDecodeError, tarfile.TarError) as error:
        raise ConfigError(f"{str(archive)!r} cannot be read ({error}). Download it again from {_ARCHIVE}.") from error
    for part, found in reviews.items():
        if not found:
            raise ConfigError(
                f"{str(archive)!r} holds no files aclImdb/{part}/pos/*.txt or neg/*.txt. Take the archive {_ARCHIVE}."
            )
        found.sort()
    return reviews


def _half(reviews: list[Review], columns: dict[str, int], n_features: int, seed: int) -> tuple[Features, LabelArray]:
    order = np.random.RandomState(seed).permutation(len(reviews))
    rows = [sorted({_START} | {columns.get(word, _UNKNOWN) for word in reviews[i][2]}) for i in order.tolist()]
    indptr = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
    indices = np.fromiter((column for row in rows for column in row), np.int32, int(indptr[-1]))
    return Features(indptr, indices, n_features), np.array([reviews[i][1] for i in order.tolist()], np.int64)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -m sim.data.imdb aclImdb_v1.tar.gz FOLDER")
    try:
        sys.stdout.writelines(f"{path}\n" for path in pack_imdb(Path(sys.argv[1]), Path(sys.argv[2])))
    except ConfigError as problem:
        sys.exit(str(problem))
