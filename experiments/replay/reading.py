"""Reading traces: lines of JSON, packed with gzip or not, which is told by the bytes and not by the name."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from sim.errors import ConfigError

LONGEST_LINE = 10**8
_GZIP = b"\x1f\x8b"


def first_line(path: Path) -> dict[str, Any]:
    """The first line of a trace. Raises `ConfigError` if the file is none."""
    for _, line in lines_of(path):
        return line
    raise ConfigError(f"{str(path)!r} is no trace: it is empty. Name a trace.")


def lines_of(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file of JSON lines with the numbers of their lines, from 1. Raises `ConfigError`."""
    number = 0
    try:
        with _opened(path) as stream:
            for number, raw in enumerate(iter(lambda: stream.readline(LONGEST_LINE + 1), b""), 1):
                if len(raw) > LONGEST_LINE:
                    raise ConfigError(_no_trace(path, number, "it is longer than 100 MB"))
                if not raw.isspace():
                    line = json.loads(raw)
                    if not isinstance(line, dict):
                        raise ConfigError(_no_trace(path, number, "it is no JSON object"))
                    yield number, line
    except (ValueError, RecursionError) as error:  # of which errors of JSON and UTF-8 are kinds
        raise ConfigError(_no_trace(path, number, "it is no JSON")) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ConfigError(
            f"{str(path)!r} is damaged: its gzip data end early or are wrong after line {number}. Copy it anew."
        ) from error
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error.strerror or error}. Name a trace.") from error


def _opened(path: Path) -> IO[bytes]:
    stream = path.open("rb")
    if stream.peek(2)[:2] != _GZIP:
        return stream
    stream.close()
    return gzip.open(path, "rb")  # type: ignore[return-value]


def _no_trace(path: Path, number: int, why: str) -> str:
    return f"{str(path)!r} is no trace: line {number} is not as a line of a trace is, {why}. Name a file of JSON lines."
