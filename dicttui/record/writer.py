"""The thread that brings what was observed into the database."""

import json
import logging
import shutil
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from dicttui.record import database, files, places
from dicttui.record.clock import now
from dicttui.record.error import RecordError, reason
from dicttui.record.lock import Lock
from dicttui.record.pending import Batch, Seen, thin, write
from dicttui.record.places import Place
from dicttui.record.waiting import Waiting

log = logging.getLogger(__name__)

BETWEEN_FLUSHES = 1.0
"""Seconds."""
LONGEST_BACK_OFF = 16.0
"""Seconds between two attempts while nothing can be written."""
MOST_SEEN = 256
"""Pictures that are held while the disk does not answer; the oldest go."""
MOST_CHANGES = 10_000
"""Of everything else; no more are taken then, for the later ones build upon the earlier."""
PATIENCE = 2.0
"""Seconds that the trainer waits for an intervention to be written."""


class Ticket:
    """Something that somebody waits for."""

    def __init__(self) -> None:
        self.tried = threading.Event()
        self.written = False


class Writer:
    """Writes to an experiment's directory, in a thread of its own; every other method may be
    called by any thread and is quick, unless it says that it waits.

    Args:
        place: where the experiment is recorded.
        preset: the resolved preset's JSON, for a new experiment; None: its directory is there.
        lock: of the directory, if it is held already.
        tell: called with why nothing can be written, and with "" when it can again.

    """

    def __init__(
        self,
        place: Place,
        preset: dict[str, Any] | None,
        lock: Lock | None,
        tell: Callable[[str], None],
    ) -> None:
        self._place = place
        self._preset = preset
        self._began = now()
        self._lock = lock
        self._tell = tell
        self._made = Waiting()
        self._seen: deque[Seen] = deque(maxlen=MOST_SEEN)
        self._changed = threading.Condition()
        self._changes: list[Callable[[Batch], None]] = []
        self._refused = 0
        """Changes that were too many."""
        self._tickets: list[Ticket] = []
        self._closing = False
        self._failed = False
        """Whether nothing is taken any more, because nobody would ever write it."""
        self._hangs = False
        self._batch = Batch()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._trouble = ""
        self._delay = BETWEEN_FLUSHES
        self.thinned: Callable[[], None] = lambda: None
        """Called when every second frame has been dropped."""
        self._tried = threading.Event()
        self._there = False
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    # -- what is handed in ---------------------------------------------------------------------

    def made(self, run: str, segment: int, first: int, losses: Sequence[float]) -> None:
        """Take losses, to be written within a second or so."""
        with self._changed:
            if not self._failed:
                self._made.add(run, segment, first, losses)

    def see(self, seen: Seen) -> None:
        """Take a picture."""
        with self._changed:
            if not self._failed:
                self._seen.append(seen)

    def change(self, change: Callable[[Batch], None]) -> None:
        """Take anything else: what it does to the next batch."""
        with self._changed:
            self._take(change)

    def _take(self, change: Callable[[Batch], None]) -> bool:
        if self._failed or len(self._changes) >= MOST_CHANGES:
            self._refused += 1
            return False
        self._changes.append(change)
        return True

    def change_now(self, change: Callable[[Batch], None], patience: float = PATIENCE) -> bool:
        """The same, and wait until it is in the database, or cannot be written at present; whether
        it is there, with all that was handed in before.
        """
        ticket = Ticket()
        with self._changed:
            if not self._thread.is_alive() or not self._take(change):
                return False
            self._tickets.append(ticket)
            self._changed.notify_all()
            hangs = self._hangs
        if not ticket.tried.wait(0.0 if hangs else patience):
            # The disk does not answer: the training shall not wait for it a second time.
            self._hangs = True
        return ticket.written

    def flush(self, patience: float) -> bool:
        """Wait until all that was handed in is in the database, and that on the disk; whether it
        is.
        """

        def durable(batch: Batch) -> None:
            batch.durable = True

        return self.change_now(durable, patience)

    def close(self, timeout: float) -> bool:
        """Write what is left and end; whether all of it could be written in time."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        return not (self._thread.is_alive() or self._failed or self._batch)

    def is_ready(self) -> bool:
        """Whether the directory is there; waits until it has been tried to make it."""
        return self._tried.wait(PATIENCE) and self._there

    def discard(self) -> None:
        """Remove the directory, once everything is closed."""
        if self._there and not self._thread.is_alive():
            shutil.rmtree(self._place.directory, ignore_errors=True)

    def release(self) -> None:
        """Let go of the directory, if nothing is written to it any more. Where the disk hangs it
        is held until the process ends, lest another one trains what this one still writes.
        """
        if self._lock is not None and not self._thread.is_alive():
            self._lock.release()
            self._lock = None

    # -- the thread ----------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while True:
                last = self._closing
                self._turn()
                if last:
                    break
                with self._changed:
                    if not self._closing and not self._tickets:
                        self._changed.wait(self._delay)
        except Exception:
            log.exception("the recorder failed")
            self._tell("recording failed, and nothing is kept any more; more in the log")
            self._give_up()
        finally:
            self._let_go()

    def _give_up(self) -> None:
        """Drop what nobody will write."""
        with self._changed:
            self._failed = True
            for ticket in self._tickets:
                ticket.tried.set()
            self._tickets.clear()
            self._changes.clear()
            self._seen.clear()
            self._made = Waiting()
        self._batch = Batch()

    def _turn(self) -> None:
        with self._changed:
            tickets, self._tickets = self._tickets, []
            changes, self._changes = self._changes, []
            self._batch.lost_notes += self._refused
            self._refused = 0
            seen, self._seen = self._seen, deque(maxlen=MOST_SEEN)
            made, self._made = self._made, Waiting()
        try:
            self._batch.losses.add_all(made)
            for one in seen:
                self._batch.add_picture(one)
            self._collect(changes)
            self._prepare()
            if self._batch:
                self._write()
        except (sqlite3.Error, OSError, RecordError) as error:
            self._in_trouble(error)
        else:
            self._recovered()
            for ticket in tickets:
                ticket.written = True
        finally:
            self._hangs = False
            self._tried.set()
            for ticket in tickets:
                ticket.tried.set()

    def _collect(self, changes: Iterable[Callable[[Batch], None]]) -> None:
        for change in changes:
            try:
                change(self._batch)
            except Exception:  # of what is known about the machine: no reason to lose the rest
                log.exception("something could not be taken down")

    def _prepare(self) -> None:
        """See to it that the directory and the database are there, and ours."""
        place, path = self._place, self._place.directory / places.DATABASE
        if self._preset is not None:
            places.make(place.directory)
            if self._lock is None:
                self._lock = Lock.take(place.directory)
            files.write_json(place.directory / places.PRESET, self._preset)
            database.create(path, {"began": repr(self._began), "state": "running"})
            self._preset = None
        self._there = True
        if self._connection is not None and self._identity != _identity(path):
            self._let_go()
        if self._connection is None:
            self._identity = _identity(path)
            self._connection = database.open_to_write(path)

    def _write(self) -> None:
        connection = self._connection
        assert connection is not None
        batch = self._batch
        batch.tell_of_what_is_lost()
        write(batch, connection)
        self._batch = Batch()
        if batch.durable:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        if batch.frames and thin(connection):
            self.thinned()

    def _in_trouble(self, error: Exception) -> None:
        words = reason(error, self._place.directory)
        if words != self._trouble:
            log.warning("recording: %s", words)
            if not self._trouble:
                self._batch.events.append((now(), "trouble", words))
            self._trouble = words
            self._tell(words)
        self._let_go()
        self._delay = min(LONGEST_BACK_OFF, 2 * self._delay)

    def _recovered(self) -> None:
        self._delay = BETWEEN_FLUSHES
        if self._trouble:
            self._trouble = ""
            self._batch.events.append((now(), "recovered", "recording goes on"))
            self._tell("")

    def _let_go(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        raise RecordError(f"removed while it was being written: {path}") from None
    return found.st_dev, found.st_ino


def environment_change(directory: Path, environment: dict[str, Any]) -> Callable[[Batch], None]:
    """What writes down the environment, beside the database and in it."""

    def change(batch: Batch) -> None:
        batch.facts["environment"] = json.dumps(environment)
        with suppress(OSError):
            files.write_json(directory / places.ENVIRONMENT, environment)

    return change
