"""Whether atoms are copies of one another."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

DUPLICATE = 0.98
"""Cosine above which two atoms are the same atom twice."""
BLOCK = 1024
"""Atoms that are compared with all others at once."""


class Coherence(NamedTuple):
    """Of a dictionary's living atoms; those that are zero or not finite are left out."""

    max: float
    """The mutual coherence: the largest cosine between two different atoms. NaN if there are fewer
    than two."""
    pairs_above: int
    """Pairs of different atoms whose cosine is above DUPLICATE."""
    share_of_atoms_in_pairs: float
    """Atoms in such pairs ÷ atoms compared; 0 where none were."""


def mutual_coherence(
    atoms: Tensor, alive: Tensor | None = None, signed: bool = False, block: int = BLOCK
) -> Coherence:
    """Compare all pairs of atoms [n_atoms, d_in] (Donoho & Huo 2001, "Uncertainty Principles and
    Ideal Atomic Decomposition"). Waits for the device.

    Takes n_atoms² · d_in multiplications and block · n_atoms numbers of memory.

    Args:
        atoms: rows of any norm.
        alive: bool [n_atoms]; None where all live.
        signed: whether codes are signed, so that an atom and its negative are the same atom: then
            it is the cosine's magnitude that counts.
        block: atoms compared with all others at once.

    """
    rows = atoms.detach()
    if alive is not None:
        rows = rows[alive]
    # Twice: the squares of very small numbers are zero.
    rows = rows / rows.abs().amax(dim=1, keepdim=True) if rows.numel() else rows
    norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    usable = torch.isfinite(norms[:, 0]) & (norms[:, 0] > 0)
    rows = (rows / norms)[usable]
    count = len(rows)
    if count < 2:
        return Coherence(math.nan, 0, 0.0)
    largest = torch.full((), -math.inf, device=rows.device)
    pairs = torch.zeros((), dtype=torch.int64, device=rows.device)
    in_pair = torch.zeros(count, dtype=torch.bool, device=rows.device)
    for start in range(0, count, block):
        cosines = rows[start : start + block] @ rows[start:].T
        if signed:
            cosines = cosines.abs()
        # Each pair once: what lies on or below the diagonal is no pair, or another's.
        below = torch.ones_like(cosines, dtype=torch.bool).tril()
        cosines = cosines.masked_fill(below, -math.inf)
        largest = torch.maximum(largest, cosines.amax())
        same = cosines > DUPLICATE
        pairs += same.sum()
        in_pair[start : start + block] |= same.any(dim=1)
        in_pair[start:] |= same.any(dim=0)
    # Rounding may bring a copy's cosine above 1.
    return Coherence(min(float(largest), 1.0), int(pairs), int(in_pair.sum()) / count)
