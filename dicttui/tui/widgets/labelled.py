"""A field to type in, with its name before it."""

from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from dicttui.tui.glyphs import Glyphs
from dicttui.tui.widgets.choices import LABEL
from dicttui.tui.widgets.roles import RoleLines


class _Name(RoleLines):
    """The name, marked where its field has the focus."""

    DEFAULT_CSS = """
    _Name { height: 1; }
    """

    def __init__(self, words: str, width: int, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs)
        self.words = words
        self.marked = False
        self.styles.width = width + 2

    def draw(self, width: int, height: int) -> list[Any]:
        """`▶ lr`."""
        del width, height
        sign = self.glyphs.selected if self.marked else " "
        return [self.strip([(f"{sign} ", "accent"), (self.words, "label")])]


class LabelledInput(Horizontal):
    """One line: a name, and what is typed."""

    DEFAULT_CSS = """
    LabelledInput { height: 1; }
    Dialog LabelledInput Input { margin-bottom: 0; }
    """

    def __init__(
        self, label: str, value: str, *, glyphs: Glyphs, width: int = LABEL, placeholder: str = ""
    ) -> None:
        super().__init__()
        self._label = _Name(label, width, glyphs=glyphs)
        self._input = Input(value, placeholder=placeholder, compact=True, select_on_focus=True)

    @property
    def value(self) -> str:
        """What was typed."""
        return self._input.value.strip()

    @value.setter
    def value(self, text: str) -> None:
        self._input.value = text

    def compose(self) -> ComposeResult:
        """The name, then the field."""
        yield self._label
        yield self._input

    def on_descendant_focus(self) -> None:
        """Mark the name."""
        self._label.marked = True
        self._label.redraw()

    def on_descendant_blur(self) -> None:
        """Unmark the name."""
        self._label.marked = False
        self._label.redraw()
