"""A Parquet file as a table: columns of numbers, truth values and strings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sim.data.csv_file import check_header
from sim.data.files import read_file
from sim.data.table import MOST_CELLS, Table
from sim.errors import ConfigError


def read_parquet(path: Path) -> Table:
    """The table in a Parquet file. Raises `ConfigError` naming the column that cannot be used."""
    import pyarrow as pa  # imported late: only those who bring Parquet wait for it
    from pyarrow import parquet

    content, digest = read_file(path)
    try:
        file = parquet.ParquetFile(pa.BufferReader(content))
        cells = file.metadata.num_rows * file.metadata.num_columns
        if cells > MOST_CELLS:
            raise ConfigError(f"{str(path)!r} has {cells} cells; at most {MOST_CELLS} can be read.")
        frame = file.read()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{str(path)!r} is no Parquet file that can be read ({reason}). Write it again.") from error
    header = check_header(path, [str(name).strip() for name in frame.column_names])
    columns = [_cells(path, name, column) for name, column in zip(header, frame.columns, strict=True)]
    rows = [list(row) for row in zip(*columns, strict=True)]
    if not rows:
        raise ConfigError(f"{str(path)!r} has no rows of data. Add at least 2.")
    return Table(path, header, rows, [f"row {row}" for row in range(len(rows))], digest)


def _cells(path: Path, name: str, column: Any) -> list[str]:
    """A column as a CSV would have it: numbers written out in full, truth values as 0 and 1, "" for nothing."""
    from pyarrow import types

    kind = column.type
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_boolean(kind):
        return ["" if value is None else str(int(value)) for value in column.to_pylist()]
    if types.is_null(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return ["" if value is None else str(value) for value in column.to_pylist()]
    if types.is_string(kind) or types.is_large_string(kind):
        return ["" if value is None else value.strip() for value in column.to_pylist()]
    raise ConfigError(
        f"{str(path)!r}: column {name!r} holds {kind}; allowed are numbers, truth values and strings. Convert or "
        f"remove it."
    )
