"""The base of screens that follow the training."""

from typing import TYPE_CHECKING, Any, cast

from textual.events import ScreenResume
from textual.screen import Screen

from dicttui.training.interventions import Receipt
from dicttui.training.snapshot import Snapshot, View
from dicttui.tui.display import Display
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.keys import Key, works_on
from dicttui.tui.widgets.ground import Ground
from dicttui.tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from dicttui.tui.app import DicttuiApp


def wanted(screen: Screen[Any], display: Display) -> View:
    """What a screen wants to see of the training, beside what all of them show."""
    return View(
        refresh=display.refresh,
        series=display.chart.series,
        rows_of=getattr(screen, "rows_of", ()),
        pages=getattr(screen, "pages", ()),
        firing=getattr(screen, "wants_firing", False),
        atoms=getattr(screen, "atoms_asked", ()),
        samples=getattr(screen, "samples_asked", ()),
        why=getattr(screen, "why", ()),
    )


class LiveScreen(Ground, Screen[None]):
    """A screen that is given every new snapshot while it is on top."""

    kind = ""
    """What the key table calls it."""

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self._styled_in = ""
        """Which theme its widgets had when it was last on top."""

    @property
    def owner(self) -> "DicttuiApp":
        """The app, by its own type."""
        return cast("DicttuiApp", self.app)

    def answers(self, key: Key) -> bool:
        """Whether a key works here."""
        return works_on(key, self.kind)

    def show(self, snapshot: Snapshot, display: Display) -> None:
        """Draw this snapshot."""

    def show_receipt(self, receipt: Receipt) -> None:
        """Say what became of an intervention."""

    def say(self, words: str) -> None:
        """Show a word of the app's own."""

    def back(self) -> bool:
        """Leave a layer within the screen; whether there was one."""
        return False

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Catch up with what was not drawn while another screen was on top."""
        # To style every widget anew takes longer than all else, and only a theme changes anything.
        event.refresh_styles = self._styled_in != self.app.theme
        self._styled_in = self.app.theme
        self.call_after_refresh(self.owner.settle)

    def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """Do what the clicked key of the footer does."""
        message.stop()
        self.owner.controls.press(message.name)
