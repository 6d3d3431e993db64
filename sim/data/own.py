"""Sets that lie in the user's folder: packed, or as their authors publish them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sim.data.dataset import Dataset
from sim.data.folder import VARIABLE, packed_paths, published_path
from sim.data.packed import packed_dataset
from sim.errors import ConfigError


def own_dataset(
    name: str,
    files: Sequence[str],
    read: Callable[..., Dataset],
    how_to_obtain: str,
    **about: Any,
) -> Dataset:
    """The set ``name`` from its packed form, else from the first of ``files`` that is there.

    ``read(path, name=…, **about)`` makes a set of a published file; ``about`` are fields of `Dataset` the same for both
    forms. Raises `ConfigError` with what to do if the folder has neither.
    """
    paths = packed_paths(name)
    if paths:
        return packed_dataset(paths, name=name, **about)
    path = published_path(files)
    if path is None:
        names = (f"{name}/{name}.npz", f"{name}/{name}-train.npz and {name}/{name}-test.npz", *files)
        raise ConfigError(
            f"Data set {name!r} is not on this machine: the environment variable {VARIABLE} must name a folder with "
            f"one of these: {'; '.join(names)}. To get it, {how_to_obtain}."
        )
    return read(path, name=name, **about)
