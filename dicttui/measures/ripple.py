"""How much the loss still moves on a fixed probe batch once training has arrived."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

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
    values = np.asarray(recent, dtype=np.float64)
    low, high = np.percentile(values, (25, 75))
    return Ripple(float(high - low), float((values[1:] > values[:-1]).mean()))
