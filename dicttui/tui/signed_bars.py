"""Signed numbers as bars about a line of zeros, in dots."""

import numpy as np

from dicttui.tui.glyphs import Glyphs
from dicttui.tui.pixels import Floats
from dicttui.tui.raster import patterns

WIDEST = 6
"""Dots of a bar, with the gap after it."""


def fits(count: int, width: int, glyphs: Glyphs) -> bool:
    """Whether so many bars have room in so many cells."""
    return 0 < count <= width * glyphs.sub_columns


def signed_bars(
    values: Floats, width: int, height: int, glyphs: Glyphs, *, signed: bool
) -> list[str]:
    """A bar for each value, which are shares of the largest magnitude, −1 to 1; on `height` lines
    of at most `width` cells, that must have room for them. Zero is in the middle where some may
    be negative (`signed`), else below.
    """
    rows, across = height * glyphs.sub_rows, glyphs.sub_columns
    each = max(1, min(WIDEST, width * across // len(values)))
    bar = each - 1 if each > 2 else each
    cells = -(-len(values) * each // across)
    dots = np.zeros((rows, cells * across), dtype=np.bool_)
    middle = (rows - 1) / 2 if signed else rows - 1
    room = middle if signed else rows - 1
    finite = np.clip(np.nan_to_num(values), -1, 1)
    for place, value in enumerate(finite.tolist()):
        end = middle - value * room
        first, last = round(min(middle, end)), round(max(middle, end))
        dots[max(0, first) : last + 1, place * each : place * each + bar] = True
    return ["".join(glyphs.cells[p] for p in line) for line in patterns(dots, glyphs)]
