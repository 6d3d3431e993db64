"""The user's own folder of data sets, named by the environment variable ``DECA10B_DATA``.

A packed set NAME is the file ``NAME/NAME.npz`` there, or the pair ``NAME/NAME-train.npz`` and ``NAME/NAME-test.npz``.
Sets the package knows may also lie there as their authors publish them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from sim.errors import ConfigError

VARIABLE = "DECA10B_DATA"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def data_folder() -> Path | None:
    """The folder, None if the variable is unset. Raises `ConfigError` if it names no folder."""
    value = os.environ.get(VARIABLE, "")
    if not value:
        return None
    folder = Path(value)
    if not folder.is_dir():
        raise ConfigError(f"{VARIABLE} is {value!r}, which is no folder. Name an existing folder, or unset it.")
    return folder


def packed_paths(name: str) -> tuple[Path, ...]:
    """The packed file of a set, or its training and test file; empty if the folder does not have it."""
    folder = data_folder()
    if folder is None or not _NAME.fullmatch(name):
        return ()
    whole = folder / name / f"{name}.npz"
    if whole.is_file():
        return (whole,)
    pair = tuple(folder / name / f"{name}-{part}.npz" for part in ("train", "test"))
    return pair if all(path.is_file() for path in pair) else ()


def published_path(names: Sequence[str]) -> Path | None:
    """The first of these files or folders that the folder has, None if it has none. ``names`` are relative paths."""
    folder = data_folder()
    if folder is None:
        return None
    return next((folder / name for name in names if (folder / name).exists()), None)


def names_in_folder() -> tuple[str, ...]:
    """Names of the sets the folder has, sorted."""
    folder = data_folder()
    if folder is None:
        return ()
    return tuple(sorted(entry.name for entry in folder.iterdir() if packed_paths(entry.name)))
