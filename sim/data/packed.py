"""The packed form of a data set: one bit for each (feature, row), feature by feature, in an .npz file.

Arrays of the file, none of them pickled:

``x_train_bits``, ``x_test_bits``
    uint8, shape (n_features, ceil(rows / 8)); bit ``row`` of line ``feature`` is 1 if the row has the feature, most
    significant bit first (`numpy.packbits`). Feature by feature because neighbouring words compress better than
    neighbouring documents.
``y_train``, ``y_test``
    uint8, shape (rows,), class ids
``meta``
    uint8, the bytes of a JSON object with ``name``, ``classes``, ``license``, ``source``
``vocab``
    uint8, the bytes of the feature names joined by line feeds; may be empty

A set may be split in two files, ``NAME-train.npz`` and ``NAME-test.npz``, each with no rows in its other half.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.data.dataset import Dataset, LabelArray
from sim.data.files import Arrays, read_arrays
from sim.errors import ConfigError
from sim.features import Features

_PARTS = ("train", "test")
_NAMES = ("x_train_bits", "y_train", "x_test_bits", "y_test", "meta")


@dataclass(frozen=True, eq=False)
class PackedFile:
    """What one packed file holds; a half of a split set has no rows in the other part."""

    x_train: Features
    y_train: LabelArray
    x_test: Features
    y_test: LabelArray
    meta: dict[str, Any]
    vocabulary: tuple[str, ...]
    sha256: str


def is_packed(arrays: Arrays) -> bool:
    """Whether the arrays of an .npz file are meant as the packed form."""
    return any(name in arrays for name in ("x_train_bits", "x_test_bits"))


def unpack_bits(bits: NDArray[np.uint8], n_rows: int) -> Features:
    """Rows from feature-major bits of shape (n_features, ceil(n_rows / 8)); ascending within each row.

    The dense matrix is never built: each line gives the rows that have its feature, and sorting the pairs written as
    one integer, row above feature, turns feature order into row order (25,000 x 1000 in some 60 ms). The pairs are
    counted first, so that they are written straight into the array they are sorted in: fresh memory costs more than
    arithmetic.
    """
    shift = max(len(bits) - 1, 1).bit_length()
    narrow = n_rows << shift < 2**31
    keys: NDArray[Any] = np.empty(_count_bits(bits, n_rows), np.int32 if narrow else np.int64)
    end = 0
    for feature, line in enumerate(np.ascontiguousarray(bits)):
        rows = np.flatnonzero(np.unpackbits(line, count=n_rows).view(np.bool_))
        rows <<= shift
        rows |= feature
        start, end = end, end + len(rows)
        keys[start:end] = rows
    keys.sort()
    limits = np.arange(n_rows + 1, dtype=np.int64) << shift
    indptr = np.searchsorted(keys, limits.astype(keys.dtype)).astype(np.int64, copy=False)
    keys &= (1 << shift) - 1
    return Features(indptr, keys.astype(np.int32, copy=False), len(bits))


def _count_bits(bits: NDArray[np.uint8], n_rows: int) -> int:
    """The ones among the first ``n_rows`` bits of each line."""
    ones = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)
    bits = bits.copy()  # as its last bytes may hold bits beyond the rows
    if n_rows % 8:
        bits[:, -1] &= 0xFF << (8 - n_rows % 8) & 0xFF
    return int(ones[bits].sum(dtype=np.int64))


def pack_bits(x: Features) -> NDArray[np.uint8]:
    """The inverse of `unpack_bits`; a feature counted twice in a row is kept once."""
    columns = np.zeros((x.n_features, len(x)), dtype=np.bool_)
    columns[x.indices, np.repeat(np.arange(len(x)), np.diff(x.indptr))] = True
    return np.packbits(columns, axis=1)


def read_packed(path: Path) -> PackedFile:
    """Read one packed file. Raises `ConfigError` naming the array that is missing or malformed."""
    arrays, digest = read_arrays(path)
    return parse_packed(arrays, digest, path)


def parse_packed(arrays: Arrays, digest: str, path: Path) -> PackedFile:
    """The arrays of a packed file as features and labels; ``path`` serves the error texts."""
    missing = [name for name in _NAMES if name not in arrays]
    if missing:
        raise ConfigError(
            f"{str(path)!r}: array {missing[0]!r} is missing; a packed set needs {', '.join(_NAMES)}. Pack it again."
        )
    meta = _meta(arrays["meta"], path)
    halves = [_part(arrays, part, path) for part in _PARTS]
    vocabulary = arrays.get("vocab", np.zeros(0, np.uint8))
    words = tuple(_decode(vocabulary, "vocab", path).split("\n")) if vocabulary.size else ()
    return PackedFile(halves[0][0], halves[0][1], halves[1][0], halves[1][1], meta, words, digest)


def packed_dataset(paths: Sequence[Path], **overrides: Any) -> Dataset:
    """The data set in one packed file, or in a pair (training file, test file).

    ``overrides`` are fields of `Dataset` that replace what the file says of itself. Raises `ConfigError`.
    """
    files = [read_packed(path) for path in paths]
    train, test = files[0], files[-1]
    for part, rows, path in (("train", train.y_train, paths[0]), ("test", test.y_test, paths[-1])):
        if not len(rows):
            raise ConfigError(
                f"{str(path)!r}: y_{part} has no rows. It may be half of a pair NAME-train.npz, NAME-test.npz: put "
                f"both into DECA10B_DATA/NAME/ and give NAME."
            )
    if train.vocabulary != test.vocabulary or train.meta.get("classes") != test.meta.get("classes"):
        raise ConfigError(
            f"{str(paths[-1])!r}: vocabulary or classes differ from those of {str(paths[0])!r}. Take both files of the "
            f"pair from the same source."
        )
    meta = train.meta
    labels = int(max(train.y_train.max(), test.y_test.max())) + 1
    fields: dict[str, Any] = {
        "name": str(meta.get("name", paths[0].stem)),
        "title": str(meta.get("title", meta.get("name", paths[0].stem))),
        "classes": tuple(meta.get("classes") or map(str, range(labels))),
        "vocabulary": train.vocabulary,
        "licence": str(meta.get("license", "not stated")),
        "source": str(meta.get("source", "not stated")),
        "sha256": " ".join(file.sha256 for file in files),
    }
    return Dataset(
        x_train=train.x_train, y_train=train.y_train, x_test=test.x_test, y_test=test.y_test, **(fields | overrides)
    )


def write_packed(
    path: Path,
    train: tuple[Features, LabelArray],
    test: tuple[Features, LabelArray],
    meta: Mapping[str, Any],
    vocabulary: Sequence[str] = (),
) -> None:
    """Write a packed file. Labels must fit in a byte; counts above one are kept as presence."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        x_train_bits=pack_bits(train[0]),
        y_train=train[1].astype(np.uint8),
        x_test_bits=pack_bits(test[0]),
        y_test=test[1].astype(np.uint8),
        meta=np.frombuffer(json.dumps(dict(meta), sort_keys=True).encode(), np.uint8),
        vocab=np.frombuffer("\n".join(vocabulary).encode(), np.uint8),
    )
    path.write_bytes(buffer.getvalue())


