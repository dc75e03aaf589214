"""`experiment.sqlite`: its tables, and how it is opened."""

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from dicttui.record.error import RecordError, reason

APPLICATION = 0x64696374
"""SQLite's application_id: "dict"."""
VERSION = 1
BUSY = 1.0
"""Seconds for which another's lock on the database is waited out."""

SCHEMA = """
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE runs (
    name TEXT PRIMARY KEY, position INTEGER NOT NULL, specification TEXT, parent TEXT NOT NULL,
    forked_at INTEGER, parent_segment INTEGER NOT NULL, present INTEGER NOT NULL,
    state TEXT NOT NULL, steps INTEGER NOT NULL, target INTEGER NOT NULL, best_loss REAL,
    best_step INTEGER
);
CREATE TABLE losses (
    run TEXT NOT NULL, segment INTEGER NOT NULL, first_step INTEGER NOT NULL,
    count INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (run, segment, first_step)
);
CREATE TABLE segments (
    run TEXT NOT NULL, segment INTEGER NOT NULL, first_step INTEGER NOT NULL,
    PRIMARY KEY (run, segment)
) WITHOUT ROWID;
CREATE TABLE metrics (
    run TEXT NOT NULL, segment INTEGER NOT NULL, step INTEGER NOT NULL, name TEXT NOT NULL,
    value BLOB, PRIMARY KEY (run, segment, step, name)
) WITHOUT ROWID;
CREATE TABLE interventions (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, intervention TEXT NOT NULL, before TEXT NOT NULL,
    receipt TEXT NOT NULL, at REAL NOT NULL
);
CREATE TABLE ends (run TEXT PRIMARY KEY, at REAL NOT NULL, observation TEXT NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL
);
CREATE TABLE frames (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, places TEXT NOT NULL,
    data BLOB NOT NULL
);
"""
TABLES = (
    "facts", "runs", "losses", "segments", "metrics", "interventions", "ends", "events", "frames",
)  # fmt: skip


def create(path: Path, facts: Mapping[str, str]) -> None:
    """Make a database that holds these facts alone, whole or not at all. Raises sqlite3.Error or
    OSError.
    """
    partial = path.with_name(f".partial-{path.name}")
    for old in (partial, *_beside(partial)):
        old.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_EXCL, 0o600))
    connection = sqlite3.connect(partial, isolation_level=None)
    try:
        connection.executescript(
            f"BEGIN; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
            f"{SCHEMA}"
        )
        connection.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
        connection.execute("COMMIT")
    finally:
        connection.close()
    partial.replace(path)


def open_to_write(path: Path) -> sqlite3.Connection:
    """A connection of the thread that calls. Raises sqlite3.Error, RecordError."""
    connection = sqlite3.connect(
        _uri(path, "rw"), uri=True, timeout=BUSY, isolation_level=None, cached_statements=64
    )
    try:
        _distrust(connection)
        _check(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA journal_size_limit = 4194304")
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing, beside whoever writes. Raises RecordError."""
    if not path.is_file():
        raise RecordError(f"{path}: is not there; the directory holds no recorded experiment")
    # In a directory that cannot be written SQLite reads what nobody writes to only if told so.
    modes = ("ro", "ro&immutable=1") if not _beside(path)[0].exists() else ("ro",)
    for mode in modes:
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(
                _uri(path, mode), uri=True, timeout=BUSY, isolation_level=None,
                check_same_thread=False,
            )  # fmt: skip
            _distrust(connection)
            connection.execute("PRAGMA query_only = ON")
            _check(connection, path)
        except sqlite3.OperationalError as error:
            if connection is not None:
                connection.close()
            if mode == modes[-1]:
                raise RecordError(f"{path}: cannot be read: {reason(error, path)}") from error
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise RecordError(f"{path}: is damaged, or no database of dicttui's") from error
        except RecordError:
            if connection is not None:
                connection.close()
            raise
        else:
            return connection
    raise AssertionError("unreachable")


def _distrust(connection: sqlite3.Connection) -> None:
    """A file that somebody prepared shall not have SQLite run anything."""
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION:
        raise RecordError(f"{path}: is no database of dicttui's")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        raise RecordError(
            f"{path}: is of version {version}, and this program reads version {VERSION}; "
            "allowed: the version of dicttui that recorded it"
        )
    try:
        found = dict(connection.execute("SELECT name, type FROM sqlite_master"))
    except UnicodeError as error:
        raise RecordError(f"{path}: is damaged: {error}") from error
    if any(found.get(name) != "table" for name in TABLES):
        raise RecordError(f"{path}: is damaged: tables are missing")
    if any(kind in ("view", "trigger") for kind in found.values()):
        raise RecordError(f"{path}: is no database of dicttui's: it brings code of its own")


def _uri(path: Path, mode: str) -> str:
    return f"file:{quote(str(path.absolute()))}?mode={mode}"


def _beside(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))
