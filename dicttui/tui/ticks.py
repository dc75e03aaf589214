"""Where an axis has its ticks, and what they say."""

import math
from itertools import pairwise

from dicttui.tui.glyphs import UNICODE, Glyphs
from dicttui.tui.numbers import number
from dicttui.tui.scaling import Axis


def ticks(axis: Axis, at_most: int, *, glyphs: Glyphs = UNICODE) -> list[tuple[float, str]]:
    """At most so many (value, label) at round values within the axis, in order.

    On a log axis powers of ten, thinned; also 2 and 5 times them where there are few.
    """
    if at_most < 1:
        return []
    values = _logarithmic(axis, at_most) if axis.log else _linear(axis, at_most)
    digits = _digits(values)
    return [(value, number(value, digits, glyphs=glyphs)) for value in values]


def _linear(axis: Axis, at_most: int) -> list[float]:
    span = axis.stop - axis.start
    exponent = math.floor(math.log10(span / at_most))
    for mantissa in (1, 2, 5, 10, 20, 50):
        step = mantissa * 10.0**exponent
        first = math.ceil(axis.start / step - 1e-9)
        last = math.floor(axis.stop / step + 1e-9)
        if last - first < at_most:
            return [i * step for i in range(first, last + 1)]
    return []


def _logarithmic(axis: Axis, at_most: int) -> list[float]:
    first, last = math.ceil(axis.start - 1e-9), math.floor(axis.stop + 1e-9)
    fine = [
        mantissa * 10.0**exponent
        for exponent in range(first - 1, last + 1)
        for mantissa in (1, 2, 5)
        if axis.start - 1e-9 <= math.log10(mantissa) + exponent <= axis.stop + 1e-9
    ]
    if len(fine) < 2:
        return _linear(Axis(10**axis.start, 10**axis.stop), at_most)
    if len(fine) <= at_most:
        return fine
    every = math.ceil((last - first + 1) / at_most)
    decades = [10.0**exponent for exponent in range(first, last + 1) if exponent % every == 0]
    # One value alone gives no scale.
    return decades if len(decades) > 1 else fine[:: math.ceil(len(fine) / at_most)]


def _digits(values: list[float]) -> int:
    """The fewest significant digits that put no tick noticeably elsewhere."""
    steps = [b - a for a, b in pairwise(values)]
    tolerance = min(steps, default=abs(values[0]) if values else 0.0) / 50
    for digits in range(1, 15):
        if all(abs(float(f"{value:.{digits - 1}e}") - value) <= tolerance for value in values):
            return digits
    return 15
