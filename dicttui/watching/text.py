"""The diagnosis of a watched loop as a text for a person."""

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dicttui.training.asked import number
from dicttui.training.finding import Diagnosis, Evidence, Finding
from dicttui.watching import controls

if TYPE_CHECKING:
    from dicttui.watching.session import WatchedSession

WIDTH = 96


def report(session: "WatchedSession", found: Diagnosis, experiment: str) -> str:
    """What is known of the loop, what is not, and what can be done about it from here."""
    return "\n".join(_lines(session, found, experiment))


def _lines(session: "WatchedSession", found: Diagnosis, experiment: str) -> Iterator[str]:
    run = session.run
    loss = "no loss yet" if run.past.loss is None else f"loss {number(run.past.loss)}"
    known_as = f" ({experiment})" if experiment else ""
    yield f"{run.name}{known_as}: {run.step:,} steps, {loss}"
    if not found.findings:
        yield from _wrapped(found.progress or "too little is known yet", "  ")
    for place, finding in enumerate(found.findings, 1):
        yield ""
        yield from _finding(place, finding)
    if found.unknown:
        yield ""
        yield "not known of this loop:"
        for line in found.unknown:
            yield from _wrapped(line, "  ")
    yield ""
    yield from _wrapped(
        f"controls from another terminal: {controls.words(session.allowed)}. "
        "Remedies cannot be tried here: nothing above is more than suspected.",
        "",
    )


def _finding(place: int, finding: Finding) -> Iterator[str]:
    yield from _wrapped(
        f"{place}. {finding.cause} ({finding.status}, {finding.confidence:.0%}): {finding.line}",
        "", "   ",
    )  # fmt: skip
    yield from _wrapped(f"{finding.mechanism} [{finding.source}]", "   ")
    for evidence in finding.evidence:
        yield from _wrapped(_evidence(evidence), "   - ", "     ")
    if finding.states:
        yield from _wrapped(f"it has led to: {', '.join(finding.states)}", "   ")
    if finding.remedy is not None:
        yield from _wrapped(f"remedy: {finding.remedy.text}", "   ")
    if finding.untested:
        yield from _wrapped(f"not tried: {finding.untested}", "   ")
    if finding.against:
        yield from _wrapped(f"against it would speak: {finding.against}", "   ")


def _evidence(evidence: Evidence) -> str:
    judged = "" if evidence.threshold is None else f" (judged against {number(evidence.threshold)})"
    note = f" [{evidence.note}]" if evidence.note else ""
    against = "speaks against it: " if evidence.speaks == "against" else ""
    return f"{against}{evidence.label}: {number(evidence.value)}{judged}{note}"


def _wrapped(text: str, first: str, rest: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=first if rest is None else rest,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
