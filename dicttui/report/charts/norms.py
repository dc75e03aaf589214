"""The norms of a dictionary's rows before and after training, as SVG."""

import math
from collections.abc import Iterator, Sequence

from dicttui.report.charts.axes import Scale, scale_of
from dicttui.report.charts.lines import LETTER
from dicttui.report.charts.markers import run_class
from dicttui.report.markup import Markup, element
from dicttui.report.wording import number, short
from dicttui.training.snapshot import Norms

WIDTH, HEIGHT = 340, 190
IN_ORDER = 32
"""Up to so many rows stand in their own order, more of them in the order of their norms."""
LOG_FROM = 30.0
"""Ratio of norms from which on they are drawn on a log axis."""


def draw(run: int, before: Norms | None, after: Norms) -> Markup:
    """A needle for each row, from its norm before to its norm after; histograms if there are more
    rows than were recorded one by one.
    """
    if after.values:
        return _needles(run, before.values if before else (), after.values)
    return _histograms(run, before, after)


def _frame(title: str, drawn: Iterator[Markup]) -> Markup:
    return element(
        "svg",
        element("title", title),
        drawn,
        class_="chart norms",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
    )


def _needles(run: int, before: Sequence[float], after: Sequence[float]) -> Markup:
    known = len(before) == len(after)
    values = [value for value in (*(before if known else ()), *after) if math.isfinite(value)]
    least = min(values, default=0.0)
    log = least > 0 and max(values) / least > LOG_FROM
    y = scale_of(values, HEIGHT - 26.0, 10.0, log=log, zero=True)
    ticks = y.ticks(4)
    left = 18 + LETTER * max(len(short(tick)) for tick in ticks)
    order = list(range(len(after)))
    by_norm = len(after) > IN_ORDER
    if by_norm:
        order.sort(key=lambda row: after[row] if math.isfinite(after[row]) else math.inf)
    width = (WIDTH - 10 - left) / max(1, len(after))

    def drawn() -> Iterator[Markup]:
        yield from _grid(y, ticks, left)
        words = "rows by their norm at the end" if by_norm else "rows in their order"
        yield element("text", words, x=WIDTH - 10, y=HEIGHT - 8, class_="unit")
        for place, row in enumerate(order):
            x = left + (place + 0.5) * width
            if not y.shows(after[row]):
                continue
            end = y.at(after[row])
            start = y.at(before[row]) if known and y.shows(before[row]) else None
            told = f"row {row}: {number(after[row])}"
            if known:
                told = f"row {row}: {number(before[row])} → {number(after[row])}"
            radius = max(1.2, min(4.0, width / 3))
            yield element(
                "g",
                element("title", told),
                None
                if start is None
                else element("line", x1=x, x2=x, y1=start, y2=end, class_="needle"),
                None
                if start is None
                else element("circle", cx=x, cy=start, r=radius * 0.8, class_="before"),
                element("circle", cx=x, cy=end, r=radius, class_="after"),
                class_=run_class(run),
            )

    return _frame(f"norms of {len(after)} rows before and after", drawn())


def _histograms(run: int, before: Norms | None, after: Norms) -> Markup:
    known = [norms for norms in (before, after) if norms is not None and norms.histogram]
    ends = [end for norms in known for end in (norms.minimum, norms.maximum)]
    x = scale_of(ends, 40.0, WIDTH - 12.0, log=False, zero=True)
    # Bins differ in width, so that heights are rows per unit of norm.
    densities = {id(norms): _densities(norms) for norms in known}
    highest = max((max(of) for of in densities.values()), default=1.0)
    y = Scale(0.0, highest * 1.05 or 1.0, HEIGHT - 40.0, 10.0)

    def drawn() -> Iterator[Markup]:
        yield element("line", x1=40, x2=WIDTH - 12, y1=y.start, y2=y.start, class_="axis")
        for tick in x.ticks(5):
            yield element("text", short(tick), x=x.at(tick), y=y.start + 16, class_="x")
        yield element("text", "norm", x=WIDTH - 12, y=HEIGHT - 8, class_="unit")
        for norms in known:
            kind = "after" if norms is after else "before"
            yield element(
                "path",
                element("title", f"{kind}: {number(norms.minimum)} to {number(norms.maximum)}"),
                d=_steps(norms, densities[id(norms)], x, y),
                class_=f"histogram {kind} {run_class(run)}",
            )

    return _frame(f"norms of {after.count} rows before and after", drawn())


def _densities(norms: Norms) -> list[float]:
    width = (norms.maximum - norms.minimum) / len(norms.histogram)
    # All rows of one norm are a bin of no width: as wide as a line can be drawn.
    width = width if width > 0 else max(norms.maximum, 1e-30) / 100
    return [count / width for count in norms.histogram]


def _steps(norms: Norms, densities: Sequence[float], x: Scale, y: Scale) -> str:
    width = (norms.maximum - norms.minimum) / len(densities) or norms.maximum / 100
    path = f"M{x.at(norms.minimum):.1f} {y.start:.1f}"
    for place, density in enumerate(densities):
        low, high = norms.minimum + place * width, norms.minimum + (place + 1) * width
        path += f"L{x.at(low):.1f} {y.at(density):.1f}L{x.at(high):.1f} {y.at(density):.1f}"
    return path + f"L{x.at(norms.minimum + len(densities) * width):.1f} {y.start:.1f}z"


def _grid(y: Scale, ticks: Sequence[float], left: float) -> Iterator[Markup]:
    for tick in ticks:
        at = y.at(tick)
        yield element("line", x1=left, x2=WIDTH - 10, y1=at, y2=at, class_="line")
        yield element("text", short(tick), x=left - 8, y=at + 4, class_="y")
