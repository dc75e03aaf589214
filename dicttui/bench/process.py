"""One process that is measured: it trains, is stopped while others are measured, and goes on."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from dicttui.bench.error import BenchError
from dicttui.own_process import environment

COLUMNS, LINES = 120, 40
UNTOLD, UNTOLD_REPORTS = 1.5, 5
"""Seconds and reports of steps after the first, for which a session is waited for that does not say
whether its engine stays."""
PATIENCE = 120.0
"""Seconds: a step of a large network may take some."""
MISLEADING = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE")
"""Of the environment: what would make another terminal of ours than it is."""


@dataclass(frozen=True, slots=True)
class Made:
    """What had been made by a time."""

    at: float
    steps: int
    received: int
    """Bytes that the terminal had got when this was read."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The engines of a session's runs."""

    at: float
    engines: tuple[str, ...]
    details: tuple[str, ...]
    """Why they are what they are, where there is something to say."""
    settled: bool
    """Whether they stay."""
    expected: bool
    """Whether others are surely still to come."""
    threads: int


@dataclass(frozen=True, slots=True)
class Slice:
    """What was made in a stretch of time."""

    seconds: float
    steps: int
    received: int
    """Bytes."""

    @property
    def rate(self) -> float:
        """Steps per second."""
        return self.steps / self.seconds


