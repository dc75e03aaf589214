"""Statistics of samples, in chunks, so that they need little memory beside the samples."""

from collections.abc import Iterator
from math import nan

import torch
from torch import Tensor

CHUNK_ELEMENTS = 2**18
"""Numbers looked at together: 2 MiB of float64, which a processor's cache holds."""


def row_ranges(n: int, d_in: int) -> Iterator[tuple[int, int]]:
    """Half-open ranges that cover n rows of d_in numbers, each of about CHUNK_ELEMENTS numbers."""
    rows = max(1, CHUNK_ELEMENTS // max(1, d_in))
    for start in range(0, n, rows):
        yield start, min(n, start + rows)


class Moments:
    """Mean, variance and range of each feature, and the mean norm, of samples that come in chunks.

    Computed in float64. Chunks are merged by the pairwise update of Chan, Golub and LeVeque,
    *Updating Formulae and a Pairwise Algorithm for Computing Sample Variances* (1979), which does
    not lose the variance of features whose mean is large.
    """

    def __init__(self, d_in: int) -> None:
        self.count = 0
        self.mean = torch.zeros(d_in, dtype=torch.float64)
        """[d_in]"""
        self.minimum = torch.full((d_in,), torch.inf, dtype=torch.float64)
        """[d_in]"""
        self.maximum = torch.full((d_in,), -torch.inf, dtype=torch.float64)
        """[d_in]"""
        self._squares = torch.zeros(d_in, dtype=torch.float64)
        self._norms = 0.0

    def add(self, x: Tensor) -> None:
        """Take in finite samples x [m, d_in]."""
        m = len(x)
        if m == 0:
            return
        self.minimum = torch.minimum(self.minimum, x.amin(dim=0).double())
        self.maximum = torch.maximum(self.maximum, x.amax(dim=0).double())
        x = x.to(torch.float64, copy=True)
        self._norms += float(torch.linalg.vector_norm(x, dim=1).sum())
        mean = x.mean(dim=0)
        delta = mean - self.mean
        total = self.count + m
        squares = x.sub_(mean).square_().sum(dim=0)
        self._squares += squares + delta.square() * (self.count * m / total)
        self.mean += delta * (m / total)
        self.count = total

    @property
    def variance(self) -> Tensor:
        """[d_in]: of each feature, divided by the number of samples."""
        return self._squares / self.count

    @property
    def constant(self) -> Tensor:
        """[d_in] bool: features that have the same value in every sample."""
        return self.minimum == self.maximum

    @property
    def mean_norm(self) -> float:
        """The mean Euclidean norm of a sample; NaN, as the variance, before there is one."""
        return self._norms / self.count if self.count else nan


def moments_of(x: Tensor) -> Moments:
    """The moments of finite samples x [n, d_in], n at least 1."""
    n, d_in = x.shape
    moments = Moments(d_in)
    for start, stop in row_ranges(n, d_in):
        moments.add(x[start:stop])
    return moments
