"""The app in a pseudo-terminal of its own, seen from outside."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pyte

STEP = re.compile(r"step ([\d,]+) / ")


class Terminal:
    """A child process on a pseudo-terminal, its screen kept by pyte."""

    def __init__(self, command: list[str], columns: int = 120, lines: int = 40) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.received = 0
        self.began = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execvp(command[0], command)
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, size)

    def pump(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Read what the program writes for so long, or until the condition holds."""
        end = time.perf_counter() + seconds
        while not until():
            left = end - time.perf_counter()
            if left <= 0:
                return False
            if select.select([self._fd], [], [], min(left, 0.05))[0]:
                try:
                    data = os.read(self._fd, 65536)
                except OSError:
                    return until()
                self.received += len(data)
                self._stream.feed(data)
        return True

    def seconds_until(self, keys: str, mark: bytes, patience: float = 5.0) -> float:
        """Type keys; seconds until the program has written `mark`. The screen is drawn only
        afterwards: pyte takes longer than the program does.
        """
        began = time.perf_counter()
        os.write(self._fd, keys.encode())
        written = b""
        while mark not in written:
            if not select.select([self._fd], [], [], began + patience - time.perf_counter())[0]:
                raise TimeoutError(f"no answer to {keys!r}")
            written += os.read(self._fd, 65536)
        taken = time.perf_counter() - began
        self.received += len(written)
        self._stream.feed(written)
        return taken

    def type(self, keys: str) -> None:
        """Type keys."""
        os.write(self._fd, keys.encode())

    def shows(self, text: str) -> bool:
        """Whether a text is on the screen."""
        return any(text in line for line in self.screen.display)

    @property
    def steps(self) -> list[int]:
        """The steps that the cards show."""
        found = (STEP.findall(line) for line in self.screen.display)
        return [int(step.replace(",", "")) for line in found for step in line]

    @property
    def resident(self) -> int:
        """Resident bytes."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def close(self) -> None:
        """End the program."""
        os.kill(self.pid, signal.SIGHUP)
        end = time.monotonic() + 10
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                break
            self.pump(0.05)
        os.close(self._fd)


def dicttui(*arguments: str) -> list[str]:
    """The command line of the installed program."""
    return [str(Path(sys.executable).with_name("dicttui")), *arguments]
