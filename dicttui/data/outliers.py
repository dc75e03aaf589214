"""Samples that are far from all others."""

import torch
from torch import Tensor

OUTLIER = 10.0
"""Medians of the samples' distances from their centre beyond which one is an outlier."""
CENTRE_SAMPLES = 4096
"""Samples of which the centre is taken."""
BLOCK = 2**14
"""Samples that are looked at together."""


def distances(x: Tensor) -> Tensor:
    """How far each of samples x [n, d_in] is from the centre [n], in units of the largest number's
    distance: only their ratios mean something.

    The centre is the median of each feature over at most CENTRE_SAMPLES samples at equal distances,
    which outliers do not move.
    """
    every = max(1, -(-len(x) // CENTRE_SAMPLES))
    centre = x[::every].median(dim=0).values
    # Scaled first: squares of numbers beyond 1e19 are beyond float32.
    unit = (x - centre).abs().amax().clamp(min=torch.finfo(torch.float32).tiny)
    return torch.cat(
        [torch.linalg.vector_norm((part - centre) / unit, dim=1) for part in torch.split(x, BLOCK)]
    )


def within(x: Tensor, reference: Tensor | None = None) -> Tensor:
    """Which samples x [n, d_in] are no outliers: bool [n]. The centre and the median distance are
    those of x, or of a reference [m, d_in]. All are where the median distance is zero.
    """
    if reference is None:
        far = distances(x)
        median = far.median()
    else:
        every = max(1, -(-len(reference) // CENTRE_SAMPLES))
        centre = reference[::every].median(dim=0).values
        median = torch.linalg.vector_norm(reference - centre, dim=1).median()
        far = torch.linalg.vector_norm(x - centre, dim=1)
    return torch.logical_or(far <= OUTLIER * median, median == 0)