def _part(arrays: Arrays, part: str, path: Path) -> tuple[Features, LabelArray]:
    bits, labels = arrays[f"x_{part}_bits"], arrays[f"y_{part}"]
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ConfigError(
            f"{str(path)!r}: y_{part} is {labels.dtype} of shape {labels.shape}; allowed is one line of integer labels."
        )
    width = -(-len(labels) // 8)
    if bits.dtype != np.uint8 or bits.ndim != 2 or bits.shape[1] != width or not len(bits):
        raise ConfigError(
            f"{str(path)!r}: x_{part}_bits is {bits.dtype} of shape {bits.shape}; for {len(labels)} labels allowed is "
            f"uint8 of shape (features, {width}). Pack the transposed matrix with numpy.packbits(x.T, axis=1)."
        )
    return unpack_bits(bits, len(labels)), labels.astype(np.int64)


def _meta(array: NDArray[Any], path: Path) -> dict[str, Any]:
    try:
        meta = json.loads(_decode(array, "meta", path))
    except ValueError as error:
        raise ConfigError(
            f"{str(path)!r}: meta is no JSON ({error}). Store an object with name and classes."
        ) from error
    classes = meta.get("classes", []) if isinstance(meta, dict) else None
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise ConfigError(
            f"{str(path)!r}: meta must be a JSON object whose classes are a list of strings, found "
            f"{str(meta)[:80]!r}. Store an object with name and classes."
        )
    return dict(meta)


def _decode(array: NDArray[Any], name: str, path: Path) -> str:
    if array.dtype != np.uint8:
        raise ConfigError(f"{str(path)!r}: {name} is {array.dtype}; allowed is uint8, the bytes of a UTF-8 text.")
    try:
        return array.tobytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{str(path)!r}: {name} is not UTF-8 ({error}). Encode the text as UTF-8.") from error
