"""Processes that are surely ended again."""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

Begun = TypeVar("Begun")
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def begun(ended: ExitStack, start: Callable[[], AbstractContextManager[Begun]]) -> Begun:
    """Start something that is ended with an ExitStack, whatever signal comes amid its start."""
    with _later():
        return ended.enter_context(start())


@contextmanager
def _later() -> Iterator[None]:
    """Signals that would end us do so when this is over.

    They are caught and not blocked: a process that is started meanwhile would inherit a block.
    """
    heard: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _frame: heard.append(number))
        for number in ENDING
        if signal.getsignal(number) not in (signal.SIG_IGN, None)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in heard:
            signal.raise_signal(late)
