"""Leaving, whatever happens: on a signal, and when the terminal is gone.

The app leaves through its event loop. Where the terminal takes no more output that loop stands
still, so a thread of its own sees to it that the process ends all the same.
"""

import asyncio
import contextlib
import os
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self

from dicttui.exit_status import SIGNALLED
from dicttui.tui.closing import Closing

if TYPE_CHECKING:
    from dicttui.tui.app import DicttuiApp

PATIENCE = 2.0
"""Seconds that the step being made has to end before it is abandoned."""
AT_ONCE = 0.2
"""The same where the program is to be left at once."""
GRACE = 5.0
"""Seconds from a signal that asks to end to the end: the app's own leaving, and PATIENCE."""
SAVING = 10.0
"""Seconds that what is recorded has to be whole on disk where nobody waits at the terminal."""
AGAIN = 1.0
"""Seconds after which a second signal of the same kind is impatience: terminals and services send
several at once.
"""
UNHEARD = 0.1
"""Seconds after which a signal that the main thread has not heard is sent to it once more."""
RESTORING = 0.5
"""Seconds for giving back a terminal that may take no output."""
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""SIGINT comes from elsewhere, or before and after the app: there Ctrl-C is no signal but a key."""
WRITER = "textual-output"
"""The thread in which Textual writes; without it the event loop soon waits for ever."""
GIVEN_BACK = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1004l"
    b"\x1b[<u\x1b[?1049l\x1b[?25h"
)
"""What Textual switches on, off again: paste, wrapping, resizes, mouse, focus, keys, the screen."""
_OVER, _WRITER_DIED = 0, 255
"""What the thread is told beside the numbers of signals."""


class Guard:
    """While this lasts the process ends a few seconds after a signal that asks it to, at once where
    somebody has lost patience, and by itself when its terminal is gone.

    The exit status is what a shell reports for a program that the signal ended; a terminal that
    is gone is a SIGHUP. However it ends, the training is closed first, so that what is recorded is
    whole on disk; where somebody has lost patience, as far as that takes no time. They have if
    they press Ctrl-C after another signal, or send the same signal again some time later.
    """

    def __init__(self, app: "DicttuiApp", closing: Closing | None) -> None:
        """`closing` ends the training; None: it is others' and goes on."""
        self._app = app
        self._closing = closing
        self._reads, self._writes = os.pipe()
        os.set_blocking(self._reads, False)
        os.set_blocking(self._writes, False)
        self._input, self._output = sys.stdin.fileno(), sys.stderr.fileno()
        self._flags = _flags(self._input)
        self._drawing = False
        self._asked = False
        self.hurried_status: int | None = None
        """Set by who lost patience while the app that was left gave back the terminal."""
        self._bound_to_end = False
        self._thread = threading.Thread(target=self._watch, name="leaving", daemon=True)

    def __enter__(self) -> Self:
        self._hook = threading.excepthook
        threading.excepthook = self._thread_failed
        # Python tells this pipe of a signal even while the main thread is held up.
        self._woken = signal.set_wakeup_fd(self._writes, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._leave) for number in ENDING}
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bound_to_end:
            self._thread.join()
        try:
            for number, handler in self._before.items():
                signal.signal(number, handler)  # which may be called at once, and raise
        finally:
            signal.set_wakeup_fd(self._woken)
            threading.excepthook = self._hook
            self._tell(_OVER)
            self._thread.join()
            os.close(self._reads)
            os.close(self._writes)

    @contextlib.contextmanager
    def drawing(self) -> Iterator[None]:
        """While this lasts the terminal is the app's, and has to be given back."""
        self._drawing = True
        try:
            yield
        finally:
            self._drawing = False

    def _leave(self, number: int, _frame: FrameType | None) -> None:
        """Let the app put the terminal back and leave."""
        if self._asked:
            return  # whether somebody has lost patience, the other thread judges
        self._asked = True
        status = SIGNALLED + number
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            if number != signal.SIGINT and self._closing is not None and self._closing.begun:
                return  # it ends already, and what it saves is to be saved
            raise SystemExit(status) from None
        # Ctrl-C is a signal again while the app that was left gives back what it has; its loop may
        # not come to anything more.
        hurried = number == signal.SIGINT and self._app.return_code is not None
        if hurried:
            self.hurried_status = status
        loop.call_soon_threadsafe(self._app.leave, status, AT_ONCE if hurried else PATIENCE)

    def _thread_failed(self, details: threading.ExceptHookArgs) -> None:
        self._hook(details)
        if details.thread is not None and details.thread.name == WRITER:
            self._tell(_WRITER_DIED)

    def _tell(self, what: int) -> None:
        with contextlib.suppress(BlockingIOError):  # full: more than enough has been told
            os.write(self._writes, bytes([what]))

    def _watch(self) -> None:
        told = select.poll()
        told.register(self._reads, select.POLLIN)
        for terminal in {self._input, self._output}:
            told.register(terminal, 0)  # only that it is gone
        first, since, sent_again = 0, 0.0, False
        while True:
            left = max(0.0, since + GRACE - time.monotonic()) if first else None
            if left and not self._asked:
                left = min(left, UNHEARD)
            happened = told.poll(None if left is None else left * 1000)
            if not happened and time.monotonic() >= since + GRACE:
                self._end(SIGNALLED + first, PATIENCE, SAVING)
            elif not happened and not self._asked:
                # One that came right before the main thread began to wait for another thread would
                # be heard only after that.
                sent_again = True
                signal.pthread_kill(threading.main_thread().ident or 0, first)
            for descriptor, event in happened:
                if descriptor != self._reads:
                    if event & (select.POLLHUP | select.POLLERR):
                        self._end_without_terminal()
                    told.unregister(descriptor)  # a system that cannot tell
                    continue
                for number in os.read(self._reads, 64):
                    if number == _OVER:
                        return
                    if number == _WRITER_DIED:
                        self._end_without_terminal()
                    elif sent_again and number == first:
                        sent_again = False
                    elif number in ENDING:
                        now = time.monotonic()
                        if not first:
                            first, since = number, now
                        elif number == signal.SIGINT or (number == first and now - since > AGAIN):
                            self._end(SIGNALLED + number, AT_ONCE, 0.0)

    def _end_without_terminal(self) -> None:
        self._bound_to_end = True
        self._end(SIGNALLED + signal.SIGHUP, PATIENCE, SAVING)

    def _end(self, status: int, patience: float, saving: float) -> None:
        """End the process, whatever its other threads wait for."""
        if self._closing is not None:
            self._closing.finish(status, patience, saving)
        if self._drawing:
            restoring = threading.Thread(target=self._restore, daemon=True)
            restoring.start()
            restoring.join(RESTORING)
        os._exit(status)

    def _restore(self) -> None:
        """Give the terminal back as far as it lets us."""
        # In the background this would otherwise stop the process instead.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        if self._flags is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._input, termios.TCSANOW, self._flags)
        with contextlib.suppress(OSError):
            os.write(self._output, GIVEN_BACK)


def _flags(terminal: int) -> list[int | list[bytes | int]] | None:
    try:
        return termios.tcgetattr(terminal)
    except termios.error:
        return None
