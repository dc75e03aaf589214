"""The numbers that speak for a finding, and those that speak against it."""

from collections.abc import Sequence

from dicttui.training.finding import Evidence
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.numbers import number
from dicttui.tui.sparkline import sparkline
from dicttui.tui.widgets.roles import Role, Span, Spans, folded

VALUE, SPEAKS = 9, 7
"""Cells of a number, and of "against"."""
GAP = 2
SHORTEST_CHART, LONGEST_CHART = 8, 32
SHORTEST_LABEL = 20
"""Where there is room for less, a label has a line of its own."""


def evidence_table(evidence: Sequence[Evidence], width: int, glyphs: Glyphs) -> list[Spans]:
    """A heading, then what each number is, the number, what it is judged against, which way it
    speaks, and how it has come there; notes below. Empty without evidence.
    """
    if not evidence:
        return []
    charts = any(len(one.history) > 1 for one in evidence)
    numbers = 2 * (VALUE + GAP) + SPEAKS + GAP
    label = min(
        max(len(glyphs.plain(one.label)) for one in evidence),
        width - numbers - (SHORTEST_CHART + GAP if charts else 0),
    )
    if label < SHORTEST_LABEL:
        return _stacked(evidence, width, glyphs)
    chart = min(LONGEST_CHART, width - label - numbers - GAP) if charts else 0
    lines: list[Spans] = [_heading(label, charts=charts)]
    for one in evidence:
        first, *more = folded(glyphs.plain(one.label), label)
        drawn = _chart(one, chart, glyphs)
        curve: list[Span] = [(" " * GAP + drawn, "run")] if drawn else []
        lines.append([(f"{first:<{label}}", "plain"), *_numbers(one, glyphs), *curve])
        lines += [[(line, "plain")] for line in more]
        lines += _note(one, width, glyphs)
    return lines


def _heading(label: int, *, charts: bool) -> Spans:
    heads = f"{'':<{label}}{'value':>{GAP + VALUE}}{'threshold':>{GAP + VALUE}}"
    return [(f"{heads}{' ' * GAP}{'speaks':<{SPEAKS}}{'  so far' if charts else ''}", "muted")]


def _stacked(evidence: Sequence[Evidence], width: int, glyphs: Glyphs) -> list[Spans]:
    """Each in two lines or more."""
    lines: list[Spans] = []
    for one in evidence:
        lines += [[(line, "plain")] for line in folded(glyphs.plain(one.label), width)]
        threshold = "" if one.threshold is None else f" of {_written(one.threshold, glyphs)}"
        numbers: list[Span] = [
            (f"  {_written(one.value, glyphs)}", "strong"),
            (threshold, "muted"),
            (f"  {_speaks(one)}", _role(one)),
        ]
        used = sum(len(text) for text, _role_ in numbers) + GAP
        chart = _chart(one, min(LONGEST_CHART, width - used), glyphs)
        lines.append([*numbers, (f"{' ' * GAP}{chart}", "run")] if chart else numbers)
        lines += _note(one, width, glyphs)
    return lines


def _numbers(one: Evidence, glyphs: Glyphs) -> list[Span]:
    threshold = "" if one.threshold is None else _written(one.threshold, glyphs)
    return [
        (f"{_written(one.value, glyphs):>{GAP + VALUE}}", "strong"),
        (f"{threshold:>{GAP + VALUE}}", "muted"),
        (f"{' ' * GAP}{_speaks(one):<{SPEAKS}}", _role(one)),
    ]


def _note(one: Evidence, width: int, glyphs: Glyphs) -> list[Spans]:
    if not one.note:
        return []
    return [[(f"  {line}", "muted")] for line in folded(glyphs.plain(one.note), width - 2)]


def _chart(one: Evidence, width: int, glyphs: Glyphs) -> str:
    return sparkline(one.steps, one.history, width, glyphs)


def _speaks(one: Evidence) -> str:
    """What could not be had says nothing."""
    return "" if one.value is None else one.speaks


def _role(one: Evidence) -> Role:
    return "warn" if one.speaks == "for" else "good"


def _written(value: float | None, glyphs: Glyphs) -> str:
    return number(value, 4, glyphs=glyphs)
