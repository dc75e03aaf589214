"""Axes and ticks drawn by plotext, and texts laid over them, as pieces of one tag each.

plotext is given neither series nor texts: it does its work once per dot of a curve, and once per
cell of the figure (40 ms for two noisy curves at 120 × 20, 6 ms for the same as texts). The two
axes are figures of their own, of as few cells as show them, and are kept while they stay the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dicttui.tui.glyphs import Glyphs

Tag = int
"""What a piece belongs to, from 1 on."""

FRAME: Tag = 0
"""The tag of axes, tick labels and blanks."""

_AXES_KEPT = 16


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
        self._figure = lru_cache(maxsize=_AXES_KEPT)(self._draw)

    def build(
        self, frame: Frame, pieces: Sequence[Piece], glyphs: Glyphs
    ) -> list[list[tuple[str, Tag]]]:
        """Lines of (text, tag), each as wide as the frame."""
        box = _box(glyphs)
        characters = [list(line.translate(box)) for line in self._axes(frame)]
        tags = np.full((frame.height, frame.width), FRAME)
        left, lowest = frame.width - frame.canvas_width, frame.canvas_height - 1
        for piece in pieces:
            x, y = left + piece.column, lowest - piece.row
            if piece.upwards:
                for i, character in enumerate(piece.text[: y + 1]):
                    characters[y - i][x] = character
                    tags[y - i, x] = piece.tag
            else:
                end = min(x + len(piece.text), frame.width)
                characters[y][x:end] = piece.text[: end - x]
                tags[y, x:end] = piece.tag
        return _tagged(characters, tags)

    def _axes(self, frame: Frame) -> list[str]:
        """The frame without anything in it."""
        left = frame.width - frame.canvas_width
        below = frame.height - frame.canvas_height
        canvas = " " * frame.canvas_width
        lines = [canvas] * frame.height
        if left:
            narrow = Frame(left + 1, frame.height, frame.x_ticks and ((0, ""),), frame.y_ticks)
            lines = [line[:left] + canvas for line in self._figure(narrow)]
        if below:
            corner = frame.y_ticks and ((0, max((label for _, label in frame.y_ticks), key=len)),)
            low = Frame(frame.width, below + 1, frame.x_ticks, corner)
            lines[-below:] = self._figure(low)[-below:]
        return lines

    def _draw(self, frame: Frame) -> list[str]:
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
        plot.text(" ", 0, 0)  # a figure with nothing in it has no ticks
        return list(plot.uncolorize(plot.build()).split("\n")[: frame.height])


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


def _tagged(
    characters: Sequence[Sequence[str]], tags: NDArray[np.int64]
) -> list[list[tuple[str, Tag]]]:
    """Rows of cells as pieces of one tag."""
    height, width = tags.shape
    cuts: list[list[int]] = [[0] for _ in range(height)]
    for y, x in np.argwhere(np.diff(tags, axis=1) != 0).tolist():
        cuts[y].append(x + 1)
    return [
        [("".join(row[a:b]), int(tags[y, a])) for a, b in pairwise([*cuts[y], width])]
        for y, row in enumerate(characters)
    ]
