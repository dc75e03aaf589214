"""How much drawing the training is worth.

While the screen is computed Python trains nothing, so a screen that takes a tenth of a core takes
a tenth of the training. Where pictures are dear, there are fewer of them.
"""

import time
from collections import deque

SLOWEST = 1.0
"""Seconds after which a picture is drawn whatever it costs."""
PICTURES_COUNTED = 8


class Thrift:
    """Decides whether the next picture is drawn now or later.

    Args:
        share: of the drawing thread's time that pictures may take; None: all of it.

    """

    def __init__(self, share: float | None) -> None:
        self._share = share
        self._drawn: deque[float] = deque(maxlen=PICTURES_COUNTED)
        self._spent = 0.0
        """Processor time of the thread when the last picture was begun."""

    def affords(self) -> bool:
        """Whether what the last picture cost, until now, is within the share."""
        if self._share is None or not self._drawn:
            return True
        since = time.monotonic() - self._drawn[-1]
        return since >= SLOWEST or time.thread_time() - self._spent <= self._share * since

    def draws(self) -> None:
        """A picture is begun."""
        self._drawn.append(time.monotonic())
        self._spent = time.thread_time()

    def rate(self, wanted: float) -> float:
        """Pictures per second of late, where they are clearly fewer than wanted."""
        if self._share is None or len(self._drawn) < PICTURES_COUNTED:
            return wanted
        length = self._drawn[-1] - self._drawn[0]
        found = (len(self._drawn) - 1) / length if length > 0 else wanted
        return found if found < 0.8 * wanted else wanted
