"""How a finding is told in few words: on a card, in a list, as an answer."""

from collections.abc import Iterator

from dicttui.report.diagnosis.words import ANSWERS, QUESTION, is_healthy
from dicttui.training.finding import Answer, Diagnosis, Finding, Status, Verdict
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.numbers import percent
from dicttui.tui.widgets.roles import Role, Span, apart, cells_of, cut

ROLES: dict[Status, Role] = {"suspected": "warn", "confirmed": "bad", "refuted": "muted"}
POINTS_TO: dict[Answer, str] = {
    "optimizer": "the optimizer",
    "step_size": "the step size",
    "objective": "the objective",
    "data": "the data",
    "initialisation": "the initialisation",
    "implementation": "the implementation",
    "none": "nothing",
    "undetermined": "nothing that is known",
}


def sign(finding: Finding, glyphs: Glyphs) -> str:
    """One character; without colour, too, they differ."""
    if is_healthy(finding):
        return glyphs.healthy
    return dict(glyphs.statuses)[finding.status]


def role(finding: Finding) -> Role:
    """The role of what is said of it."""
    return "good" if is_healthy(finding) else ROLES[finding.status]


def status(finding: Finding) -> str:
    """How sure it is, in a word; nobody suspects that nothing is wrong."""
    return "" if is_healthy(finding) else finding.status


def finding_lines(
    diagnosis: Diagnosis | None, width: int, glyphs: Glyphs
) -> Iterator[tuple[int, list[Span]]]:
    """The leading finding for a card, with its importance there: before all details; that nothing
    is wrong comes after them. Nothing where nothing has been found.
    """
    if diagnosis is not None and diagnosis.findings:
        leading = diagnosis.findings[0]
        yield (11 if is_healthy(leading) else 5), card_line(leading, width, glyphs)


def card_line(finding: Finding, width: int, glyphs: Glyphs) -> list[Span]:
    """`? the learning rate is too large for this network            suspected`, the last word where
    all of the line has room beside it.
    """
    told = role(finding)
    calm: Role = "muted" if told in ("good", "muted") else "plain"
    line = glyphs.plain(finding.line)
    left: list[Span] = [(f"{sign(finding, glyphs)} ", told), (line, calm)]
    word = status(finding)
    fits = 2 + cells_of(line) + 2 + len(word) <= width
    if not word or not fits:
        return cut(left, width, glyphs)
    return apart(left, [(word, told)], width, glyphs)


def list_line(finding: Finding, *, chosen: bool, width: int, glyphs: Glyphs) -> list[Span]:
    """`▶ ? the learning rate is too large for this network   80%`: a line of a list."""
    mark = glyphs.selected if chosen else " "
    told = role(finding)
    left: list[Span] = [
        (f"{mark} ", "accent"),
        (f"{sign(finding, glyphs)} ", told),
        (finding.line, "strong" if chosen else "plain"),
    ]
    return apart(left, [(percent(finding.confidence), "muted")], width, glyphs)


def answered(verdict: Verdict | None) -> list[Span]:
    """`Is it the optimizer?  no, the step size: …`."""
    question: Span = (f"{QUESTION} ", "label")
    if verdict is None:
        return [question, ("too little is known yet", "muted")]
    because = f": {verdict.because}" if verdict.because else ""
    return [question, (ANSWERS[verdict.answer], "strong"), (because, "plain")]
