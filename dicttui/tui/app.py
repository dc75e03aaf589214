"""The app: it looks at a session, draws what it sees, and submits what a person asks for."""

import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.events import Event, InputEvent
from textual.screen import ModalScreen, Screen

from dicttui.training import courtesy
from dicttui.training.interventions import Intervention
from dicttui.training.seam import SessionProtocol
from dicttui.training.snapshot import Snapshot, View
from dicttui.tui.answers import Answers
from dicttui.tui.controls import Controls
from dicttui.tui.display import Display, is_training, quieted
from dicttui.tui.endings import Endings
from dicttui.tui.glyphs import ASCII, UNICODE
from dicttui.tui.keys import BY_NAME, KEYS
from dicttui.tui.layers import Layers
from dicttui.tui.leaving import AT_ONCE, PATIENCE
from dicttui.tui.palette import theme_variables
from dicttui.tui.playing import Player
from dicttui.tui.receipts import ReceiptLog
from dicttui.tui.screens.live import LiveScreen, wanted
from dicttui.tui.screens.loading import LoadingScreen
from dicttui.tui.selection import Looks, Selection
from dicttui.tui.themes import DARK, FALLBACKS, OURS, following
from dicttui.tui.thrift import Thrift

if TYPE_CHECKING:
    from dicttui.preset.model import Preset

Result = TypeVar("Result")
log = logging.getLogger(__name__)

INTERRUPTED = 130


