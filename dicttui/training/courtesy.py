"""Letting the thread that draws go first.

Python runs one thread at a time, and a thread that wants to run while another is computing waits
for its turn, again and again. A key press takes many turns, so the trainer stands aside while one
is being answered: it loses a few milliseconds of training, and the screen changes in a fraction of
the time. The threads of one process share the interpreter, so this is the process's matter and not
a session's.
"""

import threading
import time

MOST = 0.05
"""Seconds for which one request holds the trainer back at most."""

wanted = bytearray(1)
"""Not 0 while the trainer is to stand aside: work that holds no GIL sees it without Python."""

_wanted_until = 0.0
_submitted = False
"""Whether there is something for the trainer to see to first."""
_served = threading.Event()


def ask() -> None:
    """Ask the trainer to stand aside now, until `done` or for at most MOST seconds; what was
    submitted before is seen to first.
    """
    global _wanted_until  # noqa: PLW0603
    if not _submitted:
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
    global _submitted  # noqa: PLW0603
    _submitted = True
    _served.set()


def seen_to() -> None:
    """Called by the trainer when it has seen to what was submitted."""
    global _submitted  # noqa: PLW0603
    _submitted = False
    if _wanted_until:
        _served.clear()


def stand_aside() -> float:
    """Called by the trainer between pieces of work: wait if somebody asked. The seconds it took."""
    if _wanted_until == 0.0:
        return 0.0
    began = time.monotonic()
    while True:
        until = _wanted_until
        left = until - time.monotonic()
        if left > 0:
            if _served.wait(left):
                break
        elif until == _wanted_until:  # nobody has asked again meanwhile
            done()
            break
    return time.monotonic() - began
