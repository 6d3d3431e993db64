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

LARGEST_FILE = 2 * 10**9
"""Bytes a data file may have, and all arrays of an .npz file together once unpacked."""


def read_file(path: Path) -> tuple[bytes, str]:
    """The content of a file and its sha256 (hex). Raises `ConfigError` if it is missing, unreadable or empty."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise ConfigError(
                f"Data file {str(path)!r} has {size} bytes; at most {LARGEST_FILE} can be read. Take a part of it."
            )
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(
            f"There is no data file {str(path)!r}. Correct the path, which starts at {Path.cwd()}."
        ) from error
    except OSError as error:
        raise ConfigError(
            f"Data file {str(path)!r} cannot be read: {error.strerror}. Give the path of a readable .csv, .parquet "
            f"or .npz file."
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
    _check_unpacked_size(path, content)
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


def _check_unpacked_size(path: Path, content: bytes) -> None:
    """Refuse a small file that would unpack to more than memory holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return  # reading the arrays says better what is wrong
    if size > LARGEST_FILE:
        raise ConfigError(
            f"{str(path)!r} unpacks to {size} bytes; at most {LARGEST_FILE} can be read. Save a part of the rows."
        )
