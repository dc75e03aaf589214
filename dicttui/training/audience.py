"""Telling observers what they want to know, and asking what they want."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dicttui.training.experiment import Experiment
from dicttui.training.finding import Diagnosis, Verdict
from dicttui.training.interventions import Intervention, Receipt
from dicttui.training.moment import ExperimentCheckpoint
from dicttui.training.observation import EndObservation, Observer, StepObservation
from dicttui.training.run import GradientRun
from dicttui.training.snapshot import Recording, RunState, Snapshot, View

ENDED: frozenset[RunState] = frozenset({"finished", "stopped", "diverged", "failed"})


@dataclass(slots=True)
class Audience:
    """Everybody who observes one training; on the trainer's thread."""

    observers: Sequence[Observer]
    _ended: set[str] = field(default_factory=set)
    """The runs whose end has been told."""

    # -- what they want ------------------------------------------------------------------------

    def until_wanted(self, step: int) -> int | None:
        """Steps until the next that somebody wants to see is made; None: nobody does."""
        wanted = [-step % o.every + 1 for o in self.observers if o.every is not None]
        return min(wanted, default=None)

    def of_step(self, run: GradientRun, step: int) -> list[Observer]:
        """Those who want to see a step of a run."""
        return [
            o
            for o in self.observers
            if o.every is not None and (step % o.every == 0 or step == run.target - 1)
        ]

    def picture_every(self) -> float | None:
        """Seconds after which somebody wants another picture; None: nobody ever does."""
        wanted = [o.picture_every for o in self.observers if o.picture_every is not None]
        return min(wanted, default=None)

    def wants_checkpoint(self) -> bool:
        """Whether it is time for a checkpoint."""
        return any(o.wants_checkpoint() for o in self.observers)

    def diagnosis(self, run: str) -> Diagnosis | None:
        """What somebody knows of a run of that name."""
        return next((d for o in self.observers if (d := o.diagnosis(run)) is not None), None)

    def verdict(self) -> Verdict | None:
        """What somebody knows of the experiment."""
        return next((v for o in self.observers if (v := o.verdict()) is not None), None)

    def recording(self) -> Recording | None:
        """Where the experiment is being recorded."""
        found = [recording for o in self.observers if (recording := o.recording()) is not None]
        return found[0] if found else None

    # -- what they are told --------------------------------------------------------------------

    def examine(self, experiment: Experiment, view: View) -> None:
        """A snapshot is about to be made."""
        for observer in self.observers:
            observer.examine(experiment, view)

    def made(self, run: GradientRun) -> None:
        """A run has advanced."""
        first, losses = run.newly_made
        if losses:
            for observer in self.observers:
                observer.made(run.name, run.segment, first, losses)

    def stepped(self, run: GradientRun, observers: Iterable[Observer]) -> None:
        """A step that these want to see has been made, or one in which the run diverged."""
        measured = run.measured
        if run.state == "diverged":
            seen = StepObservation(run.name, run.diverged_at, _loss(run), {}, {})
            observers = [o for o in self.observers if o.every is not None]
        elif measured is None or run.state == "failed":
            return
        else:
            metrics = measured.all_metrics
            seen = StepObservation(run.name, measured.step, _loss(run), measured.terms, metrics)
        for observer in observers:
            observer.step(seen)

    def ends(self, runs: Iterable[GradientRun]) -> None:
        """Those of these runs that have ended, each end once."""
        for run in runs:
            if run.state not in ENDED:
                self._ended.discard(run.name)
            elif run.name not in self._ended:
                self._ended.add(run.name)
                past = run.past
                end = EndObservation(
                    run.name, run.state, run.state_detail, run.step, past.loss, past.best_loss,
                    past.best_step, run.row_norms(), run.seconds,
                )  # fmt: skip
                for observer in self.observers:
                    observer.end(end)

    def forget_ends(self, names: Iterable[str]) -> None:
        """These runs end once more if they end again."""
        self._ended.difference_update(names)

    def intervened(
        self, intervention: Intervention, before: Mapping[str, int], receipt: Receipt
    ) -> None:
        """An intervention has been applied or has failed."""
        for observer in self.observers:
            observer.intervened(receipt.id, intervention, before, receipt)
        self.receipt(receipt)

    def receipt(self, receipt: Receipt) -> None:
        """A receipt has been written."""
        for observer in self.observers:
            observer.receipt(receipt)

    def picture(self, snapshot: Snapshot) -> None:
        """A snapshot has been published."""
        for observer in self.observers:
            observer.picture(snapshot)

    def checkpoint(self, state: ExperimentCheckpoint) -> None:
        """A checkpoint has been taken."""
        for observer in self.observers:
            observer.checkpoint(state)

    def keep(
        self, state: ExperimentCheckpoint, note: str, done: Callable[[str, str], None]
    ) -> bool:
        """A checkpoint is to be kept for good; whether anybody does."""
        return any(observer.keep(state, note, done) for observer in self.observers)


def _loss(run: GradientRun) -> float:
    return float("nan") if run.past.loss is None else run.past.loss
