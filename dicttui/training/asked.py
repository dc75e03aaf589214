"""What is asked for, in words. Importing this module does not import torch: a request is written
down by whoever submits it.
"""

from dicttui.training.interventions import (
    Advance,
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
    kind_of,
)


def number(value: float | None) -> str:
    """A number in at most five significant digits."""
    return "n/a" if value is None else f"{value:.5g}"


def pace_words(rate: float | None) -> str:
    """A pace."""
    return "as fast as it goes" if rate is None else f"{number(rate)} steps/s"


def target_of(intervention: Intervention) -> str:
    """Whom an intervention is for, in words."""
    run = getattr(intervention, "run", None)
    return run if run is not None else "all runs"


def words(intervention: Intervention) -> str:
    """What is asked for, in words."""
    match intervention:
        case Pause():
            return "pause"
        case Resume():
            return "resume"
        case Advance(steps=steps):
            return "one step, then pause" if steps == 1 else f"{steps} steps, then pause"
        case Continue(steps=steps):
            return "continue past the end" if steps is None else f"continue for {steps} steps"
        case SetPace(steps_per_second=rate):
            return f"pace {pace_words(rate)}"
        case SetLearningRate(lr=lr, factor=factor, group=group):
            of = {"both": "lr", "dictionary": "dictionary's lr", "rest": "lr of the rest"}[group]
            return f"{of} × {number(factor)}" if factor is not None else f"{of} {number(lr)}"
        case MoveToDevice(device=device):
            return f"move to {device}"
        case ResetOptimizer():
            return "reset the optimizer's state"
        case Restart():
            return "back to the start"
        case Stop():
            return "stop for good"
        case Undo():
            return "take back"
        case Fork(run=run):
            return f"fork {run}"
        case Keep(note=note):
            return f"checkpoint: {note}" if note else "checkpoint"


def from_to(before: str, after: str) -> str:
    """What was in force and what is now, without the words that both begin with: "lr 0.01 → 0.02";
    at least one word of either.
    """
    if not before:
        return after
    old, new = before.split(" "), after.split(" ")
    alike = 0
    while alike < min(len(old), len(new)) - 1 and old[alike] == new[alike]:
        alike += 1
    return f"{before} → {' '.join(new[alike:])}"


def requested(number: int, intervention: Intervention, seconds: float) -> Receipt:
    """The receipt of a request, so many seconds after the session's start."""
    return Receipt(
        number, kind_of(intervention), target_of(intervention), "requested", words(intervention),
        seconds=seconds,
    )  # fmt: skip
