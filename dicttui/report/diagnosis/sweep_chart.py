"""Loss against learning rate for each run, drawn in characters, both axes logarithmic."""

import math
from collections.abc import Iterator
from itertools import pairwise

from dicttui.diagnosis.comparison import SweepResult, Swept
from dicttui.report.diagnosis.paragraphs import paragraph
from dicttui.report.wording import number

ROWS = 12
WIDEST = 72
"""Columns of the plot itself: a few rates are no clearer in more."""
LABEL = 9
BETWEEN = "·"
"""Of the line from one point to the next."""
DIVERGED = "diverged"


def chart(sweep: SweepResult, width: int, markers: str) -> Iterator[str]:
    """The lines of the chart. A rate from which half the seeds or more diverged is in a row of its
    own at the top. Nothing where no run has rates.
    """
    points = [
        (place, point.rate, point.median(sweep.measure))
        for place, swept in enumerate(sweep.runs)
        for point in swept.points
        if point.rate is not None
    ]
    if not points:
        return
    columns = max(16, min(WIDEST, width - LABEL - 3))
    rates = sorted({rate for _, rate, _ in points})
    across = _Scale(rates[0], rates[-1], columns)
    finite = [value for *_, value in points if 0 < value < math.inf]
    rows = [[" "] * columns for _ in range(ROWS)]
    top = [" "] * columns
    down = _Scale(min(finite), max(finite), ROWS) if finite else None
    if down is not None:
        for swept in sweep.runs:
            _line(swept, sweep, across, down, rows)
    for place, rate, value in reversed(points):
        mark = markers[place % len(markers)]
        if not math.isfinite(value):
            top[across(rate)] = mark
        elif down is not None:
            rows[ROWS - 1 - down(max(value, min(finite)))][across(rate)] = mark
    legend = "   ".join(
        f"{markers[i % len(markers)]} {one.run}" for i, one in enumerate(sweep.runs)
    )
    yield from paragraph(f"{sweep.measure} against learning rate:   {legend}", width)
    if any(cell != " " for cell in top):
        yield f"{DIVERGED:>{LABEL}} ┤ {''.join(top)}".rstrip()
    for place, row in enumerate(rows):
        label = _label(down, place)
        yield f"{label:>{LABEL}} {'┤' if label else '│'} {''.join(row)}".rstrip()
    yield f"{'':{LABEL}} └{'─' * (columns + 1)}"
    yield _ticks(rates, across, columns)


class _Scale:
    """Places 0 to `cells` − 1 from one positive number to another, by their logarithms."""

    def __init__(self, low: float, high: float, cells: int) -> None:
        self._low = math.log10(low)
        self._span = math.log10(high) - self._low
        self._cells = cells

    def __call__(self, value: float) -> int:
        if self._span <= 0:
            return self._cells // 2
        return round((math.log10(value) - self._low) / self._span * (self._cells - 1))

    def value(self, place: int) -> float:
        """That stands at a place."""
        if self._span <= 0:
            return 10**self._low
        return float(10 ** (self._low + self._span * place / (self._cells - 1)))


def _line(
    swept: Swept, sweep: SweepResult, across: _Scale, down: _Scale, rows: list[list[str]]
) -> None:
    known = [
        (across(point.rate), down(value))
        for point in swept.points
        if point.rate is not None and 0 < (value := point.median(sweep.measure)) < math.inf
    ]
    for (x, y), (to_x, to_y) in pairwise(known):
        for at in range(x + 1, to_x):
            level = round(y + (to_y - y) * (at - x) / (to_x - x))
            rows[ROWS - 1 - level][at] = BETWEEN


def _label(down: _Scale | None, place: int) -> str:
    if down is None or place not in (0, ROWS // 2, ROWS - 1):
        return ""
    return number(down.value(ROWS - 1 - place), 3)


def _ticks(rates: list[float], across: _Scale, columns: int) -> str:
    """The rates below their columns, as far as they have room."""
    line = [" "] * columns
    free = 0
    for rate in rates:
        text = number(rate, 3)
        start = min(max(0, across(rate) - len(text) // 2), columns - len(text))
        if start >= free:
            line[start : start + len(text)] = text
            free = start + len(text) + 1
    return f"{'':{LABEL}}   {''.join(line)}".rstrip()
