"""The real data sets inside the package: `subjectivity`, `movie_reviews` and `offensive`.

`subjectivity` tells sentences of film plots from sentences of film reviews. A sentence has 13 of 1000 words on average,
so runs are quick, and each submission can be shown as the sentence it is. The others are whole film reviews and tweets,
without their texts. Where each comes from and under which licence says the file ``NOTICE`` in its folder.
"""

from __future__ import annotations

import io
import zipfile
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from sim.data.dataset import Dataset
from sim.data.packed import packed_dataset

_SHUFFLE_SEED = 2
_TRAIN_ROWS = 7_000
_SENTENCES = "source-subjectivity.zip"
_MEMBERS = ("subjectivity/plot.tok.gt9.5000", "subjectivity/quote.tok.gt9.5000")


def subjectivity() -> Dataset:
    """Plot sentence (OBJECTIVE) or review sentence (SUBJECTIVE)? 7000/3000 rows, presence of 1000 words, balanced."""
    return _packed(
        "subjectivity",
        title="Subjectivity v1.0 (film plots and reviews)",
        source="Pang & Lee, A Sentimental Education, ACL 2004: subjectivity dataset v1.0",
        texts=subjectivity_sentences,
    )


def movie_reviews() -> Dataset:
    """Film review NEGATIVE or POSITIVE? 1400/600 rows, presence of 1000 words, balanced."""
    return _packed(
        "movie_reviews",
        title="Film reviews (polarity v2.0)",
        source="Pang & Lee, A Sentimental Education, ACL 2004: sentiment polarity dataset v2.0",
    )


def offensive() -> Dataset:
    """Tweet OFFENSIVE or SAFE? 17348/7435 rows, presence of 1000 words named by hash numbers; 83 % OFFENSIVE."""
    return _packed(
        "offensive",
        title="Offensive tweets (hashed words)",
        source="Davidson, Warmsley, Macy & Weber, Automated Hate Speech Detection, ICWSM 2017",
    )


def _packed(name: str, **about: Any) -> Dataset:
    with resources.as_file(resources.files("sim.data") / name / f"{name}.npz") as path:
        return packed_dataset([Path(path)], name=name, **about)


@cache
def subjectivity_sentences() -> tuple[str, ...]:
    """The 7000 training sentences, in the order of ``x_train``; read once.

    The packed rows are a fixed shuffle of the plot sentences followed by the review sentences; doing it again gives
    each row its sentence.
    """
    archive = resources.files("sim.data").joinpath("subjectivity", _SENTENCES).read_bytes()
    sentences: list[str] = []
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        for member in _MEMBERS:
            lines = members.read(member).decode("utf-8").split("\n")
            sentences += [line.strip() for line in lines if line.strip()]
    order = np.random.RandomState(_SHUFFLE_SEED).permutation(len(sentences))
    return tuple(sentences[i] for i in order[:_TRAIN_ROWS].tolist())
