"""The shards of a data set as one long list of rows, read at any place."""

import hashlib
import os
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dicttui.data.activations.finding import chosen, found_files, label, located
from dicttui.data.activations.stored import (
    ITEM_BYTES,
    AnyArray,
    StoredRows,
    held_type,
    raw_type,
    widened,
)
from dicttui.data.error import DataError

Indices = NDArray[np.int64]

SAMPLED_BLOCKS = 8
SAMPLED_BYTES = 4096
"""Of a file that are compared where its time of change is another, to know it again."""
LARGEST_READ = 2**20
"""Bytes of what has to be converted on reading, at a time."""


@dataclass(slots=True)
class Shard:
    """One file."""

    path: Path
    array: StoredRows
    size: int
    """Bytes of the file."""
    changed: int
    """When it was changed last, in nanoseconds."""
    sample: bytes
    """A digest of some of its blocks."""

    @property
    def name(self) -> str:
        """Its place in words."""
        return label(self.path, self.array)


@dataclass(frozen=True, slots=True)
class _Segment:
    """Rows that lie one after the other in one file."""

    shard: int
    offset: int
    rows: int
    first: int
    """The index of the first among the shard's rows."""


class Shards:
    """Rows [n, d_in] that lie in one or more files.

    A file that is no longer the one that was opened is never read as if it were: reading raises
    DataError, and goes well again once the file is back.
    """

    def __init__(self, shards: list[Shard]) -> None:
        self.shards = shards
        first = shards[0].array
        self.d_in, self.dtype = first.d_in, first.dtype
        self.bounds = np.cumsum([0, *(shard.array.rows for shard in shards)])
        """[shards + 1]: the index of each shard's first row, and the number of rows."""
        self._segments: list[_Segment] = []
        for index, shard in enumerate(shards):
            row = 0
            for piece in shard.array.pieces:
                self._segments.append(_Segment(index, piece.offset, piece.rows, row))
                row += piece.rows
        self._starts = np.cumsum([0, *(segment.rows for segment in self._segments)]).tolist()

    @classmethod
    def open(cls, path: Path, array: str | None) -> "Shards":
        """Open what a path means; headers alone are read.

        Raises DataError that names the file, where one cannot be used or differs from the others.
        """
        return cls.of([opened(file, array) for file in found_files(path)])

    @classmethod
    def of(cls, shards: list[Shard]) -> "Shards":
        """These shards, once they are seen to go together. Raises DataError."""
        first = shards[0]
        for shard in shards[1:]:
            own, others = shard.array, first.array
            if own.d_in != others.d_in:
                what, has, have = "number of features", f"{own.d_in:,} features", f"{others.d_in:,}"
            elif own.dtype != others.dtype:
                what, has, have = "type", f"numbers of type {own.dtype}", others.dtype
            else:
                continue
            raise DataError(
                f"{shard.name}: has {has}, and {first.path.name} has {have}: all shards must have "
                f'the same {what}; a pattern can leave files out (path = "{shard.path.parent}'
                '/shard-*.npy")'
            )
        return cls(shards)

    @property
    def rows(self) -> int:
        """How many there are."""
        return int(self.bounds[-1])

    @property
    def row_bytes(self) -> int:
        """Of a row in memory."""
        return int(self.d_in * held_type(self.dtype).itemsize)

    def place(self, row: int) -> tuple[Shard, int]:
        """The shard of a row, and its index there."""
        index = bisect_right(self.bounds.tolist(), row) - 1
        return self.shards[index], row - int(self.bounds[index])

    def empty(self, rows: int) -> AnyArray:
        """Memory [rows, d_in] for rows as `read` gives them."""
        return np.empty((rows, self.d_in), dtype=held_type(self.dtype))

    def gathered(self, rows: Indices) -> NDArray[np.float32]:
        """These rows [len(rows), d_in], in this order, as float32."""
        order = np.argsort(rows, kind="stable")
        held = self.empty(len(rows))
        with self.reading() as reader:
            for begin, end in runs(rows[order]):
                reader.read(int(rows[order[begin]]), held[begin:end])
        found = np.empty(held.shape, dtype=np.float32)
        found[order] = widened(held, self.dtype)
        return found

    @contextmanager
    def reading(self) -> Iterator["Reader"]:
        """For a `with`: what reads rows, and keeps the file open that it read from last."""
        reader = Reader(self)
        try:
            yield reader
        finally:
            reader.close()

    def segments_of(self, row: int, count: int) -> Iterator[tuple[int, int, int]]:
        """Where `count` rows from `row` on lie: (shard, offset in its file, rows), in order."""
        index = bisect_right(self._starts, row) - 1
        stored = ITEM_BYTES[self.dtype] * self.d_in
        while count:
            segment, skipped = self._segments[index], row - self._starts[index]
            some = min(count, segment.rows - skipped)
            if some:
                yield segment.shard, segment.offset + stored * skipped, some
            row, count, index = row + some, count - some, index + 1


