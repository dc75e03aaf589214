"""The chart of all runs over each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from dicttui.training.snapshot import Series
from dicttui.tui.glyphs import UNICODE, Glyphs
from dicttui.tui.palette import run_style
from dicttui.tui.plotext_canvas import FRAME, Frame, Piece, PlotextCanvas, Tag
from dicttui.tui.raster import faint, line_dots, patterns
from dicttui.tui.scaling import Axis, Columns, columns, smoothed, x_axis, y_axis
from dicttui.tui.widgets.chart_cells import Cells
from dicttui.tui.widgets.chart_content import ChartContent, Curve
from dicttui.tui.widgets.chart_frame import framed, heading
from dicttui.tui.widgets.chart_marks import FLOOR, MARK, Plane, floor_pieces, mark_pieces
from dicttui.tui.widgets.lines import Line, Lines

# Tags: 1 … 99 lines, 101 … 199 envelopes behind a smoothed line, then floors and marks.
_ENVELOPE = 100
_EMPTY: Tag = 202
_GHOST = 203
"""Ghosts from here on, to the last tag."""
_GHOSTS = 50

GHOSTS_STRETCH = 0.5
"""Of the y axis' length: by how much what was taken back may lengthen it on either side."""

_MARKED, _FAINT = Style(bold=True), Style(dim=True)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One line of the chart, in columns of dots."""

    curve: Curve
    held_out: bool
    line: Columns
    """`last` smoothed."""
    raw: Columns
    ghost: bool = False


class LossChart(Lines):
    """The runs' curves, their floors and interventions, with axes and a legend.

    Runs differ in colour and in the marker that stands along their curves; a held-out curve is
    dashed. Where nothing is smoothed a curve reaches from the minimum to the maximum of the steps
    behind each column; a smoothed curve has that range in dots behind it. What was taken back is
    behind all that, in dots of the run's own colour.
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
        self._content = ChartContent()
        self._canvas: PlotextCanvas | None = None

    def show(self, content: ChartContent) -> None:
        """Draw this; NaN and ±inf are gaps."""
        if content != self._content:
            self._content = content
            self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Heading and legend, then plotext's lines."""
        content = self._content
        series = _chosen(content)
        ghosts = [(curve, ghost) for curve in content.curves for ghost in curve.ghosts]
        if content.which == "held_out":
            ghosts = []  # they are of the train samples
        x = x_axis(
            (*(s for _, _, s in series), *(ghost for _, ghost in ghosts)),
            content.x_quantity,
            log=content.x_scale == "log",
        )
        # The canvas is narrower than the widget by the labels, which depend on the y axis: the
        # limits are taken from columns of the whole width, which hold the same extremes.
        log = content.y_scale == "log"
        whole = [columns(s, width, x, content.x_quantity) for _, _, s in series]
        floors = [floor.value for floor in content.floors]
        y, clipped = y_axis(whole, log=log, include=floors)
        if ghosts:
            # They may stretch the axis, but not press what is there now into a line.
            near = y.longer(GHOSTS_STRETCH)
            past = [columns(g, width, x, content.x_quantity).within(near) for _, g in ghosts]
            y, clipped = y_axis([*whole, *past], log=log, include=floors)
        above = self._heading(width, height, y, clipped=clipped)
        finite = any(np.isfinite(curve.last).any() for curve in whole)
        frame, plane = framed(width, height - len(above), x, y, labels=finite, glyphs=self.glyphs)
        if finite:
            drawn = [self._ghost(curve, ghost, plane) for curve, ghost in ghosts]
            drawn += [self._drawn(*chosen, plane) for chosen in series]
            over = _curves(drawn, plane) + mark_pieces(content, plane)
            pieces = floor_pieces(content, plane, over) + over
        else:
            pieces = _empty(content, frame)
        if self._canvas is None:
            self._canvas = PlotextCanvas()
        lines = self._canvas.build(frame, pieces, self.glyphs)
        strips = [Strip([Segment(text, self._style(tag)) for text, tag in line]) for line in lines]
        return [*above, *strips]

    def _drawn(self, curve: Curve, held_out: bool, series: Series, plane: Plane) -> _Drawn:
        count = plane.width * self.glyphs.sub_columns
        quantity = self._content.x_quantity
        raw = columns(series, count, plane.x, quantity)
        if self._content.smoothing == "off":
            return _Drawn(curve, held_out, raw, raw)
        line = columns(smoothed(series, self._content.smoothing), count, plane.x, quantity)
        return _Drawn(curve, held_out, line, raw)

    def _ghost(self, curve: Curve, series: Series, plane: Plane) -> _Drawn:
        count = plane.width * self.glyphs.sub_columns
        line = columns(
            smoothed(series, self._content.smoothing), count, plane.x, self._content.x_quantity
        ).within(plane.y)
        return _Drawn(curve, False, line, line, ghost=True)

    def _heading(self, width: int, height: int, y: Axis, *, clipped: bool) -> list[Text]:
        """What is drawn, then each run's marker and name."""
        entries = [(self._subject(y, clipped=clipped), self._style(FRAME)), *self._legend()]
        return heading(entries, width, height)

    def _subject(self, y: Axis, *, clipped: bool) -> str:
        content = self._content
        y_scale = " (log)" if y.log else ""
        x_scale = " (log)" if content.x_scale == "log" else ""
        subject = f"{content.y_label}{y_scale} over {content.x_quantity}{x_scale}"
        if content.title:
            subject = f"{content.title}: {subject}"
        if content.smoothing != "off":
            subject += f", {content.smoothing} smoothing"
        if content.which == "held_out":
            subject += ", held-out"
        if clipped:
            subject += f" {self.glyphs.clipped_up} off the scale"
        return self.glyphs.plain(subject)

    def _legend(self) -> list[tuple[str, Style]]:
        content, glyphs = self._content, self.glyphs
        entries = [
            (
                f"{glyphs.run_marker(curve.marker)} {glyphs.plain(curve.name)}",
                run_style(curve.colour, dark=self.dark),
            )
            for curve in content.curves
        ]
        if content.which == "both":
            lines = f"{glyphs.solid_line} train {glyphs.dashed_line} held-out"
            entries.append((lines, self._style(FRAME)))
        return entries

    def _style(self, tag: Tag) -> Style:
        if FRAME < tag < _ENVELOPE:
            return run_style(tag - 1, dark=self.dark)
        if tag >= _GHOST:
            return run_style(tag - _GHOST, dark=self.dark, dim=True)
        if _ENVELOPE < tag < FLOOR:
            return run_style(tag - _ENVELOPE - 1, dark=self.dark, dim=True)
        return _MARKED if tag == MARK else _FAINT


