"""How much the loss still moves on a fixed probe batch once training has arrived."""

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

WINDOW = 200
"""Evaluations that count."""


class Ripple(NamedTuple):
    """Of the last WINDOW evaluations; None where there are too few finite ones."""

    iqr: float | None
    """Interquartile range of the losses, in the loss's units."""
    rising_share: float | None
    """Share of evaluations that are higher than the one before. A judgement only where training
    is full batch: with minibatches rises are noise."""


def ripple(losses: Sequence[float]) -> Ripple:
    """Measure the last WINDOW of the losses, oldest first, evaluated on one fixed probe batch.

    Quartiles are interpolated linearly between order statistics.
    """
    recent = [loss for loss in losses[-WINDOW:] if math.isfinite(loss)]
    if len(recent) < 2:
        return Ripple(None, None)
    low, _, high = statistics.quantiles(recent, n=4, method="inclusive")
    rising = sum(after > before for before, after in pairwise(recent))
    return Ripple(high - low, rising / (len(recent) - 1))
