"""Lines whose pieces have roles; the stylesheet gives each role its look."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip

from dicttui.tui.glyphs import Glyphs
from dicttui.tui.palette import run_style
from dicttui.tui.widgets.lines import Lines

Role = Literal[
    "plain", "strong", "label", "muted", "faint", "accent", "good", "warn", "bad", "key", "run"
]
Span = tuple[str, Role]
"""A piece of text and its role; "run" is the colour of the widget's run."""
Spans = Sequence[Span]


def width_of(spans: Iterable[Span]) -> int:
    """Cells: two for a wide character, as in a name that a person gave."""
    return sum(cells_of(text) for text, _role in spans)


def cells_of(text: str) -> int:
    """Cells of one text."""
    return len(text) if text.isascii() else cell_len(text)


def first_cells(text: str, cells: int) -> str:
    """The beginning of a text that fits into so many cells."""
    text = text[: max(0, cells)]
    while cells_of(text) > cells:
        text = text[:-1]
    return text


def plain(spans: Spans, glyphs: Glyphs) -> list[Span]:
    """The spans in the glyphs' characters; 7-bit text may be longer."""
    return [(glyphs.plain(text), role) for text, role in spans]


def cut(spans: Spans, width: int, glyphs: Glyphs) -> list[Span]:
    """The spans in at most `width` cells, with an ellipsis where something was cut."""
    spans = plain(spans, glyphs)
    if width_of(spans) <= width:
        return spans
    kept: list[Span] = []
    room = width - len(glyphs.ellipsis)
    for text, role in spans:
        if room <= 0:
            break
        kept.append((first_cells(text, room), role))
        room -= cells_of(text)
    return [*kept, (glyphs.ellipsis[: max(0, width)], "muted")]


def apart(left: Spans, right: Spans, width: int, glyphs: Glyphs) -> list[Span]:
    """One at the left edge and one at the right; what is left gives way first."""
    right = cut(right, width, glyphs)
    room = width - width_of(right)
    left = cut(left, max(0, room - 1), glyphs)
    return [*left, (" " * (room - width_of(left)), "plain"), *right]


def folded(words: str, width: int) -> list[str]:
    """Text in lines of at most `width` cells, cut at spaces where there are any."""
    width = max(1, width)
    lines: list[str] = []
    for paragraph in words.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            for start in range(0, max(1, len(word)), width):
                piece = word[start : start + width]
                joined = f"{line} {piece}" if line and start == 0 else piece
                if len(joined) > width or (start and line):
                    lines.append(line)
                    joined = piece
                line = joined
        lines.append(line)
    return lines


def folded_spans(spans: Spans, width: int, glyphs: Glyphs) -> list[list[Span]]:
    """Spans in lines of at most `width` cells, cut at spaces where there are any."""
    spans = plain(spans, glyphs)
    lines: list[list[Span]] = []
    rest = list(spans)
    for line in folded("".join(text for text, _role in spans), width):
        lines.append([])
        left = len(line)
        while left > 0 and rest:
            text, role = rest[0]
            lines[-1].append((text[:left], role))
            rest[0] = (text[left:], role)
            left -= len(text)
            if not rest[0][0]:
                rest.pop(0)
        if rest and rest[0][0].startswith(" "):
            rest[0] = (rest[0][0][1:], rest[0][1])
    return lines


LOOKS: dict[Role, tuple[str | None, bool]] = {
    "strong": (None, True),
    "label": ("muted", False),
    "muted": ("muted", False),
    "faint": ("faint", False),
    "accent": ("accent", True),
    "good": ("success", True),
    "warn": ("warning", True),
    "bad": ("error", True),
    "key": ("accent", True),
}
"""Each role's variable of the theme, and whether it is bold."""


def styles_of(variables: dict[str, str]) -> dict[Role, Style]:
    """The roles' looks in a theme. No component classes: a screen that comes back is restyled
    widget by widget and class by class, and a key waits for it.
    """
    return {
        role: Style(
            color=Color.parse(variables[variable]).rich_color if variable else None,
            bold=bold or None,
        )
        for role, (variable, bold) in LOOKS.items()
    }


class RoleLines(Lines):
    """Lines made of spans."""

    run_index: int | None = None
    """Whose colour the role "run" has."""
    _styles_of: ClassVar[dict[str, dict[Role, Style]]] = {}
    """By theme."""

    def strip(self, spans: Spans) -> Strip:
        """Spans as a line; 7-bit where the glyphs are."""
        return Strip(
            [
                Segment(text, self.role_style(role))
                for text, role in plain(spans, self.glyphs)
                if text
            ]
        )

    def role_style(self, role: Role) -> Style:
        """The look of a role, without a background."""
        if role == "plain":
            return Style.null()
        if role == "run":
            return run_style(self.run_index or 0, dark=self.dark, bold=True)
        theme = self.app.theme
        if theme not in self._styles_of:
            self._styles_of[theme] = styles_of(self.app.get_css_variables())
        return self._styles_of[theme][role]