def _chosen(content: ChartContent) -> list[tuple[Curve, bool, Series]]:
    """(run, whether it is its held-out history, history) for each line, held-out ones first."""
    held_out = [
        (curve, True, curve.held_out)
        for curve in content.curves
        if curve.held_out is not None and content.which != "train"
    ]
    train = [
        (curve, False, curve.series) for curve in content.curves if content.which != "held_out"
    ]
    return held_out + train


def _tag(curve: Curve) -> Tag:
    return curve.colour % (_ENVELOPE - 1) + 1


def _curves(drawn: Sequence[_Drawn], plane: Plane) -> list[Piece]:
    """The lines as texts, a row of one run's neighbouring cells each."""
    glyphs = plane.glyphs
    canvas = Cells(plane.width, plane.height)
    for one in drawn:
        if one.ghost:
            cells = patterns(faint(_dots(one.line, plane, envelope=False)), glyphs)
            canvas.lay(cells, _GHOST + one.curve.colour % _GHOSTS, over=_ENVELOPE)
    drawn = [one for one in drawn if not one.ghost]
    for one in drawn:
        if one.line is not one.raw:
            cells = patterns(faint(_dots(one.raw, plane, envelope=True)), glyphs)
            canvas.lay(cells, _tag(one.curve) + _ENVELOPE, over=_ENVELOPE)
    for one in drawn:
        dots = _dots(one.line, plane, envelope=one.line is one.raw)
        if one.held_out:
            dots &= np.arange(dots.shape[1]) // (2 * glyphs.sub_columns) % 2 == 0
        canvas.lay(patterns(dots, glyphs), _tag(one.curve), over=_ENVELOPE)
    for i, one in enumerate(drawn):
        _place_markers(canvas, one, plane, shift=i / len(drawn))
    return canvas.pieces(glyphs)


def _dots(curve: Columns, plane: Plane, *, envelope: bool) -> NDArray[np.bool_]:
    glyphs = plane.glyphs
    return line_dots(
        curve,
        plane.y,
        plane.height * glyphs.sub_rows,
        plane.width * glyphs.sub_columns,
        envelope=envelope,
    )


def _place_markers(canvas: Cells, one: _Drawn, plane: Plane, *, shift: float) -> None:
    """Put the run's marker on its line, now and then and at its end."""
    at = np.flatnonzero(np.isfinite(one.line.last))
    if not at.size:
        return
    across = one.line.position[at] // plane.glyphs.sub_columns
    every = max(8, plane.width // 6)
    wanted = np.arange(int(every * (shift + 0.25)), plane.width, every)
    places = np.searchsorted(across, wanted)
    chosen = {int(i) for i in places[places < at.size]} | {at.size - 1}
    marker, tag = plane.glyphs.run_marker(one.curve.marker), _tag(one.curve)
    for i in chosen:
        column = int(across[i])
        row = plane.height - 1 - plane.row(float(one.line.last[at[i]]))
        canvas.mark(row, column, marker, tag)


def _empty(content: ChartContent, frame: Frame) -> list[Piece]:
    steps = any(series.steps for _, _, series in _chosen(content))
    text = "nothing finite yet" if steps else "no steps yet"
    text = text[: frame.canvas_width]
    column = (frame.canvas_width - len(text)) // 2
    return [Piece(text, column, frame.canvas_height // 2, _EMPTY)]
