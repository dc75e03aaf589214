"""Trying a run's remedies in a process of their own, so that the training it comes from goes on.

The process reads an order from stdin and writes a line of JSON whenever it knows more.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dicttui.preset import resolved
from dicttui.record import moment_files
from dicttui.training import plain
from dicttui.training.finding import Diagnosis
from dicttui.training.moment import Moment

COURTESY = 19
"""Niceness: what is tried here must not slow what is trained."""
SECONDS_A_FORK = 20.0
FIRST_WORD, LAST_WORD = "diagnosis", "failed"


def preset_and_moment(preset: dict[str, Any], moment: str) -> str:
    """What the process is told."""
    return plain.text({"preset": preset, "moment": moment})


class Trying:
    """Remedies of one run being tried; `told` is called from a thread of its own."""

    def __init__(
        self,
        preset: dict[str, Any],
        moment: Moment,
        told: Callable[[Diagnosis], None],
        failed: Callable[[str], None],
    ) -> None:
        self._preset, self._moment = preset, moment
        self._told, self._failed = told, failed
        self._process: subprocess.Popen[str] | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trying remedies", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether it has come to its end."""
        return not self._thread.is_alive()

    def end(self) -> None:
        """Give up; nothing more is told."""
        self._ended.set()
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.kill()

    def join(self, timeout: float) -> None:
        """Wait until its files are gone."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="dicttui-") as directory:
                path = Path(directory) / "moment.safetensors"
                moment_files.write(self._moment, moment_files.digest_of(self._moment), path)
                self._follow(preset_and_moment(self._preset, str(path)))
        except OSError as error:
            self._say_failed(f"remedies cannot be tried: {error}")

    def _follow(self, order: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dicttui.diagnosis.process"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            start_new_session=True,
        )  # fmt: skip
        if self._ended.is_set():
            self._process.kill()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(order)
            self._process.stdin.close()
        for line in self._process.stdout:
            message = plain.parsed(line)
            if LAST_WORD in message:
                self._say_failed(str(message[LAST_WORD]))
            elif not self._ended.is_set():
                self._told(plain.restored(Diagnosis, message[FIRST_WORD]))
        status = self._process.wait()
        if status != 0:
            self._say_failed(f"trying remedies ended with status {status}")

    def _say_failed(self, why: str) -> None:
        if not self._ended.is_set():
            self._failed(why)


def main() -> int:
    """Do what stdin says; the exit status."""
    with contextlib.suppress(OSError):
        os.nice(COURTESY)
    order = plain.parsed(sys.stdin.read())
    import torch

    from dicttui.diagnosis import trying_here

    torch.set_num_threads(1)
    preset = resolved.loaded(order["preset"])
    moment = moment_files.read(Path(order["moment"]))
    try:
        for diagnosis in trying_here.diagnoses(preset, moment, SECONDS_A_FORK):
            _say({FIRST_WORD: plain.plain(diagnosis)})
    except Exception as error:
        # Whatever a person's network raises: the app says it, and goes on.
        _say({LAST_WORD: f"remedies cannot be tried: {error}"})
    return 0


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(plain.text(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
