"""Why a run does not converge, as it was diagnosed last while it trained."""

from collections.abc import Iterator

from dicttui.report.diagnosis.text import capital, preset_lines
from dicttui.report.diagnosis.words import ANSWERS, QUESTION, is_healthy
from dicttui.report.markup import Markup, element
from dicttui.report.parts.heading import run_name
from dicttui.report.parts.material import Material, RunMaterial
from dicttui.report.wording import number, share
from dicttui.training.finding import Evidence, Finding

HEAD = ("what was measured", "value", "threshold", "speaks")


def why(material: Material) -> Markup:
    """The verdict, and each run's findings, best first."""
    verdict = material.last.verdict if material.last else None
    known = [run for run in material.runs if run.picture and run.picture.diagnosis]
    section = element("h2", "Why")
    if not known:
        command = f"dicttui diagnose {material.experiment.id}"
        none = element("p", "No diagnosis was recorded; this makes one: ", element("code", command),
                       class_="empty")  # fmt: skip
        return element("section", section, none, id="why")
    answer = None
    if verdict is not None:
        words = f"{QUESTION} {capital(ANSWERS[verdict.answer])}."
        answer = element("p", element("strong", words), " ", verdict.because)
    return element("section", section, answer, (part for run in known for part in _run(run)),
                   id="why")  # fmt: skip


def _run(run: RunMaterial) -> Iterator[Markup]:
    diagnosis = run.picture.diagnosis if run.picture else None
    assert diagnosis is not None
    yield element("h3", run_name(run))
    if not diagnosis.findings:
        yield element("p", diagnosis.progress or "Too little was known of it.", class_="empty")
    for place, finding in enumerate(diagnosis.findings):
        yield element(
            "details",
            element("summary", capital(finding.line), element("small", _status(finding))),
            _table(finding.evidence),
            (element("p", words) for words in _words(finding)),
            _lines(finding, run.name),
            open=place == 0 and not is_healthy(finding),
        )


def _status(finding: Finding) -> str:
    if is_healthy(finding):
        return ""
    return f"{finding.cause}, {finding.status}, confidence {share(finding.confidence)}"


def _words(finding: Finding) -> Iterator[str]:
    if finding.states:
        yield f"It has led to: {', '.join(finding.states)}."
    yield finding.mechanism
    yield f"Source: {finding.source}."
    if finding.against:
        yield f"Would speak against it: {finding.against}."
    if finding.effect is not None:
        yield f"Tried: {finding.effect.sentence}."
    elif finding.untested:
        yield f"Not tried: {finding.untested}."
    if finding.remedy is not None:
        yield f"Remedy: {finding.remedy.text}."


def _lines(finding: Finding, run: str) -> Markup | None:
    """The remedy as lines of a preset."""
    lines = [] if finding.remedy is None else list(preset_lines(finding.remedy, run))
    return element("pre", element("code", "\n".join(lines))) if lines else None


def _table(evidence: tuple[Evidence, ...]) -> Markup | None:
    if not evidence:
        return None
    head = element("tr", (element("th", text, scope="col") for text in HEAD))
    table = element("table", element("thead", head), element("tbody", map(_row, evidence)))
    return element("div", table, class_="scroll", tabindex=0)


def _row(one: Evidence) -> Markup:
    note = element("small", one.note) if one.note else None
    return element(
        "tr",
        element("td", one.label, note),
        element("td", number(one.value, 3), class_="figure"),
        element("td", "" if one.threshold is None else number(one.threshold, 3), class_="figure"),
        element("td", "" if one.value is None else one.speaks),
    )
