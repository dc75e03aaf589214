"""A diagnosis as a report for a terminal, a pipe or a file."""

from collections.abc import Iterator, Mapping, Sequence

from dicttui.report.diagnosis.paragraphs import columns, paragraph
from dicttui.report.diagnosis.words import ANSWERS, BEGINS, QUESTION, is_healthy
from dicttui.report.wording import count, number, share
from dicttui.training.finding import Diagnosis, Effect, Evidence, Finding, Remedy, Verdict

TABLES = ("network", "data", "training")
"""Of a preset, beside [[runs]]."""


def report(verdict: Verdict | None, runs: Mapping[str, Diagnosis], width: int) -> Iterator[str]:
    """The lines of the report, no wider than `width` where words allow it: the verdict, then each
    run with its findings, best first.
    """
    if verdict is not None:
        yield from paragraph(f"{QUESTION} {capital(ANSWERS[verdict.answer])}.", width)
        yield from paragraph(verdict.because, width, indent=2)
    for name, one in runs.items():
        yield ""
        yield from _run(name, one, width)


def _run(name: str, diagnosis: Diagnosis, width: int) -> Iterator[str]:
    steps = f", after {count(diagnosis.step)} steps" if diagnosis.step >= 0 else ""
    head = f"{name}{steps}"
    yield from paragraph(head, width)
    yield "─" * min(len(head), width)
    if not diagnosis.findings:
        yield from paragraph(diagnosis.progress or "too little is known of it", width)
        return
    for place, finding in enumerate(diagnosis.findings, 1):
        if place > 1:
            yield ""
        if finding.status == "refuted":
            yield from _refuted(finding, width)
        else:
            yield from _finding(finding, place, name, width)
    if diagnosis.unknown:
        yield ""
        yield from paragraph(f"Not measured: {'; '.join(diagnosis.unknown)}.", width, hanging=2)


def _finding(finding: Finding, place: int, run: str, width: int) -> Iterator[str]:
    if is_healthy(finding):
        yield from paragraph(capital(finding.line), width)
    else:
        yield from paragraph(f"{place}. {capital(finding.line)}", width, hanging=3)
        words = f"{finding.cause}, {finding.status}, confidence {share(finding.confidence)}"
        yield from paragraph(words, width, indent=3)
    known = [one for one in finding.evidence if one.value is not None]
    told = list(_numbers(known, width))
    for speaks in ("for", "against"):
        lines = [line for one, some in zip(known, told, strict=True)
                 if one.speaks == speaks for line in some]  # fmt: skip
        if lines:
            yield "   What was measured" if is_healthy(finding) else f"   What speaks {speaks} it"
        yield from lines
    missing = [f"{one.label} ({one.note})" for one in finding.evidence if one.value is None]
    if missing:
        yield from paragraph(f"Not known: {'; '.join(missing)}.", width, indent=3)
    if is_healthy(finding):
        return
    if finding.states:
        yield from paragraph(f"It has led to: {', '.join(finding.states)}.", width, indent=3)
    if finding.against:
        yield from paragraph(f"Would speak against it: {finding.against}.", width, indent=3)
    yield from paragraph(f"How it comes about: {finding.mechanism}", width, indent=3)
    yield from paragraph(f"Source: {finding.source}.", width, indent=3)
    if finding.remedy is not None:
        yield from _remedy(finding.remedy, run, width)
    if finding.effect is not None:
        yield from _effect(finding.effect, width)
    elif finding.untested:
        yield from paragraph(f"Not tried: {finding.untested}.", width, indent=3)
    elif finding.remedy is not None:
        yield from paragraph("The remedy has not been tried.", width, indent=3)


def _refuted(finding: Finding, width: int) -> Iterator[str]:
    """What was suspected and is not so needs no remedy."""
    words = f"Refuted: {finding.cause} ({finding.line})."
    if finding.remedy is not None and finding.effect is not None:
        words += f" Tried {finding.remedy.text}: {finding.effect.sentence}."
    yield from paragraph(words, width, hanging=3)


def _numbers(evidence: Sequence[Evidence], width: int) -> Iterator[list[str]]:
    """The lines of each number: what it is, the number, what it is judged against; its note."""
    rows = []
    for one in evidence:
        threshold = "" if one.threshold is None else f"threshold {number(one.threshold, 3)}"
        rows.append((one.label, number(one.value, 3), threshold))
    for lines, one in zip(columns(rows, width, indent=5), evidence, strict=True):
        note = paragraph(f"({one.note})", width, indent=7) if one.note else ()
        yield [*lines, *note]


def _remedy(remedy: Remedy, run: str, width: int) -> Iterator[str]:
    yield from paragraph(f"Remedy: {remedy.text}.", width, indent=3)
    for line in preset_lines(remedy, run):
        yield f"       {line}"
    if remedy.begins != "now":
        yield from paragraph(f"Its trial began {BEGINS[remedy.begins]}.", width, indent=3)


def preset_lines(remedy: Remedy, run: str) -> Iterator[str]:
    """A remedy as lines of a preset, each table with its heading."""
    tables: dict[str, list[str]] = {}
    for setting in remedy.settings:
        table, dot, key = setting.key.partition(".")
        if not dot or table not in TABLES:
            table, key = "runs", setting.key
        tables.setdefault(table, []).append(f"{key} = {setting.value}")
    for table, lines in tables.items():
        if table == "runs":
            yield f"[[runs]]  # {run}"
        elif table == "network":
            yield f"[network]  # of all runs; [runs.network] for {run} alone"
        else:
            yield f"[{table}]"
        yield from lines


def _effect(effect: Effect, width: int) -> Iterator[str]:
    yield from paragraph(f"Tried: {effect.sentence}.", width, indent=3)
    rows = [
        ("without it", *(number(value, 3) for value in effect.without)),
        ("with it", *(number(value, 3) for value in effect.remedied)),
    ]
    for lines in columns(rows, width, indent=5):
        yield from lines


def capital(text: str) -> str:
    """The text with a capital letter in front; a symbol, λ say, stays what it is."""
    return text[:1].upper() + text[1:] if text[:1].isascii() else text
