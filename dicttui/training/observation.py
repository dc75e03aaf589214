"""How others observe a training: the JSON lines of `train`, the recorder, the diagnosis."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicttui.training.finding import Diagnosis, Verdict
from dicttui.training.interventions import Intervention, Receipt
from dicttui.training.moment import ExperimentCheckpoint
from dicttui.training.snapshot import Recording, RunState, Snapshot, View

if TYPE_CHECKING:
    from dicttui.training.experiment import Experiment


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


class Observer:
    """Called on the trainer thread, between steps; must be quick and keep no tensor of the run.

    Whoever observes overrides what it wants to know.
    """

    every: int | None = None
    """Observe the steps 0, every, 2·every, … and the last; None: no single step."""
    picture_every: float | None = None
    """Seconds after which it wants another picture though nobody else looks; None: never."""

    look_again: Callable[[], None] = staticmethod(lambda: None)
    """Set by the training that is observed. Called from any thread, it has a snapshot made soon:
    for an observer that knows more than the last one says."""

    def step(self, observation: StepObservation) -> None:
        """A step that `every` asks for has been made."""

    def made(self, run: str, segment: int, first: int, losses: Sequence[float]) -> None:
        """Steps have been made, the first with this index; every step is told once.

        Whenever a run goes back to an earlier step, because something is taken back or it starts
        again, a new segment of it begins: segments count from 0.
        """

    def intervened(
        self, number: int, intervention: Intervention, before: Mapping[str, int], receipt: Receipt
    ) -> None:
        """An intervention has been applied or has failed; the receipt is out when this returns.

        `before` has the completed updates of each run that it changed, as they were just before; of
        one that has diverged, those too in which that was found.
        """

    def receipt(self, receipt: Receipt) -> None:
        """A receipt has been written, or written anew with the same id."""

    def picture(self, snapshot: Snapshot) -> None:
        """A snapshot has been published."""

    def end(self, observation: EndObservation) -> None:
        """A run has ended."""

    # -- what is examined ----------------------------------------------------------------------

    def examine(self, experiment: "Experiment", view: View) -> None:
        """A snapshot is about to be made, for this view. The runs may be looked at, and must be
        left as they are; how long that may take is the observer's to bound.
        """

    def diagnosis(self, run: str) -> Diagnosis | None:
        """What is known of a run of that name; None: nothing is ever known here."""
        del run
        return None

    def verdict(self) -> Verdict | None:
        """What is known of the experiment."""
        return None

    # -- what is kept --------------------------------------------------------------------------

    def wants_checkpoint(self) -> bool:
        """Whether it is time for a checkpoint."""
        return False

    def checkpoint(self, state: ExperimentCheckpoint) -> None:
        """The state of this moment; its tensors do not change any more."""

    def keep(
        self, state: ExperimentCheckpoint, note: str, done: Callable[[str, str], None]
    ) -> bool:
        """Keep this state for good. `done` is called once, from any thread: with where it is, and
        with why it could not be kept (empty if it is). False: nothing is ever kept here.
        """
        del state, note, done
        return False

    def recording(self) -> Recording | None:
        """Where the experiment is being recorded."""
        return None

    def close(self, timeout: float) -> None:
        """The training is over; called once, on the thread that closes the session."""
        del timeout
