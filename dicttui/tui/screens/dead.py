"""Which atoms fire how often, and which have stopped to: all runs beside each other."""

from typing import Any

from textual import events
from textual.app import ComposeResult

from dicttui.training.interventions import Receipt
from dicttui.training.snapshot import Snapshot
from dicttui.tui.display import Display
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.keys import Key
from dicttui.tui.numbers import count
from dicttui.tui.screens.live import LiveScreen
from dicttui.tui.widgets.firing_columns import FiringColumns, Since
from dicttui.tui.widgets.key_bar import KeyBar
from dicttui.tui.widgets.receipt_line import ReceiptLine
from dicttui.tui.widgets.roles import RoleLines
from dicttui.tui.widgets.screen_title import ScreenTitle
from dicttui.tui.widgets.system_line import trouble

MEANING = (
    "Atoms by the share of samples on which they fire; bars: log of their number;",
    "dots: too rare to be seen. died, woke: in all, and since this screen opened.",
)
SELECTING = ("select", "next_run", "previous_run")
LOWEST_WITH_MEANING = 20


class Meaning(RoleLines):
    """What the figures are, in so many lines as have room."""

    def draw(self, width: int, height: int) -> list[Any]:
        """A line each, cut at the right."""
        del width
        return [self.strip([(f" {line}", "muted")]) for line in MEANING[:height]]


class DeadScreen(LiveScreen):
    """The dead atoms of every run."""

    CSS_PATH = "dead.tcss"
    kind = "dead"
    AUTO_FOCUS = ""
    wants_firing = True
    BINDINGS = [  # noqa: RUF012 - Textual's own way
        ("tab", "app.press('next_run')", "Select the next run"),
        ("shift+tab", "app.press('previous_run')", "Select the previous run"),
        *((str(n), f"app.press('select', '{n}')", "Select a run") for n in range(1, 10)),
    ]

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(glyphs)
        self._heading = ScreenTitle(glyphs=glyphs)
        self._columns = FiringColumns(glyphs=glyphs)
        self._meaning = Meaning(glyphs=glyphs)
        self._receipt = ReceiptLine(glyphs=glyphs)
        self._keys = KeyBar(glyphs=glyphs, on_main=False)
        self._since: dict[str, Since] = {}

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._heading
        yield self._columns
        yield self._meaning
        yield self._receipt
        yield self._keys

    def answers(self, key: Key) -> bool:
        """Runs are selected here, too."""
        return super().answers(key) or key.name in SELECTING

    def show(self, snapshot: Snapshot, display: Display) -> None:
        """Show the newest counts."""
        for run in snapshot.runs:
            firing, since = run.firing, self._since.get(run.name)
            # What was taken back since then took its counts with it.
            if firing is not None and (
                since is None or firing.died < since.died or firing.woke < since.woke
            ):
                self._since[run.name] = Since(firing.died, firing.woke)
        windows = sorted({run.firing.window for run in snapshot.runs if run.firing is not None})
        steps = " or ".join(count(window) for window in windows)
        recorded = snapshot.playback is not None
        told = f"dead: fires on no sample of the last {steps} steps" if windows else "n/a"
        if not windows and recorded:
            told = "this recording does not have them"
        self._heading.show("Dead atoms", told)
        looks = [self.owner.looks.of(run.name) for run in snapshot.runs]
        self._columns.show(snapshot.runs, looks, display.place(snapshot), self._since)
        self._keys.show(snapshot, display)
        self._receipt.warn(trouble(snapshot))

    def on_resize(self, event: events.Resize) -> None:
        """The lines at the bottom give way first."""
        height = event.size.height
        self._meaning.display = height >= LOWEST_WITH_MEANING
        self._receipt.display = height >= 8
        self._keys.display = height >= 5
        self.owner.redraw()

    def show_receipt(self, receipt: Receipt) -> None:
        """On the receipt line."""
        self._receipt.show(receipt)

    def say(self, words: str) -> None:
        """On the receipt line."""
        self._receipt.say(words)
