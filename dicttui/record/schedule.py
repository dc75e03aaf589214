"""When a checkpoint is due."""

import re
import time
from collections.abc import Callable
from typing import Self

EVERY = 30.0
"""Seconds between two checkpoints."""
FIRST = 3.0
"""Seconds after which the first is due."""
SHARE = 0.01
"""Of the time, at most: taking checkpoints and writing them."""
ALLOWED = 'seconds ("30s"), minutes ("5m"), hours ("2h") or updates of a run ("1000")'
_WORDS = re.compile(r"(?P<number>[0-9]{1,9})(?P<unit>[smh]?)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def is_schedule(words: str) -> bool:
    """Whether this says how often, in a person's words."""
    found = _WORDS.fullmatch(words)
    return found is not None and int(found["number"]) > 0


class Schedule:
    """Due every so many seconds, or updates of any run, and when something has happened; called on
    the trainer thread, but for `took`.

    Args:
        seconds: between two; more where they are expensive. None: not by the clock.
        steps: completed updates of one run between two; None: not by steps.

    """

    def __init__(
        self,
        seconds: float | None = EVERY,
        steps: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._steps = steps
        self._clock = clock
        self._last: float | None = None
        """When the last was taken, or the training began."""
        self._first = True
        self._asked: float | None = None
        self._copying = 0.0
        self._writing = 0.0
        self._made: dict[str, int] = {}
        self._at_once = False

    @classmethod
    def of(cls, words: str) -> Self:
        """That of a person's words, which `is_schedule`."""
        found = _WORDS.fullmatch(words)
        assert found is not None
        number = int(found["number"])
        if not found["unit"]:
            return cls(seconds=None, steps=number)
        return cls(seconds=number * _SECONDS[found["unit"]])

    def made(self, run: str, count: int) -> None:
        """Updates have been made."""
        if self._steps is not None:
            self._made[run] = self._made.get(run, 0) + count

    def want(self) -> None:
        """Something has happened after which a checkpoint is due at once."""
        self._at_once = True

    def due(self) -> bool:
        """Whether it is time; if so, a checkpoint is expected to be taken now."""
        now = self._clock()
        if self._at_once or self._by_steps() or self._by_the_clock(now):
            self._asked = now
            return True
        return False

    def _by_steps(self) -> bool:
        return self._steps is not None and max(self._made.values(), default=0) >= self._steps

    def _by_the_clock(self, now: float) -> bool:
        if self._seconds is None:
            return False
        if self._last is None:
            self._last = now
        usual = min(FIRST, self._seconds) if self._first else self._seconds
        return now - self._last >= max(usual, (self._copying + self._writing) / SHARE)

    def taken(self) -> None:
        """One has been taken."""
        now = self._clock()
        self._copying = 0.0 if self._asked is None else now - self._asked
        self._last, self._asked, self._first, self._at_once = now, None, False, False
        self._made.clear()

    def took(self, seconds: float) -> None:
        """Writing one took so long."""
        self._writing = seconds
