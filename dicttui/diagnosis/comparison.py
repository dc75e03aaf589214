"""What a sweep of learning rates shows: each optimizer at its best rate, one against another.

Importing this module does not import torch.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

Measured = Literal["loss", "fvu"]
FEWEST_SEEDS = 3
"""From which two runs are told apart."""
LEAST_SHARE = 0.05
"""Of the better run's measure: a smaller difference counts as none."""


@dataclass(frozen=True, slots=True)
class Point:
    """One run at one rate, from several seeds."""

    rate: float | None
    """None: of a learner that has none."""
    losses: tuple[float, ...]
    """By seed, at the end; inf where it diverged."""
    fvus: tuple[float, ...]
    """The same of fvu."""

    def values(self, measure: Measured) -> tuple[float, ...]:
        """By seed."""
        return self.losses if measure == "loss" else self.fvus

    def median(self, measure: Measured) -> float:
        """Over seeds."""
        return statistics.median(self.values(measure))

    @property
    def diverged(self) -> int:
        """From how many seeds."""
        return sum(1 for value in self.losses if not math.isfinite(value))


@dataclass(frozen=True, slots=True)
class Swept:
    """One run at several rates."""

    run: str
    optimizer: str
    """With its arguments, without its rate: "SGD, momentum 0.9"."""
    rest: str
    """All else that makes the run: its network, constraint, schedule, …"""
    given: float | None
    """The preset's rate."""
    points: tuple[Point, ...]
    """By rate, the smallest first."""

    @property
    def best(self) -> Point | None:
        """The point with the lowest median loss; None where all diverged."""
        found = min(self.points, key=lambda point: point.median("loss"), default=None)
        return found if found is not None and math.isfinite(found.median("loss")) else None

    @property
    def at_given(self) -> Point | None:
        """The point at the preset's rate."""
        return next((point for point in self.points if point.rate == self.given), None)

    @property
    def best_at_edge(self) -> bool:
        """Whether the best rate is the smallest or the largest that was tried, so that a better
        one may lie beyond.
        """
        return len(self.points) > 1 and self.best in (self.points[0], self.points[-1])


@dataclass(frozen=True, slots=True)
class SweepResult:
    """The runs of one experiment, each at several rates."""

    runs: tuple[Swept, ...]
    seeds: tuple[int, ...]
    steps: int
    measure: Measured
    """By which runs are compared with each other."""
    why: str = ""
    """Why that is not the loss; empty where it is."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs, from the same seeds: whether one ends lower than the other."""

    lower: str
    """The name of the run with the lower mean."""
    worse: str
    """The other."""
    differ: bool
    """Whether the lower one is so from every seed, by more than the spread and by LEAST_SHARE."""
    by: float
    """Mean over seeds of the difference; inf where the worse diverged."""
    spread: float
    """The larger of both sample standard deviations over seeds."""
    sentence: str
    """For a person, with its numbers."""

    @property
    def better(self) -> str | None:
        """The run that ends lower; None: they do not differ."""
        return self.lower if self.differ else None


Which = Callable[[Swept], Point | None]


def best(swept: Swept) -> Point | None:
    """At its best rate."""
    return swept.best


def as_given(swept: Swept) -> Point | None:
    """At the preset's rate."""
    return swept.at_given


def compared(sweep: SweepResult, which: Which = best) -> Comparison | None:
    """Two optimizers, best against best: of the runs that are alike but for the optimizer and its
    rate the two that lie farthest apart. None where there are no two.
    """
    found = [
        _compared(one, other, sweep, which)
        for one, other in combinations(sweep.runs, 2)
        if one.optimizer != other.optimizer and one.rest == other.rest
    ]
    known = [comparison for comparison in found if comparison is not None]
    return max(known, key=lambda one: (one.differ, one.by), default=None)


def against_the_best(sweep: SweepResult, which: Which = best) -> list[Comparison]:
    """The run that ends lowest against each other run, whatever they differ in."""
    points = {swept.run: (swept, which(swept)) for swept in sweep.runs}
    ends = {
        name: point.median(sweep.measure)
        for name, (_, point) in points.items()
        if point is not None and math.isfinite(point.median(sweep.measure))
    }
    if not ends:
        return []
    lowest = points[min(ends, key=lambda name: ends[name])][0]
    found = [_compared(lowest, other, sweep, which) for other in sweep.runs if other != lowest]
    return [comparison for comparison in found if comparison is not None]


