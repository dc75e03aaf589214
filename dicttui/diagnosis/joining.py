"""What a run's numbers say now, joined with what came of trying its remedies some steps ago."""

from dataclasses import replace

from dicttui.diagnosis.process import Tried
from dicttui.training.finding import Diagnosis, Finding

HEALTHY = "healthy"


def joined(fresh: Diagnosis, nothing: Finding | None, tried: Tried, *, whole: bool) -> Diagnosis:
    """What was tried and is still seen keeps what came of it; what is no longer seen is gone; what
    has come up since is suspected; what came to nothing when it was tried does not come back.

    Args:
        fresh: what the numbers say now.
        nothing: that nothing is wrong, with the numbers of now; None: they are not known yet.
        tried: what came of trying.
        whole: whether every measure was taken for `fresh`: what is not in it is then no more.

    """
    told = replace(tried.diagnosis, progress="")
    if nothing is None or fresh.step <= told.step:
        return told
    seen = {finding.cause: finding for finding in fresh.findings}
    kept = [f for f in told.findings if f.cause != HEALTHY and (f.cause in seen or not whole)]
    gone = {f.cause for f in told.findings} - {f.cause for f in kept}
    explained = {state for f in kept for state in f.states}
    freed = {state for f in told.findings if f.cause in gone for state in f.states}
    settled = (tried.suspects - freed) | explained | {HEALTHY}
    new = [
        replace(f, untested=f.untested or f"it has come up since step {told.step:,}")
        for f in fresh.findings
        if f.cause not in settled
    ]
    if not whole and not new:
        return told
    if whole:
        kept = [replace(f, evidence=seen[f.cause].evidence) for f in kept]
    alive = [f for f in kept if f.status != "refuted"] + new
    if not alive:
        healthy = next((f for f in (*told.findings, *fresh.findings) if f.cause == HEALTHY), None)
        if healthy is None:
            return fresh  # what has changed is that a cause that held is gone: all else is open
        alive = [replace(healthy, evidence=nothing.evidence)]
        return replace(fresh, findings=tuple(alive))
    refuted = [f for f in kept if f.status == "refuted"]
    unknown = fresh.unknown if whole else told.unknown
    return Diagnosis(fresh.step, (*alive, *refuted), unknown=unknown)
