"""In which order the rows of an epoch come: a function of the seed, the epoch and the place in it,
so that any step's batch is known without what came before it.
"""

from typing import Protocol

import numpy as np
import torch

from dicttui.data.activations.shards import Indices
from dicttui.data.recent import Recent
from dicttui.data.seeds import generator

RUN_BYTES = 2**18
"""Of consecutive rows that a shuffle buffer takes together: a disk reads them as fast as any."""
FEWEST_RUNS = 64
"""In a buffer."""


class Order(Protocol):
    """The orders of all epochs."""

    block: int
    """Places that are best read together."""

    def rows(self, epoch: int, start: int, stop: int) -> Indices:
        """The rows at the places [start, stop) of an epoch."""


class Buffered:
    """A shuffle buffer that can be entered at any place.

    The rows are cut into short runs, and the runs are put into a random order, anew in each epoch.
    The buffer is filled with the next so many runs of that order and shuffled; when it has been
    used up it is filled again. So every buffer holds rows from everywhere, and rows of one run,
    which may be neighbours in a text, are spread over it.
    """

    def __init__(self, n: int, seed: int, *, buffer: int, row_bytes: int) -> None:
        self._n, self._seed = n, seed
        self._run = max(1, min(buffer // FEWEST_RUNS, RUN_BYTES // row_bytes))
        self.block = buffer // self._run * self._run
        self._orders = Recent[int, Indices](2)
        self._shuffled = Recent[tuple[int, int], Indices](4)

    def rows(self, epoch: int, start: int, stop: int) -> Indices:
        """As in Order."""
        found = []
        while start < stop:
            block, first = divmod(start, self.block)
            last = min(self.block, first + stop - start)
            found.append(self._block(epoch, block)[first:last])
            start += last - first
        return np.concatenate(found)

    def _block(self, epoch: int, block: int) -> Indices:
        def shuffle() -> Indices:
            per_block = self.block // self._run
            taken = self._order(epoch)[block * per_block : (block + 1) * per_block]
            rows = (taken[:, None] * self._run + np.arange(self._run)).ravel()
            rows = rows[rows < self._n]
            return rows[permutation(len(rows), self._seed, "buffer", epoch, block)]

        return self._shuffled.get((epoch, block), shuffle)

    def _order(self, epoch: int) -> Indices:
        """Of the runs. The last, which may be short, stays last, so that every other buffer is
        full.
        """

        def draw() -> Indices:
            whole = self._n // self._run
            order = permutation(whole, self._seed, "runs", epoch)
            return order if whole * self._run == self._n else np.append(order, whole)

        return self._orders.get(epoch, draw)


class Permuted:
    """The shards in a random order, and the rows of each in a random order, anew in each epoch."""

    def __init__(self, bounds: Indices, seed: int, *, block: int) -> None:
        """`bounds` [shards + 1] has the first row of each shard, and the number of rows."""
        self._bounds, self._seed = bounds, seed
        self.block = block
        self._within = Recent[tuple[int, int], Indices](3)

    def rows(self, epoch: int, start: int, stop: int) -> Indices:
        """As in Order."""
        sizes = np.diff(self._bounds)
        order = permutation(len(sizes), self._seed, "shards", epoch)
        begins = np.concatenate(([0], np.cumsum(sizes[order])))
        found = []
        place = int(np.searchsorted(begins, start, side="right")) - 1
        while start < stop:
            shard, first = int(order[place]), start - int(begins[place])
            last = min(int(sizes[shard]), first + stop - start)
            found.append(self._bounds[shard] + self._shard(epoch, shard)[first:last])
            start, place = start + last - first, place + 1
        return np.concatenate(found)

    def _shard(self, epoch: int, shard: int) -> Indices:
        size = int(self._bounds[shard + 1] - self._bounds[shard])
        return self._within.get(
            (epoch, shard), lambda: permutation(size, self._seed, "rows", epoch, shard)
        )


def permutation(n: int, seed: int, *purpose: str | int) -> Indices:
    """Of 0 … n − 1, drawn from a stream of its own."""
    drawn = torch.randperm(n, generator=generator(seed, "activations", *purpose))
    order: Indices = drawn.numpy()
    return order


def spread(count: int, n: int, seed: int, *purpose: str | int) -> Indices:
    """`count` of the rows 0 … n − 1, ascending: one drawn from each of as many equal parts, so that
    every shard has its share. All of them where count is n or more.
    """
    if count >= n:
        return np.arange(n)
    begins = np.arange(count + 1) * n // count
    stream = generator(seed, "activations", *purpose)
    shares = torch.rand(count, generator=stream, dtype=torch.float64).numpy()
    rows: Indices = begins[:-1] + (shares * np.diff(begins)).astype(np.int64)
    return rows


class Without:
    """The rows 0 … n − 1 but for some, renumbered: row j of what is left is row `of(j)`."""

    def __init__(self, n: int, left_out: Indices) -> None:
        """`left_out` ascends."""
        self.count = n - len(left_out)
        self._left_out = left_out
        self._passed = left_out - np.arange(len(left_out))
        """Of each row that is left out, how many that are not come before it."""

    def of(self, rows: Indices) -> Indices:
        """The old numbers of rows of what is left."""
        found: Indices = rows + np.searchsorted(self._passed, rows, side="right")
        return found

    def before(self, old: Indices) -> Indices:
        """How many rows of what is left come before each of these old numbers."""
        found: Indices = old - np.searchsorted(self._left_out, old, side="left")
        return found
