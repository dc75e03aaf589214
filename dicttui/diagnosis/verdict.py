"""Is it the optimizer? The answer for an experiment."""

from collections import Counter
from collections.abc import Mapping

from dicttui.diagnosis.registry import CAUSES
from dicttui.training.finding import Answer, Diagnosis, Finding, Verdict

ANSWERS: dict[str, Answer] = {cause.id: cause.answer for cause in CAUSES.values()}
"""Each cause's answer; a state's is that of its root."""


def verdict(runs: Mapping[str, Diagnosis]) -> Verdict | None:
    """From the leading finding of each run; None where no run has one yet.

    What holds in several runs alike cannot be the fault of the optimizer of one. A verdict needs a
    finding that was confirmed, or that can be read off; without one it is undetermined.
    """
    leading = {name: d.findings[0] for name, d in runs.items() if d.findings}
    if not leading:
        return None
    wrong = {name: f for name, f in leading.items() if f.cause != "healthy"}
    if not wrong:
        many = "all runs are" if len(leading) > 1 else f"{next(iter(leading))} is"
        return Verdict("none", f"{many} healthy: {_numbers(next(iter(leading.values())))}")
    sure = {n: f for n, f in wrong.items() if f.status == "confirmed" or f.confidence >= 0.9}
    if not sure:
        named = "; ".join(f"{name}: {f.line}" for name, f in wrong.items())
        return Verdict("undetermined", f"suspected, and not settled by a trial: {named}")
    answers = Counter(f.answer for f in sure.values())
    (answer, count), *others = answers.most_common()
    if others and others[0][1] == count:
        answer = _first(sure)
    told = {name: f for name, f in sure.items() if f.answer == answer}
    finding = next(iter(told.values()))
    effect = f" ({finding.effect.sentence})" if finding.effect is not None else ""
    where = "all runs" if len(told) == len(leading) and len(told) > 1 else ", ".join(told)
    rest = [n for n in leading if n not in wrong]
    healthy = f"; {', '.join(rest)} healthy" if rest else ""
    return Verdict(answer, f"{where}: {finding.line}{effect}{healthy}")


def _first(sure: Mapping[str, Finding]) -> Answer:
    """The answer of the finding that is surest."""
    return max(sure.values(), key=lambda finding: finding.confidence).answer


def _numbers(finding: Finding) -> str:
    known = [f"{e.label} {e.value:.3g}" for e in finding.evidence if e.value is not None]
    return ", ".join(known[:3]) or finding.line
