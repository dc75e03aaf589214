"""The batches of an epoch, out of rows that lie on disk; and what is done about rows that are not
finite.
"""

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dicttui.data.activations.order import Order, Without
from dicttui.data.activations.shards import Indices, Reader, Shards, runs
from dicttui.data.activations.stored import AnyArray, widened
from dicttui.data.error import DataError

Samples32 = NDArray[np.float32]
OnBadRows = Literal["error", "skip"]
Key = tuple[int, int]
"""(epoch, number of the block in it)"""

MOST_BLOCKS = 3
"""In memory: that of the step, the next, and that of another run that stands elsewhere."""
MOST_USES = 64
"""Of blocks that are remembered, to know which of them are in use."""
LOADED_AT_A_TIME = 2**22
"""Bytes of a block that are read before anything more urgent is looked for."""
READ_THROUGH = 2**14
"""Bytes between two rows that are read as well: it takes less time than a read of its own."""
MOST_COUNTED = 100_000
"""Skipped rows that are told apart, so that one that comes again is not counted twice."""


@dataclass(slots=True)
class _Block:
    """Rows that are read together, as far as they have been."""

    rows: Indices
    """Ascending, as the shards number them."""
    place: Indices
    """Of each place in the block, which of `rows` it is."""
    held: AnyArray
    """[len(rows), d_in]"""
    left: deque[tuple[int, int]]
    """Ranges of `rows` that are still to be read."""
    used: bool = False


