"""One sweep, or one analysis, at a time in a folder: a lock that the operating system takes back from whoever dies."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from experiments.files import make_folder
from sim.errors import ConfigError

LOCK = ".lock"
_PATIENCE_S = 2.0
"""A sweep that was just killed may need a moment until the system has taken its lock back."""


class FolderLock:
    """Held from `take` until `release`, or until the process that holds it ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOCK
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Raises `ConfigError` if another process holds it. A file system without locks goes without."""
        end = time.monotonic() + _PATIENCE_S
        while not self._try():
            if time.monotonic() > end:
                raise ConfigError(
                    f"Output folder {str(self.path.parent)!r} is in use by another command ({self._holder()}). "
                    f"Wait until it ends, or name another folder with --out; shards of one experiment take a folder "
                    f"each."
                )
            time.sleep(0.05)

    def release(self) -> None:
        """Give it back; nothing if it is not held."""
        if self._file is None:
            return
        if os.name == "posix":
            self.path.unlink(missing_ok=True)  # while it is held: nobody else can hold what has no name any more
        self._file.close()
        self._file = None

    def _try(self) -> bool:
        """Whether the lock is held now."""
        file = self.path.open("a+", encoding="utf-8")
        try:
            if not _locked(file) or not self._is_still(file):
                file.close()
                return False
        except BaseException:
            file.close()
            raise
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
        self._file = file
        return True

    def _is_still(self, file: IO[str]) -> bool:
        """Whether the file that was locked is the one that has the name: its holder may have removed it meanwhile."""
        try:
            return os.path.samestat(os.fstat(file.fileno()), self.path.stat())
        except FileNotFoundError:
            return False

    def _holder(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8") or "just starting"
        except OSError:
            return "of which nothing is known"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """A folder, made if need be, to oneself. Raises `ConfigError` if another process is at work in it."""
    lock = FolderLock(make_folder(folder))
    lock.take()
    try:
        yield
    finally:
        lock.release()


def _locked(file: IO[str]) -> bool:
    """Whether an exclusive lock on a file could be had at once."""
    try:
        import fcntl
    except ImportError:
        return _locked_on_windows(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # some network file systems know no locks
    return True


def _locked_on_windows(file: IO[str]) -> bool:
    import msvcrt

    try:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False
    return True
