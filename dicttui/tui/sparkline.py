"""A history in one line of characters."""

from collections.abc import Sequence

import numpy as np

from dicttui.training.snapshot import Series
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.scaling import columns, x_axis, y_axis

LOG_FROM = 30.0
"""A history of positive numbers whose largest is so many times its smallest has a logarithmic
axis: on a linear one all but the largest would lie at the bottom."""


def sparkline(steps: Sequence[int], values: Sequence[float], width: int, glyphs: Glyphs) -> str:
    """The values, from the smallest at the bottom to the largest at the top of the line, over the
    steps from the first to the last; in `width` cells at most. What is not finite is a gap; where
    nothing was taken the value before stands.
    """
    length = min(len(steps), len(values))
    if length < 2 or width < 2:
        return ""
    first = steps[0]
    row = tuple(float(value) for value in values[:length])
    from_first = tuple(step - first for step in steps[:length])
    series = Series(from_first, (0.0,) * length, row, row, row)
    across = min(width, length)
    curve = columns(series, across, x_axis([series], "steps"))
    finite = curve.last[np.isfinite(curve.last)]
    if not finite.size:
        return ""
    low, high = float(finite.min()), float(finite.max())
    axis, _ = y_axis([curve], log=low > 0 and high > LOG_FROM * low)
    levels = {
        place: glyphs.levels[axis.cell_of(value, len(glyphs.levels))] if np.isfinite(value) else " "
        for place, value in zip(curve.position.tolist(), curve.last.tolist(), strict=True)
    }
    cells = " "
    for place in range(across):
        # Where steps lie unevenly a value stands until the next one.
        cells += levels.get(place, cells[-1])
    return cells[1:]
