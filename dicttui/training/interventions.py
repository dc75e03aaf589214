"""What a person changes in a training that runs, and what became of it.

An intervention is submitted to a session, applied by the trainer thread between two steps, and
answered by a receipt. `run=None` means every run.
"""

from dataclasses import dataclass
from typing import Literal

from dicttui.preset.values import Constraint
from dicttui.training.finding import Setting

Group = Literal["both", "dictionary", "rest"]


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop stepping until resumed."""

    run: str | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a pause."""

    run: str | None = None


@dataclass(frozen=True, slots=True)
class Advance:
    """Make so many steps, then pause."""

    steps: int = 1
    run: str | None = None


@dataclass(frozen=True, slots=True)
class Continue:
    """Go on past the end, for as many steps again as the preset asks for, or `steps` more."""

    steps: int | None = None
    run: str | None = None


@dataclass(frozen=True, slots=True)
class SetPace:
    """Steps per second of every run; None is as fast as it goes."""

    steps_per_second: float | None


@dataclass(frozen=True, slots=True)
class SetLearningRate:
    """Change the base learning rate: to `lr`, or by `factor`. Exactly one of them is given.

    For group "both", `lr` is the rate of the rest, and the dictionary keeps its ratio to it.
    """

    run: str | None = None
    lr: float | None = None
    factor: float | None = None
    group: Group = "both"


@dataclass(frozen=True, slots=True)
class MoveToDevice:
    """Train on another device from the next step on."""

    device: str
    run: str | None = None


@dataclass(frozen=True, slots=True)
class ResetOptimizer:
    """Forget the optimizer's state (moments, step counts); weights and rates stay."""

    run: str | None = None


@dataclass(frozen=True, slots=True)
class Restart:
    """Back to step 0 and the initial weights, with the preset's learning rate."""

    run: str | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop for good."""

    run: str | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back the last intervention that changed the training of a run; None: of any run.

    Every run that the intervention changed returns to the moment before it. Pauses and pace are
    not taken back.
    """

    run: str | None = None


@dataclass(frozen=True, slots=True)
class Fork:
    """A new run from a run's present weights and optimizer state, something of it different; or
    from step 0, with the weights that its own settings then give it.

    None leaves a thing as it is in the run that is forked. Another optimizer starts with an empty
    state and with torch's own arguments; other arguments of the same one with an empty state, too.
    """

    run: str
    name: str | None = None
    """Of the new run; None: made from the forked run's and what differs."""
    optimizer: str | None = None
    lr: float | None = None
    """The base rate of the rest; the dictionary keeps its ratio to it."""
    constraint: Constraint | None = None
    l1_coefficient: float | None = None
    """The penalty, where the network has one."""
    settings: tuple[Setting, ...] = ()
    """Keys of the run, or of its network, that are different."""
    begins: Literal["now", "step_0"] = "now"


@dataclass(frozen=True, slots=True)
class Keep:
    """Write a checkpoint now and keep it for good, with a note."""

    note: str = ""


Intervention = (
    Pause
    | Resume
    | Advance
    | Continue
    | SetPace
    | SetLearningRate
    | MoveToDevice
    | ResetOptimizer
    | Restart
    | Stop
    | Undo
    | Fork
    | Keep
)

INTERVENTIONS: dict[str, type[Intervention]] = {
    "pause": Pause,
    "resume": Resume,
    "advance": Advance,
    "continue": Continue,
    "pace": SetPace,
    "learning_rate": SetLearningRate,
    "device": MoveToDevice,
    "reset_optimizer": ResetOptimizer,
    "restart": Restart,
    "stop": Stop,
    "undo": Undo,
    "fork": Fork,
    "checkpoint": Keep,
}
"""The name of each kind, as JSON and the events screen have it."""


CHANGE_THE_TRAINING = (SetLearningRate, MoveToDevice, ResetOptimizer, Restart, Stop, Continue)
"""What can be taken back; a fork is taken back by taking the new run away."""


def kind_of(intervention: Intervention) -> str:
    """The name of an intervention's kind."""
    return next(kind for kind, cls in INTERVENTIONS.items() if type(intervention) is cls)


Status = Literal["requested", "applied", "failed"]


@dataclass(frozen=True, slots=True)
class Change:
    """What an intervention did to one run."""

    run: str
    step: int
    """The step index at which it is first in force."""
    before: str
    after: str
    """The value that is now in force, with its name: "lr 0.02"."""
    note: str = ""
    """What was measured about it: loss on a fixed batch, ms per step."""
    failed: str = ""
    """Why nothing changed in this run; empty if it did."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an intervention. A later receipt of the same id replaces an earlier one."""

    id: int
    kind: str
    target: str
    """The run's name, or "all runs"."""
    status: Status
    request: str
    """What was asked for, in words: "lr × 2"."""
    changes: tuple[Change, ...] = ()
    reason: str = ""
    """Why it failed; empty otherwise."""
    seconds: float = 0.0
    """Since the session's start: when it was asked for, then when it was applied or failed."""
