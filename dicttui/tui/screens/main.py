"""The main screen: a card per run, the chart, the machine, the last receipt, the keys."""

from collections.abc import Iterable

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widget import Widget

from dicttui.training.interventions import Receipt
from dicttui.training.snapshot import Snapshot
from dicttui.tui import cadence
from dicttui.tui.cadence import Cadence, When
from dicttui.tui.charting import chart_content, scatter_content
from dicttui.tui.display import Display, is_training
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.keys import KEYS, Key
from dicttui.tui.layout import Plan, norm_lines, plan
from dicttui.tui.playing import SCRUBBED
from dicttui.tui.screens.live import LiveScreen
from dicttui.tui.selection import Looks
from dicttui.tui.widgets.ground import Ground
from dicttui.tui.widgets.key_bar import KeyBar
from dicttui.tui.widgets.loss_chart import LossChart
from dicttui.tui.widgets.playback_line import PlaybackLine
from dicttui.tui.widgets.receipt_line import ReceiptLine
from dicttui.tui.widgets.run_card import RunCard, norm_scale
from dicttui.tui.widgets.scatter_chart import ScatterChart
from dicttui.tui.widgets.system_line import SystemLine, trouble
from dicttui.tui.widgets.title_line import TitleLine


class Cards(Ground, VerticalScroll, can_focus=False):
    """The cards, in rows; scrolls where they have no room."""


