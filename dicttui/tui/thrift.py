"""How much drawing the training is worth.

While the screen is computed Python trains nothing, so a screen that takes a tenth of a core takes
a tenth of the training. Where pictures are dear, there are fewer of them.
"""

import time
from collections import deque

SLOWEST = 1.0
"""Seconds after which a picture is drawn whatever it costs."""
PICTURES_WEIGHED = 4
"""Pictures whose cost is taken together: not all cost the same, and what a key has cost is to be
forgotten soon."""
PICTURES_COUNTED = 8


class Thrift:
    """Decides whether the next picture is drawn now or later.

    Args:
        share: of the drawing thread's time that pictures may take; None: all of it.

    """

    def __init__(self, share: float | None) -> None:
        self._share = share
        self._drawn: deque[tuple[float, float]] = deque(maxlen=PICTURES_COUNTED)
        """When each picture was begun, and the processor time of the thread until then."""

    def affords(self) -> bool:
        """Whether what the last pictures cost, until now, is within the share."""
        if self._share is None or not self._drawn:
            return True
        now = time.monotonic()
        if now - self._drawn[-1][0] >= SLOWEST:
            return True
        began, spent = self._drawn[-min(PICTURES_WEIGHED, len(self._drawn))]
        return time.thread_time() - spent <= self._share * (now - began)

    def draws(self) -> None:
        """A picture is begun."""
        self._drawn.append((time.monotonic(), time.thread_time()))

    def rate(self, wanted: float) -> float:
        """Pictures per second of late, where they are clearly fewer than wanted."""
        if self._share is None or len(self._drawn) < PICTURES_COUNTED:
            return wanted
        length = self._drawn[-1][0] - self._drawn[0][0]
        found = (len(self._drawn) - 1) / length if length > 0 else wanted
        return found if found < 0.8 * wanted else wanted
