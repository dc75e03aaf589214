"""The key table, to read."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from dicttui.tui.glyphs import Glyphs
from dicttui.tui.keys import groups
from dicttui.tui.screens.live import LiveScreen
from dicttui.tui.widgets.roles import Span, Spans, cut, width_of
from dicttui.tui.widgets.screen_title import ScreenTitle
from dicttui.tui.widgets.scrolled_lines import ScrolledLines

if TYPE_CHECKING:
    from dicttui.tui.keys import Key

TITLE = "Keys and screens"
KEY_WIDTH = 11
WIDE = 110
"""From so many cells on the table stands in two columns."""


class KeyTable(ScrolledLines):
    """Every key by group, with what it does."""

    DEFAULT_CSS = """
    KeyTable { padding: 1 2 0 2; }
    """

    def content(self, width: int) -> Sequence[Spans]:
        """In two columns where there is room."""
        blocks = [self._block(group, keys) for group, keys in groups()]
        if width < WIDE:
            lines = [line for block in blocks for line in (*block, [])]
            return [cut(line, width, self.glyphs) for line in lines]
        column = width // 2
        half = -(-sum(len(block) + 1 for block in blocks) // 2)
        left: list[Spans] = []
        right: list[Spans] = []
        for block in blocks:
            side = left if not right and len(left) + len(block) <= half + 3 else right
            side += [*block, []]
        rows = max(len(left), len(right))
        left += [[]] * (rows - len(left))
        right += [[]] * (rows - len(right))
        return [self._beside(one, two, column) for one, two in zip(left, right, strict=True)]

    def _beside(self, one: Spans, two: Spans, column: int) -> list[Span]:
        first = cut(one, column - 2, self.glyphs)
        second = cut(two, column, self.glyphs)
        return [*first, (" " * (column - width_of(first)), "plain"), *second]

    def _block(self, group: str, keys: "list[Key]") -> list[list[Span]]:
        lines: list[list[Span]] = [[(group, "strong")]]
        for key in keys:
            written = " ".join(key.keys) if key.name and len(key.keys) == 2 else key.written
            where = "" if key.where == "everywhere" else f"  {key.where}"
            lines.append([(written.ljust(KEY_WIDTH), "key"), (key.help, "plain"), (where, "muted")])
        return lines


class HelpScreen(LiveScreen):
    """Built once, before it is first asked for: it opens at once."""

    CSS_PATH = "help.tcss"
    kind = "help"
    AUTO_FOCUS = "KeyTable"

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._heading = ScreenTitle(glyphs=glyphs)
        self._table = KeyTable(glyphs=glyphs)

    def compose(self) -> ComposeResult:
        """A title and the table."""
        yield self._heading
        yield self._table

    def on_mount(self) -> None:
        """The title never changes."""
        self._heading.show(TITLE)
