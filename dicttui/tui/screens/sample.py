"""One sample, its reconstruction, and the atoms used for it, several runs beside each other."""

import time

from textual.app import ComposeResult

from dicttui.training.closeup import SampleAsked, SampleShown
from dicttui.training.snapshot import RunSnapshot, Snapshot
from dicttui.tui.display import Display, is_training
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.numbers import count
from dicttui.tui.screens.closeup import CloseupScreen, bindings_of
from dicttui.tui.selection import Looks
from dicttui.tui.tiles import GAP, Tiles, column_width, tiles
from dicttui.tui.widgets.sample_panels import Panel, SampleContent, SamplePanels

A_RECORDING = """A recording keeps numbers and no samples.

One can be looked at while something trains: `dicttui resume` goes on with a recorded training, \
and `i` shows what it makes of its samples."""
LINES_ABOVE = 4
"""Of figures, above the pictures."""
EVERY = 1.0
"""Seconds: all of it changes with every step, and nobody reads figures faster."""


class SampleScreen(CloseupScreen):
    """What does each run make of this sample, and of which atoms?"""

    CSS_PATH = "closeup.tcss"
    kind = "sample"
    BINDINGS = [  # noqa: RUF012 - Textual's own way
        *bindings_of("sample"),
        ("left", "app.press('previous_sample')", "The sample before"),
        ("right", "app.press('next_sample')", "The next sample"),
        ("shift+left", "app.press('tenth_sample_back')", "Ten samples back"),
        ("shift+right", "app.press('tenth_sample')", "Ten samples on"),
        ("up", "scroll_table(-1)", "Up"),
        ("down", "scroll_table(1)", "Down"),
        ("pageup", "scroll_table(-10)", "Page up"),
        ("pagedown", "scroll_table(10)", "Page down"),
        ("home", "scroll_table(-1000000)", "First"),
    ]

    def __init__(self, glyphs: Glyphs, looks: Looks) -> None:
        super().__init__(glyphs, looks, "sample")
        self._panels = SamplePanels(glyphs=glyphs)
        self._first = 0
        """The first line of the tables of atoms."""
        self._longest = 0
        self._drawn: SampleContent | None = None
        self._drawn_at = float("-inf")

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self.heading
        yield self._panels
        self.words.display = False
        yield self.words
        yield self._receipt
        yield self._keys

    def show(self, snapshot: Snapshot, display: Display) -> None:
        """Show the sample as it is reconstructed now."""
        self.show_frame(snapshot, display)
        recording = snapshot.playback is not None
        self.show_words(A_RECORDING if recording else "")
        self._panels.display = not recording
        if recording:
            self.ask()
            self.heading.show("Sample")
            return
        if not self._panels.size:
            return  # when it has one it is shown again
        runs = self.shown_runs(snapshot, display)
        layout = self._arrange(snapshot, runs)
        index, shrink = display.closeup.sample, layout.shrink if layout else 1
        self.ask(samples=tuple(SampleAsked(run.name, index, shrink) for run in runs))
        found = {run.name: _newest(run, index) for run in runs}
        self._longest = max((len(one.atoms) for one in found.values() if one), default=0)
        self._first = max(0, min(self._first, self._longest - 1))
        panels = tuple(
            Panel(
                run.name,
                self.looks.of(run.name),
                tuple(self.heading_of(run, snapshot, display)),
                found[run.name],
            )
            for run in runs
        )
        content = SampleContent(panels, layout, self._first)
        passing = is_training(snapshot) and not display.frozen and self._is_the_same(content)
        self.draw_again_if(passing and self._is_early(), EVERY)
        if not (passing and self._is_early()):
            self._drawn_at, self._drawn = time.monotonic(), content
            self._panels.show(content)
        one = next((one for one in found.values() if one and one.count), None)
        title, note = _title(one)
        if shrink > 1:
            note += f"; each pixel is the mean of {shrink}×{shrink}"
        self.heading.show(title, f"{note}; display frozen" if display.frozen else note)

    def _arrange(self, snapshot: Snapshot, runs: tuple[RunSnapshot, ...]) -> Tiles | None:
        """How pictures are drawn: three of them stand beside each other."""
        if not snapshot.picture:
            return None
        width = column_width(self._panels.size.width, len(runs))
        norms = [run.norms.count for run in runs if run.norms]
        return tiles(
            snapshot.picture,
            max(norms, default=0),
            (width - 2 * GAP) // 3,
            max(2, self._panels.size.height - LINES_ABOVE),
            characters=self.glyphs.ascii or self.app.no_color,
        )

    def _is_early(self) -> bool:
        return time.monotonic() - self._drawn_at < EVERY

    def _is_the_same(self, content: SampleContent) -> bool:
        """Whether nothing is another but what the training changes."""
        drawn = self._drawn
        return drawn is not None and _what(drawn) == _what(content) and not self.owner.awaited

    def action_scroll_table(self, lines: int) -> None:
        """Move in the tables of atoms."""
        self._first = max(0, min(self._first + lines, self._longest - 1))
        self.owner.redraw()


def _what(content: SampleContent) -> tuple[object, ...]:
    """Which sample of which runs is shown, and how."""
    asked = tuple(panel.shown.asked if panel.shown else panel.run for panel in content.panels)
    return (asked, content.tiles, content.first)


def _newest(run: RunSnapshot, index: int) -> SampleShown | None:
    """What has come of a run: the sample asked for, or else another."""
    exact = [one for one in run.samples if one.asked.index == index]
    return next(iter((*exact[-1:], *run.samples[-1:])), None)


def _title(shown: SampleShown | None) -> tuple[str, str]:
    if shown is None:
        return "Sample", "asking for it"
    which = "held-out samples" if shown.held_out else "train samples (none are held out)"
    place = min(shown.asked.index, shown.count - 1) + 1
    return f"Sample {count(place)}", f"of {count(shown.count)} {which}"
