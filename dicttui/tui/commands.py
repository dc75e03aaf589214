"""The key table in the command palette."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.screen import Screen

from dicttui.tui.keys import KEYS, is_there
from dicttui.tui.screens.live import LiveScreen

if TYPE_CHECKING:
    from dicttui.tui.app import DicttuiApp

LEFT_OUT = frozenset({"select", "palette", "back", "interrupt", "scrub"})
"""Keys that make no command."""


def commands(app: "DicttuiApp", screen: Screen[Any]) -> Iterator[SystemCommand]:
    """What each key does now."""
    for key in KEYS:
        if not key.name or key.name in LEFT_OUT or not is_there(key, app.snapshot):
            continue
        if isinstance(screen, LiveScreen) and not screen.answers(key):
            continue
        title = f"{key.label(app.snapshot, app.showing)}  ({key.written})"
        yield SystemCommand(
            app.glyphs.plain(title),
            app.glyphs.plain(key.help),
            partial(app.controls.press, key.name),
        )
