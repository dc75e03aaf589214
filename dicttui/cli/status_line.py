"""What is being done, on a terminal: one line that changes, and is gone in the end."""

import contextlib
import shutil
import sys
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Self

from dicttui.cli.output import note
from dicttui.visible import visible

CLEAR_LINE = "\r\x1b[2K"
BETWEEN = 0.1
"""Seconds between two lines."""


class StatusLine:
    """A line on stderr; nothing where that is no terminal."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._shown = sys.stderr.isatty()
        self._clock = clock
        self._told = float("-inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._put(CLEAR_LINE)

    def say(self, what: str) -> None:
        """Say it, in the place of what was said before."""
        now = self._clock()
        if now - self._told >= BETWEEN:
            self._told = now
            width = shutil.get_terminal_size().columns
            self._put(f"{CLEAR_LINE}{visible(what)[: width - 1]}")

    def note(self, what: str) -> None:
        """Say it in a line that stays, wherever stderr goes."""
        self._put(CLEAR_LINE)
        note(what)

    def _put(self, text: str) -> None:
        if self._shown:
            with contextlib.suppress(OSError):  # there would be nowhere left to say so
                sys.stderr.write(text)
                sys.stderr.flush()
