"""Where a session begins that has a past: a resumed one, a replayed one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dicttui.training.interventions import Intervention, Receipt
from dicttui.training.moment import ExperimentCheckpoint


@dataclass(frozen=True, slots=True)
class Scripted:
    """An intervention that was applied once, and is to be applied again at the same steps."""

    number: int
    """Its id."""
    intervention: Intervention
    before: Mapping[str, int]
    """The completed updates of each run that it changed, just before it did."""


@dataclass(frozen=True, slots=True)
class Start:
    """The beginning of a session, if that is not the preset's step 0."""

    checkpoint: Callable[[], ExperimentCheckpoint | None] = lambda: None
    """Reads the state to go on from, on the trainer's thread; None: the preset's step 0."""
    script: tuple[Scripted, ...] = ()
    """What is applied again, oldest first."""
    receipts: tuple[Receipt, ...] = ()
    """Of the past."""
    next_id: int = 1
    """Of the next intervention."""
    segments: Mapping[str, int] = field(default_factory=dict)
    """The newest segment of each run, if they are to be counted on."""
