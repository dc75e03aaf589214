"""The Euclidean norms of a matrix's rows, and their summary in plain numbers."""

import math
import sys
from typing import NamedTuple

import torch
from torch import Tensor

SMALL = 1024
"""Numbers of a matrix whose norms take no time however they are taken."""
BINS = 24
"""Bins of the histogram; about as many lines as a card can give it."""
EXTREMES = 5
"""Rows named on each side."""
QUANTILES = (0.05, 0.25, 0.75, 0.95)
"""Shares of the rows that are named beside the median."""
_SHARES = (0.0, *QUANTILES[:2], 0.5, *QUANTILES[2:], 1.0)


def row_norms(matrix: Tensor) -> Tensor:
    """Euclidean norms [n_rows] of the rows of a matrix [n_rows, dim], in its units."""
    rows = matrix.detach()
    if rows.is_contiguous() or rows.numel() <= SMALL:
        norms: Tensor = torch.linalg.vector_norm(rows, dim=1)
        return norms
    # On a CPU vector_norm takes six times as long along the rows of a transposed matrix.
    return rows.square().sum(dim=1).sqrt()


class NormSummary(NamedTuple):
    """Row norms in plain numbers; all but `rows`, `ratio` and the extremes are of finite norms."""

    rows: int
    """All rows, finite or not."""
    minimum: float
    median: float
    maximum: float
    ratio: float
    """Largest ÷ smallest: inf if the smallest is zero or any is infinite, NaN if any is NaN."""
    quantiles: tuple[float, ...]
    """At QUANTILES, interpolated linearly between neighbours as NumPy does by default."""
    values: tuple[float, ...]
    """Every row's norm, where there are at most `in_full`; else empty."""
    histogram: tuple[int, ...]
    """Rows per bin, equal bins from minimum to maximum, where there are more; else empty."""
    smallest: tuple[tuple[int, float], ...]
    """(row, norm), smallest first; infinity comes after any number, NaN last."""
    largest: tuple[tuple[int, float], ...]
    """(row, norm), largest first; NaN comes before infinity, infinity before any number."""


def summary(norms: Tensor, in_full: int, bins: int = BINS, extremes: int = EXTREMES) -> NormSummary:
    """Summarise row norms [n_rows], none of them negative, on their own device; a few dozen numbers
    leave it, at once (waits for it). Without a finite norm, minimum, median, maximum and quantiles
    are NaN. Rows of equal norm stand in the order of their indices.
    """
    values = norms.detach()
    count, whole = len(values), len(values) <= in_full
    if whole or values.device.type == "mps":
        values = values.cpu()  # all of few are wanted anyway; mps has no float64
    ordered, order = torch.sort(values, stable=True)  # NaN last
    exact = ordered.double()
    finite, nans = torch.isfinite(ordered).sum(), torch.isnan(ordered).sum()
    low = torch.arange(min(extremes, count), device=values.device)
    high = _from_the_top(exact, len(low))
    found = _fetched(
        torch.stack([finite, nans]),
        *_at_shares(exact, finite),
        order[low],
        exact[low],
        order[high],
        exact[high],
        values if whole else _histogram(exact, finite, bins),
    )
    (n_finite, n_nans), below, above, weights, low_rows, lowest, high_rows, highest, rest = found
    minimum, *quantiles, maximum = (
        (1 - weight) * one + weight * other if n_finite else math.nan
        for one, other, weight in zip(below, above, weights, strict=True)
    )
    median = quantiles.pop(len(QUANTILES) // 2)
    return NormSummary(
        rows=count,
        minimum=minimum,
        median=median,
        maximum=maximum,
        ratio=_ratio(minimum, maximum, nans=n_nans > 0, infinite=n_finite + n_nans < count),
        quantiles=tuple(quantiles),
        values=tuple(rest) if whole else (),
        histogram=() if whole else tuple(int(rows) for rows in rest),
        smallest=tuple((int(row), norm) for row, norm in zip(low_rows, lowest, strict=True)),
        largest=tuple((int(row), norm) for row, norm in zip(high_rows, highest, strict=True)),
    )


def _fetched(*parts: Tensor) -> list[list[float]]:
    """The numbers of several tensors, which leave their device together."""
    numbers = torch.cat([part.double() for part in parts]).tolist()
    found, start = [], 0
    for part in parts:
        found.append(numbers[start : start + len(part)])
        start += len(part)
    return found


def _at_shares(ordered: Tensor, finite: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Minimum, quantiles with the median among them, maximum of the first `finite` values: each
    lies between two of them, the second of which has a weight.
    """
    places = torch.tensor(_SHARES, dtype=torch.float64, device=ordered.device) * (finite - 1)
    below = places.floor().long().clamp(min=0)
    above = torch.minimum(below + 1, finite - 1).clamp(min=0)
    return ordered[below], ordered[above], places - below


def _from_the_top(ordered: Tensor, most: int) -> Tensor:
    """The places in ascending order of the last so many values, descending, of which equal ones
    stand as they do in ascending order.
    """
    # Comparisons need an order of their own for infinity and NaN.
    keys = ordered.nan_to_num(nan=math.inf, posinf=sys.float_info.max)
    places = len(keys) - 1 - torch.arange(most, device=keys.device)
    wanted = keys[places]
    first = torch.searchsorted(keys, wanted)
    after = torch.searchsorted(keys, wanted, right=True)
    return first + after - 1 - places


def _histogram(ordered: Tensor, finite: Tensor, bins: int) -> Tensor:
    """Values among the first `finite` per bin, equal bins from the first to the last of them."""
    low, high = ordered[0], ordered[(finite - 1).clamp(min=0)]
    share = ((ordered - low) / (high - low)).nan_to_num(nan=0.0)  # 0/0: all are equal
    bin_of = (share.clamp(0, 1) * bins).long().clamp(max=bins - 1)
    bin_of = torch.where(torch.arange(len(ordered), device=ordered.device) < finite, bin_of, bins)
    edges = torch.searchsorted(bin_of, torch.arange(bins + 1, device=ordered.device))
    return edges.diff()


def _ratio(low: float, high: float, *, nans: bool, infinite: bool) -> float:
    if nans or math.isnan(low):
        return math.nan
    if infinite or low == 0:
        return math.inf
    return high / low
