"""What the app shows and how: the state that keys of the display change."""

from dataclasses import dataclass, replace
from typing import Literal, Self

from dicttui.training.snapshot import RunSnapshot, Snapshot

Smoothing = Literal["off", "light", "strong"]
Samples = Literal["train", "held-out", "both"]
SMOOTHINGS: tuple[Smoothing, ...] = ("off", "light", "strong")
SAMPLES: tuple[Samples, ...] = ("train", "held-out", "both")


@dataclass(frozen=True, slots=True)
class ChartSettings:
    """What the chart shows, and on which axes."""

    metric: str = "loss"
    log_y: bool = True
    log_x: bool = False
    seconds: bool = False
    """Training seconds on the x axis in place of steps."""
    smoothing: Smoothing = "off"
    samples: Samples = "train"

    def next_smoothing(self) -> Self:
        """One smoothing further, and round."""
        following = SMOOTHINGS[(SMOOTHINGS.index(self.smoothing) + 1) % len(SMOOTHINGS)]
        return replace(self, smoothing=following)

    def next_samples(self) -> Self:
        """One choice of samples further, and round."""
        return replace(self, samples=SAMPLES[(SAMPLES.index(self.samples) + 1) % len(SAMPLES)])


@dataclass(frozen=True, slots=True)
class Display:
    """The app's own state; nothing of it touches the training."""

    chart: ChartSettings = ChartSettings()
    selected: int = 0
    """The place of the selected run among the runs."""
    enlarged: bool = False
    frozen: bool = False
    readonly: bool = False
    ascii: bool = False
    refresh: float = 4.0
    """Hz"""

    def run(self, snapshot: Snapshot) -> RunSnapshot | None:
        """The selected run; None before there are runs."""
        if not snapshot.runs:
            return None
        return snapshot.runs[min(self.selected, len(snapshot.runs) - 1)]


ENDED = frozenset({"finished", "stopped", "diverged", "failed"})
"""States in which a run does not step unless it is told to go on."""


def is_training(snapshot: Snapshot) -> bool:
    """Whether any run makes steps."""
    return any(run.state == "running" for run in snapshot.runs)
