"""A session that trains in another process, as the app sees it."""

import contextlib
import os
import socket
import struct
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dicttui import __version__
from dicttui.serve import address, difference, messages
from dicttui.serve.error import ServeError, WireError
from dicttui.serve.framing import ANSWER_LIMIT, Packer, Unpacker
from dicttui.serve.messages import (
    VERSION,
    Answer,
    Bye,
    End,
    Hello,
    Look,
    Message,
    Picture,
    Receipts,
    Reply,
    Role,
    Seen,
    Welcome,
    written,
)
from dicttui.training import asked
from dicttui.training.interventions import Intervention, Receipt, kind_of
from dicttui.training.plain import PlainError, plain, restored
from dicttui.training.snapshot import Snapshot, View

PATIENCE = 2.0
"""Seconds in which an intervention has to be answered."""
GREETING = 5.0
"""Seconds in which the other process has to say that it is there."""
PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Parting:
    """How a connection ended."""

    reason: str
    """For a person, with what to do now."""
    ended: bool
    """Whether the training is over, and not only the connection."""
    resumable: bool = False
    """Whether a training that is over can be gone on with."""


class RemoteSession:
    """A session in another process. Everything may be called by any thread; nothing raises once it
    has been made: when the other process is gone, the snapshot says so.

    Args:
        where: the path of the experiment's socket.
        readonly: never to ask for a change.
        name: who this is, for whoever else is attached.
        watching: whether to get pictures from the start.

    Raises ServeError if nobody is there, or somebody who speaks another way.

    """

    def __init__(
        self, where: Path, *, readonly: bool = False, name: str = "", watching: bool = True
    ) -> None:
        self._where = where
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._packer = Packer(deflated=False)
        self._unpacker = Unpacker(ANSWER_LIMIT, deflated=True)
        self._pictured: Any = None
        self._role = Role(holding=False, holder="", others=0)
        self._receipts: list[Receipt] = []
        self._answers: dict[int, Answer | None] = {}
        """By their tickets, those that somebody waits for; None: not there yet."""
        self._ticket = 0
        self._parting: Parting | None = None
        self._asked_to_watch_only = readonly
        self._socket = address.connect(where, GREETING)
        try:
            welcome, rest = self._greet(Hello(
                program=__version__, name=name[:60], readonly=readonly
            ))  # fmt: skip
        except BaseException:
            self._socket.close()
            raise
        self.id = welcome.id
        """The experiment's."""
        self.title = welcome.title
        """What is trained, for a person."""
        self.process = welcome.process
        """The number of the process that trains it."""
        self._snapshot = Snapshot(0, "loading", "waiting for a picture of the experiment…")
        self._reader = threading.Thread(
            target=self._read, args=(rest,), name="attached", daemon=True
        )
        self._reader.start()
        if watching:
            self.view(View())

    # -- the seam ------------------------------------------------------------------------------

    def submit(self, intervention: Intervention) -> int:
        """Ask for an intervention; the id that its receipts carry. One that does not get through
        is answered by a failed receipt of its own, whose id is below zero.
        """
        with self._changed:
            self._ticket += 1
            ticket = self._ticket
            self._answers[ticket] = None
        self._say(messages.submission(ticket, intervention))
        with self._changed:
            self._changed.wait_for(
                lambda: self._answers[ticket] is not None or self._parting is not None, PATIENCE
            )
            answer = self._answers.pop(ticket)
            if answer is not None and answer.number is not None:
                return answer.number
            if answer is not None:
                reason = answer.reason
            elif self._parting is not None:
                reason = self._parting.reason
            else:
                reason = f"no answer in {PATIENCE:g} s; it may still be applied"
            self._receipts.append(
                Receipt(
                    -ticket, kind_of(intervention), asked.target_of(intervention), "failed",
                    asked.words(intervention), reason=reason, seconds=self._snapshot.seconds,
                )
            )  # fmt: skip
            return -ticket

    def receipts(self, since: int) -> list[Receipt]:
        """Receipts in the order they were heard of, from position `since` on."""
        with self._changed:
            return self._receipts[since:]

    def latest(self) -> Snapshot:
        """The newest snapshot. Never waits."""
        return self._snapshot

    def view(self, request: View) -> None:
        """Say what the screen wants to see."""
        self._say(Look(view=plain(request)))

    # -- beside the seam -----------------------------------------------------------------------

    @property
    def readonly(self) -> bool:
        """Whether a change would be refused."""
        return self._asked_to_watch_only or bool(self._role.holder)

    @property
    def holder(self) -> str:
        """Who else holds the controls; empty if nobody does, or this client."""
        return self._role.holder

    @property
    def others(self) -> int:
        """How many more are attached."""
        return self._role.others

    @property
    def parting(self) -> Parting | None:
        """How the connection ended; None while it stands."""
        return self._parting

    def end(self) -> None:
        """Ask that the training be saved and ended."""
        self._say(End())

    def wait(self, timeout: float | None = None) -> Parting | None:
        """Wait until the connection has ended; how it did."""
        with self._changed:
            self._changed.wait_for(lambda: self._parting is not None, timeout)
            return self._parting

    def close(self) -> None:
        """Leave. The training goes on."""
        self._part(Parting("this client has left", ended=False))
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(PATIENCE)
        self._socket.close()

    # -- the wire ------------------------------------------------------------------------------

    def _greet(self, hello: Hello) -> tuple[Welcome, list[Any]]:
        """Say who this is, and hear who is there; the messages that came along with it."""
        try:
            self._socket.settimeout(GREETING)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                # Who hangs up at once may have said why.
                self._socket.sendall(self._packer.pack(written(hello)))
            heard: list[Any] = []
            while not heard:
                piece = self._socket.recv(PIECE)
                if not piece:
                    raise ServeError(f"{self._where.stem}: the process that trains it hung up")
                heard += self._unpacker.feed(piece)
            self._socket.settimeout(None)
            # What is written is little, and read at once by whoever is alive.
            self._socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", int(PATIENCE), 0)
            )
        except TimeoutError as error:
            raise ServeError(
                f"{self._where.stem}: the process that trains it has not answered in {GREETING:g} s"
            ) from error
        except OSError as error:
            raise ServeError(f"{self._where.stem}: {error.strerror or error}") from error
        first = messages.reply(heard[0])
        if isinstance(first, Bye):
            raise ServeError(f"{self._where.stem}: {first.reason}")
        if not isinstance(first, Welcome) or first.version != VERSION:
            raise ServeError(f"{self._where.stem}: another version of dicttui trains it")
        return first, heard[1:]

    def _say(self, message: Message) -> None:
        try:
            with self._sending:
                self._socket.sendall(self._packer.pack(written(message)))
        except OSError:
            # Its reader knows better why, if it has anything left to read.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _read(self, rest: list[Any]) -> None:
        """Take in what is said, until nothing more is."""
        try:
            for value in rest:
                self._hear(messages.reply(value))
            while self._parting is None and (piece := self._socket.recv(PIECE)):
                for value in self._unpacker.feed(piece):
                    self._hear(messages.reply(value))
        except (WireError, PlainError) as error:
            said = f"what the process that trains it sent cannot be read: {error}"
            self._part(Parting(said, ended=False))
        except OSError:
            pass
        finally:
            self._part(self._hung_up())

    def _hear(self, heard: Reply) -> None:
        if isinstance(heard, Picture):
            self._pictured = difference.patched(self._pictured, heard.change)
            newest = difference.snapshot(self._pictured)
            with self._changed:
                if self._parting is None:
                    # Two pictures may be of one moment, and show different things of it.
                    self._snapshot = replace(newest, sequence=self._snapshot.sequence + 1)
            self._say(Seen(picture=heard.picture))
        elif isinstance(heard, Bye):
            self._part(Parting(heard.reason, heard.ended, heard.resumable))
        with self._changed:
            if isinstance(heard, Receipts):
                self._receipts += [restored(Receipt, receipt) for receipt in heard.receipts]
            elif isinstance(heard, Answer):
                if heard.ticket in self._answers:
                    self._answers[heard.ticket] = heard
            elif isinstance(heard, Role):
                self._role = heard
            self._changed.notify_all()

    def _hung_up(self) -> Parting:
        """Why nothing more is said, as far as can be known."""
        if self._parting is not None:
            return self._parting
        try:
            address.connect(self._where, PATIENCE).close()
        except ServeError:
            recording = self._snapshot.recording
            resumable = recording is not None and recording.resumable
            return Parting("the process that trained it is gone", ended=True, resumable=resumable)
        return Parting("the connection is lost, the training goes on", ended=False)

    def _part(self, parting: Parting) -> None:
        """The connection is over; the first reason is the one that counts."""
        advice = ""
        if not parting.ended:
            advice = f"; dicttui attach {self.id} opens it again"
        elif parting.resumable:
            advice = f"; dicttui resume {self.id} goes on from its last checkpoint"
        with self._changed:
            if self._parting is not None:
                return
            self._parting = replace(parting, reason=parting.reason + advice)
            self._snapshot = replace(
                self._snapshot,
                sequence=self._snapshot.sequence + 1,
                state="closed",
                detail=self._parting.reason,
            )
            self._changed.notify_all()


def terminal() -> str:
    """The name of this process's terminal, for whoever else is attached."""
    try:
        return os.ttyname(0).removeprefix("/dev/")
    except OSError:
        return ""
