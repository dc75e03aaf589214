"""Where the socket of an experiment is: in a directory that only this user may enter."""

import contextlib
import fcntl
import hashlib
import os
import re
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from dicttui.serve import peer
from dicttui.serve.error import ServeError

LONGEST = 100
"""Bytes of a socket's path; systems take 103 or 107."""
ENDING = ".sock"
_SOCKETS = "sockets"
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_BACKLOG = 128
_AGAIN = 0.02
"""Seconds after which to knock again where too many are waiting to be let in."""


def directory(state: Path) -> Path:
    """The directory of all sockets of a state directory.

    Where a path in it would be too long for a socket, it is one of the user's own under the
    runtime directory, or under the one for temporary files.
    """
    chosen = state.absolute() / _SOCKETS
    if len(os.fsencode(chosen / ("x" * 32 + ENDING))) <= LONGEST:
        return chosen
    digest = hashlib.sha256(os.fsencode(chosen)).hexdigest()[:12]
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    parents = [Path(runtime) / "dicttui"] if runtime else []
    parents += [Path(base) / f"dicttui-{os.geteuid()}" for base in (tempfile.gettempdir(), "/tmp")]
    fitting = (parent / digest for parent in parents)
    return next(
        (path for path in fitting if len(os.fsencode(path / ("x" * 16 + ENDING))) <= LONGEST),
        parents[-1] / digest,
    )


def path(state: Path, experiment: str) -> Path:
    """The path of an experiment's socket, by its id."""
    if not _ID.fullmatch(experiment):
        raise ServeError(f"{experiment!r} is no experiment's id")
    return directory(state) / f"{experiment}{ENDING}"


def prepare(where: Path) -> None:
    """Make the directory of sockets, or see that it is this user's alone.

    Raises ServeError where it is somebody else's, or not a directory.
    """
    for made in (where.parent, where):
        try:
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
        except FileExistsError:
            raise ServeError(f"{made}: not a directory; move it away") from None
        except OSError as error:
            raise ServeError(f"{made}: cannot be made: {error.strerror}") from error
    if where.name != _SOCKETS:  # where everybody may make directories
        _check(where.parent)
    _check(where)


def _check(where: Path) -> None:
    """See that a directory is this user's alone; one of ours that others may enter is closed."""
    found = where.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise ServeError(f"{where}: not a directory; move it away")
    if found.st_uid != os.geteuid():
        raise ServeError(f"{where}: belongs to another user; a socket there would be theirs to use")
    if stat.S_IMODE(found.st_mode) & 0o077:
        try:
            where.chmod(0o700)
        except OSError as error:
            raise ServeError(f"{where}: others may enter it: {error.strerror}") from error


def listen(where: Path) -> socket.socket:
    """A socket that listens there; one that nobody listens to any more is replaced.

    Raises ServeError where another process listens, or the place is not this user's alone.
    """
    prepare(where.parent)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _alone(where.parent):
            _take(where)
            listening.bind(os.fspath(where))
            where.chmod(0o600)
            listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise ServeError(f"{where}: no socket can be made: {error.strerror or error}") from error
    except ServeError:
        listening.close()
        raise
    return listening


def _take(where: Path) -> None:
    """See that nobody listens at a path, and remove what is left of whoever did."""
    if is_live(where):
        raise ServeError(f"{where.stem}: another process is training and serving it")
    with contextlib.suppress(FileNotFoundError):
        where.unlink()


def connect(where: Path, timeout: float) -> socket.socket:
    """A connection to whoever listens there. Raises ServeError if nobody does, or a stranger."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        deadline = time.monotonic() + timeout
        while True:
            try:
                connection.connect(os.fspath(where))
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_AGAIN)
        connection.settimeout(None)
        ours = peer.is_ours(connection)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        connection.close()
        raise ServeError(f"{where.stem}: no process is training it") from error
    except OSError as error:
        connection.close()
        raise ServeError(f"{where.stem}: cannot be reached: {error.strerror or error}") from error
    if not ours:
        connection.close()
        raise ServeError(f"{where}: another user listens there")
    return connection


def live(state: Path) -> list[str]:
    """The ids of the experiments that are being served, the newest first."""
    where = directory(state)
    found = []
    with contextlib.suppress(OSError):  # there is no such directory, or it is not ours to read
        for entry in where.iterdir():
            if entry.suffix == ENDING:
                with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                    found.append((entry.lstat().st_mtime, entry.stem))
    return [
        experiment
        for _, experiment in sorted(found, reverse=True)
        if is_live(where / f"{experiment}{ENDING}")
    ]


@contextlib.contextmanager
def _alone(where: Path) -> Iterator[None]:
    """While this lasts nobody else replaces a socket in a directory."""
    descriptor = os.open(where, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_live(where: Path) -> bool:
    """Whether anybody listens at a socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
        knocking.settimeout(2.0)
        try:
            knocking.connect(os.fspath(where))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            # A full queue, say: there is somebody, if slow. A plain file is no socket.
            try:
                return stat.S_ISSOCK(where.lstat().st_mode)
            except OSError:  # removed meanwhile, or in a directory that is not ours to enter
                return False
        return True
