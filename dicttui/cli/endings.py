"""Signals that end the program: the first does, once what is being saved is on disk."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

from dicttui.exit_status import SIGNALLED

NUMBERS = (signal.SIGTERM, signal.SIGHUP)


class Endings:
    """While this lasts, SIGTERM and SIGHUP end the program by a SystemExit, with the exit status
    that a shell reports. Only the first of them does: terminals and services send several, one
    right after another, and what the first has begun to save is to be saved.

    A signal that whoever started the program has it ignore (nohup) stays ignored.
    """

    def __init__(self) -> None:
        self._heard = 0
        self._told = False
        self._held = False

    def __enter__(self) -> Self:
        self._before = {
            number: signal.signal(number, self._end)
            for number in NUMBERS
            if signal.getsignal(number) != signal.SIG_IGN
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this lasts nothing is broken off: a signal ends the program afterwards."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._heard and not self._told:
            self._raise()

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if self._heard:
            return
        self._heard = number
        if not self._held:
            self._raise()

    def _raise(self) -> None:
        self._told = True
        raise SystemExit(SIGNALLED + self._heard)
