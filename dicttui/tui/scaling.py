"""From a history to the columns of a plot: axes, buckets per column, limits, smoothing.

Pure functions on plain numbers. What is not finite is a gap, whatever else is drawn.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dicttui.training.snapshot import Series

Quantity = Literal["steps", "seconds"]
Scale = Literal["linear", "log"]
Smoothing = Literal["off", "light", "strong"]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Beyond this the differences of two values overflow a double.
_LARGEST = 1e300
# A linear axis leaves out what lies further above the bulk (its 98th percentile) than so many
# times the bulk's own range: one spike to 1e30 must not flatten everything else to a line.
_BULK = 98
_FAR_ABOVE = 20.0
# Of an axis' length: values at its very ends are on it.
_ROUNDING = 1e-9
# Buckets that a smoothed value looks back on, as a share of those drawn.
_SPAN = {"light": 1 / 64, "strong": 1 / 10}


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of values, and where on it a value lies; `start < stop`, both finite."""

    start: float
    """In the units of the scale: the value, or its decimal logarithm."""
    stop: float
    log: bool = False

    def scaled(self, values: Floats) -> Floats:
        """Values in the units of the scale; on a log axis what is not positive lies at `start`."""
        bounded = np.clip(values, -_LARGEST, _LARGEST)
        if not self.log:
            return bounded
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log10(bounded)
        return np.where(bounded <= 0, self.start, logs)

    def fraction(self, values: Floats) -> Floats:
        """Where values lie: 0 at the axis' start, 1 at its end; NaN stays NaN."""
        with np.errstate(over="ignore"):  # far outside a very short axis: infinitely far
            return (self.scaled(values) - self.start) / (self.stop - self.start)

    def longer(self, share: float) -> "Axis":
        """An axis that is longer at either end by a share of its length."""
        more = (self.stop - self.start) * share
        return Axis(self.start - more, self.stop + more, self.log)

    def holds(self, values: Floats) -> NDArray[np.bool_]:
        """Which values lie on the axis; not those that a logarithm has no place for, nor NaN."""
        place = self.fraction(values)
        on = (place >= -_ROUNDING) & (place <= 1 + _ROUNDING)
        return on & (values > 0) if self.log else on

    def cell(self, values: Floats, count: int) -> Integers:
        """The cell of `count` ≥ 1 in which each value lies, clipped to the ends; no NaN."""
        cells = np.floor(self.fraction(values) * (count - 1) + 0.5)
        return np.clip(cells, 0, count - 1).astype(np.int64)

    def cell_of(self, value: float, count: int) -> int:
        """The same of one finite value."""
        scaled = max(-_LARGEST, min(_LARGEST, value))
        if self.log:
            scaled = math.log10(scaled) if scaled > 0 else self.start
        fraction = (scaled - self.start) / (self.stop - self.start)
        return math.floor(max(0.0, min(count - 1.0, fraction * (count - 1) + 0.5)))


@dataclass(frozen=True, slots=True)
class Columns:
    """A history by columns: only those in which a bucket lies, in order; all of one length.

    `low`, `high` and `last` are NaN where a column holds nothing finite.
    """

    position: Integers
    """Which column."""
    low: Floats
    high: Floats
    last: Floats

    def within(self, axis: Axis) -> "Columns":
        """The same with gaps where it leaves a y axis."""
        last = np.where(axis.holds(self.last), self.last, np.nan)
        gone = np.isnan(last)
        low, high = np.where(gone, np.nan, self.low), np.where(gone, np.nan, self.high)
        return Columns(self.position, low, high, last)


class _Numbers:
    """A history as arrays."""

    def __init__(self, series: Series) -> None:
        self.steps = np.asarray(series.steps, dtype=np.float64)
        self.seconds = np.asarray(series.seconds, dtype=np.float64)
        # A bucket that is only partly finite (low 1, high inf) is drawn as far as it is.
        low, high, self.last = (
            _finite(values) for values in (series.low, series.high, series.last)
        )
        self.low = np.fmin(np.fmin(low, high), self.last)
        self.high = np.fmax(np.fmax(low, high), self.last)
        self.newest = np.where(np.isfinite(self.last), np.arange(self.last.size), -1)
        """Each bucket's own position if its last value is finite, else -1."""


class _Same:
    """A history as the key of what is known of it: the very same object, whatever is in it."""

    def __init__(self, series: Series) -> None:
        self.series = series

    def __hash__(self) -> int:
        return id(self.series)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.series is self.series


@lru_cache(maxsize=16)
def _numbers(same: _Same) -> _Numbers:
    """Each history is drawn two or three times a picture, by the cards and the chart."""
    return _Numbers(same.series)


def abscissa(series: Series, quantity: Quantity) -> Floats:
    """The x values of a history's buckets."""
    numbers = _numbers(_Same(series))
    return numbers.steps if quantity == "steps" else numbers.seconds


