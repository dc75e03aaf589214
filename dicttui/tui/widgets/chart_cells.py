"""Cells of a chart in which dots of several runs lie, as texts."""

import numpy as np
from numpy.typing import NDArray

from dicttui.tui.glyphs import Glyphs
from dicttui.tui.plotext_canvas import Piece, Tag


class Cells:
    """A canvas of so many cells, each of which belongs to what was laid there last."""

    def __init__(self, width: int, height: int) -> None:
        self.pattern: NDArray[np.int64] = np.zeros((height, width), dtype=np.int64)
        """The dots of each cell, an index into `glyphs.cells`."""
        self.owner: NDArray[np.int64] = np.zeros((height, width), dtype=np.int64)
        """Whose it is; 0: nobody's."""
        self._marks: dict[tuple[int, int], str] = {}

    def lay(self, cells: NDArray[np.int64], tag: Tag, *, over: Tag | None = None) -> None:
        """Lay dots over what is there. Cells of tags below `over` keep their dots beside them, and
        so do all where that is None.
        """
        touched = cells > 0
        shared = touched if over is None else touched & ((self.owner < over) | (tag > over))
        self.pattern[...] = np.where(
            shared, self.pattern | cells, np.where(touched, cells, self.pattern)
        )
        self.owner[touched] = tag

    def mark(self, row: int, column: int, character: str, tag: Tag) -> None:
        """Put a character into a cell, row 0 at the top."""
        self._marks[row, column] = character
        self.owner[row, column] = tag

    def pieces(self, glyphs: Glyphs) -> list[Piece]:
        """Texts of neighbouring cells with one owner; cells without one stay as they are."""
        characters = [[glyphs.cells[cell] for cell in row] for row in self.pattern.tolist()]
        for (row, column), character in self._marks.items():
            characters[row][column] = character
        height, _ = self.owner.shape
        ends = np.diff(self.owner, axis=1, append=-1) != 0
        pieces, start = [], 0
        for y, x in np.argwhere(ends).tolist():
            if tag := int(self.owner[y, x]):
                text = "".join(characters[y][start : x + 1])
                pieces.append(Piece(text, start, height - 1 - y, tag))
            start = (x + 1) % self.owner.shape[1]
        return pieces
