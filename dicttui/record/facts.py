"""What is read back from a recording, in plain values."""

from array import array
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from dicttui.record.steps import Steps
from dicttui.training.interventions import Intervention, Receipt

ExperimentState = Literal["running", "finished", "stopped", "crashed"]


@dataclass(frozen=True, slots=True)
class Curve:
    """The losses of a run, one for every step that was made, in the order of the steps."""

    steps: Steps
    losses: "array[float]"
    """float32."""


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """One run."""

    name: str
    specification: dict[str, Any] = field(repr=False)
    """As `dicttui.preset.resolved.dumped_run` writes it."""
    parent: str
    """The run it was forked from; empty if it was there from the start."""
    forked_at: int | None
    parent_segment: int
    """The segment its parent was in when it was forked."""
    present: bool
    """False for a fork that was taken back."""
    state: str
    """As its snapshots had it at last."""
    steps: int
    """Completed updates."""
    target: int
    best_loss: float | None
    best_step: int | None
    segments: tuple[int, ...]
    """Those in which a step was made."""


@dataclass(frozen=True, slots=True)
class RecordedIntervention:
    """One intervention, applied or failed."""

    id: int
    intervention: Intervention
    before: dict[str, int]
    """Completed updates of each run that it changed, as they were just before."""
    receipt: Receipt
    """The last of its receipts."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the recording: "started", "resumed", "signal", "trouble", …"""

    at: datetime
    kind: str
    text: str
