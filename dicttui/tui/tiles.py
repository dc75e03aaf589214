"""Small pictures side by side: how many fit, and how much smaller they have to be made."""

from collections.abc import Sequence
from dataclasses import dataclass

from dicttui.tui.pixels import shrunk_image, size_in_cells

GAP = 1
"""Cells between two pictures."""
BETWEEN = 2
"""Cells between two runs."""
VALUE_WIDTH = 5
"""Cells of a caption after the atom's number: a space and a value."""


def column_width(width: int, count: int) -> int:
    """Cells for each of so many runs beside each other."""
    return max(1, (width - BETWEEN * (count - 1)) // max(1, count))


@dataclass(frozen=True, slots=True)
class Tiles:
    """Pictures with a caption below each, in rows."""

    across: int
    down: int
    shrink: int
    """So many pixels across and down become one."""
    image: tuple[int, ...]
    """The shape of a picture, made smaller."""
    cell: int
    """Cells for a picture and its caption, without the gap."""
    lines: int
    """Lines of a picture, without its caption."""
    characters: bool
    """Whether it is drawn without colours."""

    @property
    def count(self) -> int:
        """Pictures that are on the screen."""
        return self.across * self.down


def tiles(image: Sequence[int], total: int, width: int, height: int, *, characters: bool) -> Tiles:
    """As many pictures as fit `width` cells and `height` lines, at least one; made smaller only
    where one would not fit. `total` atoms are numbered in the captions.
    """
    shrink = 1
    while True:
        small = shrunk_image(image, shrink)
        across, lines = size_in_cells(small, characters=characters)
        if (across <= width and lines < height) or max(small[:2]) == 1:
            break
        shrink += 1
    cell = max(across, len(str(max(0, total - 1))) + VALUE_WIDTH)
    return Tiles(
        across=max(1, (width + GAP) // (cell + GAP)),
        down=max(1, height // (lines + 1)),
        shrink=shrink,
        image=small,
        cell=min(cell, max(1, width)),
        lines=lines,
        characters=characters,
    )
