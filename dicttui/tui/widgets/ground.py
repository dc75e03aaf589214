"""What lies behind the widgets of a screen."""

from collections.abc import Sequence

from textual.filter import LineFilter
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget


class Ground(Widget):
    """A container that shows a background and a border at most.

    Textual asks every container for its lines whenever anything on it is repainted; these are
    painted again only where the container's size or style has changed.
    """

    _painted: list[Strip] | None = None
    _as: tuple[Sequence[LineFilter], Region, Size] | None = None
    _style: Style | None = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """A part of the container as it goes to the terminal."""
        style, how = self.visual_style, (self.get_line_filters(), crop, self.outer_size)
        # A style is another object whenever anything about it is another, a border too.
        if self._painted is None or self._style is not style or self._as != how:
            self._style, self._as = style, how
            self._painted = super().render_lines(crop)
        return self._painted
