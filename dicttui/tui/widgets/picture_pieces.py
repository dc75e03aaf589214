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

NOT_FINITE = "nan, inf"


PIXELS_PER_SECOND = 2_000
"""Pixels that are painted again: each takes some thirty bytes, and a screen of atoms that all learn
would send half a megabyte a second to a terminal that may be at the other end of a slow line."""


class Turns:
    """Where many pictures change, they are painted again in turns: it takes the longer until each
    has been, the more there are.
    """

    def __init__(self) -> None:
        self._turn, self._turns = 0, 1
        self._changed = 0
        self.lags = False
        """Whether a picture is not drawn as it is, because it waits for its turn."""

    def begin(self) -> None:
        """All pictures are about to be drawn."""
        self._turn += 1
        self._changed, self.lags = 0, False

    def has(self, key: Hashable, pixels: int) -> bool:
        """Whether it is the turn of a picture of which so many pixels have changed."""
        self._changed += pixels
        mine = self._turns == 1 or (hash(key) + self._turn) % self._turns == 0
        self.lags = self.lags or not mine
        return mine

    def end(self, rate: float) -> None:
        """All have been drawn, which is done so many times a second."""
        self._turns = max(1, round(self._changed * rate / PIXELS_PER_SECOND))


class PicturePieces(PieceLines):
    """A pixel keeps its colour while its number wavers, and a picture keeps its pixels until it is
    its turn.
    """

    def __init__(self, *, glyphs: Glyphs, turns: Turns) -> None:
        super().__init__(glyphs=glyphs)
        self._turns = turns
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
        before = self._levels.get(key)
        drawn = levels(values, sides_of(tiles.image), before)
        if before is not None and before.shape == drawn.shape:
            changed = int(np.count_nonzero(before != drawn))
            if changed and not self._turns.has(key, changed):
                drawn = before
        self._drawn[key] = drawn
        return rows_of(drawn, tiles.image, characters=tiles.characters)
