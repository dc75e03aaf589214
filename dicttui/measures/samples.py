"""What is wrong with samples, to be seen before anything is trained on them."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from dicttui.data.outliers import BLOCK, OUTLIER, distances

NAMED = 5
"""Outliers that are named."""
_MIX = 0x2545F4914F6CDD1D
"""An odd number that spreads bits (Vigna 2016, xorshift64*)."""


class SampleFacts(NamedTuple):
    """Of samples [n, d_in]; all but `nonfinite` of those that are finite."""

    nonfinite: int
    """Samples with a NaN or an infinity."""
    outliers: int
    """Samples more than OUTLIER medians away from the centre; none where the median is zero."""
    worst: float
    """The largest distance from the centre ÷ the median; NaN where that is zero."""
    constant_features: int
    """Features that are equal in all samples."""
    duplicates: int
    """Samples that are exactly equal to an earlier one."""
    outlier_rows: tuple[int, ...]
    """The indices of the farthest outliers, at most NAMED, farthest first."""
    gap: float = math.nan
    """The nearest outlier's distance ÷ that of the farthest other sample; NaN without outliers.
    Near 1 the tail is heavy and nothing more; what is far from all others leaves a gap."""


def look(x: Tensor) -> SampleFacts:
    """Look at samples x [n, d_in], block by block. Waits for the device.

    Distances are those of `dicttui.data.outliers`.
    """
    x = x.detach()
    finite = torch.cat([torch.isfinite(part).all(dim=1) for part in torch.split(x, BLOCK)])
    rows = finite.nonzero()[:, 0]
    nonfinite = len(x) - len(rows)
    if not len(rows) or not x.shape[1]:
        return SampleFacts(nonfinite, 0, math.nan, 0, 0, ())
    if nonfinite:
        x = x[rows]
    far = distances(x)
    median = float(far.median())
    largest = float(far.max())
    outliers = (far > OUTLIER * median).nonzero()[:, 0] if median > 0 else rows[:0]
    farthest = far[outliers].argsort(descending=True, stable=True)[:NAMED]
    return SampleFacts(
        nonfinite=nonfinite,
        outliers=len(outliers),
        gap=_gap(far, outliers),
        worst=largest / median if median > 0 else math.nan,
        constant_features=int((x.amax(dim=0) == x.amin(dim=0)).sum()),
        duplicates=_duplicates(x),
        outlier_rows=tuple(rows[outliers[farthest]].tolist()),
    )


def _gap(far: Tensor, outliers: Tensor) -> float:
    if not len(outliers) or len(outliers) == len(far):
        return math.nan
    nearest = float(far[outliers].min())
    others = far[far < nearest]
    return nearest / float(others.max()) if len(others) and float(others.max()) else math.nan


def _duplicates(x: Tensor) -> int:
    """How many rows equal an earlier one: equal rows have equal hashes, and rows that are beside
    one another in the order of hashes are compared.
    """
    order = torch.cat([_hashes(part) for part in torch.split(x, BLOCK)]).argsort(stable=True)
    count = 0
    for part in torch.split(torch.arange(len(x) - 1, device=x.device), BLOCK):
        count += int((x[order[part]] == x[order[part + 1]]).all(dim=1).sum())
    return count


def _hashes(rows: Tensor) -> Tensor:
    """int64 [n] of float32 rows [n, d]; equal where rows are equal."""
    bits = (rows.float() + 0.0).view(torch.int32).long()  # −0 + 0 is 0
    places = torch.arange(1, rows.shape[1] + 1, device=rows.device)
    mixed = (bits + places * 0x9E3779B97F4A7C1 ^ places) * _MIX
    mixed = (mixed ^ (mixed >> 29)) * _MIX
    return (mixed ^ (mixed >> 32)).sum(dim=1)