def x_axis(series: Iterable[Series], quantity: Quantity, *, log: bool = False) -> Axis:
    """The axis that holds the x values of all these histories, from 0 on (log: from 1 step, or
    the first second's fraction, on). Of a single point it is the beginning.
    """
    xs = [abscissa(s, quantity) for s in series if s.steps]
    joined = np.concatenate(xs) if xs else np.empty(0)
    joined = joined[np.isfinite(joined)]
    if log:
        positive = joined[joined > 0]
        if positive.size:
            first = 1.0 if quantity == "steps" else float(positive.min())
            last = float(positive.max())
            return axis_of(first, last if last > first else 10 * first, log=True)
        return Axis(0.0, 1.0, log=True)
    last = float(joined.max()) if joined.size else 0.0
    return axis_of(0.0, last if last > 0 else 1.0, log=False)


def columns(series: Series, count: int, axis: Axis, quantity: Quantity = "steps") -> Columns:
    """A history in at most `count` columns: the extremes of the buckets in each, and the last.

    Args:
        series: the history; may hold NaN and ±inf.
        count: columns of the plot, at least 1.
        axis: the x axis.
        quantity: what the axis measures.

    """
    x = abscissa(series, quantity)
    if not x.size:
        nothing = np.empty(0)
        return Columns(np.empty(0, dtype=np.int64), nothing, nothing, nothing)
    position = np.maximum.accumulate(axis.cell(np.nan_to_num(x), count))
    starts = np.flatnonzero(np.diff(position, prepend=-1))
    numbers = _numbers(_Same(series))
    lows = np.fmin.reduceat(numbers.low, starts)
    highs = np.fmax.reduceat(numbers.high, starts)
    newest = np.maximum.reduceat(numbers.newest, starts)
    last = np.where(newest >= starts, numbers.last[newest], highs)
    return Columns(position[starts], lows, highs, last)


def _finite(values: Sequence[float]) -> Floats:
    """The values with NaN for ±inf."""
    array = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(array), array, np.nan)


def smoothed(series: Series, smoothing: Smoothing) -> Series:
    """The history with `last` replaced by its exponential moving average; low and high stay.

    The average is y_i = Σ_j (1−α)^(i−j) x_j / Σ_j (1−α)^(i−j) over the finite x_j, j ≤ i (the
    denominator is Adam's bias correction), α = 2 / (span + 1), the span a share of the buckets
    drawn, so that a longer history is not smoothed less. A value that is not finite stays as it
    is.
    """
    if smoothing == "off" or len(series.last) < 3:
        return series
    keep = 1 - 2 / (max(3.0, len(series.last) * _SPAN[smoothing]) + 1)
    total = weight = 0.0
    averages = []
    for value in series.last:
        if not math.isfinite(value):
            averages.append(value)
            continue
        total = keep * total + (1 - keep) * max(-_LARGEST, min(_LARGEST, value))
        weight = keep * weight + (1 - keep)
        averages.append(total / weight)
    return Series(series.steps, series.seconds, series.low, series.high, tuple(averages))


def y_axis(
    curves: Iterable[Columns], *, log: bool = False, include: Iterable[float] = ()
) -> tuple[Axis, bool]:
    """The axis that holds these curves, and whether some of them leave it at the top.

    A log axis without a positive value becomes a linear one. A linear axis does not stretch to
    rare values far above all others; they are drawn at its top.

    Args:
        curves: what is to be drawn.
        log: decimal logarithms.
        include: values that are to be on the axis if they are finite (loss floors).

    """
    lows, highs = [], []
    for curve in curves:
        drawn = np.isfinite(curve.low)
        lows.append(curve.low[drawn])
        highs.append(curve.high[drawn])
    low = np.clip(np.concatenate([*lows, np.empty(0)]), -_LARGEST, _LARGEST)
    high = np.clip(np.concatenate([*highs, np.empty(0)]), -_LARGEST, _LARGEST)
    others = [value for value in include if math.isfinite(value) and abs(value) < _LARGEST]
    if log:
        values = np.concatenate([low, high, np.asarray(others, dtype=np.float64)])
        positive = values[values > 0]
        if positive.size:
            return axis_of(float(positive.min()), float(positive.max()), log=True), False
    if not high.size:
        return axis_of(min(others, default=0.0), max(others, default=1.0), log=False), False
    bottom, top = float(low.min()), float(high.max())
    bulk = float(np.percentile(high, _BULK))
    clipped = top - bulk > _FAR_ABOVE * (bulk - bottom) and bulk > bottom
    if clipped:
        top = bulk + (bulk - bottom) / 2
    return axis_of(min([bottom, *others]), max([top, *others]), log=False), clipped


def axis_of(low: float, high: float, *, log: bool) -> Axis:
    """An axis from low to high, widened about a single value."""
    if log:
        low, high = math.log10(low), math.log10(high)
    low, high = max(low, -_LARGEST), min(high, _LARGEST)
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        margin = 0.5 if log else abs(low) / 2 or 1.0
        low, high = low - margin, low + margin
    return Axis(low, high, log)
