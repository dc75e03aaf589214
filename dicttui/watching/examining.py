"""The diagnosis of a watched loop: as of any run, but nothing can be tried on it."""

from dataclasses import replace

from dicttui.training.finding import Diagnosis, Finding
from dicttui.watching.run import WatchedRun

CANNOT_TRY = (
    "this is a person's own loop, of which dicttui can make no fork: try the remedy in it yourself"
)


def examined(run: WatchedRun, before: Diagnosis) -> Diagnosis:
    """What is known of the run now, after what was known before."""
    del before
    return Diagnosis(step=run.step, unknown=unknown(run), progress="too little is known yet")


def untried(diagnosis: Diagnosis) -> Diagnosis:
    """The same, in which nothing claims to have been tried."""
    return replace(diagnosis, findings=tuple(_suspected(f) for f in diagnosis.findings))


def _suspected(finding: Finding) -> Finding:
    why = "" if finding.remedy is None else (finding.untested or CANNOT_TRY)
    return replace(finding, status="suspected", effect=None, untested=why)


def unknown(run: WatchedRun) -> tuple[str, ...]:
    """What cannot be had of this loop, each with its reason."""
    return tuple(f"{what}: {why}" for what, why in run.network.parts.missing.items())
