"""Trying a run's remedies in a process of their own, so that the training it comes from goes on.

The process reads an order from stdin, and writes a line of JSON whenever it knows more and a last
one at its end. Once nothing holds its stdin open any more, whoever asked is gone: it ends at once.
"""

import contextlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TextIO

from dicttui.own_process import environment
from dicttui.preset import resolved
from dicttui.record import moment_files
from dicttui.record.error import RecordError
from dicttui.training import plain, simulated_device
from dicttui.training.finding import Diagnosis
from dicttui.training.moment import Moment

log = logging.getLogger(__name__)

COURTESY = 19
"""Niceness: what is tried here must not slow what is trained."""
SECONDS_A_FORK = 20.0
DIAGNOSIS, SUSPECTS, LAST_WORD = "diagnosis", "suspects", "failed"


@dataclass(frozen=True, slots=True)
class Tried:
    """What is known once remedies have been tried, or some of them."""

    diagnosis: Diagnosis
    suspects: frozenset[str] = frozenset()
    """The causes that the numbers spoke for, those too that came to nothing when they were tried
    and are no findings any more."""


def order(preset: dict[str, Any], moment: str) -> str:
    """What the process is told: one line."""
    return plain.text({"preset": preset, "moment": moment}) + "\n"


class Trying:
    """Remedies of one run being tried.

    `news` is called from a thread of its own whenever there is something new to be read off here.
    """

    def __init__(self, preset: dict[str, Any], moment: Moment, news: Callable[[], None]) -> None:
        self.newest: Tried | None = None
        self.failure = ""
        """Why it came to nothing, for a person."""
        self.over = False
        """Whether there will be nothing new any more."""
        self._preset, self._moment, self._news = preset, moment, news
        self._process: subprocess.Popen[str] | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trying remedies", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Give up."""
        self._ended.set()
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.kill()

    def join(self, timeout: float) -> None:
        """Wait until its files are gone."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            with tempfile.TemporaryDirectory(
                prefix="dicttui-", ignore_cleanup_errors=True
            ) as directory:
                path = Path(directory) / "moment.safetensors"
                moment_files.write(self._moment, moment_files.digest_of(self._moment), path)
                self.failure = self._follow(order(self._preset, str(path)))
        except (OSError, RecordError, plain.PlainError) as error:
            log.exception("remedies cannot be tried")
            self.failure = f"remedies cannot be tried: {error}"
        self.over = True
        self._tell()

    def _follow(self, said: str) -> str:
        """Why it came to nothing; empty if it did not."""
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "dicttui.diagnosis.process"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=environment(), start_new_session=True,
        ) as process:  # fmt: skip
            self._process = process
            if self._ended.is_set():
                process.kill()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write(said)
                    process.stdin.flush()
                last_word = self._last_word(process.stdout)
            finally:
                # Its stdin is held open until here.
                process.kill()
                with contextlib.suppress(OSError):  # what it has not read
                    process.stdin.close()
        if last_word is None:
            return f"trying remedies ended with status {process.returncode}"
        return last_word

    def _last_word(self, stdout: IO[str]) -> str | None:
        for line in stdout:
            message = plain.parsed(line)
            if LAST_WORD in message:
                return str(message[LAST_WORD])
            diagnosis = plain.restored(Diagnosis, message[DIAGNOSIS])
            self.newest = Tried(diagnosis, frozenset(message[SUSPECTS]))
            self._tell()
        return None

    def _tell(self) -> None:
        if not self._ended.is_set():
            self._news()


# -- the process -------------------------------------------------------------------------------


def main() -> int:
    """Do what stdin says; the exit status."""
    with contextlib.suppress(OSError):
        os.nice(COURTESY)
    asked, said = _own_ends()
    told = plain.parsed(asked.readline())
    path = Path(told["moment"])
    threading.Thread(target=_end_with_whoever_asked, args=(asked, path.parent), daemon=True).start()
    import torch

    from dicttui.diagnosis import trying_here

    torch.set_num_threads(1)
    simulated_device.install_if_asked()
    why = ""
    try:
        preset = resolved.loaded(told["preset"])
        for tried in trying_here.diagnoses(preset, moment_files.read(path), SECONDS_A_FORK):
            diagnosis = plain.plain(tried.diagnosis)
            _say(said, {DIAGNOSIS: diagnosis, SUSPECTS: sorted(tried.suspects)})
    except Exception as error:
        # Whatever a person's network raises: the app says it, and goes on.
        why = f"remedies cannot be tried: {error}"
    _say(said, {LAST_WORD: why})
    return 0


def _own_ends() -> tuple[TextIO, TextIO]:
    """Stdin and stdout, of which nobody else has any more: a person's network may print."""
    asked, said = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return asked, said


def _end_with_whoever_asked(asked: TextIO, directory: Path) -> None:
    """End this process once nobody waits for it, and leave nothing behind."""
    asked.read()
    shutil.rmtree(directory, ignore_errors=True)
    os._exit(1)


def _say(said: TextIO, message: dict[str, Any]) -> None:
    said.write(plain.text(message) + "\n")
    said.flush()


if __name__ == "__main__":
    sys.exit(main())
