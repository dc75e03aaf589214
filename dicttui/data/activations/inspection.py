"""What is in a directory, a pattern, or a saved data set of shards, in plain numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from dicttui.data.activations.finding import found_files
from dicttui.data.activations.shards import Shard, Shards, opened
from dicttui.data.activations.stored import widened
from dicttui.data.error import DataError
from dicttui.data.finiteness import FIRST, NonFiniteRows
from dicttui.data.inspection import Statistics, statistics_of
from dicttui.data.moments import Moments, row_ranges

Progress = Callable[[int, int], None]
"""Called with the rows that have been read, and with how many there are."""


@dataclass(frozen=True, slots=True)
class ShardSummary:
    """One file."""

    path: str
    array: str
    """Which of its arrays; empty where it has no name."""
    shape: tuple[int, ...]
    dtype: str
    rows: int
    """Of samples: those of [batch, sequence, d_in] are batch × sequence."""
    size: int
    """Bytes of the file."""
    mean_norm: float | None
    """Mean Euclidean norm of its finite rows."""
    non_finite_rows: int
    first_non_finite: tuple[int, ...]
    """The first of these, counted from 0 in this file."""
    problem: str
    """Why it cannot be used; empty if it can. Then nothing else is known but path and size."""


@dataclass(frozen=True, slots=True)
class ShardsInspection:
    """All files together."""

    path: str
    size: int
    """Bytes of all files."""
    rows: int
    """Of samples."""
    shards: tuple[ShardSummary, ...]
    """In the order in which they are read."""
    statistics: Statistics | None
    """Of all that can be used; first_non_finite counts from the first shard's first row on. None
    where nothing can be."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with single files."""
        return tuple(shard.problem for shard in self.shards if shard.problem)


def inspect_shards(
    path: Path, array: str | None = None, progress: Progress = lambda _read, _rows: None
) -> ShardsInspection:
    """Look into every shard that a path means; they are read in chunks, and may exceed memory.

    Raises DataError where the path means no shard. One that cannot be used, or does not go with
    the others, is named in the outcome, and left out of the statistics.
    """
    files = found_files(path)
    good: list[Shard] = []
    problems: dict[Path, str] = {}
    for file in files:
        try:
            good.append(Shards.of([*good[:1], opened(file, array)]).shards[-1])
        except DataError as error:
            problems[file] = str(error)
    rows = sum(shard.array.rows for shard in good)
    looked = _Looked(rows, progress)
    summaries = {shard.path: looked.at(shard, problems) for shard in good}
    moments, count, first = looked.moments, looked.bad, looked.first
    statistics = None
    if moments is not None:
        name = good[0].array.name
        statistics = statistics_of(moments, looked.rows, count, first, name)
    shards = tuple(summaries.get(file) or _unusable(file, problems[file]) for file in files)
    return ShardsInspection(
        path=str(path),
        size=sum(shard.size for shard in shards),
        rows=sum(shard.rows for shard in shards),
        shards=shards,
        statistics=statistics,
    )


class _Looked:
    """What has been seen of the shards so far."""

    def __init__(self, rows: int, progress: Progress) -> None:
        self.moments: Moments | None = None
        self.rows = self.bad = 0
        self.first: tuple[int, ...] = ()
        self._all, self._progress = rows, progress

    def at(self, shard: Shard, problems: dict[Path, str]) -> ShardSummary | None:
        """Look at one; None, and the reason among the problems, where it cannot be read."""
        alone, stored = Shards([shard]), shard.array
        if self.moments is None:
            self.moments = Moments(stored.d_in)
        bad, norms = NonFiniteRows(), 0.0
        try:
            with alone.reading() as reader:
                for start, stop in row_ranges(stored.rows, stored.d_in):
                    held = alone.empty(stop - start)
                    reader.read(start, held)
                    x = bad.add(start, torch.from_numpy(widened(held, stored.dtype)))
                    norms += float(torch.linalg.vector_norm(x.double(), dim=1).sum())
                    self.moments.add(x)
                    self._progress(self.rows + stop, self._all)
        except DataError as error:
            problems[shard.path] = str(error)
            return None
        room = FIRST - len(self.first)
        self.first += tuple(self.rows + row for row in bad.first[:room])
        self.rows += stored.rows
        self.bad += bad.count
        fine = stored.rows - bad.count
        return ShardSummary(
            str(shard.path), stored.name, stored.shape, stored.dtype, stored.rows, shard.size,
            norms / fine if fine else None, bad.count, bad.first, "",
        )  # fmt: skip


def _unusable(file: Path, problem: str) -> ShardSummary:
    size = file.stat().st_size if file.exists() else 0
    return ShardSummary(str(file), "", (), "", 0, size, None, 0, (), problem)