class Reader:
    """Reads rows of shards; not shared between threads."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._open: tuple[int, int] | None = None
        """The shard whose file is open, and its descriptor."""
        self._same_type = raw_type(shards.dtype) == held_type(shards.dtype)

    def read(self, row: int, out: AnyArray) -> None:
        """Read consecutive rows from `row` on into out [rows, d_in], of the type that `empty` has.

        Raises DataError that names the file, where it is gone, changed, or cannot be read.
        """
        done = 0
        for index, offset, count in self._shards.segments_of(row, len(out)):
            shard = self._shards.shards[index]
            try:
                self._read(self._descriptor(index), offset, out[done : done + count])
            except FileNotFoundError:
                raise DataError(f"{shard.path}: is no longer there: put it back") from None
            except OSError as error:
                raise DataError(
                    f"{shard.path}: cannot be read: {error.strerror or error}"
                ) from error
            except EOFError:
                raise DataError(f"{shard.path}: has been cut short: put it back whole") from None
            done += count

    def close(self) -> None:
        """Close the file that is open."""
        if self._open is not None:
            os.close(self._open[1])
            self._open = None

    def _descriptor(self, index: int) -> int:
        if self._open is None or self._open[0] != index:
            self.close()
            shard = self._shards.shards[index]
            self._open = index, os.open(shard.path, os.O_RDONLY | os.O_CLOEXEC)
            mind(shard, self._open[1])
        return self._open[1]

    def _read(self, descriptor: int, offset: int, out: AnyArray) -> None:
        if self._same_type:
            fill(descriptor, offset, out)
            return
        raw = raw_type(self._shards.dtype)
        stored = raw.itemsize * self._shards.d_in
        step = max(1, LARGEST_READ // stored)
        for begin in range(0, len(out), step):
            part = np.empty((min(step, len(out) - begin), self._shards.d_in), dtype=raw)
            fill(descriptor, offset + stored * begin, part)
            with np.errstate(over="ignore"):  # beyond float32's range a number becomes infinite
                out[begin : begin + len(part)] = part


def fill(descriptor: int, offset: int, out: AnyArray) -> None:
    """Read the bytes of a contiguous array from a place in a file. Raises EOFError, OSError."""
    left = memoryview(out.view(np.uint8).data).cast("B")
    while left:
        count = os.preadv(descriptor, [left], offset)
        if not count:
            raise EOFError
        left, offset = left[count:], offset + count


def runs(rows: Indices, gap: int = 1) -> Iterator[tuple[int, int]]:
    """Half-open ranges of places in ascending rows, at which these are consecutive, or at most
    `gap` apart.
    """
    breaks = np.flatnonzero(np.diff(rows) > gap) + 1
    bounds = [0, *breaks.tolist(), len(rows)] if len(rows) else [0]
    yield from pairwise(bounds)


def opened(path: Path, array: str | None) -> Shard:
    """One file, of which the header has been read. Raises DataError."""
    stored = chosen(path, located(path), array)
    try:
        with path.open("rb") as stream:
            about = os.fstat(stream.fileno())
            sample = _sampled(stream.fileno(), about.st_size)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    return Shard(path, stored, about.st_size, about.st_mtime_ns, sample)


def mind(shard: Shard, descriptor: int) -> None:
    """Raise DataError where a file is no longer the one that was opened. One that has been copied
    back, and so has another time, is known by some of its blocks.
    """
    about = os.fstat(descriptor)
    if (about.st_size, about.st_mtime_ns) == (shard.size, shard.changed):
        return
    if about.st_size == shard.size and _sampled(descriptor, shard.size) == shard.sample:
        shard.changed = about.st_mtime_ns
        return
    raise DataError(f"{shard.path}: has been changed since it was opened: put back what it was")


def _sampled(descriptor: int, size: int) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    last = max(0, size - SAMPLED_BYTES)
    for place in range(SAMPLED_BLOCKS):
        found.update(os.pread(descriptor, SAMPLED_BYTES, last * place // (SAMPLED_BLOCKS - 1)))
    return found.digest()
