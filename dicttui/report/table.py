"""A recorded experiment's numbers as one long table, in pieces: a run's quantity by its steps.

Every loss of a long training is there, so there are Python objects for the rows of one piece at a
time only: a piece is a pair of columns that its reader takes apart.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy

from dicttui.record.reading import Recorded

LONGEST_PIECE = 65_536
"""Rows."""
DERIVED = {"fvu": "explained_variance"}
"""What only exports have, made of what is recorded: 1 − fvu."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring values of one quantity of one run; both columns have the same length."""

    run: str
    name: str
    """"loss", or a metric's name."""
    steps: Sequence[int]
    values: Sequence[float | None]
    """None where the quantity was not to be had; NaN and ±inf as they were."""


def pieces(experiment: Recorded, runs: Iterable[str], every: int = 1) -> Iterator[Piece]:
    """The losses and the metrics of these runs, run by run and quantity by quantity.

    `every` keeps the first value of each so many steps (0, every, 2·every, …), and the last.
    """
    for run in runs:
        curve = experiment.losses(run)
        yield from _cut(run, "loss", curve.steps, curve.losses, every)
        for name, values in sorted(experiment.metrics(run).items()):
            steps = [step for step, _ in values]
            column = [value for _, value in values]
            yield from _cut(run, name, steps, column, every)
            if name in DERIVED:
                rest = [None if value is None else 1 - value for value in column]
                yield from _cut(run, DERIVED[name], steps, rest, every)


def _cut(
    run: str, name: str, steps: Sequence[int], values: Sequence[float | None], every: int
) -> Iterator[Piece]:
    before = -1
    """The bucket of the step before."""
    for first in range(0, len(steps), LONGEST_PIECE):
        some = steps[first : first + LONGEST_PIECE]
        column = values[first : first + LONGEST_PIECE]
        if every == 1:
            yield Piece(run, name, list(some), column)
            continue
        buckets = numpy.asarray(some, dtype=numpy.int64) // every
        begins = numpy.diff(buckets, prepend=before) != 0
        begins[-1] |= first + len(some) == len(steps)
        kept = numpy.flatnonzero(begins).tolist()
        before = int(buckets[-1])
        if kept:
            yield Piece(run, name, [some[at] for at in kept], [column[at] for at in kept])
