"""The recorded pictures of an experiment, to be watched again without training."""

import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import TypeAdapter, ValidationError

from dicttui.record import curves
from dicttui.record.error import RecordError
from dicttui.record.facts import Curve
from dicttui.training import plain
from dicttui.training.snapshot import Ghost, RunSnapshot, Series, Snapshot

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUCKETS = 1024
"""Of a curve: no screen has more columns than half of that."""
LARGEST_FRAME = 2**26
"""Bytes of a picture up to which it is unpacked."""

Place = tuple[int, int, float]
"""Of a run in a picture: segment, completed updates, training seconds."""
_PLACES: TypeAdapter[dict[str, Place]] = TypeAdapter(dict[str, Place])


@dataclass(frozen=True, slots=True)
class _Values:
    """A quantity of one segment of a run."""

    steps: list[int]
    values: "array[float]"


class Source(Protocol):
    """What is needed of a recorded experiment."""

    directory: Path

    def query(self, query: str, types: Sequence[Any], *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the database whose values are of these types. Raises RecordError."""

    def segments(self, run: str) -> dict[int, int | None]:
        """The segments of a run, and the step with which each begins."""

    def segment_losses(self, run: str, segment: int) -> Curve:
        """Every loss of one segment of a run."""


class Frames:
    """The pictures, oldest first, each read when it is asked for: `frames[i]`, a Snapshot with its
    curves as they were then. Losses and metrics are read once, at the beginning.
    """

    def __init__(self, recorded: Source) -> None:
        self._recorded = recorded
        rows = recorded.query(
            "SELECT number, at, places FROM frames ORDER BY number", (int, float, str)
        )
        self._numbers = [number for number, _, _ in rows]
        self.times = [at for _, at, _ in rows]
        """Of each picture, in seconds of the wall clock."""
        self._places = [self._places_in(text) for _, _, text in rows]
        self._segments = lru_cache(maxsize=None)(recorded.segments)
        self._losses = lru_cache(maxsize=None)(recorded.segment_losses)
        self._metrics = lru_cache(maxsize=None)(self._metrics_of)
        self._effective = lru_cache(maxsize=8)(self._effective_losses)
        self._picture = lru_cache(maxsize=32)(self._read)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: int) -> Snapshot:
        """A picture. Raises IndexError, RecordError."""
        return self._picture(range(len(self))[index])

    def nearest(self, at: float) -> int:
        """The index of the picture that was current at a time; 0 before the first."""
        return max(0, bisect_right(self.times, at) - 1)

    # -- one picture ---------------------------------------------------------------------------

    def _read(self, index: int) -> Snapshot:
        rows = self._recorded.query(
            "SELECT data FROM frames WHERE number = ?", (bytes,), self._numbers[index]
        )
        if not rows:
            raise RecordError(f"{self._recorded.directory}: picture {index} is gone")
        try:
            unpacker = zlib.decompressobj()
            text = unpacker.decompress(rows[0][0], LARGEST_FRAME)
            snapshot = plain.restored(Snapshot, plain.parsed(text))
        except (zlib.error, plain.PlainError) as error:
            raise RecordError(
                f"{self._recorded.directory}: is damaged: picture {index}: {error}"
            ) from error
        places = self._places[index]
        runs = tuple(
            self._with_curves(run, places.get(run.name, (0, run.step, 0.0)), index)
            for run in snapshot.runs
        )
        return replace(snapshot, runs=runs)

    def _with_curves(self, run: RunSnapshot, place: Place, index: int) -> RunSnapshot:
        segment, step, _ = place
        clock = self._clock(run.name, index)
        losses = curves.until(self._effective(run.name, segment), step)
        return replace(
            run,
            loss_series=_series(losses.steps, losses.losses, clock),
            series={
                name: _series(*_upto(pieces, segment, step, self._segments(run.name)), clock)
                for name, pieces in self._metrics(run.name).items()
                if not name.startswith("terms.")
            },
            ghosts=self._ghosts(run, segment, clock),
        )

    def _effective_losses(self, run: str, segment: int) -> Curve:
        """The curve of a run up to a segment of it."""
        return curves.effective(
            (first, self._losses(run, number))
            for number, first in self._segments(run).items()
            if number <= segment
        )

    def _ghosts(self, run: RunSnapshot, segment: int, clock: "_Clock") -> tuple[Ghost, ...]:
        """The newest pieces that were taken back, each found by the step it was taken back to."""
        returns = [
            (number, first)
            for number, first in self._segments(run.name).items()
            if first is not None and number <= segment
        ]
        found = []
        for ghost in reversed(run.ghosts):
            while returns:
                number, first = returns.pop()
                if first == ghost.from_step:
                    before = self._effective(run.name, number - 1)
                    place = bisect_left(before.steps, first)
                    losses = _series(before.steps[place:], before.losses[place:], clock)
                    found.append(replace(ghost, series={"loss": losses}))
                    break
        return tuple(reversed(found))

    # -- what all pictures share -----------------------------------------------------------------

    def _places_in(self, text: str) -> dict[str, Place]:
        try:
            return _PLACES.validate_json(text)
        except ValidationError as error:
            raise RecordError(f"{self._recorded.directory}: is damaged: a picture") from error

    def _clock(self, run: str, index: int) -> "_Clock":
        """Step indices and training seconds of a run up to a picture, both rising."""
        steps: list[int] = []
        seconds: list[float] = []
        for places in self._places[: index + 1]:
            if run in places:
                _, step, second = places[run]
                cut = bisect_left(steps, step)
                del steps[cut:]
                del seconds[cut:]
                steps.append(step)
                seconds.append(second)
        return _Clock(steps, seconds)

    def _metrics_of(self, run: str) -> dict[str, dict[int, _Values]]:
        """By name and segment."""
        found: dict[str, dict[int, _Values]] = {}
        for segment, step, name, value in self._recorded.query(
            "SELECT segment, step, name, value FROM metrics WHERE run = ? AND value IS NOT NULL"
            " ORDER BY segment, step",
            (int, int, str, float | str), run,
        ):  # fmt: skip
            piece = found.setdefault(name, {}).setdefault(segment, _Values([], array("d")))
            piece.steps.append(step)
            piece.values.append(float("nan") if isinstance(value, str) else value)
        return found


@dataclass(frozen=True, slots=True)
class _Clock:
    """Training seconds at some completed updates."""

    steps: list[int]
    seconds: list[float]


def _upto(
    pieces: dict[int, _Values], segment: int, step: int, begins: dict[int, int | None]
) -> "tuple[list[int], array[float]]":
    """A metric of a run as it stood when it was in a segment, at a step."""
    steps: list[int] = []
    values: array[float] = array("d")
    for number, piece in pieces.items():
        if number > segment:
            break
        first = begins.get(number)
        cut = bisect_left(steps, piece.steps[0] if first is None else first)
        del steps[cut:]
        del values[cut:]
        steps.extend(piece.steps)
        values.extend(piece.values)
    end = bisect_left(steps, step)
    return steps[:end], values[:end]


def _series(steps: Sequence[int], values: "array[float]", clock: _Clock) -> Series:
    """A curve in at most BUCKETS buckets; one that holds what is not finite is not finite."""
    import numpy as np

    count = len(steps)
    if not count:
        return Series()
    stride = 1
    while count > stride * BUCKETS:
        stride *= 2
    all_values: NDArray[Any] = np.asarray(values)
    starts = np.arange(0, count, stride)
    ends = np.minimum(starts + stride, count) - 1
    low, high = np.minimum.reduceat(all_values, starts), np.maximum.reduceat(all_values, starts)
    last = all_values[ends]
    bad = ~(np.isfinite(low) & np.isfinite(high))
    for bucket in np.flatnonzero(bad):
        piece = all_values[starts[bucket] : ends[bucket] + 1]
        low[bucket] = high[bucket] = last[bucket] = piece[~np.isfinite(piece)][0]
    last_steps = np.asarray([steps[end] for end in ends.tolist()], dtype=np.float64)
    seconds = (
        np.interp(last_steps + 1, [0, *clock.steps], [0.0, *clock.seconds])
        if clock.steps
        else np.zeros(len(last_steps))
    )
    return Series(
        tuple(int(step) for step in last_steps.tolist()),
        tuple(seconds.tolist()), tuple(low.tolist()), tuple(high.tolist()), tuple(last.tolist()),
    )  # fmt: skip
