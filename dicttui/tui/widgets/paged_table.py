"""A table of so many rows that only those about the screen are here."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.geometry import Size
from textual.message import Message

from dicttui.tui.widgets.table import Row, RowTable

LEAST_ASKED_FOR, MOST_ASKED_FOR = 64, 512
"""Rows."""


class PagedTable(RowTable):
    """Rows that somebody else keeps and sorts: it is asked for those about the screen as that is
    scrolled. The cursor stands on a place of the order, whichever row that is now; on a row that
    was sought it stays, wherever that goes, until it is moved.
    """

    @dataclass
    class Wanted(Message):
        """Other rows are wanted."""

        table: "PagedTable"
        key: str
        """What they are sorted by."""
        descending: bool
        first: int
        """The place of the first."""
        count: int
        at: int | None
        """The row about whose place they are to be, whatever the first is."""

        @property
        def control(self) -> "PagedTable":
            """The table."""
            return self.table

    _total = 0
    _first = 0
    """The place of the first row that is here."""
    _here: Sequence[Row] = ()
    _asked: tuple[str, bool, int, int, int | None] | None = None
    _sought: int | None = None
    """The row that the cursor is to go to, and to stay on."""
    _found = False
    """Whether it is there."""

    @property
    def cursor(self) -> int | None:
        """The place of the cursor; None in an empty table."""
        return self._cursor if self._total else None

    @property
    def visible_rows(self) -> tuple[int, ...]:
        """The places on the screen from the top."""
        top = self.scroll_offset.y
        return tuple(range(top, min(self._total, top + self._page)))

    def show_page(
        self, rows: Sequence[Row], first: int, total: int, *, at: int | None, place: int | None
    ) -> None:
        """Show these rows, which have places from `first` on among `total`.

        Args:
            rows: one value a column each; None is "n/a".
            first: the place of the first of them.
            total: rows that there are.
            at: the row about which they were asked for, if they were.
            place: its place.

        """
        resized = total != self._total
        self._here, self._first, self._total = rows, first, total
        self._cursor = min(self._cursor, max(0, total - 1))
        if resized:
            self.virtual_size = Size(self.size.width, total + 1)
            self.refresh()
        if place is not None and at == self._sought and place != self._cursor:
            self._cursor = place
            if self._found:
                self._scroll_to_cursor()
            else:
                self.scroll_to(y=max(0, place - self._page // 2), animate=False)
            self.post_message(self.CursorMoved(self, place))
        self._found = self._sought is not None
        self._refresh_changed()
        self._ask()

    def sorted_as(self, key: str, *, descending: bool) -> None:
        """What comes is sorted so, whoever wanted it: a recording cannot be asked for another."""
        self._sort = next(i for i, spec in enumerate(self.specs) if spec.key == key)
        self._descending = descending

    def go_to(self, index: int) -> bool:
        """Have the cursor go to the row of an index, wherever it stands.

        Returns:
            Whether there is such a row.

        """
        if not 0 <= index < self._total:
            return False
        self._sought, self._found = index, False
        self._ask()
        return True

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        """Somewhere else is to be seen than where the cursor is."""
        self._sought = None

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """Somewhere else is to be seen than where the cursor is."""
        self._sought = None

    @property
    def _count(self) -> int:
        return self._total

    @property
    def _cursor_place(self) -> int:
        return self._cursor

    def _row_at(self, place: int) -> Row | None:
        at = place - self._first
        return self._here[at] if 0 <= at < len(self._here) else None

    def _put_cursor(self, place: int) -> None:
        self._sought = None
        if place != self._cursor:
            self._cursor = place
            self._scroll_to_cursor()
            self._refresh_changed()
            self.post_message(self.CursorMoved(self, place))

    def _put_in_order(self) -> None:
        self._here, self._cursor, self._sought = (), 0, None

    def sort_by(self, key: str, *, descending: bool | None = None) -> None:
        """Have the rows sorted by a column, and show them from the top; see `RowTable.sort_by`."""
        super().sort_by(key, descending=descending)
        self._ask()

    def _ask(self) -> None:
        """Ask for the rows about the screen, unless there are enough of them."""
        page = self._page
        if not page:
            return
        key, descending = self.sorted_by
        if self._sought is not None:
            count = max(LEAST_ASKED_FOR, min(MOST_ASKED_FOR, 4 * page))
            self._want(key, descending, 0, count, self._sought)
            return
        top = max(0, min(self.scroll_offset.y, self._total - page))
        lowest, highest = max(0, top - page // 2), min(self._total, top + page + page // 2)
        end = self._first + len(self._here)
        if self._here and self._first <= lowest and highest <= end:
            return
        count = max(LEAST_ASKED_FOR, min(MOST_ASKED_FOR, 4 * page))
        self._want(key, descending, max(0, top - (count - page) // 2), count, None)

    def _want(self, key: str, descending: bool, first: int, count: int, at: int | None) -> None:
        asked = (key, descending, first, count, at)
        if asked != self._asked:
            self._asked = asked
            self.post_message(self.Wanted(self, *asked))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows are on the screen."""
        super().watch_scroll_y(old_value, new_value)
        self._ask()

    def on_resize(self, _event: events.Resize) -> None:
        """More rows may have room. (What the other table does on a resize it does, too.)"""
        self._ask()
