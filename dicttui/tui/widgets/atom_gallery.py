"""Atoms as small pictures, those of several runs beside each other."""

from dataclasses import dataclass

from textual import events
from textual.message import Message

from dicttui.training.closeup import Atom, AtomOrder, AtomsShown
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.numbers import number
from dicttui.tui.tiles import GAP, Tiles
from dicttui.tui.widgets.picture_pieces import PicturePieces
from dicttui.tui.widgets.roles import Span, folded

BETWEEN = 2
"""Cells between two runs."""


@dataclass(frozen=True, slots=True)
class Column:
    """One run's atoms."""

    run: str
    place: int
    """Of the run, in the palette."""
    heading: tuple[Span, ...]
    shown: AtomsShown | None
    """The newest that has come, which may be of another part or order; None: nothing yet."""
    first: int
    """The place, in the order, of the atom that stands first."""
    words: str = ""
    """In place of pictures."""


@dataclass(frozen=True, slots=True)
class GalleryContent:
    """What the gallery shows."""

    columns: tuple[Column, ...]
    tiles: Tiles
    order: AtomOrder
    scale: float | None
    """The magnitude that has the strongest colour; None: in each picture its own peak."""


def column_width(width: int, count: int) -> int:
    """Cells for each of so many runs."""
    return max(1, (width - BETWEEN * (count - 1)) // max(1, count))


class AtomGallery(PicturePieces):
    """One column a run: a heading, then pictures with captions."""

    @dataclass
    class Scrolled(Message):
        """The mouse's wheel was turned over it."""

        rows: int

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs)
        self._content: GalleryContent | None = None

    def show(self, content: GalleryContent) -> None:
        """Draw atoms."""
        before, self._content = self._content, content
        if before is None or (before.tiles, before.scale) != (content.tiles, content.scale):
            self.forget_levels()
        self.redraw()

    def put_all(self, width: int, height: int) -> None:
        """The columns."""
        del height
        content = self._content
        if content is None or not content.columns:
            return
        each = column_width(width, len(content.columns))
        for place, column in enumerate(content.columns):
            self._put_column(content, column, place * (each + BETWEEN), each)

    def _put_column(self, content: GalleryContent, column: Column, x: int, width: int) -> None:
        self.put_spans(0, x, width, column.heading, column.place)
        if column.words:
            for y, words in enumerate(folded(column.words, width), 2):
                self.put_spans(y, x, width, [(words, "muted")])
            return
        tiles = content.tiles
        for place in range(tiles.count):
            row, across = divmod(place, tiles.across)
            top = 1 + row * (tiles.lines + 1)
            at = x + across * (tiles.cell + GAP)
            self._put_atom(content, column, _atom_at(column, content.order, place), at, top)

    def _put_atom(
        self, content: GalleryContent, column: Column, atom: Atom | None, x: int, top: int
    ) -> None:
        tiles = content.tiles
        numbers = None if atom is None else atom.picture
        key = (column.run, -1 if atom is None else atom.index)
        self.put_picture(tiles, numbers, key, x, top, scale=content.scale)
        words = "" if atom is None else caption(atom, content.order, tiles.cell)
        self.put_spans(top + tiles.lines, x, tiles.cell, [(words, "muted")])

    # -- the mouse -----------------------------------------------------------------------------

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """A row further."""
        event.stop()
        self.post_message(self.Scrolled(1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """A row back."""
        event.stop()
        self.post_message(self.Scrolled(-1))


def _atom_at(column: Column, order: AtomOrder, place: int) -> Atom | None:
    """The atom at a place of the window, where it has come already."""
    shown = column.shown
    if shown is None or shown.asked.order != order:
        return None
    at = column.first + place - min(shown.asked.first, shown.total)
    return shown.atoms[at] if 0 <= at < len(shown.atoms) else None


def caption(atom: Atom, order: AtomOrder, width: int) -> str:
    """An atom's number at the left, and what it is put in order by at the right if it fits."""
    index = str(atom.index)
    match order:
        case "norm":
            value = number(atom.norm, 3, width=4).strip()
        case "age":
            value = _steps(atom.age)
        case _:
            value = frequency(atom.firing_frequency)
    room = width - len(index)
    return index + value.rjust(room) if len(value) < room else index[:width]


def frequency(share: float | None) -> str:
    """A share in at most four characters; 0 % and 100 % only where it is exact."""
    if share is None:
        return "n/a"
    if 0 < share < 0.001:
        return "<.1%"
    if share < 0.0995:
        return f"{100 * share:.1f}%" if share else "0%"
    if 0.995 <= share < 1:
        return ">99%"
    return f"{100 * share:.0f}%"


def _steps(count: int) -> str:
    """Steps in at most four characters."""
    for unit, size in (("", 1), ("k", 10**3), ("M", 10**6), ("G", 10**9)):
        if count < 999.5 * size:
            return f"{count / size:.0f}{unit}"
    return ">1T"
