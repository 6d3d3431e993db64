"""`news`, the articles of Kaggle's Fake News competition: reliable or not? From ``train.csv`` in the user's folder.

Counts of the 1000 most frequent pairs of neighbouring words of the training part, words as scikit-learn finds them.
Articles without text are left out. The order is that of the reference simulation, which shuffled with the constant .618
in place of random numbers; the first 70 % train.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sim.data.csv_file import read_csv
from sim.data.dataset import Dataset
from sim.data.own import own_dataset
from sim.data.text import BagOfWords
from sim.errors import ConfigError

FILES = ("news/train.csv", "news/fake-news/train.csv")
_TRAIN_SHARE, _CONSTANT = 0.7, 0.618
_WORDS = BagOfWords(top=1_000, ngram=2, counts=True, words="scikit-learn")


def news() -> Dataset:
    """Article RELIABLE or UNRELIABLE? Raises `ConfigError` with what to do if it is not in the user's folder."""
    return own_dataset(
        "news",
        FILES,
        read_news,
        "download train.csv from https://www.kaggle.com/c/fake-news/data and put it there, or use the synthetic "
        "stand-in 'news-like', which needs no download",
        title="Fake news (Kaggle)",
        licence="Kaggle's competition terms: for your own use",
        source="Kaggle, Fake News: Build a system to identify unreliable news articles",
    )


def read_news(path: Path, **about: Any) -> Dataset:
    """The set in Kaggle's file. Raises `ConfigError` naming line and column of what is wrong."""
    table = read_csv(path, strip=False)  # an article of blanks alone is one the reference kept
    texts, labels = table.column("text"), table.column("label")
    for row, label in enumerate(labels):
        if label not in ("0", "1"):
            raise table.problem(row, "label", "is neither 0 nor 1. Correct or remove the line.")
    kept = np.array([row for row, text in enumerate(texts) if text], np.int64)
    order = kept[constant_shuffle(len(kept))].tolist()
    cut = int(_TRAIN_SHARE * len(order))
    train, test = order[:cut], order[cut:]
    if not train:
        raise ConfigError(f"{str(path)!r} has {len(order)} article(s) with text; at least 2 are needed.")
    x_train, x_test, names = _WORDS.features([texts[row] for row in train], [texts[row] for row in test])
    numbers = np.array(labels, np.int64)
    return Dataset(
        x_train=x_train,
        y_train=numbers[train],
        x_test=x_test,
        y_test=numbers[test],
        classes=("RELIABLE", "UNRELIABLE"),
        vocabulary=names,
        sha256=table.digest,
        **about,
    )


def constant_shuffle(rows: int) -> list[int]:
    """0 to ``rows - 1`` as ``random.shuffle(…, lambda: .618)`` of Python before 3.11 ordered them: from the last place
    to the second, each is exchanged with place ⌊.618 (place + 1)⌋.

    >>> constant_shuffle(5)
    [0, 4, 1, 2, 3]
    """
    order = list(range(rows))
    for place in range(rows - 1, 0, -1):
        other = int(_CONSTANT * (place + 1))
        order[place], order[other] = order[other], order[place]
    return order
