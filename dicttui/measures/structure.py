"""Whether samples have anything beyond their covariance that a sparse code could find."""

import torch
from torch import Tensor

DIRECTIONS = 64
"""Directions drawn by chance along which samples are looked at."""


def excess_kurtosis(x: Tensor) -> float:
    """How far whitened samples x [n, d_in] are from normal ones, without unit; about 0 for those.

    The samples are whitened; the result is the mean excess kurtosis of their squared lengths' root
    distribution seen along DIRECTIONS directions drawn by chance, in standard errors of that mean
    for normal samples (√(24 / n) a direction). Sparse combinations of atoms are far above 0 (Hyvärinen
    & Oja 2000, independent components are those farthest from normal). NaN for fewer than eight
    samples a feature: whitened, they say nothing.
    """
    n, d_in = x.shape
    if n < 8 * d_in:
        return float("nan")
    centred = (x - x.mean(dim=0)).double()
    values, vectors = torch.linalg.eigh(centred.T @ centred / n)
    kept = values > values[-1] * 1e-8
    white = centred @ (vectors[:, kept] / values[kept].sqrt())
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(white.shape[1], DIRECTIONS, generator=generator, dtype=torch.float64)
    along = white @ (drawn / drawn.norm(dim=0))
    kurtosis = along.pow(4).mean(dim=0) / along.square().mean(dim=0).square() - 3
    return float(kurtosis.mean() / (24 / n) ** 0.5)
