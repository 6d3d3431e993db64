"""`subjectivity`, the real data set inside the package: sentences of film plots against sentences of film reviews.

A sentence has 13 of 1000 words on average, so runs are quick, and each submission can be shown as the sentence it is.

Source: Pang & Lee, "A Sentimental Education", ACL 2004; CC BY 4.0, see ``subjectivity/NOTICE``.
"""

from __future__ import annotations

import io
import zipfile
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from sim.data.dataset import Dataset
from sim.data.packed import packed_dataset

_SHUFFLE_SEED = 2
_TRAIN_ROWS = 7_000
_PACKED = "subjectivity.npz"
_SENTENCES = "source-subjectivity.zip"
_MEMBERS = ("subjectivity/plot.tok.gt9.5000", "subjectivity/quote.tok.gt9.5000")


def subjectivity() -> Dataset:
    """Plot sentence (OBJECTIVE) or review sentence (SUBJECTIVE)? 7000/3000 rows, presence of 1000 words, balanced."""
    with resources.as_file(resources.files("sim.data") / "subjectivity" / _PACKED) as path:
        return packed_dataset(
            [Path(path)],
            name="subjectivity",
            title="Subjectivity v1.0 (film plots and reviews)",
            source="Pang & Lee, A Sentimental Education, ACL 2004: subjectivity dataset v1.0",
            texts=subjectivity_sentences,
        )


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
