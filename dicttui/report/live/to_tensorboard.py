"""A live logger that writes TensorBoard's event files, one directory a run."""

import time
from collections.abc import Mapping

from dicttui.report.event_file import EventFile, directory_of, shown
from dicttui.report.live.worker import About

FLUSH_EVERY = 1.0
"""Seconds."""


class ToTensorboard:
    """Event files in the experiment's directory."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._files: dict[str, EventFile] = {}
        self._flushed = time.monotonic()

    def numbers(self, run: str, step: int, values: Mapping[str, float], at: float) -> None:
        """Write scalars."""
        for name, value in values.items():
            self._file(run, step, at).scalar(name, value, step, at)
        if time.monotonic() - self._flushed > FLUSH_EVERY:
            self._flushed = time.monotonic()
            for file in self._files.values():
                file.flush()

    def back(self, run: str, step: int, at: float) -> None:
        """Have TensorBoard forget what came from this step on."""
        self._file(run, step, at).again_from(step, at)

    def words(self, run: str, step: int, text: str, at: float) -> None:
        """Write a text."""
        self._file(run, step, at).text("interventions", shown(text), step, at)

    def end(self, run: str, state: str) -> None:
        """Hand over what there is."""
        del state
        if run in self._files:
            self._files[run].flush()

    def close(self) -> None:
        """Finish the files."""
        for file in self._files.values():
            file.close()

    def _file(self, run: str, step: int, at: float) -> EventFile:
        if run not in self._files:
            directory = self._about.directory / directory_of(run)
            file = EventFile(directory, at, name=f"{time.time_ns()}.dicttui")
            # A run that is resumed may have come further before it was interrupted.
            file.again_from(step, at)
            self._files[run] = file
        return self._files[run]
