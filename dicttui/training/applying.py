"""Applying interventions to an experiment, and saying in a receipt what became of them."""

import logging
from collections.abc import Callable, Container, Sequence
from dataclasses import replace

from dicttui.networks import foreign
from dicttui.optimizers import schedules
from dicttui.training import devices, forking, undoing
from dicttui.training.asked import number, pace_words
from dicttui.training.experiment import Experiment
from dicttui.training.follow_up import FollowUp
from dicttui.training.interventions import (
    Advance,
    Change,
    Continue,
    Fork,
    Intervention,
    Keep,
    MoveToDevice,
    Pause,
    Receipt,
    ResetOptimizer,
    Restart,
    Resume,
    SetLearningRate,
    SetPace,
    Stop,
    Undo,
)
from dicttui.training.pace import Pace
from dicttui.training.run import GradientRun
from dicttui.training.wording import learning_rates

log = logging.getLogger(__name__)

SMALLEST_LR, LARGEST_LR = 1e-12, 1e3


class CannotApplyError(Exception):
    """Why an intervention changes nothing in a run; the message is for a person."""


def about_to_pause(intervention: object, experiment: Experiment) -> list[GradientRun]:
    """The runs that a pause is about to stop."""
    if not isinstance(intervention, Pause):
        return []
    return [
        run
        for run in experiment.runs
        if intervention.run in (None, run.name) and run.state == "running"
    ]


def apply(
    intervention: Intervention,
    requested: Receipt,
    experiment: Experiment,
    pace: Pace,
    only: Container[str] | None = None,
) -> tuple[Receipt, FollowUp | None]:
    """Apply an intervention between two steps, to those runs alone that are named in `only`.

    Returns:
        What became of it, and for a move the receipt that will follow with the new speed.

    """
    if isinstance(intervention, SetPace):
        return _set_pace(intervention, requested, experiment, pace), None
    if isinstance(intervention, Fork):
        return _fork(intervention, requested, experiment, pace), None
    if isinstance(intervention, Undo):
        return _undo(intervention, requested, experiment, pace), None
    assert not isinstance(intervention, Keep)  # the trainer's own
    runs = [
        run
        for run in experiment.runs
        if intervention.run in (None, run.name) and (only is None or run.name in only)
    ]
    if not runs:
        return replace(requested, status="failed", reason=f"no run {intervention.run!r}"), None
    one = intervention.run is not None
    changes: list[Change] = []
    moved: list[GradientRun] = []
    for run in runs:
        before = run.step
        try:
            change = _APPLY[type(intervention)](run, intervention, experiment)
        except (CannotApplyError, devices.DeviceError) as error:
            if one or not isinstance(intervention, _SILENT):
                changes.append(Change(run.name, before, "", "", failed=str(error)))
            continue
        except foreign.failures() as error:
            # A person's network, asked for a number, or the device: the run is somewhere between
            # before and after and cannot train on; the others can.
            log.exception("%s of run %s failed", type(intervention).__name__, run.name)
            run.fail(error)
            changes.append(Change(run.name, before, "", "", failed=foreign.told(error)))
            continue
        changes.append(change)
        if isinstance(intervention, MoveToDevice):
            moved.append(run)
    done = [change for change in changes if not change.failed]
    if not done:
        return _failed(requested, changes), None
    if isinstance(intervention, Advance | Resume):
        pace.restart()  # at a slow pace, too, what was asked for begins now
    receipt = replace(requested, status="applied", changes=tuple(changes))
    return receipt, FollowUp(receipt, moved) if moved else None


def _failed(requested: Receipt, changes: Sequence[Change]) -> Receipt:
    reason = "; ".join(dict.fromkeys(c.failed for c in changes)) or "nothing to change"
    return replace(requested, status="failed", reason=reason, changes=tuple(changes))


