"""What passes between the trainer thread and everybody else."""

import threading
import time
from collections import deque
from collections.abc import Sequence

from dicttui.training import asked
from dicttui.training.interventions import Intervention, Receipt
from dicttui.training.snapshot import Snapshot, View

ASKED_RECENTLY = 3.0
"""Seconds after which nobody is taken to be looking any more, if nobody asks for a snapshot."""


class Mailbox:
    """Interventions in, receipts and snapshots out. Every method may be called by any thread."""

    def __init__(
        self,
        first: Snapshot,
        receipts: Sequence[Receipt] = (),
        next_id: int = 1,
        seconds: float = 0.0,
    ) -> None:
        self._changed = threading.Condition()
        self._began = time.perf_counter() - seconds
        self._queue: deque[tuple[Receipt, Intervention]] = deque()
        self._receipts = list(receipts)
        self._next_id = next_id
        self._late: deque[Receipt] = deque()
        self._snapshot = first
        self._view = View()
        self._view_changed = False
        self._asked = float("-inf")
        self._closing = False

    # -- the outside ---------------------------------------------------------------------------

    def submit(self, intervention: Intervention) -> int:
        """Queue an intervention and write its first receipt; all carry the returned id."""
        with self._changed:
            number = self._next_id
            self._next_id += 1
            # Here and not by the trainer: it may be in a step that takes a minute.
            requested = asked.requested(number, intervention, self.seconds())
            self._receipts.append(requested)
            self._queue.append((requested, intervention))
            self._changed.notify_all()
        return number

    def receipts(self, since: int) -> list[Receipt]:
        """Receipts in the order they were written, from position `since` on."""
        with self._changed:
            return self._receipts[since:]

    def latest(self) -> Snapshot:
        """The newest snapshot. Never waits."""
        self._asked = time.monotonic()
        return self._snapshot

    def look(self, view: View) -> None:
        """Say what the screen wants to see."""
        with self._changed:
            if view != self._view:
                self._view = view
                self._view_changed = True
                self._changed.notify_all()

    def close(self) -> None:
        """Ask the trainer to end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    def look_again(self) -> None:
        """Have the trainer make a snapshot: somebody who observes knows more than the last says."""
        with self._changed:
            self._view_changed = True
            self._changed.notify_all()

    def answer_late(self, receipt: Receipt) -> None:
        """Have the trainer write a receipt: what it is of was ended elsewhere."""
        with self._changed:
            self._late.append(receipt)
            self._changed.notify_all()

    # -- the trainer ---------------------------------------------------------------------------

    @property
    def closing(self) -> bool:
        """Whether the trainer was asked to end."""
        return self._closing

    @property
    def waiting(self) -> bool:
        """Whether there is an intervention to take."""
        return bool(self._queue)

    @property
    def watched(self) -> bool:
        """Whether anybody asked for a snapshot lately."""
        return time.monotonic() - self._asked < ASKED_RECENTLY

    @property
    def wanted_view(self) -> View:
        """What the screen wants to see."""
        return self._view

    def take_view_change(self) -> bool:
        """Whether the view changed since the last call."""
        changed, self._view_changed = self._view_changed, False
        return changed

    def seconds(self) -> float:
        """Since the session's start."""
        return time.perf_counter() - self._began

    def take(self) -> tuple[Receipt, Intervention] | None:
        """The next intervention with the receipt of its request, if there is one."""
        with self._changed:
            return self._queue.popleft() if self._queue else None

    def take_late(self) -> Receipt | None:
        """The next receipt of what was ended elsewhere."""
        with self._changed:
            return self._late.popleft() if self._late else None

    def wait(self, seconds: float | None) -> None:
        """Sleep until something is submitted, the view changes, or the time is up."""
        with self._changed:
            nothing = not self._queue and not self._late and not self._view_changed
            if nothing and not self._closing:
                self._changed.wait(seconds)

    def answer(self, receipt: Receipt) -> None:
        """Write a receipt."""
        with self._changed:
            self._receipts.append(receipt)
            self._changed.notify_all()

    def publish(self, snapshot: Snapshot) -> None:
        """Make a snapshot the newest one."""
        self._snapshot = snapshot
