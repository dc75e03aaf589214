"""A thread that has the next batches ready before they are asked for."""

import atexit
import logging
import threading
import weakref
from collections import OrderedDict
from mmap import mmap

import torch
from torch import Tensor

from dicttui.data.activations.batches import Batches
from dicttui.data.error import DataError

log = logging.getLogger(__name__)

AHEAD_BYTES = 2**25
"""Of batches that are made before they are asked for."""
MOST_AHEAD = 32
IDLE = 5.0
"""Seconds without anything to do after which the thread ends; it is begun again when needed."""
PATIENCE = 1.0
"""Seconds that a read has to end when the program does."""

_feeds: "weakref.WeakSet[Feed]" = weakref.WeakSet()


class Feed:
    """Gives the batch of any step, and makes those that follow it meanwhile.

    All reading is done by one thread, of which most is spent waiting for the disk; NumPy does the
    rest, without the GIL and on one core, so that the trainer's threads are left alone.
    """

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        size = 4 * batches.shape[0] * batches.shape[1]
        self._ahead = max(1, min(MOST_AHEAD, AHEAD_BYTES // size))
        self._condition = threading.Condition()
        self._ready: OrderedDict[int, Tensor | BaseException] = OrderedDict()
        self._urgent: int | None = None
        self._asked: int | None = None
        """The step that was asked for last."""
        self._stuck = False
        """Whether what comes next cannot be read; tried again once somebody asks for a batch."""
        self._news = False
        """Whether somebody has asked for a batch since the thread looked."""
        self._thread: threading.Thread | None = None
        self._ending = False
        self._taking = threading.Lock()
        self.pinned = False
        """Whether batches are put into memory from which a CUDA device copies by itself."""
        _feeds.add(self)

    def take(self, step: int) -> Tensor:
        """The batch [batch_size, d_in] of a step, float32 on the CPU, unscaled; whoever asks owns
        it. Waits until it has been read.

        Raises DataError that names the file, where it cannot be read now; it may be asked for
        again.
        """
        with self._taking, self._condition:
            self._asked, self._stuck = step, False
            if step not in self._ready:
                self._urgent = step
            self._news = True
            self._see_to_the_thread()
            self._condition.notify_all()
            while step not in self._ready:
                self._condition.wait()
            found = self._ready.pop(step)
        if isinstance(found, BaseException):
            raise found
        return found

    def close(self, timeout: float = PATIENCE) -> None:
        """End the thread; asking for a batch begins it again."""
        with self._condition:
            thread, self._ending = self._thread, True
            self._condition.notify_all()
        if thread is not None:
            thread.join(timeout)

    # -- the thread ------------------------------------------------------------------------------

    def _see_to_the_thread(self) -> None:
        self._ending = False
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="activations", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._condition:
                self._news = False
                step = self._next()
                if self._ending and self._urgent is None:
                    self._thread = None
                    return
            if step is not None:
                self._make(step)
            elif self._stuck or not self._load_ahead():
                with self._condition:
                    if not self._condition.wait_for(lambda: self._news or self._ending, IDLE):
                        self._thread = None
                        return

    def _next(self) -> int | None:
        """The next batch to be made; None: none, as far as what it takes is in memory."""
        if self._urgent is not None:
            return self._urgent
        if self._asked is None or self._stuck:
            return None
        for step in range(self._asked + 1, self._asked + 1 + self._ahead):
            if step not in self._ready:
                return step if self._batches.at_hand(step) else None
        return None

    def _make(self, step: int) -> None:
        found: Tensor | BaseException
        try:
            found = self._memory()
            self._batches.make(step, found.numpy())
        except BaseException as error:  # raised by the thread that asks
            found = error
        with self._condition:
            if step == self._urgent:
                self._urgent = None
            elif isinstance(found, BaseException):
                self._stuck = True
                return
            self._ready[step] = found
            while len(self._ready) > self._ahead + 1:
                self._ready.popitem(last=False)
            self._condition.notify_all()

    def _memory(self) -> Tensor:
        """For a batch, float32."""
        shape = self._batches.shape
        if self.pinned:
            return torch.empty(shape, pin_memory=True)
        # Pages of its own, which are given back at once: what one thread allocates and another
        # frees leaves holes in the C library's heap, and these came to ten times what is in use.
        return torch.frombuffer(mmap(-1, 4 * shape[0] * shape[1]), dtype=torch.float32).view(shape)

    def _load_ahead(self) -> bool:
        """Read some of what comes next; whether there was anything."""
        step = self._asked
        try:
            return step is not None and self._batches.load_ahead(step)
        except DataError:
            self._stuck = True  # told of once a batch takes it
        except BaseException:
            log.exception("reading ahead failed")
            self._stuck = True
        return True


def _end_all() -> None:
    """A thread that is in torch when the interpreter ends would end it by an abort."""
    for feed in list(_feeds):
        feed.close()


atexit.register(_end_all)
