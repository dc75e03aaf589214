"""Lines put together of pieces, made anew only where a piece has changed."""

from collections.abc import Sequence
from typing import Any

from rich.segment import Segment
from textual.strip import Strip

from dicttui.tui.palette import run_style
from dicttui.tui.widgets.roles import RoleLines, Span, cut

Piece = tuple[int, int, Any]
"""Where a piece of a line begins, how wide it is, and what it looks like."""


class PieceLines(RoleLines):
    """A subclass puts pieces where they belong, on each line from left to right."""

    _pieces: Sequence[list[Piece]] = ()
    _before: Sequence[list[Piece]] = ()
    _segments: Sequence[list[Segment]] = ()
    _lines: Sequence[Strip] = ()

    def put_all(self, width: int, height: int) -> None:
        """Put all pieces, by `put`."""
        raise NotImplementedError

    def put(self, y: int, x: int, width: int, content: Sequence[Segment], look: Any) -> None:
        """Put something at a place of a line and blanks up to its width; pieces that have the same
        look look the same. What is below the last line is left out.
        """
        if y >= len(self._pieces):
            return
        pieces, segments = self._pieces[y], self._segments[y]
        there = pieces[-1][0] + pieces[-1][1] if pieces else 0
        if x > there:
            segments.append(Segment(" " * (x - there)))
        segments.extend(content)
        cells = sum(segment.cell_length for segment in content)
        if cells < width:
            segments.append(Segment(" " * (width - cells)))
        pieces.append((x, width, look))

    def put_spans(self, y: int, x: int, width: int, spans: Sequence[Span], place: int = 0) -> None:
        """Put words; "run" is the colour of the run at a place in the palette."""
        colour = run_style(place, dark=self.dark, bold=True)
        content = [
            Segment(text, colour if role == "run" else self.role_style(role))
            for text, role in cut(spans, width, self.glyphs)
            if text
        ]
        self.put(y, x, width, content, (*spans,))

    def draw(self, width: int, height: int) -> Sequence[Strip]:
        """The lines; one that looks as it did is the same object."""
        self._before, lines = self._pieces, self._lines
        self._pieces = [[] for _ in range(height)]
        self._segments = [[] for _ in range(height)]
        self.put_all(width, height)
        for pieces in self._pieces:
            pieces.append((0, 0, self.app.theme))
        kept = len(lines) == len(self._before) == height
        self._lines = [
            lines[y] if kept and self._pieces[y] == self._before[y] else Strip(segments)
            for y, segments in enumerate(self._segments)
        ]
        return self._lines
