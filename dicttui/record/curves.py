"""Losses put together from the pieces in which they were recorded."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from dicttui.record.facts import Curve
from dicttui.record.steps import Steps


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
    ranges: list[range] = []
    losses: array[float] = array("f")
    for piece in pieces:
        ranges.append(range(piece.first, piece.end))
        losses.extend(piece.losses)
    return Curve(Steps(ranges), losses)


def effective(segments: Iterable[tuple[int | None, Curve]]) -> Curve:
    """The curve of a run that has gone back: from its first step on, a later segment stands for
    what the earlier ones had there.

    Args:
        segments: the step each begins with, and its curve; None: with the curve's first step.

    """
    whole = Curve(Steps(), array("f"))
    for begins, segment in segments:
        first = segment.steps[0] if begins is None and segment.steps else begins
        kept = whole if first is None else until(whole, first)
        if not kept.steps:
            whole = segment
        elif segment.steps or kept is not whole:
            steps = Steps([*kept.steps.ranges, *segment.steps.ranges])
            whole = Curve(steps, kept.losses + segment.losses)
    return whole


def until(curve: Curve, step: int) -> Curve:
    """The part before a step."""
    place = bisect_left(curve.steps, step)
    return curve if place == len(curve.steps) else Curve(curve.steps[:place], curve.losses[:place])
