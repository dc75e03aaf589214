"""Observing a training for its diagnosis. Importing this module does not import torch."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dicttui.diagnosis.tiers import Tier
from dicttui.preset.model import Preset
from dicttui.training.finding import Diagnosis, Verdict
from dicttui.training.interventions import (
    Intervention,
    Receipt,
    ResetOptimizer,
    Restart,
    SetLearningRate,
    Undo,
)
from dicttui.training.observation import Observer
from dicttui.training.snapshot import View

if TYPE_CHECKING:
    from dicttui.diagnosis.live import Live
    from dicttui.training.experiment import Experiment

SWITCH = "DICTTUI_DIAGNOSIS"
"""An environment variable: off, and no training is examined while it runs."""
CHANGE_WHAT_IS_KNOWN = (SetLearningRate, ResetOptimizer, Restart, Undo)
"""Interventions after which findings of before are not of this training any more."""


class Examiner(Observer):
    """Keeps a diagnosis of every run of a training: what `dicttui.diagnosis.live` does, once there
    is something to examine.
    """

    def __init__(self, preset: Preset, tier: Tier = "economy") -> None:
        self._preset, self._tier = preset, tier
        self._live: Live | None = None

    def examine(self, experiment: "Experiment", view: View) -> None:
        """Measure, within a share of the trainer's time."""
        if os.environ.get(SWITCH) == "off":
            return
        if self._live is None:
            from dicttui.diagnosis.live import Live

            self._live = Live(self._preset, self._tier, self.look_again)
        self._live.examine(experiment, view)

    def intervened(
        self, number: int, intervention: Intervention, before: Mapping[str, int], receipt: Receipt
    ) -> None:
        """What was known of a run goes where its training is changed."""
        del number, before
        if self._live is not None and isinstance(intervention, CHANGE_WHAT_IS_KNOWN):
            changed = {c.run: c.step for c in receipt.changes if not c.failed}
            # Whoever goes back has the settings of then, and the losses that were made with them.
            back = isinstance(intervention, Restart | Undo)
            self._live.forget(changed, dict.fromkeys(changed, 0) if back else changed)

    def diagnosis(self, run: str) -> Diagnosis | None:
        """What is known of a run of that name."""
        return None if self._live is None else self._live.diagnosis(run)

    def verdict(self) -> Verdict | None:
        """What is known of the experiment."""
        return None if self._live is None else self._live.verdict()

    def close(self, timeout: float) -> None:
        """Give up what is being tried."""
        if self._live is not None:
            self._live.close(timeout)
