"""How often a run's atoms fire, for the dead-atoms screen."""

import time
from contextlib import suppress

import torch
from torch import Tensor

from dicttui.data.error import DataError
from dicttui.measures import codes, frequencies
from dicttui.measures.deadness import Deadness
from dicttui.training.snapshot import BINS_PER_DECADE, FREQUENCY_DECADES, Firing
from dicttui.training.trainable import Trainable
from dicttui.training.undisturbed import evaluating

SHARE_OF_TIME = 0.05
"""Share of the time that counting on more samples may take, while somebody looks."""
LOOKS = 8
"""How often in a window it is looked anew who is dead, though nothing was counted."""
LONGEST = 0.2
"""Seconds that it takes at a time, and that it takes of a run that stands still."""
PIECE = 2**21
"""Numbers of a code that are looked at together."""
SAMPLES = 2**16
"""Samples on which it is counted at most while the weights stay the same."""


class FiringTracker:
    """Counts on which samples each atom of one run fires.

    In the steps that are measured anyway, and, while somebody looks, in forward passes over the
    batches that the run is to make its next steps on.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._counts = frequencies.FireCounts(window)
        self._facts: Firing | None = None
        self._facts_of = -1
        """Completed updates of which they are."""
        self.forget()

    def forget(self) -> None:
        """The run is elsewhere: what was counted is not of it."""
        self._counts.forget()
        self._changed = True
        self._measured = -1
        """The step index of the last batch that was counted whole."""
        self._at, self._seen = -1, 0
        """Completed updates, and the samples that were looked at after just those."""
        self._batch, self._row = -1, 0
        """The next batch that is to be looked at, and its next row."""
        self._looked = time.perf_counter()

    def measured(self, trainable: Trainable, step: int, fired: Tensor) -> None:
        """The batch of a step is being looked at as a whole: bool [batch, n_atoms]."""
        looked_at = self._at == step and (step, 0) < (self._batch, self._row)
        if not trainable.samples.full_batch and (looked_at or step == self._measured):
            return
        self._counts.add(fired, step, afresh=trainable.samples.full_batch)
        self._measured, self._changed = step, True

    def look(self, trainable: Trainable, step: int, *, standing: bool) -> None:
        """Count on more samples, in a small share of the time since the last call."""
        began = time.perf_counter()
        seconds = LONGEST if standing else min(LONGEST, SHARE_OF_TIME * (began - self._looked))
        if not trainable.samples.full_batch:
            # Where a batch cannot be read, the run says so when it is to make its step on it.
            with suppress(DataError), evaluating(trainable.network):
                while time.perf_counter() - began < seconds and self._wanted(trainable, step):
                    self._look_at_some(trainable, step)
        self._looked = time.perf_counter()

    def _wanted(self, trainable: Trainable, step: int) -> bool:
        """Go to the batch that is to be looked at next; whether there is one."""
        if self._at != step:
            self._at, self._seen = step, 0
            if self._batch < step:
                self._batch, self._row = step, 0
        if self._batch == self._measured:
            self._batch, self._row = self._batch + 1, 0
        # Reading further ahead would hold up the reading of what is next.
        within_reach = not trainable.samples.on_disk or self._batch == step
        return within_reach and self._seen < SAMPLES

    @torch.no_grad()
    def _look_at_some(self, trainable: Trainable, step: int) -> None:
        network, samples = trainable.network, trainable.samples
        rows = max(1, PIECE // trainable.n_atoms)
        x = samples.batch(self._batch, trainable.device)[self._row : self._row + rows]
        code = network(x).code
        atoms = network.atoms.detach()
        fired = codes.fires(code, atoms, trainable.x_rms, network.sparse_code)
        self._counts.add(fired, step)
        self._changed = True
        self._row += len(x)
        self._seen += len(x)
        if self._row >= samples.batch_size:
            self._batch, self._row = self._batch + 1, 0

    @property
    def shares(self) -> Tensor | None:
        """The share of samples on which each atom fired [n_atoms]; None: none was looked at."""
        fires = self._counts.fires()
        return None if fires is None else fires.float() / self._counts.samples

    def facts(self, deadness: Deadness, step: int, *, standing: bool) -> Firing:
        """What is known after so many completed updates (waits for the device where there is
        anything new): as of the last of them where the run stands still or something has been
        counted, else as of a small share of the window before.
        """
        passed = step - self._facts_of
        new = self._changed or passed < 0 or passed >= (1 if standing else self._window / LOOKS)
        if self._facts is not None and not new:
            return self._facts
        fires, samples = self._counts.fires(), self._counts.samples
        deadness.look(step - 1, self._window)
        dead = deadness.dead(step - 1, self._window)
        none = torch.zeros(
            1 + FREQUENCY_DECADES * BINS_PER_DECADE, dtype=torch.int64, device=deadness.died.device
        )
        numbers = torch.cat([
            torch.stack([deadness.died, deadness.woke]),
            none[:1] if dead is None else dead.sum().reshape(1),
            none if fires is None else frequencies.histogram(
                fires, samples, FREQUENCY_DECADES, BINS_PER_DECADE
            ),
        ])  # fmt: skip
        died, woke, n_dead, never, *histogram = numbers.tolist()
        self._changed, self._facts_of = False, step
        self._facts = Firing(
            atoms=len(deadness.last_fired),
            samples=samples,
            from_step=max(0, self._counts.first),
            to_step=max(0, self._counts.last),
            never=never,
            histogram=tuple(histogram),
            window=self._window,
            known_at=deadness.start + self._window,
            dead=None if dead is None else n_dead,
            died=died,
            woke=woke,
            counted_from=deadness.counted_from,
        )
        return self._facts
