"""Tables on disk: Parquet in few large row groups, written as rows come, with a column for each kind of value.

Kinds are ``int``, ``float``, ``flag``, ``text`` and ``wei``: decimals of 38 digits, given as text or integers. How rows
are handed over leaves no mark on the file: equal rows in equal order are equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.files import renamed_when_whole

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_IN_A_GROUP = 100_000
_ROWS_AT_ONCE = 10_000
"""Rows kept as Python objects, which take ten times the room, before they become columns."""


class TableWriter:
    """Takes rows for one table; columns have the names and kinds of ``kinds``."""

    def __init__(self, path: Path, kinds: Mapping[str, str]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.kinds = dict(kinds)
        self.schema = pa.schema([(name, _types()[kind]) for name, kind in kinds.items()])
        self._writer = pq.ParquetWriter(path, self.schema, compression="zstd")
        self._values: dict[str, list[Any]] = {name: [] for name in kinds}
        self._rows = 0
        self._pieces: list[pa.Table] = []
        self._rows_in_pieces = 0

    def add(self, same: Mapping[str, Any], columns: Mapping[str, Sequence[Any]], rows: int) -> None:
        """Append so many rows: ``columns`` hold a value for each of them, ``same`` one for all; others are missing."""
        for name, values in self._values.items():
            if name in columns:
                values.extend(columns[name])
            else:
                values.extend([same.get(name)] * rows)
        self._rows += rows
        if self._rows >= _ROWS_AT_ONCE:
            self._turn()

    def close(self) -> None:
        """Write what is left."""
        self._turn()
        self._write(everything=True)
        self._writer.close()

    def abandon(self) -> None:
        """Write nothing more: the file is of no use."""
        self._pieces, self._rows_in_pieces = [], 0
        self._writer.close()

    def _turn(self) -> None:
        """Rows into columns, and full row groups to disk."""
        import pyarrow as pa

        if self._rows:
            arrays = [column_of(self._values[name], kind) for name, kind in self.kinds.items()]
            self._pieces.append(pa.Table.from_arrays(arrays, schema=self.schema))
            self._rows_in_pieces += self._rows
            self._values, self._rows = {name: [] for name in self.kinds}, 0
        self._write(everything=False)

    def _write(self, everything: bool) -> None:
        import pyarrow as pa

        if not self._pieces or (self._rows_in_pieces < ROWS_IN_A_GROUP and not everything):
            return
        table = pa.concat_tables(self._pieces).combine_chunks()
        whole = len(table) if everything else len(table) - len(table) % ROWS_IN_A_GROUP
        self._writer.write_table(table.slice(0, whole), row_group_size=ROWS_IN_A_GROUP)
        rest = table.slice(whole)
        self._pieces, self._rows_in_pieces = [rest] if len(rest) else [], len(rest)


@contextmanager
def table(path: Path, kinds: Mapping[str, str]) -> Iterator[TableWriter]:
    """A writer of a table that appears under its name when the block ends well. Raises `ConfigError`."""
    with renamed_when_whole(path, durable=True) as unfinished:
        writer = TableWriter(unfinished, kinds)
        try:
            yield writer
        except BaseException:
            writer.abandon()
            raise
        writer.close()


def write_csv(folder: Path) -> list[Path]:
    """Every table of a results folder as CSV beside it; where they are. Raises `ConfigError`."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet as pq

    written = []
    for source in sorted(folder.glob("*.parquet")):
        with renamed_when_whole(source.with_suffix(".csv")) as unfinished, pq.ParquetFile(source) as file:
            texts = pa.schema(
                [
                    field.with_type(pa.string()) if pa.types.is_decimal(field.type) else field
                    for field in file.schema_arrow
                ]
            )
            with pyarrow.csv.CSVWriter(unfinished, texts) as rows:
                for batch in file.iter_batches():
                    rows.write_batch(batch.cast(texts))
        written.append(source.with_suffix(".csv"))
    return written


def column_of(values: list[Any], kind: str) -> pa.Array:
    """An Arrow array of values of one kind; None is missing."""
    import pyarrow as pa

    if kind == "wei":
        values = [None if value is None else Decimal(value) for value in values]
    elif kind == "text":
        values = [None if value is None else str(value) for value in values]
    elif kind == "float":
        values = [None if value is None else float(value) for value in values]
    return pa.array(values, type=_types()[kind])


def kind_of(values: list[Any]) -> str:
    """The kind of a lever's column: the narrowest that holds all its values."""
    found = {type(value) for value in values if value is not None}
    for kind, allowed in (("flag", {bool}), ("int", {int}), ("float", {int, float})):
        if found and found <= allowed:
            return kind
    return "text"


def _types() -> dict[str, Any]:
    import pyarrow as pa

    return {
        "int": pa.int64(), "float": pa.float64(), "flag": pa.bool_(), "text": pa.string(),
        "wei": pa.decimal128(38, 0),
    }  # fmt: skip