def _compared(one: Swept, other: Swept, sweep: SweepResult, which: Which) -> Comparison | None:
    here, there = which(one), which(other)
    if which is best and (here is None) != (there is None):
        return _alone(*((one, other) if there is None else (other, one)), sweep)
    if here is None or there is None:
        return None
    first, second = here.values(sweep.measure), there.values(sweep.measure)
    if _mean(second) < _mean(first):
        one, other, here, there, first, second = other, one, there, here, second, first
    if not math.isfinite(_mean(first)):
        return None
    by, spread, differ = _apart(first, second)
    least = LEAST_SHARE * abs(_mean(first))
    says = _end(one, here, sweep, first) + (
        _unlike(other, there, second, spread)
        if differ or math.isinf(by)
        else _alike(other, there, second, by, spread, least)
    )
    sentence = f"{_at(which)}, after {sweep.steps:,} steps, {says}"
    return Comparison(one.run, other.run, differ, by, spread, sentence)


def mended_by_its_rate(swept: Swept, sweep: SweepResult) -> str:
    """That a run ends lower at its best rate than at the preset's, in words; empty if it does not
    by as much as two runs must to differ.
    """
    point, given = swept.best, swept.at_given
    if point is None or given is None or point == given:
        return ""
    first, second = point.values(sweep.measure), given.values(sweep.measure)
    if not math.isfinite(_mean(first)) or not _apart(first, second)[2]:
        return ""
    return (
        f"{swept.run} at lr {point.rate:g} instead of {given.rate:g}: mean {sweep.measure} "
        f"{_mean(second):.3g} → {_mean(first):.3g}"
    )


def _apart(lower: Sequence[float], higher: Sequence[float]) -> tuple[float, float, bool]:
    """Mean difference, the larger spread, and whether it counts; the lower ones are finite."""
    differences = [b - a for a, b in zip(lower, higher, strict=True)]
    by = _mean(differences)
    spread = max(_spread(lower), _spread(higher))
    enough = len(differences) >= FEWEST_SEEDS and all(one > 0 for one in differences)
    return by, spread, enough and by > spread and by > LEAST_SHARE * abs(_mean(lower))


def _end(swept: Swept, point: Point, sweep: SweepResult, values: Sequence[float]) -> str:
    return f"{swept.run}{_rate(point)} ends at mean {sweep.measure} {_mean(values):.3g}"


def _unlike(swept: Swept, point: Point, values: Sequence[float], spread: float) -> str:
    lost = sum(1 for value in values if not math.isfinite(value))
    if lost:
        return f", and {swept.run}{_rate(point)} diverges from {lost} of {len(values)} seeds"
    return (
        f", lower than {swept.run}{_rate(point)} at {_mean(values):.3g}, from each of "
        f"{len(values)} seeds; their spread is {spread:.2g}"
    )


def _alike(
    swept: Swept, point: Point, values: Sequence[float], by: float, spread: float, least: float
) -> str:
    if by <= least:
        why = f"which is below {100 * LEAST_SHARE:g}% of it"
    elif len(values) < FEWEST_SEEDS:
        why = f"and fewer than {FEWEST_SEEDS} seeds do not tell it from chance"
    elif by <= spread:
        why = f"within the spread of {spread:.2g} over {len(values)} seeds"
    else:
        why = f"and not from each of {len(values)} seeds"
    return (
        f", and {swept.run}{_rate(point)} at {_mean(values):.3g}: no difference that counts "
        f"({by:.2g}, {why})"
    )


def _alone(one: Swept, other: Swept, sweep: SweepResult) -> Comparison:
    point = one.best
    assert point is not None
    sentence = (
        f"{_at(best)}, after {sweep.steps:,} steps, {one.run}{_rate(point)} ends at loss "
        f"{_mean(point.losses):.3g}, and {other.run} diverges at every rate"
    )
    return Comparison(one.run, other.run, True, math.inf, _spread(point.losses), sentence)


def _at(which: Which) -> str:
    return "at their best rates" if which is best else "at the preset's rates"


def _rate(point: Point) -> str:
    return "" if point.rate is None else f" (lr {point.rate:g})"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _spread(values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return statistics.stdev(known) if len(known) > 1 else 0.0
