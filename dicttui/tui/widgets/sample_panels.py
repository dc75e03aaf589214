"""One sample, its reconstruction, and the atoms used for it, as several runs have it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.segment import Segment

from dicttui.training.closeup import Numbers, SampleShown, UsedAtom
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.numbers import count, number, percent
from dicttui.tui.palette import run_style
from dicttui.tui.pixels import Floats, shares
from dicttui.tui.signed_bars import fits, signed_bars
from dicttui.tui.tiles import BETWEEN, GAP, Tiles, column_width
from dicttui.tui.widgets.picture_pieces import NOT_FINITE, PicturePieces, Turns
from dicttui.tui.widgets.roles import Span, folded

LABELS = ("x", "x̂", "x − x̂")
LABELS_IN_ASCII = ("x", "x^", "x - x^")
LABEL_WIDTH = 7
CHART_LINES = 3
FEWEST_TABLE_LINES = 6
"""Of the table of atoms, before their pictures get more than a row."""


@dataclass(frozen=True, slots=True)
class Panel:
    """What one run makes of the sample."""

    run: str
    place: int
    """Of the run, in the palette."""
    heading: tuple[Span, ...]
    shown: SampleShown | None


@dataclass(frozen=True, slots=True)
class SampleContent:
    """What the panels show."""

    panels: tuple[Panel, ...]
    tiles: Tiles | None
    """How pictures are drawn; None where samples are none."""
    first: int
    """The first line of the tables of atoms."""


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the table of atoms."""

    title: str
    width: int
    needed: int
    """The least needed have the highest number."""


_ATOM, _CODE, _ADDS = _Column("atom", 7, 0), _Column("code", 9, 0), _Column("adds", 9, 1)
_NORM, _FIRES = _Column("norm", 9, 4), _Column("fires", 8, 2)
_TRUE, _COSINE = _Column("true", 7, 3), _Column("cosine", 8, 3)


