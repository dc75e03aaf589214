"""The process of a live logger: reads what is trained from its stdin, and hands it to a service.

Started by `dicttui.report.live.observer`; ends when its stdin does.
"""

import json
import math
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from dicttui.report.error import ReportError

SERVICES = {
    "tensorboard": ("dicttui.report.live.to_tensorboard", "ToTensorboard"),
    "trackio": ("dicttui.report.live.to_trackio", "ToTrackio"),
    "wandb": ("dicttui.report.live.to_wandb", "ToWandb"),
}
"""The module and class of each."""
PATIENCE = 600.0
"""Seconds after the training's end within which a service has to finish."""


class Service(Protocol):
    """What takes the numbers."""

    def numbers(self, run: str, step: int, values: Mapping[str, float], at: float) -> None:
        """Values of one step; the time is in seconds since the epoch."""

    def back(self, run: str, step: int, at: float) -> None:
        """The run goes on from this step, which it has made before."""

    def words(self, run: str, step: int, text: str, at: float) -> None:
        """Something was changed."""

    def end(self, run: str, state: str) -> None:
        """The run has ended; it may go on."""

    def close(self) -> None:
        """Nothing more comes."""


class About:
    """What is trained."""

    def __init__(self, beginning: Mapping[str, Any]) -> None:
        self.title = str(beginning["title"])
        self.id = str(beginning["id"])
        """Of its recording; empty if nothing is recorded."""
        self.directory = Path(beginning["directory"])
        """Where files of its own belong."""
        if self.id:
            # The recording's own may not be there yet; it is for its owner alone.
            self.directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.preset: dict[str, Any] = beginning["preset"]

    def settings(self, run: str) -> dict[str, Any]:
        """What is set for a run; a fork's are not in the preset."""
        specified: dict[str, Any] = {}
        for one in self.preset["runs"]:
            if one["name"] == run:
                specified = one
        training = {key: self.preset[key] for key in ("data", "training")}
        return {**specified, **training, "experiment": self.id, "preset": self.preset["source"]}


def main(name: str, lines: Iterable[str]) -> None:
    """Hand every message to the service of this name. Raises ReportError, and what it raises."""
    messages = map(json.loads, lines)
    beginning = next(messages, None)
    if beginning is None:
        return
    module, class_name = SERVICES[name]
    service: Service = getattr(import_module(module), class_name)(About(beginning))
    try:
        for message in messages:
            _hand(service, message)
    finally:
        service.close()


def _hand(service: Service, message: Mapping[str, Any]) -> None:
    run, at = message["run"], message["at"]
    match message["do"]:
        case "losses":
            for step, loss in zip(message["steps"], message["values"], strict=True):
                service.numbers(run, step, {"loss": loss}, at)
        case "numbers":
            service.numbers(run, message["step"], message["values"], at)
        case "back":
            service.back(run, message["step"], at)
        case "words":
            service.words(run, message["step"], message["text"], at)
        case "end":
            if message["loss"] is not None and math.isfinite(message["loss"]):
                service.numbers(run, message["step"], {"loss": message["loss"]}, at)
            service.end(run, message["state"])


def _end_in_time(pipe: int) -> None:
    """A service that never finishes, or never takes what was read, is not left behind: once
    nobody writes to the pipe any more it has some time, and no more.
    """
    gone = select.poll()
    gone.register(pipe, 0)  # only that: what is still to be read is the service's
    gone.poll()
    time.sleep(PATIENCE)
    os._exit(1)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit("stopped by a signal")


def run(name: str) -> None:
    """Be the process of the service of this name."""
    signal.signal(signal.SIGTERM, _stop)
    threading.Thread(target=_end_in_time, args=(sys.stdin.fileno(),), daemon=True).start()
    try:
        main(name, sys.stdin)
    except ReportError as error:
        sys.exit(str(error))
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}".replace("\n", " "))


if __name__ == "__main__":
    run(sys.argv[1])
