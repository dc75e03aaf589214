"""The base of widgets that draw lines themselves and repaint only what has changed."""

from collections.abc import Sequence
from itertools import pairwise

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

from dicttui.tui.glyphs import UNICODE, Glyphs

Line = Strip | Text | str
"""One line: a strip, rich text, or plain text."""


def as_strip(line: Line, width: int) -> Strip:
    """A line cut or filled to exactly `width` cells; line breaks in it become spaces."""
    if isinstance(line, Strip):
        strip = line
    elif isinstance(line, Text):
        strip = Strip(_segments(line))
    else:
        strip = Strip([Segment(line.replace("\n", " "))])
    return _in_fewest_pieces(strip.adjust_cell_length(width))


def _in_fewest_pieces(strip: Strip) -> Strip:
    """The same look in fewer segments: each costs some forty bytes of escape sequences. Spaces
    look alike in every foreground, so they go with the text before them.
    """
    joined: list[Segment] = []
    for segment in strip:
        if joined:
            text, style, _ = joined[-1]
            blank = segment.text.isspace() and _alike_on_spaces(style, segment.style)
            if blank or style == segment.style:
                joined[-1] = Segment(text + segment.text, style)
                continue
        joined.append(segment)
    return Strip(joined, strip.cell_length)


def _alike_on_spaces(one: Style | None, other: Style | None) -> bool:
    one, other = one or Style.null(), other or Style.null()
    return one.bgcolor == other.bgcolor and not any(
        style.underline or style.reverse or style.strike for style in (one, other)
    )


def _segments(text: Text) -> list[Segment]:
    """The text in pieces of one style each. Styles in it are rich styles or rich's own words."""
    plain = text.plain.replace("\n", " ")
    cuts = sorted({0, len(plain), *(s.start for s in text.spans), *(s.end for s in text.spans)})
    pieces = []
    for start, end in pairwise(cuts):
        style = _style(text.style)
        for span in text.spans:
            if span.start <= start and span.end >= end:
                style += _style(span.style)
        pieces.append(Segment(plain[start:end], style))
    return pieces


def _style(style: str | Style) -> Style:
    return Style.parse(style) if isinstance(style, str) else style


def changed_columns(old: Strip, new: Strip) -> tuple[int, int]:
    """The cells [start, end) outside of which two strips of equal length look the same."""
    if old == new:
        return 0, 0
    width = new.cell_length
    start = _same_cells(list(old), list(new))
    end = width - _same_cells(_mirrored(old), _mirrored(new))
    return start, max(start, end)


def _same_cells(old: Sequence[Segment], new: Sequence[Segment]) -> int:
    """How many cells two lines have in common at their beginning.

    Only whole segments and plain single-cell text within the first that differs count.
    """
    cells = 0
    for a, b in zip(old, new, strict=False):
        if a == b:
            cells += a.cell_length
            continue
        if a.style == b.style and a.cell_length == len(a.text) and b.cell_length == len(b.text):
            for x, y in zip(a.text, b.text, strict=False):
                if x != y:
                    break
                cells += 1
        break
    return cells


def _mirrored(strip: Strip) -> list[Segment]:
    return [Segment(segment.text[::-1], segment.style) for segment in reversed(strip)]


class Lines(Widget):
    """A widget of lines. A subclass says in `draw` what they are; this class does the rest:
    it repaints the cells that changed and no others, and draws anew on a resize or another theme.

    The background and the colour of unstyled text are the stylesheet's.
    """

    DEFAULT_CSS = """
    Lines {
        height: 1fr;
        width: 1fr;
    }
    """

    def __init__(
        self,
        *,
        glyphs: Glyphs = UNICODE,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.glyphs = glyphs
        self._strips: list[Strip] = []
        self._given: list[Line] = []

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The lines for a content area of so many cells; missing ones stay blank."""
        return self._given[:height] if width else []

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these lines: for a widget that has no `draw` of its own."""
        self._given = list(lines)
        self.redraw()

    @property
    def dark(self) -> bool:
        """Whether the app's theme is a dark one."""
        return self.app.current_theme.dark

    def redraw(self) -> None:
        """Draw, and repaint the cells that have changed."""
        width, height = self.size
        if not width or not height:
            return
        new = [as_strip(line, width) for line in self.draw(width, height)[:height]]
        new += [Strip.blank(width)] * (height - len(new))
        old, self._strips = self._strips, new
        if len(old) != height or (old and old[0].cell_length != width):
            self.refresh()
            return
        regions = []
        for y, (before, after) in enumerate(zip(old, new, strict=True)):
            start, end = changed_columns(before, after)
            if end > start:
                regions.append(Region(start, y, end - start, 1))
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """One line, on the stylesheet's background."""
        style = self.visual_style.rich_style
        if y >= len(self._strips):
            return Strip.blank(self.size.width, style)
        return self._strips[y].adjust_cell_length(self.size.width).apply_style(style)

    def on_mount(self) -> None:
        """Follow the theme."""
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)

    def _theme_changed(self, _theme: Theme) -> None:
        # The stylesheet is applied after this signal: the component styles are known only then.
        self.call_after_refresh(self.redraw)

    def on_resize(self, _event: events.Resize) -> None:
        """Draw for the new size."""
        self.redraw()
