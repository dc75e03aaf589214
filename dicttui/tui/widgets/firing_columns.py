"""How often atoms fire, run beside run: a histogram each, and who has died and woken."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.strip import Strip

from dicttui.training.snapshot import (
    BINS_PER_DECADE,
    FREQUENCY_DECADES,
    Firing,
    RunSnapshot,
)
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.numbers import count, duration, number, percent
from dicttui.tui.widgets.lines import Line
from dicttui.tui.widgets.roles import Role, RoleLines, Span, Spans, apart, cut, width_of

BINS = FREQUENCY_DECADES * BINS_PER_DECADE
GUTTER = 7
"""Cells for the shares on the left."""
NARROWEST = 16
"""Cells of a column."""
ROOMY = 22
"""Cells of a column from which on words are written out."""
WIDEST = 46
FACTS = 7
"""Lines over a histogram at most."""
FEWEST_BINS = 3
"""Lines of a histogram below which facts give way to it."""
LABELS = {-1: "≥10%", -2: "≥1%", -3: "≥0.1%", -4: "≥1e-4", -5: "≥1e-5", -6: "rarer"}
"""By the power of ten at a bin's lower end; the lowest holds everything below it."""


@dataclass(frozen=True, slots=True)
class Since:
    """What one run's counts were when the screen was opened."""

    died: int
    woke: int


