"""One client, as the server sees it: what it has been sent, and what is still on its way."""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from dicttui.serve import difference, peer, views
from dicttui.serve.framing import REQUEST_LIMIT, Packer, Unpacker
from dicttui.serve.messages import (
    Hello,
    Message,
    Picture,
    Receipts,
    Request,
    request,
    written,
)
from dicttui.training.interventions import Receipt
from dicttui.training.plain import plain
from dicttui.training.snapshot import Snapshot, View

PIECE = 64 * 1024
"""Bytes read at once."""
RECEIPTS_AT_ONCE = 200
DRAWING_SHARE = 0.05
"""Of a core that making one client's pictures may take: what it takes, the training loses."""
EARLY = 0.9
"""Share of the time between two pictures at which the next is due."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may cost."""

    greeting: float = 5.0
    """Seconds until it has to say who it is."""
    patience: float = 60.0
    """Seconds in which it takes in nothing of what was sent, and then is left."""
    ahead: int = 2
    """Pictures that may be on their way."""
    waiting: int = 64 * 1024
    """Bytes that may wait to be sent before more is said."""
    flooded: int = 256 * 1024
    """Bytes that wait to be sent with which nothing more is read from it."""
    guests: int = 16


class Guest:
    """A client. Methods raise OSError when it is gone, and WireError for what cannot be read."""

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.hello: Hello | None = None
        self.view: View | None = None
        self.since = self._progress = time.monotonic()
        self._limits = limits
        self._packer = Packer(deflated=True)
        self._unpacker = Unpacker(REQUEST_LIMIT, deflated=False)
        self._out = bytearray()
        self._known: Snapshot | None = None
        self._shown: int | None = None
        self._pictures = self._seen = 0
        self._heard = 0
        self._sent_at = self._not_before = float("-inf")
        self._urgent_from: int | None = None

    @property
    def name(self) -> str:
        """Who it is, for a person."""
        named = self.hello.name if self.hello is not None else ""
        process = peer.process(self.connection)
        at = named if named.isprintable() and named else "a client"
        return at if process is None else f"{at} (process {process})"

    @property
    def urgent(self) -> bool:
        """Whether it waits for a picture that shows what it has asked for."""
        return self._urgent_from is not None

    # -- bytes ---------------------------------------------------------------------------------

    @property
    def writing(self) -> bool:
        """Whether anything waits to be sent."""
        return bool(self._out)

    @property
    def flooded(self) -> bool:
        """Whether so much waits to be sent that nothing is read meanwhile."""
        return len(self._out) > self._limits.flooded

    def read(self) -> Iterator[Request]:
        """What it says, one after another."""
        piece = self.connection.recv(PIECE)
        if not piece:
            raise ConnectionResetError
        for message in self._unpacker.feed(piece):
            yield request(message)

    def say(self, message: Message) -> None:
        """Send a message, as far as the socket takes it now."""
        if not self._out:
            self._progress = time.monotonic()
        self._out += self._packer.pack(written(message))
        self.write()

    def write(self) -> None:
        """Send what waits, as far as the socket takes it."""
        while self._out:
            try:
                sent = self.connection.send(self._out)
            except BlockingIOError:
                return
            del self._out[:sent]
            self._progress = time.monotonic()

    def stuck(self, now: float) -> bool:
        """Whether it has taken in nothing for too long of what was sent."""
        waits = self._out or self._seen < self._pictures
        return bool(waits) and now - self._progress > self._limits.patience

    # -- what it has been told -----------------------------------------------------------------

    def look(self, view: View, newest: int) -> None:
        """It wants to see this; the first picture after `newest` that is there is sent at once."""
        self.view = view
        self._shown = None  # what others see already, it may not have seen
        self._urgent_from = newest

    def hurry(self) -> None:
        """The next picture is sent at once, whatever the client's rate."""
        self._sent_at = self._not_before = float("-inf")

    def seen(self, picture: int) -> None:
        """It has taken in a picture."""
        self._seen = max(self._seen, min(picture, self._pictures))
        self._progress = time.monotonic()

    def show(self, snapshot: Snapshot, receipts: list[Receipt], now: float) -> None:
        """Send it what it has not seen and heard, if it is time and it can take more.

        A picture comes before the receipts that were there when it was taken: whoever reads that
        something is applied finds it so in the newest snapshot.
        """
        if self.view is None or not self._can_take:
            return
        unheard = len(receipts) > self._heard
        due = now - self._sent_at >= EARLY / self.view.refresh and now >= self._not_before
        if due or unheard or self.urgent:
            self._picture(snapshot, self.view)
        while len(receipts) > self._heard and len(self._out) <= self._limits.waiting:
            told = receipts[self._heard : self._heard + RECEIPTS_AT_ONCE]
            self._heard += len(told)
            self.say(Receipts(receipts=[plain(receipt) for receipt in told]))

    @property
    def _can_take(self) -> bool:
        on_their_way = self._pictures - self._seen
        return on_their_way < self._limits.ahead and len(self._out) <= self._limits.waiting

    def _picture(self, snapshot: Snapshot, view: View) -> None:
        if snapshot.sequence == self._shown:
            return
        began = time.perf_counter()
        wanted = views.for_one(snapshot, view)
        change = difference.difference(self._known, wanted)
        if isinstance(change, dict):
            self._pictures += 1
            self.say(Picture(picture=self._pictures, change=change))
        self._known, self._shown = wanted, snapshot.sequence
        self._sent_at = time.monotonic()
        self._not_before = self._sent_at + (time.perf_counter() - began) / DRAWING_SHARE
        if self._urgent_from is not None and snapshot.sequence > self._urgent_from:
            self._urgent_from = None
