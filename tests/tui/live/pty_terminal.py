"""A program in a pseudo-terminal of its own, and what it leaves behind there."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyte

PATIENCE = 60.0
"""Seconds: torch is imported, on a machine that may be busy with other tests."""
STILL = 0.5
"""Seconds in which a program that draws 60 times a second does nothing: it waits."""
MODES = {"alternate screen": "1049", "mouse": "1000", "mouse motion": "1003", "mouse in cells":
         "1006", "focus": "1004", "bracketed paste": "2004"}  # fmt: skip
"""Private modes of a terminal that a program may switch on (`h`) and has to switch off (`l`)."""


class Terminal:
    """A program on a pseudo-terminal that outlives it."""

    def __init__(
        self, command: list[str], state: Path, columns: int = 100, lines: int = 30,
        environment: Mapping[str, str] | None = None, controlling: bool = True,
    ) -> None:  # fmt: skip
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        self._gone = False
        self._fd, self._other = pty.openpty()
        fcntl.ioctl(self._other, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.flags_before = termios.tcgetattr(self._other)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            if controlling:
                fcntl.ioctl(self._other, termios.TIOCSCTTY, 0)
            os.close(self._fd)
            for stream in range(3):
                os.dup2(self._other, stream)
            os.environ.update(TERM="xterm-256color", DICTTUI_STATE_DIR=str(state))
            os.environ.update(environment or {})
            os.execv(command[0], command)
        self._status: int | None = None

    def type(self, keys: str) -> None:
        """Type keys."""
        os.write(self._fd, keys.encode())

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def until(self, condition: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Read what the program writes until the condition holds."""
        end = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < end, f"it did not come to be; the screen:\n{self.text()}"
            self._read(0.05)

    def see(self, words: str) -> None:
        """Until these words stand on the screen."""
        self.until(lambda: words in self.text())

    def ended(self, patience: float = PATIENCE) -> int:
        """The exit status, once the program has ended; negative: the signal that ended it."""
        self.until(lambda: self._reap() is not None, patience)
        while self._read(0.0):
            pass
        assert self._status is not None
        return self._status

    def ended_unread(self, patience: float, meanwhile: Callable[[], object] = lambda: None) -> int:
        """The same, while nobody reads what the program writes; something is done meanwhile, again
        and again.
        """
        end = time.monotonic() + patience
        while self._reap() is None:
            assert time.monotonic() < end, "the program lives on"
            meanwhile()
            time.sleep(0.02)
        assert self._status is not None
        return self._status

    def fill(self) -> None:
        """Read nothing until the terminal takes no more output and the program stands still."""
        switches = Path(f"/proc/{self.pid}/task/{self.pid}/status")

        def main_thread() -> list[str]:
            return [line for line in switches.read_text().splitlines() if "_ctxt_" in line]

        end = time.monotonic() + PATIENCE
        seen, since = main_thread(), time.monotonic()
        while time.monotonic() - since < STILL:
            assert time.monotonic() < end, "the program still writes"
            time.sleep(0.02)
            takes_more = select.select([], [self._other], [], 0)[1]
            if takes_more or main_thread() != seen:
                seen, since = main_thread(), time.monotonic()

    def vanish(self) -> None:
        """Let the terminal go away from under the program."""
        os.close(self._fd)
        self._gone = True

    def text(self) -> str:
        """The characters on the screen."""
        return "\n".join(self.screen.display)

    def is_on(self, mode: str) -> bool:
        """Whether a private mode was last switched on."""
        number = MODES[mode].encode()
        return self.written.rfind(b"\x1b[?" + number + b"h") > self.written.rfind(
            b"\x1b[?" + number + b"l"
        )

    def assert_restored(self) -> None:
        """The terminal is as the program found it."""
        assert [mode for mode in MODES if self.is_on(mode)] == []
        assert self.written.rfind(b"\x1b[?25l") <= self.written.rfind(b"\x1b[?25h"), "no cursor"
        self.assert_flags_restored()

    def assert_flags_restored(self) -> None:
        """What the terminal does with keys is as the program found it."""
        assert self.flags_are_restored()

    def flags_are_restored(self) -> bool:
        """Whether they are: Ctrl-C is a signal again."""
        return termios.tcgetattr(self._other) == self.flags_before

    def close(self) -> None:
        """End the program, and the terminal."""
        if self._reap() is None:
            os.kill(self.pid, signal.SIGKILL)
            self.ended_unread(PATIENCE)
        if not self._gone:
            os.close(self._fd)
        os.close(self._other)

    def _reap(self) -> int | None:
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def _read(self, seconds: float) -> bool:
        if not select.select([self._fd], [], [], seconds)[0]:
            return False
        data = os.read(self._fd, 65536)
        self.written += data
        self._stream.feed(data)
        return True


def changed_dicttui(script: Path, changes: str, *arguments: Any) -> list[str]:
    """The command line of the program after some lines of Python, which are put into a script."""
    script.write_text(
        f"import sys\n{changes}from dicttui.cli import main\n"
        f"sys.argv = {['dicttui', *map(str, arguments)]!r}\nsys.exit(main())\n"
    )
    return [sys.executable, str(script)]


def dicttui(*arguments: Any) -> list[str]:
    """The command line of the program."""
    return [sys.executable, "-m", "dicttui", *map(str, arguments)]
