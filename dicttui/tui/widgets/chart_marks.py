"""What stands on a chart beside its curves: floors, and the marks of interventions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dicttui.tui.glyphs import Glyphs
from dicttui.tui.plotext_canvas import Piece, Tag
from dicttui.tui.raster import row_dots
from dicttui.tui.scaling import Axis
from dicttui.tui.widgets.chart_content import ChartContent

FLOOR: Tag = 200
MARK: Tag = 201


@dataclass(frozen=True, slots=True)
class Plane:
    """The canvas: its axes and its size in cells."""

    x: Axis
    y: Axis
    width: int
    height: int
    glyphs: Glyphs

    def column(self, x: float) -> int:
        """The cell across in which a value lies."""
        dots = self.width * self.glyphs.sub_columns
        return self.x.cell_of(x, dots) // self.glyphs.sub_columns

    def row(self, y: float) -> int:
        """The cell up from the bottom in which a value lies."""
        rows = self.height * self.glyphs.sub_rows
        return self.height - 1 - row_dots(y, self.y, rows) // self.glyphs.sub_rows


def floor_pieces(content: ChartContent, plane: Plane, over: Sequence[Piece]) -> list[Piece]:
    """A line for each floor, and its label where nothing of `over` will be drawn."""
    taken = _taken(over, plane)
    lines, labels = [], []
    for floor in content.floors:
        if not math.isfinite(floor.value) or (plane.y.log and floor.value <= 0):
            continue
        row = plane.row(floor.value)
        lines.append(Piece(plane.glyphs.floor * plane.width, 0, row, FLOOR))
        label = f" {plane.glyphs.plain(floor.label)} "
        if not floor.label or len(label) > plane.width // 2:
            continue
        for beside in (row, row + 1, row - 1):
            column = _free(taken[beside], len(label)) if 0 <= beside < plane.height else None
            if column is not None:
                labels.append(Piece(label, column, beside, FLOOR))
                taken[beside, column : column + len(label)] = True
                break
    return lines + labels


def _taken(pieces: Sequence[Piece], plane: Plane) -> NDArray[np.bool_]:
    """The cells of the canvas in which something is drawn, row 0 at the bottom."""
    taken = np.zeros((plane.height, plane.width), dtype=np.bool_)
    for piece in pieces:
        if piece.upwards:
            taken[piece.row : piece.row + len(piece.text), piece.column] = True
        else:
            taken[piece.row, piece.column : piece.column + len(piece.text)] = True
    return taken


def _free(taken: NDArray[np.bool_], length: int) -> int | None:
    """Where so many cells of a row are free, as far right as a cell before its end allows."""
    before = np.concatenate([[0], np.cumsum(taken)])
    places = np.flatnonzero(before[length:] == before[:-length]) if length <= taken.size else ()
    fitting = [int(place) for place in places if place < taken.size - length]
    return fitting[-1] if fitting else None


def mark_pieces(content: ChartContent, plane: Plane) -> list[Piece]:
    """A vertical line for each intervention, with its label on top where there is room."""
    by_column: dict[int, str] = {}
    for curve in content.curves:
        for mark in curve.marks:
            x = mark.step if content.x_quantity == "steps" else mark.seconds
            by_column[plane.column(float(x))] = plane.glyphs.plain(mark.label)
    pieces = [
        Piece(plane.glyphs.mark_line * plane.height, column, 0, MARK, upwards=True)
        for column in by_column
    ]
    if plane.height <= 2:
        return pieces
    free_from = 0  # what is left of it belongs to earlier marks
    for column, following in pairwise([*sorted(by_column), plane.width]):
        label = by_column[column]
        if column + 1 + len(label) < following:
            pieces.append(Piece(label, column + 1, plane.height - 1, MARK))
            free_from = column + 1 + len(label)
        elif following == plane.width and column - len(label) > free_from:
            # The newest mark, near the right edge: left of its line, apart from what is there.
            pieces.append(Piece(label, column - len(label), plane.height - 1, MARK))
        else:
            free_from = column + 1
    return pieces
