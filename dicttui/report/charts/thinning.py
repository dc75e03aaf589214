"""A curve of any length as few points, none of its peaks lost."""

from bisect import bisect_left
from collections.abc import Sequence
from math import isfinite, nan

import numpy

Point = tuple[float, float]
"""A step and a value; the value is NaN where the curve has a gap."""


def thinned(steps: Sequence[int], values: Sequence[float | None], columns: int) -> list[Point]:
    """At most four points for each column: the first, the smallest, the largest, the last.

    After Jugel and others, "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014:
    drawn as lines in so many columns the picture is the same. Values that are no finite numbers
    are left out where their column has others, and are a gap where it has none.
    """
    if len(steps) <= 4 * columns:
        return [
            (step, value if value is not None and isfinite(value) else nan)
            for step, value in zip(steps, values, strict=True)
        ]
    low, span = steps[0], steps[-1] - steps[0] + 1
    # By column, so that a long curve is never there a second time.
    edges = [low - (-column * span // columns) for column in range(columns)]
    starts = sorted({bisect_left(steps, edge) for edge in edges})
    points: list[Point] = []
    for start, end in zip(starts, [*starts[1:], len(steps)], strict=True):
        if start < end:
            points += _of_column(steps[start:end], values[start:end])
    return points


def _of_column(steps: Sequence[int], values: Sequence[float | None]) -> list[Point]:
    xs = numpy.asarray(steps, dtype=numpy.int64)
    ys = numpy.asarray(values, dtype=numpy.float64)
    known = numpy.isfinite(ys)
    if not known.any():
        return [(float(xs[0]), nan)]
    xs, ys = xs[known], ys[known]
    places = sorted({0, int(ys.argmin()), int(ys.argmax()), len(ys) - 1})
    return [(float(xs[place]), float(ys[place])) for place in places]
