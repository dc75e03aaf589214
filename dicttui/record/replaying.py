"""Training a recorded experiment again, and comparing every loss."""

import math
import struct
import threading
from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dicttui.record import resuming
from dicttui.record.curves import Piece
from dicttui.record.error import RecordError
from dicttui.record.facts import RecordedIntervention
from dicttui.record.reading import Recorded
from dicttui.training.interventions import Intervention, Receipt
from dicttui.training.observation import EndObservation, Observer
from dicttui.training.script import Start


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a run was first not the same again."""

    run: str
    segment: int
    step: int
    recorded: float | None
    """None: no step was made there."""
    replayed: float | None
    """None: no step was made there."""

    @property
    def apart(self) -> float | None:
        """By how much the losses differ; None where one of them is no number."""
        if self.recorded is None or self.replayed is None:
            return None
        apart = abs(self.recorded - self.replayed)
        return apart if math.isfinite(apart) else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a replay came to."""

    steps: int
    """Losses that were compared, of all runs."""
    differences: tuple[Difference, ...]
    """The first of each run that has one."""
    not_applied: tuple[str, ...]
    """Interventions that could not be applied again, and why."""

    @property
    def identical(self) -> bool:
        """Whether every loss was the same to the last bit."""
        return not self.differences and not self.not_applied


class Comparer(Observer):
    """Compares a training that is made again with its recording. Called on the trainer thread."""

    def __init__(self, recorded: Recorded) -> None:
        self.complete = threading.Event()
        """Set once everything that was recorded has been made again, or something differs so that
        it will not be."""
        self._expected: dict[tuple[str, int], list[Piece]] = {}
        self._left: dict[tuple[str, int], int] = {}
        self._differences: dict[str, Difference] = {}
        self._compared = 0
        self._interventions = {
            item.number for item in resuming.script_of(recorded.interventions(), 0)
        }
        self._not_applied: list[str] = []
        for run in recorded.runs():
            for segment in run.segments:
                pieces = recorded.pieces(run.name, segment)
                self._expected[run.name, segment] = pieces
                self._left[run.name, segment] = sum(len(piece.losses) for piece in pieces)
        self._total = sum(self._left.values())
        self._look()

    def made(self, run: str, segment: int, first: int, losses: Sequence[float]) -> None:
        """Compare losses."""
        if run in self._differences:
            return
        again = array("f", losses)
        pieces = self._expected.get((run, segment), [])
        # Bisected, for a long recording has thousands: the first that is not before these.
        for place in range(bisect_right(pieces, first, key=_end), len(pieces)):
            piece = pieces[place]
            if piece.first >= first + len(again):
                break
            begin, end = max(first, piece.first), min(first + len(again), piece.end)
            mine = again[begin - first : end - first]
            theirs = piece.losses[begin - piece.first : end - piece.first]
            self._compared += end - begin
            self._left[run, segment] -= end - begin
            if mine.tobytes() != theirs.tobytes() and (apart := _first(mine, theirs)) is not None:
                self._differences[run] = Difference(
                    run, segment, begin + apart, theirs[apart], mine[apart]
                )
                break
        self._look()

    @property
    def compared(self) -> int:
        """How many losses have been compared."""
        return self._compared

    @property
    def total(self) -> int:
        """How many there are to be compared."""
        return self._total

    def intervened(
        self, number: int, intervention: Intervention, before: Mapping[str, int], receipt: Receipt
    ) -> None:
        """Note what could not be applied again."""
        del intervention, before
        self._interventions.discard(number)
        if receipt.status == "failed":
            self._not_applied.append(f"{receipt.request} on {receipt.target}: {receipt.reason}")
        self._look()

    def end(self, observation: EndObservation) -> None:
        """A run makes no more steps, unless something is to be applied to it."""
        del observation
        self._look()

    def _look(self) -> None:
        left = any(
            count > 0 and run not in self._differences for (run, _), count in self._left.items()
        )
        if not left and not self._interventions:
            self.complete.set()

    def comparison(self) -> Comparison:
        """What it came to, once the training is over."""
        differences = dict(self._differences)
        for (run, segment), left in sorted(self._left.items()):
            if left > 0 and run not in differences:
                pieces = self._expected[run, segment]
                step = pieces[-1].end - left
                differences[run] = Difference(run, segment, step, _loss_at(pieces, step), None)
        return Comparison(self._compared, tuple(differences.values()), tuple(self._not_applied))


def start_again(recorded: Recorded) -> Start:
    """The beginning of a session that trains it again from step 0. Raises RecordError."""
    resuming.mind_code(recorded.preset(), recorded.directory)
    interventions: list[RecordedIntervention] = recorded.interventions()
    if not any(run.segments for run in recorded.runs()):
        raise RecordError(f"{recorded.directory}: no step was recorded; there is nothing to replay")
    return Start(script=resuming.script_of(interventions, 0))


def _first(mine: "array[float]", theirs: "array[float]") -> int | None:
    """The place of the first number that differs; all that are no numbers are the same."""
    for place, (one, other) in enumerate(zip(mine, theirs, strict=True)):
        if struct.pack("f", one) != struct.pack("f", other) and not (
            math.isnan(one) and math.isnan(other)
        ):
            return place
    return None


def _end(piece: Piece) -> int:
    return piece.end


def _loss_at(pieces: Sequence[Piece], step: int) -> float | None:
    return next(
        (piece.losses[step - piece.first] for piece in pieces if piece.first <= step < piece.end),
        None,
    )