class SamplePanels(PicturePieces):
    """One column a run: figures, pictures or charts, then the atoms, the longest contribution
    first.
    """

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs, turns=Turns())
        self._content: SampleContent | None = None

    def show(self, content: SampleContent) -> None:
        """Draw a sample."""
        before, self._content = self._content, content
        if before is None or (before.tiles, _samples(before)) != (content.tiles, _samples(content)):
            self.forget_levels()
        self.redraw()

    def put_all(self, width: int, height: int) -> None:
        """The panels."""
        content = self._content
        if content is None or not content.panels:
            return
        each = column_width(width, len(content.panels))
        for place, panel in enumerate(content.panels):
            self._put_panel(content, panel, place * (each + BETWEEN), each, height)

    def _put_panel(
        self, content: SampleContent, panel: Panel, x: int, width: int, height: int
    ) -> None:
        self.put_spans(0, x, width, panel.heading, panel.place)
        shown = panel.shown
        if shown is None or shown.trouble:
            words = "asking for it" if shown is None else shown.trouble
            for y, line in enumerate(folded(words, width), 2):
                self.put_spans(y, x, width, [(line, "muted")])
            return
        y = 1
        for facts in self._facts(shown, width):
            self.put_spans(y, x, width, facts)
            y += 1
        tiles = content.tiles
        if tiles is None:
            y = self._put_charts(panel, shown, x, y, width, height)
        else:
            y = self._put_pictures(panel, shown, tiles, x, y, width, height)
        self._put_table(content, shown, x, y, width)

    def _facts(self, shown: SampleShown, width: int) -> list[list[Span]]:
        """Lengths and how well they agree, in as many lines as they need."""
        x, made, _ = self._labels
        told = [
            (f"|{x}|" if self.glyphs.ascii else f"‖{x}‖", number(shown.norm, 3)),
            (f"|{made}|" if self.glyphs.ascii else f"‖{made}‖",
             number(shown.reconstruction_norm, 3)),
            ("residual", percent(shown.residual_share)),
            ("cosine", number(shown.cosine, 3)),
            ("atoms that fire", count(shown.fires)),
        ]  # fmt: skip
        lines: list[list[Span]] = [[]]
        taken = 0
        for name, value in told:
            cells = len(name) + len(value) + 3
            if taken and taken + cells > width + 2:
                lines.append([])
                taken = 0
            lines[-1] += [(f"{name} ", "label"), (f"{value}  ", "plain")]
            taken += cells
        return lines

    @property
    def _labels(self) -> tuple[str, str, str]:
        return LABELS_IN_ASCII if self.glyphs.ascii else LABELS

    # -- samples that are pictures -------------------------------------------------------------

    def _put_pictures(
        self,
        panel: Panel,
        shown: SampleShown,
        tiles: Tiles,
        x: int,
        y: int,
        width: int,
        height: int,
    ) -> int:
        """The sample, its reconstruction and the residual, then the atoms; the next line."""
        vectors = (shown.sample, shown.reconstruction, shown.residual)
        # One scale for all three: a residual on its own would look as large as the sample.
        scale = max((v.peak for v in vectors if np.isfinite(v.peak)), default=0.0)
        for place, (label, numbers) in enumerate(zip(self._labels, vectors, strict=True)):
            at = x + place * (tiles.cell + GAP)
            if place and at + tiles.cell > x + width:
                break
            self.put_spans(y, at, tiles.cell, [(label, "label")])
            self.put_picture(tiles, numbers, (panel.run, label), at, y + 1, scale=scale)
        y += tiles.lines + 2
        rows = self._rows_of_atoms(tiles, len(shown.atoms), width, height - y)
        if rows:
            words = "atoms used (code × atom, own scales)"
            self.put_spans(y - 1, x, width, [(words, "label")])
        across = (width + GAP) // (tiles.cell + GAP)
        for place, atom in enumerate(shown.atoms[: rows * across]):
            row, column = divmod(place, across)
            at, top = x + column * (tiles.cell + GAP), y + row * (tiles.lines + 1)
            self.put_picture(tiles, atom.picture, (panel.run, atom.index), at, top, scale=None)
            value = number(atom.code * atom.norm, 2)
            room = tiles.cell - len(str(atom.index))
            words = f"{atom.index}{value.rjust(room)}" if len(value) < room else str(atom.index)
            self.put_spans(top + tiles.lines, at, tiles.cell, [(words, "muted")])
        return y + rows * (tiles.lines + 1)

    def _rows_of_atoms(self, tiles: Tiles, atoms: int, width: int, height: int) -> int:
        """How many rows of pictures the atoms get."""
        across = (width + GAP) // (tiles.cell + GAP)
        if not atoms or not across:
            return 0
        room = (height - FEWEST_TABLE_LINES) // (tiles.lines + 1)
        return max(0, min(-(-atoms // across), room, max(1, height // 2 // (tiles.lines + 1))))

    # -- samples that are not ------------------------------------------------------------------

    def _put_charts(
        self, panel: Panel, shown: SampleShown, x: int, y: int, width: int, height: int
    ) -> int:
        """A bar for each feature, where they are few; the next line."""
        vectors = (shown.sample, shown.reconstruction, shown.residual)
        values = [shares(numbers) for numbers in vectors]
        peak = max((v.peak for v in vectors if np.isfinite(v.peak)), default=0.0)
        known = [value for value in values if value is not None]
        room = width - LABEL_WIDTH
        if not known or not all(fits(len(value), room, self.glyphs) for value in known):
            self.put_spans(y, x, width, [("too many features for a bar each", "muted")])
            return y + 2
        if height - y < 3 * CHART_LINES + 1 + FEWEST_TABLE_LINES or not peak:
            return y + 1
        signed = any((value < 0).any() for value in known)
        for label, numbers, value in zip(self._labels, vectors, values, strict=True):
            self._put_chart(panel, label, numbers, value, (x, y, room), peak, signed=signed)
            y += CHART_LINES
        return y + 1

    def _put_chart(
        self,
        panel: Panel,
        label: str,
        numbers: Numbers,
        value: Floats | None,
        area: tuple[int, int, int],
        peak: float,
        *,
        signed: bool,
    ) -> None:
        x, y, room = area
        lines = [NOT_FINITE] + [""] * (CHART_LINES - 1)
        if value is not None:
            scaled = value * np.float32(numbers.peak / peak)
            lines = signed_bars(scaled, room, CHART_LINES, self.glyphs, signed=signed)
        style = run_style(panel.place, dark=self.dark)
        for place, line in enumerate(lines):
            middle = place == CHART_LINES // 2
            self.put_spans(y + place, x, LABEL_WIDTH, [(label if middle else "", "label")])
            self.put(y + place, x + LABEL_WIDTH, room, [Segment(line, style)], line)

    # -- the atoms -----------------------------------------------------------------------------

    def _put_table(
        self, content: SampleContent, shown: SampleShown, x: int, y: int, width: int
    ) -> None:
        columns = _columns(shown.atoms, width)
        if not shown.atoms:
            self.put_spans(y, x, width, [("no atom fires on it", "muted")])
            return
        titles = "".join(column.title.rjust(column.width) for column in columns)
        self.put_spans(y, x, width, [(titles, "label")])
        for place, atom in enumerate(shown.atoms[content.first :], 1):
            if y + place >= len(self._pieces):
                return
            text = "".join(_value(atom, c).rjust(c.width) for c in columns)
            self.put_spans(y + place, x, width, [(text, "plain")])
        left = shown.fires - len(shown.atoms)
        if left:
            words = f"and {count(left)} more with shorter contributions"
            end = y + 1 + len(shown.atoms) - content.first
            self.put_spans(end, x, width, [(words.rjust(len(words) + 3), "muted")])


def _samples(content: SampleContent) -> list[int | None]:
    """Which samples are shown."""
    return [panel.shown.asked.index if panel.shown else None for panel in content.panels]


def _columns(atoms: Sequence[UsedAtom], width: int) -> list[_Column]:
    """The columns that fit and have something to say."""
    known = [_ATOM, _CODE, _NORM, _ADDS, _FIRES]
    if any(atom.nearest_true is not None for atom in atoms):
        known += [_TRUE, _COSINE]
    while sum(column.width for column in known) > width and len(known) > 2:
        least = max(known, key=lambda column: column.needed)
        known = [column for column in known if column is not least]
    return known


def _value(atom: UsedAtom, column: _Column) -> str:
    if column is _ATOM:
        return str(atom.index)
    if column is _CODE:
        return number(atom.code, 3, width=column.width - 1)
    if column is _NORM:
        return number(atom.norm, 3, width=column.width - 1)
    if column is _ADDS:
        return number(abs(atom.code) * atom.norm, 3, width=column.width - 1)
    if column is _FIRES:
        return percent(atom.firing_frequency, width=column.width - 1)
    if column is _TRUE:
        return "n/a" if atom.nearest_true is None else str(atom.nearest_true)
    return "n/a" if atom.cosine is None else f"{atom.cosine:.3f}"
