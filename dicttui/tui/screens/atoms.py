"""The atoms of a dictionary as small pictures, those of several runs beside each other, live."""

from rich.segment import Segment
from textual.app import ComposeResult
from textual.strip import Strip

from dicttui.training.closeup import AtomOrder, AtomsAsked, AtomsShown
from dicttui.training.snapshot import RunSnapshot, Snapshot
from dicttui.tui.display import CloseupSettings, Display
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.numbers import count, number
from dicttui.tui.pixels import ABOVE_ZERO, BELOW_ZERO, SIDES, half_blocks
from dicttui.tui.screens.closeup import CloseupScreen, bindings_of
from dicttui.tui.selection import Looks
from dicttui.tui.tiles import Tiles, column_width, tiles
from dicttui.tui.widgets.atom_gallery import AtomGallery, Column, GalleryContent, Headings
from dicttui.tui.widgets.roles import RoleLines, Span, width_of

ORDERS: dict[AtomOrder, str] = {
    "use": "by use: the share of probe samples an atom fires on",
    "norm": "by norm, the largest first",
    "age": "by age: steps since an atom last fired",
    "index": "by index, and the share of probe samples an atom fires on",
}
A_RECORDING = """A recording keeps numbers and no pictures of atoms.

They can be looked at while something trains: `dicttui resume` goes on with a recorded training, \
and `a` shows its atoms as they are then."""
NO_PICTURES = """The atoms are no pictures, because the samples are none: {data}.

Pictures are there of data of kind "digits" and "patches", and of one's own samples where the \
preset says how high and how wide they are:

[data]
kind = "file"
image = [28, 28]

Their product is the number of features, row by row; [28, 28, 3] is in colour. \
`r` shows the rows as numbers, `i` one sample and the atoms used for it."""
FEWEST_LINES = 16
"""Of a screen that has room for the legend."""


class Legend(RoleLines):
    """What the colours mean."""

    DEFAULT_CSS = """
    Legend { height: 1; }
    """
    _tiles: Tiles | None = None
    _words = ""

    def show(self, words: str, tiles: Tiles) -> None:
        """Say how atoms are scaled, and how they are drawn."""
        self._words, self._tiles = words, tiles
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        """From the lowest number to the highest, and on which scale."""
        del width, height
        muted = self.role_style("muted")
        if self._tiles is None:
            return []
        if len(self._tiles.image) == 3 and not self._tiles.characters:
            told = f" grey is zero in red, green and blue   {self.glyphs.plain(self._words)}"
            return [Strip([Segment(told, muted)])]
        if self._tiles.characters:
            ramp = f" negative {BELOW_ZERO[::-1]} 0 {ABOVE_ZERO} positive"
            return [Strip([Segment(f"{ramp}   {self.glyphs.plain(self._words)}", muted)])]
        row = bytes(level % 256 for level in range(-SIDES, SIDES + 1))
        return [
            Strip(
                [
                    Segment(" negative ", muted),
                    *half_blocks(row, row, 1, dark=self.dark),
                    Segment(f" positive   {self.glyphs.plain(self._words)}", muted),
                ]
            )
        ]


