"""Axes, ticks and texts drawn by plotext, read back as pieces of one tag each.

plotext is given no series: for the points of a curve it does its work once per dot (40 ms for two
noisy ones at 120 × 20), while a row of a curve that is already characters is one text (6 ms).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dicttui.tui.glyphs import Glyphs

Tag = int
"""What a piece belongs to, 1 to 255: it travels through plotext as a colour's number."""

FRAME: Tag = 0
"""The tag of axes, tick labels and blanks."""

_COLOUR = re.compile(r"\x1b\[(?:38;5;(\d+)|0)m")


@dataclass(frozen=True, slots=True)
class Piece:
    """A text on the canvas; what comes later covers what came before."""

    text: str
    column: int
    """From the left of the canvas, 0 its first cell."""
    row: int
    """From the bottom of the canvas, 0 its lowest."""
    tag: Tag
    upwards: bool = False
    """Whether the text runs up from there, not right."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The axes about a canvas, in cells. No ticks at all: no axis on that side."""

    width: int
    """Of everything, at least 1."""
    height: int
    x_ticks: tuple[tuple[int, str], ...] = ()
    """(column of the canvas, label)"""
    y_ticks: tuple[tuple[int, str], ...] = ()
    """(row of the canvas from the bottom, label)"""

    @property
    def canvas_width(self) -> int:
        """Cells for the curves."""
        if not self.y_ticks:
            return self.width
        return max(1, self.width - 1 - max(len(label) for _, label in self.y_ticks))

    @property
    def canvas_height(self) -> int:
        """Lines for the curves."""
        return self.height - 2 if self.x_ticks else self.height


class PlotextCanvas:
    """One plotext figure, used again for every drawing."""

    def __init__(self) -> None:
        # plotext takes 0.3 s to import: not before the first chart is drawn.
        from textual_plotext.plot import Plot

        self._plot = Plot()
        self._plot.theme("clear")

    def build(
        self, frame: Frame, pieces: Sequence[Piece], glyphs: Glyphs
    ) -> list[list[tuple[str, Tag]]]:
        """Lines of (text, tag), each as wide as the frame."""
        plot = self._plot
        plot.clear_data()
        plot.plotsize(frame.width, frame.height)
        # plotsize() alone keeps an earlier size in some cases (textual-plotext, issue 5).
        plot._set_size(frame.width, frame.height)
        plot.xlim(0, max(1, frame.canvas_width - 1))
        plot.ylim(0, max(1, frame.canvas_height - 1))
        plot.xaxes(bool(frame.x_ticks), False)
        plot.yaxes(bool(frame.y_ticks), False)
        plot.xticks(*_ticks(frame.x_ticks))
        widest = max((len(label) for _, label in frame.y_ticks), default=0)
        plot.yticks(*_ticks([(row, label.rjust(widest)) for row, label in frame.y_ticks]))
        for piece in pieces:
            plot.text(
                piece.text,
                piece.column,
                piece.row,
                color=piece.tag,
                orientation="vertical" if piece.upwards else "horizontal",
                alignment="bottom" if piece.upwards else "left",
            )
        lines = plot.build().split("\n")[: frame.height]
        return [_tagged(line.translate(_box(glyphs))) for line in lines]


def _ticks(ticks: Sequence[tuple[int, str]]) -> tuple[list[float], list[str]]:
    return [float(at) for at, _ in ticks], [label for _, label in ticks]


def _box(glyphs: Glyphs) -> dict[int, str]:
    """Plotext's own lines in the glyphs' characters."""
    return {
        ord("─"): glyphs.horizontal,
        ord("│"): glyphs.vertical,
        ord("└"): glyphs.bottom_left,
        ord("┤"): glyphs.tick_left,
        ord("┬"): glyphs.tick_below,
    }


def _tagged(line: str) -> list[tuple[str, Tag]]:
    """A line with ANSI colours as pieces of one tag."""
    pieces, tag, position = [], FRAME, 0
    for match in _COLOUR.finditer(line):
        if match.start() > position:
            pieces.append((line[position : match.start()], tag))
        tag = int(match[1]) if match[1] else FRAME
        position = match.end()
    if position < len(line):
        pieces.append((line[position:], tag))
    return pieces
