"""Writing files whole or not at all, with errors for people."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sim.errors import ConfigError


def check_folder(folder: str | Path) -> Path:
    """A path at which a folder is or can be made, without making it. Raises `ConfigError`."""
    if not str(folder).strip():
        raise ConfigError(_unusable(folder, "it has no name"))
    path = Path(folder)
    try:
        above = path.absolute()
        while not above.exists():
            above = above.parent
        reason = "" if above.is_dir() else f"{str(above)!r} is a file"
        if not reason and not os.access(above, os.W_OK | os.X_OK):
            reason = f"no permission to write to {str(above)!r}"
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error)
    if reason:
        raise ConfigError(_unusable(folder, reason))
    return path


def make_folder(folder: str | Path) -> Path:
    """A folder that exists and can be written to. Raises `ConfigError`."""
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except (OSError, ValueError) as error:
        raise ConfigError(_unusable(folder, str(getattr(error, "strerror", None) or error))) from error
    return path


def _unusable(folder: str | Path, reason: str) -> str:
    return f"Output folder {str(folder)!r} cannot be used: {reason}. Name a folder you may write to with --out."


def write_whole(path: Path, content: bytes | str) -> Path:
    """Write a file under another name and rename it, so that nobody ever finds half of it. Raises `ConfigError`."""
    with renamed_when_whole(path) as unfinished:
        unfinished.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@contextmanager
def renamed_when_whole(path: Path, durable: bool = False) -> Iterator[Path]:
    """A name to write to; what was written gets the name ``path`` when the block ends well, and goes if it does not.

    ``durable`` waits until it would also outlive a power cut. Raises `ConfigError` where the disk refuses.
    """
    # A random name: that of a process comes again, and its successor would write into what it left behind.
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")
    try:
        yield unfinished
        if durable:
            with unfinished.open("r+b") as file:
                os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise ConfigError(
            f"{str(path)!r} cannot be written: {error.strerror or error}. Free space, or choose another folder."
        ) from error
