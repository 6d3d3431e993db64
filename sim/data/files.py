"""Input files as bytes and arrays: every way one can be unusable becomes a `ConfigError`. Pickles are never read."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import ConfigError

Arrays = dict[str, NDArray[Any]]


def read_file(path: Path) -> tuple[bytes, str]:
    """The content of a file and its sha256 (hex). Raises `ConfigError` if it is missing, unreadable or empty."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(
            f"There is no data file {str(path)!r}. Correct the path, which starts at {Path.cwd()}."
        ) from error
    except OSError as error:
        raise ConfigError(
            f"Data file {str(path)!r} cannot be read: {error.strerror}. Give the path of a readable .csv or .npz file."
        ) from error
    if not content:
        raise ConfigError(f"Data file {str(path)!r} is empty (0 bytes). Write or download it again.")
    return content, hashlib.sha256(content).hexdigest()


def read_arrays(path: Path) -> tuple[Arrays, str]:
    """All arrays of an .npz file and the file's sha256.

    Arrays of Python objects are refused, since reading them could run code. Raises `ConfigError`.
    """
    content, digest = read_file(path)
    if not content.startswith(b"PK"):
        kind = "a single array (.npy)" if content.startswith(b"\x93NUMPY") else "no .npz file, whatever its name says"
        raise ConfigError(f"{str(path)!r} is {kind}; a pickle is never loaded. Write it with numpy.savez_compressed.")
    name = ""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {}
            for name in archive.files:
                arrays[name] = archive[name]
    except (ValueError, EOFError, KeyError, OSError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        if "allow_pickle" in str(error):
            raise ConfigError(
                f"{str(path)!r}: array {name!r} holds Python objects; allowed are numbers and plain strings, as "
                f"objects could run code when read. Convert it, for example with array.astype(str), and save again."
            ) from error
        at = f" at array {name!r}" if name else ""
        raise ConfigError(f"{str(path)!r} is damaged{at} ({error}). Save or download it again.") from error
    strange = [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]
    if strange:
        raise ConfigError(f"{str(path)!r}: {strange[0]!r} is not an array. Write the file with numpy.savez_compressed.")
    return arrays, digest
