"""Whether samples have anything beyond their covariance that a sparse code could find."""

import torch
from torch import Tensor

DIRECTIONS = 64
"""Directions drawn by chance along which samples are looked at."""


def excess_kurtosis(x: Tensor) -> float:
    """How far whitened samples x [n, d_in] are from normal ones, without unit; about 0 for those.

    The samples are whitened; the result is their mean excess kurtosis along DIRECTIONS directions
    drawn by chance, in units of √(24 / n), the standard error of normal samples along one. Sparse
    combinations of atoms are far above 0 (Hyvärinen & Oja 2000: independent components are the
    directions farthest from normal). NaN for fewer than eight samples a feature: whitened, they
    say nothing.
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
