"""Taking back what was changed: every run that an intervention changed returns to the moment
before it.
"""

import logging
from collections.abc import Iterable, Sequence

from dicttui.networks import foreign
from dicttui.training import moments
from dicttui.training.asked import from_to
from dicttui.training.devices import DeviceError
from dicttui.training.interventions import (
    CHANGE_THE_TRAINING,
    Change,
    Continue,
    Intervention,
    Receipt,
    ResetOptimizer,
    Restart,
    Stop,
    Undo,
)
from dicttui.training.moment import Moment, MomentError, UndoPoint
from dicttui.training.run import GradientRun

log = logging.getLogger(__name__)

MOST_BYTES = 512 * 2**20
"""Of all moments that are kept in memory; the newest of each run is kept whatever it takes."""
MOST_POINTS = 64
"""Of one run."""
NAMES: dict[type, str] = {
    Restart: "restart",
    Stop: "stop",
    ResetOptimizer: "reset",
    Continue: "more steps",
}
"""How what has no value of its own is called in a word."""


def moments_before(intervention: Intervention, runs: Iterable[GradientRun]) -> dict[str, Moment]:
    """The state of every run that an intervention may change, where it can be taken back."""
    if not isinstance(intervention, CHANGE_THE_TRAINING):
        return {}
    found = {}
    for run in runs:
        if intervention.run in (None, run.name):
            try:
                found[run.name] = moments.taken(run)
            except foreign.failures():  # a person's network that has failed, or fails now
                log.exception("the state of run %s could not be taken", run.name)
    return found


def remember(
    intervention: Intervention,
    receipt: Receipt,
    before: dict[str, Moment],
    runs: Sequence[GradientRun],
) -> None:
    """Keep the moments before an intervention that was applied, so that it can be taken back."""
    named = NAMES.get(type(intervention))
    by_name = {run.name: run for run in runs}
    for change in receipt.changes:
        run, moment = by_name.get(change.run), before.get(change.run)
        if run is None or moment is None or change.failed:
            continue
        words = f"{from_to(change.before, change.after)} at step {moment.step:,}"
        run.undo.append(UndoPoint(receipt.id, words, named or change.after, change.step, moment))
        del run.undo[:-MOST_POINTS]
    _bound(runs)


def remember_fork(number: int, child: GradientRun, words: str) -> None:
    """Before a fork, the new run was not there."""
    child.undo.append(UndoPoint(number, words, "fork", child.step, None))


def _bound(runs: Sequence[GradientRun]) -> None:
    """Let go of the oldest moments beyond what memory is for; with that before a fork's first
    change goes the possibility to take the fork itself back.
    """
    taken = sum(_bytes(point) for run in runs for point in run.undo)
    while taken > MOST_BYTES:
        spare = [run for run in runs if sum(_bytes(point) > 0 for point in run.undo) > 1]
        if not spare:
            return
        oldest = min(spare, key=lambda run: run.undo[0].intervention)
        while not (freed := _bytes(oldest.undo.pop(0))):
            pass
        taken -= freed


def _bytes(point: UndoPoint) -> int:
    return 0 if point.moment is None else point.moment.bytes


def last_of(intervention: Undo, runs: Sequence[GradientRun]) -> int | None:
    """The id of what would be taken back; None: nothing."""
    ids = [
        run.undo[-1].intervention
        for run in runs
        if run.undo and intervention.run in (None, run.name)
    ]
    return max(ids, default=None)


def undo(number: int, runs: list[GradientRun]) -> list[Change]:
    """Take back the intervention of that id in every run that it changed, and with it whatever
    came later to these runs. A fork is taken out of `runs`.
    """
    changes = []
    for run in list(runs):
        place = next((i for i, p in enumerate(run.undo) if p.intervention == number), None)
        if place is not None:
            changes.append(_return(run, place, runs))
    return changes


def _return(run: GradientRun, place: int, runs: list[GradientRun]) -> Change:
    point, later = run.undo[place], run.undo[place + 1 :]
    step = run.step
    if point.moment is None:
        runs.remove(run)
        return Change(run.name, step, f"step {step:,}", "gone", note=f"taken back: {point.words}")
    since = min(p.since for p in (point, *later))
    abandoned = run.past.since(since, point.label)
    state, pause_at = run.state, run.pause_at
    try:
        moments.put(run, point.moment)
    except (MomentError, DeviceError) as error:
        return Change(run.name, step, "", "", failed=str(error))
    except foreign.failures() as error:
        log.exception("run %s could not return", run.name)
        run.fail(error)
        return Change(run.name, step, "", "", failed=foreign.told(error))
    del run.undo[place:]
    run.segment += 1
    if abandoned.series:
        run.haunt(abandoned)
    # Whether it pauses, and is to pause, stays as it is now.
    run.pause_at = pause_at if state == "running" else None
    if state in ("running", "paused") and run.state in ("running", "paused"):
        run.state = state
    also = "".join(f", and with it {p.words}" for p in later)
    note = f"taken back: {point.words}{also}"
    return Change(run.name, run.step, f"step {step:,}", f"step {run.step:,}", note=note)
