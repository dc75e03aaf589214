"""From numbers to places on a chart, and the numbers that are written beside it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

FARTHEST = 1e100
"""No axis goes beyond it, nor, where it is a log one, below its inverse: no float32 does."""
LEAST_RATIO = 1e-12
"""An axis that spans less than this share of its values would divide by nothing."""


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis: values from `low` to `high` on the places from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """The place of a value; far outside it is only as far as a picture reaches."""
        low, high = self._bent(self.low), self._bent(self.high)
        share = (self._bent(value) - low) / (high - low)
        return self.start + max(-1.0, min(2.0, share)) * (self.end - self.start)

    def shows(self, value: float) -> bool:
        """Whether a value can be drawn at all."""
        return math.isfinite(value) and (value > 0 or not self.log)

    def ticks(self, most: int) -> list[float]:
        """Round values on the axis, at most so many."""
        return (
            _decades(self.low, self.high, most) if self.log else _round(self.low, self.high, most)
        )

    def _bent(self, value: float) -> float:
        return math.log10(max(value, 1e-300)) if self.log else value


def scale_of(
    values: Iterable[float], start: float, end: float, *, log: bool, zero: bool = False
) -> Scale:
    """An axis for these values, with a little room; `zero`: a linear one begins at 0.

    It is linear where a value that must be seen has no logarithm.
    """
    finite = [max(-FARTHEST, min(FARTHEST, value)) for value in values if math.isfinite(value)]
    log = log and bool(finite) and min(finite) > 0
    if not finite:
        return Scale(0.0, 1.0, start, end)
    low, high = min(finite), max(finite)
    if log:
        low, high = max(low, 1 / FARTHEST), max(high, 1 / FARTHEST)
        if high / low < 1.02:
            low, high = low / 1.1, high * 1.1
        room = (high / low) ** 0.04
        return Scale(low / room, high * room, start, end, log=True)
    if zero:
        low = min(low, 0.0)
    if high - low <= LEAST_RATIO * max(abs(low), abs(high), 1e-30):
        half = abs(high) / 2 or 0.5
        low, high = low - half, high + half
    room = 0.05 * (high - low)
    return Scale(low if zero and low == 0 else low - room, high + room, start, end)


def _round(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / max(1, most)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if power * factor >= rough)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    decimals = max(0, -math.floor(math.log10(step)))
    return [round(index * step, decimals + 2) + 0.0 for index in range(first, last + 1)]


def _decades(low: float, high: float, most: int) -> list[float]:
    """Powers of ten, with what lies between them where there are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for between in ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        ticks = [factor * 10.0**power for power in range(first, last + 1) for factor in between]
        shown = [tick for tick in ticks if low <= tick <= high]
        if len(shown) <= most:
            # Within less than a decade round values tell more than the few that are left here.
            return shown if len(shown) >= 3 else _round(low, high, most)
    stride = math.ceil((last - first) / most)
    return [10.0**power for power in range(first, last + 1, stride) if low <= 10.0**power <= high]
