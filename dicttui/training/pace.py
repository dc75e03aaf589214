"""When the next step is due, where a training is slowed down to be watched."""

import time

MOST_BEHIND = 0.5
"""Seconds of steps that are made up for after a delay; what is more is dropped."""


class Pace:
    """Steps per second, or None for as fast as it goes."""

    def __init__(self, steps_per_second: float | None) -> None:
        self._began = 0.0
        self._made = 0
        self._rate: float | None = None
        self.rate = steps_per_second

    @property
    def rate(self) -> float | None:
        """Steps per second."""
        return self._rate

    @rate.setter
    def rate(self, steps_per_second: float | None) -> None:
        self._rate = steps_per_second
        self.restart()

    def restart(self) -> None:
        """Count from now: after a pause nothing is to be made up for, and one step is due."""
        self._began = time.perf_counter()
        self._made = -1

    def due(self) -> int | None:
        """How many steps are due now; None: any number."""
        if self._rate is None:
            return None
        due = int((time.perf_counter() - self._began) * self._rate) - self._made
        if due > max(1.0, MOST_BEHIND * self._rate):
            self.restart()
            return 1
        return due

    def delay(self) -> float:
        """Seconds until the next step is due."""
        if self._rate is None:
            return 0.0
        return max(0.0, self._began + (self._made + 1) / self._rate - time.perf_counter())

    def made(self, steps: int) -> None:
        """So many steps were made."""
        self._made += steps
