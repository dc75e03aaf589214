"""Choosing one of a few: as a list, or within one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from dicttui.tui.glyphs import Glyphs
from dicttui.tui.widgets.roles import Role, RoleLines, Span, apart, cut


class ChoiceList(RoleLines, can_focus=True):
    """One choice a line; arrows move, enter takes, a click does both."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("enter,space", "take", show=False),
    ]

    @dataclass
    class Taken(Message):
        """A choice was taken."""

        place: int

    @dataclass
    class Moved(Message):
        """Another choice is marked now."""

        place: int

    def __init__(self, choices: Sequence[tuple[str, str]], *, glyphs: Glyphs, at: int = 0) -> None:
        """`choices` are words and what stands at the right of them; `at` is where to begin."""
        super().__init__(glyphs=glyphs)
        self.choices = tuple(choices)
        self.at = at
        self._top = 0

    def draw(self, width: int, height: int) -> list[Any]:
        """The lines around the one that is chosen."""
        self._top = max(0, min(self._top, self.at), self.at - height + 1)
        lines = []
        for place in range(self._top, min(len(self.choices), self._top + height)):
            words, note = self.choices[place]
            here = place == self.at
            sign = self.glyphs.selected if here else " "
            left: list[Span] = [(f"{sign} ", "accent"), (words, "strong" if here else "plain")]
            right: list[Span] = [(note, "muted")]
            lines.append(self.strip(apart(left, right, width, self.glyphs)))
        return lines

    def action_move(self, by: int) -> None:
        """Up or down."""
        self.at = (self.at + by) % len(self.choices)
        self.redraw()
        self.post_message(self.Moved(self.at))

    def action_take(self) -> None:
        """Take the choice."""
        self.post_message(self.Taken(self.at))

    def on_click(self, event: events.Click) -> None:
        """Take what was clicked."""
        place = self._top + event.y
        if place < len(self.choices):
            self.at = place
            self.redraw()
            self.action_take()


LABEL = 8
"""Cells of the name before a choice or a field."""


class ChoiceLine(RoleLines, can_focus=True):
    """A label and its choices side by side; left and right move between them. Where they have no
    room beside each other only the chosen one is shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", show=False),
        Binding("right,space", "move(1)", show=False),
        Binding("enter", "done", show=False),
    ]

    @dataclass
    class Done(Message):
        """Enter: all has been chosen."""

    @dataclass
    class Changed(Message):
        """Another choice stands now."""

    def __init__(
        self, label: str, choices: Sequence[str], *, glyphs: Glyphs, width: int = LABEL
    ) -> None:
        super().__init__(glyphs=glyphs)
        self.label = label
        self._label_width = width
        self.choices = tuple(choices)
        self.at = 0
        self._areas: list[tuple[int, int]] = []

    def draw(self, width: int, height: int) -> list[Any]:
        """`runs   (•) adam  ( ) all`, or `optimizer ‹ SGD ›`; the label marked where the focus
        is.
        """
        del height
        spans: list[Span] = [
            (f"{self.glyphs.selected if self.has_focus else ' '} ", "accent"),
            (self.label.ljust(self._label_width), "label"),
        ]
        x = 2 + self._label_width
        self._areas = []
        if x + sum(len(words) + 6 for words in self.choices) - 2 > width:
            return [self.strip(cut([*spans, *self._only_chosen(x)], width, self.glyphs))]
        for place, words in enumerate(self.choices):
            here = place == self.at
            text = f"({self.glyphs.bullet if here else ' '}) {words}"
            spans += [(text, "strong" if here else "muted"), ("  ", "plain")]
            self._areas.append((x, x + len(text)))
            x += len(text) + 2
        return [self.strip(cut(spans, width, self.glyphs))]

    def _only_chosen(self, x: int) -> list[Span]:
        """The chosen one between what a click takes for the one before and the one after it."""
        before, after = ("<", ">") if self.glyphs.ascii else ("‹", "›")
        count, words = len(self.choices), self.choices[self.at]
        end = x + len(words) + 2
        # By place: what lies before it leads to the choice before, what lies after it to the next.
        self._areas = [(-1, -1)] * count
        self._areas[(self.at - 1) % count] = (0, x + 2)
        self._areas[(self.at + 1) % count] = (end, end + 80)
        role: Role = "key" if self.has_focus else "muted"
        place = f"  {self.at + 1} of {count}"
        return [(f"{before} ", role), (words, "strong"), (f" {after}", role), (place, "muted")]

    def action_move(self, by: int) -> None:
        """To the next choice."""
        self._choose((self.at + by) % len(self.choices))

    def action_done(self) -> None:
        """All has been chosen."""
        self.post_message(self.Done())

    def watch_has_focus(self, focused: bool) -> None:
        """Mark the label, or unmark it."""
        super().watch_has_focus(focused)
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        for place, (start, end) in enumerate(self._areas):
            if start <= event.x < end:
                self._choose(place)

    def _choose(self, place: int) -> None:
        self.at = place
        self.redraw()
        self.post_message(self.Changed())
