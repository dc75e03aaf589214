"""Runs as points of one quantity over another, each with the way it has come."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from dicttui.tui.glyphs import UNICODE, Glyphs
from dicttui.tui.palette import run_style
from dicttui.tui.plotext_canvas import FRAME, Piece, PlotextCanvas, Tag
from dicttui.tui.raster import patterns
from dicttui.tui.scaling import Axis, Floats, Scale, axis_of
from dicttui.tui.widgets.chart_cells import Cells
from dicttui.tui.widgets.chart_frame import framed, heading
from dicttui.tui.widgets.chart_marks import Plane
from dicttui.tui.widgets.lines import Line, Lines
from dicttui.tui.widgets.scatter_content import ScatterContent, Trail

# Tags: 1 … 99 points, 101 … 199 trails.
_TRAIL = 100
_EMPTY: Tag = 200
_FAINT = Style(dim=True)
_MOST_POINTS = 256
"""Of a trail: no screen tells more of them apart."""
_MARGIN = 0.03
"""Of an axis: points at its ends are to be seen whole."""


class ScatterChart(Lines):
    """A point a run, with its marker and in its colour, at the newest values of two quantities; a
    thin line is the way it has come. What a logarithm has no place for lies at the axis' start, and
    is said to.
    """

    def __init__(
        self,
        *,
        glyphs: Glyphs = UNICODE,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(glyphs=glyphs, name=name, id=id, classes=classes)
        self._content = ScatterContent()
        self._canvas: PlotextCanvas | None = None

    def show(self, content: ScatterContent) -> None:
        """Draw this; a point that is not finite is left out."""
        if content != self._content:
            self._content = content
            self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Heading and legend, then plotext's lines."""
        content = self._content
        trails = [(trail, *_finite(trail)) for trail in content.trails]
        x = _axis([xs for _, xs, _ in trails], content.x_scale)
        y = _axis([ys for _, _, ys in trails], content.y_scale)
        above = heading(self._entries(x, y), width, height)
        some = any(xs.size for _, xs, _ in trails)
        frame, plane = framed(
            width, height - len(above), x, y, labels=some, glyphs=self.glyphs
        )  # fmt: skip
        if some:
            pieces = self._pieces(trails, plane)
        else:
            text = "nothing finite yet"[: frame.canvas_width]
            column = (frame.canvas_width - len(text)) // 2
            pieces = [Piece(text, column, frame.canvas_height // 2, _EMPTY)]
        if self._canvas is None:
            self._canvas = PlotextCanvas()
        lines = self._canvas.build(frame, pieces, self.glyphs)
        strips = [Strip([Segment(text, self._style(tag)) for text, tag in line]) for line in lines]
        return [*above, *strips]

    def _pieces(self, trails: Sequence[tuple[Trail, Floats, Floats]], plane: Plane) -> list[Piece]:
        canvas = Cells(plane.width, plane.height)
        for trail, xs, ys in trails:
            if xs.size:
                dots = _way(xs, ys, plane)
                canvas.lay(patterns(dots, self.glyphs), _tag(trail) + _TRAIL)
        for trail, xs, ys in trails:
            if xs.size and _is_there(trail):
                row = plane.height - 1 - plane.row(float(ys[-1]))
                column = plane.column(float(xs[-1]))
                canvas.mark(row, column, self.glyphs.run_marker(trail.marker), _tag(trail))
        return canvas.pieces(self.glyphs) + self._labels(canvas, plane)

    def _labels(self, canvas: Cells, plane: Plane) -> list[Piece]:
        """The axes' names at their ends, where nothing is drawn."""
        glyphs, content = self.glyphs, self._content
        right = glyphs.plain(f"{content.x_label} →")
        up = glyphs.plain(f"{glyphs.clipped_up} {content.y_label}")
        pieces = []
        for text, column, row in (
            (up, 1, plane.height - 1),
            (right, plane.width - len(right) - 1, 0),
        ):
            taken = canvas.owner[plane.height - 1 - row, max(0, column) : column + len(text)]
            if column >= 0 and column + len(text) <= plane.width and not taken.any():
                pieces.append(Piece(text, column, row, _EMPTY))
        return pieces

    def _entries(self, x: Axis, y: Axis) -> list[tuple[str, Style]]:
        content, glyphs = self._content, self.glyphs
        subject = f"{content.y_label}{_scale(y)} over {content.x_label}{_scale(x)}{content.samples}"
        entries = [(glyphs.plain(subject), self._style(FRAME))]
        for trail in content.trails:
            why = _why_not_seen(trail, x, y, content)
            words = f"{glyphs.run_marker(trail.marker)} {trail.name}{why}"
            entries.append((glyphs.plain(words), run_style(trail.colour, dark=self.dark)))
        return [*entries, (glyphs.plain(content.note), _FAINT)] if content.note else entries

    def _style(self, tag: Tag) -> Style:
        if FRAME < tag < _TRAIL:
            return run_style(tag - 1, dark=self.dark, bold=True)
        if _TRAIL < tag < _EMPTY:
            return run_style(tag - _TRAIL - 1, dark=self.dark, dim=True)
        return _FAINT


def _scale(axis: Axis) -> str:
    return " (log)" if axis.log else ""


def _tag(trail: Trail) -> Tag:
    return trail.colour % (_TRAIL - 1) + 1


def _is_there(trail: Trail) -> bool:
    """Whether its newest point is finite."""
    return bool(trail.x) and math.isfinite(trail.x[-1]) and math.isfinite(trail.y[-1])


def _why_not_seen(trail: Trail, x: Axis, y: Axis, content: ScatterContent) -> str:
    """Why a run's point is not where its values are."""
    if not trail.x:
        return " (n/a)"
    if not _is_there(trail):
        return " (not finite)"
    lost = [
        f"{label} {value:g}"
        for axis, label, value in (
            (x, content.x_label, trail.x[-1]),
            (y, content.y_label, trail.y[-1]),
        )
        if axis.log and value <= 0
    ]
    return f" ({', '.join(lost)}: at the edge)" if lost else ""


def _finite(trail: Trail) -> tuple[Floats, Floats]:
    """The points of a trail that are finite, thinned, the newest among them."""
    xs, ys = np.asarray(trail.x, dtype=np.float64), np.asarray(trail.y, dtype=np.float64)
    good = np.isfinite(xs) & np.isfinite(ys)
    xs, ys = xs[good], ys[good]
    every = max(1, -(-xs.size // _MOST_POINTS))
    return xs[::-1][::every][::-1], ys[::-1][::every][::-1]


def _axis(values: Sequence[Floats], scale: Scale) -> Axis:
    """The axis that holds these values, a little longer than they need."""
    joined = np.concatenate([*values, np.empty(0)])
    log = scale == "log" and bool((joined > 0).any())
    if log:
        joined = joined[joined > 0]
    if not joined.size:
        return Axis(0.0, 1.0, log=False)
    return axis_of(float(joined.min()), float(joined.max()), log=log).longer(_MARGIN)


def _way(xs: Floats, ys: Floats, plane: Plane) -> NDArray[np.bool_]:
    """The points, joined by dots."""
    glyphs = plane.glyphs
    width, height = plane.width * glyphs.sub_columns, plane.height * glyphs.sub_rows
    across, up = plane.x.cell(xs, width), plane.y.cell(ys, height)
    dots = np.zeros((height, width), dtype=np.bool_)
    steps = np.maximum(np.abs(np.diff(across)), np.abs(np.diff(up)))  # dots from one to the next
    segment = np.repeat(np.arange(steps.size), steps)
    share = (np.arange(segment.size) - (np.cumsum(steps) - steps)[segment]) / steps[segment]
    columns = np.append(across[:-1][segment] + share * np.diff(across)[segment], across[-1])
    rows = np.append(up[:-1][segment] + share * np.diff(up)[segment], up[-1])
    dots[height - 1 - rows.round().astype(int), columns.round().astype(int)] = True
    return dots
