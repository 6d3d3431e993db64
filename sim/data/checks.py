"""`check_dataset`, the conformance check of data sets: run over everything registered, and open to a user's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from sim.data.dataset import Dataset
from sim.errors import ConfigError
from sim.features import Features


def check_dataset(dataset: Dataset, reload: Callable[[], Dataset] | None = None) -> None:
    """Raise `ConfigError` with the first rule the set breaks.

    Well-formed parts with labels in range (as on construction, in case arrays were changed since); indices ascending
    within each row, so that equal data have equal keys; train and test in separate memory; a synthetic set named so;
    every training row with its text, if texts are known; and, given ``reload``, the same set again.
    """
    dataclasses.replace(dataset)  # construction checks shapes, ranges, classes
    for part, x in (("train", dataset.x_train), ("test", dataset.x_test)):
        _check_ascending(dataset.name, part, x)
    for train, test in (
        (dataset.x_train.indices, dataset.x_test.indices),
        (dataset.x_train.indptr, dataset.x_test.indptr),
        (dataset.y_train, dataset.y_test),
    ):
        if np.may_share_memory(train, test):
            raise _broken(dataset, "train and test share memory", "apart", "Copy one of them")
    if dataset.synthetic != ("synthetic" in dataset.title.lower()):
        raise _broken(
            dataset,
            f"synthetic is {dataset.synthetic} and title {dataset.title!r}",
            "the word 'synthetic' in the title of synthetic sets and of no other",
            "Change the title",
        )
    if dataset.texts is not None and not all(dataset.text(row) for row in range(len(dataset.x_train))):
        raise _broken(dataset, "texts leaves a training row without text", "one for each row", "Give texts=None")
    if reload is not None:
        _check_equal(dataset, reload())


def _check_ascending(name: str, part: str, x: Features) -> None:
    falls = np.flatnonzero(np.diff(x.indices) < 0) + 1
    inside = np.setdiff1d(falls, x.indptr)
    if len(inside):
        row = int(np.searchsorted(x.indptr, inside[0], side="right")) - 1
        raise ConfigError(
            f"Data set {name!r}: row {row} of x_{part} is {x.row(row).tolist()[:10]}; allowed are ascending indices. "
            f"Sort each row."
        )


def _check_equal(first: Dataset, again: Dataset) -> None:
    for field in ("name", "title", "classes", "vocabulary", "licence", "source", "sha256", "synthetic"):
        if getattr(first, field) != getattr(again, field):
            raise _broken(first, f"{field} differs when loaded again", "the same each time", "Fix the seed")
    for field in ("x_train", "x_test"):
        one, two = getattr(first, field), getattr(again, field)
        same = one.n_features == two.n_features and np.array_equal(one.indptr, two.indptr)
        if not same or not np.array_equal(one.indices, two.indices):
            raise _broken(first, f"{field} differs when loaded again", "the same each time", "Fix the seed")
    for field in ("y_train", "y_test"):
        if not np.array_equal(getattr(first, field), getattr(again, field)):
            raise _broken(first, f"{field} differs when loaded again", "the same each time", "Fix the seed")


def _broken(dataset: Dataset, found: str, allowed: str, fix: str) -> ConfigError:
    return ConfigError(f"Data set {dataset.name!r}: {found}; allowed: {allowed}. {fix}.")
