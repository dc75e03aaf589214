"""How often measuring for the screen is worth the time it takes."""

import time

SHARE, SHARE_OF_LONG_STEPS = 0.02, 0.006
"""Shares of the training time that measuring may take: it takes the longer the larger a network is,
whose numbers are then looked at less often."""
SHARE_OF_DEAR_CODES = 0.1
"""The same where codes are dear: measuring takes as long as some steps, however few samples."""
SHORT_STEP = 0.8e-3
"""Seconds up to which a step, of all runs, is short."""


class ObservationBudget:
    """Spreads measurements so far that they take no more than their share of the time."""

    def __init__(self, *, dear_codes: bool = False) -> None:
        self._dear_codes = dear_codes
        self._spent_at = float("-inf")
        self._cost = 0.0

    def spent(self, seconds: float) -> None:
        """Measuring has just taken so long."""
        self._cost, self._spent_at = seconds, time.perf_counter()

    def allows(self, step: float) -> bool:
        """Whether it may be measured again, where a step takes so many seconds."""
        share = SHARE if step <= SHORT_STEP else SHARE_OF_LONG_STEPS
        if self._dear_codes:
            share = SHARE_OF_DEAR_CODES
        return (time.perf_counter() - self._spent_at) * share >= self._cost


class Spacing:
    """Spreads what is made again and again so far that it takes no more than its share of the time.

    Args:
        share: of the time that it may take.
        least: seconds between two times in any case.

    """

    def __init__(self, share: float, least: float = 0.0) -> None:
        self._share, self._least = share, least
        self._spent_at = float("-inf")
        self._cost = 0.0

    def spent(self, seconds: float) -> None:
        """It has just been made, in so long."""
        self._cost, self._spent_at = seconds, time.perf_counter()

    def allows(self) -> bool:
        """Whether it may be made again."""
        since = time.perf_counter() - self._spent_at
        return since >= self._least and since * self._share >= self._cost
