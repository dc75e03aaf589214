"""Ending a training once, whoever is the first to see that it has to end: the app that was left, or
the thread that heard of a signal or of a terminal that is gone.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol


class Owned(Protocol):
    """A session that ends with the app."""

    def close(self, timeout: float = 30.0) -> bool:
        """End the training and close its observers; whether it ended."""


class Closing:
    """Closes one session.

    Args:
        session: what is closed.
        leaving: called with the exit status before that.
        linger: waits for so many seconds until what is recorded has been written.

    """

    def __init__(
        self,
        session: Owned,
        leaving: Callable[[int], None] = lambda _status: None,
        linger: Callable[[float], object] = lambda _seconds: None,
    ) -> None:
        self._session = session
        self._leaving = leaving
        self._linger = linger
        self._lock = threading.Lock()
        self._begun = False
        self._done = threading.Event()
        self._ended = False

    @property
    def begun(self) -> bool:
        """Whether it is being closed, or has been."""
        return self._begun

    def close(self, status: int, timeout: float) -> bool:
        """Close it, or wait until another thread has; whether the training ended in that time."""
        with self._lock:
            first, self._begun = not self._begun, True
        if not first:
            self._done.wait(timeout)
            return self._ended
        try:
            self._leaving(status)
            self._ended = self._session.close(timeout)
        finally:
            self._done.set()
        return self._ended

    def finish(self, status: int, timeout: float, saving: float) -> None:
        """Close it, and give what is recorded some time to be whole on disk: the process ends
        after that.
        """
        until = time.monotonic() + saving
        self.close(status, timeout)
        if self._done.wait(max(0.0, until - time.monotonic())):
            self._linger(max(0.0, until - time.monotonic()))
