"""Curves of several runs over their steps, as SVG."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dicttui.report.charts.axes import Scale, scale_of
from dicttui.report.charts.markers import marker, run_class
from dicttui.report.charts.thinning import Point, thinned
from dicttui.report.markup import Markup, element
from dicttui.report.wording import number, short

LETTER = 6.6
"""About the width of a letter of a chart's text."""
LINE = 15.0
"""The height of a line of it."""


@dataclass(frozen=True)
class Line:
    """A run's curve, or a piece of it that was taken back."""

    run: int
    """The run's place among all, from 0: its colour and marker."""
    name: str
    steps: Sequence[int]
    values: Sequence[float | None]
    ghost: bool = False
    within: bool = True
    """Whether the chart is to be as high as this line goes."""
    title: str = ""
    """What is said of it when it is pointed at."""

    @cached_property
    def extent(self) -> tuple[float, ...]:
        """The smallest and largest value, and the smallest above 0, of those that are finite."""
        finite = [v for _, v in thinned(self.steps, self.values, 500) if not math.isnan(v)]
        above = [value for value in finite if value > 0]
        return (min(finite), max(finite), min(above, default=min(finite))) if finite else ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A change on the way."""

    step: int
    label: str
    run: int | None
    """None: of several runs."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A value that the curves are held against."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn."""

    title: str
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()
    floors: tuple[Floor, ...] = ()
    y_log: bool = False
    x_log: bool = False
    zero: bool = False
    """Whether a linear y axis begins at 0."""
    include: tuple[float, ...] = ()
    """Values that the y axis has whatever the lines have."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large, and how much is written into it."""

    width: int
    height: int
    names: bool = False
    """The runs' names at the ends of their curves, and the marks' labels above them."""
    ticks: int = 5
    class_: str = ""


WIDE = Size(1040, 440, names=True, ticks=8, class_="wide")
NARROW = Size(400, 320, ticks=6, class_="narrow")
SMALL = Size(340, 200, ticks=4)


@dataclass
class _Plot:
    """A chart of a size, while it is drawn."""

    chart: Chart
    size: Size
    names: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lines = self.chart.lines
        ends = {line.name: line.run for line in lines if not line.ghost}
        longest = max((len(name) for name in ends), default=0)
        self.right = self.size.width - (
            34 + LETTER * min(longest, 24) if self.size.names and ends else 14
        )
        flags = min(3, len(self.chart.marks)) if self.size.names else 0
        self.top = 12 + LINE * flags
        self.bottom = self.size.height - 36.0
        steps = [float(line.steps[place]) for line in lines if line.steps for place in (0, -1)]
        if self.chart.x_log:
            steps = [max(1.0, step) for step in steps]
        self.y = self._vertical()
        labels = [short(tick) for tick in self.y.ticks(self.size.ticks)]
        self.left = 18 + LETTER * max(map(len, labels), default=1)
        low, high = min(steps, default=0.0), max(steps, default=1.0)
        self.x = Scale(
            low, high if high > low else low + 1, self.left, self.right,
            log=self.chart.x_log and low >= 1,
        )  # fmt: skip

    def _vertical(self) -> Scale:
        extents = [(line.extent, line.within) for line in self.chart.lines if line.extent]
        chosen = [extent for extent, within in extents if within] or [e for e, _ in extents]
        values = [value for extent in chosen for value in extent[:2]]
        # One value that has no logarithm is no reason to flatten everything else.
        log = self.chart.y_log and any(value > 0 for value in values)
        if log:
            values = [max(value, extent[2]) for extent in chosen for value in extent[:2]]
        values += self.chart.include
        values += [floor.value for floor in self.chart.floors if floor.value > 0 or not log]
        return scale_of(values, self.bottom, self.top, log=log, zero=self.chart.zero)


def draw(chart: Chart, size: Size) -> Markup:
    """The chart as an SVG element."""
    plot = _Plot(chart, size)
    drawn = [line for line in chart.lines if line.steps]
    if not drawn:
        return element("p", f"{chart.title}: nothing was recorded", class_="empty")
    told = f"{chart.title} over steps: " + ", ".join(
        dict.fromkeys(line.name for line in chart.lines if not line.ghost)
    )
    ghosts = [line for line in drawn if line.ghost]
    curves = [line for line in drawn if not line.ghost]
    return element(
        "svg",
        element("title", told),
        element("g", _grid(plot), class_="grid"),
        element("g", (_floor_line(plot, floor) for floor in chart.floors), class_="floors"),
        element("g", _marks(plot), class_="marks"),
        element("g", _within(plot, (_curve(plot, line) for line in ghosts)), class_="ghosts"),
        element("g", _within(plot, (_curve(plot, line) for line in curves)), class_="curves"),
        element("g", (_floor_label(plot, floor) for floor in chart.floors)) if size.names else None,
        element("g", _ends(plot, curves), class_="ends"),
        class_=f"chart {size.class_}".strip(),
        viewBox=f"0 0 {size.width} {size.height}",
        role="img",
    )


def _grid(plot: _Plot) -> Iterator[Markup]:
    for tick in plot.y.ticks(plot.size.ticks):
        y = plot.y.at(tick)
        yield element("line", x1=plot.left, x2=plot.right, y1=y, y2=y)
        yield element("text", short(tick), x=plot.left - 8, y=y + 4, class_="y")
    yield element(
        "line", x1=plot.left, x2=plot.right, y1=plot.bottom, y2=plot.bottom, class_="axis"
    )
    for tick in plot.x.ticks(plot.size.ticks):
        x = plot.x.at(tick)
        yield element("line", x1=x, x2=x, y1=plot.bottom, y2=plot.bottom + 4, class_="axis")
        yield element("text", short(tick), x=x, y=plot.bottom + 18, class_="x")
    words = ["step"] + ["log"] * plot.x.log
    yield element("text", ", ".join(words), x=plot.right, y=plot.bottom + 32, class_="unit")


