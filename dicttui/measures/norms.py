"""The Euclidean norms of a matrix's rows, and their summary in plain numbers."""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SMALL = 1024
"""Numbers of a matrix whose norms take no time however they are taken."""
BINS = 24
"""Bins of the histogram; about as many lines as a card can give it."""
EXTREMES = 5
"""Rows named on each side."""


def row_norms(matrix: Tensor) -> Tensor:
    """Euclidean norms [n_rows] of the rows of a matrix [n_rows, dim], in its units."""
    rows = matrix.detach()
    if rows.is_contiguous() or rows.numel() <= SMALL:
        norms: Tensor = torch.linalg.vector_norm(rows, dim=1)
        return norms
    # On a CPU vector_norm takes six times as long along the rows of a transposed matrix.
    return rows.square().sum(dim=1).sqrt()


class NormSummary(NamedTuple):
    """Row norms in plain numbers; minimum, median, maximum and histogram are of finite norms."""

    rows: int
    """All rows, finite or not."""
    minimum: float
    median: float
    maximum: float
    ratio: float
    """Largest ÷ smallest: inf if the smallest is zero or any is infinite, NaN if any is NaN."""
    values: tuple[float, ...]
    """Every row's norm, where there are at most `in_full`; else empty."""
    histogram: tuple[int, ...]
    """Rows per bin, equal bins from minimum to maximum, where there are more; else empty."""
    smallest: tuple[tuple[int, float], ...]
    """(row, norm), smallest first."""
    largest: tuple[tuple[int, float], ...]
    """(row, norm), largest first; NaN comes before infinity, infinity before any number."""


def summary(norms: Tensor, in_full: int, bins: int = BINS, extremes: int = EXTREMES) -> NormSummary:
    """Summarise row norms [n_rows] (waits for their device). Without a finite norm, minimum,
    median and maximum are NaN. Rows of equal norm stand in the order of their indices.
    """
    values = norms.detach().to("cpu", torch.float64).numpy()
    finite = values[np.isfinite(values)]
    if finite.size:
        minimum, median, maximum = (
            float(finite.min()),
            float(np.median(finite)),
            float(finite.max()),
        )
    else:
        minimum = median = maximum = math.nan
    # NaN sorts last either way; the key of the descending order has it first.
    ascending = np.argsort(values, kind="stable")[:extremes]
    descending = np.lexsort((-values, ~np.isnan(values)))[:extremes]
    whole = values.size <= in_full
    return NormSummary(
        rows=int(values.size),
        minimum=minimum,
        median=median,
        maximum=maximum,
        ratio=_ratio(values, minimum, maximum),
        values=tuple(values.tolist()) if whole else (),
        histogram=() if whole else _histogram(finite, bins),
        smallest=tuple((int(row), float(values[row])) for row in ascending),
        largest=tuple((int(row), float(values[row])) for row in descending),
    )


def _ratio(values: NDArray[np.float64], low: float, high: float) -> float:
    if np.isnan(values).any() or math.isnan(low):
        return math.nan
    if np.isinf(values).any() or low == 0:
        return math.inf
    return high / low


def _histogram(finite: NDArray[np.float64], bins: int) -> tuple[int, ...]:
    if not finite.size:
        return (0,) * bins
    low, high = float(finite.min()), float(finite.max())
    if high == low:
        return (int(finite.size),) + (0,) * (bins - 1)
    places = np.minimum(((finite - low) / (high - low) * bins).astype(np.int64), bins - 1)
    return tuple(np.bincount(places, minlength=bins).tolist())
