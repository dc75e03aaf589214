"""What the app shows and how: the state that keys of the display change."""

from dataclasses import dataclass, replace
from typing import Literal, Self

from dicttui.training.closeup import ATOM_ORDERS, AtomOrder
from dicttui.training.snapshot import RunSnapshot, Snapshot

Smoothing = Literal["off", "light", "strong"]
Samples = Literal["train", "held-out", "both"]
SMOOTHINGS: tuple[Smoothing, ...] = ("off", "light", "strong")
SAMPLES: tuple[Samples, ...] = ("train", "held-out", "both")


SCATTER = "fvu/l0"
"""What the chart is called where it shows runs as points."""


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
    log_l0: bool = True
    """Whether the x axis of the scatter is logarithmic."""

    @property
    def scatter(self) -> bool:
        """Whether runs are points, and not curves."""
        return self.metric == SCATTER

    @property
    def series(self) -> tuple[str, ...]:
        """The histories that it is drawn from, beside the loss."""
        if self.scatter:
            return "l0", "fvu"
        return () if self.metric == "loss" else (self.metric,)

    def next_smoothing(self) -> Self:
        """One smoothing further, and round."""
        following = SMOOTHINGS[(SMOOTHINGS.index(self.smoothing) + 1) % len(SMOOTHINGS)]
        return replace(self, smoothing=following)

    def next_samples(self) -> Self:
        """One choice of samples further, and round."""
        return replace(self, samples=SAMPLES[(SAMPLES.index(self.samples) + 1) % len(SAMPLES)])


@dataclass(frozen=True, slots=True)
class CloseupSettings:
    """What the screens of atoms and of one sample show."""

    order: AtomOrder = "use"
    one_scale: bool = False
    """Whether all atoms' pictures have one scale of colours; else each has its own."""
    sample: int = 0

    def other_order(self, by: int) -> Self:
        """An order further on, and round."""
        place = (ATOM_ORDERS.index(self.order) + by) % len(ATOM_ORDERS)
        return replace(self, order=ATOM_ORDERS[place])


@dataclass(frozen=True, slots=True)
class Display:
    """The app's own state; nothing of it touches the training."""

    chart: ChartSettings = ChartSettings()
    closeup: CloseupSettings = CloseupSettings()
    selected: str = ""
    """The selected run's name; empty is the first."""
    enlarged: bool = False
    frozen: bool = False
    readonly: bool = False
    holder: str = ""
    """Who else holds the controls, so that here they are refused; empty: nobody."""
    ascii: bool = False
    refresh: float = 4.0
    """Hz"""

    @property
    def only_looks(self) -> bool:
        """Whether keys that change the training are refused."""
        return self.readonly or bool(self.holder)

    def run(self, snapshot: Snapshot) -> RunSnapshot | None:
        """The selected run, the first if that is not there; None before there are runs."""
        return snapshot.runs[self.place(snapshot)] if snapshot.runs else None

    def place(self, snapshot: Snapshot) -> int:
        """Where the selected run stands among the runs, from 0."""
        names = [run.name for run in snapshot.runs]
        return names.index(self.selected) if self.selected in names else 0


ENDED = frozenset({"finished", "stopped", "diverged", "failed"})
"""States in which a run does not step unless it is told to go on."""


def is_training(snapshot: Snapshot) -> bool:
    """Whether any run makes steps."""
    return any(run.state == "running" for run in snapshot.runs)


def quieted(before: Snapshot, after: Snapshot) -> Snapshot:
    """While nothing trains the machine's facts stay as they were, so that nothing is repainted."""
    if is_training(after) or is_training(before) or before.state != after.state:
        return after
    return replace(after, system=before.system or after.system)
