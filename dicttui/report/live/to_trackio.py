"""A live logger for trackio, which keeps everything on this machine unless told otherwise."""

import contextvars
import os
from collections.abc import Mapping
from typing import Any

from dicttui.report.extras import needed
from dicttui.report.live.worker import About

PROJECT = "dicttui"


class ToTrackio:
    """A run of trackio for each run, in one group an experiment.

    trackio's own variables (TRACKIO_DIR, TRACKIO_SPACE_ID, …) mean what they always do.
    """

    def __init__(self, about: About) -> None:
        self._trackio = needed("trackio", "trackio")
        self._about = about
        self._runs: dict[str, Any] = {}

    def numbers(self, run: str, step: int, values: Mapping[str, float], at: float) -> None:
        """Log values."""
        del at
        self._run(run).log(dict(values), step=step)

    def back(self, run: str, step: int, at: float) -> None:
        """Say so; trackio cannot forget."""
        self.words(run, step, f"back to step {step}", at)

    def words(self, run: str, step: int, text: str, at: float) -> None:
        """Log a text."""
        del at
        self._run(run).log({"intervention": text}, step=step)

    def end(self, run: str, state: str) -> None:
        """A run that has ended may go on: nothing."""

    def close(self) -> None:
        """Finish every run."""
        for run in self._runs.values():
            run.finish()

    def _run(self, name: str) -> Any:
        if name not in self._runs:
            # Each in a context of its own: trackio ends the run that it finds there.
            self._runs[name] = contextvars.Context().run(
                self._trackio.init,
                project=os.environ.get("TRACKIO_PROJECT", PROJECT),
                name=f"{name} {self._about.id}".strip(),
                group=f"{self._about.title} {self._about.id}".strip(),
                config=self._about.settings(name),
                # A resumed run goes on; without an id another experiment's would.
                resume="allow" if self._about.id else "never",
                embed=False,
                auto_log_gpu=False,
                auto_log_cpu=False,
            )
        return self._runs[name]
