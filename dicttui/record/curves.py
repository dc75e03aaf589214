"""Losses put together from the pieces in which they were recorded."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from dicttui.record.facts import Curve


@dataclass(frozen=True, slots=True)
class Piece:
    """Losses of neighbouring steps of one segment."""

    first: int
    losses: "array[float]"

    @property
    def end(self) -> int:
        """The index after the last step's."""
        return self.first + len(self.losses)


def joined(pieces: Iterable[Piece]) -> Curve:
    """A curve from pieces in the order of their steps."""
    steps: list[int] = []
    losses: array[float] = array("f")
    for piece in pieces:
        steps.extend(range(piece.first, piece.end))
        losses.extend(piece.losses)
    return Curve(steps, losses)


def effective(segments: Iterable[tuple[int | None, Curve]]) -> Curve:
    """The curve of a run that has gone back: from its first step on, a later segment stands for
    what the earlier ones had there.

    Args:
        segments: the step each begins with, and its curve; None: with the curve's first step.

    """
    steps: list[int] = []
    losses: array[float] = array("f")
    for begins, segment in segments:
        first = segment.steps[0] if begins is None and segment.steps else begins
        if first is not None:
            place = bisect_left(steps, first)
            del steps[place:]
            del losses[place:]
        steps.extend(segment.steps)
        losses.extend(segment.losses)
    return Curve(steps, losses)


def until(curve: Curve, step: int) -> Curve:
    """The part before a step."""
    place = bisect_left(curve.steps, step)
    return curve if place == len(curve.steps) else Curve(curve.steps[:place], curve.losses[:place])
