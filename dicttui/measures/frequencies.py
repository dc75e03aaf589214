"""How often atoms fire: on which share of the samples."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

BLOCK = 2**16
"""Samples after which older ones begin to be forgotten."""


@dataclass(slots=True)
class _Block:
    """Samples that are forgotten together."""

    fires: Tensor
    """int64 [n_atoms]: the samples on which each atom fired."""
    samples: int
    first: int
    """The step at which the first of them was looked at."""


class FireCounts:
    """The samples on which each atom fired, of those that were looked at lately.

    Two blocks are kept. The older one is forgotten when the newer has BLOCK samples or is `window`
    steps old: what is known is of one to two such spans.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self.forget()

    def forget(self) -> None:
        """Forget everything."""
        self._blocks: list[_Block] = []
        self.last = -1
        """The step at which the newest samples were looked at."""

    def add(self, fires: Tensor, step: int, *, afresh: bool = False) -> None:
        """Count samples that were looked at after so many steps. Never waits for the device.

        Args:
            fires: bool [samples, n_atoms].
            step: completed updates of the network.
            afresh: whether these replace all others: they are the same samples, looked at again.

        """
        counted = fires.sum(dim=0, dtype=torch.int32).long()
        self.last = step
        newest = self._blocks[-1] if self._blocks and not afresh else None
        if newest is None:
            self._blocks = [_Block(counted, len(fires), step)]
        elif newest.samples >= BLOCK or step - newest.first >= self._window:
            self._blocks = [newest, _Block(counted, len(fires), step)]
        else:
            newest.fires = newest.fires + counted
            newest.samples += len(fires)

    @property
    def samples(self) -> int:
        """How many samples are known."""
        return sum(block.samples for block in self._blocks)

    @property
    def first(self) -> int:
        """The step at which the oldest of them was looked at; -1 if there are none."""
        return self._blocks[0].first if self._blocks else -1

    def fires(self) -> Tensor | None:
        """The samples on which each atom fired: int64 [n_atoms]; None: none was looked at."""
        if not self._blocks:
            return None
        return sum((block.fires for block in self._blocks[1:]), self._blocks[0].fires)


def histogram(fires: Tensor, samples: int, decades: int, per_decade: int) -> Tensor:
    """Atoms by how often they fire: int64 [1 + decades · per_decade], on the device of `fires`.

    First those that never fired, then those of each bin of log10(fires / samples): equal bins from
    10**-decades to 1. What is rarer is in the first of them, 1 itself in the last.

    Args:
        fires: int64 [n_atoms], samples on which each fired.
        samples: how many were looked at, at least 1.
        decades: powers of ten below 1.
        per_decade: bins of each.

    """
    bins = decades * per_decade
    edges = [_least(10 ** (i / per_decade - decades), samples) for i in range(1, bins)]
    thresholds = torch.tensor([1, *edges], dtype=torch.int64, device=fires.device)
    bin_of = torch.bucketize(fires, thresholds, right=True)
    counts = torch.zeros(1 + bins, dtype=torch.int64, device=fires.device)
    return counts.scatter_add_(0, bin_of, torch.ones_like(bin_of))


def _least(share: float, samples: int) -> int:
    """The smallest number of samples that is at least a share of all; never none."""
    return max(1, math.ceil(share * samples * (1 - 1e-12)))