def _fork(intervention: Fork, requested: Receipt, experiment: Experiment, pace: Pace) -> Receipt:
    parent = experiment.run(intervention.run)
    if parent is None:
        return replace(requested, status="failed", reason=f"no run {intervention.run!r}")
    try:
        child = forking.fork(parent, intervention, experiment)
    except (forking.ForkError, devices.DeviceError) as error:
        return replace(requested, status="failed", reason=str(error))
    except foreign.failures() as error:
        log.exception("run %s could not be forked", parent.name)
        return replace(requested, status="failed", reason=foreign.told(error))
    rates, words = child.trainable.rates, f"fork of {parent.name}"
    words = words if rates is None else f"{words}: {learning_rates(rates)}"
    undoing.remember_fork(requested.id, child, f"{words} at step {child.step:,}")
    child.mark("fork")
    pace.restart()
    others = ", ".join(str(setting) for setting in intervention.settings)
    change = Change(
        child.name,
        child.step,
        "",
        words,
        note=", ".join(filter(None, (_differs(parent, child), others))),
    )
    return replace(requested, status="applied", changes=(change,))


def _differs(parent: GradientRun, child: GradientRun) -> str:
    """What of a fork is different beside its rate."""
    one, other = parent.specification, child.specification
    penalties, called = [one.penalty, other.penalty], "alpha" if other.learner else "l1_coefficient"
    parts = [
        *([other.optimizer] if one.optimizer != other.optimizer else []),
        *([f"constraint {other.constraint}"] if one.constraint != other.constraint else []),
        *([f"{called} {number(penalties[1])}"] if penalties[0] != penalties[1] else []),
        *([f"end at {child.target:,}"] if child.target != parent.target else []),
    ]
    return ", ".join(parts)


def _undo(intervention: Undo, requested: Receipt, experiment: Experiment, pace: Pace) -> Receipt:
    last = undoing.last_of(intervention, experiment.runs)
    if last is None:
        reason = "nothing that could be taken back has been changed"
        return replace(requested, status="failed", reason=reason)
    changes = undoing.undo(last, experiment.runs)
    if all(change.failed for change in changes):
        return _failed(requested, changes)
    pace.restart()
    return replace(requested, status="applied", changes=tuple(changes))


_SILENT = (Pause, Resume, Advance, Continue, Stop)
"""Asked of all runs, these concern those runs they can concern, and no word of the others."""


def _set_pace(
    intervention: SetPace, requested: Receipt, experiment: Experiment, pace: Pace
) -> Receipt:
    rate = intervention.steps_per_second
    if rate is not None and not rate > 0:
        return replace(requested, status="failed", reason="a pace must be above 0 steps/s")
    before = pace_words(pace.rate)
    pace.rate = rate
    steps = [run.step for run in experiment.runs if run.wants] or [experiment.runs[0].step]
    change = Change("all runs", max(steps), f"pace {before}", f"pace {pace_words(rate)}")
    return replace(requested, status="applied", changes=(change,))


def _refuse_ended(run: GradientRun) -> None:
    if run.state in ("stopped", "diverged", "failed"):
        raise CannotApplyError(
            f"{run.name} has {_ENDED_WORDS[run.state]}; b takes it back to the start"
        )


_ENDED_WORDS = {
    "stopped": "been stopped",
    "diverged": "diverged",
    "failed": "failed",
    "finished": "finished",
}


def _pause(run: GradientRun, _i: Pause, _e: Experiment) -> Change:
    if run.state != "running":
        raise CannotApplyError(f"{run.name} is not running but {run.state}")
    run.state, run.pause_at = "paused", None
    return Change(run.name, run.step, "running", "paused")


def _resume(run: GradientRun, _i: Resume, _e: Experiment) -> Change:
    _refuse_ended(run)
    if run.state == "finished":
        raise CannotApplyError(f"{run.name} has finished; c continues past the end")
    if run.state != "paused":
        raise CannotApplyError(f"{run.name} is already running")
    run.go_on()
    run.pause_at = None
    run.stand_still()
    return Change(run.name, run.step, "paused", "running")


def _advance(run: GradientRun, intervention: Advance, _e: Experiment) -> Change:
    _refuse_ended(run)
    if intervention.steps < 1:
        raise CannotApplyError("the number of steps must be at least 1")
    if run.state == "finished":
        raise CannotApplyError(f"{run.name} has finished; c continues past the end")
    before = run.state
    if before == "paused":
        run.stand_still()
    run.go_on()
    run.pause_at = run.step + intervention.steps
    until = min(run.pause_at, run.target)
    return Change(run.name, run.step, before, f"running until step {until}")


