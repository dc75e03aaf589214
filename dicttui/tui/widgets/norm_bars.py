"""The norms of a dictionary's rows: a bar for each, or their distribution."""

import math
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from dicttui.training.snapshot import Norms
from dicttui.tui.glyphs import UNICODE, Glyphs
from dicttui.tui.numbers import count, number
from dicttui.tui.palette import run_style
from dicttui.tui.widgets.lines import Line, Lines

Piece = tuple[str, Style | None]

_VALUE_WIDTH = 8
# Cells of the shortest bar that still compares.
_SHORTEST_BAR = 6
_BETWEEN_COLUMNS = 2
# Lines of a histogram: taller ones say no more.
_TALLEST_HISTOGRAM = 6
# Lines of a distribution from which on one of them tells the quantiles.
_LOWEST_WITH_QUANTILES = 8

ROUNDING = 1e-5
"""Relative difference of norms that is float32's and not the rows'."""


class NormBars(Lines):
    """The rows' norms. Two widgets given the same `scale_max` draw equal norms equally long."""

    DEFAULT_CSS = """
    NormBars {
        height: 8;
        & > .norm-bars--muted { text-style: dim; }
        & > .norm-bars--alert { color: $text-error; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"norm-bars--muted", "norm-bars--alert"}

    def __init__(
        self,
        *,
        colour: int = 0,
        glyphs: Glyphs = UNICODE,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(glyphs=glyphs, name=name, id=id, classes=classes)
        self.colour = colour
        self._norms: Norms | None = None
        self._label = ""
        self._scale_max: float | None = None

    def show(self, norms: Norms | None, *, label: str, scale_max: float | None = None) -> None:
        """Draw norms.

        Args:
            norms: of the rows; None is "n/a".
            label: what the rows are: "dictionary rows".
            scale_max: the norm of the longest bar; the largest finite norm if it is None.

        """
        shown = (norms, label, scale_max)
        if shown != (self._norms, self._label, self._scale_max):
            self._norms, self._label, self._scale_max = shown
            self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """A heading, then every row's bar where they fit, else the distribution."""
        norms = self._norms
        if norms is None or norms.count == 0:
            return [_line((f"{self._label} n/a", self._style("muted")))]
        lines: list[Line] = [self._heading(norms, width)]
        rows = height - 1
        if rows < 1:
            return lines
        table = self._bars(norms, width, rows)
        return lines + (table or self._distribution(norms, width, rows))

    def _heading(self, norms: Norms, width: int) -> Strip:
        heading = (self._label, self._style("muted"))
        facts = f" max/min {number(norms.ratio, 3, glyphs=self.glyphs)}"
        if len(self._label) + len(facts) > width:
            return _line(heading)
        style = None if math.isfinite(norms.ratio) else self._style("alert")
        return _line(heading, (facts, style))

    def _bars(self, norms: Norms, width: int, rows: int) -> list[Strip]:
        """Every row's bar, in as many columns as are needed; empty if they do not fit."""
        if len(norms.values) != norms.count:
            return []
        label_width = len(str(norms.count - 1))
        columns = -(-norms.count // rows)
        across = (width - _BETWEEN_COLUMNS * (columns - 1)) // columns
        bar = across - label_width - 1 - _VALUE_WIDTH - 1
        if bar < _SHORTEST_BAR and not (columns == 1 and bar >= 1):
            return []
        scale = self._scale(norms)
        down = -(-norms.count // columns)
        lines = []
        for y in range(down):
            pieces: list[Piece] = []
            for i in range(y, norms.count, down):
                if i != y:
                    pieces.append((" " * _BETWEEN_COLUMNS, None))
                pieces += self._bar(i, norms.values[i], (label_width, bar), scale)
            lines.append(_line(*pieces))
        return lines

    def _bar(
        self, index: int, norm: float, widths: tuple[int, int], scale: float
    ) -> tuple[Piece, ...]:
        label_width, bar_width = widths
        label = (f"{index:>{label_width}} ", self._style("muted"))
        value = number(norm, 4, width=_VALUE_WIDTH, glyphs=self.glyphs)
        if not math.isfinite(norm):
            return label, (" " * bar_width, None), (f" {value}", self._style("alert"))
        bar = self._bar_text(norm / scale, bar_width)
        return label, (bar, run_style(self.colour, dark=self.dark)), (f" {value}", None)

    def _bar_text(self, share: float, width: int) -> str:
        """A bar of a share of `width` cells, in parts of a cell; what is beyond it ends in ">"."""
        glyphs = self.glyphs
        parts = len(glyphs.eighths)
        if share > 1 + 1e-9:
            return glyphs.eighths[-1] * (width - 1) + glyphs.arrow_right
        filled = round(max(0.0, share) * width * parts)
        whole, part = divmod(filled, parts)
        text = glyphs.eighths[-1] * whole + (glyphs.eighths[part - 1] if part else "")
        return text.ljust(width, glyphs.track)

    def _scale(self, norms: Norms) -> float:
        if self._scale_max is not None and 0 < self._scale_max < math.inf:
            return self._scale_max
        finite = [value for value in norms.values if math.isfinite(value)]
        return max(finite, default=0.0) or 1.0

    def _distribution(self, norms: Norms, width: int, rows: int) -> list[Line]:
        """Minimum, median, maximum, then the most extreme rows, then the histogram."""
        lines: list[Line] = [self._summary(norms, width)]
        if norms.maximum - norms.minimum <= ROUNDING * norms.maximum < math.inf:
            # A histogram would show how float32 rounds unit norms, as if that were a finding.
            return [*lines, _line(("all rows are equal", self._style("muted")))][:rows]
        extremes = self._extremes(norms, width)
        if norms.quantiles and rows >= _LOWEST_WITH_QUANTILES:
            lines.append(self._quantiles(norms, width))
        histogram_rows = rows - len(lines) - len(extremes)
        if histogram_rows < 1:
            return lines + extremes[: max(0, rows - len(lines))]
        return (
            lines
            + self._histogram(norms, width, min(_TALLEST_HISTOGRAM, histogram_rows))
            + extremes
        )

    def _summary(self, norms: Norms, width: int) -> Strip:
        pieces: list[Piece] = []
        taken = 0
        for name, value in (
            ("min", norms.minimum),
            ("median", norms.median),
            ("max", norms.maximum),
        ):
            gap = "  " if pieces else ""
            fact = f"{gap}{name} {number(value, 3, glyphs=self.glyphs)}"
            if pieces and taken + len(fact) > width:
                break
            pieces.append((fact, None if math.isfinite(value) else self._style("alert")))
            taken += len(fact)
        rows = f"  {count(norms.count)} rows"
        if taken + len(rows) <= width:
            pieces.append((rows, self._style("muted")))
        return _line(*pieces)

    def _quantiles(self, norms: Norms, width: int) -> Strip:
        """Below which so many of the rows lie."""
        text = ""
        for name, value in zip(("5%", "25%", "75%", "95%"), norms.quantiles, strict=False):
            fact = f"{'  ' if text else ''}{name} {number(value, 3, glyphs=self.glyphs)}"
            if len(text) + len(fact) > width:
                break
            text += fact
        return _line((text, self._style("muted")))

    def _extremes(self, norms: Norms, width: int) -> list[Strip]:
        smallest, largest = norms.smallest, norms.largest
        if not smallest and norms.values:
            finite = [(i, v) for i, v in enumerate(norms.values) if not math.isnan(v)]
            finite.sort(key=lambda pair: pair[1])
            smallest, largest = tuple(finite[:8]), tuple(finite[:-9:-1])
        lines = []
        for name, pairs in (("largest ", largest), ("smallest", smallest)):
            pieces: list[Piece] = [(name, self._style("muted"))]
            taken = len(name)
            for index, value in pairs:
                pair = f"  {index}: {number(value, 3, glyphs=self.glyphs)}"
                if taken + len(pair) > width:
                    break
                style = self._style("muted" if math.isfinite(value) else "alert")
                pieces.append((pair, style))
                taken += len(pair)
            lines.append(_line(*pieces))
        return lines if smallest or largest else []

    def _histogram(self, norms: Norms, width: int, rows: int) -> list[Line]:
        """Vertical bars over equal bins from the minimum to the maximum."""
        bins = norms.histogram or _histogram(norms.values, width)
        if not bins:
            return []
        # Each bin takes as many whole cells as fit; bins share cells where there are too many.
        bars = _regroup(bins, width)
        tallest = max(bars) or 1
        levels = self.glyphs.levels
        parts = len(levels)
        style = run_style(self.colour, dark=self.dark)
        heights = [math.ceil(bar / tallest * rows * parts) for bar in bars]
        each = max(1, width // len(bars))
        lines: list[Line] = []
        for y in range(rows - 1, -1, -1):
            cells = (min(parts, max(0, height - y * parts)) for height in heights)
            text = "".join((levels[c - 1] if c else " ") * each for c in cells)
            lines.append(_line((text, style)))
        return lines

    def _style(self, name: str) -> Style:
        return self.component(f"norm-bars--{name}")


def _line(*pieces: Piece) -> Strip:
    return Strip([Segment(text, style) for text, style in pieces])


def _histogram(values: Sequence[float], width: int) -> tuple[int, ...]:
    """Finite values per bin, at most 64 equal bins from the smallest to the largest of them."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ()
    low, high = min(finite), max(finite)
    bins = [0] * max(1, min(64, width))
    for value in finite:
        share = (value / high - low / high) / (1 - low / high) if high > low else 0.0
        bins[min(len(bins) - 1, int(share * len(bins)))] += 1
    return tuple(bins)


def _regroup(bins: Sequence[int], at_most: int) -> list[int]:
    """Neighbouring bins added up until there are at most so many; all rows stay counted."""
    if len(bins) <= at_most:
        return list(bins)
    grouped = [0] * at_most
    for i, rows in enumerate(bins):
        grouped[i * at_most // len(bins)] += rows
    return grouped
