"""Letting the thread that draws go first.

Python runs one thread at a time, and a thread that wants to run while another is computing waits
up to five milliseconds for its turn, again and again. A key press takes many turns, so the trainer
stands aside while one is being answered: it loses a few milliseconds of training, and the screen
changes in a fraction of the time. The threads of one process share the interpreter, so this is the
process's matter and not a session's.
"""

import threading
import time

MOST = 0.05
"""Seconds for which one request holds the trainer back at most."""

wanted = bytearray(1)
"""Not 0 while the trainer is to stand aside: work that holds no GIL sees it without Python."""

_wanted_until = 0.0
_served = threading.Event()


def ask() -> None:
    """Ask the trainer to stand aside now, until `done` or for at most MOST seconds."""
    global _wanted_until  # noqa: PLW0603
    _served.clear()
    _wanted_until = time.monotonic() + MOST
    wanted[0] = 1


def done() -> None:
    """The trainer may go on."""
    global _wanted_until  # noqa: PLW0603
    _wanted_until = 0.0
    wanted[0] = 0
    _served.set()


def let_through() -> None:
    """Something was submitted: the trainer sees to that, and stands aside again after it."""
    _served.set()


def seen_to() -> None:
    """Called by the trainer when it has seen to what was submitted."""
    if _wanted_until:
        _served.clear()


def stand_aside() -> float:
    """Called by the trainer between pieces of work: wait if somebody asked. The seconds it took."""
    if _wanted_until == 0.0:
        return 0.0
    began = time.monotonic()
    while (left := _wanted_until - time.monotonic()) > 0:
        if _served.wait(left):
            return time.monotonic() - began
    done()
    return time.monotonic() - began
