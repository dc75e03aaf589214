"""All that is known of one finding, as lines: why, what speaks for it, what mends it."""

from collections.abc import Iterable, Sequence

from dicttui.report.diagnosis.words import BEGINS, is_healthy
from dicttui.training.finding import Effect, Finding, Remedy
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.numbers import count, number, percent
from dicttui.tui.widgets.evidence_table import evidence_table
from dicttui.tui.widgets.finding_words import POINTS_TO, role, sign, status
from dicttui.tui.widgets.roles import Role, Span, Spans, folded

__all__ = ["details", "unknown_quantities"]

GUTTER = 10
"""Cells of the names of sections, where they stand beside them."""
WITH_GUTTER = 56
"""Cells from which on they do."""


def details(finding: Finding, width: int, glyphs: Glyphs) -> list[Spans]:
    """The lines of a finding, the most needed first."""
    page = _Page(width, glyphs)
    page.heading(finding)
    page.section("why", page.text(finding.mechanism))
    page.section("evidence", evidence_table(finding.evidence, page.room, glyphs))
    page.section("against", page.text(_against(finding)))
    if finding.remedy is not None:
        page.section("remedy", page.remedy(finding.remedy))
    page.section("tried", page.tried(finding))
    states = ", ".join(state.replace("_", " ") for state in finding.states)
    page.section("led to", page.text(states))
    page.section("source", page.text(finding.source, "muted"))
    return page.lines


def unknown_quantities(unknown: Sequence[str], width: int, glyphs: Glyphs) -> list[Spans]:
    """What could not be had, each with its reason."""
    page = _Page(width, glyphs)
    told = [line for words in unknown for line in page.text(f"{glyphs.bullet} {words}", "muted")]
    page.section("not known", told)
    return page.lines


def _against(finding: Finding) -> str:
    return f"It would speak against it: {finding.against}" if finding.against else ""


class _Page:
    """Sections below each other, the name of each beside it or above it."""

    def __init__(self, width: int, glyphs: Glyphs) -> None:
        self.glyphs = glyphs
        self.width = max(1, width)
        self.beside = width >= WITH_GUTTER
        self.room = max(1, width - GUTTER) if self.beside else self.width
        self.lines: list[Spans] = []

    def heading(self, finding: Finding) -> None:
        """What was found, and how sure that is."""
        told = role(finding)
        for place, line in enumerate(self.folded(finding.line, self.width - 2)):
            mark = f"{sign(finding, self.glyphs)} " if place == 0 else "  "
            self.lines.append([(mark, told), (line, "strong")])
        word = status(finding)
        facts: list[Span] = [("  ", "plain")]
        if word:
            facts += [(word, told), (f" {self.glyphs.separator} ", "muted")]
        facts.append((f"confidence {percent(finding.confidence)}", "muted"))
        pointed = POINTS_TO[finding.answer]
        if not is_healthy(finding):
            facts.append((f" {self.glyphs.separator} points to {pointed}", "muted"))
        self.lines.append(facts)

    def section(self, name: str, lines: Sequence[Spans]) -> None:
        """One section; none where nothing is to be said."""
        if not lines:
            return
        if self.width >= WITH_GUTTER or not self.lines:
            self.lines.append([])
        if not self.beside:
            self.lines += [[(name, "label")], *lines]
            return
        names = [name, *[""] * (len(lines) - 1)]
        self.lines += [
            [(head.ljust(GUTTER), "label"), *line] for head, line in zip(names, lines, strict=True)
        ]

    def folded(self, words: str, width: int) -> list[str]:
        """In the glyphs' own characters, which may be longer."""
        return folded(self.glyphs.plain(words), width)

    def text(self, words: str, told: Role = "plain") -> list[Spans]:
        """Folded; no line where there are no words."""
        return [[(line, told)] for line in self.folded(words, self.room)] if words else []

    def remedy(self, remedy: Remedy) -> list[Spans]:
        """In words, as lines of a preset, and from when on."""
        lines = self.text(remedy.text)
        for setting in remedy.settings:
            lines += [
                [(f"  {line}", "accent")] for line in self.folded(str(setting), self.room - 2)
            ]
        if remedy.of_all_runs:
            lines += self.text("All runs share this, so that it takes another preset.", "muted")
        elif remedy.settings:
            lines += self.text(f"A fork with it begins {BEGINS[remedy.begins]}.", "muted")
        return lines

    def tried(self, finding: Finding) -> list[Spans]:
        """What came of the remedy, or why it has not been tried."""
        effect = finding.effect
        if effect is None:
            words = f"not tried: {finding.untested}" if finding.untested else ""
            return self.text(words, "muted")
        told: Role = "good" if finding.status == "confirmed" else "plain"
        return [*self.text(effect.sentence, told), *self._numbers(effect)]

    def _numbers(self, effect: Effect) -> Iterable[Spans]:
        called = effect.measure.replace("_", " ")
        yield from self.text(
            f"{called}, less is better, after {count(effect.steps)} steps of each fork:", "muted"
        )
        for words, values in (("without", effect.without), ("with it", effect.remedied)):
            written = "".join(f" {number(v, 4, width=8, glyphs=self.glyphs)}" for v in values)
            for place, line in enumerate(self.folded(written.strip(), self.room - 10)):
                head = words if place == 0 else ""
                yield [(f"  {head:<8}", "label"), (line, "plain")]
