"""The first line of a screen that lies over the main one."""

from typing import Any

from dicttui.tui.widgets.roles import RoleLines, Span, apart


class ScreenTitle(RoleLines):
    """What the screen is, and how to leave it."""

    DEFAULT_CSS = """
    ScreenTitle { height: 1; background: $surface; }
    """
    _left: tuple[Span, ...] = ()

    def show(self, title: str, note: str = "") -> None:
        """Show a title, and a note beside it."""
        self._left = ((f" {title}", "accent"), (f"  {note}", "muted"))
        self.redraw()

    def draw(self, width: int, height: int) -> list[Any]:
        """One line."""
        del height
        right: list[Span] = [("esc", "key"), (" back ", "muted")] if width >= 30 else []
        return [self.strip(apart(self._left, right, width, self.glyphs))]