class FiringColumns(RoleLines):
    """A column a run, as many as have room, the selected one among them."""

    DEFAULT_CSS = """
    FiringColumns { padding: 0 1; }
    """

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs)
        self._runs: Sequence[RunSnapshot] = ()
        self._looks: Sequence[int] = ()
        self._chosen = 0
        self._since: Mapping[str, Since] = {}

    def show(
        self,
        runs: Sequence[RunSnapshot],
        looks: Sequence[int],
        chosen: int,
        since: Mapping[str, Since],
    ) -> None:
        """Show runs.

        Args:
            runs: all of them.
            looks: the place in the palette of each.
            chosen: the place of the selected one.
            since: by name, what was counted when the screen was opened.

        """
        self._runs, self._looks, self._chosen, self._since = runs, looks, chosen, since
        self.redraw()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The facts on top, the histogram below them, which has what is left."""
        if not self._runs:
            return []
        room = width - GUTTER
        shown = self._in_sight(max(1, room // NARROWEST))
        column = min(WIDEST, max(1, room // len(shown)))
        columns = [self._column(place, column - 1) for place in shown]
        facts = _facts_on(height)
        lines: list[Line] = []
        for row in range(facts):
            cells = [(self._looks[p], c[row]) for p, c in zip(shown, columns, strict=True)]
            lines.append(self._line("", cells, column))
        left = height - facts
        if left > FEWEST_BINS + 1 and facts > 1:
            left -= 1
            hidden = len(self._runs) - len(shown)
            more = f"{hidden} more: tab" if hidden else ""
            lines.append(self.strip([(" " * GUTTER, "plain"), (more, "muted")]))
        return lines + self._histograms(shown, column, left)

    def _in_sight(self, most: int) -> range:
        """The places of as many runs, the selected one among them."""
        first = max(0, min(self._chosen - most // 2, len(self._runs) - most))
        return range(first, min(len(self._runs), first + most))

    def _line(self, label: str, cells: Sequence[tuple[int, Spans]], column: int) -> Line:
        """A label and a cell of each column; each in its run's colour."""
        strips: list[Strip] = [self.strip([(label.rjust(GUTTER - 1) + " ", "muted")])]
        for look, spans in cells:
            self.run_index = look
            fitted = cut(spans, column - 1, self.glyphs)
            strips.append(self.strip([*fitted, (" " * (column - width_of(fitted)), "plain")]))
        return Strip.join(strips)

    # -- one run -------------------------------------------------------------------------------

    def _column(self, place: int, width: int) -> list[Spans]:
        """The lines over a histogram, the most needed first; of every run as many."""
        run = self._runs[place]
        firing = run.firing
        chosen = place == self._chosen
        name: Spans = [
            (f"[{place + 1}]" if chosen else f" {place + 1} ", "accent" if chosen else "muted"),
            (f" {self.glyphs.run_marker(self._looks[place])} ", "run"),
            (run.name, "strong"),
        ]
        if firing is None:
            none: Spans = [("n/a", "faint")]
            return [name, [("dead ", "label"), *none], *[none] * (FACTS - 2)]
        return [
            name,
            self._dead(run, firing, width),
            self._changes("died ", firing.died, self._new(run, firing, "died")),
            self._changes("woke ", firing.woke, self._new(run, firing, "woke")),
            [(count(firing.samples), "plain"), (" samples", "label")],
            [
                ("least " if width < ROOMY else "least seen ", "label"),
                (self._least(firing), "plain"),
            ],
            [("steps ", "label"), (_span(firing), "plain")],
        ]

    def _dead(self, run: RunSnapshot, firing: Firing, width: int) -> Spans:
        """`dead 31% 1,270`, or how long it is not known yet."""
        if firing.dead is not None:
            role: Role = "warn" if firing.dead else "plain"
            share = percent(firing.dead / firing.atoms, glyphs=self.glyphs)
            left: Spans = [("dead ", "label"), (share, role)]
            return apart(left, [(f"{firing.dead:,}", role)], width, self.glyphs)
        steps = max(0, firing.known_at - run.step)
        more = f" {steps:,} more" if steps else ""
        label = "dead " if len("dead n/a" + more) <= width else ""
        spans: list[Span] = [(label, "label"), ("n/a", "faint"), (more, "muted")]
        if steps and width >= ROOMY and run.state == "running" and run.steps_per_second:
            spans.append((f" ({duration(steps / run.steps_per_second)})", "muted"))
        return spans

    def _least(self, firing: Firing) -> str:
        return number(1 / firing.samples if firing.samples else None, 2, glyphs=self.glyphs)

    def _new(self, run: RunSnapshot, firing: Firing, name: str) -> int:
        since = self._since.get(run.name)
        return 0 if since is None else max(0, getattr(firing, name) - getattr(since, name))

    @staticmethod
    def _changes(label: str, total: int, new: int) -> Spans:
        spans: list[Span] = [(label, "label"), (f"{total:,}", "plain")]
        return [*spans, (f" +{new:,}", "accent")] if new else spans

    # -- histograms ----------------------------------------------------------------------------

    def _histograms(self, shown: range, column: int, height: int) -> list[Line]:
        """From what always fires on top to what never does below, on one scale for all runs."""
        if height < 2:
            return []
        per_line = next((n for n in (1, 2, 4, 8, 12) if BINS // n < height), BINS)
        firings = [run.firing for run in self._runs if run.firing is not None]
        most = max((firing.atoms for firing in firings), default=1)
        lines = []
        for top in range(BINS, 0, -per_line):
            low = top - per_line
            cells = [
                (self._looks[p], self._bins(self._runs[p].firing, low, top, column, most))
                for p in shown
            ]
            decade = low / BINS_PER_DECADE - FREQUENCY_DECADES
            label = LABELS[int(decade)] if decade == int(decade) else ""
            lines.append(self._line(self.glyphs.plain(label), cells, column))
        cells = [(self._looks[p], self._never(self._runs[p].firing, column, most)) for p in shown]
        lines.append(self._line("never", cells, column))
        return lines

    def _bins(self, firing: Firing | None, low: int, top: int, column: int, most: int) -> Spans:
        """Some neighbouring bins as one bar."""
        if firing is None or not firing.samples:
            return [("n/a" if top == BINS else "", "faint")]
        largest_share = 10 ** (top / BINS_PER_DECADE - FREQUENCY_DECADES)
        atoms = sum(firing.histogram[low:top])
        if not atoms and largest_share * firing.samples <= 1:
            return [(self.glyphs.separator * (column - 1), "faint")]  # too rare to be seen
        return self._bar(atoms, column, most, "run")

    def _never(self, firing: Firing | None, column: int, most: int) -> Spans:
        if firing is None or not firing.samples:
            return [("", "faint")]
        return self._bar(firing.never, column, most, "warn")

    def _bar(self, atoms: int, column: int, most: int, role: Role) -> Spans:
        """A bar as long as the logarithm of a number of atoms, and the number."""
        digits = len(f"{most:,}")
        room = column - 1 - digits - 1
        told = f"{atoms:,}" if atoms else ""
        if room < 1:
            return [(told.rjust(max(0, column - 1)), "plain")]
        parts = len(self.glyphs.eighths)
        filled = round(math.log1p(atoms) / math.log1p(most) * room * parts)
        whole, part = divmod(filled, parts)
        bar = self.glyphs.eighths[-1] * whole + (self.glyphs.eighths[part - 1] if part else "")
        return [(bar.ljust(room), role), (" " + told.rjust(digits), "plain")]


def _facts_on(height: int) -> int:
    """Lines for facts: all of them, or two fewer where that makes the histogram twice as fine."""
    for lines in (BINS, BINS // 2, BINS // 4):
        for facts in range(FACTS, FACTS - 3, -1):
            if height - facts - 1 > lines:
                return facts
    return max(1, min(FACTS, height - FEWEST_BINS - 2))


def _span(firing: Firing) -> str:
    """During which steps it was counted."""
    if firing.from_step == firing.to_step:
        return count(firing.to_step)
    return f"{count(firing.from_step)}-{count(firing.to_step)}"
