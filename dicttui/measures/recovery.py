"""Whether a known dictionary was found: learned atoms beside the true ones, by their cosines."""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

MATCH = 0.9
"""Cosine above which a true atom counts as found."""
RANDOM_SEED = 0
RANDOM_TRUE_ATOMS = 256
"""True atoms drawn at most for the random dictionary's value: a mean over this many is steady to
well under 0.01, and its cost stays bounded."""


class Recovery(NamedTuple):
    """A learned dictionary [n_learned, d_in] beside a true one [n_true, d_in]."""

    mmcs: float | None
    """Mean over true atoms of the largest cosine with any living learned atom; None if none
    lives."""
    mmcs_random: float
    """The same for a random dictionary of the learned one's shape."""
    recovered: float
    """Share of true atoms matched one to one above MATCH: recall."""
    precision: float | None
    """Share of living learned atoms so matched; None if none lives."""


def cosines(true: Tensor, learned: Tensor, signed: bool) -> Tensor:
    """Cosines [n_true, n_learned] between rows; |cosine| where codes are signed, for then an atom
    and its negative are the same atom. Rows that are zero or not finite have cosine 0.
    """
    products = _unit(true) @ _unit(learned.detach().to(true.dtype)).T
    return products.abs() if signed else products


def recovery(true: Tensor, learned: Tensor, living: Tensor | None, signed: bool) -> Recovery:
    """Measure recovery of true atoms [n_true, d_in] by learned atoms [n_learned, d_in].

    `living` is bool [n_learned]; None where all live. The one-to-one matching maximises the sum of
    the cosines above MATCH (Hungarian algorithm, scipy's linear_sum_assignment), so that pairs
    which are no match anyway cannot displace one that is. Waits for the device.
    """
    n_true, dim = true.shape
    random = random_mmcs(n_true, learned.shape[0], dim, signed)
    if living is not None:
        learned = learned[living]
    if not len(learned):
        return Recovery(None, random, 0.0, None)
    table = cosines(true, learned, signed)
    matches = _matches(table)
    return Recovery(
        mmcs=float(table.max(dim=1).values.mean()),
        mmcs_random=random,
        recovered=matches / n_true,
        precision=matches / len(learned),
    )


def nearest_true(true: Tensor, learned: Tensor, signed: bool) -> tuple[Tensor, Tensor]:
    """For each learned atom, the index of the most similar true atom and the cosine to it (its
    magnitude where codes are signed): int64 [n_learned], float [n_learned].
    """
    best = cosines(true, learned, signed).max(dim=0)
    return best.indices, best.values


@lru_cache(maxsize=64)
def random_mmcs(n_true: int, n_learned: int, dim: int, signed: bool) -> float:
    """The mmcs of random directions, uniform on the sphere: what a dictionary of this shape gets
    without having learned anything. Seeded; drawn from a generator of its own.
    """
    generator = torch.Generator().manual_seed(RANDOM_SEED)
    true = torch.randn(min(n_true, RANDOM_TRUE_ATOMS), dim, generator=generator)
    learned = torch.randn(n_learned, dim, generator=generator)
    return float(cosines(true, learned, signed).max(dim=1).values.mean())


def _unit(rows: Tensor) -> Tensor:
    norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    return torch.where(torch.isfinite(norms) & (norms > 0), rows / norms, 0.0)


def _matches(table: Tensor) -> int:
    """How many pairs stand above MATCH in the best one-to-one matching of [n_true, n_learned]."""
    from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

    above = torch.where(table > MATCH, table, 0.0).cpu()
    # Rows and columns without a candidate take no part; they are most of a large table.
    above = above[(above > 0).any(dim=1)]
    above = above[:, (above > 0).any(dim=0)]
    rows, columns = linear_sum_assignment(above.numpy(), maximize=True)
    return int((above.numpy()[rows, columns] > 0).sum())