def _floor_line(plot: _Plot, floor: Floor) -> Markup:
    y = plot.y.at(floor.value)
    told = element("title", f"{floor.label} {number(floor.value)}")
    return element("line", told, x1=plot.left, x2=plot.right, y1=y, y2=y)


def _floor_label(plot: _Plot, floor: Floor) -> Markup:
    words = f"{floor.label} {number(floor.value)}"
    y = plot.y.at(floor.value) - 6
    return element("text", words, x=plot.right - 12, y=y, class_="floor")


def _marks(plot: _Plot) -> Iterator[Markup]:
    """Vertical lines, with labels above them in as many rows as there is room for."""
    rows = [-math.inf] * round((plot.top - 12) / LINE)
    """Where the labels of each row end."""
    for mark in sorted(plot.chart.marks, key=lambda mark: mark.step):
        x = plot.x.at(max(mark.step, plot.x.low))
        row = next((row for row, end in enumerate(rows) if end < x - 4), None)
        label = None
        top = plot.top
        if row is not None:
            rows[row] = x + LETTER * len(mark.label) + 6
            top = 6 + row * LINE
            anchor = "end" if rows[row] > plot.size.width - 4 else None
            label = element("text", mark.label, x=x + (-4 if anchor else 4), y=top + 9,
                            text_anchor=anchor)  # fmt: skip
        yield element(
            "g",
            element("title", f"{mark.label} at step {mark.step:,}"),
            element("line", x1=x, x2=x, y1=top, y2=plot.bottom),
            label,
            class_="mark" if mark.run is None else f"mark {run_class(mark.run)}",
        )


def _within(plot: _Plot, drawn: Iterator[Markup]) -> Markup:
    """What is drawn, cut off where the chart ends."""
    left, top = plot.left - 2, plot.top - 3
    width, height = plot.right - left + 2, plot.bottom - top + 2
    return element(
        "svg",
        drawn,
        x=left,
        y=top,
        width=width,
        height=height,
        viewBox=f"{left:.1f} {top:.1f} {width:.1f} {height:.1f}",
    )


def _curve(plot: _Plot, line: Line) -> Markup:
    points = thinned(line.steps, line.values, round(plot.right - plot.left) // 2)
    dashed = " dashed" if line.run >= 8 else ""
    kind = "ghost" if line.ghost else "curve"
    return element(
        "path",
        element("title", line.title or line.name),
        d="".join(_path(plot, points)),
        class_=f"{kind} {run_class(line.run)}{dashed}",
    )


def _path(plot: _Plot, points: Iterable[Point]) -> Iterator[str]:
    """Lines from point to point, broken where the curve has a gap or nothing to be drawn."""
    command, length = "M", 0
    for step, value in points:
        if not plot.y.shows(value):
            if length == 1:
                yield "h.5"  # a point alone is drawn by its round ends
            command, length = "M", 0
            continue
        yield f"{command}{plot.x.at(max(step, plot.x.low)):.1f} {plot.y.at(value):.1f}"
        command, length = "L", length + 1
    if length == 1:
        yield "h.5"


def _ends(plot: _Plot, lines: Sequence[Line]) -> Iterator[Markup]:
    """A marker at the end of each curve, and the run's name beside it; at the place where it
    leaves the chart, if it does.
    """
    ends = [(line, *end) for line in lines if (end := _end(plot, line)) is not None]
    inside = [(line, x, y) for line, x, y in ends if line.within]
    beside = _apart([y for _, _, y in inside], plot.top, plot.bottom)
    for (line, x, y), height in zip(inside, beside, strict=True):
        if plot.size.names:
            at = plot.right + 14
            yield element("path", d=f"M{x + 5:.1f} {y:.1f}L{at - 2:.1f} {height:.1f}",
                          class_=f"leader {run_class(line.run)}")  # fmt: skip
            yield _name(line, at + 2, height + 4)
    for line, x, y in ends:
        yield marker(line.run, x, y)
        if plot.size.names and not line.within:
            yield _name(line, x + 9, y + 4)


def _end(plot: _Plot, line: Line) -> Point | None:
    """The last place of a curve that can be seen."""
    for place in range(len(line.steps) - 1, -1, -1):
        value = line.values[place]
        if value is not None and plot.y.shows(value) and value <= plot.y.high:
            x = plot.x.at(max(line.steps[place], plot.x.low))
            return x, min(max(plot.y.at(value), plot.top), plot.bottom)
    return None


def _name(line: Line, x: float, y: float) -> Markup:
    name = line.name if len(line.name) <= 24 else line.name[:23] + "…"
    return element("text", element("title", line.name), name, x=x, y=y, class_="name")


def _apart(places: Sequence[float], top: float, bottom: float) -> list[float]:
    """The places, moved so that lines of text there do not touch, and stay inside if they can."""
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = list(places)
    end = top - LINE
    for index in order:
        end = moved[index] = max(places[index], end + LINE)
    end = bottom + LINE
    for index in reversed(order):
        end = moved[index] = min(moved[index], end - LINE)
    return moved
