"""Losses that wait to be written."""

from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

MOST_LOSSES = 64 * 1024 * 1024
"""Losses that are held while nothing can be written: a quarter of a GiB."""
LONGEST_BLOCK = 65_536
"""Losses: what is dropped at once where there are too many."""


@dataclass(slots=True)
class Block:
    """Losses of neighbouring steps."""

    run: str
    segment: int
    first: int
    losses: "array[float]"

    @property
    def end(self) -> int:
        """The index after the last step's."""
        return self.first + len(self.losses)


class Waiting:
    """Losses in blocks, oldest first; where there are too many the oldest go, and are counted."""

    def __init__(self) -> None:
        self.blocks: deque[Block] = deque()
        self.lost = 0
        """Losses that had to be dropped."""
        self._held = 0
        self._last: dict[tuple[str, int], Block] = {}

    def __bool__(self) -> bool:
        return bool(self.blocks)

    def add(self, run: str, segment: int, first: int, losses: Sequence[float]) -> None:
        """Take losses of neighbouring steps."""
        done = 0
        while done < len(losses):
            block = self._last.get((run, segment))
            if block is None or block.end != first + done or len(block.losses) >= LONGEST_BLOCK:
                block = self._last[run, segment] = Block(run, segment, first + done, array("f"))
                self.blocks.append(block)
            some = losses[done : done + LONGEST_BLOCK - len(block.losses)]
            block.losses.extend(some)
            done += len(some)
        self._held += done
        while self._held > MOST_LOSSES:
            gone = self.blocks.popleft()
            if self._last[gone.run, gone.segment] is gone:
                del self._last[gone.run, gone.segment]
            self._held -= len(gone.losses)
            self.lost += len(gone.losses)

    def add_all(self, later: "Waiting") -> None:
        """Take over what waited elsewhere."""
        for block in later.blocks:
            self.add(block.run, block.segment, block.first, block.losses)
        self.lost += later.lost
