"""How others observe a training: the JSON lines of `train`, the recorder, the diagnosis."""

from dataclasses import dataclass
from typing import Protocol

from dicttui.training.interventions import Receipt
from dicttui.training.snapshot import RunState


@dataclass(frozen=True, slots=True)
class StepObservation:
    """One step of one run; everything was taken before the update."""

    run: str
    step: int
    loss: float
    terms: dict[str, float]
    metrics: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class EndObservation:
    """How a run ended."""

    run: str
    state: RunState
    detail: str
    """Why it diverged or failed."""
    steps: int
    loss: float | None
    best_loss: float | None
    best_step: int | None
    row_norms: tuple[float, ...]
    """Of the dictionary's rows, at the end."""
    seconds: float
    """Spent training this run."""


class Observer(Protocol):
    """Called on the trainer thread, between steps; must be quick and keep no tensor."""

    every: int
    """Observe the steps 0, every, 2·every, … and the last."""

    def step(self, observation: StepObservation) -> None:
        """A step has been made."""

    def receipt(self, receipt: Receipt) -> None:
        """A receipt has been written."""

    def end(self, observation: EndObservation) -> None:
        """A run has ended."""
