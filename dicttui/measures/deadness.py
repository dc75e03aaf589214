"""Which atoms have not fired for long."""

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor


class Deadness:
    """The last step at which each atom fired; how many have died, and woken again.

    Counting starts at step index `start`; atoms count as having fired just before it.
    """

    def __init__(self, n_atoms: int, device: torch.device | str = "cpu", start: int = 0) -> None:
        self.start = start
        self.last_fired = torch.full((n_atoms,), start - 1, dtype=torch.int64, device=device)
        """int64 [n_atoms]"""
        self.count_on(start, None, [0, 0, start])

    def count_on(self, step: int, window: int | None, deaths: Sequence[int]) -> None:
        """Count on from a step index, after these `deaths`, with those dead that have not fired for
        `window` steps; None: nobody is.
        """
        self.died, self.woke = (
            torch.tensor(n, dtype=torch.int64, device=self.last_fired.device) for n in deaths[:2]
        )
        self.counted_from = deaths[2]
        self.looked = step - 1
        """The step index at which it was last looked who is dead."""
        self._dead = None if window is None else self.dead(step - 1, window)

    @property
    def deaths(self) -> list[int]:
        """How many atoms have died, how many have woken, and from which step index on that was
        counted (waits for the device).
        """
        return [int(self.died), int(self.woke), self.counted_from]

    def on(self, device: torch.device) -> Self:
        """A copy on a device."""
        moved = type(self)(len(self.last_fired), device, self.start)
        moved.last_fired.copy_(self.last_fired)
        moved.counted_from, moved.looked = self.counted_from, self.looked
        moved.died, moved.woke = (n.to(device, copy=True) for n in (self.died, self.woke))
        moved._dead = None if self._dead is None else self._dead.to(device, copy=True)
        return moved

    def update(self, fired_any: Tensor, step: int) -> None:
        """Say which atoms fired on any sample: bool [n_atoms] for step index `step`, or bool
        [steps, n_atoms] for consecutive steps of which it is the last. In place, without waiting
        for the device.
        """
        fired_any = fired_any.reshape(-1, len(self.last_fired))
        indices = torch.arange(step + 1 - len(fired_any), step + 1, device=fired_any.device)
        self.seen(torch.where(fired_any, indices[:, None], -1).amax(dim=0))

    def seen(self, last: Tensor) -> None:
        """Say at which step index each atom fired last: int64 [n_atoms], less than any step where
        it did not. In place, without waiting for the device.
        """
        torch.maximum(self.last_fired, last, out=self.last_fired)

    def dead(self, step: int, window: int) -> Tensor | None:
        """Atoms that fired on no sample of the last `window` steps, `step` the newest of them:
        bool [n_atoms]; None until so many steps have passed since the start.
        """
        if step - self.start + 1 < window:
            return None
        return self.last_fired <= step - window

    def dead_fraction(self, step: int, window: int) -> float | None:
        """The share of dead atoms (waits for the device); None until the window has passed."""
        dead = self.dead(step, window)
        return None if dead is None else float(dead.float().mean())

    def look(self, step: int, window: int) -> None:
        """Count who has died or woken since the last look, `step` the newest step index; who was
        started anew has woken. Who did both in between is not noticed, so that looks should be
        closer together than the window. Never waits for the device.
        """
        before, since = self._dead, self.looked
        self._dead, self.looked = self.dead(step, window), step
        if self._dead is None or step < since:
            return
        if before is None:  # none could be dead
            self.died += self._dead.sum()
            return
        fired = self.last_fired > since
        self.died += (self._dead & (~before | fired)).sum()
        self.woke += (before & (fired | ~self._dead)).sum()
