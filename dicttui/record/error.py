"""What goes wrong with recordings."""

import errno
import sqlite3
from pathlib import Path


class RecordError(Exception):
    """A recording cannot be written, read or gone on with; the message is for a person."""


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def reason(error: BaseException, where: Path) -> str:
    """Why nothing can be written or read, in words that begin with the kind of trouble."""
    if isinstance(error, RecordError):
        return str(error)
    if isinstance(error, sqlite3.Error):
        return f"{_of_the_database(error)}: {where}"
    if isinstance(error, OSError):
        if error.errno in _FULL:
            return f"disk full: {where}"
        if error.errno == errno.EROFS:
            return f"read-only: {where}"
        if error.errno in (errno.EACCES, errno.EPERM):
            return f"not allowed: {where}"
        return f"{(error.strerror or str(error)).lower()}: {error.filename or where}"
    return f"{type(error).__name__}: {error}"


def _of_the_database(error: sqlite3.Error) -> str:
    name: str = getattr(error, "sqlite_errorname", "") or ""
    for beginning, words in _DATABASE:
        if name.startswith(beginning):
            return words
    return f"database: {error}"


_DATABASE = (
    ("SQLITE_FULL", "disk full"),
    ("SQLITE_IOERR", "disk full or failing"),
    ("SQLITE_READONLY", "read-only"),
    ("SQLITE_BUSY", "database locked by another program"),
    ("SQLITE_LOCKED", "database locked by another program"),
    ("SQLITE_CORRUPT", "database damaged"),
    ("SQLITE_NOTADB", "database damaged"),
    ("SQLITE_CANTOPEN", "database cannot be opened"),
)
