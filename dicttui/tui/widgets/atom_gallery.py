"""Atoms as small pictures, those of several runs beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from dicttui.training.closeup import Atom, AtomOrder, AtomsShown
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.numbers import number
from dicttui.tui.tiles import BETWEEN, GAP, Tiles, column_width
from dicttui.tui.widgets.ground import Ground
from dicttui.tui.widgets.picture_pieces import PicturePieces, Turns
from dicttui.tui.widgets.piece_lines import PieceLines
from dicttui.tui.widgets.roles import Span


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


@dataclass(frozen=True, slots=True)
class GalleryContent:
    """What the gallery shows."""

    columns: tuple[Column, ...]
    tiles: Tiles
    order: AtomOrder
    scale: float | None
    """The magnitude that has the strongest colour; None: in each picture its own peak."""


class Headings(PieceLines):
    """Whose columns they are."""

    DEFAULT_CSS = """
    Headings { height: 1; }
    """
    _columns: tuple[Column, ...] = ()

    def show(self, columns: tuple[Column, ...]) -> None:
        """Show the runs' headings."""
        self._columns = columns
        self.redraw()

    def put_all(self, width: int, height: int) -> None:
        """On one line."""
        del height
        each = column_width(width, len(self._columns))
        for place, column in enumerate(self._columns):
            self.put_spans(0, place * (each + BETWEEN), each, column.heading, column.place)


class AtomStrip(PicturePieces):
    """Atoms below each other, each with its caption.

    A widget of its own, though it is narrow: of a line that has changed Textual sends to the
    terminal all that stands between the widget's left edge and the change.
    """

    DEFAULT_CSS = """
    AtomStrip { height: 1fr; }
    """

    def __init__(self, *, glyphs: Glyphs, turns: Turns) -> None:
        super().__init__(glyphs=glyphs, turns=turns)
        self._atoms: Sequence[Atom | None] = ()
        self._content: GalleryContent | None = None
        self._run = ""

    def show(self, content: GalleryContent, run: str, atoms: Sequence[Atom | None]) -> None:
        """Draw these atoms of a run; None is a place without one."""
        before, self._content = self._content, content
        if before is None or (before.tiles, before.scale) != (content.tiles, content.scale):
            self.forget_levels()
        self._run, self._atoms = run, atoms
        self.redraw()

    def put_all(self, width: int, height: int) -> None:
        """From top to bottom."""
        del height
        content = self._content
        if content is None:
            return
        tiles = content.tiles
        for row, atom in enumerate(self._atoms):
            top = row * (tiles.lines + 1)
            if atom is not None:
                key = (self._run, atom.index)
                self.put_picture(tiles, atom.picture, key, 0, top, scale=content.scale)
                words = caption(atom, content.order, min(tiles.cell, width))
                self.put_spans(top + tiles.lines, 0, width, [(words, "muted")])


class AtomGallery(Ground):
    """Strips of atoms side by side, some for each run."""

    DEFAULT_CSS = """
    AtomGallery { layout: horizontal; height: 1fr; overflow: hidden; }
    """

    @dataclass
    class Scrolled(Message):
        """The mouse's wheel was turned over it."""

        rows: int

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._strips: list[AtomStrip] = []
        self._arranged: tuple[int, int, int, int] | None = None
        self.turns = Turns()

    def show(self, content: GalleryContent, rate: float) -> None:
        """Draw atoms, which is done so many times a second."""
        tiles = content.tiles
        self._arrange(tiles, len(content.columns))
        self.turns.begin()
        for place, strip in enumerate(self._strips):
            column, across = divmod(place, tiles.across)
            shown = content.columns[column]
            places = range(across, tiles.count, tiles.across)
            atoms = [_atom_at(shown, content.order, place) for place in places]
            strip.show(content, shown.run, atoms)
        self.turns.end(rate)

    def _arrange(self, tiles: Tiles, columns: int) -> None:
        """As many strips as there are columns of pictures, each where it belongs."""
        wanted = (tiles.across, tiles.cell, columns, self.size.width)
        if wanted == self._arranged:
            return
        self._arranged = wanted
        count = tiles.across * columns
        for strip in self._strips[count:]:
            strip.remove()
        new = [
            AtomStrip(glyphs=self._glyphs, turns=self.turns)
            for _ in range(count - len(self._strips))
        ]
        self._strips = [*self._strips[:count], *new]
        rest = column_width(self.size.width, columns) - (tiles.cell + GAP) * tiles.across
        for place, strip in enumerate(self._strips, 1):
            strip.styles.width = tiles.cell
            right = GAP if place % tiles.across else GAP + rest + BETWEEN
            strip.styles.margin = (0, 0 if place == count else max(0, right), 0, 0)
        if new:
            self.mount(*new)

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
