"""Curves as dots: columns of (low, high, last) on a grid, and the grid as characters."""

import numpy as np
from numpy.typing import NDArray

from dicttui.tui.glyphs import Glyphs
from dicttui.tui.scaling import Axis, Columns, Floats

Dots = NDArray[np.bool_]
"""[rows, columns], row 0 at the top."""


def line_dots(curve: Columns, axis: Axis, rows: int, width: int, *, envelope: bool) -> Dots:
    """A curve on a grid of dots, each point joined to the one before it.

    Args:
        curve: columns with positions below `width`; NaN is a gap, which nothing crosses.
        axis: the y axis; what lies beyond it is drawn at its edge.
        rows: dots down, at least 1.
        width: dots across, at least 1.
        envelope: whether each column reaches from its low to its high, or is only its last.

    """
    dots = np.zeros((rows, width), dtype=np.bool_)
    drawn = np.isfinite(curve.last)
    if not drawn.any():
        return dots
    top, bottom, level = np.full((3, width), np.nan)
    at = curve.position[drawn]
    if envelope:
        values = np.stack([curve.high, curve.low, curve.last])[:, drawn]
        top[at], bottom[at], level[at] = _rows(values, axis, rows)
    else:
        level[at] = _rows(curve.last[drawn], axis, rows)
        top[at] = bottom[at] = level[at]
    _interpolate(curve, drawn, top, bottom, level)
    _join(top, bottom)
    row = np.arange(rows, dtype=np.int32)[:, None]
    first = np.where(np.isnan(top), rows, top).astype(np.int32)
    after = np.where(np.isnan(bottom), 0, bottom + 1).astype(np.int32)
    return np.asarray((row >= first) & (row < after))


def _rows(values: Floats, axis: Axis, rows: int) -> Floats:
    return (rows - 1 - axis.cell(values, rows)).astype(np.float64)


def _interpolate(curve: Columns, drawn: Dots, top: Floats, bottom: Floats, level: Floats) -> None:
    """Fill the columns between neighbouring points, where no gap lies between them."""
    if curve.position.size == level.size:
        return
    across = np.arange(level.size)
    left = np.searchsorted(curve.position, across, side="right") - 1
    right = np.minimum(left + 1, curve.position.size - 1)
    between = (left >= 0) & (right > left) & (curve.position[left] < across)
    between &= drawn[left] & drawn[right]
    at = curve.position[drawn]
    filled = np.floor(np.interp(across[between], at, level[at]) + 0.5)
    level[between] = top[between] = bottom[between] = filled


def _join(top: Floats, bottom: Floats) -> None:
    """Lengthen columns so that each touches the one on its left."""
    with np.errstate(invalid="ignore"):
        below = top[1:] > bottom[:-1] + 1
        above = bottom[1:] < top[:-1] - 1
    lifted = np.where(below, bottom[:-1] + 1, top[1:])
    lowered = np.where(above, top[:-1] - 1, bottom[1:])
    top[1:], bottom[1:] = lifted, lowered


def faint(dots: Dots) -> Dots:
    """Every other dot, as on a chessboard."""
    row, column = np.indices(dots.shape)
    return np.asarray(dots & ((row + column) % 2 == 0))


def row_dots(value: float, axis: Axis, rows: int) -> int:
    """The row of dots of one finite value, clipped to the axis."""
    return rows - 1 - axis.cell_of(value, rows)


def patterns(dots: Dots, glyphs: Glyphs) -> NDArray[np.int64]:
    """The pattern of each cell, an index into `glyphs.cells`; the grid must be whole cells, of at
    most eight dots.
    """
    rows, width = dots.shape
    tall, wide = glyphs.sub_rows, glyphs.sub_columns
    cells = dots.view(np.uint8).reshape(rows // tall, tall, width // wide, wide)
    pattern = np.zeros((rows // tall, width // wide), dtype=np.uint8)
    for bit, (down, across) in enumerate(np.ndindex(tall, wide)):
        pattern |= cells[:, down, :, across] << bit
    return pattern.astype(np.int64)
