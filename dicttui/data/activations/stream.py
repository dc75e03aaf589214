"""Batches from disk, on the device that asks for them, scaled."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dicttui.data.activations.batches import Batches
from dicttui.data.activations.feed import Feed
from dicttui.data.scaling import Scaling


class DiskStream:
    """As `dicttui.data.samples.BatchStream`."""

    def __init__(self, batches: Batches, scaling: Scaling, *, epoch_rows: int) -> None:
        self._batches, self._scaling = batches, scaling
        self._feed = Feed(batches)
        self._scalings: dict[torch.device, Scaling] = {}
        self.epoch_rows = epoch_rows

    def batch(self, step: int, device: torch.device) -> Tensor:
        """The batch [batch_size, d_in] of a step. Raises DataError where it cannot be read now."""
        return self._scaled(self._on(self._taken(step, device), device))

    def batches(self, steps: Sequence[int], device: torch.device) -> Tensor:
        """The batches [len(steps), batch_size, d_in] of some steps. Raises DataError."""
        if len(steps) == 1:
            return self.batch(steps[0], device).unsqueeze(0)
        found = torch.empty(len(steps), *self._batches.shape, device=device)
        for place, step in zip(found, steps, strict=True):
            place.copy_(self._taken(step, device), non_blocking=device.type == "cuda")
        return self._scaled(found.flatten(0, 1)).view(found.shape)

    @property
    def notice(self) -> str:
        """What a person should know of what has been read so far: "3 rows skipped that are not
        finite (shard-2.npy 3)"; empty: nothing.
        """
        skipped = self._batches.skipped.copy()
        if not skipped:
            return ""
        total = skipped.total()
        named = ", ".join(f"{name.rpartition('/')[2]} {n:,}" for name, n in skipped.most_common(3))
        more = ", …" if len(skipped) > 3 else ""
        rows = "1 row" if total == 1 else f"{total:,} rows"
        return f"{rows} skipped, not finite ({named}{more})"

    def close(self) -> None:
        """Stop reading ahead; asking for a batch begins it again."""
        self._feed.close()

    def _taken(self, step: int, device: torch.device) -> Tensor:
        if device.type == "cuda":
            self._feed.pinned = True
        return self._feed.take(step)

    @staticmethod
    def _on(x: Tensor, device: torch.device) -> Tensor:
        # torch keeps page-locked memory from being used anew until what copies from it is done.
        return x.to(device, non_blocking=x.is_pinned()) if device.type != "cpu" else x

    def _scaled(self, x: Tensor) -> Tensor:
        if x.device not in self._scalings:
            self._scalings[x.device] = self._scaling.on(x.device)
        return self._scalings[x.device].apply(x)
