"""A table of very many rows, of which only the lines on the screen are drawn."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dicttui.tui.glyphs import UNICODE, Glyphs
from dicttui.tui.numbers import number

Value = float | int | str | None
Row = Sequence[Value]

_GAP = 2
_MARKER_WIDTH = 2


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column."""

    key: str
    """What `sort_by` calls it."""
    title: str
    width: int
    """Cells for its values; the title is cut to them."""
    format: Callable[[Any], str] = number
    """A value as text; it is set right and cut to the width."""
    descending_first: bool = False
    """Whether the first sort by it puts the largest on top."""


class RowTable(ScrollView):
    """A table with a heading that stays, a cursor, and rows sorted by one column.

    Columns that do not fit are left out, from the last on.

    Rows are known by their position in what `show` was given, whatever the order on the screen.
    """

    DEFAULT_CSS = """
    RowTable {
        height: 1fr;
        width: 1fr;
        overflow-x: hidden;
        & > .row-table--heading {
            text-style: bold;
            color: $text;
            background: $panel;
        }
        & > .row-table--cursor {
            text-style: bold;
            color: $block-cursor-foreground;
            background: $block-cursor-background;
        }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-table--heading", "row-table--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "move(-1000000000)", "First row", show=False),
        Binding("end", "move(1000000000)", "Last row", show=False),
        Binding("left", "sort_beside(-1)", "Sort by the column on the left", show=False),
        Binding("right", "sort_beside(1)", "Sort by the column on the right", show=False),
        Binding("shift+up", "sort_descending(False)", "Smallest on top", show=False),
        Binding("shift+down", "sort_descending(True)", "Largest on top", show=False),
    ]

    can_focus = True

    @dataclass
    class CursorMoved(Message):
        """The cursor stands on another row."""

        table: "RowTable"
        index: int
        """The row's position in what `show` was given."""

        @property
        def control(self) -> "RowTable":
            """The table."""
            return self.table

    @dataclass
    class Sorted(Message):
        """The rows are in another order."""

        table: "RowTable"
        key: str
        descending: bool

        @property
        def control(self) -> "RowTable":
            """The table."""
            return self.table

    def __init__(
        self,
        specs: Sequence[ColumnSpec],
        *,
        glyphs: Glyphs = UNICODE,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.glyphs = glyphs
        self.specs = tuple(specs)
        self._rows: Sequence[Row] = ()
        self._order: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._place: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._sort = 0
        self._descending = self.specs[0].descending_first
        self._cursor = 0
        self._painted: dict[int, Strip] = {}

    @property
    def cursor(self) -> int | None:
        """The cursor's row, as its position in what `show` was given; None in an empty table."""
        return self._cursor if len(self._rows) else None

    @property
    def sorted_by(self) -> tuple[str, bool]:
        """The column's key, and whether the largest is on top."""
        return self.specs[self._sort].key, self._descending

    @property
    def visible_rows(self) -> tuple[int, ...]:
        """The rows on the screen from the top, as positions in what `show` was given."""
        first = self.scroll_offset.y
        return tuple(self._order[first : first + self._page].tolist())

    @property
    def row_count(self) -> int:
        """Rows that there are."""
        return self._count

    # -- what a table of rows that are not all here does in another way ------------------------

    @property
    def _count(self) -> int:
        return len(self._rows)

    @property
    def _cursor_place(self) -> int:
        """Where the cursor is in the order on the screen."""
        return int(self._place[self._cursor])

    def _row_at(self, place: int) -> Row | None:
        """The row at a place of the order on the screen; None: it is not here."""
        return self._rows[int(self._order[place])]

    def _put_cursor(self, place: int) -> None:
        """The cursor goes to a place of the order on the screen."""
        self.go_to(int(self._order[place]))

    def _put_in_order(self) -> None:
        self._order = order([row[self._sort] for row in self._rows], descending=self._descending)
        self._place = np.empty_like(self._order)
        self._place[self._order] = np.arange(len(self._order))

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows, sorted as before, the cursor on the row that it was on.

        Args:
            rows: one value a column each; None is "n/a".

        """
        resized = len(rows) != len(self._rows)
        self._rows = rows
        self._cursor = min(self._cursor, max(0, len(rows) - 1))
        self._put_in_order()
        if resized:
            self.virtual_size = Size(self.size.width, len(rows) + 1)
            self.refresh()
            return
        self._refresh_changed()

    def sort_by(self, key: str, *, descending: bool | None = None) -> None:
        """Sort by a column.

        Args:
            key: the column's.
            descending: whether the largest is on top. If it is None: a column that is sorted by
                already is turned round, any other begins as its spec says.

        Raises:
            KeyError: there is no such column.

        """
        positions = {spec.key: i for i, spec in enumerate(self.specs)}
        position = positions[key]
        if descending is None:
            again = position == self._sort
            descending = not self._descending if again else self.specs[position].descending_first
        if (position, descending) == (self._sort, self._descending):
            return
        self._sort, self._descending = position, descending
        self._put_in_order()
        self._scroll_to_cursor()
        self.refresh()
        self.post_message(self.Sorted(self, key, descending))

    def go_to(self, index: int) -> bool:
        """Put the cursor on the row at a position of what `show` was given.

        Returns:
            Whether there is such a row.

        """
        if not 0 <= index < len(self._rows):
            return False
        if index != self._cursor:
            self._cursor = index
            self._scroll_to_cursor()
            self._refresh_changed()
            self.post_message(self.CursorMoved(self, index))
        else:
            self._scroll_to_cursor()
        return True

    def action_move(self, rows: int) -> None:
        """Move the cursor down the screen."""
        if self._count:
            self._put_cursor(max(0, min(self._count - 1, self._cursor_place + rows)))

    def action_page(self, pages: int) -> None:
        """Move the cursor by whole screens."""
        self.action_move(pages * max(1, self._page - 1))

    def action_sort_beside(self, columns: int) -> None:
        """Sort by a column further right."""
        position = max(0, min(len(self.specs) - 1, self._sort + columns))
        if position != self._sort:
            self.sort_by(self.specs[position].key)

    def action_sort_descending(self, descending: bool) -> None:
        """Turn the order round."""
        self.sort_by(self.specs[self._sort].key, descending=descending)

    def on_click(self, event: events.Click) -> None:
        """Sort by the heading clicked, or put the cursor on the row clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y == 0:
            key = self._column_at(offset.x)
            if key is not None:
                self.sort_by(key)
            return
        place = self.scroll_offset.y + offset.y - 1
        if place < self._count:
            self._put_cursor(place)

    def _fitting(self) -> tuple[ColumnSpec, ...]:
        """The columns that are on the screen whole: half a number would be another number."""
        room = self.scrollable_content_region.width + _GAP - _MARKER_WIDTH
        right = 0
        for i, spec in enumerate(self.specs):
            right += spec.width + _GAP
            if right > room:
                return self.specs[: max(1, i)]
        return self.specs

    def _column_at(self, x: int) -> str | None:
        right = _MARKER_WIDTH
        for spec in self._fitting():
            right += spec.width + _GAP
            if x < right:
                return spec.key
        return None

    @property
    def _page(self) -> int:
        """Rows on the screen."""
        return max(0, self.size.height - 1)

    def _scroll_to_cursor(self) -> None:
        if not self._count or not self._page:
            return
        place = self._cursor_place
        top = self.scroll_offset.y
        if place < top:
            self.scroll_to(y=place, animate=False)
        elif place >= top + self._page:
            self.scroll_to(y=place - self._page + 1, animate=False)

    def _refresh_changed(self) -> None:
        """Repaint the lines that no longer look as they did."""
        changed = [
            Region(0, y, self.size.width, 1)
            for y in range(self.size.height)
            if self._painted.get(y) != self._line(y)
        ]
        if changed:
            self.refresh(*changed)

    def _line(self, y: int) -> Strip:
        if y == 0:
            return self._heading()
        place = self.scroll_offset.y + y - 1
        if place >= self._count:
            return Strip.blank(self.size.width)
        row = self._row_at(place)
        under_cursor = place == self._cursor_place
        if row is None:
            cells = [_cell(self.glyphs.ellipsis, spec.width) for spec in self._fitting()]
        else:
            cells = [
                _cell(self.glyphs.plain(spec.format(value)), spec.width)
                for spec, value in zip(self._fitting(), row, strict=False)
            ]
        marker = (self.glyphs.selected if under_cursor else " ").ljust(_MARKER_WIDTH)
        text = marker + (" " * _GAP).join(cells)
        style = self._component("cursor") if under_cursor else Style()
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, style)

    def _heading(self) -> Strip:
        titles = []
        for i, spec in enumerate(self._fitting()):
            arrow = ""
            if i == self._sort:
                arrow = self.glyphs.arrow_down if self._descending else self.glyphs.arrow_up
            title = self.glyphs.plain(spec.title)[: spec.width - len(arrow)]
            titles.append(_cell(title + arrow, spec.width))
        style = self._component("heading")
        text = " " * _MARKER_WIDTH + (" " * _GAP).join(titles)
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, style)

    def _component(self, name: str) -> Style:
        return self.get_component_rich_style(f"row-table--{name}")

    def render_line(self, y: int) -> Strip:
        """One line, on the stylesheet's background."""
        self._painted[y] = line = self._line(y)
        return line.apply_style(self.visual_style.rich_style)

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor on the screen."""
        self._painted.clear()
        self.virtual_size = Size(self.size.width, self._count + 1)
        self._scroll_to_cursor()
        self.refresh()


def _cell(text: str, width: int) -> str:
    """A text set right in so many cells, or cut to them."""
    return text[:width].rjust(width)


def order(values: Sequence[Value], *, descending: bool) -> NDArray[np.int64]:
    """The positions of the values in sorted order; equal ones keep theirs, None and NaN go last.

    Numbers sort as numbers, anything else as text.
    """
    try:
        numbers = np.asarray([math.nan if v is None else v for v in values], dtype=np.float64)
    except (TypeError, ValueError):
        return _order_of_texts(values, descending=descending)
    if descending:
        numbers = -numbers
    # numpy puts NaN last.
    return np.asarray(np.argsort(numbers, kind="stable"), dtype=np.int64)


def _order_of_texts(values: Sequence[Value], *, descending: bool) -> NDArray[np.int64]:
    known = [i for i, value in enumerate(values) if value is not None]
    known.sort(key=lambda i: str(values[i]), reverse=descending)
    missing = [i for i, value in enumerate(values) if value is None]
    return np.asarray(known + missing, dtype=np.int64)
