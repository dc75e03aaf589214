"""The base of widgets that draw lines themselves and repaint only what has changed."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.style import Style as VisualStyle
from textual.theme import Theme
from textual.widget import Widget

from dicttui.tui.glyphs import UNICODE, Glyphs

Line = Strip | Text | str
"""One line: a strip, rich text, or plain text."""


def as_strip(line: Line, width: int) -> Strip:
    """A line cut or filled to exactly `width` cells; line breaks in it become spaces."""
    if isinstance(line, Strip):
        segments, cells = list(line), line.cell_length
    elif isinstance(line, Text):
        segments, cells = _segments(line), line.cell_len
    else:
        text = line.replace("\n", " ")
        segments, cells = [Segment(text)], cell_len(text)
    if cells > width:
        segments = Segment.adjust_line_length(segments, width)
    elif cells < width:
        segments.append(Segment(" " * (width - cells)))
    return Strip(_in_fewest_pieces(segments), width)


def _in_fewest_pieces(segments: Sequence[Segment]) -> list[Segment]:
    """The same look in fewer segments: each costs some forty bytes of escape sequences. Spaces
    look alike in every foreground, so they go with the text before them.
    """
    joined: list[Segment] = []
    for segment in segments:
        if not segment.text:
            continue
        if joined:
            text, style, _ = joined[-1]
            blank = segment.text.isspace() and _alike_on_spaces(style, segment.style)
            if blank or style == segment.style:
                joined[-1] = Segment(text + segment.text, style)
                continue
        joined.append(segment)
    return joined


@lru_cache(maxsize=1024)
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

    The background and the colour of unstyled text are the stylesheet's. Where it gives the widget
    a border or padding, Textual puts those about the lines; it has no other effects on them.
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
        self._latest: list[Line] = []
        """What `draw` gave last, a line for each of the widget."""
        self._strips: list[Strip] = []
        """The same, each as wide as the widget."""
        self._painted: dict[int, Strip] = {}
        """The same in the colours of the stylesheet, as far as it has been asked for."""
        self._paint: _Paint | None = None
        self._components: dict[str, Style] = {}
        self._dark: bool | None = None
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
        if self._dark is None:
            self._dark = self.app.current_theme.dark
        return self._dark

    def component(self, name: str) -> Style:
        """What the stylesheet says of a component class, and nothing of what lies behind it."""
        if name not in self._components:
            self._components[name] = self.get_component_rich_style(name, partial=True)
        return self._components[name]

    def notify_style_update(self) -> None:
        """The stylesheet says something else."""
        self._components.clear()
        super().notify_style_update()

    def redraw(self) -> None:
        """Draw, and repaint the cells that have changed."""
        width, height = self.size
        if not width or not height:
            return
        drawn = [*self.draw(width, height)[:height]]
        drawn += [_NOTHING] * (height - len(drawn))
        before, self._latest = self._latest, drawn
        strips = self._strips
        if len(strips) != height or strips[0].cell_length != width:
            self._strips = [as_strip(line, width) for line in drawn]
            self._painted.clear()
            self.refresh()
            return
        regions = []
        for y, (old, new) in enumerate(zip(before, drawn, strict=True)):
            if _look_alike(old, new):
                continue
            strip = as_strip(new, width)
            start, end = changed_columns(strips[y], strip)
            if end > start:
                strips[y] = strip
                self._painted.pop(y, None)
                regions.append(Region(start, y, end - start, 1))
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """One line, on the stylesheet's background."""
        width, style = self.size.width, self.visual_style.rich_style
        if y >= len(self._strips):
            return Strip.blank(width, style)
        return self._strips[y].adjust_cell_length(width).apply_style(style)

    def render_lines(self, crop: Region) -> list[Strip]:
        """A part of the lines as they go to the terminal.

        Textual asks for every line of every widget whenever anything is repainted. Its own way
        from a line to the terminal is made for borders, padding, and effects; without them the
        lines are kept ready, which takes a tenth of the time.
        """
        if self.gutter:
            return super().render_lines(crop)
        style, filters = self.visual_style, self.get_line_filters()
        if self._paint is None or not self._paint.gives(style, filters):
            self._paint = _Paint(style, filters, self.background_colors[1])
            self._painted.clear()
        width = self.size.width
        lines = [self._painted_line(y, width, self._paint) for y in crop.line_range]
        if crop.column_span != (0, width):
            lines = [line.crop(*crop.column_span) for line in lines]
        return lines

    def _painted_line(self, y: int, width: int, paint: "_Paint") -> Strip:
        line = self._painted.get(y)
        if line is None:
            known = y < len(self._strips)
            line = paint.on(self._strips[y] if known else Strip.blank(width))
            self._painted[y] = line = line.adjust_cell_length(width)
        return line

    def on_mount(self) -> None:
        """Follow the theme."""
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)

    def _theme_changed(self, _theme: Theme) -> None:
        # The stylesheet is applied after this signal: the component styles are known only then.
        self.call_after_refresh(self._follow_theme)

    def _follow_theme(self) -> None:
        self._dark = None
        self._components.clear()
        self.redraw()

    def on_resize(self, _event: events.Resize) -> None:
        """Draw for the new size."""
        self._painted.clear()
        self.redraw()


class _Paint:
    """How a widget's lines look in its place on the screen."""

    def __init__(
        self, style: VisualStyle, filters: Sequence[LineFilter], background: Color
    ) -> None:
        self._style, self._filters, self._background = style, filters, background
        self._rich_style = style.rich_style

    def gives(self, style: VisualStyle, filters: Sequence[LineFilter]) -> bool:
        """Whether it gives this look."""
        return self._style == style and self._filters == filters

    def on(self, line: Strip) -> Strip:
        """A line in this look."""
        segments = list(Segment.apply_style(line, self._rich_style))
        for filter_ in self._filters:
            segments = filter_.apply(segments, self._background)
        return Strip(segments, line.cell_length)


_NOTHING = Strip([], 0)
"""A line that `draw` did not give."""


def _look_alike(one: Line, other: Line) -> bool:
    """Whether two lines are sure to look the same."""
    if one is other:
        return True
    if isinstance(one, Text) and isinstance(other, Text):
        return one == other and one.style == other.style
    return type(one) is type(other) and one == other
