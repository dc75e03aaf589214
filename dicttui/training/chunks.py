"""How many steps are made between two looks at what was asked for, and on how many cores."""

from collections.abc import Sequence

from dicttui.training.engines.engine import Work
from dicttui.training.pool import Pool

SECONDS = 0.010
"""How long all runs together train between two such looks."""
LENT_SECONDS = 0.020
"""The same where no step needs Python: such a chunk ends early for whoever asks."""
MOST = 4096
"""Steps."""


class Chunks:
    """The size of chunks, and the cores that are lent to them."""

    def __init__(self) -> None:
        self.size = 1
        """Steps of every run."""
        self.seconds = SECONDS
        """How long a chunk should take."""
        self.cut_short = False
        """Whether the last one ended early because somebody could not wait."""
        self._pool = Pool()

    def lend(self, works: Sequence[Work | None], count: int) -> int:
        """Have all cores make what steps of a chunk need no Python.

        Args:
            works: of each run; None where all its steps need Python.
            count: the steps of the chunk.

        Returns:
            The number of steps that it is to have: less than `count` where somebody cannot wait for
            more.

        """
        lent = [work for work in works if work is not None]
        made = self._pool.do(lent)
        self.seconds = LENT_SECONDS if len(lent) == len(works) else SECONDS
        if any(one.cut_short for one in made):
            most = max(one.steps for one in made)  # what one run has made, all make
            self.cut_short = most < count
            return min(most, count)
        self.cut_short = False
        return count

    def took(self, count: int, seconds: float) -> None:
        """So many steps took so long."""
        self.size = adapted(self.size, count, seconds, self.seconds)

    def close(self) -> None:
        """Give the cores back."""
        self._pool.close()


def adapted(size: int, count: int, took: float, seconds: float = SECONDS) -> int:
    """The number of steps that takes about so many seconds, given how long `count` steps took."""
    if took <= 0:
        return size
    ideal = count * seconds / took
    return max(1, min(MOST, int(min(2.0 * size, max(0.5 * size, ideal)))))
