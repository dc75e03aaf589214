"""What can be changed in a person's own loop from another terminal, and what cannot."""

from collections.abc import Iterable
from dataclasses import replace

from dicttui.training import applying
from dicttui.training.experiment import Experiment
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

PAUSE, LEARNING_RATE, RESET, STOP = "pause", "learning_rate", "reset_optimizer", "stop"
CONTROLS = {
    PAUSE: "pause and pace",
    LEARNING_RATE: "learning rate",
    RESET: "optimizer reset",
    STOP: "stop",
}
"""Every control, and what it is called on a screen."""
USUAL = (PAUSE, LEARNING_RATE, RESET)
"""Those that need nothing of the loop but its calls of `step`."""
_NEEDS: dict[type[Intervention], str] = {
    Pause: PAUSE,
    Resume: PAUSE,
    Advance: PAUSE,
    SetPace: PAUSE,
    SetLearningRate: LEARNING_RATE,
    ResetOptimizer: RESET,
    Stop: STOP,
}
CANNOT_STOP = (
    "this is a person's own loop and ends itself; to be ended from here it has to say "
    'watch(…, controls=[…, "stop"]) and heed what watched.step returns'
)
_NEVER: dict[type[Intervention], str] = {
    Continue: "its own program decides how long it trains",
    Restart: "its own program makes its weights; end it and start it again",
    MoveToDevice: "its own program decides where its tensors are",
    Undo: "dicttui keeps no state of it to go back to; set the learning rate back by hand",
    Fork: "dicttui cannot fork it; it can fork the runs of a preset",
    Keep: "dicttui keeps no weights of it; save them in its own program",
}


def chosen(controls: bool | str | Iterable[str]) -> frozenset[str]:
    """The controls that a person allows: True, the usual ones; False, none; or their names.

    Raises ValueError, naming those that there are.
    """
    if isinstance(controls, bool):
        return frozenset(USUAL if controls else ())
    names = frozenset([controls] if isinstance(controls, str) else controls)
    unknown = sorted(map(str, names - CONTROLS.keys()))
    if unknown:
        raise ValueError(
            f"watch: controls=: {unknown[0]!r} is none; allowed: True, False, or some of "
            f"{', '.join(CONTROLS)}"
        )
    return names


def words(controls: frozenset[str]) -> str:
    """The controls, in words: "pause and pace, learning rate"; or that there are none."""
    return ", ".join(said for name, said in CONTROLS.items() if name in controls) or "nothing"


def refusal(intervention: Intervention, controls: frozenset[str]) -> str:
    """Why an intervention is not applied to a loop with these controls; empty: it is."""
    kind = type(intervention)
    if kind in _NEVER:
        return f"this is a person's own loop: {_NEVER[kind]}"
    needed = _NEEDS[kind]
    if needed in controls:
        return ""
    if needed == STOP:
        return CANNOT_STOP
    return (
        f"this is a person's own loop, which does not allow it: watch(…, controls=[…, {needed!r}])"
    )


def is_stop(intervention: Intervention, controls: frozenset[str]) -> bool:
    """Whether the loop is to be asked to end, and may be."""
    return isinstance(intervention, Stop) and STOP in controls


def stopped(requested: Receipt, run: GradientRun) -> Receipt:
    """That a loop is asked to end: what `step` returns tells it."""
    change = Change(run.name, run.step, run.state, "asked to end")
    if run.state == "paused":
        run.go_on()
    return replace(requested, status="applied", changes=(change,))


def apply(
    intervention: Intervention,
    requested: Receipt,
    experiment: Experiment,
    pace: Pace,
    controls: frozenset[str],
) -> Receipt:
    """Apply an intervention between two steps of the loop, where it may be; what became of it."""
    reason = refusal(intervention, controls)
    if reason:
        return replace(requested, status="failed", reason=reason)
    receipt, _ = applying.apply(intervention, requested, experiment, pace)
    return receipt
