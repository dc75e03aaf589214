"""Every row of one run's dictionary."""

import time
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Input

from dicttui.training.interventions import Receipt
from dicttui.training.snapshot import (
    ROWS_AT_ONCE,
    Row,
    RowsPage,
    RowsRequest,
    RunSnapshot,
    Snapshot,
)
from dicttui.tui.display import Display
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.numbers import count, number, percent
from dicttui.tui.screens.live import LiveScreen
from dicttui.tui.widgets.key_bar import KeyBar
from dicttui.tui.widgets.paged_table import PagedTable
from dicttui.tui.widgets.receipt_line import ReceiptLine
from dicttui.tui.widgets.screen_title import ScreenTitle
from dicttui.tui.widgets.system_line import trouble
from dicttui.tui.widgets.table import ColumnSpec, RowTable


def _number(value: float | None) -> str:
    """Digits stay where they are, so that a column can be read down."""
    return number(value, 4, width=9)


def _cosine(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"


COLUMNS = (
    ColumnSpec("index", "row", 6, str),
    ColumnSpec("norm", "norm", 9, _number, descending_first=True),
    ColumnSpec("atom_norm", "atom norm", 10, _number, descending_first=True),
    ColumnSpec("change", "change", 9, _number, descending_first=True),
    ColumnSpec("update_ratio", "update ÷ norm", 14, _number, descending_first=True),
    ColumnSpec("radial_share", "along row", 10, percent, descending_first=True),
    ColumnSpec("effective_step", "effective step", 15, _number, descending_first=True),
    ColumnSpec("adam_ratio", "Adam m÷√v", 12, _number, descending_first=True),
    ColumnSpec("firing_frequency", "fires", 6, percent, descending_first=True),
    ColumnSpec("nearest_true", "nearest", 8, lambda value: "n/a" if value is None else str(value)),
    ColumnSpec("cosine", "cosine", 7, _cosine, descending_first=True),
)
QUICK_SECONDS = 0.02
"""How often rows that were asked for are looked for."""
QUICK_PATIENCE = 5.0
"""Seconds after which they are no longer looked for at that rate."""
NEEDS_TRUTH = frozenset({"nearest_true", "cosine"})
LEAST_NEEDED_FIRST = (
    "atom_norm", "adam_ratio", "radial_share", "effective_step", "change", "update_ratio",
    "nearest_true", "firing_frequency", "cosine",
)  # fmt: skip
"""What a narrow screen leaves out, in this order."""


def columns_for(run: RunSnapshot, width: int) -> tuple[ColumnSpec, ...]:
    """The columns that this run has figures for and that fit."""
    known = [
        column
        for column in COLUMNS
        if not (column.key in NEEDS_TRUTH and "mmcs" not in run.metrics)
        and not (column.key == "atom_norm" and run.atom_norms is None)
        and not (column.key == "adam_ratio" and _has_no_moments(run))
    ]
    for key in LEAST_NEEDED_FIRST:
        if 4 + sum(column.width + 2 for column in known) <= width:
            break
        known = [column for column in known if column.key != key]
    return tuple(known)


def _has_no_moments(run: RunSnapshot) -> bool:
    """Whether the optimizer keeps none; unknown before the first rows and the first step."""
    rows = run.rows or tuple(row for page in run.pages for row in page.rows)
    return bool(rows and run.step) and all(row.adam_ratio is None for row in rows)


def _values(table: RowTable, rows: tuple[Row, ...]) -> list[list[Any]]:
    return [[getattr(row, column.key) for column in table.specs] for row in rows]


class Waiting:
    """Looks for rows that were asked for until they are there, more often than the screen is drawn:
    a person is scrolling.
    """

    def __init__(self, screen: "RowsScreen") -> None:
        self._screen = screen
        self._wanted: RowsRequest | None = None
        self._since = 0.0
        self._timer: Timer | None = None

    def for_page(self, request: RowsRequest) -> None:
        """Look for this page."""
        self._wanted, self._since = request, time.monotonic()
        if self._timer is None:
            self._timer = self._screen.set_interval(QUICK_SECONDS, self._look)
        self._timer.resume()

    def _look(self) -> None:
        app = self._screen.owner
        runs = app.session.latest().runs
        there = any(page.request == self._wanted for run in runs for page in run.pages)
        if (there or time.monotonic() - self._since > QUICK_PATIENCE) and self._timer is not None:
            self._timer.pause()
        if there and app.screen is self._screen:
            app.look_now()


class RowsScreen(LiveScreen):
    """A table of the rows of the run that is selected."""

    CSS_PATH = "rows.tcss"
    kind = "rows"
    AUTO_FOCUS = "RowTable"
    BINDINGS = [("slash", "search", "Search")]  # noqa: RUF012 - Textual's own way

    def __init__(self, glyphs: Glyphs, run: str, rows: int = 0) -> None:
        """Make the screen for a run of so many rows: of many they are asked for in pages."""
        super().__init__(glyphs)
        self._run = run
        self._many = rows > ROWS_AT_ONCE
        self.rows_of = () if self._many else (run,)
        """The run of which all rows are asked for."""
        self.pages = (RowsRequest(run, count=128),) if self._many else ()
        """The rows that are asked for."""
        self._heading = ScreenTitle(glyphs=glyphs)
        self._table: RowTable | None = None
        self._search = Input(placeholder="row number", compact=True, id="search")
        self._receipt = ReceiptLine(glyphs=glyphs)
        self._keys = KeyBar(glyphs=glyphs, on_main=False)
        self._drawn: tuple[Row, ...] | RowsPage | None = None
        self._waiting = Waiting(self)
        self._left = False

    def compose(self) -> ComposeResult:
        """A title, the table (once there is a run), the search field, the keys."""
        yield self._heading
        self._search.display = False
        yield self._search
        yield self._receipt
        yield self._keys

    def show(self, snapshot: Snapshot, display: Display) -> None:
        """Show the newest rows."""
        run = next((run for run in snapshot.runs if run.name == self._run), None)
        self._keys.show(snapshot, display)
        self._receipt.warn(trouble(snapshot))
        if run is None:
            if snapshot.runs and not self._left:
                # A fork that was taken back: there is nothing more to see of it.
                self._left = True
                self.call_later(self._leave)
            return
        recorded = snapshot.playback is not None
        if recorded:
            self._many = bool(run.pages) and not run.rows
        table = self._table_for(run)
        told = self._show_page(table, run, recorded) if isinstance(table, PagedTable) else (
            self._show_all(table, run)
        )  # fmt: skip
        if recorded and not (run.rows or run.pages):
            self._heading.show(f"Rows of {run.name}", "nobody looked at them at this moment")
            return
        key, descending = table.sorted_by
        title = next(column.title for column in table.specs if column.key == key)
        order = "largest" if descending else "smallest"
        self._heading.show(f"Rows of {run.name}", f"{told}by {title}, {order} first")

    def _show_all(self, table: RowTable, run: RunSnapshot) -> str:
        """Show all rows; what is to be said of them."""
        if run.rows and run.rows is not self._drawn:
            self._drawn = run.rows
            table.show(_values(table, run.rows))
        step = "" if run.rows_step is None else f"after {count(run.rows_step)} steps, "
        rows = count(len(run.rows)) if run.rows else "asking for the"
        return f"{rows} rows, {step}"

    def _show_page(self, table: PagedTable, run: RunSnapshot, recorded: bool) -> str:
        """Show the page that was asked for, as soon as it is there; what is to be said of it."""
        if recorded and run.pages:
            request = run.pages[0].request
            if request.sort in (spec.key for spec in table.specs):
                table.sorted_as(request.sort, descending=request.descending)
            self.pages = (request,)
        page = next((page for page in run.pages if page.request in self.pages), None)
        if page is None:
            return "asking for the rows, "
        if page is not self._drawn:
            self._drawn = page
            table.show_page(
                _values(table, page.rows), page.first, page.total, at=page.request.at,
                place=page.place,
            )  # fmt: skip
        counted = run.firing.samples if run.firing is not None else 0
        fires = f" (fires: of {count(counted)} samples)" if counted else ""
        return f"{count(page.total)} rows, after {count(page.step)} steps{fires}, "

    def on_paged_table_wanted(self, message: PagedTable.Wanted) -> None:
        """Ask for other rows."""
        message.stop()
        if message.table is not self._table or self.owner.snapshot.playback is not None:
            return
        request = RowsRequest(
            self._run, message.key, message.descending, message.first, message.count, message.at
        )
        self.pages = (request,)
        self.owner.ask_for_view()
        self._waiting.for_page(request)

    def _leave(self) -> None:
        if self.is_current:
            self.dismiss()

    def _table_for(self, run: RunSnapshot) -> RowTable:
        """The table; another one where other columns fit."""
        specs = columns_for(run, self.size.width)
        kind = PagedTable if self._many else RowTable
        if self._table is None or self._table.specs != specs or type(self._table) is not kind:
            if self._table is not None:
                self._table.remove()
            self._table = kind(specs, glyphs=self.glyphs)
            self._drawn = None
            self.mount(self._table, after=self._heading)
            if not self._search.display:
                self._table.focus()
        return self._table

    def on_resize(self, event: events.Resize) -> None:
        """Other columns may fit; the lines at the bottom give way first."""
        self._receipt.display = event.size.height >= 6
        self._keys.display = event.size.height >= 5
        self.owner.redraw()

    def on_row_table_sorted(self, message: RowTable.Sorted) -> None:
        """The title says the order."""
        message.stop()
        self.owner.redraw()

    def action_search(self) -> None:
        """Ask for a row's number."""
        self._search.value = ""
        self._search.display = True
        self._search.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the row."""
        event.stop()
        self.close_search()
        text = event.value.strip()
        if self._table is None or not text:
            return
        if not (text.isdecimal() and self._table.go_to(int(text))):
            last = self._table.row_count - 1
            self.say(f"there is no row {text!r}; rows are 0 to {count(last)}")

    def close_search(self) -> bool:
        """Put the search field away; whether it was there."""
        was_open = bool(self._search.display)
        self._search.display = False
        if was_open and self._table is not None:
            self._table.focus()
        return was_open

    def back(self) -> bool:
        """The search field is a layer of its own."""
        return self.close_search()

    def show_receipt(self, receipt: Receipt) -> None:
        """On the receipt line."""
        self._receipt.show(receipt)

    def say(self, words: str) -> None:
        """On the receipt line."""
        self._receipt.say(words)
