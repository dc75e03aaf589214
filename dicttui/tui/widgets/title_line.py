"""The first line: which experiment this is."""

from typing import Any

from dicttui.training.snapshot import Snapshot
from dicttui.tui.display import Display
from dicttui.tui.numbers import rate
from dicttui.tui.widgets.roles import RoleLines, Span, apart


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
        separator = self.glyphs.separator
        words = [snapshot.data, f"seed {snapshot.seed}", pace]
        facts = f" {separator} ".join(word for word in words if word) + " "
        # Apart from a flag that looks like one of them.
        between = f"{separator} " if flags and flags[-1][1] == "muted" else ""
        self._right: list[Span] = [*flags, (between + facts, "muted")]
        self.redraw()

    def draw(self, width: int, height: int) -> list[Any]:
        """One line; the data gives way to the title."""
        del height
        if not hasattr(self, "_left"):
            return []
        right = self._right
        taken = sum(len(text) for text, _ in self._left) + sum(len(text) for text, _ in right)
        if taken > width:
            right = right[:-1]
        return [self.strip(apart(self._left, right, width, self.glyphs))]