class Batches:
    """Makes batches; on one thread."""

    def __init__(
        self,
        shards: Shards,
        train: Without,
        order: Order,
        *,
        batch_size: int,
        on_bad_rows: OnBadRows,
    ) -> None:
        self._shards, self._train, self._order = shards, train, order
        self._batch_size = batch_size
        self._per_epoch = train.count // batch_size
        self._on_bad_rows = on_bad_rows
        self._blocks: OrderedDict[Key, _Block] = OrderedDict()
        # Half of what a block has: one run is then never seen in more than two blocks.
        uses = min(MOST_USES, order.block // batch_size // 2)
        self._used: deque[Key] = deque(maxlen=max(1, uses))
        self._skipped: set[int] = set()
        self.skipped = Counter[str]()
        """Rows left out for not being finite, by their shard's name."""

    @property
    def shape(self) -> tuple[int, int]:
        """[batch_size, d_in]"""
        return self._batch_size, self._shards.d_in

    def at_hand(self, step: int) -> bool:
        """Whether the rows of a step's batch are in memory."""
        return all(self._whole(key) for key, _, _ in self._parts(step))

    def make(self, step: int, out: Samples32) -> None:
        """Put the batch of a step into out [batch_size, d_in].

        Raises DataError that names the file, where rows cannot be read or are not finite.
        """
        rows = np.empty(self._batch_size, dtype=np.int64)
        done = 0
        for key, first, last in self._parts(step):
            part = slice(done, done + last - first)
            block = self._needed(key)
            if block is None:
                rows[part] = self._rows(key, first, last)
                out[part] = self._shards.gathered(rows[part])
            else:
                place = block.place[first:last]
                rows[part] = block.rows[place]
                self._take(block, place, out[part])
            done = part.stop
        try:
            self._mind_bad_rows(rows, out)
        except DataError:
            for key, _, _ in self._parts(step):  # read anew: the file may have been repaired
                self._blocks.pop(key, None)
            raise

    def load_ahead(self, step: int) -> bool:
        """Read some of what the batches after this step's come from; whether there was anything."""
        key, following = self._key(step), self._following(self._key(step))
        for wanted in (key, following):
            block = self._blocks.get(wanted)
            if block is None:
                self._drop_old()
                if len(self._blocks) >= MOST_BLOCKS:
                    return False
                block = self._begin(wanted)
            if block.left:
                self._load(block, LOADED_AT_A_TIME)
                return True
        return False

    # -- where a batch lies ----------------------------------------------------------------------

    def _key(self, step: int) -> Key:
        """Of the block in which a step's batch ends."""
        return self._parts(step)[-1][0]

    def _following(self, key: Key) -> Key:
        epoch, number = key
        used = self._per_epoch * self._batch_size
        return (epoch, number + 1) if (number + 1) * self._order.block < used else (epoch + 1, 0)

    def _parts(self, step: int) -> list[tuple[Key, int, int]]:
        """The places of a step's batch: (block, first place in it, the one after the last)."""
        epoch, number = divmod(step, self._per_epoch)
        start, size, found = number * self._batch_size, self._order.block, []
        stop = start + self._batch_size
        while start < stop:
            block, first = divmod(start, size)
            last = min(size, first + stop - start)
            found.append(((epoch, block), first, last))
            start += last - first
        return found

    def _rows(self, key: Key, first: int, last: int) -> Indices:
        epoch, number = key
        start = number * self._order.block
        return self._train.of(self._order.rows(epoch, start + first, start + last))

    # -- blocks ----------------------------------------------------------------------------------

    def _whole(self, key: Key) -> bool:
        block = self._blocks.get(key)
        return block is not None and not block.left

    def _needed(self, key: Key) -> _Block | None:
        """The block, read to its end; None where so many runs stand at different places that what
        is read for one would be dropped for another.
        """
        self._used.append(key)
        block = self._blocks.get(key)
        if block is None:
            if len(set(self._used)) > MOST_BLOCKS:
                return None
            block = self._begin(key)
        block.used = True
        self._blocks.move_to_end(key)
        while block.left:
            self._load(block, LOADED_AT_A_TIME)
        return block

    def _begin(self, key: Key) -> _Block:
        self._drop_old()
        while len(self._blocks) >= MOST_BLOCKS:
            self._blocks.popitem(last=False)
        most = self._train.count - key[1] * self._order.block
        rows = self._rows(key, 0, min(self._order.block, most))
        order = np.argsort(rows)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        rows = rows[order]
        gap = max(1, READ_THROUGH // self._shards.row_bytes)
        block = _Block(rows, place, self._shards.empty(len(rows)), deque(runs(rows, gap)))
        self._blocks[key] = block
        return block

    def _drop_old(self) -> None:
        """Let go of blocks that have been used and are no more."""
        for key in [k for k, b in self._blocks.items() if b.used and k not in self._used]:
            del self._blocks[key]

    def _load(self, block: _Block, most: int) -> None:
        """Read some of a block, about so many bytes. Raises DataError; what has been read stays."""
        with self._shards.reading() as reader:
            while block.left and most > 0:
                begin, end = block.left.popleft()
                first = int(block.rows[begin])
                until = first + LOADED_AT_A_TIME // self._shards.row_bytes
                cut = max(begin + 1, int(np.searchsorted(block.rows[begin:end], until)) + begin)
                try:
                    span = self._fetch(reader, block.rows[begin:cut], block.held[begin:cut])
                except BaseException:
                    block.left.appendleft((begin, end))
                    raise
                if cut < end:
                    block.left.appendleft((cut, end))
                most -= span * self._shards.row_bytes

    def _fetch(self, reader: Reader, rows: Indices, out: AnyArray) -> int:
        """Read ascending rows, and what lies between them; how many rows that is."""
        first, span = int(rows[0]), int(rows[-1] - rows[0]) + 1
        if span == len(rows):
            reader.read(first, out)
        else:
            through = self._shards.empty(span)
            reader.read(first, through)
            np.take(through, rows - first, axis=0, out=out, mode="clip")
        return span

    def _take(self, block: _Block, place: Indices, out: Samples32) -> None:
        if block.held.dtype == np.float32:
            np.take(block.held, place, axis=0, out=out, mode="clip")
        else:
            out[:] = widened(block.held[place], self._shards.dtype)

    # -- rows that are not finite ----------------------------------------------------------------

    def _mind_bad_rows(self, rows: Indices, out: Samples32) -> None:
        if finite(out):
            return
        bad = ~np.isfinite(out).all(axis=1)
        named, first = self._shards.place(int(rows[bad].min()))
        if self._on_bad_rows == "error":
            raise DataError(
                f"{named.name}: row {first:,} holds NaN or infinity: repair the file, or leave "
                'such rows out with on_bad_rows = "skip" under [data]'
            )
        good = np.flatnonzero(~bad)
        if not len(good):
            raise DataError(
                f"{named.name}: every row of a batch holds NaN or infinity: repair the file"
            )
        wanting = np.flatnonzero(bad)
        out[wanting] = out[good[np.searchsorted(good, wanting) % len(good)]]
        self.skip(rows[bad])

    def skip(self, rows: Indices) -> None:
        """Count rows as left out, each once."""
        for row in map(int, rows):
            if row not in self._skipped and len(self._skipped) < MOST_COUNTED:
                self._skipped.add(row)
                self.skipped[self._shards.place(row)[0].name] += 1


def finite(x: AnyArray) -> bool:
    """Whether all numbers are; NaN and infinity survive the smallest or the largest."""
    with np.errstate(invalid="ignore"):
        return bool(np.isfinite(x.min()) and np.isfinite(x.max()))
