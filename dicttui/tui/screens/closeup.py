"""The base of screens that show something of several runs closely, beside each other."""

from typing import Any

from textual import events
from textual.timer import Timer

from dicttui.training.closeup import AtomsAsked, SampleAsked
from dicttui.training.interventions import Receipt
from dicttui.training.snapshot import RunSnapshot, Snapshot
from dicttui.tui.display import Display
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.keys import KEYS, Where
from dicttui.tui.numbers import count
from dicttui.tui.screens.live import LiveScreen
from dicttui.tui.selection import Looks
from dicttui.tui.widgets.key_bar import KeyBar
from dicttui.tui.widgets.receipt_line import ReceiptLine
from dicttui.tui.widgets.roles import RoleLines, Span, folded
from dicttui.tui.widgets.screen_title import ScreenTitle
from dicttui.tui.widgets.system_line import trouble

SOON = 0.02
"""Seconds between two looks for what has just been asked for."""
LOOKS = 100
"""So often it is looked for at that rate."""
LEAST_WITH_RECEIPTS, LEAST_WITH_KEYS = 10, 7
"""Lines of a screen from which on it has room for these."""


def bindings_of(where: Where) -> list[tuple[str, str, str]]:
    """The keys of the table that work on one screen only, or on it too."""
    return [
        (name, f"app.press('{key.name}', '{name}')", key.help)
        for key in KEYS
        if key.name and (key.where == where or where in key.also)
        for name in key.keys
    ]


class InsteadWords(RoleLines):
    """Why there is nothing to see, and what to do."""

    DEFAULT_CSS = """
    InsteadWords { height: 1fr; padding: 1 2; }
    """
    _words = ""

    def show(self, words: str) -> None:
        """Show words; a line break begins another line."""
        self._words = words
        self.redraw()

    def draw(self, width: int, height: int) -> list[Any]:
        """Folded to the width."""
        lines = [self.glyphs.plain(line) for line in folded(self._words, width)]
        return [self.strip([(line, "plain")]) for line in lines[:height]]


class CloseupScreen(LiveScreen):
    """A title, something of the runs that fit, a line for receipts, the keys."""

    narrowest = 36
    """Cells that a run takes at least, where there are several."""

    def __init__(self, glyphs: Glyphs, looks: Looks, here: Where) -> None:
        super().__init__(glyphs)
        self.looks = looks
        self.atoms_asked: tuple[AtomsAsked, ...] = ()
        self.samples_asked: tuple[SampleAsked, ...] = ()
        self.heading = ScreenTitle(glyphs=glyphs)
        self.words = InsteadWords(glyphs=glyphs)
        self._receipt = ReceiptLine(glyphs=glyphs)
        self._keys = KeyBar(glyphs=glyphs, on_main=False, here=here)
        self._looks_left = 0
        self._late: Timer | None = None

    # -- what is shown -------------------------------------------------------------------------

    def shown_runs(self, snapshot: Snapshot, display: Display) -> tuple[RunSnapshot, ...]:
        """The runs that fit beside each other, the selected one among them."""
        runs = snapshot.runs
        fit = max(1, min(len(runs), (self.size.width + 2) // (self.narrowest + 2)))
        first = min(display.place(snapshot) // fit * fit, max(0, len(runs) - fit))
        return runs[first : first + fit]

    def heading_of(self, run: RunSnapshot, snapshot: Snapshot, display: Display) -> list[Span]:
        """Who a column is of, and how far that run is."""
        chosen = display.run(snapshot) is run and len(snapshot.runs) > 1
        number = snapshot.runs.index(run) + 1
        mark = f"[{number}] " if chosen else f" {number}  " if len(snapshot.runs) > 1 else ""
        marker = self.glyphs.run_marker(self.looks.of(run.name))
        state = "" if run.state == "running" else f" {run.state}"
        return [
            (mark, "strong" if chosen else "muted"),
            (f"{marker} {run.name}", "run"),
            (f"  step {count(run.step)}{state}", "muted"),
        ]

    def show_frame(self, snapshot: Snapshot, display: Display) -> None:
        """What is about the middle."""
        self._keys.show(snapshot, display)
        self._receipt.warn(trouble(snapshot))

    def show_words(self, words: str) -> None:
        """Say this in place of everything else; empty: show that."""
        self.words.display = bool(words)
        self.words.show(words)

    def draw_again_if(self, lags: bool, seconds: float) -> None:
        """What has not been drawn yet is drawn after a while, also if no other snapshot comes."""
        if self._late is not None:
            self._late.stop()
        self._late = self.set_timer(seconds, self._draw_again) if lags else None

    def _draw_again(self) -> None:
        self._late = None
        if self.is_current:
            self.owner.redraw()

    # -- what is asked for ---------------------------------------------------------------------

    def ask(
        self, *, atoms: tuple[AtomsAsked, ...] = (), samples: tuple[SampleAsked, ...] = ()
    ) -> None:
        """Ask for this from now on, and look for it until it is there."""
        if (atoms, samples) == (self.atoms_asked, self.samples_asked):
            return
        self.atoms_asked, self.samples_asked = atoms, samples
        if self.is_current:
            self.owner.ask_for_view()
            waits = self._looks_left > 0
            self._looks_left = LOOKS
            if not waits:
                self.set_timer(SOON, self._look)

    def _look(self) -> None:
        self._looks_left -= 1
        if not self.is_current or self._is_there() or self._looks_left <= 0:
            self._looks_left = 0
            return
        self.owner.look_now()
        self.set_timer(SOON, self._look)

    def _is_there(self) -> bool:
        runs = self.owner.snapshot.runs
        atoms = {one.asked for run in runs for one in run.atoms}
        samples = {one.asked for run in runs for one in run.samples}
        return atoms >= {*self.atoms_asked} and samples >= {*self.samples_asked}

    # -- events --------------------------------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """More or less fits; the lines at the bottom give way first."""
        self._receipt.display = event.size.height >= LEAST_WITH_RECEIPTS
        self._keys.display = event.size.height >= LEAST_WITH_KEYS
        self.call_after_refresh(self.owner.redraw)

    def show_receipt(self, receipt: Receipt) -> None:
        """On the receipt line."""
        self._receipt.show(receipt)

    def say(self, words: str) -> None:
        """On the receipt line."""
        self._receipt.say(words)
