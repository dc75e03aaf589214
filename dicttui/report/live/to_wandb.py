"""A live logger for Weights & Biases; offline where no key is known (`wandb sync` uploads it)."""

import os
from collections.abc import Mapping
from typing import Any

from dicttui.report.extras import needed
from dicttui.report.live.worker import About

PROJECT = "dicttui"


class ToWandb:
    """A run of wandb for each run, in one group an experiment.

    wandb's own variables (WANDB_MODE, WANDB_PROJECT, WANDB_DIR, …) mean what they always do.
    """

    def __init__(self, about: About) -> None:
        self._wandb = needed("wandb", "wandb")
        self._about = about
        self._runs: dict[str, Any] = {}
        self._words: dict[str, list[str]] = {}

    def numbers(self, run: str, step: int, values: Mapping[str, float], at: float) -> None:
        """Log values; a run that has gone back may log a step again, so that it is a value too."""
        del at
        self._run(run).log({"step": step, **values})

    def back(self, run: str, step: int, at: float) -> None:
        """Say so."""
        self.words(run, step, f"back to step {step}", at)

    def words(self, run: str, step: int, text: str, at: float) -> None:
        """Keep a text in the run's summary: the history has numbers alone."""
        del at
        said = self._words.setdefault(run, [])
        said.append(f"step {step}: {text}")
        self._run(run).summary["interventions"] = list(said)

    def end(self, run: str, state: str) -> None:
        """Say how it ended."""
        self._run(run).summary["state"] = state

    def close(self) -> None:
        """Finish every run; what is online is uploaded to its end."""
        for run in self._runs.values():
            run.finish()

    def _run(self, name: str) -> Any:
        if name not in self._runs:
            # wandb makes a directory `wandb` of its own.
            place = self._about.directory.parent
            place.mkdir(parents=True, exist_ok=True)
            run = self._wandb.init(
                project=os.environ.get("WANDB_PROJECT", PROJECT),
                group=f"{self._about.title} {self._about.id}".strip(),
                name=name,
                config=self._about.settings(name),
                dir=os.environ.get("WANDB_DIR", str(place)),
                mode=os.environ.get("WANDB_MODE") or self._mode(),
                reinit="create_new",
                settings=self._wandb.Settings(silent=True, console="off"),
            )
            run.define_metric("step")
            run.define_metric("*", step_metric="step")
            self._runs[name] = run
        return self._runs[name]

    def _mode(self) -> str:
        """Online only where somebody has logged in: nobody could answer a question here."""
        return "online" if self._wandb.api.api_key else "offline"
