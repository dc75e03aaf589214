"""A session served over a socket, by one thread beside the trainer's."""

import contextlib
import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from dicttui.serve import address, messages, peer, views
from dicttui.serve.error import ServeError, WireError
from dicttui.serve.guest import Guest, Limits
from dicttui.serve.messages import (
    VERSION,
    Answer,
    Bye,
    End,
    Hello,
    Look,
    Request,
    Role,
    Seen,
    Submit,
    Welcome,
)
from dicttui.training import courtesy
from dicttui.training.interventions import Receipt
from dicttui.training.seam import SessionProtocol

log = logging.getLogger(__name__)

SLOWEST_LOOK = 1.0
"""Seconds between two looks at the session at most, while anybody watches."""
QUICK_LOOK = 0.005
"""Seconds between two looks while somebody waits for an answer."""
QUICK_FOR = 0.25
"""Seconds after which an answer is looked for a tenth as often."""
QUICK_AT_MOST = 5.0
MOST_AWAITED = 256
"""Interventions that may be waiting to be applied."""
FAREWELL = 1.0
"""Seconds that clients have to take in the last words."""
JOINING = 5.0


class Server:
    """Serves a session to the clients of this user, until it is closed.

    The first client that may change the training holds the controls until it leaves; then whoever
    next asks for a change does.

    Args:
        session: what is served; others start and close it.
        where: the path of the socket.
        id: the experiment's.
        title: what is trained, for a person.
        limits: what one client may cost.
        unstoppable: why no client can end the training, and what can; empty: every client can.

    """

    def __init__(
        self,
        session: SessionProtocol,
        where: Path,
        *,
        id: str,  # noqa: A002 - what it is called everywhere
        title: str = "",
        limits: Limits | None = None,
        unstoppable: str = "",
    ) -> None:
        self.end_requested = threading.Event()
        """Set when a client has asked that the training be saved and ended."""
        self._session = session
        self._where = where
        self._welcome = Welcome(id=id, title=title, process=os.getpid())
        self._limits = limits or Limits()
        self._unstoppable = unstoppable
        self._guests: list[Guest] = []
        self._holder: Guest | None = None
        self._receipts: list[Receipt] = []
        self._awaited: dict[int, float] = {}
        """When interventions were asked for that have been neither applied nor refused."""
        self._look_at = 0.0
        self._quick_until = 0.0
        self._alone_since = time.monotonic()
        self._bye: Bye | None = None
        self._thread = threading.Thread(target=self._serve, name="server", daemon=True)

    # -- others' threads -----------------------------------------------------------------------

    def start(self) -> None:
        """Listen. Raises ServeError where another process serves it, or no socket can be made."""
        self._listening = address.listen(self._where)
        self._listening.setblocking(False)
        self._made = _identity(self._where)
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._thread.start()

    def close(self, reason: str, *, resumable: bool = False) -> None:
        """Tell clients that the training is over, and stop listening.

        Args:
            reason: why, for a person.
            resumable: whether it can be gone on with.

        """
        self._bye = Bye(reason=reason, ended=True, resumable=resumable)
        if self._thread.ident is not None:
            with contextlib.suppress(OSError):
                self._wake.send(b"\0")
            self._thread.join(JOINING)

    @property
    def seconds_alone(self) -> float:
        """For how long no client has been there."""
        return 0.0 if self._guests else time.monotonic() - self._alone_since

    # -- the thread ----------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                self._selector = selector
                selector.register(self._listening, selectors.EVENT_READ)
                selector.register(self._woken, selectors.EVENT_READ)
                while self._bye is None:
                    self._round()
                self._say_goodbye(self._bye)
        except Exception:
            log.exception("the server failed; the training goes on")
        finally:
            self._remove()

    def _round(self) -> None:
        """Wait for something to do, and do it."""
        for key, events in self._selector.select(self._patience()):
            if key.fileobj is self._listening:
                self._accept()
            elif key.fileobj is self._woken:
                with contextlib.suppress(BlockingIOError):
                    self._woken.recv(64)
            elif key.data in self._guests:
                with self._minding(key.data):
                    self._attend(key.data, events)
        now = time.monotonic()
        for guest in list(self._guests):
            if guest.hello is None and now - guest.since > self._limits.greeting:
                self._drop(guest, "nothing was said")
            elif guest.stuck(now):
                self._drop(guest, "what was sent has not been taken in for too long")
        self._look(now)
        for guest in self._guests:
            reading = 0 if guest.flooded else selectors.EVENT_READ
            writing = selectors.EVENT_WRITE if guest.writing else 0
            self._selector.modify(guest.connection, reading | writing, guest)

    def _patience(self) -> float | None:
        """Seconds until there is something to do though nothing happens."""
        if not self._guests:
            return None
        now = time.monotonic()
        looking = any(guest.view is not None for guest in self._guests)
        return max(0.0, self._look_at - now) if looking else SLOWEST_LOOK

    def _accept(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except BlockingIOError:
            return
        except OSError:
            log.exception("a client could not be let in")
            time.sleep(QUICK_FOR)  # no descriptor is left, say: it would be told again at once
            return
        try:
            ours = peer.is_ours(connection)
        except (OSError, ServeError):
            ours = False
        if not ours:
            connection.close()
            return
        guest = Guest(connection, self._limits)
        self._guests.append(guest)
        self._selector.register(connection, selectors.EVENT_READ, guest)
        if len(self._guests) > self._limits.guests:
            self._drop(guest, f"{self._limits.guests} clients are attached already")

    @contextlib.contextmanager
    def _minding(self, guest: Guest) -> Iterator[None]:
        """A client that fails is left, and nobody else notices."""
        try:
            yield
        except WireError as error:
            self._drop(guest, str(error))
        except OSError:
            self._drop(guest)
        except Exception:
            log.exception("a client could not be served")
            self._drop(guest, "an unexpected error; the log file has it")

    def _attend(self, guest: Guest, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            guest.write()
        if events & selectors.EVENT_READ:
            courtesy.ask()
            try:
                for asked in guest.read():
                    if guest in self._guests:
                        self._answer(guest, asked)
            finally:
                courtesy.done()

    # -- what clients say ----------------------------------------------------------------------

    def _answer(self, guest: Guest, asked: Request) -> None:
        if isinstance(asked, Hello):
            self._greet(guest, asked)
        elif guest.hello is None:
            raise WireError("whoever says something says hello first")
        elif isinstance(asked, Look):
            guest.look(messages.view(asked), self._session.latest().sequence)
            self._show_wanted()
            self._hurry()
        elif isinstance(asked, Submit):
            guest.say(self._submit(guest, asked))
            self._hurry()
        elif isinstance(asked, Seen):
            guest.seen(asked.picture)
        elif isinstance(asked, End) and self._unstoppable:
            self._drop(guest, self._unstoppable)
        elif isinstance(asked, End):
            self.end_requested.set()

    def _greet(self, guest: Guest, hello: Hello) -> None:
        if guest.hello is not None:
            raise WireError("hello was said twice")
        if hello.version != VERSION:
            raise WireError(
                f"another version of dicttui ({hello.program or 'unknown'}) trains this experiment "
                "than the one that asks; attach with the same"
            )
        guest.hello = hello
        guest.say(self._welcome)
        if self._holder is None and not hello.readonly:
            self._holder = guest
        self._tell_roles()

    def _submit(self, guest: Guest, asked: Submit) -> Answer:
        try:
            intervention = messages.intervention(asked)
        except WireError as error:
            return Answer(ticket=asked.ticket, reason=str(error))
        assert guest.hello is not None
        if guest.hello.readonly:
            return Answer(ticket=asked.ticket, reason="this client only watches")
        if self._holder is not guest and self._holder is not None:
            reason = f"{self._holder.name} holds the controls until it leaves"
            return Answer(ticket=asked.ticket, reason=reason)
        if len(self._awaited) >= MOST_AWAITED:
            self._take_receipts()
        if len(self._awaited) >= MOST_AWAITED:
            return Answer(ticket=asked.ticket, reason="too much is waiting to be applied")
        if self._holder is None:
            self._holder = guest
            self._tell_roles()
        number = self._session.submit(intervention)
        self._awaited[number] = time.monotonic()
        return Answer(ticket=asked.ticket, number=number)

    def _tell_roles(self) -> None:
        greeted = [guest for guest in self._guests if guest.hello is not None]
        for guest in greeted:
            holding = guest is self._holder
            holder = "" if holding or self._holder is None else self._holder.name
            with self._minding(guest):
                guest.say(Role(holding=holding, holder=holder, others=len(greeted) - 1))

    def _drop(self, guest: Guest, reason: str = "") -> None:
        """Leave a client, with a last word if it still listens."""
        if guest not in self._guests:
            return
        self._guests.remove(guest)
        with contextlib.suppress(OSError):
            if reason:
                guest.say(Bye(reason=reason))
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(guest.connection)
        guest.connection.close()
        if not self._guests:
            self._alone_since = time.monotonic()
        if guest is self._holder:
            self._holder = None
        if guest.hello is not None:
            self._tell_roles()
        if guest.view is not None:
            self._show_wanted()

    # -- what clients see ----------------------------------------------------------------------

    def _show_wanted(self) -> None:
        wanted = [guest.view for guest in self._guests if guest.view is not None]
        self._session.view(views.together(wanted))

    def _hurry(self) -> None:
        """Somebody waits: look at once, and often."""
        self._look_at = 0.0
        self._quick_until = time.monotonic() + QUICK_FOR

    def _take_receipts(self) -> None:
        """See what has become of interventions."""
        new = self._session.receipts(len(self._receipts))
        self._receipts += new
        for receipt in new:
            if receipt.status != "requested":
                self._awaited.pop(receipt.id, None)

    def _look(self, now: float) -> None:
        """If it is time, see what is new and show it. Whoever does not watch, is not shown any:
        nothing is measured for a screen that is not there.
        """
        watching = [guest for guest in self._guests if guest.view is not None]
        if not watching or now < self._look_at:
            return
        self._take_receipts()
        snapshot = self._session.latest()
        for guest in watching:
            with self._minding(guest):
                guest.show(snapshot, self._receipts, now)
        self._look_at = now + self._interval(now, watching)

    def _interval(self, now: float, watching: list[Guest]) -> float:
        """Seconds until the next look."""
        if now < self._quick_until:
            return QUICK_LOOK
        fastest = max(guest.view.refresh for guest in watching if guest.view is not None)
        # What takes longer is in a step that takes minutes, perhaps.
        if any(now - since <= QUICK_AT_MOST for since in self._awaited.values()):
            return min(10 * QUICK_LOOK, 1 / fastest)
        return min(SLOWEST_LOOK, 1 / fastest)

    # -- the end -------------------------------------------------------------------------------

    def _say_goodbye(self, bye: Bye) -> None:
        self._look_at = 0.0
        for guest in self._guests:
            guest.hurry()
        self._look(time.monotonic())
        for guest in list(self._guests):
            with self._minding(guest):
                guest.say(bye)
        deadline = time.monotonic() + FAREWELL
        while any(guest.writing for guest in self._guests) and time.monotonic() < deadline:
            for guest in list(self._guests):
                with self._minding(guest):
                    guest.write()
            time.sleep(QUICK_LOOK)

    def _remove(self) -> None:
        for guest in self._guests:
            guest.connection.close()
        self._guests.clear()
        with contextlib.suppress(OSError):
            if _identity(self._where) == self._made:
                self._where.unlink()
        for open_one in (self._listening, self._wake, self._woken):
            open_one.close()


def _identity(where: Path) -> tuple[int, int]:
    found = where.lstat()
    return found.st_dev, found.st_ino
