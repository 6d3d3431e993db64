"""The data sets this package knows by name, and `load_dataset`, which finds those of the user too.

A new data set is one file with a function that returns a `Dataset`, and one entry in `DATASETS`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sim.data.dataset import Dataset
from sim.data.folder import VARIABLE, names_in_folder, packed_paths
from sim.errors import ConfigError

_FORMATS = (".csv", ".npz")


@dataclass(frozen=True)
class DatasetEntry:
    """A line of the registry.

    ``loader`` returns the set and takes the keyword arguments named in ``options``; ``needs`` is the name of the set in
    the user's folder that must be there, "" if the package has all it needs.
    """

    name: str
    title: str
    licence: str
    how_to_obtain: str
    loader: Callable[..., Dataset]
    options: tuple[str, ...] = ()
    needs: str = ""


@dataclass(frozen=True)
class _Late:
    """A loader whose module is imported at the first call, so that a list of data sets costs nothing."""

    module: str
    function: str

    def __call__(self, **options: Any) -> Dataset:
        data: Dataset = getattr(import_module(self.module), self.function)(**options)
        return data


DATASETS: tuple[DatasetEntry, ...] = (
    DatasetEntry(
        name="subjectivity",
        title="Subjectivity v1.0 (film plots and reviews)",
        licence="CC BY 4.0",
        how_to_obtain="part of the package",
        loader=_Late("sim.data.embedded", "subjectivity"),
    ),
    DatasetEntry(
        name="imdb",
        title="IMDB film reviews",
        licence="none stated: not for redistribution",
        how_to_obtain=f"pack the authors' archive with 'python -m sim.data.imdb' and set {VARIABLE}",
        loader=_Late("sim.data.imdb", "imdb"),
        needs="imdb",
    ),
    DatasetEntry(
        name="imdb-like",
        title="IMDB-like (synthetic)",
        licence="none needed: generated",
        how_to_obtain="generated on demand",
        loader=_Late("sim.data.synthetic", "imdb_like"),
        options=("n_train", "n_test", "seed"),
    ),
)


def is_available(entry: DatasetEntry) -> bool:
    """Whether the set can be loaded on this machine, now."""
    return not entry.needs or bool(packed_paths(entry.needs))


def known_names() -> tuple[str, ...]:
    """Every name `load_dataset` can look up: the registry's, then those of the user's folder."""
    own = tuple(entry.name for entry in DATASETS)
    return own + tuple(name for name in names_in_folder() if name not in own)


def load_dataset(name_or_path: str, **options: Any) -> Dataset:
    """A data set by its name in `DATASETS`, by its name in the user's folder, or by the path of a .csv or .npz file.

    ``options`` are those of the entry (``n_train``, ``n_test``, ``seed`` of `imdb-like`). Nothing is kept: each call
    reads again. Raises `ConfigError` for anything that cannot be loaded.
    """
    wanted = str(name_or_path)
    entry = next((entry for entry in DATASETS if entry.name == wanted), None)
    for option in options:
        if entry is None or option not in entry.options:
            allowed = ", ".join(entry.options) if entry and entry.options else "none"
            raise ConfigError(f"Data set {wanted!r} has no option {option!r}; allowed: {allowed}. Remove it.")
    if entry is not None:
        return entry.loader(**options)
    paths = packed_paths(wanted)
    if paths:
        from sim.data.packed import packed_dataset

        return packed_dataset(paths, name=wanted)
    return _load_path(wanted)


def _load_path(wanted: str) -> Dataset:
    path = Path(wanted)
    if path.suffix.lower() not in _FORMATS:
        raise ConfigError(_unknown(wanted, path))
    if path.suffix.lower() == ".csv":
        from sim.data.table import csv_dataset

        return csv_dataset(path)
    from sim.data.arrays import npz_dataset

    return npz_dataset(path)


def _unknown(wanted: str, path: Path) -> str:
    if len(path.parts) > 1 or path.exists():
        return f"Data file {wanted!r} has the ending {path.suffix!r}; allowed are {' and '.join(_FORMATS)}. Convert it."
    names = known_names()
    close = difflib.get_close_matches(wanted.lower(), names, n=1, cutoff=0.5)
    meant = f" Did you mean {close[0]!r}?" if close else ""
    return (
        f"There is no data set {wanted!r}.{meant} Known: {', '.join(names)}; more can lie in the folder {VARIABLE} "
        f"names as NAME/NAME.npz. Or give the path of a .csv or .npz file."
    )
