"""`[data] kind = "activations"`."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dicttui.data.activations.batches import Batches
from dicttui.data.activations.fitted import fitted
from dicttui.data.activations.order import Buffered, Order, Permuted, Without, spread
from dicttui.data.activations.shards import Indices, Shards
from dicttui.data.activations.stream import DiskStream
from dicttui.data.description import describe
from dicttui.data.error import DataError
from dicttui.data.file import resolve
from dicttui.data.memory import require_memory
from dicttui.data.samples import Samples
from dicttui.data.split import train_count
from dicttui.preset.data import TOO_LARGE_BATCH, ActivationsData

BUFFER_BYTES = 2**27
"""Of a shuffle buffer whose size the preset leaves open."""
PERMUTED_BYTES = 2**25
"""Of permuted rows that are read together."""
MOST_HELD_OUT = 2**23
"""Rows; all their numbers are kept in memory."""


class Activations:
    """Rows of shards on disk: some are held out, all others trained on in an order that follows
    from the seed, and some of these measured.

    Opening reads the files' headers. Drawing reads the rows that are measured, `n` of those that
    are trained on and at most as many of those held out, evenly from all shards.
    """

    def __init__(self, specification: ActivationsData, seed: int, directory: Path) -> None:
        self._specification, self._seed = specification, seed
        path = resolve(specification.path, directory)
        self._shards = shards = Shards.open(path, specification.array)
        self.d_in = shards.d_in
        kept = train_count(specification.held_out, shards.rows)
        held_out = shards.rows - kept
        if held_out > MOST_HELD_OUT:
            raise DataError(
                f"data.held_out = {specification.held_out:g} takes {held_out:,} of {shards.rows:,} "
                f"samples: hold out at most {MOST_HELD_OUT:,}"
            )
        if specification.batch_size > kept:
            after = f" after {held_out} of {shards.rows} are held out" if held_out else ""
            wrong = TOO_LARGE_BATCH.format(batch_size=specification.batch_size, n=kept)
            raise DataError("data.batch_size: " + wrong.replace("0 (full batch)", "1") + after)
        files = len(shards.shards)
        name = path.name if files == 1 else f"{path.name}, {files:,} shards"
        self.description = describe(
            f"activations {name} {kept:,} × {self.d_in:,}", specification, kept, held_out
        ).replace("full batch", f"batch {kept}")

    def draw(self) -> Samples:
        """The samples. Raises DataError where some cannot be read, or are not finite."""
        spec, shards, seed = self._specification, self._shards, self._seed
        held_out = shards.rows - train_count(spec.held_out, shards.rows)
        self._require_memory(held_out)
        left_out = spread(held_out, shards.rows, seed, "held out") if held_out else _NO_ROWS
        train = Without(shards.rows, left_out)
        order = self._order(train)
        batches = Batches(
            shards, train, order, batch_size=spec.batch_size, on_bad_rows=spec.on_bad_rows
        )
        measured = self._read(train.of(spread(spec.n, train.count, seed, "measured")), batches)
        shown = left_out[spread(spec.n, held_out, seed, "held out, measured")]
        scaling = fitted(
            spec.scaling, measured, shards.shards, seed, spec.n, held_out, spec.on_bad_rows
        )
        return Samples(
            scaling.apply(measured),
            scaling.apply(self._read(shown, batches)) if held_out else None,
            None,
            batch_size=spec.batch_size,
            seed=seed,
            scaling=scaling,
            stream=DiskStream(
                batches, scaling, epoch_rows=train.count - train.count % spec.batch_size
            ),
        )

    @property
    def _buffer(self) -> int:
        """Rows that are read together."""
        spec, row = self._specification, self._shards.row_bytes
        if spec.shuffle == "permutation":
            return max(spec.batch_size, PERMUTED_BYTES // row)
        return spec.buffer_size or max(1, BUFFER_BYTES // row)

    def _order(self, train: Without) -> Order:
        if self._specification.shuffle == "permutation":
            bounds = train.before(self._shards.bounds)
            return Permuted(bounds, self._seed, block=self._buffer)
        return Buffered(
            train.count, self._seed, buffer=self._buffer, row_bytes=self._shards.row_bytes
        )

    def _require_memory(self, held_out: int) -> None:
        """Buffers are what takes memory: the one in use and the next."""
        spec, rows = self._specification, self._shards.rows
        buffers = 2 * min(self._buffer, rows) * self._shards.row_bytes
        what = "data.buffer_size: the buffer in use and the next"
        require_memory(buffers, what)
        measured = min(spec.n, rows) + min(spec.n, held_out)
        require_memory(8 * measured * self.d_in, "data.n: what is measured")

    def _read(self, rows: Indices, batches: Batches) -> Tensor:
        """These rows [m, d_in], but for those that are to be skipped."""
        x = self._shards.gathered(rows)
        bad = ~np.isfinite(x).all(axis=1)
        if bad.any():
            named, first = self._shards.place(int(rows[bad][0]))
            if self._specification.on_bad_rows == "error" or bad.all():
                raise DataError(
                    f"{named.name}: row {first:,} holds NaN or infinity, and {bad.sum():,} of "
                    f"{len(rows):,} rows that were looked at do: repair the file, or leave such "
                    'rows out with on_bad_rows = "skip" under [data]'
                )
            batches.skip(rows[bad])
            x = x[~bad]
        return torch.from_numpy(x)


_NO_ROWS: Indices = np.empty(0, dtype=np.int64)
