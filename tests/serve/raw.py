"""A client that says what it likes."""

import contextlib
import socket
import struct
from pathlib import Path
from typing import Any

from dicttui.serve.framing import ANSWER_LIMIT, Packer, Unpacker
from dicttui.serve.messages import Hello, Look, Reply, reply, written
from dicttui.training.plain import plain
from dicttui.training.snapshot import View

LONG = 10.0


class RawClient:
    def __init__(self, where: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(where))
        self.socket.settimeout(LONG)
        self._packer = Packer(deflated=False)
        self._unpacker = Unpacker(ANSWER_LIMIT, deflated=True)

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def say(self, message: Any) -> None:
        """Send a message; if it is gone already, that shows when it is asked what it heard."""
        self.send(self._packer.pack(message))

    def hello(self, **more: Any) -> None:
        self.say(written(Hello()) | more)

    def look(self) -> None:
        self.say(written(Look(view=plain(View()))))

    def send(self, content: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(content)

    def begin_message(self, length: int) -> None:
        self.send(struct.pack(">BI", 0, length))

    def everything(self) -> list[Reply]:
        """What is said until the server hangs up."""
        heard: list[Reply] = []
        while True:
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                return heard
            if not piece:
                return heard
            heard += [reply(value) for value in self._unpacker.feed(piece)]
