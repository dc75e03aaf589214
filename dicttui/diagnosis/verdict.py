"""Is it the optimizer? The answer for an experiment."""

from collections import Counter
from collections.abc import Mapping

from dicttui.diagnosis.comparison import SweepResult, compared, mended_by_its_rate
from dicttui.diagnosis.registry import CAUSES
from dicttui.training.finding import Answer, Diagnosis, Finding, Verdict

ANSWERS: dict[str, Answer] = {cause.id: cause.answer for cause in CAUSES.values()}
"""Each cause's answer; a state's is that of its root."""


def verdict(runs: Mapping[str, Diagnosis], sweep: SweepResult | None = None) -> Verdict | None:
    """From the leading finding of each run; None where no run has one yet.

    What holds in several runs alike cannot be the fault of the optimizer of one. A verdict needs a
    finding that was confirmed, or that can be read off; without one it is undetermined. One rate
    each proves nothing of optimizers: that needs a sweep of rates, best against best.
    """
    found = _of_findings(runs)
    return found if found is None or sweep is None else _weighed(found, runs, sweep)


def asks_for_a_sweep(found: Verdict | None) -> bool:
    """Whether rates must be swept before this verdict stands."""
    return found is not None and found.answer in ("optimizer", "undetermined")


def _weighed(found: Verdict, runs: Mapping[str, Diagnosis], sweep: SweepResult) -> Verdict:
    """What the optimizers do at their best rates settles a verdict on them."""
    between = compared(sweep)
    if between is None or not asks_for_a_sweep(found):
        return found
    ill = {name for name, d in runs.items() if d.findings and d.findings[0].cause != "healthy"}
    because = f"{found.because}; {between.sentence}"
    if between.differ and between.worse in ill and between.lower not in ill:
        return Verdict("optimizer", because)
    mended = [words for swept in sweep.runs
              if swept.run in ill and (words := mended_by_its_rate(swept, sweep))]  # fmt: skip
    if not between.differ and mended:
        return Verdict("step_size", f"{between.sentence}; {'; '.join(mended)}")
    return Verdict(found.answer, because)


def _of_findings(runs: Mapping[str, Diagnosis]) -> Verdict | None:
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
