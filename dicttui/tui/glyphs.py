"""The characters of every drawing: in full, or in plain ASCII for terminals without more."""

from dataclasses import dataclass

from dicttui.training.finding import Status
from dicttui.training.snapshot import RunState

# Braille dots are numbered by column, with the fourth row added later (Unicode, block 2800).
_BRAILLE_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def _braille_cells() -> str:
    """The 256 Braille cells, indexed by bit `2 * row + column`, row 0 at the top."""
    cells = []
    for pattern in range(256):
        dots = sum(_BRAILLE_BITS[bit // 2][bit % 2] for bit in range(8) if pattern >> bit & 1)
        cells.append(chr(0x2800 + dots) if dots else " ")
    return "".join(cells)


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of characters. All but `infinity` and the legend's lines are a single cell wide."""

    ascii: bool
    """Whether all of it is 7-bit."""
    cells: str
    """A plotted cell by the pattern of its dots: bit `sub_columns * row + column`, row 0 on top."""
    sub_columns: int
    """Dots across a plotted cell."""
    sub_rows: int
    """Dots down a plotted cell."""
    eighths: str
    """A bar's last cell growing from the left, shortest first, the full cell last."""
    levels: str
    """A bar's top cell growing from below, shortest first, the full cell last."""
    track: str
    """The part of a bar that is not filled."""
    infinity: str
    ellipsis: str
    times: str
    arrow_right: str
    arrow_up: str
    arrow_down: str
    clipped_up: str
    """At the top of a plot: the curve leaves it here."""
    mark: str
    """An intervention, on a sparkline."""
    mark_line: str
    """An intervention, as a vertical line."""
    floor: str
    """A cell of the loss floor's line."""
    best: str
    """Where the smallest value was."""
    selected: str
    """Before what is selected."""
    bullet: str
    separator: str
    alert: str
    horizontal: str
    vertical: str
    top_left: str
    top_right: str
    bottom_left: str
    bottom_right: str
    tick_left: str
    """On a vertical axis."""
    tick_below: str
    """On a horizontal axis."""
    solid_line: str
    """Of the legend: the train loss."""
    dashed_line: str
    """Of the legend: the held-out loss."""
    run_markers: str
    """One for each of sixteen runs: they tell curves apart without colour."""
    states: tuple[tuple[RunState, str], ...]
    spinner: str
    statuses: tuple[tuple[Status, str], ...]
    """Of a finding."""
    healthy: str
    """Where nothing is wrong."""

    def state(self, state: RunState) -> str:
        """The sign of a run's state."""
        return dict(self.states)[state]

    def run_marker(self, index: int) -> str:
        """The marker of the run at a position, from 0; they repeat after sixteen."""
        return self.run_markers[index % len(self.run_markers)]

    def plain(self, text: str) -> str:
        """Text that others wrote, in this set's characters: as it is, or 7-bit with "?".

        What a terminal would obey instead of showing it (escape codes, line breaks) is "?" too.
        """
        if not text.isprintable():
            text = "".join(_printable(character) for character in text)
        if not self.ascii:
            return text
        return text.translate(_PLAIN).encode("ascii", "replace").decode("ascii")


def _printable(character: str) -> str:
    if character.isspace():
        return " "
    return character if character.isprintable() else "?"


_PLAIN = str.maketrans(
    {
        "→": "->", "←": "<-", "×": "x", "−": "-", "–": "-", "—": "-", "…": "...", "·": "-",
        "∞": "inf", "≤": "<=", "≥": ">=", "λ": "lambda", "γ": "gamma", "σ": "sigma", "µ": "u",
        "√": "sqrt", "²": "^2", "‖": "|", "÷": "/", "±": "+-", "Σ": "sum", "∑": "sum",
        "’": "'", "‘": "'", "“": '"', "”": '"', "•": "*", "≈": "~",
    }
)  # fmt: skip

UNICODE = Glyphs(
    ascii=False,
    cells=_braille_cells(),
    sub_columns=2,
    sub_rows=4,
    eighths="▏▎▍▌▋▊▉█",
    levels="▁▂▃▄▅▆▇█",
    track=" ",
    infinity="∞",
    ellipsis="…",
    times="×",
    arrow_right="→",
    arrow_up="▲",
    arrow_down="▼",
    clipped_up="↑",
    mark="╵",
    mark_line="┊",
    floor="╌",
    best="◦",
    selected="▶",
    bullet="•",
    separator="·",
    alert="▲",
    horizontal="─",
    vertical="│",
    top_left="┌",
    top_right="┐",
    bottom_left="└",
    bottom_right="┘",
    tick_left="┤",
    tick_below="┬",
    solid_line="──",
    dashed_line="╌╌",
    run_markers="●■▲◆○□△◇▼▽★☆◉▣◈◐",
    states=(
        ("loading", "◌"),
        ("running", "▶"),
        ("paused", "‖"),
        ("finished", "✓"),
        ("stopped", "■"),
        ("diverged", "✗"),
        ("failed", "!"),
    ),
    spinner="⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏",
    statuses=(("suspected", "?"), ("confirmed", "!"), ("refuted", "✗")),
    healthy="✓",
)

ASCII = Glyphs(
    ascii=True,
    cells=" '-!.::|",
    sub_columns=1,
    sub_rows=3,
    eighths="-=#",
    levels=".:#",
    track=" ",
    infinity="inf",
    ellipsis="~",
    times="x",
    arrow_right=">",
    arrow_up="^",
    arrow_down="v",
    clipped_up="^",
    mark="|",
    mark_line="|",
    floor=".",
    best="o",
    selected=">",
    bullet="*",
    separator="-",
    alert="!",
    horizontal="-",
    vertical="|",
    top_left="+",
    top_right="+",
    bottom_left="+",
    bottom_right="+",
    tick_left="+",
    tick_below="+",
    solid_line="--",
    dashed_line="- ",
    run_markers="oxASDT*BHNUVWXYZ",
    states=(
        ("loading", "."),
        ("running", ">"),
        ("paused", "="),
        ("finished", "+"),
        ("stopped", "#"),
        ("diverged", "x"),
        ("failed", "!"),
    ),
    spinner="|/-\\",
    statuses=(("suspected", "?"), ("confirmed", "!"), ("refuted", "x")),
    healthy="+",
)
