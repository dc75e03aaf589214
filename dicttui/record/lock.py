"""The lock of an experiment's directory: held by the process that trains it, for as long as that
lives, and let go of by the system if it dies.
"""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from dicttui.record.error import RecordError
from dicttui.record.places import LOCK

PATIENCE = 1.0
"""Seconds for which another's glance at the lock is waited out."""

_TO_LOOK = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class Lock:
    """An experiment's lock, held until it is released."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, directory: Path) -> Self:
        """Take the lock. Raises RecordError where another process holds it or has removed it,
        OSError where it cannot be written.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(directory / LOCK, flags, 0o600)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    holder = _written(descriptor)
                    os.close(descriptor)
                    raise RecordError(
                        f"{directory}: is being trained by another process{holder}; end that first"
                    ) from None
                time.sleep(0.02)
            except OSError:
                os.close(descriptor)
                raise
            else:
                break
        if not _is_there(descriptor, directory):
            os.close(descriptor)
            raise RecordError(f"{directory}: has just been removed by another process")
        with suppress(OSError):  # it is held all the same, on a full disk too
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let go of it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def held(directory: Path) -> bool:
    """Whether some process holds an experiment's lock."""
    try:
        descriptor = os.open(directory / LOCK, _TO_LOOK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _is_there(descriptor: int, directory: Path) -> bool:
    """Whether the lock that has been taken is still the directory's."""
    try:
        found = os.stat(directory / LOCK, follow_symlinks=False)
    except OSError:
        return False
    return os.path.samestat(found, os.fstat(descriptor))


def _written(descriptor: int) -> str:
    """Who holds it, as far as that process has said."""
    try:
        number = os.pread(descriptor, 20, 0).decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return f" ({number})" if number.isdecimal() else ""
