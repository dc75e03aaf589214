"""Lines that are more than the screen has room for."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from dicttui.tui.widgets.roles import RoleLines, Spans


class ScrolledLines(RoleLines, can_focus=True):
    """A window on many lines. It scrolls by itself, so that it costs no layout."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_by(-1)", show=False),
        Binding("down", "scroll_by(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "scroll_by(-1000000)", show=False),
        Binding("end", "scroll_by(1000000)", show=False),
    ]
    top = 0
    """The first line in the window."""
    _count = 0

    def content(self, width: int) -> Sequence[Spans]:
        """All the lines, for so many cells across."""
        raise NotImplementedError

    def draw(self, width: int, height: int) -> list[Any]:
        """The window; the last line says what lies below it."""
        lines = self.content(width)
        self._count = len(lines)
        self.top = max(0, min(self.top, len(lines) - height))
        window = [self.strip(line) for line in lines[self.top : self.top + height]]
        below = len(lines) - self.top - height
        if below > 0 and height > 1:
            arrow = self.glyphs.arrow_down
            window[-1] = self.strip([(f" {arrow} {below + 1} more lines", "muted")])
        return window

    def action_scroll_by(self, lines: int) -> None:
        """Move the window."""
        top = max(0, min(self.top + lines, self._count - self.size.height))
        if top != self.top:
            self.top = top
            self.redraw()

    def action_page(self, direction: int) -> None:
        """Move the window by what it shows."""
        self.action_scroll_by(direction * max(1, self.size.height - 2))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Three lines down."""
        event.stop()
        self.action_scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Three lines up."""
        event.stop()
        self.action_scroll_by(-3)