class AtomsScreen(CloseupScreen):
    """Atoms side by side: which run has learned edges, and which noise?"""

    CSS_PATH = "closeup.tcss"
    kind = "atoms"
    BINDINGS = [  # noqa: RUF012 - Textual's own way
        *bindings_of("atoms"),
        ("left", "order(-1)", "The order before"),
        ("right", "order(1)", "The next order"),
        ("up", "scroll_rows(-1)", "Up"),
        ("down", "scroll_rows(1)", "Down"),
        ("pageup", "scroll_pages(-1)", "Page up"),
        ("pagedown", "scroll_pages(1)", "Page down"),
        ("home", "scroll_rows(-1000000)", "First"),
        ("end", "scroll_rows(1000000)", "Last"),
    ]

    def __init__(self, glyphs: Glyphs, looks: Looks) -> None:
        super().__init__(glyphs, looks, "atoms")
        self._headings = Headings(glyphs=glyphs)
        self._gallery = AtomGallery(glyphs=glyphs)
        self._legend = Legend(glyphs=glyphs)
        self._first = 0
        """The place of the atom that stands first."""
        self._tiles: Tiles | None = None
        self._most = 0
        """Atoms of the largest dictionary on the screen."""
        self._settings = CloseupSettings()

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self.heading
        yield self._headings
        yield self._gallery
        self.words.display = False
        yield self.words
        yield self._legend
        yield self._receipt
        yield self._keys

    def show(self, snapshot: Snapshot, display: Display) -> None:
        """Show the newest atoms."""
        self.show_frame(snapshot, display)
        words = self._why_not(snapshot)
        self.show_words(words)
        self._gallery.display = self._headings.display = not words
        self._legend.display = not words and self.size.height >= FEWEST_LINES
        if words:
            self.ask()
            self.heading.show("Atoms")
            return
        if not self._gallery.size:
            return  # when it has one it is shown again
        settings, runs = display.closeup, self.shown_runs(snapshot, display)
        if settings.order != self._settings.order:
            self._first = 0
        self._settings = settings
        layout = self._arrange(snapshot, runs)
        self.ask(
            atoms=tuple(
                AtomsAsked(run.name, settings.order, self._first, layout.count, layout.shrink)
                for run in runs
            )
        )
        scale = None
        if settings.one_scale:
            scale = max((one.peak for run in runs for one in run.atoms), default=0.0)
        width = column_width(self._gallery.size.width, len(runs))
        columns = tuple(self._column(run, snapshot, display, width) for run in runs)
        content = GalleryContent(columns, layout, settings.order, scale)
        self._gallery.show(content, display.refresh)
        self._headings.show(columns)
        self.draw_again_if(self._gallery.turns.lags, 1.5 / display.refresh)
        self._legend.show(_scaling(scale, layout.shrink), layout)
        frozen = "display frozen; " if display.frozen else ""
        last = min(self._first + layout.count, self._most)
        where = f"Atoms {count(self._first + 1)}-{count(last)} of {count(self._most)}"
        self.heading.show(where, f"{frozen}{ORDERS[settings.order]}")

    def _why_not(self, snapshot: Snapshot) -> str:
        if snapshot.playback is not None:
            return A_RECORDING
        return "" if snapshot.picture else NO_PICTURES.format(data=snapshot.data)

    def _arrange(self, snapshot: Snapshot, runs: tuple[RunSnapshot, ...]) -> Tiles:
        """How the pictures stand, with the first row on the screen that is wanted there."""
        self._most = max((_total(run) for run in runs), default=0)
        self._tiles = layout = tiles(
            snapshot.picture,
            self._most,
            column_width(self._gallery.size.width, len(runs)),
            self._gallery.size.height,
            characters=self.glyphs.ascii or self.app.no_color,
        )
        self._first = max(0, min(self._first, self._last_first(layout)))
        self._first -= self._first % layout.across
        return layout

    def _last_first(self, layout: Tiles) -> int:
        rows = -(-self._most // layout.across)
        return max(0, rows - layout.down) * layout.across

    def _column(self, run: RunSnapshot, snapshot: Snapshot, display: Display, width: int) -> Column:
        assert self._tiles is not None
        shown = _newest(run, self._settings.order, self._first)
        heading: list[Span] = self.heading_of(run, snapshot, display)
        if _total(run) != self._most:
            heading.append((f"  of {count(_total(run))}", "muted"))
        if shown is not None and self._settings.order != "index":
            ordered: Span = (f", in the order of step {count(shown.ordered_at)}", "muted")
            if width_of([*heading, ordered]) <= width:
                heading.append(ordered)
        if shown is not None and shown.trouble:
            heading[2:] = [(f"  {shown.trouble}", "bad")]
        return Column(run.name, self.looks.of(run.name), tuple(heading), shown, self._first)

    # -- keys ----------------------------------------------------------------------------------

    def action_order(self, by: int) -> None:
        """Another order."""
        self.owner.controls.other_order(by)

    def action_scroll_rows(self, rows: int) -> None:
        """Move by rows of pictures."""
        if self._tiles is not None and self._gallery.display:
            wanted = self._first + rows * self._tiles.across
            self._first = max(0, min(wanted, self._last_first(self._tiles)))
            self.owner.redraw()

    def action_scroll_pages(self, pages: int) -> None:
        """Move by what is on the screen."""
        if self._tiles is not None:
            self.action_scroll_rows(pages * self._tiles.down)

    def on_atom_gallery_scrolled(self, message: AtomGallery.Scrolled) -> None:
        """The wheel."""
        message.stop()
        self.action_scroll_rows(message.rows)


def _total(run: RunSnapshot) -> int:
    """Atoms of a run, as far as is known."""
    norms = run.atom_norms or run.norms
    return max((one.total for one in run.atoms), default=norms.count if norms else 0)


def _newest(run: RunSnapshot, order: AtomOrder, first: int) -> AtomsShown | None:
    """What has come of a run's atoms in this order: the part asked for, or else another."""
    of_order = [one for one in run.atoms if one.asked.order == order]
    exact = [one for one in of_order if one.asked.first == first]
    return next(iter((*exact[-1:], *of_order[-1:])), None)


def _scaling(scale: float | None, shrink: int) -> str:
    smaller = f"; each pixel is the mean of {shrink}×{shrink}" if shrink > 1 else ""
    if scale is None:
        return f"each atom on its own scale{smaller}"
    return f"all on one scale, to {number(scale, 3)}{smaller}"
