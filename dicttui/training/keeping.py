"""When the state of an experiment is taken down for those who keep it."""

import logging
from collections.abc import Callable
from dataclasses import replace

from dicttui.networks import foreign
from dicttui.training import checkpoints
from dicttui.training.audience import Audience
from dicttui.training.experiment import Experiment
from dicttui.training.interventions import Change, Keep, Receipt
from dicttui.training.moment import ExperimentCheckpoint
from dicttui.training.pace import Pace

log = logging.getLogger(__name__)


class Keeping:
    """Checkpoints of one experiment; on the trainer's thread."""

    def __init__(self, experiment: Experiment, pace: Pace, audience: Audience) -> None:
        self._experiment = experiment
        self._pace = pace
        self._audience = audience
        self.last_intervention = 0
        """The id of the newest that changed the training."""
        self.written = True
        """Whether the newest checkpoint has all there is."""

    @property
    def waiting(self) -> bool:
        """Whether there is something that somebody may want a checkpoint of."""
        return not self.written and bool(self._audience.observers)

    def wanted(self) -> bool:
        """Whether somebody wants a checkpoint and there is something new."""
        return not self.written and self._audience.wants_checkpoint()

    def now(self) -> None:
        """Take a checkpoint."""
        if self._audience.observers:
            state = self._taken()
            if state is not None:
                self._audience.checkpoint(state)
        self.written = True

    def keep(
        self, intervention: Keep, requested: Receipt, answer: Callable[[Receipt], None]
    ) -> None:
        """Have a checkpoint written and kept for good. `answer` is called once it is whole, from
        any thread.
        """
        step = max(run.step for run in self._experiment.runs)

        def done(where: str, why_not: str) -> None:
            if why_not:
                answer(replace(requested, status="failed", reason=why_not))
            else:
                change = Change("all runs", step, "", f"kept as {where}", note=intervention.note)
                answer(replace(requested, status="applied", changes=(change,)))

        state = self._taken()
        if state is None:
            done("", "a run's network can no longer be asked for its numbers")
        elif not self._audience.keep(state, intervention.note, done):
            done("", "nothing is recorded, so nothing can be kept")

    def _taken(self) -> ExperimentCheckpoint | None:
        """All there is at this moment; None where a person's network no longer gives its part."""
        try:
            return checkpoints.taken(self._experiment, self.last_intervention, self._pace.rate)
        except foreign.failures():
            log.exception("no checkpoint could be taken")
            return None
