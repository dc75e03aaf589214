"""Copies among atoms, beside comparing them two by two."""

import math
from itertools import combinations

import pytest
import torch

from dicttui.measures.coherence import DUPLICATE, mutual_coherence


def two_by_two(atoms, signed):
    rows = [row.double() for row in atoms if torch.isfinite(row).all() and row.any()]
    cosines = {
        (i, j): float(one @ other / (one.norm() * other.norm()))
        for (i, one), (j, other) in combinations(enumerate(rows), 2)
    }
    if signed:
        cosines = {pair: abs(cosine) for pair, cosine in cosines.items()}
    pairs = [pair for pair, cosine in cosines.items() if cosine > DUPLICATE]
    return max(cosines.values()), len(pairs), len({i for pair in pairs for i in pair}) / len(rows)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("block", [1, 7, 1000])
def test_as_two_by_two(signed, block):
    generator = torch.Generator().manual_seed(0)
    atoms = torch.randn(40, 6, generator=generator)
    atoms[3] = 5 * atoms[30]
    atoms[4] = 0.1 * atoms[30] + 0.001
    atoms[20] = -atoms[21]
    atoms[10], atoms[11, 2] = 0.0, math.nan
    found = mutual_coherence(atoms, signed=signed, block=block)
    assert found == pytest.approx(two_by_two(atoms, signed))
    assert found.pairs_above == (4 if signed else 3)

    alive = torch.arange(40) % 30 != 0  # neither 0 nor 30
    found = mutual_coherence(atoms, alive, signed, block)
    assert found == pytest.approx(two_by_two(atoms[alive], signed))


def test_tiny_and_huge_atoms_have_directions_too():
    atoms = torch.tensor([[1e-30, 0.0], [1e30, 0.0], [0.0, 1.0]])
    assert mutual_coherence(atoms) == pytest.approx((1.0, 1, 2 / 3))


@pytest.mark.parametrize(
    "atoms", [torch.zeros(0, 3), torch.zeros(5, 3), torch.eye(1), torch.zeros(3, 0)]
)
def test_there_may_be_nothing_to_compare(atoms):
    found = mutual_coherence(atoms)
    assert math.isnan(found.max)
    assert found[1:] == (0, 0.0)
    assert math.isnan(mutual_coherence(torch.eye(3), torch.zeros(3, dtype=torch.bool)).max)