class MainScreen(LiveScreen):
    """Everything of an experiment at a glance."""

    CSS_PATH = "main.tcss"
    kind = "main"
    AUTO_FOCUS = ""
    BINDINGS = [  # noqa: RUF012 - Textual's own way
        (name, f"app.press('{key.name}', '{name}')", key.help)
        for key in KEYS
        if key.where in ("main", "replay") and key.name
        for name in (key.keys if key.where == "main" else SCRUBBED)
    ]

    def __init__(self, glyphs: Glyphs, names: Iterable[str], looks: Looks) -> None:
        super().__init__(glyphs)
        self._looks = looks
        self._cards = {name: RunCard(name, looks.of(name), glyphs=glyphs) for name in names}
        self._holder = Cards(id="cards")
        self._title = TitleLine(glyphs=glyphs)
        self._chart = LossChart(glyphs=glyphs)
        self._scatter = ScatterChart(glyphs=glyphs)
        self._system = SystemLine(glyphs=glyphs)
        self._playback = PlaybackLine(glyphs=glyphs)
        self._receipt = ReceiptLine(glyphs=glyphs)
        self._keys = KeyBar(glyphs=glyphs)
        self._plan: Plan | None = None
        self._curves = Cadence()
        self._late: Timer | None = None
        self._carded: Snapshot | None = None
        """Whose numbers stand on the cards."""

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._title
        with self._holder:
            yield from self._cards.values()
        yield self._chart
        yield self._scatter
        yield self._system
        yield self._playback
        yield self._receipt
        yield self._keys

    def on_resize(self, event: events.Resize) -> None:
        """Share out the new size, and draw what had no room before: a training that stands still
        brings no new picture.
        """
        del event
        self.show(self.owner.snapshot, self.owner.showing)

    def show(self, snapshot: Snapshot, display: Display) -> None:
        """Draw what has changed."""
        self._follow([run.name for run in snapshot.runs])
        self._arrange(snapshot, display)
        self._title.show(snapshot, display)
        when = self._curves.when(
            display.chart,
            passing=is_training(snapshot) and not display.frozen,
            awaited=self.owner.awaited,
        )
        if when is not When.CHART_NOW or snapshot is not self._carded:
            self._show_cards(snapshot, display, whole=when is When.NOW)
        drawn = display.refresh
        if is_training(snapshot):
            drawn = self.owner.thrift.rate(display.refresh)
        if snapshot.playback is None:
            self._system.show(snapshot, display.refresh, drawn)
        else:
            self._playback.show(snapshot)
        self._keys.show(snapshot, display)
        if when in (When.NOW, When.CHART_NOW):
            self._show_chart(snapshot, display)
        if when in (When.CHART_NOW, When.AFTER):
            self.call_after_refresh(self._catch_up)
        if when is When.LATER:
            self._look_again()

    def _show_cards(self, snapshot: Snapshot, display: Display, *, whole: bool) -> None:
        self._carded = snapshot
        scale, log, chosen = norm_scale(snapshot.runs), display.chart.log_y, display.place(snapshot)
        for place, (card, run) in enumerate(zip(self._cards.values(), snapshot.runs, strict=True)):
            if card.display:
                card.show(
                    run, place, selected=place == chosen, log=log, scale=scale, whole=whole,
                    alone=display.enlarged,
                )  # fmt: skip

    def _show_chart(self, snapshot: Snapshot, display: Display) -> None:
        if self._scatter.display:
            self._scatter.show(scatter_content(snapshot, display.chart, self._looks.of))
        if self._chart.display:
            self._chart.show(chart_content(snapshot, display.chart, self._looks.of))

    def _catch_up(self) -> None:
        """Draw the curves of what was drawn without them."""
        snapshot, display = self.owner.snapshot, self.owner.showing
        if list(self._cards) == [run.name for run in snapshot.runs]:
            self._show_cards(snapshot, display, whole=True)
            self._show_chart(snapshot, display)

    def _look_again(self) -> None:
        """Later, in case that no other picture comes."""
        if self._late is None:
            self._late = self.set_timer(cadence.LATE, self._catch_up_late)

    def _catch_up_late(self) -> None:
        self._late = None
        if not self._curves.lags:
            return
        if self._curves.quiet:
            self._catch_up()
        else:
            self._look_again()

    def show_receipt(self, receipt: Receipt) -> None:
        """On the receipt line."""
        self._receipt.show(receipt)

    def say(self, words: str) -> None:
        """On the receipt line."""
        self._receipt.say(words)

    def on_run_card_selected(self, message: RunCard.Selected) -> None:
        """A card was clicked."""
        message.stop()
        self.owner.select(message.run_name)
        if message.again:
            self.owner.controls.enlarge()

    def answers(self, key: Key) -> bool:
        """Whether a key works here; those of a recording only on one."""
        return super().answers(key) or (
            key.where == "replay" and self.owner.snapshot.playback is not None
        )

    def on_playback_line_sought(self, message: PlaybackLine.Sought) -> None:
        """The bar was clicked."""
        message.stop()
        if self.owner.player is not None:
            self.owner.player.seek(message.share)
            self.owner.look_now()

    def _follow(self, names: list[str]) -> None:
        """A card for each of these runs, in their order, and no other."""
        if list(self._cards) == names:
            return
        with self.app.batch_update():
            for name in self._cards.keys() - names:
                self._cards.pop(name).remove()
            came = {
                name: RunCard(name, self._looks.of(name), glyphs=self.glyphs)
                for name in names
                if name not in self._cards
            }
            self._holder.mount(*came.values())
            self._cards = {name: (self._cards | came)[name] for name in names}
            places: dict[Widget, int] = dict(
                zip(self._cards.values(), range(len(names)), strict=True)
            )
            self._holder.sort_children(key=lambda card: places.get(card, len(places)))
        self._plan = None

    def _arrange(self, snapshot: Snapshot, display: Display) -> None:
        width, height = self.size
        chosen = display.place(snapshot)
        of_norms = [
            norm_lines(run.norms.count, run.atom_norms is not None, width // 2)
            for run in snapshot.runs
            if run.norms
        ]
        warning = trouble(snapshot)
        shared = plan(
            width, height, len(self._cards), display.enlarged, max(of_norms, default=0),
            urgent=bool(warning) or snapshot.playback is not None,
        )  # fmt: skip
        self._receipt.warn("" if shared.system else warning)
        for place, card in enumerate(self._cards.values()):
            shown = not shared.single or place == chosen
            if card.display != shown:
                card.display = shown
                self._curves.forget()
        self._scatter.display = shared.chart > 0 and display.chart.scatter
        self._chart.display = shared.chart > 0 and not display.chart.scatter
        if shared == self._plan:
            self._show_selected(chosen)
            return
        self._plan = shared
        self._curves.forget()
        for widget, lines in (
            (self._title, shared.title),
            (self._system, shared.system if snapshot.playback is None else 0),
            (self._playback, shared.system if snapshot.playback is not None else 0),
            (self._receipt, shared.receipt),
            (self._keys, shared.keys),
        ):
            widget.display = lines > 0
        self._holder.styles.height = shared.cards
        self._holder.styles.grid_size_columns = shared.columns
        self._holder.styles.grid_rows = str(shared.card_height)
        for card in self._cards.values():
            card.styles.height = shared.card_height
            card.set_class(shared.bordered, "-bordered")
            card.set_class(shared.columns > 1, "-beside-others")
        self._show_selected(chosen)

    def _show_selected(self, chosen: int) -> None:
        if self._holder.max_scroll_y and chosen < len(self._cards):
            list(self._cards.values())[chosen].scroll_visible(animate=False)

    def on_screen_suspend(self) -> None:
        """Nobody sees the curves now; and whatever wakes a screen behind another one has Textual
        paint the whole of the one in front again.
        """
        if self._late is not None:
            self._late.stop()
            self._late = None
