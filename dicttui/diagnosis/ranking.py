"""From suspicions and what came of their trials to findings, the root first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.registry import CAUSES
from dicttui.diagnosis.trials import Compared
from dicttui.training.finding import Finding, Status

SUSPICIOUS = 0.3
"""Strength from which on a suspicion is told."""
UNTESTED_SHARE = 0.6
"""Of a suspicion's strength, as the confidence in it before its remedy has been tried."""
NOT_TRIED = "not tried: stronger suspicions were, and one of them was confirmed or there were many"
STILL_FALLING = 0.1
"""Share of its loss that a healthy run would lose in as many steps again, from which on it says
so."""
STRONG, LIKELY = 0.75, 0.4
POOR_END = 0.8
"""fvu at which a run is not healthy, whatever its trials have shown."""
STATIC = 0.9
"""Strength from which on what cannot be tried counts as much as what was confirmed: it can be read
off, and is no inference."""


@dataclass(frozen=True, slots=True)
class Suspected:
    """A cause that a run's numbers speak for, and what came of trying its remedies."""

    cause: Cause
    suspicion: Suspicion
    tried: Compared | None = None
    untested: str = ""
    """Why not, where it could not be tried."""

    undecided: bool = False
    """Whether it stays suspected though its trial showed nothing."""

    @property
    def status(self) -> Status:
        """What its trial made of it; suspected before that."""
        return "suspected" if self.tried is None or self.undecided else self.tried.status

    @property
    def static(self) -> bool:
        """Whether it stands without a trial, because none can be made."""
        cannot = not self.suspicion.remedies or self.untested not in ("", NOT_TRIED)
        return self.tried is None and cannot and self.suspicion.strength >= STATIC

    @property
    def confidence(self) -> float:
        """From 0 to 1."""
        strength = self.suspicion.strength
        if self.status == "confirmed":
            return 0.5 + 0.5 * strength
        if self.status == "refuted":
            return 0.1 * strength
        return strength if self.static else UNTESTED_SHARE * strength

    @property
    def holds(self) -> bool:
        """Whether it may be the root of others."""
        return self.status == "confirmed" or self.static


def suspects(q: Quantities) -> list[Suspected]:
    """Everything that the numbers speak for, the strongest first."""
    found = [
        Suspected(cause, suspicion, untested=suspicion.untested)
        for cause in CAUSES.values()
        if (suspicion := cause.suspect(q)) is not None and suspicion.strength >= SUSPICIOUS
    ]
    return sorted(found, key=lambda one: -one.suspicion.strength)


def ranked(found: Iterable[Suspected], q: Quantities, *, tried: bool) -> tuple[Finding, ...]:
    """Findings, the root first; `healthy` alone where nothing holds.

    A cause that holds stands before the states and lesser causes it leads to, which become its
    evidence. Confirmed ones stand before suspected, these before refuted.
    """
    every = list(found)
    roots = {one.cause.id: one for one in every if one.holds}
    explained = {
        other
        for one in roots.values()
        for other in one.cause.leads_to
        if not _leads_to(other, one.cause.id, roots)
    }
    standing, states = list[Suspected](), dict[str, list[str]]()
    for one in every:
        if one.cause.id in explained and one.status != "refuted":
            by = next(r for r in _ordered(roots.values()) if one.cause.id in r.cause.leads_to)
            states.setdefault(by.cause.id, []).append(one.cause.id)
        else:
            standing.append(one)
    alive = [one for one in standing if one.status != "refuted" and _counts(one, tried)]
    refuted = [_finding(one, ()) for one in standing if one.status == "refuted"]
    if not alive and q["fvu"] > POOR_END:
        # Something is wrong, and no trial has shown what: the likeliest stays suspected.
        alive, refuted = [replace(one, undecided=True) for one in standing[:1]], refuted[1:]
    if not alive:
        return (healthy(q, refuted, tried=tried),)
    findings = [_finding(one, tuple(states.get(one.cause.id, ()))) for one in _ordered(alive)]
    return (*findings, *refuted)


def _counts(one: Suspected, tried: bool) -> bool:
    """Once remedies have been tried, a state without a cause that holds is no finding unless its
    own remedy is confirmed; and a suspicion that could be tried and came to nothing is none either.
    """
    if not tried:
        return True
    if one.cause.id in ("diverged", "code_collapse"):
        return True
    if one.status == "suspected" and one.tried is not None:
        return one.suspicion.strength >= STRONG  # better in most orders, and likely before
    return one.holds or (one.tried is None and one.untested not in ("", NOT_TRIED))


def _leads_to(cause: str, other: str, roots: Mapping[str, Suspected]) -> bool:
    """Whether a cause that holds leads back to another: of two that lead to each other, neither
    takes the other in.
    """
    return cause in roots and other in roots[cause].cause.leads_to


def _ordered(found: Iterable[Suspected]) -> list[Suspected]:
    every = list(found)
    place = {cause: index for index, cause in enumerate(CAUSES)}
    # A state comes after whatever may have led to it, unless hardly anything speaks for that.
    likely = any(one.confidence >= LIKELY for one in every if not one.cause.state)
    return sorted(every, key=lambda one: (one.cause.state and likely, -round(one.confidence, 1),
                                          -one.confidence, place[one.cause.id]))  # fmt: skip


def _finding(one: Suspected, states: tuple[str, ...]) -> Finding:
    cause, suspicion, tried = one.cause, one.suspicion, one.tried
    remedies = suspicion.remedies
    return Finding(
        cause=cause.id,
        status=one.status,
        confidence=round(one.confidence, 2),
        line=suspicion.line,
        mechanism=cause.mechanism,
        source=cause.source,
        answer=cause.answer,
        evidence=suspicion.evidence,
        against=cause.against,
        remedy=tried.remedy if tried is not None else (remedies[0] if remedies else None),
        effect=None if tried is None else tried.effect,
        states=states,
        untested=one.untested if tried is None else "",
    )


def healthy(q: Quantities, refuted: Iterable[Finding] = (), *, tried: bool = False) -> Finding:
    """That nothing is wrong, with what was looked at."""
    ripples = next((f for f in refuted if f.cause == "edge_of_stability"), None)
    line = "healthy: nothing that was measured speaks for a failure"
    if q["loss_trend"] < -STILL_FALLING:
        line = f"healthy, and not there yet: as many steps again take off {-q['loss_trend']:.0%}"
    if ripples is not None:
        line = "healthy: it ripples at the edge of stability, and a smaller rate does not end lower"
    names = (
        ("fvu", "fvu"),
        ("loss_trend", "change of the loss in as many steps again, at this pace"),
        ("sharpness_ratio", "sharpness ÷ the optimizer's limit"),
        ("silent_fraction", "atoms that fire on no sample"),
        ("norm_ratio", "longest row ÷ shortest"),
    )
    return Finding(
        cause="healthy",
        status="confirmed" if tried else "suspected",
        confidence=0.8,
        line=line,
        mechanism=_TRIED if tried else _NOT_TRIED,
        source="the table of failure modes in the README",
        answer="none",
        evidence=tuple(q.evidence(name, label, None) for name, label in names),
        against="a confirmed finding",
    )


_TRIED = (
    "Every failure mode that dicttui knows was looked for in what could be measured. Those whose "
    "numbers spoke for them were tried, and their remedies made no difference that counts."
)
_NOT_TRIED = (
    "What was measured speaks for no failure mode that dicttui knows. Nothing has been tried, and "
    "what could not be measured is listed."
)


def with_trial(one: Suspected, tried: Compared | None, untested: str = "") -> Suspected:
    """The same after its trial."""
    return replace(one, tried=tried, untested=untested)
