"""Which atoms have not fired for long."""

import torch
from torch import Tensor


class Deadness:
    """The last step at which each atom fired.

    Counting starts at step index `start`; atoms count as having fired just before it.
    """

    def __init__(self, n_atoms: int, device: torch.device | str = "cpu", start: int = 0) -> None:
        self.start = start
        self.last_fired = torch.full((n_atoms,), start - 1, dtype=torch.int64, device=device)
        """int64 [n_atoms]"""

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