class DicttuiApp(App[int]):
    """The training of one session, in the terminal."""

    TITLE = "dicttui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "press('quit')", priority=True, show=False),
        Binding("ctrl+c", "press('interrupt')", priority=True, show=False),
        *(
            Binding(name, f"press('{key.name}', '{name}')", key.help, show=False)
            for key in KEYS
            if key.name and key.where == "everywhere" and key.name not in ("interrupt", "palette")
            for name in key.keys
        ),
    ]

    def __init__(
        self,
        session: SessionProtocol,
        *,
        refresh: float = 4.0,
        theme: str | None = None,
        ascii: bool = False,  # noqa: A002 - the option's name
        readonly: bool = False,
        bell: bool = True,
        on_quit: Callable[[], None] | None = None,
        on_painted: Callable[[], None] | None = None,
        on_ready: Callable[[], None] | None = None,
        display: Display | None = None,
        drawing_share: float | None = None,
        worded: Callable[[Snapshot], Snapshot] | None = None,
        owns_training: bool = True,
        offers_background: bool = False,
        state_directory: Path | None = None,
        news: Callable[[], str] | None = None,
        player: Player | None = None,
        holder: Callable[[], str] | None = None,
        preset: "Preset | None" = None,
    ) -> None:
        """Make an app that looks at a session which others start and close.

        Args:
            session: what is looked at.
            refresh: how often the screen is drawn, in Hz.
            theme: a theme's name; None is our dark one.
            ascii: whether to write 7-bit characters only.
            readonly: whether keys that change the training are refused.
            bell: whether a run that finishes or diverges rings.
            on_quit: called once, when the app is about to leave.
            on_painted: called once, when the first screen has been painted.
            on_ready: called once, when the training has first been drawn.
            display: how the chart stands at the start.
            drawing_share: of a core that drawing may take while something trains; None: all.
            worded: what is done to every snapshot before it is looked at.
            owns_training: whether the training ends with the app.
            offers_background: whether a training that is recorded may go on without the app.
            state_directory: where to save what the current directory does not take.
            news: what a person is to be told once the training is there, or nothing; called in a
                thread of its own.
            player: what plays the session, if it is a recording.
            holder: who else holds the controls now; empty: nobody.
            preset: what is trained; None: that is known from its recording alone.

        """
        super().__init__()
        self.session = session
        self.glyphs = ASCII if ascii else UNICODE
        self.showing = replace(
            display or Display(), refresh=refresh, readonly=readonly, ascii=ascii
        )
        self.snapshot = session.latest()
        self.patience = PATIENCE
        """Seconds that the step being made has to end once the app has been left."""
        self.owns_training = owns_training
        self.offers_background = offers_background
        self.goes_on = False
        """Whether the training is to go on in the background."""
        self.state_directory = state_directory
        self.player = player
        self.preset = preset
        self.looks = Looks()
        self.layers = Layers(self)
        self.controls = Controls(self)
        self._selection = Selection()
        self._news = news
        self._holder = holder
        self.receipts = ReceiptLog()
        self.thrift = Thrift(drawing_share)
        self._bell = bell
        self._on_quit = on_quit
        self.on_painted = on_painted
        self._on_ready = on_ready
        self._worded = worded
        self.awaited = False
        """Whether a person waits for what is being drawn."""
        self._answers = Answers(self)
        self._endings = Endings()
        self._interrupted = False
        self._view: View | None = None
        for ours in OURS:
            self.register_theme(ours)
        # Set later, it would have every stylesheet read twice before the first picture.
        self.set_reactive(App.theme, theme if theme in self.available_themes else DARK.name)
        self.stylesheet.set_variables(self.get_css_variables())

    # Start and end

    def get_default_screen(self) -> Screen[Any]:
        """The first screen."""
        return LoadingScreen(self.glyphs)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Variables of our stylesheets that Textual's themes lack."""
        return {**FALLBACKS, **theme_variables(dark=self.current_theme.dark)}

    def on_mount(self) -> None:
        """Begin to look."""
        self.set_class(self.showing.ascii, "-ascii")
        self._answers.begin()
        self.set_interval(1 / self.showing.refresh, self._look_now_and_then)
        self.ask_for_view()
        self._look()

    def learn(
        self,
        display: Display,
        *,
        worded: Callable[[Snapshot], Snapshot] | None,
        offers_background: bool,
        news: Callable[[], str] | None,
        preset: "Preset",
    ) -> None:
        """Take in what is only known with the training: see the arguments of the same names."""
        self.showing = replace(self.showing, chart=display.chart)
        self._worded = worded
        self.offers_background = offers_background
        self._news = news
        self.preset = preset
        if self.screen_stack:
            self.ask_for_view()

    def leave(self, status: int = 0, patience: float = PATIENCE) -> None:
        """End the app with an exit status."""
        self.patience = patience
        if self._on_quit is not None:
            self._on_quit()
            self._on_quit = None
        self.exit(status)

    def _fatal_error(self) -> None:
        """Textual would print a traceback: that belongs into the log."""
        log.error("the app failed", exc_info=True)
        self.panic("dicttui: the screen failed by an error of its own; the log file has it.")

    # Looking at the session

    def latest(self) -> Snapshot:
        """What is true now, drawn or not."""
        latest = self.session.latest()
        return latest if self._worded is None else self._worded(latest)

    async def _look_now_and_then(self) -> None:
        if not self.screen_stack:
            return  # the timer may come once more when the last screen has gone
        self._look()
        asking = isinstance(self.screen, ModalScreen)
        if self.snapshot.state == "ready" and not self.layers.main and not asking:
            await self._enter_main()
        elif self.layers.main:
            self.layers.tell_of_the_end(self.snapshot)

    def _look(self, *, at_once: bool = False) -> None:
        """Take the newest snapshot and draw it, unless nobody would see it, or it would take too
        much from the training and nobody waits for it.
        """
        newest = self.latest()
        if self._endings.heard(newest) and self._bell:
            self.bell()
        self.hear()
        if self._holder is not None and (holder := self._holder()) != self.showing.holder:
            self.show_display(replace(self.showing, holder=holder))
        if newest.sequence == self.snapshot.sequence or self.showing.frozen:
            return
        # A training that is slowed down to be watched has time to spare.
        flat_out = is_training(newest) and newest.pace is None
        if flat_out and not at_once and not self.thrift.affords():
            return
        self.thrift.draws()
        self._take(newest)
        self.awaited = at_once
        self.redraw()
        self.awaited = False

    def _take(self, newest: Snapshot) -> None:
        """Draw what this snapshot says from now on."""
        self.looks.follow(run.name for run in newest.runs)
        self.showing = self._selection.after(self.snapshot, newest, self.showing)
        self.snapshot = quieted(self.snapshot, newest)

    async def _enter_main(self) -> None:
        """There is something to see."""
        self.looks.follow(run.name for run in self.snapshot.runs)
        await self.layers.enter_main()
        if (heard := self.receipts.newest()) is not None:
            self._live_screen().show_receipt(heard)
        if self._news is not None:
            self.run_worker(partial(self._tell_news, self._news), thread=True, exit_on_error=False)
        if self._on_ready is not None:
            self.call_after_refresh(self._on_ready)

    def _tell_news(self, news: Callable[[], str]) -> None:
        """In a thread of its own: to find out takes reading files."""
        told = news()
        if told:
            with contextlib.suppress(RuntimeError):  # the app has been left meanwhile
                self.call_from_thread(self.say, told)

    def redraw(self) -> None:
        """Let the screen on top draw what it shows.

        A screen is on top before its widgets are there; when they are, it asks by itself.
        """
        if isinstance(self.screen, LiveScreen) and self.screen.is_mounted:
            self.screen.show(self.snapshot, self.showing)

    def settle(self) -> None:
        """Another screen is on top: it may want to see something else."""
        self.ask_for_view()
        self.redraw()
        painted, self.on_painted = self.on_painted, None
        if painted is not None:
            self.call_after_refresh(painted)

    def select(self, name: str) -> None:
        """Select a run."""
        self.show_display(replace(self.showing, selected=name))

    def show_display(self, display: Display) -> None:
        """Show the same training in another way."""
        self.showing = display
        self.ask_for_view()
        self.redraw()

    def ask_for_view(self) -> None:
        """Tell the session what the screen on top wants to see, if that has changed."""
        view = wanted(self.screen, self.showing)
        if view != self._view:
            self._view = view
            self.session.view(view)

    # Receipts

    def submit(self, intervention: Intervention) -> None:
        """Ask for a change, and look for the answer until it is there."""
        number = self.session.submit(intervention)
        self._selection.asked(number, intervention)
        courtesy.let_through()
        self._answers.to(number)

    def look_now(self) -> None:
        """Draw what a key has changed at once."""
        self._look(at_once=True)

    def hear(self) -> None:
        """Take in the newest receipts, and show the last of them."""
        if self.player is not None and self.receipts.heard > len(self.session.receipts(0)):
            self.receipts.clear()  # a recording that was set back
            self.say("")
        heard = self.session.receipts(self.receipts.heard)
        for receipt in heard:
            if receipt.status == "failed":
                self._selection.failed(receipt.id)
        if self.receipts.take(heard):
            self._live_screen().show_receipt(heard[-1])

    def say(self, words: str) -> None:
        """Tell a person something that is no receipt."""
        self._live_screen().say(words)

    def _live_screen(self) -> LiveScreen:
        return next(
            screen for screen in reversed(self.screen_stack) if isinstance(screen, LiveScreen)
        )

    # Keys

    async def on_event(self, event: Event) -> None:
        """While a key or the mouse is being answered the trainer stands aside."""
        if isinstance(event, InputEvent):
            self.go_first()
        await super().on_event(event)

    def go_first(self) -> None:
        """Hold the trainer back until what is being done now has been drawn."""
        courtesy.ask()
        self.call_after_refresh(self._let_go_on)

    def _let_go_on(self) -> None:
        if not self._answers.awaited:
            courtesy.done()

    def action_press(self, name: str, key: str = "") -> None:
        """A key of the table was pressed."""
        self.controls.press(name, key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key does nothing on a screen where the table does not have it."""
        if action == "press" and parameters and isinstance(self.screen, LiveScreen):
            return self.screen.answers(BY_NAME[str(parameters[0])])
        return True

    def interrupt(self) -> None:
        """Ctrl-C: ask as `q` does, and leave at once the second time."""
        if self._interrupted:
            self.leave(INTERRUPTED, AT_ONCE)
        else:
            self._interrupted = True
            self.controls.quit(INTERRUPTED)

    def stay(self) -> None:
        """The quit dialog was left: the next Ctrl-C asks again."""
        self._interrupted = False

    def ask(self, dialog: ModalScreen[Result], then: Callable[[Result], Any]) -> None:
        """Open a dialog; `then` is called with its answer, unless it was left."""
        self.push_screen(dialog, lambda answer: None if answer is None else then(answer))

    def back(self) -> None:
        """One layer out."""
        if isinstance(self.screen, LiveScreen) and self.screen.back():
            return
        if self.layers.close():
            return
        if self.showing.enlarged:
            self.show_display(replace(self.showing, enlarged=False))

    def next_theme(self) -> None:
        """The next theme of the cycle."""
        self.theme = following(self.theme, list(self.available_themes))
        self.say(f"theme {self.theme}")
        self.redraw()

    def action_command_palette(self) -> None:
        """Textual's own, in seven bits; not over a dialog."""
        from dicttui.tui.screens.command_palette import CommandPalette

        if not isinstance(self.screen, ModalScreen):
            self.push_screen(CommandPalette(placeholder="Search for commands"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The key table in the command palette."""
        from dicttui.tui.commands import commands

        return commands(self, screen)
