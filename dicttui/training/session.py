"""A session: one experiment, its trainer thread, and the seam everything else uses.

Importing this module does not import torch: the trainer thread does, so that a screen can be drawn
meanwhile.
"""

import logging
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dicttui.networks import foreign
from dicttui.preset.model import Preset
from dicttui.training.interventions import Intervention, Receipt
from dicttui.training.loading import loading
from dicttui.training.mailbox import Mailbox
from dicttui.training.observation import Observer
from dicttui.training.script import Start
from dicttui.training.snapshot import Snapshot, View

if TYPE_CHECKING:
    from dicttui.training.trainer import Trainer

log = logging.getLogger(__name__)

LEAST_FOR_OBSERVERS = 0.5
"""Seconds that each observer has to end, however long the training took to."""


class Session:
    """Trains the runs of a preset in a thread of its own.

    Args:
        preset: what to train.
        paced: whether the preset's steps_per_second is kept; otherwise as fast as it goes.
        observers: called on the trainer thread; closed with the session.
        start: where it begins, if not at step 0.

    After its runs have ended a session waits for interventions until it is closed.

    """

    def __init__(
        self,
        preset: Preset,
        *,
        paced: bool = True,
        observers: Sequence[Observer] = (),
        start: Start | None = None,
    ) -> None:
        self.preset = preset
        self._start = start or Start()
        self._paced = paced
        self._observers = tuple(observers)
        self._mailbox = Mailbox(
            loading(preset, "loading torch…", 0),
            self._start.receipts,
            self._start.next_id,
            self._start.seconds,
        )
        self._closed = False
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        self._trainer: Trainer | None = None

    # -- the seam ------------------------------------------------------------------------------

    def submit(self, intervention: Intervention) -> int:
        """Queue an intervention, applied between steps, in order; its receipts carry the id."""
        return self._mailbox.submit(intervention)

    def receipts(self, since: int) -> list[Receipt]:
        """Receipts in the order they were written, from position `since` on."""
        return self._mailbox.receipts(since)

    def latest(self) -> Snapshot:
        """The newest snapshot. Never waits."""
        return self._mailbox.latest()

    def view(self, request: View) -> None:
        """Say what the screen wants to see."""
        self._mailbox.look(request)

    # -- its life ------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the trainer thread."""
        self._thread = threading.Thread(target=self._train, name="trainer", daemon=True)
        self._thread.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every run has ended (or the trainer failed); whether they have."""
        return self._done.wait(timeout)

    def close(self, timeout: float = 30.0) -> bool:
        """End the training after the step it is in, join the thread, close the observers; whether
        it ended.
        """
        deadline = time.monotonic() + timeout
        self._mailbox.close()
        ended = True
        if self._thread is not None:
            self._thread.join(timeout)
            ended = not self._thread.is_alive()
        elif self._trainer is not None and not self._closed:
            self._trainer.finish()
        if not self._closed:
            self._closed = True
            for observer in self._observers:
                observer.close(max(LEAST_FOR_OBSERVERS, deadline - time.monotonic()))
        return ended

    def advance(self, steps: int = 0) -> None:
        """Apply what was submitted, then make so many steps of every running run, in the calling
        thread: for tests and scripts, instead of start().
        """
        if self._trainer is None:
            self._trainer = self._load()
        self._trainer.advance(steps)

    def _load(self) -> "Trainer":
        from dicttui.training.trainer import Trainer

        return Trainer(
            self.preset, self._mailbox, paced=self._paced, observers=self._observers,
            done=self._done, start=self._start,
        )  # fmt: skip

    def _train(self) -> None:
        try:
            trainer = self._load()
            self._trainer = trainer
            trainer.train()
        except BaseException as error:  # an exit, too, would end this thread without a word
            log.exception("the trainer thread failed")
            self._mailbox.publish(
                Snapshot(
                    sequence=self._mailbox.latest().sequence + 1,
                    state="failed",
                    detail=foreign.told(error),
                    title=self.preset.title,
                    source=self.preset.source,
                )
            )
        finally:
            self._done.set()
