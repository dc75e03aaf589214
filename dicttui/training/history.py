"""Bounded histories that keep every spike.

A history holds at most `CAPACITY` buckets. Each keeps the smallest, the largest and the last value
of the steps that fell into it; when all are full, neighbours are merged and buckets take twice as
many steps from then on. A spike of one step is therefore still there after ten million.
"""

import math
from collections.abc import Sequence
from typing import Self

from dicttui.training.snapshot import Series

CAPACITY = 1024


class History:
    """The history of one quantity of one run.

    Values may be any float; a bucket that holds a non-finite value is non-finite throughout, so
    that it is drawn as a gap and not as a number that never was.
    """

    __slots__ = ("_fill", "_high", "_last", "_low", "_seconds", "_steps", "_stride")

    def __init__(self) -> None:
        self._stride = 1
        self._fill = 0
        """Values in the last bucket."""
        self._steps: list[int] = []
        self._seconds: list[float] = []
        self._low: list[float] = []
        self._high: list[float] = []
        self._last: list[float] = []

    @classmethod
    def of(cls, series: Series, stride: int, fill: int) -> Self:
        """The history whose buckets these are, and whose `place` is (stride, fill)."""
        history = cls()
        history._stride, history._fill = stride, fill
        history._steps, history._seconds = list(series.steps), list(series.seconds)
        history._low, history._high = list(series.low), list(series.high)
        history._last = list(series.last)
        return history

    @property
    def place(self) -> tuple[int, int]:
        """Steps that a bucket takes, and those that the last one has taken (0: all)."""
        return self._stride, self._fill

    def __len__(self) -> int:
        return len(self._last)

    def append(self, step: int, seconds: float, value: float) -> None:
        """Add the value of one step."""
        self._put(step, seconds, [value])

    def extend(self, first_step: int, values: Sequence[float], began: float, ended: float) -> None:
        """Add the values of consecutive steps, spread evenly over the time they took.

        Args:
            first_step: the step index of values[0].
            values: one value a step.
            began: training seconds before the first of them.
            ended: training seconds after the last.

        """
        done, total = 0, len(values)
        while done < total:
            room = self._stride - self._fill if self._fill else self._stride
            taken = values[done : done + room]
            done += len(taken)
            seconds = began + (ended - began) * done / total
            self._put(first_step + done - 1, seconds, taken)

    def _put(self, step: int, seconds: float, values: Sequence[float]) -> None:
        """Add values that fit into one bucket."""
        last = values[-1]
        if math.isfinite(sum(values)):
            low, high = min(values), max(values)
        else:
            low = high = last = next((v for v in values if not math.isfinite(v)), last)
        if self._fill:
            bad = next((v for v in (self._last[-1], last) if not math.isfinite(v)), None)
            self._steps[-1] = step
            self._seconds[-1] = seconds
            self._low[-1] = min(self._low[-1], low) if bad is None else bad
            self._high[-1] = max(self._high[-1], high) if bad is None else bad
            self._last[-1] = last if bad is None else bad
        else:
            if len(self._last) == CAPACITY:
                self._halve()
            self._steps.append(step)
            self._seconds.append(seconds)
            self._low.append(low)
            self._high.append(high)
            self._last.append(last)
        self._fill = (self._fill + len(values)) % self._stride

    def _halve(self) -> None:
        """Merge neighbours; the bucket that is being filled is never among them."""
        low, high, last = self._low, self._high, self._last
        for i in range(0, len(last), 2):
            bad = next((v for v in (last[i], last[i + 1]) if not math.isfinite(v)), None)
            if bad is not None:
                low[i] = high[i] = low[i + 1] = high[i + 1] = last[i + 1] = bad
        self._low = [min(pair) for pair in zip(low[::2], low[1::2], strict=True)]
        self._high = [max(pair) for pair in zip(high[::2], high[1::2], strict=True)]
        self._last = last[1::2]
        self._steps = self._steps[1::2]
        self._seconds = self._seconds[1::2]
        self._stride *= 2

    def series(self) -> Series:
        """The history as it stands, immutable."""
        return Series(
            steps=tuple(self._steps),
            seconds=tuple(self._seconds),
            low=tuple(self._low),
            high=tuple(self._high),
            last=tuple(self._last),
        )
