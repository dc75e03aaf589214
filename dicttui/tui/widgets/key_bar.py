"""The footer: keys with what they do now."""

from dataclasses import dataclass
from typing import Any

from textual import events
from textual.message import Message

from dicttui.training.snapshot import Snapshot
from dicttui.tui.display import Display
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.keys import Key, Where, fitting, footer_keys
from dicttui.tui.widgets.roles import RoleLines, Span


class KeyBar(RoleLines):
    """The keys that fit, the most needed first; each can be clicked."""

    @dataclass
    class Pressed(Message):
        """A key of the footer was clicked."""

        name: str

    def __init__(self, *, glyphs: Glyphs, on_main: bool = True, here: Where = "everywhere") -> None:
        super().__init__(glyphs=glyphs)
        self._on_main, self._here = on_main, here
        self._keys: list[Key] = []
        self._labels: list[str] = []
        self._areas: list[tuple[int, int, Key]] = []

    def show(self, snapshot: Snapshot, display: Display) -> None:
        """Show what the keys do now."""
        keys = footer_keys(self._on_main, snapshot, display, self._here)
        labels = [key.label(snapshot, display) for key in keys]
        if (keys, labels) != (self._keys, self._labels):
            self._keys, self._labels = keys, labels
            self.redraw()

    def draw(self, width: int, height: int) -> list[Any]:
        """One line."""
        del height
        self._areas = []
        spans: list[Span] = [(" ", "plain")]
        x = 1
        for place in fitting(self._keys, self._labels, width - 2):
            key, label = self._keys[place], self._labels[place]
            cells = len(key.written) + 1 + len(label)
            spans += [(key.written, "key"), (f" {label}  ", "muted")]
            self._areas.append((x, x + cells, key))
            x += cells + 2
        return [self.strip(spans)]

    def on_click(self, event: events.Click) -> None:
        """Do what the clicked key does."""
        for start, end, key in self._areas:
            if start <= event.x < end:
                self.post_message(self.Pressed(key.name))
