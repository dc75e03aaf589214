"""Small pictures among the pieces of lines."""

from collections.abc import Hashable
from typing import Any

import numpy as np
from rich.segment import Segment

from dicttui.training.closeup import Numbers
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.pixels import (
    Levels,
    Rows,
    characters,
    half_blocks,
    levels,
    rows_of,
    shares,
    sides_of,
)
from dicttui.tui.tiles import Tiles
from dicttui.tui.widgets.piece_lines import PieceLines

NOT_FINITE = "not finite"


class PicturePieces(PieceLines):
    """Of each line of a picture that has changed, only the pixels from the first that has to the
    last are painted again; a pixel keeps its colour while its number wavers.
    """

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs)
        self._levels: dict[Hashable, Levels] = {}
        """What each picture was drawn with, by what it is of."""
        self._drawn: dict[Hashable, Levels] = {}

    def forget_levels(self) -> None:
        """The pictures are drawn in another way from now on."""
        self._levels = {}

    def draw(self, width: int, height: int) -> Any:
        """The lines."""
        self._drawn = {}
        drawn = super().draw(width, height)
        self._levels = self._drawn
        return drawn

    def put_picture(
        self,
        tiles: Tiles,
        numbers: Numbers | None,
        key: Hashable,
        x: int,
        top: int,
        *,
        scale: float | None,
    ) -> None:
        """Put a picture on the lines from `top` on; blanks where there is none.

        Args:
            tiles: its shape, and how it is drawn.
            numbers: what it shows.
            key: what it is of.
            x: where it begins.
            top: its first line.
            scale: the magnitude that has the strongest colour; None: its own peak.

        """
        rows = None if numbers is None else self._rows(tiles, numbers, key, scale)
        channels = 3 if len(tiles.image) == 3 else 1
        for line in range(tiles.lines):
            y = top + line
            if rows is None:
                words = NOT_FINITE if numbers is not None and line == 0 else ""
                self.put_spans(y, x, tiles.cell, [(words, "muted")])
                continue
            upper, lower = rows[line]
            if tiles.characters:
                text = characters(upper, sides_of(tiles.image))
                self.put(y, x, tiles.cell, [Segment(text)], text)
            else:
                blocks = half_blocks(upper, lower, channels, dark=self.dark)
                self.put(y, x, tiles.cell, blocks, (upper, lower, channels))

    def _rows(
        self, tiles: Tiles, numbers: Numbers, key: Hashable, scale: float | None
    ) -> Rows | None:
        values = shares(numbers, int(np.prod(tiles.image)))
        if values is None:
            return None
        if scale:
            values = values * np.float32(numbers.peak / scale)
        drawn = levels(values, sides_of(tiles.image), self._levels.get(key))
        self._drawn[key] = drawn
        return rows_of(drawn, tiles.image, characters=tiles.characters)

    def changed_within(self, was: Any, now: Any, width: int) -> tuple[int, int]:
        """Of two looks of a picture's line, from the first pixel that is another to the last."""
        if not _are_lines(was, now):
            return 0, width
        cells = [
            place // now[2]
            for old, new in zip(was[:2], now[:2], strict=True)
            for place, (a, b) in enumerate(zip(old, new, strict=False))
            if a != b
        ]
        return (min(cells), max(cells) + 1) if cells else (0, width)


def _are_lines(was: Any, now: Any) -> bool:
    """Whether both are looks of lines of equal pictures."""
    return all(
        isinstance(look, tuple) and len(look) == 3 and isinstance(look[0], bytes)
        for look in (was, now)
    ) and [len(part) for part in was[:2]] == [len(part) for part in now[:2]]
