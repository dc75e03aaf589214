"""What a process that is measured says of itself, in lines over a pipe.

`made AT STEPS`: by time AT of the clock that all processes share, so many steps had been made, of
all runs together. `runs JSON`: which engines the runs have now.
"""

import contextlib
import json
import os
import time
from collections.abc import Sequence
from typing import Any

from dicttui.training.engines.choice import NOT_READY
from dicttui.training.observation import Observer
from dicttui.training.snapshot import RunSnapshot, Snapshot


class Pipe:
    """The end that is written to. Whoever reads late loses lines and never holds us up."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd

    def made(self, steps: int) -> None:
        """So many steps have been made until now."""
        self._put(f"made {time.monotonic():.6f} {steps}")

    def runs(self, told: dict[str, Any]) -> None:
        """What the runs are now."""
        self._put(f"runs {json.dumps(told)}")

    def _put(self, line: str) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._fd, f"{line}\n".encode())


class Reporter(Observer):
    """Reports a session's steps.

    Args:
        pipe: where to.
        look_every: seconds between two looks at the engines until they have settled; None: only
            when somebody else looks.

    """

    def __init__(self, pipe: Pipe, look_every: float | None) -> None:
        self.picture_every = look_every
        self._pipe = pipe
        self._steps = 0
        self._timed = ""
        self._told: dict[str, Any] = {}

    def made(self, run: str, segment: int, first: int, losses: Sequence[float]) -> None:
        """Count; between two reports every run has advanced."""
        del segment, first
        self._steps += len(losses)
        self._timed = self._timed or run
        if run == self._timed:
            self._pipe.made(self._steps)

    def picture(self, snapshot: Snapshot) -> None:
        """Tell of engines that have changed."""
        if not snapshot.runs or not self._steps:
            return
        told = {
            "engines": sorted({run.engine for run in snapshot.runs}),
            "details": sorted({run.engine_detail for run in snapshot.runs} - {""}),
            "settled": all(is_settled(run) for run in snapshot.runs),
            "expected": any(run.engine_detail == NOT_READY for run in snapshot.runs),
            "threads": 1 if snapshot.system is None else snapshot.system.threads,
        }
        if told != self._told:
            self._told = told
            self._pipe.runs(told | {"at": time.monotonic()})
        if told["settled"]:
            self.picture_every = None


def is_settled(run: RunSnapshot) -> bool:
    """Whether its engine is the one that it goes on with, as far as it says."""
    return run.engine != "eager" or run.engine_detail not in ("", NOT_READY)
