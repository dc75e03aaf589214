"""The findings of one run, ranked, and the chosen one in full: beside each other or stacked."""

from dataclasses import dataclass
from typing import Any

from dicttui.training.finding import Diagnosis, Verdict
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.widgets.finding_details import details, unknown_quantities
from dicttui.tui.widgets.finding_words import answered, list_line
from dicttui.tui.widgets.roles import RoleLines, Span, Spans, cut, folded_spans, width_of

BESIDE = 112
"""Cells from which on the list stands at the left."""
NARROWEST_LIST, WIDEST_LIST = 40, 64
"""Cells of it."""
WIDEST_TEXT = 110
"""Cells that a person reads across at most."""
MARGIN = 1
MOST_STACKED = 4
"""Findings above the chosen one; the list moves with it."""
LOW = 14
"""Lines below which the list and the verdict have one line each."""


@dataclass(frozen=True, slots=True)
class FindingsContent:
    """What is shown."""

    verdict: Verdict | None
    diagnosis: Diagnosis
    chosen: int
    """The place of the finding that is shown in full."""
    top: int = 0
    """The first line of it that is in the window."""


class FindingPanels(RoleLines):
    """Draws all of it in lines of its own: what changes is repainted, and nothing else."""

    def __init__(self, *, glyphs: Glyphs) -> None:
        super().__init__(glyphs=glyphs)
        self.run_index = 0
        self.most_top = 0
        """Of the window, as it was drawn last."""
        self.page = 1
        """Lines of the window."""
        self._content: FindingsContent | None = None
        self._list_at = (0, 0, 0)
        """Where the list lies: its first line, its cells, the first finding in it."""

    def show(self, content: FindingsContent, look: int) -> None:
        """Show this, in the colour at `look` of the palette."""
        if (content, look) != (self._content, self.run_index):
            self._content, self.run_index = content, look
            self.redraw()

    def finding_at(self, x: int, y: int) -> int | None:
        """The place of the finding that is drawn there."""
        first, cells, begins = self._list_at
        if self._content is None or y < first or x >= cells:
            return None
        place = begins + y - first
        shown = min(len(self._content.diagnosis.findings), begins + self._list_lines())
        return place if place < shown else None

    def draw(self, width: int, height: int) -> list[Any]:
        """The answer for the experiment, the list, the chosen one."""
        content = self._content
        if content is None:
            return []
        across = max(1, width - 2 * MARGIN)
        verdict = folded_spans(answered(content.verdict), across, self.glyphs)
        most = 1 if height < LOW else 3
        lines = [self._indented(line) for line in self._shortened(verdict, most, across)]
        if height >= LOW:
            lines.append([(self.glyphs.horizontal * width, "faint")])
        room = max(0, height - len(lines))
        below = self._beside if width >= BESIDE else self._stacked
        lines += below(content, across, room, len(lines))
        return [self.strip(line) for line in lines[:height]]

    # -- the two ways --------------------------------------------------------------------------

    def _beside(self, content: FindingsContent, width: int, height: int, y: int) -> list[Spans]:
        across = min(WIDEST_LIST, max(NARROWEST_LIST, width // 3))
        listed = self._listed(content, across, height)
        self._list_at = (y, across + MARGIN, self._begins(content, height))
        right = self._window(content, min(WIDEST_TEXT, width - across - 3), height)
        bar: Span = (f" {self.glyphs.vertical} ", "faint")
        lines: list[Spans] = []
        for place in range(height):
            left = listed[place] if place < len(listed) else []
            fill: Span = (" " * (across - width_of(left)), "plain")
            rest = right[place] if place < len(right) else []
            lines.append(self._indented([*left, fill, bar, *rest]))
        return lines

    def _stacked(self, content: FindingsContent, width: int, height: int, y: int) -> list[Spans]:
        most = self._most_listed(height)
        listed = self._listed(content, width, most)
        self._list_at = (y, width + MARGIN, self._begins(content, most))
        lines = [self._indented(line) for line in listed]
        if height >= LOW - 2:
            lines.append([(self.glyphs.horizontal * (width + 2 * MARGIN), "faint")])
        window = self._window(content, width, max(0, height - len(lines)))
        return [*lines, *(self._indented(line) for line in window)]

    def _most_listed(self, height: int) -> int:
        return 1 if height < LOW - 2 else MOST_STACKED

    def _list_lines(self) -> int:
        if self.size.width >= BESIDE:
            return self.size.height
        return self._most_listed(self.size.height - self._list_at[0])

    def _begins(self, content: FindingsContent, height: int) -> int:
        """The first finding in the list: the chosen one is in it."""
        return max(0, content.chosen - max(1, height) + 1)

    def _listed(self, content: FindingsContent, width: int, height: int) -> list[Spans]:
        begins = self._begins(content, height)
        findings = content.diagnosis.findings
        return [
            list_line(
                findings[place], chosen=place == content.chosen, width=width, glyphs=self.glyphs
            )
            for place in range(begins, min(len(findings), begins + height))
        ]

    def _window(self, content: FindingsContent, width: int, height: int) -> list[Spans]:
        """A part of the chosen one; the last line says what lies below it."""
        diagnosis = content.diagnosis
        lines = details(diagnosis.findings[content.chosen], width, self.glyphs)
        lines += unknown_quantities(diagnosis.unknown, width, self.glyphs)
        self.page, self.most_top = max(1, height - 2), max(0, len(lines) - height)
        top = min(content.top, self.most_top)
        window: list[Spans] = [cut(line, width, self.glyphs) for line in lines[top : top + height]]
        below = len(lines) - top - height
        if below > 0 and height > 1:
            arrow = self.glyphs.arrow_down
            words = f"{arrow} {below + 1} more lines (page down)"
            window[-1] = cut([(words, "muted")], width, self.glyphs)
        return window

    def _indented(self, line: Spans) -> Spans:
        return [(" " * MARGIN, "plain"), *line]

    def _shortened(self, lines: list[list[Span]], most: int, width: int) -> list[list[Span]]:
        """At most so many lines, the last one cut."""
        if len(lines) <= most:
            return lines
        rest = [span for line in lines[most - 1 :] for span in (*line, (" ", "plain"))]
        return [*lines[: most - 1], cut(rest, width, self.glyphs)]
