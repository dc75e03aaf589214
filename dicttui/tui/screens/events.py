"""Everything that was asked for, and what became of it."""

from collections.abc import Sequence

from textual.app import ComposeResult

from dicttui.training.interventions import Receipt
from dicttui.training.snapshot import Snapshot
from dicttui.tui.display import Display
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.numbers import duration
from dicttui.tui.receipts import ReceiptLog, change_in_words, reasons
from dicttui.tui.screens.live import LiveScreen
from dicttui.tui.widgets.receipt_line import sign_of
from dicttui.tui.widgets.roles import Role, Span, Spans, cut
from dicttui.tui.widgets.screen_title import ScreenTitle
from dicttui.tui.widgets.scrolled_lines import ScrolledLines

COLUMNS = (("time", 11), ("asked for", 22), ("run", 16), ("step", 10))
"""And what became of it, in what is left."""

NOTHING_YET: Spans = (
    ("Nothing has been asked for yet: ", "muted"),
    ("space", "key"),
    (" pauses, ", "muted"),
    ("+", "key"),
    (" doubles a learning rate.", "muted"),
)


class EventLines(ScrolledLines):
    """The newest first; one line a run that was changed."""

    DEFAULT_CSS = """
    EventLines { padding: 1 1 0 1; }
    """

    def __init__(self, log: ReceiptLog, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs)
        self._receipts = log

    def content(self, width: int) -> Sequence[Spans]:
        """A heading and the events."""
        if not len(self._receipts):
            return [NOTHING_YET]
        narrow = width < 70
        columns = [] if narrow else [(name.ljust(cells), "label") for name, cells in COLUMNS]
        heading: list[Span] = [("  ", "plain"), *columns, ("what became of it", "label")]  # type: ignore[list-item]
        lines: list[Spans] = [heading]
        for receipt in self._receipts:
            lines += self._lines(receipt, narrow=narrow)
        return [cut(line, width, self.glyphs) for line in lines]

    def _lines(self, receipt: Receipt, *, narrow: bool) -> list[Spans]:
        sign, role = sign_of(receipt, self.glyphs)
        if receipt.status == "requested":
            return [self._line(receipt, (sign, role), receipt.target, "", "requested…", narrow)]
        if not receipt.changes:
            words = reasons(receipt) if receipt.status == "failed" else "applied"
            return [self._line(receipt, (sign, role), receipt.target, "", words, narrow)]
        lines = []
        for change in receipt.changes:
            words = f"failed: {change.failed}" if change.failed else change_in_words(change)
            step = f"{change.step:,}"
            lines.append(self._line(receipt, (sign, role), change.run, step, words, narrow))
        return lines

    def _line(
        self, receipt: Receipt, sign: Span, run: str, step: str, words: str, narrow: bool
    ) -> Spans:
        if narrow:
            at = f" at step {step}" if step else ""
            told = f"{receipt.request}, {run}{at}: {words}"
            return [(f"{sign[0]} ", sign[1]), (told, "plain")]
        values = (duration(receipt.seconds), receipt.request, run, step)
        roles: tuple[Role, ...] = ("muted", "plain", "strong", "plain")
        cells: list[Span] = [(f"{sign[0]} ", sign[1])]
        for (_name, width), value, role in zip(COLUMNS, values, roles, strict=True):
            fitted = cut([(value, role)], width - 1, self.glyphs)
            taken = sum(len(text) for text, _ in fitted)
            cells += [*fitted, (" " * (width - taken), "plain")]
        return [*cells, (words, "bad" if sign[1] == "bad" else "plain")]


class EventsScreen(LiveScreen):
    """The receipts."""

    CSS_PATH = "events.tcss"
    kind = "events"
    AUTO_FOCUS = "EventLines"

    def __init__(self, glyphs: Glyphs, log: ReceiptLog) -> None:
        super().__init__(glyphs)
        self._receipts = log
        self._heading = ScreenTitle(glyphs=glyphs)
        self._lines = EventLines(log, glyphs=glyphs)

    def compose(self) -> ComposeResult:
        """A title and the events."""
        yield self._heading
        yield self._lines

    def show(self, snapshot: Snapshot, display: Display) -> None:
        """The number of events may have changed."""
        del snapshot, display
        count = len(self._receipts)
        self._heading.show("Events", f"{count} asked for" if count else "")
        self._lines.redraw()

    def show_receipt(self, receipt: Receipt) -> None:
        """One more, or one answered."""
        del receipt
        self.show(self.owner.snapshot, self.owner.showing)
