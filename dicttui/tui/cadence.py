"""When the curves of the main screen are drawn."""

import time
from enum import Enum

from dicttui.tui.display import ChartSettings

SECONDS = 0.45
"""Curves, bars and measures cost as much as all else together, and nobody reads them in a quarter
of a second: where four pictures a second are drawn, every other one has new ones."""
LATE = 0.75
"""Seconds without another picture after which the curves catch up with the numbers."""


class When(Enum):
    """When the curves follow the numbers of a picture."""

    NOW = "in the same picture"
    CHART_NOW = "the chart in the same picture, the cards' at once after it"
    AFTER = "at once after it"
    LATER = "in one of the next"


class Cadence:
    """Decides when curves are drawn, and remembers whether they lag behind the numbers."""

    def __init__(self) -> None:
        self.lags = False
        self._drawn = float("-inf")
        self._settings: ChartSettings | None = None
        self._pictured = 0.0

    def forget(self) -> None:
        """What had been drawn is no longer there."""
        self._settings = None

    def when(self, settings: ChartSettings, *, passing: bool, awaited: bool) -> When:
        """When the curves of a picture that is being drawn are to be drawn.

        Args:
            settings: the chart's.
            passing: whether another picture is to be expected soon.
            awaited: whether a person has pressed a key and waits for this picture: what the key has
                changed comes first.

        """
        now = self._pictured = time.monotonic()
        before, early = self._settings, now - self._drawn < SECONDS
        self.lags = False
        if before is None or settings != before:
            self._drawn, self._settings = now, settings
            return When.NOW if before is None else When.CHART_NOW
        if passing and early and not awaited:
            self.lags = True
            return When.LATER
        self._drawn = now
        return When.AFTER if awaited else When.NOW

    @property
    def quiet(self) -> bool:
        """Whether no picture has come for a while."""
        return time.monotonic() - self._pictured >= LATE
