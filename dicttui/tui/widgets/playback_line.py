"""The line that says where in a recording the screen stands."""

from dataclasses import dataclass
from typing import Any

from textual import events
from textual.message import Message

from dicttui.training.snapshot import Snapshot
from dicttui.tui.numbers import count, duration
from dicttui.tui.widgets.roles import Role, RoleLines, Span, cut, width_of

SHORTEST_BAR = 8


class PlaybackLine(RoleLines):
    """Whether it plays and how fast, a bar, the recorded time, the step."""

    @dataclass
    class Sought(Message):
        """The bar was clicked."""

        share: float

    _snapshot: Snapshot | None = None
    _bar = (0, 0)
    """The cells of the bar, from and to."""

    def show(self, snapshot: Snapshot) -> None:
        """Show where this picture stands."""
        self._snapshot = snapshot
        self.redraw()

    def draw(self, width: int, height: int) -> list[Any]:
        """`▶ 4× ━━━━━●────── 2 m 03 s of 12 m 10 s  step 12,345`; the bar takes what is left."""
        del height
        snapshot = self._snapshot
        if snapshot is None or snapshot.playback is None:
            return []
        left, right = self._played(snapshot), self._place(snapshot)
        room = width - width_of(left) - width_of(right)
        while room < SHORTEST_BAR and len(right) > 1:
            right = right[:-2]
            room = width - width_of(left) - width_of(right)
        if room < SHORTEST_BAR:
            self._bar = (0, 0)
            return [self.strip(cut([*left, *right], width, self.glyphs))]
        start = width_of(left)
        self._bar = (start, start + room)
        return [self.strip([*left, *self._drawn_bar(snapshot, room), *right])]

    def _played(self, snapshot: Snapshot) -> list[Span]:
        playback = snapshot.playback
        assert playback is not None
        state = self.glyphs.state("running" if playback.playing else "paused")
        role: Role = "good" if playback.playing else "warn"
        speed = f"{playback.speed:g}" if playback.speed < 1e6 else f"{playback.speed:.3g}"
        return [(f" {state} ", role), (f"{speed}{self.glyphs.times} ", "strong")]

    def _place(self, snapshot: Snapshot) -> list[Span]:
        playback = snapshot.playback
        assert playback is not None
        whole = duration(playback.duration)
        step = max((run.step for run in snapshot.runs), default=0)
        # What is least needed stands last, in pairs.
        return [
            (f" {duration(snapshot.seconds)}", "plain"),
            (f" of {whole} ", "muted"),
            (" step ", "label"),
            (f"{count(step)} ", "plain"),
            (" picture ", "label"),
            (f"{count(playback.frame + 1)} of {count(playback.frames)} ", "plain"),
        ]

    def _drawn_bar(self, snapshot: Snapshot, cells: int) -> list[Span]:
        playback = snapshot.playback
        assert playback is not None
        done, here, left = ("=", "o", "-") if self.glyphs.ascii else ("━", "●", "─")
        share = snapshot.seconds / playback.duration if playback.duration else 1.0
        at = min(cells - 1, max(0, round(share * (cells - 1))))
        return [(done * at, "accent"), (here, "accent"), (left * (cells - 1 - at), "muted")]

    def on_click(self, event: events.Click) -> None:
        """Go to where the bar was clicked."""
        start, end = self._bar
        if start <= event.x < end:
            self.post_message(self.Sought((event.x - start) / max(1, end - start - 1)))
