"""The loss of one run in a few lines of dots."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from dicttui.training.snapshot import Mark, Series
from dicttui.tui.glyphs import UNICODE, Glyphs
from dicttui.tui.numbers import number
from dicttui.tui.palette import run_style
from dicttui.tui.raster import faint, line_dots, patterns, row_dots
from dicttui.tui.scaling import Axis, Columns, columns, x_axis, y_axis
from dicttui.tui.widgets.lines import Line, Lines

_LABEL_WIDTH = 8
# Narrower than this the plot keeps the labels' place.
_NARROWEST_WITH_LABELS = 24


class LossLine(Lines):
    """A sparkline: the minimum and maximum of the steps behind each column of dots.

    It takes the height that its stylesheet gives it, 1 to 6 lines being what it is made for.
    """

    DEFAULT_CSS = """
    LossLine {
        height: 3;
        & > .loss-line--muted { text-style: dim; }
        & > .loss-line--mark { color: $text-accent; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"loss-line--muted", "loss-line--mark"}

    def __init__(
        self,
        *,
        colour: int = 0,
        labels: bool = False,
        best: bool = False,
        glyphs: Glyphs = UNICODE,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        """Make an empty line.

        Args:
            colour: the run's position, which gives the colour.
            labels: whether the largest and smallest value stand at the right, where they lie.
            best: whether the smallest value is marked.
            glyphs: the characters to draw with.
            name: Textual's.
            id: Textual's.
            classes: Textual's.

        """
        super().__init__(glyphs=glyphs, name=name, id=id, classes=classes)
        self.colour = colour
        self.labels = labels
        self.best = best
        self._series = Series()
        self._marks: tuple[Mark, ...] = ()
        self._ghosts: tuple[Series, ...] = ()
        self._floor: float | None = None
        self._log = True

    def show(
        self,
        series: Series,
        *,
        marks: Sequence[Mark] = (),
        ghosts: Sequence[Series] = (),
        floor: float | None = None,
        log: bool = True,
    ) -> None:
        """Draw a history; NaN and ±inf are gaps.

        Args:
            series: the loss.
            marks: interventions, each a tick on the lowest line.
            ghosts: what was taken back, faint behind the curve.
            floor: a loss that cannot be undercut, as a faint line.
            log: whether the loss is on a logarithmic axis (if it has a positive value).

        """
        shown = (series, tuple(marks), tuple(ghosts), floor, log)
        if shown != (self._series, self._marks, self._ghosts, self._floor, self._log):
            self._series, self._marks, self._ghosts, self._floor, self._log = shown
            self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The plot, with the labels on its right."""
        label_width = _LABEL_WIDTH if self.labels and width >= _NARROWEST_WITH_LABELS else 0
        across = width - label_width
        glyphs = self.glyphs
        axis_x = x_axis([self._series, *self._ghosts], "steps")
        curve = columns(self._series, across * glyphs.sub_columns, axis_x)
        if not np.isfinite(curve.last).any():
            text = "no steps yet" if not self._series.steps else "no finite loss"
            return [Strip([Segment(text, self.component("loss-line--muted"))])]
        floor = [] if self._floor is None else [self._floor]
        axis, _ = y_axis([curve], log=self._log, include=floor)
        cells = self._cells(curve, axis, across, height)
        overlay = self._overlay(curve, axis, axis_x, across, height)
        line = run_style(self.colour, dark=self.dark)
        labels = self._labels(curve, axis, height) if label_width else {}
        muted = self.component("loss-line--muted")
        strips = []
        for y, row in enumerate(cells):
            segments = _segments(row, overlay.get(y, {}), line)
            if y in labels:
                segments.append(Segment(f" {labels[y]:>{label_width - 1}}", muted))
            strips.append(Strip(segments))
        return strips

    def _cells(self, curve: Columns, axis: Axis, across: int, height: int) -> list[str]:
        glyphs = self.glyphs
        dots = line_dots(
            curve, axis, height * glyphs.sub_rows, across * glyphs.sub_columns, envelope=True
        )
        return ["".join(glyphs.cells[i] for i in row) for row in patterns(dots, glyphs).tolist()]

    def _overlay(
        self, curve: Columns, axis: Axis, axis_x: Axis, across: int, height: int
    ) -> dict[int, dict[int, tuple[str, Style, bool]]]:
        """By line and cell: a character, its style, and whether it covers the curve."""
        glyphs = self.glyphs
        muted = self.component("loss-line--muted")
        overlay = self._past(axis, axis_x, across, height)
        if self._floor is not None and np.isfinite(self._floor):
            y = row_dots(self._floor, axis, height * glyphs.sub_rows) // glyphs.sub_rows
            floor = dict.fromkeys(range(across), (glyphs.floor, muted, False))
            overlay[y] = floor | overlay.get(y, {})
        if self.best:
            i = int(np.nanargmin(curve.low))
            y = row_dots(float(curve.low[i]), axis, height * glyphs.sub_rows) // glyphs.sub_rows
            x = int(curve.position[i]) // glyphs.sub_columns
            overlay.setdefault(y, {})[x] = (glyphs.best, muted, True)
        if self._marks:
            steps = np.asarray([mark.step for mark in self._marks], dtype=np.float64)
            style = self.component("loss-line--mark")
            lowest = overlay.setdefault(height - 1, {})
            for x in axis_x.cell(steps, across).tolist():
                lowest[x] = (glyphs.mark, style, True)
        return overlay

    def _past(
        self, axis: Axis, axis_x: Axis, across: int, height: int
    ) -> dict[int, dict[int, tuple[str, Style, bool]]]:
        """What was taken back, as far as it lies on the curve's own axis."""
        glyphs = self.glyphs
        style = run_style(self.colour, dark=self.dark, dim=True)
        rows, width = height * glyphs.sub_rows, across * glyphs.sub_columns
        behind: dict[int, dict[int, tuple[str, Style, bool]]] = {}
        for ghost in self._ghosts:
            line = columns(ghost, width, axis_x).within(axis)
            cells = patterns(faint(line_dots(line, axis, rows, width, envelope=False)), glyphs)
            for y, x in np.argwhere(cells > 0).tolist():
                behind.setdefault(y, {})[x] = (glyphs.cells[int(cells[y, x])], style, False)
        return behind

    def _labels(self, curve: Columns, axis: Axis, height: int) -> dict[int, str]:
        """The largest and the smallest value, each on the line where it lies or below the other;
        the smallest alone where there is room for one.
        """
        dots = self.glyphs.sub_rows
        lowest, highest = float(np.nanmin(curve.low)), float(np.nanmax(curve.high))
        at, top = (row_dots(v, axis, height * dots) // dots for v in (lowest, highest))
        labels = {at: lowest}
        if lowest < highest and height > 1:
            at = min(max(at, top + 1), height - 1)
            labels = {min(top, at - 1): highest, at: lowest}
        return {
            y: number(value, 3, width=_LABEL_WIDTH - 1, glyphs=self.glyphs)
            for y, value in labels.items()
        }


def _segments(row: str, overlay: dict[int, tuple[str, Style, bool]], line: Style) -> list[Segment]:
    """One line of cells, with what lies over or behind the curve."""
    if not overlay:
        return [Segment(row, line)]
    segments: list[Segment] = []
    text, style = "", line
    for x, cell in enumerate(row):
        character, its_style, covers = overlay.get(x, (cell, line, False))
        if not covers and cell != " ":
            character, its_style = cell, line
        if its_style != style:
            if text:
                segments.append(Segment(text, style))
            text, style = "", its_style
        text += character
    segments.append(Segment(text, style))
    return segments
