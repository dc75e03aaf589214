"""The state of a run, and of an experiment, at a moment: what undo, fork and checkpoints are made
of. Importing this module does not import torch.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


class MomentError(Exception):
    """A run cannot be put back into a moment; the message is for a person."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything one run needs to go on from here, bit for bit on the same device and build."""

    run: str
    step: int
    """Completed updates."""
    specification: dict[str, Any]
    """The run's, as `dicttui.preset.resolved` writes it."""
    facts: dict[str, Any]
    """Plain JSON: what is no tensor."""
    tensors: "dict[str, Tensor]"
    """In host memory, contiguous, each with bytes of its own; nobody writes to them."""

    bytes: int = field(init=False)
    """What the tensors take."""

    def __post_init__(self) -> None:
        taken = sum(tensor.nbytes for tensor in self.tensors.values())
        object.__setattr__(self, "bytes", taken)


@dataclass(frozen=True, slots=True)
class UndoPoint:
    """The moment of one run before an intervention."""

    intervention: int
    """Its id."""
    words: str
    """What it did: "lr 0.01 → 0.02 at step 1,200"."""
    label: str
    """The same, short: "lr 0.02"."""
    since: int
    """The step index at which it was first in force."""
    moment: Moment | None
    """None: before it the run was not there, because it is a fork."""


@dataclass(frozen=True, slots=True)
class RunCheckpoint:
    """One run of a checkpoint."""

    moment: Moment
    undo: tuple[UndoPoint, ...] = ()
    """Oldest first. The moments are the same objects in every checkpoint that holds them."""


@dataclass(frozen=True, slots=True)
class ExperimentCheckpoint:
    """All runs of an experiment between two steps."""

    runs: tuple[RunCheckpoint, ...]
    """In the order in which they stand."""
    last_intervention: int
    """The id of the newest intervention that had been applied; 0: none."""
    pace: float | None
    samples: str
    """A digest of the train samples, to know them again."""
    scaling: dict[str, Any] = field(default_factory=dict)
    """What was done to the samples, in plain JSON as `dicttui.data.affine` writes it; empty if that
    is not known."""
    weights: dict[str, str] = field(default_factory=dict)
    """By run, a digest of the weights that it was given to start with, where it was."""
