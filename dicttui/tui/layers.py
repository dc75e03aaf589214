"""The screens over each other: what opens which, and what lies below."""

from typing import TYPE_CHECKING

from dicttui.training.snapshot import SessionState, Snapshot
from dicttui.tui.screens.live import LiveScreen

if TYPE_CHECKING:
    from dicttui.tui.app import DicttuiApp


OVER: dict[SessionState, str] = {
    "failed": "The training has ended by an error",
    "closed": "There is nothing more to see of this training",
}
"""What a person is told where a session is of no use any more."""


class Layers:
    """The screens of one app."""

    def __init__(self, app: "DicttuiApp") -> None:
        self._app = app
        self._told_of_the_end = False
        self._lowest = 1
        """Screens that are always there: the loading screen, then the main screen over it."""

    @property
    def main(self) -> bool:
        """Whether the main screen is there."""
        return self._lowest == 2

    async def enter_main(self) -> None:
        """Build the main screen, and the help, to open at once."""
        from dicttui.tui.screens.main import MainScreen

        app = self._app
        self._lowest = 2
        names = [run.name for run in app.snapshot.runs]
        with app.batch_update():
            while len(app.screen_stack) > 1:
                await app.pop_screen()
            await app.push_screen(self._help())
            await app.pop_screen()
            await app.push_screen(MainScreen(app.glyphs, names, app.looks))

    def open(self, name: str) -> None:
        """Open a screen; close it if it is open; leave another for it."""
        app = self._app
        here = app.screen.kind if isinstance(app.screen, LiveScreen) else ""
        self.close()
        if here == name:
            return
        if name == "help":
            app.push_screen(self._help())
        elif name == "events":
            from dicttui.tui.screens.events import EventsScreen

            app.push_screen(EventsScreen(app.glyphs, app.receipts))
        elif name == "dead":
            from dicttui.tui.screens.dead import DeadScreen

            app.push_screen(DeadScreen(app.glyphs))
        elif name == "atoms":
            from dicttui.tui.screens.atoms import AtomsScreen

            app.push_screen(AtomsScreen(app.glyphs, app.looks))
        elif name == "sample":
            from dicttui.tui.screens.sample import SampleScreen

            app.push_screen(SampleScreen(app.glyphs, app.looks))
        elif not (run := app.showing.run(app.snapshot)):
            return
        elif name == "why":
            from dicttui.tui.screens.why import WhyScreen

            app.push_screen(WhyScreen(app.glyphs, app.looks, run.name))
        else:
            from dicttui.tui.screens.rows import RowsScreen

            app.push_screen(RowsScreen(app.glyphs, run.name, run.norms.count if run.norms else 0))

    def close(self) -> bool:
        """Leave the screen on top; whether there was one that can be left."""
        if len(self._app.screen_stack) <= self._lowest:
            return False
        self._app.pop_screen()
        return True

    def tell_of_the_end(self, snapshot: Snapshot) -> None:
        """Once, and only if it is so: what ended the training, over what was drawn last."""
        if snapshot.state not in OVER or self._told_of_the_end:
            return
        self._told_of_the_end = True
        from dicttui.tui.screens.error import ErrorDialog

        self._app.ask(
            ErrorDialog(OVER[snapshot.state], snapshot.detail),
            lambda leave: self._app.leave() if leave else None,
        )

    def _help(self) -> str:
        """The help's name; it is kept once it has been built."""
        if not self._app.is_screen_installed("help"):
            from dicttui.tui.screens.help import HelpScreen

            self._app.install_screen(HelpScreen(self._app.glyphs), "help")
        return "help"
