"""The first line: which experiment this is."""

from typing import Any

from dicttui.training.snapshot import Snapshot
from dicttui.tui.display import Display
from dicttui.tui.numbers import rate
from dicttui.tui.widgets.roles import RoleLines, Span, apart, width_of


class TitleLine(RoleLines):
    """The preset's title and data; what is unusual about the display."""

    def show(self, snapshot: Snapshot, display: Display) -> None:
        """Show this experiment."""
        self._left: list[Span] = [
            (" dicttui ", "accent"),
            (f" {snapshot.title or snapshot.source}", "strong"),
        ]
        flags: list[Span] = []
        if display.frozen:
            flags.append((" display frozen ", "warn"))
        if display.readonly:
            flags.append((" read only ", "warn"))
        elif display.holder:
            flags.append((f" {display.holder} has the controls ", "warn"))
        if snapshot.playback is not None:
            flags.append((" a recording ", "warn"))
        elif (recording := snapshot.recording) is not None:
            sign = f" {self.glyphs.alert}" if recording.trouble else ""
            flags.append((f" rec {recording.id}{sign} ", "warn" if sign else "muted"))
        pace = "full speed" if snapshot.pace is None else rate(snapshot.pace, glyphs=self.glyphs)
        self._flags = flags
        self._facts = [word for word in (snapshot.data, f"seed {snapshot.seed}", pace) if word]
        self.redraw()

    def draw(self, width: int, height: int) -> list[Any]:
        """One line; the facts about the data give way to the title, the last first."""
        del height
        if not hasattr(self, "_left"):
            return []
        facts = list(self._facts)
        while facts and width_of([*self._left, *self._right(facts)]) > width:
            facts.pop()
        return [self.strip(apart(self._left, self._right(facts), width, self.glyphs))]

    def _right(self, facts: list[str]) -> list[Span]:
        separator = self.glyphs.separator
        words = f" {separator} ".join(facts) + " " if facts else ""
        between = f"{separator} " if self._flags and facts else ""
        return [*self._flags, (between + words, "muted")]