class Process:
    """A process of ours, with a pipe on which it reports and, if it has a screen, a terminal.

    Args:
        command: after the interpreter; "PIPE" in it stands for the number of the pipe.
        scratch: a directory for what the process keeps and for what it complains of.
        screen: whether it gets a pseudo-terminal.
        tells_of_engines: whether it is a session, which says what makes its steps.

    """

    def __init__(
        self,
        command: Sequence[str],
        scratch: Path,
        *,
        screen: bool = False,
        tells_of_engines: bool = False,
    ) -> None:
        self.received = 0
        """Bytes that the process has written to its terminal."""
        self.written = bytearray()
        """Those since something was typed, or since it was last measured."""
        self.runs: Runs | None = None
        self.first: Made | None = None
        self.last = Made(0.0, 0, 0)
        self._complaints = scratch / "complaints.txt"
        self._tells_of_engines = tells_of_engines
        self._made: list[Made] = []
        self._reports = 0
        self._unread = b""
        self._pipe, theirs = os.pipe()
        self._terminal: int | None = None
        streams = [theirs]
        try:
            if screen:
                self._terminal, screen_fd = opened()
                streams.append(screen_fd)
            with self._complaints.open("ab") as complaints:
                self.began = time.monotonic()
                self._child = subprocess.Popen(
                    [sys.executable, "-P", *(str(theirs) if c == "PIPE" else c for c in command)],
                    stdin=screen_fd if screen else subprocess.DEVNULL,
                    stdout=screen_fd if screen else subprocess.DEVNULL,
                    stderr=screen_fd if screen else complaints,
                    pass_fds=(theirs,),
                    env=_surroundings(scratch),
                    # Ctrl-C is for the bench, which then ends its processes.
                    start_new_session=screen,
                    process_group=None if screen else 0,
                )
        except OSError as error:
            self._close_ours()
            raise BenchError(f"a process cannot be started: {error.strerror}") from error
        finally:
            for stream in streams:
                os.close(stream)
        self._process = psutil.Process(self._child.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- its life ------------------------------------------------------------------------------

    def stop(self) -> None:
        """Let it stand still, whatever it is at."""
        os.killpg(self._child.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """The reverse of stop."""
        os.killpg(self._child.pid, signal.SIGCONT)

    def close(self) -> None:
        """End it and whatever it has started; nothing of it is to be kept."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._close_ours()

    def _close_ours(self) -> None:
        for fd in (self._pipe, self._terminal):
            if fd is not None:
                os.close(fd)

    @property
    def has_screen(self) -> bool:
        """Whether it has a terminal."""
        return self._terminal is not None

    # -- what it takes -------------------------------------------------------------------------

    def resident(self) -> int:
        """Resident bytes."""
        return int(self._process.memory_info().rss)

    def processor_seconds(self) -> float:
        """Of all its threads, since its start."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    # -- what it says --------------------------------------------------------------------------

    def listen(self, seconds: float) -> None:
        """Wait at most so long until it says or draws something, and take in what there is."""
        ours = [fd for fd in (self._pipe, self._terminal) if fd is not None]
        for fd in select.select(ours, [], [], max(0.0, seconds))[0]:
            try:
                data = os.read(fd, 1 << 16)
            except OSError:  # what Linux answers for a terminal that nobody has any more
                data = b""
            if not data:
                raise BenchError(self._why_it_ended())
            if fd == self._terminal:
                self.received += len(data)
                self.written += data
            else:
                self._hear(data)

    def listen_all(self) -> None:
        """Take in what it has said before, without waiting."""
        ours = [fd for fd in (self._pipe, self._terminal) if fd is not None]
        while select.select(ours, [], [], 0)[0]:
            self.listen(0)

    def listen_for(self, seconds: float) -> None:
        """Take in what it says and draws for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.listen(left)

    def type(self, keys: bytes) -> None:
        """Type on its terminal; what it had written is forgotten."""
        assert self._terminal is not None
        self.written.clear()
        os.write(self._terminal, keys)

    def see(self, mark: bytes, patience: float, what: str) -> None:
        """Take in what it draws until there is a mark in it, a regular expression; `what` that
        would be, for a person.
        """
        end = time.monotonic() + patience
        while not re.search(mark, self.written):
            if (left := end - time.monotonic()) <= 0:
                raise BenchError(f"{what} has not come in {patience:.0f} seconds")
            self.listen(left)

    def has_settled(self) -> bool:
        """Whether it trains, and, if it tells of engines, goes on with the one that it has."""
        if self.first is None or not self._tells_of_engines:
            return self.first is not None
        if self.runs is None:
            return False
        if self.runs.settled or self.runs.expected:
            return self.runs.settled
        return self._reports >= UNTOLD_REPORTS and time.monotonic() >= self.first.at + UNTOLD

    def next_step(self) -> None:
        """Wait until it makes a step that it has not told of."""
        self.listen_all()
        self._made.clear()
        self.next_made()

    def next_made(self) -> Made:
        """The next report of steps."""
        end = time.monotonic() + PATIENCE
        while not self._made:
            if time.monotonic() > end:
                raise BenchError(f"no step was made in {PATIENCE:.0f} seconds")
            self.listen(0.1)
        return self._made.pop(0)

    def measured(self, seconds: float, settling: float | None) -> Slice:
        """Let it go on for a stretch of time and stop it again.

        Args:
            seconds: how long at least, and for two reports of steps at least.
            settling: seconds that it gets before to find its pace; None: it is measured from the
                moment at which it goes on, which it was stopped at the end of a step for.

        """
        self.listen_all()
        self._made.clear()
        self.written.clear()
        self.go_on()
        began = time.monotonic()
        first = None if settling is not None else Made(began, self.last.steps, self.received)
        reports = 0
        while True:
            made = self.next_made()
            if first is None:
                if made.at >= began + (settling or 0.0):
                    first = made
                continue
            reports += 1
            if made.at - first.at >= seconds and reports >= 2:
                break
        self.stop()
        return Slice(made.at - first.at, made.steps - first.steps, made.received - first.received)

    def _hear(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            word, _, rest = line.partition(b" ")
            if word == b"made":
                at, steps = rest.split()
                self.last = Made(float(at), int(steps), self.received)
                self.first = self.first or self.last
                self._made.append(self.last)
                self._reports += 1
            elif word == b"runs":
                told = json.loads(rest)
                self.runs = Runs(
                    told["at"], tuple(told["engines"]), tuple(told["details"]), told["settled"],
                    told["expected"], told["threads"],
                )  # fmt: skip

    def _why_it_ended(self) -> str:
        try:
            status: int | None = self._child.wait(5)
        except subprocess.TimeoutExpired:
            status = None
        how = "closed its pipe" if status is None else f"ended with status {status}"
        with contextlib.suppress(OSError):
            lines = self._complaints.read_text("utf-8", "replace").strip().splitlines()
            return f"a process that was to be measured {how}: {(lines or ['without a word'])[-1]}"
        return f"a process that was to be measured {how}"


def settle(processes: Iterable[Process], then: Callable[[Process], None]) -> None:
    """Do something with each process as soon as it has settled, or it has been waited for long
    enough.

    Raises BenchError where a process has not made a step by then.
    """
    waiting = list(processes)
    end = time.monotonic() + PATIENCE
    while waiting:
        late = time.monotonic() > end
        for process in list(waiting):
            process.listen(0.05 / len(waiting))
            if process.has_settled() or (late and process.first is not None):
                waiting.remove(process)
                then(process)
            elif late:
                raise BenchError(f"no step was made in {PATIENCE:.0f} seconds")


def opened() -> tuple[int, int]:
    """Both ends of a new pseudo-terminal, ours first.

    Raises BenchError where there is none.
    """
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        raise BenchError(
            f"no pseudo-terminal can be had here: {error.strerror}; the bench shows the app on one"
        ) from error
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    return ours, theirs


def _surroundings(scratch: Path) -> dict[str, str]:
    """The environment of a process that is measured."""
    kept = {name: value for name, value in environment().items() if name not in MISLEADING}
    return kept | {
        "DICTTUI_STATE_DIR": str(scratch), "TMPDIR": str(scratch), "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }  # fmt: skip