def _continue(run: GradientRun, intervention: Continue, experiment: Experiment) -> Change:
    _refuse_ended(run)
    more = intervention.steps
    if more is None:
        more = experiment.preset.training.steps
    if more < 1:
        raise CannotApplyError("the number of steps must be at least 1")
    before = run.target
    run.target += more
    if run.state == "finished":
        run.state = "running"
    # Past its end a schedule stays where it ended, and that may be no learning rate at all.
    note = _in_force(run)
    return Change(run.name, run.step, f"end at {before}", f"end at {run.target}", note=note)


def _set_learning_rate(run: GradientRun, intervention: SetLearningRate, _e: Experiment) -> Change:
    _refuse_ended(run)
    lr, factor = intervention.lr, intervention.factor
    if (lr is None) == (factor is None):
        raise CannotApplyError("a learning rate or a factor, not both")
    trainable, group = run.trainable, intervention.group
    rates = trainable.rates
    if rates is None:
        raise CannotApplyError(
            f"{run.name} has no learning rate: {run.specification.optimizer} does without"
        )
    if group != "both" and group not in trainable.groups:
        where = "outside the dictionary" if group == "rest" else "in the dictionary's group"
        raise CannotApplyError(f"{run.name} has no parameter {where}")
    new = trainable.in_groups(rates.after(group, lr, factor))
    for value in (new.rest, new.dictionary):
        if not SMALLEST_LR <= value <= LARGEST_LR:
            raise CannotApplyError(
                f"learning rate {number(value)} is outside {SMALLEST_LR:g} … {LARGEST_LR:g}"
            )
    before, after = learning_rates(rates), learning_rates(new)
    run.set_rates(new)
    if trainable.rates_at(run.step) == new:
        run.mark(after)
        return Change(run.name, run.step, before, after)
    run.mark(f"base {after}")
    return Change(run.name, run.step, f"base {before}", f"base {after}", note=_in_force(run))


def _in_force(run: GradientRun) -> str:
    """The learning rate at the next step and the place in the schedule; empty if it is constant."""
    trainable = run.trainable
    place = schedules.place(run.specification, run.step, trainable.total_steps)
    return f"{learning_rates(trainable.rates_at(run.step))} in force, {place}" if place else ""


def _move(run: GradientRun, intervention: MoveToDevice, _e: Experiment) -> Change:
    if run.state == "failed":
        _refuse_ended(run)
    device = devices.resolve(intervention.device)
    old = run.trainable.device
    if device == old:
        raise CannotApplyError(f"{run.name} is on {device} already")
    speed = run.seconds_per_step
    moved = run.move(device)
    note = f"loss on the fixed batch {number(moved.loss_before)} → {number(moved.loss_after)}"
    if speed is not None:
        note += f", was {number(1000 * speed)} ms/step"
    run.mark(str(device))
    return Change(run.name, run.step, f"device {old}", f"device {device}", note=note)


def _reset_optimizer(run: GradientRun, _i: ResetOptimizer, _e: Experiment) -> Change:
    _refuse_ended(run)
    run.reset_optimizer()
    run.mark("reset")
    what = "statistics of past batches" if run.specification.learner else "optimizer state"
    return Change(run.name, run.step, "", f"{what} empty")


def _restart(run: GradientRun, _i: Restart, _e: Experiment) -> Change:
    before = run.step
    run.restart()
    return Change(run.name, 0, f"step {before:,}", "step 0")


def _stop(run: GradientRun, _i: Stop, _e: Experiment) -> Change:
    if run.state in ("stopped", "diverged", "failed"):
        raise CannotApplyError(f"{run.name} has {_ENDED_WORDS[run.state]} already")
    before = run.state
    run.state, run.pause_at = "stopped", None
    return Change(run.name, run.step, before, "stopped")


_APPLY: dict[type, Callable[..., Change]] = {
    Pause: _pause,
    Resume: _resume,
    Advance: _advance,
    Continue: _continue,
    SetLearningRate: _set_learning_rate,
    MoveToDevice: _move,
    ResetOptimizer: _reset_optimizer,
    Restart: _restart,
    Stop: _stop,
}
